//! OpenFace's tracker on whole videos against OpenFace.
//!
//! OpenFace itself, compiled once more for the same machine with other instructions, differs from
//! the reference by 0.011 to 0.029 px on average, 0.14 to 0.2 px in 99 of 100 cases, and up to
//! 1.3 px, while every success and every certainty stays the same: rounding decides, now and then,
//! on which grid point of a kernel a landmark lies, or whether there is one iteration more. That
//! is what is demanded here, with no more on average than the worst of those videos.

mod common;
#[path = "common/face_model.rs"]
mod face_model;

use std::fs;
use std::path::Path;

use bytemuck::Zeroable;
use common::{Dump, all_frames, by_axis, folder, for_each_frame, openface_models, text};
use face_model::{distances, face_model, statistics};
use faceau_vision::analysis::FrameAnalysis;
use faceau_vision::image::BgrView;
use faceau_vision::network::NetworkError;
use faceau_vision::stage::StageClock;
use faceau_vision::tracking::clm::openface_tracker::OpenFaceTracker;
use faceau_vision::tracking::detection::{DetectedBox, FaceDetector};
use faceau_vision::tracking::mtcnn::{Mtcnn, MtcnnNetworks};
use faceau_vision::tracking::{LandmarkTracker, Tracked};

const MOST_MEAN: f64 = 0.03;

/// Sees one face where it is told to.
struct Told(DetectedBox);

impl FaceDetector for Told {
    fn faces(&mut self, _: &BgrView<'_>) -> Result<&[DetectedBox], NetworkError> {
        Ok(std::slice::from_ref(&self.0))
    }
}

fn mtcnn(models: &Path) -> Mtcnn {
    let folder = models.join("LandmarkDetector/model/mtcnn_detector");
    let index = text(&folder.join("MTCNN_detector.txt"));
    let networks = MtcnnNetworks::load(&index, &mut |path| fs::read(folder.join(path)));
    Mtcnn::new(networks.unwrap())
}

/// Compares `tracker` with OpenFace on `default.wmv`, whose landmarks are known in full precision.
#[test]
fn a_whole_video_is_tracked_as_openface_does() {
    let (Some(model), Some(reference), Some(videos)) = (
        face_model("main_clnf_general.txt"),
        folder("FACEAU_REFERENCE"),
        folder("FACEAU_VIDEOS"),
    ) else {
        return;
    };
    let landmarks = all_frames::<f32>(&reference, "landmarks").data;
    let eyes = all_frames::<f32>(&reference, "eye_landmarks2d").data;
    let certainties = all_frames::<f64>(&reference, "certainty").data;
    let successes = all_frames::<i64>(&reference, "success").data;
    let boxes = all_frames::<f32>(&reference, "mtcnn_selected_xywh_conf").data;
    let face = DetectedBox {
        left: boxes[0],
        top: boxes[1],
        width: boxes[2],
        height: boxes[3],
        confidence: boxes[4],
    };
    let mut tracker = OpenFaceTracker::new(Told(face), model).unwrap();
    let mut tracked = Tracked::default();
    let (mut of_face, mut of_eyes) = (Vec::new(), Vec::new());
    let count = for_each_frame(&videos.join("default.wmv"), 640, 480, |i, pixels| {
        let frame = BgrView::new(pixels, 640, 480, 1920).unwrap();
        let mut clock = StageClock::start();
        tracker.track(&frame, &mut clock, &mut tracked).unwrap();
        let theirs = by_axis(&landmarks[136 * i..][..136], 2);
        of_face.extend(distances(&tracked.landmarks, &theirs));
        let theirs = &eyes[112 * i..][..112];
        for (eye, theirs) in tracked.eyes.iter().flatten().zip(theirs.chunks_exact(56)) {
            of_eyes.extend(distances(&eye.landmarks, &by_axis(theirs, 2)));
        }
        let certainty_difference = f64::from(tracked.confidence) - certainties[i];
        assert!(
            certainty_difference.abs() < 1e-6,
            "frame {i}: {certainty_difference}"
        );
        assert_eq!(i64::from(tracked.success), successes[i], "frame {i}");
        assert_eq!(tracked.au_success, tracked.success, "frame {i}");
    });
    let Some(count) = count else { return };
    assert_eq!(count, successes.len());
    assert_eq!(of_eyes.len(), count * 56);
    let (of_face, of_eyes) = (statistics(of_face), statistics(of_eyes));
    eprintln!("mean, 99 %, maximum in px: face {of_face:.3?}, eyes {of_eyes:.3?}");
    assert!(of_face[0] <= MOST_MEAN && of_face[1] <= 0.15, "{of_face:?}");
    // Eye models are small and loosely held, so they amplify the face's differences.
    assert!(
        of_eyes[0] <= 2.0 * MOST_MEAN && of_eyes[1] <= 0.5,
        "{of_eyes:?}"
    );
}

