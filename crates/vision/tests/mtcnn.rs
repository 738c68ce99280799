//! The MTCNN detector against OpenFace's, on real frames.

mod common;

use std::fs;

use common::{Dump, all_frames, decode, folder, largest_difference};
use faceau_vision::image::BgrView;
use faceau_vision::tracking::detection::{DetectedBox, choose_face};
use faceau_vision::tracking::mtcnn::{Mtcnn, MtcnnNetworks};

fn detector() -> Option<Mtcnn> {
    let folder = common::openface_models()?.join("LandmarkDetector/model/mtcnn_detector");
    let index = common::text(&folder.join("MTCNN_detector.txt"));
    let networks = MtcnnNetworks::load(&index, &mut |path| fs::read(folder.join(path)));
    Some(Mtcnn::new(networks.unwrap()))
}

fn values(face: &DetectedBox) -> [f32; 5] {
    let DetectedBox {
        left,
        top,
        width,
        height,
        confidence,
    } = *face;
    [left, top, width, height, confidence]
}

/// Sides of some 100 pixels in single precision, whose last digit is 3e-5, and sums of up to a
/// thousand products behind them; measured: 1e-4.
const BOX_TOLERANCE: f64 = 1e-3;
/// Measured: none. The last digit of a single-precision number just below 1 is 6e-8.
const CONFIDENCE_TOLERANCE: f64 = 2e-7;

#[test]
fn the_boxes_of_three_frames_are_openfaces() {
    let Some(mut detector) = detector() else {
        return;
    };
    let Some(dumps) = Dump::all() else { return };
    for dump in &dumps {
        let pixels = dump.array::<u8>("frame_bgr");
        let frame = BgrView::new(&pixels.data, 640, 480, 1920).unwrap();
        let found: Vec<f32> = detector.detect(&frame).iter().flat_map(values).collect();
        let expected = if dump.frame() == 0 {
            dump.array::<f32>("mtcnn_xywh_conf").data
        } else {
            dump.array::<f32>("mtcnn_selected_xywh_conf").data
        };
        assert_eq!(found.len(), expected.len(), "frame {}", dump.frame());
        let difference = largest_difference(&found, &expected);
        eprintln!("frame {}: {difference:e}", dump.frame());
        assert!(difference < BOX_TOLERANCE, "{found:?} {expected:?}");
    }
}

#[test]
fn the_boxes_of_a_whole_video_are_openfaces() {
    let Some(mut detector) = detector() else {
        return;
    };
    let Some(reference) = folder("FACEAU_REFERENCE") else {
        return;
    };
    let Some(videos) = folder("FACEAU_VIDEOS") else {
        return;
    };
    let expected = all_frames::<f32>(&reference, "mtcnn_selected_xywh_conf");
    let Some(frames) = decode(&videos.join("default.wmv"), 640, 480) else {
        return;
    };
    assert_eq!(frames.len(), 288);
    let mut worst = [0.0_f64; 2];
    for (number, (pixels, expected)) in frames
        .iter()
        .zip(expected.data.as_chunks::<5>().0)
        .enumerate()
    {
        let frame = BgrView::new(pixels, 640, 480, 1920).unwrap();
        let face = choose_face(detector.detect(&frame), None).expect("there is a face");
        let found = values(&face);
        let difference = largest_difference(&found[..4], &expected[..4]);
        if difference > BOX_TOLERANCE {
            eprintln!("frame {number}: {found:?} {expected:?}");
        }
        worst[0] = worst[0].max(difference);
        worst[1] = worst[1].max(largest_difference(&found[4..], &expected[4..]));
    }
    eprintln!(
        "worst: box {:.1e} px, confidence {:.1e}",
        worst[0], worst[1]
    );
    assert!(worst[0] < BOX_TOLERANCE && worst[1] < CONFIDENCE_TOLERANCE);
}

/// While OpenFace has never seen a face it looks for one on every 12th frame, so what it reports says
/// on which of these there is none.
#[test]
fn frames_without_a_face_have_none() {
    let Some(mut detector) = detector() else {
        return;
    };
    let Some(videos) = folder("FACEAU_VIDEOS") else {
        return;
    };
    // The frame on which OpenFace finds the first face, if any.
    for (video, frames, found_on) in [("no_face.mp4", 95, 95), ("noface_face.mov", 169, 96)] {
        let Some(pictures) = decode(&videos.join(video), 960, 540) else {
            return;
        };
        assert_eq!(pictures.len(), frames, "{video}");
        for number in (0..frames.min(found_on + 1)).step_by(12) {
            let frame = BgrView::new(&pictures[number], 960, 540, 3 * 960).unwrap();
            let faces = detector.detect(&frame);
            assert_eq!(
                faces.len(),
                usize::from(number == found_on),
                "{video} {number}"
            );
        }
    }
}
