//! Gaze and eye landmarks against OpenFace's.

mod common;

use common::{Dump, all_frames, by_axis, folder, largest_difference};
use faceau_vision::gaze::{EYE_LANDMARKS, EyeFit, Gaze};
use faceau_vision::shape::{Camera, ShapeModel, ShapeParameters};

/// x, y and z of the points of one eye, from those of both.
fn eye(points: &[f32], which: usize) -> [[f32; 3]; EYE_LANDMARKS] {
    let points = points.as_chunks::<3>().0;
    points[which * EYE_LANDMARKS..][..EYE_LANDMARKS]
        .try_into()
        .unwrap()
}

/// OpenFace computes in single precision, a metre away from an eyeball of 12 mm; how the same steps
/// are rounded then moves the result by up to 6e-5, half of the frames by less than 4e-6.
const WORST_GAZE: f64 = 1e-4;
const TYPICAL_GAZE: f64 = 5e-6;

#[test]
fn gaze_is_openfaces_on_a_whole_video() {
    let Some(reference) = folder("FACEAU_REFERENCE") else {
        return;
    };
    let eyes = all_frames::<f32>(&reference, "eye_landmarks3d");
    let faces = all_frames::<f32>(&reference, "shape3d");
    let poses = all_frames::<f64>(&reference, "pose");
    let expected = all_frames::<f32>(&reference, "gaze_0_1_angle");
    let success = all_frames::<i64>(&reference, "success");
    let mut differences = Vec::new();
    for frame in 0..288 {
        assert_eq!(success.data[frame], 1);
        let points = &eyes.data[frame * 168..][..168];
        let face = faces.data[frame * 204..][..204].try_into().unwrap();
        let rotation = poses.data[frame * 6 + 3..][..3].try_into().unwrap();
        let gaze = Gaze::estimate(&[eye(points, 0), eye(points, 1)], face, rotation).unwrap();
        let [a, b] = gaze.directions;
        let found = [&a[..], &b, &gaze.angle].concat();
        differences.push(largest_difference(&found, &expected.data[frame * 8..][..8]));
    }
    differences.sort_by(f64::total_cmp);
    let (typical, worst) = (differences[144], differences[287]);
    eprintln!("gaze, of 1 and in rad: half below {typical:.1e}, worst {worst:.1e}");
    assert!(typical < TYPICAL_GAZE && worst < WORST_GAZE);
}

/// Landmarks in space lie a metre away in single precision, whose last digit there is 6e-5.
#[test]
fn eye_landmarks_are_openfaces() {
    let Some(models) = common::openface_models() else {
        return;
    };
    let Some(dumps) = Dump::all() else { return };
    let camera = Camera::default_for(640, 480);
    for dump in &dumps {
        let mut in_space = Vec::new();
        let mut in_image = Vec::new();
        for (side, file) in [
            ("left", "pdm_28_l_eye_3D_closed.txt"),
            ("right", "pdm_28_eye_3D_closed.txt"),
        ] {
            let name = format!("{side}_eye_28");
            let path = format!("LandmarkDetector/model/model_eye/pdms/{file}");
            let model = ShapeModel::parse(&common::text(&models.join(path))).unwrap();
            let array = |what: &str| dump.array::<f32>(&format!("part_{name}_{what}")).data;
            let mut fit = EyeFit {
                landmarks: by_axis(&array("landmarks"), 2).try_into().unwrap(),
                shape: ShapeParameters {
                    global: array("params_global").try_into().unwrap(),
                    local: array("params_local"),
                },
                ..EyeFit::default()
            };
            model.shape_3d(&fit.shape.local, &mut fit.shape_3d);
            in_image.extend(array("landmarks"));
            in_space.extend(fit.in_space(&camera));
        }
        let expected = dump.array::<f32>("eye_landmarks3d").data;
        let difference = largest_difference(in_space.as_flattened(), &expected);
        eprintln!("frame {}: {difference:.1e} mm", dump.frame());
        assert!(difference < 2e-4);
        assert_eq!(in_image, dump.array::<f32>("eye_landmarks2d").data);
    }
}