/// Frames with a face and without one, in which it is lost and found again.
fn eventful_frames() -> Option<Vec<Vec<u8>>> {
    let [face, later, _] = Dump::all()?.map(|dump| dump.array::<u8>("frame_bgr").data);
    let black = || vec![0; face.len()];
    let mut frames = vec![black(), face.clone(), face.clone(), later.clone()];
    frames.extend([
        black(),
        black(),
        black(),
        black(),
        later,
        face.clone(),
        face,
    ]);
    Some(frames)
}

/// Sees a face where the frame is not black.
struct NotInTheDark(Told);

impl FaceDetector for NotInTheDark {
    fn faces(&mut self, frame: &BgrView<'_>) -> Result<&[DetectedBox], NetworkError> {
        match frame
            .span(0, 0..frame.width())
            .iter()
            .all(|&value| value == 0)
        {
            true => Ok(&[]),
            false => self.0.faces(frame),
        }
    }
}

/// Tracks the frames after the first `skip`, having resumed after the last of those where there
/// is an analysis of it; gives what was found on each frame, and its analysis.
fn track(
    frames: &[Vec<u8>],
    skip: usize,
    last: Option<&FrameAnalysis>,
) -> Option<Vec<(Tracked, FrameAnalysis)>> {
    let model = face_model("main_clnf_general.txt")?;
    let face = DetectedBox {
        left: 150.0,
        top: 180.0,
        width: 190.0,
        height: 195.0,
        confidence: 1.0,
    };
    let mut tracker = OpenFaceTracker::new(NotInTheDark(Told(face)), model).unwrap();
    if let Some(last) = last {
        tracker.resume(last);
    }
    let track = |pixels: &Vec<u8>| {
        let frame = BgrView::new(pixels, 640, 480, 1920).unwrap();
        let mut tracked = Tracked::default();
        let mut clock = StageClock::start();
        tracker.track(&frame, &mut clock, &mut tracked).unwrap();
        let mut analysis = FrameAnalysis::zeroed();
        analysis.landmarks = tracked.landmarks;
        analysis.global = tracked.shape.global;
        analysis.local.copy_from_slice(&tracked.shape.local);
        analysis.confidence = tracked.confidence;
        analysis.tracker = tracker.memory();
        (tracked, analysis)
    };
    Some(frames[skip..].iter().map(track).collect())
}

#[test]
fn another_tracker_can_go_on_after_any_frame() {
    let Some(frames) = eventful_frames() else {
        return;
    };
    let Some(whole) = track(&frames, 0, None) else {
        return;
    };
    let successes: Vec<bool> = whole.iter().map(|(tracked, _)| tracked.success).collect();
    let yes_and_no = [
        false, true, true, true, false, false, false, false, true, true, true,
    ];
    // The first frame is dark, and the next look is due on the 13th.
    assert_eq!(successes, [false; 11]);
    let frames = &frames[1..];
    let whole = track(frames, 0, None).unwrap();
    let successes: Vec<bool> = whole.iter().map(|(tracked, _)| tracked.success).collect();
    assert_eq!(successes, yes_and_no[1..]);
    for skip in 1..frames.len() {
        let rest = track(frames, skip, Some(&whole[skip - 1].1)).unwrap();
        for (i, ((theirs, their_analysis), (ours, our_analysis))) in
            whole[skip..].iter().zip(&rest).enumerate()
        {
            let what = format!("resumed after {skip}, frame {}", skip + i);
            assert_eq!(theirs.landmarks, ours.landmarks, "{what}");
            assert_eq!(theirs.shape, ours.shape, "{what}");
            assert_eq!(theirs.eyes, ours.eyes, "{what}");
            assert_eq!(theirs.confidence, ours.confidence, "{what}");
            assert_eq!(theirs.success, ours.success, "{what}");
            assert_eq!(theirs.au_success, ours.au_success, "{what}");
            assert_eq!(their_analysis.tracker, our_analysis.tracker, "{what}");
        }
    }
}

/// One row of OpenFace's CSV.
struct Row {
    confidence: String,
    success: bool,
    landmarks: Vec<f32>,
}

