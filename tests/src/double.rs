//! The worker double: speaks the real protocol, needs no models, and misbehaves on command.
//!
//! Here is what it can be told ([`Orders`]) and how it "measures" a frame ([`measure`]); the
//! program is `src/bin/faceau-test-worker.rs`. Well-behaved, it is fast and depends on nothing
//! but the frame's pixels and number, so that tables of many frames can be compared byte by byte.

use std::collections::BTreeMap;
use std::path::PathBuf;

use faceau_vision::analysis::{FrameAnalysis, LANDMARKS};
use faceau_vision::au::histogram::{FHOG_BINS, GEOMETRY_BINS};
use faceau_vision::extras::Extras;
use faceau_vision::image::BgrView;
use serde::{Deserialize, Serialize};

use crate::video::CELLS;

/// The environment variable that holds the orders as JSON; workers inherit it.
pub const VARIABLE: &str = "FACEAU_TEST_ORDERS";

/// What a double is told.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Orders {
    /// How it starts.
    pub start: Start,
    /// What it does wrong at which frame.
    pub fault: Option<Fault>,
    /// Milliseconds that each frame takes.
    pub frame_takes: u64,
    /// The frame, counted from 1, from which on it dies at every frame.
    pub crash_from: Option<u64>,
    /// A frame at which it waits.
    pub hold: Option<Hold>,
    /// Does not leave when asked to.
    pub ignores_stop: bool,
    /// Nor when told to.
    pub ignores_sigterm: bool,
    /// Starts a process of its own, which does not end by itself.
    pub has_child: bool,
    /// Bytes of memory that it takes and keeps at each frame.
    pub grows_by: usize,
    /// What comes of trying networks out, by `network on place`; the others are usable.
    pub trials: BTreeMap<String, TryOut>,
    /// A file for what did not come to an end in earlier trials, a line each.
    pub unfinished: Option<PathBuf>,
}

/// What comes of trying a network out on a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TryOut {
    /// It never ends.
    Hangs,
    /// The process dies, after some last words.
    Dies,
    /// The provider cannot be set up.
    Missing,
    /// The numbers are wrong.
    WrongNumbers,
    /// It is usable, but torn into many parts and slow.
    Torn,
}

/// How a double starts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Start {
    /// As it should.
    #[default]
    Well,
    /// Greets with another build.
    OtherBuild,
    /// Greets with another version of the protocol.
    OtherProtocol,
    /// Says something that is no greeting.
    Noise,
    /// Ends after some last words.
    Dies,
    /// Says that it cannot work, and why.
    Refuses(String),
    /// Greets and is never ready.
    Hangs,
}

/// Something wrong at a frame.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault {
    /// The frame, counted from 1.
    pub frame: u64,
    /// What happens.
    pub misdeed: Misdeed,
    /// Happens only to the worker that can create this file, that is once; otherwise always.
    pub once: Option<PathBuf>,
}

/// What a double can do wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Misdeed {
    /// Dies by a signal.
    Crash,
    /// Has the supervisor abort, as a failed assertion inside FFmpeg would.
    AbortSupervisor,
    /// Is killed by SIGKILL, as when memory is short.
    Killed,
    /// Leaves without a word, with exit code 0.
    Leave,
    /// Never answers.
    Hang,
    /// Answers with bytes that are no message.
    Noise,
    /// Answers with these bytes first.
    Bytes(Vec<u8>),
    /// Answers for a slot that it was not given.
    WrongSlot,
    /// Answers for another frame than the one in the slot.
    WrongFrame,
    /// Answers twice.
    Twice,
    /// Answers so many milliseconds later.
    Late(u64),
    /// A landmark that is not a number.
    NotANumber,
    /// A histogram bin that does not exist.
    NoSuchBin,
    /// Two faces where the pipeline has one.
    TwoFaces,
    /// A face whose values are longer than any.
    TooLong,
    /// A descriptor that is not numbers, where one is wanted.
    NoDescriptor,
    /// Says that the frame cannot be analysed.
    Fail(String),
}

/// A frame at which the double waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hold {
    /// The frame, counted from 1; later ones wait, too.
    pub from: u64,
    /// Waits until this file exists.
    pub until: PathBuf,
}

