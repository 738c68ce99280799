//! From decoded frames and OpenFace's landmarks to AU values, on a whole video.

mod common;

use std::sync::Arc;

use bytemuck::Zeroable;
use common::{
    Dump, all_frames, by_axis, csv_aus, dynamic_au_models, face_shape_model, folder,
    largest_difference,
};
use faceau_vision::analysis::{FHOG_LEN, FrameAnalysis, TrackerMemory};
use faceau_vision::au::analyser::AuAnalyser;
use faceau_vision::au::temporal::{ScoreLog, TemporalRecord, TemporalStage};
use faceau_vision::image::BgrView;
use faceau_vision::network::NetworkError;
use faceau_vision::pipeline::FrameAnalyser;
use faceau_vision::shape::Intrinsics;
use faceau_vision::stage::{Stage, StageClock};
use faceau_vision::tracking::{LandmarkTracker, Tracked};

/// Hands out OpenFace's own landmarks and parameters, frame after frame.
struct Replay {
    next: usize,
    landmarks: Vec<f32>,
    global: Vec<f32>,
    local: Vec<f32>,
}

impl LandmarkTracker for Replay {
    fn reset(&mut self) {
        self.next = 0;
    }

    fn track(
        &mut self,
        _: &BgrView<'_>,
        clock: &mut StageClock,
        tracked: &mut Tracked,
    ) -> Result<(), NetworkError> {
        let frame = self.next;
        self.next += 1;
        let landmarks = by_axis(&self.landmarks[frame * 136..][..136], 2);
        tracked.landmarks.copy_from_slice(&landmarks);
        tracked
            .shape
            .global
            .copy_from_slice(&self.global[frame * 6..][..6]);
        tracked.shape.local = self.local[frame * 34..][..34].to_vec();
        (tracked.success, tracked.au_success, tracked.confidence) = (true, true, 0.98);
        clock.lap(Stage::Landmarks);
        Ok(())
    }

    fn memory(&self) -> TrackerMemory {
        TrackerMemory::default()
    }

    fn resume(&mut self, _: &FrameAnalysis) {
        unreachable!("the video is one segment");
    }
}

/// Differences have two sources. FFmpeg releases may decode and convert to BGR a little
/// differently; with release 5.1 the frames are OpenFace's byte for byte. And the alignment's last
/// digit decides how a few samples are rounded to 1/32 pixel (with other compiler flags OpenFace
/// differs from itself there): it changed some pixels of 86 frames of 288 by a few grey levels and
/// thereby intensities by up to 0.003, besides the 0.005 by which what is printed is rounded.
#[test]
fn aus_of_a_video_are_openfaces() {
    let Some(models) = common::openface_models() else {
        return;
    };
    let Some(reference) = folder("FACEAU_REFERENCE") else {
        return;
    };
    let Some(videos) = folder("FACEAU_VIDEOS") else {
        return;
    };
    let Some(frames) = common::decode(&videos.join("default.wmv"), 640, 480) else {
        return;
    };
    assert_eq!(frames.len(), 288);
    report_decoding(&frames);

    let shape = face_shape_model(&models);
    let au_models = dynamic_au_models(&models);
    let triangulation = common::triangulation(&models);
    let aus = AuAnalyser::new(shape.clone(), triangulation, au_models.clone()).unwrap();
    let tracker = Replay {
        next: 0,
        landmarks: all_frames(&reference, "landmarks").data,
        global: all_frames(&reference, "params_global").data,
        local: all_frames(&reference, "params_local").data,
    };
    let mut analyser = FrameAnalyser::new(tracker, Arc::clone(&shape), aus, Intrinsics::default());
    let mut stage = TemporalStage::new(au_models.clone(), ScoreLog::in_memory());
    let mut analysis = FrameAnalysis::zeroed();
    let mut nanos = [0_u64; Stage::COUNT];
    let theirs = common::hog_file(&reference.join("openface/default.hog"));
    let mut same_fhog = 0;
    analyser.begin_segment();
    for (frame, pixels) in frames.iter().enumerate() {
        let view = BgrView::new(pixels, 640, 480, 3 * 640).unwrap();
        analyser
            .analyse(&view, frame as u64 + 1, &mut analysis)
            .unwrap();
        assert_eq!(analysis.au_success, 1);
        let fhog = &theirs[frame * (4 + FHOG_LEN) + 4..][..FHOG_LEN];
        same_fhog += usize::from(largest_difference(analyser.aus().fhog(), fhog) < 1e-6);
        for (sum, nanos) in nanos.iter_mut().zip(analysis.stage_nanos) {
            *sum += u64::from(nanos);
        }
        stage.push(&TemporalRecord::from(&analysis)).unwrap();
    }
    for stage in Stage::ALL {
        eprintln!(
            "{:>10}: {:6.1} us per frame",
            stage.name(),
            nanos[stage as usize] as f64 / 288e3
        );
    }

    let expected = csv_aus(&reference.join("openface/default.csv"), &au_models);
    let (mut worst, mut sum, mut flips) = (0.0_f64, 0.0, 0);
    for (values, expected) in stage.finish().unwrap().map(Result::unwrap).zip(&expected) {
        let (intensities, presences) = expected.split_at(values.intensities.len());
        for (ours, theirs) in values.intensities.iter().zip(intensities) {
            // What is printed is rounded to two decimals.
            let difference = (ours - theirs.parse::<f64>().unwrap()).abs();
            worst = worst.max(difference);
            sum += difference;
        }
        for (ours, theirs) in values.presences.iter().zip(presences) {
            flips += usize::from(*ours != theirs.parse::<f64>().unwrap());
        }
    }
    let mean = sum / (288.0 * 17.0);
    eprintln!("{same_fhog} of 288 FHOG descriptors are the same");
    assert!(same_fhog >= 180);
    eprintln!("intensities: worst {worst:.4}, mean {mean:.5}; {flips} presences differ");
    assert!(worst < 0.01);
    assert!(mean < 0.002);
    assert_eq!(flips, 0);
}

fn report_decoding(frames: &[Vec<u8>]) {
    let Some(dumps) = Dump::all() else { return };
    for dump in &dumps {
        let theirs = dump.array::<u8>("frame_bgr").data;
        let ours = &frames[dump.frame()];
        let different = ours.iter().zip(&theirs).filter(|(a, b)| a != b).count();
        let worst = ours
            .iter()
            .zip(&theirs)
            .map(|(a, b)| a.abs_diff(*b))
            .max()
            .unwrap();
        eprintln!(
            "frame {}: {different} of {} bytes decoded differently, by up to {worst}",
            dump.frame(),
            ours.len()
        );
    }
}