fn rows(path: &Path) -> Vec<Row> {
    let content = text(path);
    let mut lines = content.lines();
    let fields =
        |line: &str| -> Vec<String> { line.split(',').map(|f| f.trim().to_owned()).collect() };
    let header = fields(lines.next().unwrap());
    let column = |name: &str| header.iter().position(|c| c == name).expect(name);
    let landmarks: Vec<usize> = ["x", "y"]
        .iter()
        .flat_map(|axis| (0..68).map(move |i| format!("{axis}_{i}")))
        .map(|name| column(&name))
        .collect();
    let (confidence, success) = (column("confidence"), column("success"));
    lines
        .map(|line| {
            let fields = fields(line);
            Row {
                confidence: fields[confidence].clone(),
                success: fields[success] == "1",
                landmarks: landmarks
                    .iter()
                    .map(|&c| fields[c].parse().unwrap())
                    .collect(),
            }
        })
        .collect()
}

/// Tracks a video with our own detector and compares with the CSV that OpenFace wrote, after
/// rounding as it does.
fn compare(index: &str, csvs: &str, video: &str, (width, height): (usize, usize), most: [f64; 2]) {
    let (Some(model), Some(models), Some(reference), Some(videos)) = (
        face_model(index),
        openface_models(),
        folder("FACEAU_REFERENCE"),
        folder("FACEAU_VIDEOS"),
    ) else {
        return;
    };
    let name = video.split(['.', '/']).next().unwrap();
    let rows = rows(&reference.join(csvs).join(format!("{name}.csv")));
    let mut tracker = OpenFaceTracker::new(mtcnn(&models), model).unwrap();
    let mut tracked = Tracked::default();
    let mut apart = Vec::new();
    let count = for_each_frame(&videos.join(video), width, height, |i, pixels| {
        let frame = BgrView::new(pixels, width, height, 3 * width).unwrap();
        let mut clock = StageClock::start();
        tracker.track(&frame, &mut clock, &mut tracked).unwrap();
        let row = &rows[i];
        assert_eq!(tracked.success, row.success, "{video}, frame {i}");
        assert_eq!(
            format!("{:.2}", tracked.confidence),
            row.confidence,
            "{video}, frame {i}"
        );
        let rounded: Vec<f32> = tracked
            .landmarks
            .iter()
            .map(|v| (10.0 * v).round() / 10.0)
            .collect();
        apart.extend(distances(&rounded, &row.landmarks));
    });
    let Some(count) = count else { return };
    assert_eq!(count, rows.len(), "{video}");
    let [mean, most_of_them, maximum] = statistics(apart);
    eprintln!("{index}, {video}: mean {mean:.4}, 99 % {most_of_them:.3}, maximum {maximum:.3} px");
    assert!(
        mean <= most[0] && most_of_them <= most[1] + 1e-6,
        "{video}: {mean} {most_of_them}"
    );
}

/// The largest 99th percentile of the videos named above.
const MOST_OF_THEM: f64 = 0.2;
const LIMITS: [f64; 2] = [MOST_MEAN, MOST_OF_THEM];
const CLNF: &str = "main_clnf_general.txt";
const CE_CLM: &str = "main_ceclm_general.txt";

#[test]
fn a_long_video_is_tracked_as_openface_does() {
    compare(CLNF, "openface", "2015-10-15-15-14.avi", (640, 480), LIMITS);
}

#[test]
fn changing_light_changes_nothing() {
    compare(CLNF, "openface", "changeLighting.wmv", (640, 480), LIMITS);
}

#[test]
fn another_face_is_tracked_as_openface_does() {
    compare(CLNF, "openface", "single_face.mp4", (640, 360), LIMITS);
}

/// OpenFace decodes JPEG with another library, whose pixels differ by a grey level here and there;
/// as much noise on a third of the pixels moves landmarks by 0.03 px on average.
#[test]
fn a_sequence_of_images_is_tracked_as_openface_does() {
    let limits = [0.05, MOST_OF_THEM];
    compare(
        CLNF,
        "openface",
        "image_sequence/%03d.jpg",
        (640, 480),
        limits,
    );
}

#[test]
fn a_face_that_comes_late_is_found_when_openface_finds_it() {
    compare(CLNF, "openface", "noface_face.mov", (960, 540), LIMITS);
}

#[test]
fn where_there_is_no_face_none_is_found() {
    compare(CLNF, "openface", "no_face.mp4", (960, 540), [0.0, 0.0]);
}

#[test]
fn ce_clm_tracks_as_openface_does() {
    let videos = [
        ("default.wmv", (640, 480)),
        ("2015-10-15-15-14.avi", (640, 480)),
        ("single_face.mp4", (640, 360)),
    ];
    for (video, size) in videos {
        compare(CE_CLM, "openface-ceclm", video, size, LIMITS);
    }
}
