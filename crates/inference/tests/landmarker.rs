//! Face Landmarker against what the library (MediaPipe 0.10.21) computed on the same frames: whole
//! videos frame by frame on their own and as videos, and six pictures at every stage.

mod common;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use common::{Frames, engine, npz, read};
use faceau_inference::{Library, NetworkOptions, OnnxNetwork};
use faceau_models::{ResolvedSet, Sha256, id};
use faceau_vision::image::BgrView;
use faceau_vision::landmarker::{
    BLENDSHAPES, CanonicalFace, Face, LANDMARKS, Landmarker, Networks, Options,
};
use faceau_vision::network::{Network, NetworkError, Tensor};

/// Name of the video, then of its array file.
const VIDEOS: [(&str, &str); 6] = [
    ("default.wmv", "default"),
    ("2015-10-15-15-14.avi", "2015-10-15-15-14"),
    ("single_face.mp4", "single_face"),
    ("noface_face.mov", "noface_face"),
    ("changeLighting.wmv", "changeLighting"),
    ("image_sequence", "image_sequence"),
];

struct Data {
    reference: PathBuf,
    videos: PathBuf,
    library: Library,
}

impl Data {
    fn find() -> Option<Self> {
        let folder = |variable: &str| {
            let folder = std::env::var_os(variable).filter(|value| !value.is_empty());
            if folder.is_none() {
                eprintln!(
                    "skipped: {variable} is not set; it names a folder with data for this test"
                );
            }
            folder.map(PathBuf::from)
        };
        Some(Self {
            reference: folder("FACEAU_REFERENCE")?.join("face-landmarker"),
            videos: folder("FACEAU_VIDEOS")?,
            library: engine()?,
        })
    }

    fn array<T: npyz::Deserialize>(&self, file: &str, name: &str) -> Vec<T> {
        npz(&self.reference.join(format!("{file}.npz")), name)
    }

    fn index(&self, file: &str) -> serde_json::Value {
        serde_json::from_slice(&read(&self.reference.join(file))).unwrap()
    }

    /// The pixels of some frames of a video; `None` when there is nothing to decode with.
    fn frames(&self, video: &str, wanted: std::ops::Range<usize>) -> Option<Vec<Vec<u8>>> {
        let mut frames = Frames::open(&self.videos.join(video))?;
        let mut pixels = Vec::new();
        let mut kept = Vec::new();
        for number in 0..wanted.end {
            assert!(
                frames.next_into(&mut pixels),
                "{video} has no frame {number}"
            );
            if wanted.contains(&number) {
                kept.push(pixels.clone());
            }
        }
        Some(kept)
    }

    /// The pixels of one of the six pictures; `None` when there is nothing to decode with.
    fn picture(&self, frame: &serde_json::Value) -> Option<Vec<u8>> {
        let one = |video: &str, number: usize| {
            Some(self.frames(video, number..number + 1)?.swap_remove(0))
        };
        match frame["frame"].as_u64() {
            Some(number) => one(
                frame["file"].as_str().unwrap(),
                usize::try_from(number).unwrap(),
            ),
            None => {
                let (left, right) = (one("default.wmv", 100)?, one("2015-10-15-15-14.avi", 400)?);
                Some(side_by_side(&left, &right, 640))
            }
        }
    }

    fn landmarker(&self, faces: usize, tiles: bool) -> Landmarker<OnnxNetwork> {
        landmarker(networks(&self.library), faces, tiles)
    }

