//! What the fast tracker costs and how soon it settles, measured on the sample videos.
//!
//! Prints the time of each part on one core, how a detector's box relates to the landmarks found
//! in it (which the tracker's constants come from), and how far the landmarks of a tracker that
//! starts in the middle of a video are from those of one that saw it from the beginning (which
//! the lead-in of a segment is chosen from). Needs the same environment variables as the tests.

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Instant;

use common::Data;
use faceau_vision::analysis::LANDMARKS;
use faceau_vision::shape::{FitScratch, ShapeParameters};
use faceau_vision::stage::StageClock;
use faceau_vision::tracking::face_box::FaceBox;
use faceau_vision::tracking::pfld::CropSquare;
use faceau_vision::tracking::pfld_tracker::PfldTrackerOptions;
use faceau_vision::tracking::{LandmarkTracker, Tracked};

const VIDEOS: [&str; 3] = ["default.wmv", "2015-10-15-15-14.avi", "single_face.mp4"];

fn main() {
    let Some(data) = Data::find() else { return };
    for video in VIDEOS {
        let Some(frames) = load(&data, video) else {
            return;
        };
        println!(
            "== {video}: {} frames of {}x{}",
            frames.pixels.len(),
            frames.width,
            frames.height
        );
        costs(&data, &frames);
        settling(&data, &frames);
    }
}

/// The first frames of a video, in memory.
struct Clip {
    frames: common::Frames,
    pixels: Vec<Vec<u8>>,
    width: usize,
    height: usize,
}

fn load(data: &Data, video: &str) -> Option<Clip> {
    let mut frames = data.frames(video)?;
    let (width, height) = (frames.width, frames.height);
    let mut pixels = Vec::new();
    let mut frame = Vec::new();
    while pixels.len() < 600 && frames.next_into(&mut frame) {
        pixels.push(frame.clone());
    }
    Some(Clip {
        frames,
        pixels,
        width,
        height,
    })
}

/// Times every part on every tenth frame, and compares boxes with landmarks.
fn costs(data: &Data, clip: &Clip) {
    let mut detector = data.detector();
    let mut landmarker = data.landmarker();
    let mut validator = data.validator();
    let shape_model = data.shape_model();
    let mut scratch = FitScratch::default();
    let mut shape = ShapeParameters::default();
    let mut landmarks = [0.0; 2 * LANDMARKS];
    let mut times: [(&str, Vec<f64>); 4] =
        ["RetinaFace", "PFLD", "shape fit", "validator"].map(|part| (part, Vec::new()));
    let mut relations: [(&str, Vec<f64>); 4] =
        ["height", "rise", "shift", "width to height"].map(|relation| (relation, Vec::new()));
    for pixels in clip.pixels.iter().step_by(3) {
        let frame = clip.frames.view(pixels);
        let mut started = Instant::now();
        let mut lap = |part: usize| {
            times[part].1.push(started.elapsed().as_secs_f64() * 1e3);
            started = Instant::now();
        };
        let face = detector.detect(&frame).unwrap()[0].face;
        lap(0);
        let crop = CropSquare::of_box(&face).unwrap();
        landmarker.locate(&frame, crop, &mut landmarks).unwrap();
        lap(1);
        shape_model
            .fit(&landmarks, &mut scratch, &mut shape)
            .unwrap();
        lap(2);
        let [_, rx, ry, rz, _, _] = shape.global;
        validator.certainty(&frame, &landmarks, [rx, ry, rz]);
        lap(3);

        let inner = FaceBox::of_landmarks(&landmarks);
        let size = f64::from(inner.width() + inner.height()) / 2.0;
        let (face_center, center) = (face.center(), inner.center());
        let values = [
            f64::from(face.height()) / size,
            f64::from(center.1 - face_center.1) / size,
            f64::from(face_center.0 - center.0) / size,
            f64::from(face.width() / face.height()),
        ];
        for ((_, all), value) in relations.iter_mut().zip(values) {
            all.push(value);
        }
    }
    for (part, times) in &mut times {
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        println!(
            "{part:>16}: median {:.2} ms, 95th percentile {:.2} ms",
            at(0.5),
            at(0.95)
        );
    }
    for (relation, values) in &relations {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
        println!("{relation:>16}: {mean:.4} ± {:.4}", variance.sqrt());
    }
}

/// Compares trackers that start late with one that saw everything.
fn settling(data: &Data, clip: &Clip) {
    const FOLLOWED: usize = 40;
    let mut tracker = data.tracker(PfldTrackerOptions::default());
    let mut follow = |start: usize, count: usize| -> Vec<[f32; 2 * LANDMARKS]> {
        tracker.reset();
        let mut tracked = Tracked::default();
        let frames = clip.pixels.iter().skip(start).take(count);
        frames
            .map(|pixels| {
                let frame = clip.frames.view(pixels);
                let mut clock = StageClock::start();
                tracker.track(&frame, &mut clock, &mut tracked).unwrap();
                tracked.landmarks
            })
            .collect()
    };
    let whole = follow(0, clip.pixels.len());
    let mut distances = vec![Vec::new(); FOLLOWED];
    for start in (11..whole.len().saturating_sub(FOLLOWED)).step_by(11) {
        for (n, landmarks) in follow(start, FOLLOWED).iter().enumerate() {
            let other = &whole[start + n];
            let distance = |i: usize| {
                let x = landmarks[i] - other[i];
                let y = landmarks[LANDMARKS + i] - other[LANDMARKS + i];
                f64::from(x.hypot(y))
            };
            let all: Vec<f64> = (0..LANDMARKS).map(distance).collect();
            let mean = all.iter().sum::<f64>() / LANDMARKS as f64;
            distances[n].push((mean, all.into_iter().fold(0.0, f64::max)));
        }
    }
    println!(
        "frames since start: mean distance, largest mean, largest (px), share of starts equal"
    );
    for (n, starts) in distances.iter().enumerate() {
        let mean = starts.iter().map(|d| d.0).sum::<f64>() / starts.len() as f64;
        let largest_mean = starts.iter().map(|d| d.0).fold(0.0, f64::max);
        let largest = starts.iter().map(|d| d.1).fold(0.0, f64::max);
        let equal = starts.iter().filter(|d| d.1 == 0.0).count() as f64 / starts.len() as f64;
        println!("{n:>4}: {mean:.3} {largest_mean:.3} {largest:.3} {equal:.2}");
    }
}
