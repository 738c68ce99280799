//! Clips as files: frames, times, truth, and the same content whatever the number of threads.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use faceau_demo::Au;
use faceau_demo::clip::{Clip, ClipOptions, Span, TICKS_PER_SECOND, frame_times};
use faceau_demo::film::{Film, FilmError};

fn options(seconds: f32) -> ClipOptions {
    ClipOptions {
        width: 96,
        height: 64,
        seconds,
        faces: 1,
        most_angle: 20.0,
        absent: Vec::new(),
        occluded: Vec::new(),
        restless: false,
    }
}

fn film(folder: &Path, name: &str, frames: usize, threads: usize) -> Film {
    Film {
        video: Some(folder.join(format!("{name}.mp4"))),
        images: Some(folder.join(name)),
        truth: folder.join(format!("{name}.truth.csv")),
        times: frame_times(frames, 10.0, true, 3),
        frame_rate: 10.0,
        quarters: 1,
        threads,
    }
}

#[test]
fn files_do_not_depend_on_the_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let clip = Clip::new(&options(1.0), 3);
    let mut all = Vec::new();
    for (name, threads) in [("one", 1), ("three", 3)] {
        let film = film(folder.path(), name, 7, threads);
        let mut seen = Vec::new();
        film.make(&clip, |done| {
            seen.push(done);
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);
        let read = |path: &Path| fs::read(path).unwrap();
        let mut files = vec![read(film.video.as_ref().unwrap()), read(&film.truth)];
        for frame in 1..=7 {
            let images = film.images.as_ref().unwrap();
            files.push(read(&images.join(format!("frame_{frame:06}.png"))));
        }
        all.push(files);
    }
    for (number, (one, three)) in all[0].iter().zip(&all[1]).enumerate() {
        // 0 is the video, 1 the truth, what follows are the pictures.
        assert!(one == three, "file {number} differs");
    }
    let table = String::from_utf8(all[0][1].clone()).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split(',').collect())
        .collect();
    assert_eq!(rows.len(), 8);
    assert_eq!(rows[0].len(), 4 + 6 + 2 * 68 + Au::ALL.len());
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    let times = frame_times(7, 10.0, true, 3);
    for (row, ticks) in rows[1..].iter().zip(times) {
        let seconds: f64 = row[2].parse().unwrap();
        assert!((seconds - ticks as f64 / f64::from(TICKS_PER_SECOND)).abs() < 1e-6);
    }
}

#[test]
fn what_is_stopped_leaves_nothing_unfinished() {
    let folder = tempfile::tempdir().unwrap();
    let film = Film {
        images: None,
        ..film(folder.path(), "stopped", 5, 2)
    };
    let made = film.make(&Clip::new(&options(0.5), 1), |done| match done {
        3 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert!(matches!(made, Err(FilmError::Stopped)));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let film = film(&folder.path().join("missing"), "a", 2, 1);
    let film = Film {
        images: None,
        ..film
    };
    let error = film
        .make(&Clip::new(&options(0.2), 1), |_| ControlFlow::Continue(()))
        .unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
}

#[test]
fn every_action_unit_comes_and_goes() {
    let clip = Clip::new(&options(20.0), 9);
    let frames: Vec<_> = (0..600)
        .map(|i| clip.scene(i as f32 / 30.0, i).faces[0].aus)
        .collect();
    for au in Au::ALL {
        let values: Vec<f32> = frames.iter().map(|aus| aus[au]).collect();
        let most = values.iter().copied().fold(0.0, f32::max);
        let at_rest = values.iter().filter(|&&value| value == 0.0).count();
        assert!(most > 2.0, "{}: {most}", au.name());
        assert!(at_rest > 300, "{}: {at_rest}", au.name());
        // Smooth: at most a third of the way from one frame to the next, but for a blink.
        let jump = values
            .windows(2)
            .map(|w| (w[1] - w[0]).abs())
            .fold(0.0, f32::max);
        let most_jump = if au == Au::Au45 { 3.5 } else { 1.7 };
        assert!(jump < most_jump, "{}: {jump}", au.name());
    }
}

#[test]
fn nobody_is_there_while_absent_and_nothing_is_seen_while_covered() {
    let clip = Clip::new(
        &ClipOptions {
            faces: 2,
            absent: vec![Span { from: 2.0, to: 3.0 }],
            occluded: vec![Span { from: 5.0, to: 6.0 }],
            ..options(8.0)
        },
        4,
    );
    let visible = |time: f32| -> Vec<f32> {
        let (_, truths) = faceau_demo::render(&clip.scene(time, 0));
        truths.iter().map(|truth| truth.visible).collect()
    };
    for time in [0.5, 1.3, 3.7, 4.3, 6.7, 7.5] {
        assert_eq!(visible(time), [1.0, 1.0], "at {time} s");
    }
    for time in [2.0, 2.5, 3.0, 5.0, 5.5, 6.0] {
        assert_eq!(visible(time), [0.0, 0.0], "at {time} s");
    }
}

#[test]
fn every_frame_of_a_restless_clip_shows_something_else() {
    let restless = |seed| {
        let options = ClipOptions {
            restless: true,
            ..options(20.0)
        };
        let clip = Clip::new(&options, seed);
        let aus = move |frame: usize| clip.scene(frame as f32 / 10.0, frame).faces[0].aus;
        (0..400).map(aus).collect::<Vec<_>>()
    };
    let frames = restless(9);
    assert!(frames == restless(9) && frames != restless(10));
    assert!(frames.windows(2).filter(|pair| pair[0] == pair[1]).count() < 40);
    for au in Au::ALL {
        let shown = frames.iter().filter(|aus| aus[au] > 0.0).count();
        assert!((30..110).contains(&shown), "{}: {shown}", au.name());
        assert!(frames.iter().all(|aus| (0.0..=5.0).contains(&aus[au])));
        // None goes along with another.
        for other in Au::ALL.into_iter().filter(|&other| other != au) {
            let both = frames
                .iter()
                .filter(|aus| aus[au] > 0.0 && aus[other] > 0.0);
            assert!(both.count() * 2 < shown, "{} {}", au.name(), other.name());
        }
    }
}