    /// Calls `each` with every frame's number and picture; `false` when there is nothing to decode
    /// with.
    fn for_each_frame(&self, video: &str, mut each: impl FnMut(usize, &BgrView<'_>)) -> bool {
        let path = self.videos.join(video);
        if path.is_dir() {
            let mut files: Vec<PathBuf> = std::fs::read_dir(&path)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect();
            files.sort();
            for (number, file) in files.iter().enumerate() {
                let picture = image::open(file).unwrap().into_rgb8();
                let (width, height) = (picture.width() as usize, picture.height() as usize);
                let mut pixels = picture.into_raw();
                for pixel in pixels.as_chunks_mut::<3>().0 {
                    pixel.reverse();
                }
                each(
                    number,
                    &BgrView::new(&pixels, width, height, 3 * width).unwrap(),
                );
            }
            return true;
        }
        let Some(mut frames) = Frames::open(&path) else {
            return false;
        };
        let mut pixels = Vec::new();
        let mut number = 0;
        while frames.next_into(&mut pixels) {
            each(number, &frames.view(&pixels));
            number += 1;
        }
        true
    }
}

/// The networks that are part of the program.
fn networks(library: &Library) -> Networks<OnnxNetwork> {
    type Names = Networks<OnnxNetwork>;
    let models = ResolvedSet::face_landmarker();
    let open = |id: &str, outputs: &[&str]| {
        let options = NetworkOptions {
            name: id,
            outputs,
            ..NetworkOptions::default()
        };
        OnnxNetwork::open(library, &models.read(id).unwrap(), &options).unwrap()
    };
    Networks {
        detector: open(id::LANDMARKER_DETECTOR, &Names::DETECTOR_OUTPUTS),
        mesh: open(id::LANDMARKER_MESH, &Names::MESH_OUTPUTS),
        blendshapes: open(id::LANDMARKER_BLENDSHAPES, &Names::BLENDSHAPE_OUTPUTS),
    }
}

fn landmarker<N: Network>(networks: Networks<N>, faces: usize, tiles: bool) -> Landmarker<N> {
    let geometry = ResolvedSet::face_landmarker()
        .read(id::LANDMARKER_GEOMETRY)
        .unwrap();
    let canonical = CanonicalFace::parse(std::str::from_utf8(&geometry).unwrap()).unwrap();
    let options = Options {
        faces,
        tiles,
        ..Options::default()
    };
    Landmarker::new(networks, canonical, options)
}

fn rgb_digest(picture: &BgrView<'_>) -> String {
    let mut rgb = Vec::new();
    for y in 0..picture.height() {
        for &[b, g, r] in picture.span(y, 0..picture.width()).as_chunks::<3>().0 {
            rgb.extend_from_slice(&[r, g, b]);
        }
    }
    Sha256::of(&rgb).to_string()
}

/// Absolute differences, gathered.
#[derive(Default)]
struct Differences(Vec<f32>);

impl Differences {
    fn add(&mut self, ours: f32, expected: f32) {
        let difference = (ours - expected).abs();
        assert!(!difference.is_nan(), "{ours} {expected}");
        self.0.push(difference);
    }

    fn mean(&self) -> f64 {
        self.0.iter().map(|&v| f64::from(v)).sum::<f64>() / self.0.len() as f64
    }

    fn largest(&self) -> f32 {
        self.0.iter().copied().fold(0.0, f32::max)
    }

    fn quantile(&mut self, share: f64) -> f32 {
        self.0.sort_by(f32::total_cmp);
        self.0[((self.0.len() - 1) as f64 * share) as usize]
    }
}

/// How far faces are from the library's.
#[derive(Default)]
struct Apart {
    landmarks: Differences,
    blendshapes: Differences,
    rects: Differences,
    degrees: f64,
    millimetres: f64,
}

impl Apart {
    fn add_landmarks(&mut self, face: &Face, expected: &[f32]) {
        for (ours, expected) in face.landmarks.iter().zip(expected.as_chunks::<3>().0) {
            let distance = (ours[0] - expected[0]).hypot(ours[1] - expected[1]);
            self.landmarks.add(distance, 0.0);
        }
    }

    fn add_blendshapes(&mut self, face: &Face, expected: &[f32]) {
        for (ours, expected) in face.blendshapes.iter().zip(expected) {
            self.blendshapes.add(*ours, *expected);
        }
    }

    /// Rectangles in pixels, angles in radians.
    fn add_rect(&mut self, face: &Face, expected: &[f32], [width, height]: [f32; 2]) {
        let rect = &face.rect;
        let ours = [rect.x, rect.y, rect.width, rect.height, rect.rotation];
        for ((ours, expected), unit) in ours
            .into_iter()
            .zip(expected)
            .zip([width, height, width, height, 1.0])
        {
            self.rects.add(ours * unit, expected * unit);
        }
    }

