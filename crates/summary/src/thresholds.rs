//! Every limit that decides a number, in one place. Where no study or program is named in
//! `docs/summaries.md`, a limit is a choice that has not been validated.

use serde::Serialize;

/// What can be set on the command line; the rest are the constants below.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Thresholds {
    /// A frame counts from this confidence on, 0 to 1.
    pub min_confidence: f64,
    /// An AU event begins where the intensity reaches this.
    pub on: f64,
    /// It ends where the intensity falls below this.
    pub off: f64,
    /// Shorter events are dropped, in seconds.
    pub min_event: f64,
    /// Events of one AU that are closer than this are joined, in seconds.
    pub join: f64,
    /// Horizontal diameter of an iris in mm.
    pub iris_mm: f64,
    /// Distance of the pupils in mm, if somebody measured it.
    pub pupil_mm: Option<f64>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            min_confidence: 0.8,
            on: 1.0,
            off: 0.5,
            min_event: 0.1,
            join: 0.1,
            iris_mm: 11.71,
            pupil_mm: None,
        }
    }
}

/// Runs of frames that do not count are bridged within events up to this, in seconds.
pub const BRIDGED: f64 = 0.2;
/// A statistic needs so many frames.
pub const LEAST_FRAMES: usize = 10;
/// A statistic needs so many seconds.
pub const LEAST_SECONDS: f64 = 0.3;
/// «Present at minimum intensity.»
pub const PRESENT: f64 = 1.0;
/// The head counts as frontal up to this yaw and pitch, in degrees.
pub const FRONTAL_YAW: f64 = 10.0;
/// See [`FRONTAL_YAW`].
pub const FRONTAL_PITCH: f64 = 15.0;
/// Gaze is away from this angle to the recording's median direction on, in degrees.
pub const GAZE_AWAY: f64 = 15.0;
/// A face is small below this distance of the outer corners of the eyes, in pixels.
pub const SMALL_FACE: f64 = 60.0;
/// The rate is variable if the longest step is more than this many median steps.
pub const VARIABLE_RATE: f64 = 1.5;
/// Head movements are smoothed over this many seconds.
pub const HEAD_SMOOTHING: f64 = 0.2;

/// The open level of an eye is this quantile of its ratio …
pub const OPEN_QUANTILE: f64 = 0.8;
/// … over this many seconds around a frame …
pub const OPEN_WINDOW: f64 = 30.0;
/// … if at least so many of them count.
pub const OPEN_LEAST: f64 = 3.0;
/// The closed level is this quantile of the eye that closes better …
pub const CLOSED_QUANTILE: f64 = 0.02;
/// … if it is below this share of the open level.
pub const CLOSED_BELOW: f64 = 0.6;
/// Closures are cut at this.
pub const CLOSURE_MOST: f64 = 1.2;
/// A blink's closure rises by at least this.
pub const BLINK_PROMINENCE: f64 = 0.25;
/// Without a closed level: the fall of the ratio that makes a blink.
pub const BLINK_RATIO_FALL: f64 = 0.1;
/// A blink lasts at least this long at half its prominence, in seconds …
pub const BLINK_SHORTEST: f64 = 0.05;
/// … and at most this long; what lasts longer is a closure.
pub const BLINK_LONGEST: f64 = 0.5;
/// A blink is complete from this closure on.
pub const BLINK_COMPLETE: f64 = 0.8;
/// Blinks of both eyes belong together when their apexes are within this, in seconds.
pub const BLINK_PAIR: f64 = 0.125;
/// Below this rate durations and completeness of blinks are coarse, in frames a second.
pub const BLINK_FINE_RATE: f64 = 50.0;
/// Below this rate only closures are given.
pub const BLINK_RATE: f64 = 20.0;
/// An eye counts as closed from this closure on.
pub const EYE_CLOSED: f64 = 0.5;

/// Irises are measured where eyes are more open than this closure.
pub const IRIS_OPEN: f64 = 0.3;
/// Irises set the scale from this diameter on, in pixels.
pub const IRIS_PIXELS: f64 = 20.0;

/// A baseline needs so many seconds that count.
pub const BASELINE_SECONDS: f64 = 1.0;
/// A face smiles at rest from this sum of AU06 and AU12 on.
pub const BASELINE_SMILE: f64 = 1.0;

/// An action's plateau is where the signal is at least this share of its peak.
pub const PLATEAU: f64 = 0.7;
/// An action's movement begins where the signal first reaches this share of its peak.
pub const LATENCY: f64 = 0.5;
/// A plateau needs so many frames.
pub const PLATEAU_FRAMES: usize = 3;
/// An action without a deviation of this did not move: intensities …
pub const NO_MOVEMENT_AU: f64 = 0.5;
/// … and lengths, in mm or % of the outer corners' distance.
pub const NO_MOVEMENT_LENGTH: f64 = 1.0;
/// The signal of an action is smoothed over so many frames or seconds, whichever is longer.
pub const ACTION_MEDIAN_FRAMES: usize = 5;
/// See [`ACTION_MEDIAN_FRAMES`].
pub const ACTION_MEDIAN_SECONDS: f64 = 0.083;
/// A rest is looked for within the first seconds.
pub const ASSUMED_REST_WITHIN: f64 = 10.0;

