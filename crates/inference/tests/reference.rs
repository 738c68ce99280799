//! Detection, landmarks and shape against what the Python program pyfaceau computed on the same
//! frames, with a detection on every frame and no refinement of landmarks.

mod common;

use common::{Data, npz};
use faceau_vision::analysis::{LANDMARKS, SHAPE_MODES};
use faceau_vision::shape::{FitScratch, ShapeParameters};
use faceau_vision::tracking::face_box::FaceBox;
use faceau_vision::tracking::pfld::CropSquare;

const VIDEOS: [(&str, &str); 3] = [
    ("default.wmv", "default.npz"),
    ("2015-10-15-15-14.avi", "2015-10-15-15-14.npz"),
    ("single_face.mp4", "single_face.npz"),
];

#[test]
fn boxes_landmarks_and_shapes_agree() {
    let Some(data) = Data::find() else { return };
    let mut detector = data.detector();
    let mut landmarker = data.landmarker();
    let shape_model = data.shape_model();
    let mut scratch = FitScratch::default();
    let mut shape = ShapeParameters::default();
    for (video, file) in VIDEOS {
        let file = data.reference.join("pyfaceau-nolandmarkrefine").join(file);
        let boxes = npz::<i64>(&file, "bbox");
        let points = npz::<f32>(&file, "lm");
        let globals = npz::<f32>(&file, "pglobal");
        let locals = npz::<f32>(&file, "plocal");
        let Some(mut frames) = data.frames(video) else {
            return;
        };
        let mut pixels = Vec::new();
        let (mut box_error, mut landmark_error, mut shape_error) = (0_i64, 0.0_f32, 0.0_f32);
        let mut inside = 0;
        for (n, expected) in boxes.as_chunks::<4>().0.iter().enumerate() {
            assert!(
                frames.next_into(&mut pixels),
                "{video} ends before frame {n}"
            );
            let frame = frames.view(&pixels);

            let found = detector.detect(&frame).unwrap();
            let face = found.first().expect("there is a face on every frame").face;
            let ours = [face.left, face.top, face.right, face.bottom].map(|v| v as i64);
            for (ours, expected) in ours.iter().zip(expected) {
                box_error = box_error.max((ours - expected).abs());
            }

            let face = {
                let [left, top, right, bottom] = expected.map(|v| v as f32);
                FaceBox {
                    left,
                    top,
                    right,
                    bottom,
                }
            };
            let crop = CropSquare::of_box(&face).unwrap();
            let side = crop.side as i64;
            // The reference maps landmarks back wrongly where its crop leaves the frame.
            let is_inside = crop.left >= 0
                && crop.top >= 0
                && crop.left + side <= frame.width() as i64
                && crop.top + side <= frame.height() as i64;
            let expected = &points[2 * LANDMARKS * n..2 * LANDMARKS * (n + 1)];
            if is_inside {
                inside += 1;
                let mut landmarks = [0.0; 2 * LANDMARKS];
                landmarker.locate(&frame, crop, &mut landmarks).unwrap();
                for (i, point) in expected.as_chunks::<2>().0.iter().enumerate() {
                    let x = (landmarks[i] - point[0]).abs();
                    let y = (landmarks[LANDMARKS + i] - point[1]).abs();
                    landmark_error = landmark_error.max(x).max(y);
                }
            }

            let landmarks: Vec<f32> = [0, 1]
                .into_iter()
                .flat_map(|axis| expected.iter().skip(axis).step_by(2).copied())
                .collect();
            shape_model
                .fit(&landmarks, &mut scratch, &mut shape)
                .unwrap();
            let [scale, rx, ry, rz, tx, ty] = shape.global;
            let global = &globals[6 * n..6 * (n + 1)];
            let local = &locals[SHAPE_MODES * n..SHAPE_MODES * (n + 1)];
            // Relative to the size of the vector that a number belongs to; an angle's is a radian.
            let groups: [(&[f32], &[f32], f32); 4] = [
                (&[scale], &global[..1], norm(&global[..1])),
                (&[rx, ry, rz], &global[1..4], 1.0),
                (&[tx, ty], &global[4..], norm(&global[4..])),
                (&shape.local, local, norm(local)),
            ];
            for (ours, expected, size) in groups {
                for (a, b) in ours.iter().zip(expected) {
                    shape_error = shape_error.max((a - b).abs() / size);
                }
            }
        }
        println!(
            "{video}: {} frames, boxes within {box_error} px, landmarks within {landmark_error} px \
             on {inside} frames, shapes within {shape_error}",
            boxes.len() / 4
        );
        // The reference's boxes are cut to whole pixels, so that rounding can show as 1.
        assert!(box_error <= 1, "{video}: a box is off by {box_error} px");
        assert!(inside > 0, "{video}: no crop lies inside the frame");
        assert!(
            landmark_error <= 0.05,
            "{video}: a landmark is off by {landmark_error} px"
        );
        assert!(
            shape_error <= 1e-3,
            "{video}: a shape parameter is off by {shape_error}"
        );
    }
}

fn norm(values: &[f32]) -> f32 {
    values.iter().map(|v| v * v).sum::<f32>().sqrt()
}
