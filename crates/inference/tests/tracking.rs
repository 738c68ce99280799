//! The whole fast tracker on real videos.

mod common;

use common::{Data, csv_column, npz};
use faceau_vision::analysis::LANDMARKS;
use faceau_vision::image::BgrView;
use faceau_vision::stage::StageClock;
use faceau_vision::tracking::face_box::FaceBox;
use faceau_vision::tracking::pfld_tracker::PfldTrackerOptions;
use faceau_vision::tracking::{LandmarkTracker, Tracked};

/// Tracks a video from its first frame; `None` when it cannot be decoded here.
fn track(data: &Data, video: &str) -> Option<Vec<Tracked>> {
    let mut frames = data.frames(video)?;
    let mut tracker = data.tracker(PfldTrackerOptions::default());
    let mut pixels = Vec::new();
    let mut all = Vec::new();
    while frames.next_into(&mut pixels) {
        let mut tracked = Tracked::default();
        let frame = frames.view(&pixels);
        tracker
            .track(&frame, &mut StageClock::start(), &mut tracked)
            .unwrap();
        assert_eq!(tracked.success, tracked.au_success);
        all.push(tracked);
    }
    Some(all)
}

#[test]
fn the_landmarks_stay_on_the_face() {
    let Some(data) = Data::find() else { return };
    let Some(all) = track(&data, "default.wmv") else {
        return;
    };
    let file = data.reference.join("openface-dumps/default-all-frames.npz");
    let reference = npz::<f32>(&file, "landmarks");
    assert_eq!(all.len(), reference.len() / (2 * LANDMARKS));
    let mut least = 1.0_f32;
    let mut lowest = 1.0_f32;
    for (n, tracked) in all.iter().enumerate() {
        assert!(
            tracked.success,
            "frame {n}: confidence {}",
            tracked.confidence
        );
        let expected = &reference[2 * LANDMARKS * n..2 * LANDMARKS * (n + 1)];
        let expected: [f32; 2 * LANDMARKS] =
            std::array::from_fn(|i| expected[i % LANDMARKS * 2 + i / LANDMARKS]);
        let expected = FaceBox::of_landmarks(&expected);
        let overlap = FaceBox::of_landmarks(&tracked.landmarks).overlap(&expected);
        least = least.min(overlap);
        lowest = lowest.min(tracked.confidence);
        assert!(overlap > 0.5, "frame {n}: overlap {overlap} with the face");
    }
    println!("least overlap {least}, lowest confidence {lowest}");
}

#[test]
fn success_is_as_with_openface() {
    let Some(data) = Data::find() else { return };
    // Faces on every frame, one that appears half-way, and none at all.
    for video in [
        "2015-10-15-15-14.avi",
        "single_face.mp4",
        "noface_face.mov",
        "no_face.mp4",
    ] {
        let Some(all) = track(&data, video) else {
            return;
        };
        let stem = video.split('.').next().unwrap();
        let file = data.reference.join("openface").join(format!("{stem}.csv"));
        let theirs: Vec<bool> = csv_column(&file, "success")
            .iter()
            .map(|&v| v == 1.0)
            .collect();
        assert_eq!(all.len(), theirs.len(), "{video}");
        let ours: Vec<bool> = all.iter().map(|tracked| tracked.success).collect();
        let count = |success: &[bool]| success.iter().filter(|&&v| v).count();
        let different: Vec<usize> = (0..ours.len()).filter(|&n| ours[n] != theirs[n]).collect();
        println!(
            "{video}: {} frames, success on {}, with OpenFace on {}, different: {different:?}",
            all.len(),
            count(&ours),
            count(&theirs),
        );
        assert!(different.is_empty(), "{video}: frames {different:?}");
    }
}

#[test]
fn frames_of_any_size_can_be_tracked() {
    let Some(data) = Data::find() else { return };
    let mut tracker = data.tracker(PfldTrackerOptions::default());
    for (width, height) in [
        (1, 1),
        (1, 300),
        (7, 5),
        (33, 17),
        (641, 31),
        (99, 1999),
        (0, 10),
    ] {
        let pixels = vec![128; 3 * width * height];
        let frame = BgrView::new(&pixels, width, height, 3 * width).unwrap();
        let mut tracked = Tracked::default();
        tracker.reset();
        tracker
            .track(&frame, &mut StageClock::start(), &mut tracked)
            .unwrap_or_else(|e| panic!("{width}x{height}: {e}"));
        assert!(!tracked.success, "a face in {width}x{height} grey pixels");
    }
}
