use super::*;
use crate::au::histogram::{FHOG_BINS, GEOMETRY_BINS};
use crate::testing::{Sequence, au_models};

type Descriptor = (Box<[f32; FHOG_LEN]>, [f64; GEOMETRY_LEN]);

fn stage() -> TemporalStage {
    TemporalStage::new(Arc::new(au_models()), ScoreLog::in_memory())
}

fn finish(stage: &mut TemporalStage) -> Vec<AuValues> {
    stage.finish().unwrap().map(Result::unwrap).collect()
}

/// A video of random descriptors and its records.
struct Video {
    descriptors: Vec<Option<Descriptor>>,
}

impl Video {
    /// Frames fail where `failed` says so, given their number counted from 1.
    fn new(frames: usize, failed: impl Fn(usize) -> bool) -> Self {
        let mut random = Sequence::new(4);
        let mut descriptor = || {
            let fhog = std::array::from_fn(|_| (0.2 + 0.2 * random.signed()) as f32);
            (
                Box::new(fhog),
                std::array::from_fn(|_| 20.0 * random.signed()),
            )
        };
        let descriptors = (1..=frames).map(|t| (!failed(t)).then(&mut descriptor));
        Self {
            descriptors: descriptors.collect(),
        }
    }

    fn feed(&self, stage: &mut TemporalStage, frames: std::ops::Range<usize>) {
        for descriptor in &self.descriptors[frames] {
            let Some((fhog, geometry)) = descriptor else {
                stage.push(&FAILED).unwrap();
                continue;
            };
            let scores = stage.models.base_scores(fhog, geometry);
            let bins = (
                &std::array::from_fn(|i| FHOG_BINS.bin(fhog[i].into())),
                &std::array::from_fn(|i| GEOMETRY_BINS.bin(geometry[i])),
            );
            let record = TemporalRecord {
                success: true,
                scores: &scores,
                bins: updates_medians(stage.frames() as u64 + 1).then_some(bins),
            };
            stage.push(&record).unwrap();
        }
    }

    fn series(&self) -> Vec<AuValues> {
        let mut stage = stage();
        self.feed(&mut stage, 0..self.descriptors.len());
        finish(&mut stage)
    }
}

const FAILED: TemporalRecord<'_> = TemporalRecord {
    success: false,
    scores: &[0.0; AU_MODELS],
    bins: None,
};

#[test]
fn stopping_early_is_a_shorter_video() {
    let video = Video::new(12, |t| t % 5 == 0);
    let mut stage = stage();
    for frames in 0..12 {
        let shorter = Video {
            descriptors: video.descriptors[..frames].to_vec(),
        };
        assert_eq!(finish(&mut stage), shorter.series());
        video.feed(&mut stage, frames..frames + 1);
    }
    assert_eq!(finish(&mut stage), video.series());
}

#[test]
fn a_single_frame_is_its_own_median() {
    let video = Video::new(1, |_| false);
    let models = au_models();
    let values = video.series()[0];
    let (fhog, geometry) = video.descriptors[0].as_ref().unwrap();
    let products = models.products(fhog, geometry);
    let base = models.base_scores(fhog, geometry);
    for (k, model) in models.models().iter().enumerate() {
        let score = base[k] - if model.dynamic { products[k] } else { 0.0 };
        match model.output {
            // One frame's quantile is the frame itself.
            Output::Intensity { cutoff: Some(_) } => assert_eq!(values.intensities[k], 0.0),
            Output::Intensity { cutoff: None } => {
                assert!((values.intensities[k] - score.clamp(0.0, 5.0)).abs() < 1e-12);
            }
            Output::Presence {
                positive,
                otherwise,
            } => {
                let class = if score > 0.0 { positive } else { otherwise };
                assert_eq!(values.presences[k - INTENSITIES], class);
            }
        }
    }
}

#[test]
fn the_median_depends_on_what_odd_frames_saw() {
    let terms = |failed: fn(usize) -> bool, frames: usize| {
        let video = Video::new(frames, failed);
        let mut stage = stage();
        video.feed(&mut stage, 0..frames);
        (stage.median_terms(), video, stage.models)
    };
    // The second odd frame failed: the median of one frame is the current one, all zeros.
    let (zero, ..) = terms(|t| t == 3, 3);
    assert_eq!(zero, [0.0; AU_MODELS]);
    // Even frames change nothing.
    let (first, video, models) = terms(|_| false, 2);
    let (fhog, geometry) = video.descriptors[0].as_ref().unwrap();
    for (found, expected) in first.iter().zip(models.products(fhog, geometry)) {
        assert!((found - expected).abs() < 1e-11);
    }
    // No odd frame succeeded: FHOG medians are 0, geometry medians the lowest bin.
    let (none, _, models) = terms(|t| t % 2 == 1, 4);
    let lowest = [GEOMETRY_BINS.centre(0); GEOMETRY_LEN];
    for (found, expected) in none
        .iter()
        .zip(models.products(&[0.0_f64; FHOG_LEN], &lowest))
    {
        assert!((found - expected).abs() < 1e-11);
    }
}