    fn add_pose(&mut self, face: &Face, expected: &[f32]) {
        let ours = face.pose.as_ref().expect("a face has a pose").matrix();
        let at = |row: usize, column: usize| f64::from(expected[4 * row + column]);
        let length = |column: usize| {
            (0..3)
                .map(|row| at(row, column).powi(2))
                .sum::<f64>()
                .sqrt()
        };
        let scale = (length(0) + length(1) + length(2)) / 3.0;
        let our_scale = ours.fixed_view::<3, 1>(0, 0).norm();
        let mut trace = 0.0;
        for row in 0..3 {
            for column in 0..3 {
                trace += ours[(row, column)] / our_scale * at(row, column) / scale;
            }
        }
        let angle = ((trace - 1.0) / 2.0).clamp(-1.0, 1.0).acos().to_degrees();
        self.degrees = self.degrees.max(angle);
        let moved: f64 = (0..3)
            .map(|row| (ours[(row, 3)] - at(row, 3)).powi(2))
            .sum();
        self.millimetres = self.millimetres.max(10.0 * moved.sqrt());
    }
}

#[test]
fn pictures_on_their_own_agree() {
    let Some(data) = Data::find() else { return };
    let index = data.index("index.json");
    let mut landmarker = data.landmarker(1, false);
    for (video, file) in VIDEOS {
        let digests = index["videos"].as_array().unwrap().iter();
        let digests = digests.clone().find(|v| v["file"] == video).unwrap()["rgb_sha256"].clone();
        let counts: Vec<i8> = data.array(file, "image_faces");
        let rects: Vec<f32> = data.array(file, "image_rect");
        let coefficients: Vec<f32> = data.array(file, "image_blendshapes");
        let matrices: Vec<f32> = data.array(file, "image_matrix");
        let landmarks: Vec<f32> = data.array(file, "image_landmarks");
        let with_landmarks: Vec<i32> = data.array(file, "image_landmark_frames");
        let mut apart = Apart::default();
        let mut frames = 0;
        let mut exact = true;
        let decoded = data.for_each_frame(video, |n, picture| {
            if let Some(known) = digests[n.to_string()].as_str() {
                let same = rgb_digest(picture) == known;
                // JPEG files are decoded by another library than the reference's.
                assert!(same || video == "image_sequence", "{video}, frame {n}");
                exact &= same;
            }
            let faces = landmarker.picture(picture).unwrap();
            assert_eq!(
                faces.len(),
                usize::try_from(counts[n]).unwrap(),
                "{video}, frame {n}"
            );
            frames += 1;
            let Some(face) = faces.first() else { return };
            let size = [picture.width() as f32, picture.height() as f32];
            apart.add_rect(face, &rects[5 * n..][..5], size);
            apart.add_blendshapes(face, &coefficients[BLENDSHAPES * n..][..BLENDSHAPES]);
            apart.add_pose(face, &matrices[16 * n..][..16]);
            if let Ok(place) = with_landmarks.binary_search(&(n as i32)) {
                let length = 3 * LANDMARKS;
                apart.add_landmarks(face, &landmarks[length * place..][..length]);
            }
        });
        if !decoded {
            return;
        }
        assert_eq!(frames, counts.len(), "{video}");
        println!(
            "{video}: landmarks mean {:.5} largest {:.4} px, blendshapes largest {:.5}, rectangles \
             largest {:.5} px, pose {:.4} degrees {:.4} mm",
            apart.landmarks.mean(),
            apart.landmarks.largest(),
            apart.blendshapes.largest(),
            apart.rects.largest(),
            apart.degrees,
            apart.millimetres,
        );
        // What other pixels, by a level here and there, come to.
        let [mean, largest, coefficient, rectangle] = match exact {
            true => [0.002, 0.02, 0.003, 0.001],
            false => [0.1, 0.5, 0.03, 1.0],
        };
        assert!(apart.landmarks.mean() <= f64::from(mean), "{video}");
        assert!(apart.landmarks.largest() <= largest, "{video}");
        assert!(apart.blendshapes.largest() <= coefficient, "{video}");
        assert!(apart.rects.largest() <= rectangle, "{video}");
        assert!(apart.degrees <= 0.2 && apart.millimetres <= 1.0, "{video}");
    }
}

#[test]
fn videos_agree() {
    let Some(data) = Data::find() else { return };
    for (video, file) in VIDEOS {
        let mut landmarker = data.landmarker(1, false);
        let counts: Vec<i8> = data.array(file, "video_faces");
        let times: Vec<i32> = data.array(file, "time_ms");
        let rects: Vec<f32> = data.array(file, "video_rect");
        let coefficients: Vec<f32> = data.array(file, "video_blendshapes");
        let matrices: Vec<f32> = data.array(file, "video_matrix");
        let landmarks: Vec<f32> = data.array(file, "video_landmarks");
        let mut apart = Apart::default();
        let (mut frames, mut follows) = (0, false);
        let decoded = data.for_each_frame(video, |n, picture| {
            let faces = landmarker.next(picture, times[n].into()).unwrap().to_vec();
            assert_eq!(
                faces.len(),
                usize::try_from(counts[n]).unwrap(),
                "{video}, frame {n}"
            );
            // The detector looks when, and only when, the frame before left no face.
            assert_eq!(landmarker.detected(), !follows, "{video}, frame {n}");
            follows = !faces.is_empty();
            frames += 1;
            let Some(face) = faces.first() else { return };
            let size = [picture.width() as f32, picture.height() as f32];
            apart.add_rect(face, &rects[5 * n..][..5], size);
            apart.add_blendshapes(face, &coefficients[BLENDSHAPES * n..][..BLENDSHAPES]);
            apart.add_pose(face, &matrices[16 * n..][..16]);
            let length = 3 * LANDMARKS;
            apart.add_landmarks(face, &landmarks[length * n..][..length]);
        });
        if !decoded {
            return;
        }
        assert_eq!(frames, counts.len(), "{video}");
        println!(
            "{video}: landmarks mean {:.5} 95% {:.4} largest {:.4} px, blendshapes mean {:.6} largest \
             {:.5}, rectangles largest {:.4} px, pose {:.4} degrees {:.4} mm",
            apart.landmarks.mean(),
            apart.landmarks.quantile(0.95),
            apart.landmarks.largest(),
            apart.blendshapes.mean(),
            apart.blendshapes.largest(),
            apart.rects.largest(),
            apart.degrees,
            apart.millimetres,
        );
        assert!(apart.landmarks.mean() <= 0.03, "{video}");
        assert!(apart.landmarks.quantile(0.95) <= 0.1, "{video}");
        assert!(apart.blendshapes.mean() <= 0.0006, "{video}");
    }
}

/// What networks were given and what they returned, run after run.
type Log = Rc<RefCell<Vec<(Vec<f32>, Vec<Tensor>)>>>;

/// A network whose runs are written down.
struct Logged {
    network: OnnxNetwork,
    log: Log,
}

impl Network for Logged {
    fn name(&self) -> &str {
        self.network.name()
    }

