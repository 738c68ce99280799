//! The ordered stage: AU45 is smoothed over the frames of a track, looking back only, so that all of a
//! row is known as soon as its frame's turn comes. What is not known is NaN.

use std::collections::BTreeMap;
use std::io;

use faceau_measure::{Face, FrameTime, LateValues, OrderedStage, Row, Track};
use faceau_vision::openface3::closure::Smoothing;
use faceau_vision::openface3::mtl::probabilities;
use faceau_vision::openface3::{Convention, EMOTIONS, LANDMARKS};

use super::columns::COLUMN_AUS;
use super::record::Values;
use crate::options::OpenFace3;

/// The action unit that comes from landmarks.
const CLOSURE: u8 = 45;
/// From this score on, an action unit is present.
const PRESENT: f32 = 0.5;

/// Takes faces in the order of the video.
#[derive(Debug)]
pub(super) struct Stage {
    options: OpenFace3,
    frame_rate: Option<f64>,
    smoothing: BTreeMap<Track, Smoothing>,
}

impl Stage {
    /// Before the first frame. `frame_rate` is what the file says, in frames per second.
    pub(super) fn new(options: OpenFace3, frame_rate: Option<f64>) -> Self {
        Self {
            options,
            frame_rate,
            smoothing: BTreeMap::new(),
        }
    }
}

impl OrderedStage for Stage {
    fn push(
        &mut self,
        frame: FrameTime,
        track: Track,
        face: Face<'_>,
        row: &mut Row,
    ) -> io::Result<()> {
        let values = Values::of(face.values)
            .ok_or_else(|| io::Error::other("the values of a face are cut short"))?;
        let smoothing = self.smoothing.entry(track).or_default();
        let closure = smoothing.push(values.closure());
        if self.options.as_facemirror {
            let frame = frame.index.0;
            let seconds = self.frame_rate.map_or(0.0, |rate| frame as f64 / rate);
            push_as_facemirror(row, frame, seconds, track, &values, closure);
        } else {
            let closure = closure.filter(|_| self.options.closure);
            push_own(row, frame, track, &values, closure);
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<Box<dyn LateValues + '_>> {
        Ok(Box::new(NothingLate))
    }
}

struct NothingLate;

impl LateValues for NothingLate {
    fn next(&mut self, _: Track, _: &mut Row) -> io::Result<()> {
        Ok(())
    }
}

fn push_as_facemirror(
    row: &mut Row,
    frame: usize,
    seconds: f64,
    track: Track,
    values: &Values,
    closure: Option<f64>,
) {
    let success = values.success();
    let confidence = if success { values.confidence } else { 0.0 };
    row.whole(frame as u64);
    row.whole(track.0.into());
    row.doubles(&[seconds, confidence.into()]);
    row.whole(success.into());
    row.doubles(
        &COLUMN_AUS.map(|au| match score(au, values, Convention::FaceMirror) {
            _ if au == CLOSURE => closure.unwrap_or(f64::NAN),
            // Zeros were meant to stand for nothing, and look like a neutral face.
            Some(_) if !success => 0.0,
            Some(score) if score.is_finite() => f64::from(score).clamp(0.0, 5.0),
            _ => f64::NAN,
        }),
    );
    row.doubles(&COLUMN_AUS.map(|_| f64::NAN));
}

/// The network's score of an action unit, if it is one that it rates.
fn score(au: u8, values: &Values, convention: Convention) -> Option<f32> {
    let numbers = convention.action_units();
    let place = numbers.iter().position(|&number| number == au)?;
    Some(values.aus[place])
}

fn push_own(row: &mut Row, frame: FrameTime, track: Track, values: &Values, closure: Option<f64>) {
    let success = values.success();
    let known = |value: f32| if success { value } else { f32::NAN };
    row.whole(frame.index.number().get());
    row.whole(track.0.into());
    row.doubles(&[frame.seconds]);
    row.singles(&[values.confidence]);
    row.whole(success.into());
    row.singles(&values.gaze.map(known));
    let probabilities = probabilities(&values.emotions);
    row.word(likeliest(&probabilities).filter(|_| success));
    row.singles(&probabilities.map(known));
    match values.landmarks() {
        Some(landmarks) => row.singles(landmarks),
        None => row.singles(&[f32::NAN; 2 * LANDMARKS]),
    }
    let scores = COLUMN_AUS.map(|au| {
        let score = score(au, values, Convention::AsTrained);
        score.map_or(f32::NAN, known)
    });
    let mut intensities = scores;
    for (value, au) in intensities.iter_mut().zip(COLUMN_AUS) {
        if let Some(closure) = closure.filter(|_| au == CLOSURE) {
            *value = closure as f32;
        }
    }
    row.singles(&intensities);
    row.singles(&scores.map(|score| match score.is_finite() {
        true => f32::from(u8::from(score >= PRESENT)),
        false => f32::NAN,
    }));
}

/// The place of the largest of the probabilities, if they are numbers.
fn likeliest(probabilities: &[f32; EMOTIONS]) -> Option<usize> {
    let finite = probabilities.iter().all(|p| p.is_finite());
    let places = 0..EMOTIONS;
    places
        .reduce(|best, next| {
            if probabilities[next] > probabilities[best] {
                next
            } else {
                best
            }
        })
        .filter(|_| finite)
}
