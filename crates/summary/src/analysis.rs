//! Everything that follows from one recording, and its row of the summary.

mod files;
mod row;

use crate::actions::{Action, ActionRow, KeyTable};
use crate::au_events::{self, AuEvent};
use crate::baseline::Baseline;
use crate::blinks::Blinks;
use crate::cooccurrence::{self, Pair};
use crate::geometry::Side;
use crate::head::{Gaze, HeadMovement};
use crate::quality::Quality;
use crate::recording::Recording;
use crate::scale::Scale;
use crate::sheet::Row;
use crate::thresholds::Thresholds;
use crate::timeline::Timeline;
use crate::warnings::{self, Warning};

pub use files::{Event, notice};
pub use row::{COMBINATIONS, INTENSITIES, PRESENCES};

/// Which rest the user names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BaselineWish {
    /// These seconds.
    Seconds(f64, f64),
    /// The action `BL`.
    Action,
}

/// What is wanted.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// Limits.
    pub thresholds: Thresholds,
    /// The rest.
    pub baseline: Option<BaselineWish>,
    /// What actions mean.
    pub keys: KeyTable,
}

/// A recording with everything that was found in it.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// The table.
    pub recording: Recording,
    /// Which frames count.
    pub timeline: Timeline,
    /// The limits in force.
    pub thresholds: Thresholds,
    /// How good it is.
    pub quality: Quality,
    /// Events of action units, in order of AU and time.
    pub events: Vec<AuEvent>,
    /// Both eyes, if there are landmarks.
    pub blinks: Option<Blinks>,
    /// What a pixel is worth.
    pub scale: Scale,
    /// Movements of the head.
    pub head: HeadMovement,
    /// Where the eyes look.
    pub gaze: Gaze,
    /// The rest.
    pub baseline: Option<Baseline>,
    /// Whether the user named a rest.
    pub baseline_wanted: bool,
    /// The actions that were given.
    pub actions: Vec<Action>,
    /// What was measured of them.
    pub action_rows: Vec<ActionRow>,
    /// What is doubtful.
    pub warnings: Vec<Warning>,
}

impl Analysis {
    /// Of a recording. `actions` is empty where none were given.
    pub fn of(recording: Recording, actions: Vec<Action>, wishes: &Wishes) -> Self {
        let thresholds = wishes.thresholds;
        let timeline = recording.timeline(thresholds.min_confidence);
        let quality = Quality::of(&recording, &timeline);
        let blinks = recording.geometry.as_ref().map(|geometry| {
            let ratios = [Side::Right, Side::Left].map(|side| geometry.eye_ratio(side));
            Blinks::of(ratios, &timeline)
        });
        let scale = recording
            .geometry
            .as_ref()
            .map_or(Scale::Unknown, |geometry| {
                let known = blinks.as_ref().filter(|blinks| blinks.scale_known);
                let closure: Vec<Option<f32>> = known.map_or_else(Vec::new, |b| {
                    (0..recording.len).map(|i| b.both_closed(i)).collect()
                });
                Scale::of(geometry, &timeline, &closure, &thresholds)
            });
        let baseline = baseline(
            &recording,
            &timeline,
            blinks.as_ref(),
            &actions,
            wishes.baseline,
        );
        let mut analysis = Self {
            events: events(&recording, &timeline, &thresholds),
            head: HeadMovement::of(&recording, &timeline),
            gaze: Gaze::of(&recording, &timeline),
            baseline_wanted: wishes.baseline.is_some(),
            action_rows: Vec::new(),
            warnings: Vec::new(),
            recording,
            timeline,
            thresholds,
            quality,
            blinks,
            scale,
            baseline,
            actions,
        };
        analysis.action_rows = ActionRow::all(&analysis, &wishes.keys);
        analysis.warnings = warnings::of(&analysis);
        analysis
    }

    /// Its row of the summary.
    pub fn row(&self) -> Row {
        row::row(self)
    }

    /// Events, blinks and closures in order of their onsets.
    pub fn all_events(&self) -> Vec<Event> {
        files::all_events(self)
    }

    /// The table of events.
    pub fn events_csv(&self) -> String {
        files::events_csv(self)
    }

    /// The table of geometry, one row a frame; empty without landmarks.
    pub fn measures_csv(&self) -> String {
        files::measures_csv(self)
    }

    /// The table of actions.
    pub fn actions_csv(&self) -> String {
        ActionRow::csv(&self.action_rows)
    }

    /// Action units that are shown together.
    pub fn pairs(&self) -> Vec<Pair> {
        cooccurrence::pairs(&self.recording, &self.timeline)
    }

    /// The code of the action at a time.
    pub fn action_at(&self, time: f64) -> Option<&str> {
        let found = self
            .actions
            .iter()
            .find(|action| action.start <= time && time < action.end);
        found.map(|action| action.code.as_str())
    }
}

/// Events of every action unit: by its intensities, or by its presences where it has only these.
/// AU45 is not among them: blinks are.
fn events(recording: &Recording, timeline: &Timeline, set: &Thresholds) -> Vec<AuEvent> {
    let mut all = Vec::new();
    for (&au, values) in &recording.intensities {
        if au != 45 {
            all.extend(au_events::of_intensities(au, values, timeline, set));
        }
    }
    for (&au, values) in &recording.presences {
        if au != 45 && !recording.intensities.contains_key(&au) {
            all.extend(au_events::of_presences(au, values, timeline, set));
        }
    }
    all.sort_by(|a, b| a.au.cmp(&b.au).then(a.onset.total_cmp(&b.onset)));
    all
}

fn baseline(
    recording: &Recording,
    timeline: &Timeline,
    blinks: Option<&Blinks>,
    actions: &[Action],
    wish: Option<BaselineWish>,
) -> Option<Baseline> {
    let named = |from, to| Baseline::named(from, to, recording, timeline, blinks);
    let rest = actions.iter().find(|action| action.code == "BL");
    match wish {
        Some(BaselineWish::Seconds(from, to)) => named(from, to),
        Some(BaselineWish::Action) => rest.and_then(|action| named(action.start, action.end)),
        None if actions.is_empty() => None,
        None => match rest {
            Some(action) => named(action.start, action.end),
            None => Baseline::assumed(recording, timeline),
        },
    }
}