#[test]
fn frames_beyond_the_first_thousands_keep_their_live_scores() {
    let video = Video::new(7, |_| false);
    let mut stage = stage();
    stage.successes = RESCORED_FRAMES - 3;
    video.feed(&mut stage, 0..5);
    let live = stage.median_terms();
    let frame =
        |stage: &TemporalStage, number: usize| stage.log.read().nth(number).unwrap().unwrap();
    let kept = frame(&stage, 4).scores;
    video.feed(&mut stage, 5..7);
    assert_ne!(stage.median_terms(), live);
    let rescored = |number| frame(&stage, number).rescored;
    assert_eq!((rescored(2), rescored(3)), (1, 0));
    let (fhog, geometry) = video.descriptors[4].as_ref().unwrap();
    let mut expected = stage.models.base_scores(fhog, geometry);
    subtract_median(&stage.models, &mut expected, &live);
    assert_eq!(frame(&stage, 4).scores, kept);
    assert_eq!(kept, expected);
}

#[test]
fn a_record_that_cannot_be_right_is_refused() {
    let mut stage = stage();
    let scores = [0.0; AU_MODELS];
    let mut record = TemporalRecord {
        success: true,
        scores: &scores,
        bins: None,
    };
    let refused = stage.push(&record);
    assert!(matches!(
        refused,
        Err(TemporalError::NoBins { frame_number: 1 })
    ));
    record.bins = Some((&[1000; FHOG_LEN], &[0; GEOMETRY_LEN]));
    assert!(matches!(
        stage.push(&record),
        Err(TemporalError::Bin { .. })
    ));
    assert_eq!(stage.frames(), 0);
    assert!(finish(&mut stage).is_empty());
}

/// As it was defined: everything in memory, sorted and averaged at once.
fn at_once(stage: &mut TemporalStage) -> Vec<AuValues> {
    let terms = stage.median_terms();
    let frames: Vec<FrameScores> = stage.log.read().map(Result::unwrap).collect();
    let scores: Vec<[f64; AU_MODELS]> = frames
        .iter()
        .map(|frame| final_scores(&stage.models, frame, &terms))
        .collect();
    let mut series = vec![AuValues::NONE; frames.len()];
    for (k, model) in stage.models.models().iter().enumerate() {
        let raw: Vec<f64> = match model.output {
            Output::Intensity { cutoff } => {
                let mut sorted: Vec<f64> = (frames.iter().zip(&scores))
                    .filter(|(frame, _)| frame.success == 1)
                    .map(|(_, scores)| scores[k])
                    .collect();
                sorted.sort_by(f64::total_cmp);
                let offset = cutoff.filter(|_| model.dynamic).map_or(0.0, |cutoff| {
                    sorted[((sorted.len() as f64 * cutoff) as usize).min(sorted.len() - 1)]
                });
                let value = |(frame, scores): (&FrameScores, &[f64; AU_MODELS])| {
                    f64::from(frame.success) * (scores[k] - offset).clamp(0.0, 5.0)
                };
                frames.iter().zip(&scores).map(value).collect()
            }
            Output::Presence {
                positive,
                otherwise,
            } => {
                let class = |(frame, scores): (&FrameScores, &[f64; AU_MODELS])| {
                    let class = if scores[k] > 0.0 { positive } else { otherwise };
                    f64::from(frame.success) * class
                };
                frames.iter().zip(&scores).map(class).collect()
            }
        };
        let window = if k < INTENSITIES { 3 } else { 7 };
        let mut means = raw.clone();
        for (place, around) in raw.windows(window).enumerate() {
            means[place + window / 2] = around.iter().sum::<f64>() / window as f64;
        }
        for (frame, mean) in means.into_iter().enumerate() {
            if k < INTENSITIES {
                series[frame].intensities[k] = mean;
            } else {
                let fits = frame >= 3 && frame + 3 < raw.len();
                let vote = if mean < 0.5 { 0.0 } else { 1.0 };
                series[frame].presences[k - INTENSITIES] = if fits { vote } else { mean };
            }
        }
    }
    series
}

/// More frames than are gathered or scored again: a file instead of memory, and a few frames
/// at a time instead of all at once, change no digit.
#[test]
fn a_long_video_in_a_file_is_the_same_to_the_last_digit() {
    let video = Video::new(3, |_| false);
    let file = tempfile::tempfile().unwrap();
    let mut in_memory = stage();
    let mut in_file = TemporalStage::new(Arc::new(au_models()), ScoreLog::in_file(file));
    let mut random = Sequence::new(9);
    let bins: Vec<_> = (video.descriptors.iter().flatten())
        .map(|(fhog, geometry)| {
            let fhog: [u16; FHOG_LEN] = std::array::from_fn(|i| FHOG_BINS.bin(fhog[i].into()));
            let geometry: [u16; GEOMETRY_LEN] =
                std::array::from_fn(|i| GEOMETRY_BINS.bin(geometry[i]));
            (fhog, geometry)
        })
        .collect();
    for frame in 0..RESCORED_FRAMES + 600 {
        let scores = std::array::from_fn(|_| 3.0 * random.signed());
        let (fhog, geometry) = &bins[frame % bins.len()];
        let record = TemporalRecord {
            success: frame % 11 != 5,
            scores: &scores,
            bins: Some((fhog, geometry)),
        };
        in_memory.push(&record).unwrap();
        in_file.push(&record).unwrap();
    }
    let expected = at_once(&mut in_memory);
    assert!(finish(&mut in_memory) == expected);
    assert!(finish(&mut in_file) == expected);
    assert!(in_file.log.frames_in_memory() < 1000);
}