/// Warnings: see [`crate::warnings`].
pub const WARN_VALID_PCT: f64 = 90.0;
/// A gap that is warned of, in seconds.
pub const WARN_GAP: f64 = 1.0;
/// Share of frontal frames below which a recording is turned.
pub const WARN_FRONTAL_PCT: f64 = 80.0;
/// A low rate.
pub const WARN_RATE: f64 = 25.0;
/// A short recording, in seconds that count.
pub const WARN_SECONDS: f64 = 3.0;
/// Share of frames with more than one face.
pub const WARN_MANY_FACES: f64 = 0.05;

/// Name, value and meaning of every limit, for `summary.json`.
pub fn in_force(set: &Thresholds) -> Vec<(&'static str, f64, &'static str)> {
    let mut all = vec![
        (
            "min_confidence",
            set.min_confidence,
            "a frame counts from this confidence on",
        ),
        ("on", set.on, "an AU event begins at this intensity"),
        ("off", set.off, "an AU event ends below this intensity"),
        (
            "min_event",
            set.min_event,
            "s; shorter AU events are dropped",
        ),
        ("join", set.join, "s; AU events that are closer are joined"),
        ("iris_mm", set.iris_mm, "mm; horizontal diameter of an iris"),
        (
            "bridged",
            BRIDGED,
            "s; gaps up to this do not end an event, and are not counted as gaps",
        ),
        (
            "least_frames",
            LEAST_FRAMES as f64,
            "frames that a statistic needs",
        ),
        ("least_seconds", LEAST_SECONDS, "s that a statistic needs"),
        (
            "present",
            PRESENT,
            "intensity from which an AU counts as present (_ge1_, expr_)",
        ),
        (
            "frontal_yaw",
            FRONTAL_YAW,
            "° up to which the head counts as frontal",
        ),
        (
            "frontal_pitch",
            FRONTAL_PITCH,
            "° up to which the head counts as frontal",
        ),
        ("gaze_away", GAZE_AWAY, "° from the median direction"),
        (
            "head_smoothing",
            HEAD_SMOOTHING,
            "s over which pose is averaged before speeds",
        ),
        (
            "open_quantile",
            OPEN_QUANTILE,
            "quantile of the eye's ratio that is its open level",
        ),
        (
            "open_window",
            OPEN_WINDOW,
            "s around a frame for the open level",
        ),
        (
            "closed_quantile",
            CLOSED_QUANTILE,
            "quantile of the ratio that is the closed level",
        ),
        (
            "closed_below",
            CLOSED_BELOW,
            "share of the open level that the closed level must be below",
        ),
        (
            "blink_prominence",
            BLINK_PROMINENCE,
            "closure by which a blink stands out",
        ),
        ("blink_shortest", BLINK_SHORTEST, "s at half prominence"),
        (
            "blink_longest",
            BLINK_LONGEST,
            "s at half prominence; longer is a closure",
        ),
        (
            "blink_complete",
            BLINK_COMPLETE,
            "closure from which a blink is complete",
        ),
        (
            "blink_pair",
            BLINK_PAIR,
            "s between the apexes of both eyes of one blink",
        ),
        (
            "blink_fine_rate",
            BLINK_FINE_RATE,
            "frames a second below which durations are coarse",
        ),
        (
            "blink_rate",
            BLINK_RATE,
            "frames a second below which only closures are given",
        ),
        (
            "iris_pixels",
            IRIS_PIXELS,
            "px; diameter from which irises set the scale",
        ),
        (
            "baseline_seconds",
            BASELINE_SECONDS,
            "s that a baseline needs",
        ),
        (
            "baseline_smile",
            BASELINE_SMILE,
            "AU06 + AU12 from which a baseline is smiling",
        ),
        (
            "plateau",
            PLATEAU,
            "share of an action's peak that is its plateau",
        ),
        (
            "latency",
            LATENCY,
            "share of an action's peak at which movement begins",
        ),
        (
            "low_valid",
            WARN_VALID_PCT,
            "% of frames that count below which is warned",
        ),
        (
            "gap",
            WARN_GAP,
            "s without a frame that counts above which is warned",
        ),
        (
            "small_face",
            SMALL_FACE,
            "px between the outer corners of the eyes",
        ),
        (
            "turned",
            WARN_FRONTAL_PCT,
            "% of frontal frames below which is warned",
        ),
        (
            "low_rate",
            WARN_RATE,
            "frames a second below which is warned",
        ),
        (
            "variable_rate",
            VARIABLE_RATE,
            "longest step over the median step",
        ),
        ("short", WARN_SECONDS, "s that count below which is warned"),
        (
            "many_faces",
            100.0 * WARN_MANY_FACES,
            "% of frames with more than one face",
        ),
    ];
    if let Some(pupil) = set.pupil_mm {
        all.push((
            "pupil_mm",
            pupil,
            "mm between the pupils, as measured by the user",
        ));
    }
    all
}