    fn run(
        &mut self,
        shape: &[usize],
        input: &[f32],
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), NetworkError> {
        self.network.run(shape, input, outputs)?;
        self.log
            .borrow_mut()
            .push((input.to_vec(), outputs.clone()));
        Ok(())
    }
}

fn largest(ours: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(ours.len(), expected.len());
    let mut differences = Differences::default();
    for (ours, expected) in ours.iter().zip(expected) {
        differences.add(*ours, *expected);
    }
    differences.largest()
}

/// Six pictures: what goes into the networks to the bit, what comes out, and what is made of it,
/// each stage from the reference's own result of the one before.
#[test]
fn every_stage_agrees() {
    let Some(data) = Data::find() else { return };
    let index = data.index("intermediate.json");
    for frame in index["frames"].as_array().unwrap() {
        let tag = frame["tag"].as_str().unwrap();
        let (width, height) = (&frame["width"], &frame["height"]);
        let [width, height] =
            [width, height].map(|v| usize::try_from(v.as_u64().unwrap()).unwrap());
        let Some(pixels) = data.picture(frame) else {
            return;
        };
        let picture = BgrView::new(&pixels, width, height, 3 * width).unwrap();
        assert_eq!(
            rgb_digest(&picture),
            frame["rgb_sha256"].as_str().unwrap(),
            "{tag}"
        );
        let array = |name: &str| data.array::<f32>("intermediate", &format!("{tag}/{name}"));
        let bytes = |name: &str| data.array::<u8>("intermediate", &format!("{tag}/{name}"));
        let faces = usize::try_from(frame["num_faces"].as_u64().unwrap()).unwrap();
        let in_pixels = |rects: &[f32]| -> Vec<f32> {
            let units = [
                width as f32,
                height as f32,
                width as f32,
                height as f32,
                1.0,
            ];
            rects
                .iter()
                .zip(units.iter().cycle())
                .map(|(v, unit)| v * unit)
                .collect()
        };

        let [detector_log, mesh_log, blendshape_log] = [(); 3].map(|()| Log::default());
        let Networks {
            detector,
            mesh,
            blendshapes,
        } = networks(&data.library);
        let logged = |network, log: &Log| Logged {
            network,
            log: Rc::clone(log),
        };
        let networks = Networks {
            detector: logged(detector, &detector_log),
            mesh: logged(mesh, &mesh_log),
            blendshapes: logged(blendshapes, &blendshape_log),
        };
        let mut landmarker = landmarker(networks, faces, false);

        // From the picture to the rectangles.
        let found = landmarker.picture(&picture).unwrap();
        let rects: Vec<f32> = found
            .iter()
            .flat_map(|face| {
                let rect = face.rect;
                [rect.x, rect.y, rect.width, rect.height, rect.rotation]
            })
            .collect();
        let expected = array("rects_used");
        let rect_error = largest(&in_pixels(&rects), &in_pixels(&expected));
        assert!(rect_error <= 0.001, "{tag}: {rect_error}");
        let (input, outputs) = detector_log.borrow()[0].clone();
        let scale = f64::from(2.0_f32 / 255.0);
        let as_seen: Vec<f32> = bytes("detector_input_u8")
            .into_iter()
            .map(|level| (f64::from(level) * scale - 1.0) as f32)
            .collect();
        assert!(input == as_seen, "{tag}: the detector's input");
        // In 1/128 of the picture. Boxes that nothing is made of may be far away.
        let [mut used_error, mut share] = [0.0_f32; 2];
        let expected_boxes = array("detector_regressors");
        let boxes = outputs[0].data.chunks(16).zip(expected_boxes.chunks(16));
        for ((ours, expected), &logit) in boxes.zip(&outputs[1].data) {
            if logit >= 0.0 {
                used_error = used_error.max(largest(ours, expected));
            }
            for (ours, expected) in ours.iter().zip(expected) {
                share = share.max((ours - expected).abs() / expected.abs().max(1.0));
            }
        }
        assert!(
            used_error <= 1e-3 && share <= 1e-4,
            "{tag}: {used_error} {share}"
        );

        // From the reference's rectangles to landmarks, as a tracker that expects faces there.
        let mut state = vec![u8::try_from(faces).unwrap()];
        state.extend(expected.iter().flat_map(|value| value.to_le_bytes()));
        state.push(0);
        landmarker.state_mut().read(&state).unwrap();
        mesh_log.borrow_mut().clear();
        blendshape_log.borrow_mut().clear();
        let found = landmarker.next(&picture, 0).unwrap().to_vec();
        assert_eq!(
            (found.len(), landmarker.detected()),
            (faces, false),
            "{tag}"
        );
        let crops: Vec<f32> = mesh_log
            .borrow()
            .iter()
            .flat_map(|run| run.0.clone())
            .collect();
        let expected_crops: Vec<f32> = bytes("crop_u8")
            .into_iter()
            .map(|level| f32::from(level) * (1.0 / 255.0))
            .collect();
        assert!(
            crops == expected_crops,
            "{tag}: the landmark network's input"
        );
        let of_runs = |log: &Log, output: usize| -> Vec<f32> {
            log.borrow()
                .iter()
                .flat_map(|run| run.1[output].data.clone())
                .collect()
        };
        let raw_error = largest(&of_runs(&mesh_log, 0), &array("landmark_tensor"));
        assert!(raw_error <= 1e-3, "{tag}: {raw_error}");
        let logit_error = largest(&of_runs(&mesh_log, 1), &array("presence_logit"));
        assert!(logit_error <= 1e-3, "{tag}: {logit_error}");

        let expected_points = array("landmarks_normalised");
        for (face, expected) in found.iter().zip(expected_points.chunks(3 * LANDMARKS)) {
            for (ours, expected) in face.landmarks.iter().zip(expected.as_chunks::<3>().0) {
                let [x, y, z] = *expected;
                let expected = [x * width as f32, y * height as f32, z * width as f32];
                assert!(
                    largest(ours, &expected) <= 1e-3,
                    "{tag}: {ours:?} {expected:?}"
                );
            }
        }
        let next: Vec<f32> = landmarker
            .state()
            .rects()
            .iter()
            .flat_map(|rect| [rect.x, rect.y, rect.width, rect.height, rect.rotation])
            .collect();
        let next_error = largest(&in_pixels(&next), &in_pixels(&array("rects_next_frame")));
        assert!(next_error <= 1e-3, "{tag}: {next_error}");

        let given: Vec<f32> = blendshape_log
            .borrow()
            .iter()
            .flat_map(|run| run.0.clone())
            .collect();
        assert!(largest(&given, &array("blendshape_input")) <= 1e-3, "{tag}");
        let coefficients: Vec<f32> = found.iter().flat_map(|face| face.blendshapes).collect();
        let coefficient_error = largest(&coefficients, &array("blendshapes"));
        assert!(coefficient_error <= 1e-3, "{tag}: {coefficient_error}");
        let metric: Vec<f32> = found
            .iter()
            .flat_map(|face| face.metric)
            .flatten()
            .collect();
        // In cm; the library computes in single precision.
        let metric_error = largest(&metric, &array("metric_mesh"));
        assert!(metric_error <= 2e-3, "{tag}: {metric_error}");
        let mut apart = Apart::default();
        for (face, matrix) in found.iter().zip(array("matrix").chunks(16)) {
            apart.add_pose(face, matrix);
        }
        assert!(apart.degrees <= 0.02 && apart.millimetres <= 0.05, "{tag}");
        println!(
            "{tag}: rectangles {rect_error:.5} and {next_error:.5} px, raw boxes {used_error:.5}, points {raw_error:.5}, \
             logits {logit_error:.6}, coefficients {coefficient_error:.6}, metric {metric_error:.5} \
             cm, pose {:.5} degrees {:.5} mm",
            apart.degrees, apart.millimetres
        );
    }
}

/// Two people, one of whom leaves and comes back: the order of faces is the library's.
#[test]
fn two_faces_agree() {
    let Some(data) = Data::find() else { return };
    let counts: Vec<i8> = data.array("two_faces_video", "video_faces");
    let times: Vec<i32> = data.array("two_faces_video", "time_ms");
    let rects: Vec<f32> = data.array("two_faces_video", "video_rect");
    let coefficients: Vec<f32> = data.array("two_faces_video", "video_blendshapes");
    let landmarks: Vec<f32> = data.array("two_faces_video", "video_landmarks");
    let (Some(left), Some(right)) = (
        data.frames("default.wmv", 0..30),
        data.frames("2015-10-15-15-14.avi", 400..430),
    ) else {
        return;
    };
    let index = data.index("index.json");
    let digests = &index["videos"].as_array().unwrap().last().unwrap()["rgb_sha256"];
    let mut landmarker = data.landmarker(2, false);
    let mut apart = Apart::default();
    for (n, (left, mut right)) in left.into_iter().zip(right).enumerate() {
        if (12..18).contains(&n) {
            right.fill(128);
        }
        let pixels = side_by_side(&left, &right, 640);
        let picture = BgrView::new(&pixels, 1280, 480, 3 * 1280).unwrap();
        if let Some(known) = digests[n.to_string()].as_str() {
            assert_eq!(rgb_digest(&picture), known, "frame {n}");
        }
        let faces = landmarker.next(&picture, times[n].into()).unwrap();
        assert_eq!(
            faces.len(),
            usize::try_from(counts[n]).unwrap(),
            "frame {n}"
        );
        for (i, face) in faces.iter().enumerate() {
            let place = 2 * n + i;
            apart.add_rect(face, &rects[5 * place..][..5], [1280.0, 480.0]);
            apart.add_blendshapes(face, &coefficients[BLENDSHAPES * place..][..BLENDSHAPES]);
            let length = 3 * LANDMARKS;
            apart.add_landmarks(face, &landmarks[length * place..][..length]);
        }
    }
    println!(
        "landmarks mean {:.5} 95% {:.4} px, blendshapes mean {:.6}, rectangles largest {:.4} px",
        apart.landmarks.mean(),
        apart.landmarks.quantile(0.95),
        apart.blendshapes.mean(),
        apart.rects.largest(),
    );
    assert!(apart.landmarks.mean() <= 0.05 && apart.landmarks.quantile(0.95) <= 0.15);
    assert!(apart.blendshapes.mean() <= 0.001);
}

fn side_by_side(left: &[u8], right: &[u8], width: usize) -> Vec<u8> {
    let rows = left.chunks(3 * width).zip(right.chunks(3 * width));
    rows.flat_map(|(left, right)| [left, right].concat())
        .collect()
}