impl Orders {
    /// A double that does `misdeed` at `frame`, every time.
    pub fn always(frame: u64, misdeed: Misdeed) -> Self {
        Self {
            fault: Some(Fault {
                frame,
                misdeed,
                once: None,
            }),
            ..Self::default()
        }
    }

    /// A double that does `misdeed` at `frame` if it can create `marker`.
    pub fn once(frame: u64, misdeed: Misdeed, marker: PathBuf) -> Self {
        Self {
            fault: Some(Fault {
                frame,
                misdeed,
                once: Some(marker),
            }),
            ..Self::default()
        }
    }
}

/// Mean brightness of the frame's 8 x 8 cells, 0 to 255, row by row.
pub fn cells(frame: &BgrView<'_>) -> [f64; CELLS * CELLS] {
    let (width, height) = (frame.width(), frame.height());
    std::array::from_fn(|cell| {
        let (column, row) = (cell % CELLS, cell / CELLS);
        let rows = row * height / CELLS..(row + 1) * height / CELLS;
        let columns = column * width / CELLS..(column + 1) * width / CELLS;
        let count = (rows.len() * 3 * columns.len()).max(1);
        let sum: u64 = rows
            .flat_map(|y| frame.span(y, columns.clone()))
            .map(|&value| u64::from(value))
            .sum();
        sum as f64 / count as f64
    })
}

/// Fills `out` with numbers that are made from the cells: the x of the first 64 landmarks are the
/// cells' brightness, so that a table shows what the worker saw. A black frame has no face.
pub fn measure(frame: &BgrView<'_>, number: u64, out: &mut FrameAnalysis) {
    *out = FrameAnalysis::nothing();
    let cells = cells(frame);
    let at = |i: usize| cells[i % cells.len()];
    let mean = cells.iter().sum::<f64>() / cells.len() as f64;
    for i in 0..LANDMARKS {
        out.landmarks[i] = at(i) as f32;
        out.landmarks[LANDMARKS + i] = (i as f64 + mean) as f32;
        out.landmarks_3d[i] = at(i + 1) as f32 / 2.0;
        out.landmarks_3d[LANDMARKS + i] = at(i + 2) as f32 / 3.0;
        out.landmarks_3d[2 * LANDMARKS + i] = 400.0 + mean as f32;
    }
    out.pose = [mean, -mean, 500.0, 0.01 * at(20), 0.02, -0.01 * at(21)];
    out.global = [1.0, 0.1, 0.2, 0.3, at(3) as f32, at(4) as f32];
    for (i, value) in out.local.iter_mut().enumerate() {
        *value = (at(i) - mean) as f32 / 10.0;
    }
    let three = &mut out.openface3;
    three.face = [at(0), at(1), at(2), at(3)].map(|v| v as f32);
    if mean < 10.0 {
        return;
    }
    three.aus = std::array::from_fn(|i| (at(i) / 255.0) as f32);
    three.emotions = std::array::from_fn(|i| (at(i + 8) / 100.0) as f32);
    three.gaze = [0.1, (mean / 100.0) as f32];
    three.landmarks = std::array::from_fn(|i| at(i) as f32);
    (three.has_landmarks, three.has_closure) = (1, 1);
    three.closure = at(20) / 51.0;
    out.confidence = 0.95;
    (out.success, out.au_success) = (1, 1);
    for (i, score) in out.scores.iter_mut().enumerate() {
        *score = (at(i + 16) - at(i + 30)) / 50.0;
    }
    // As the real thing: the running medians are updated on frames of odd number.
    if number % 2 == 1 {
        out.has_bins = 1;
        let bin = |i: usize, count: u16| ((at(i) * 16.0) as usize + i) as u16 % count;
        for (i, value) in out.fhog_bins.iter_mut().enumerate() {
            *value = bin(i, FHOG_BINS.count);
        }
        for (i, value) in out.geometry_bins.iter_mut().enumerate() {
            *value = bin(i, GEOMETRY_BINS.count);
        }
    }
}

/// Fills `out` with extras from which frame `number` can be told: zeros for a frame without a face.
pub fn write_extras(number: u64, success: bool, extras: Extras, out: &mut [u8]) {
    let (fhog, face) = extras.split_mut(out);
    let value = if success { number as f32 } else { 0.0 };
    for word in fhog.as_chunks_mut::<4>().0 {
        *word = value.to_le_bytes();
    }
    face.fill(if success { (number % 256) as u8 } else { 0 });
}
