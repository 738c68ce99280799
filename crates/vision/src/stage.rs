//! The stages a frame goes through inside a worker, and a stopwatch for them.
//!
//! The names here are the rows of the profile table; where the time goes is measured on every
//! frame, because a figure that needs a special build is never looked at.

use std::time::Instant;

/// One step of the work on a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Stage {
    /// Finding the face in the whole frame.
    Detection,
    /// Placing the 68 landmarks.
    Landmarks,
    /// Asking the validator whether the landmarks sit on a face.
    Validation,
    /// Fitting the shape model to the landmarks.
    ShapeFit,
    /// Head pose from the 2-D landmarks and the 3-D shape.
    Pose,
    /// Cutting out the aligned, masked face.
    Alignment,
    /// Computing the FHOG descriptor.
    Fhog,
    /// Scoring with the linear AU models, and binning for the running median.
    AuScores,
}

impl Stage {
    /// Number of stages.
    pub const COUNT: usize = 8;

    /// All stages, in the order a frame meets them.
    pub const ALL: [Stage; Stage::COUNT] = [
        Stage::Detection,
        Stage::Landmarks,
        Stage::Validation,
        Stage::ShapeFit,
        Stage::Pose,
        Stage::Alignment,
        Stage::Fhog,
        Stage::AuScores,
    ];

    /// Name for tables and records.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Detection => "detection",
            Stage::Landmarks => "landmarks",
            Stage::Validation => "validation",
            Stage::ShapeFit => "shape fit",
            Stage::Pose => "pose",
            Stage::Alignment => "alignment",
            Stage::Fhog => "FHOG",
            Stage::AuScores => "AU scores",
        }
    }
}

/// An uninterrupted stretch of one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lap {
    /// The stage.
    pub stage: Stage,
    /// How long it took, in nanoseconds.
    pub nanos: u64,
}

/// Adds up how long each stage of one frame took, and keeps the laps.
#[derive(Debug)]
pub struct StageClock {
    nanos: [u32; Stage::COUNT],
    started: Instant,
    last: Instant,
    laps: Vec<Lap>,
}

impl Default for StageClock {
    fn default() -> Self {
        Self::start()
    }
}

impl StageClock {
    /// So many laps of a frame are kept one by one; what follows only counts in the sums.
    pub const MOST_LAPS: usize = 64;

    /// Starts the watch with all stages at zero.
    pub fn start() -> Self {
        let now = Instant::now();
        Self {
            nanos: [0; Stage::COUNT],
            started: now,
            last: now,
            laps: Vec::new(),
        }
    }

    /// Starts it again for another frame, in the memory that it has.
    pub fn restart(&mut self) {
        self.laps.clear();
        *self = Self {
            laps: std::mem::take(&mut self.laps),
            ..Self::start()
        };
    }

    /// Books the time since the last call (or the start) on `stage`.
    pub fn lap(&mut self, stage: Stage) {
        let now = Instant::now();
        let nanos = u64::try_from((now - self.last).as_nanos()).unwrap_or(u64::MAX);
        let slot = &mut self.nanos[stage as usize];
        *slot = slot.saturating_add(u32::try_from(nanos).unwrap_or(u32::MAX));
        let is_full = self.laps.len() == Self::MOST_LAPS;
        match self.laps.last_mut() {
            Some(lap) if lap.stage == stage && !is_full => lap.nanos += nanos,
            _ if is_full => {}
            _ => self.laps.push(Lap { stage, nanos }),
        }
        self.last = now;
    }

    /// Nanoseconds per stage, indexed by `Stage as usize`.
    pub fn nanos(&self) -> [u32; Stage::COUNT] {
        self.nanos
    }

    /// When it was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// The laps in the order of time, the first from the start on, each where the one before ended.
    pub fn laps(&self) -> &[Lap] {
        &self.laps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laps_of_one_stage_in_a_row_are_one_and_sums_are_of_all() {
        let mut clock = StageClock::start();
        for stage in [Stage::Landmarks, Stage::Landmarks, Stage::ShapeFit] {
            clock.lap(stage);
        }
        clock.lap(Stage::Landmarks);
        let stages: Vec<Stage> = clock.laps().iter().map(|lap| lap.stage).collect();
        assert_eq!(
            stages,
            [Stage::Landmarks, Stage::ShapeFit, Stage::Landmarks]
        );
        let landmarks = clock.laps()[0].nanos + clock.laps()[2].nanos;
        assert_eq!(
            u64::from(clock.nanos()[Stage::Landmarks as usize]),
            landmarks
        );
        clock.restart();
        assert!(clock.laps().is_empty() && clock.nanos() == [0; Stage::COUNT]);
    }

    #[test]
    fn there_are_never_too_many_laps() {
        let mut clock = StageClock::start();
        for _ in 0..StageClock::MOST_LAPS {
            clock.lap(Stage::Landmarks);
            clock.lap(Stage::ShapeFit);
        }
        assert_eq!(clock.laps().len(), StageClock::MOST_LAPS);
    }
}
