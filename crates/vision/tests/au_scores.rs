//! AU models and the ordered stage against OpenFace's, given OpenFace's descriptors.

mod common;

use common::{Dump, all_frames, csv_aus, dynamic_au_models, folder};
use faceau_vision::analysis::{FHOG_LEN, GEOMETRY_LEN};
use faceau_vision::au::histogram::{FHOG_BINS, GEOMETRY_BINS};
use faceau_vision::au::models::AuModel;
use faceau_vision::au::predictor::Output;
use faceau_vision::au::running_median::RunningMedian;
use faceau_vision::au::temporal::{ScoreLog, TemporalRecord, TemporalStage, updates_medians};

/// What the released models are known to be.
#[test]
fn the_released_models_are_complete() {
    let Some(folder) = common::openface_models() else {
        return;
    };
    let models = dynamic_au_models(&folder);
    let dynamic = |models: &[AuModel]| models.iter().filter(|model| model.dynamic).count();
    assert_eq!(dynamic(models.intensities()), 11);
    assert_eq!(dynamic(models.presences()), 10);
    let cutoffs: Vec<f64> = models
        .intensities()
        .iter()
        .filter_map(|model| match model.output {
            Output::Intensity { cutoff } => cutoff,
            Output::Presence { .. } => None,
        })
        .collect();
    assert_eq!(cutoffs.len(), 11);
    // Stored so, not as the nearest double to 0.7.
    assert!(cutoffs.contains(&0.700_000_000_000_000_1));
}

/// Descriptors of all 288 frames of `default.wmv` as OpenFace computed them.
struct Descriptors {
    fhog: Vec<[f32; FHOG_LEN]>,
    geometry: Vec<[f64; GEOMETRY_LEN]>,
}

impl Descriptors {
    fn read() -> Option<Self> {
        let reference = folder("FACEAU_REFERENCE")?;
        let words = common::hog_file(&reference.join("openface/default.hog"));
        let fhog = words
            .chunks_exact(4 + FHOG_LEN)
            .map(|frame| frame[4..].try_into().unwrap());
        let geometry = all_frames::<f64>(&reference, "geom_descriptor").data;
        let (geometry, _) = geometry.as_chunks();
        let read = Self {
            fhog: fhog.collect(),
            geometry: geometry.to_vec(),
        };
        assert_eq!((read.fhog.len(), read.geometry.len()), (288, 288));
        Some(read)
    }

    fn bins(&self, frame: usize) -> ([u16; FHOG_LEN], [u16; GEOMETRY_LEN]) {
        (
            self.fhog[frame].map(|value| FHOG_BINS.bin(value.into())),
            self.geometry[frame].map(|value| GEOMETRY_BINS.bin(value)),
        )
    }
}

/// Live scores, before any post-processing: sums of 4702 doubles in another order.
#[test]
fn scores_and_medians_are_openfaces() {
    let Some(models) = common::openface_models() else {
        return;
    };
    let Some(dumps) = Dump::all() else { return };
    let Some(descriptors) = Descriptors::read() else {
        return;
    };
    let models = dynamic_au_models(&models);
    for dump in &dumps {
        let (mut fhog, mut geometry) = ([0.0; FHOG_LEN], descriptors.geometry[0]);
        if dump.frame() == 0 {
            // The median of the first frame is the first frame.
            fhog = descriptors.fhog[0].map(f64::from);
        } else {
            let mut median = RunningMedian::new();
            for frame in (0..=dump.frame()).step_by(2) {
                let (fhog, geometry) = descriptors.bins(frame);
                median.add(&fhog, &geometry).unwrap();
            }
            median.medians(&mut fhog, &mut geometry);
        }
        let expected = dump.array::<f64>("fhog_running_median").data;
        assert!(common::largest_difference(&fhog, &expected) < 1e-12);

        let mut scores = models.base_scores(
            &descriptors.fhog[dump.frame()],
            &descriptors.geometry[dump.frame()],
        );
        let terms = models.products(&fhog, &geometry);
        let intensities = dump.value("au_reg_online");
        let presences = dump.value("au_class_online");
        for (k, model) in models.models().iter().enumerate() {
            if model.dynamic {
                scores[k] -= terms[k];
            }
            let name = model.name();
            match model.output {
                Output::Intensity { .. } => {
                    let expected = intensities[&name].as_f64().unwrap();
                    assert!((scores[k] - expected).abs() < 1e-9, "{name}");
                }
                Output::Presence {
                    positive,
                    otherwise,
                } => {
                    let class = if scores[k] > 0.0 { positive } else { otherwise };
                    assert_eq!(presences[&name].as_f64(), Some(class), "{name}");
                }
            }
        }
    }
}

/// From records such as workers send to all 35 columns of OpenFace's CSV, to the last digit.
#[test]
fn the_ordered_stage_writes_openfaces_columns() {
    let Some(models) = common::openface_models() else {
        return;
    };
    let Some(reference) = folder("FACEAU_REFERENCE") else {
        return;
    };
    let Some(descriptors) = Descriptors::read() else {
        return;
    };
    let models = dynamic_au_models(&models);
    let mut stage = TemporalStage::new(models.clone(), ScoreLog::in_memory());
    for frame in 0..288 {
        let scores = models.base_scores(&descriptors.fhog[frame], &descriptors.geometry[frame]);
        let (fhog, geometry) = descriptors.bins(frame);
        let record = TemporalRecord {
            success: true,
            scores: &scores,
            bins: updates_medians(frame as u64 + 1).then_some((&fhog, &geometry)),
        };
        stage.push(&record).unwrap();
    }
    let expected = csv_aus(&reference.join("openface/default.csv"), &models);
    let series: Vec<_> = stage.finish().unwrap().map(Result::unwrap).collect();
    assert_eq!(series.len(), expected.len());
    for (frame, (values, expected)) in series.iter().zip(expected).enumerate() {
        let ours = values.intensities.iter().chain(&values.presences);
        let printed: Vec<String> = ours.map(|value| format!("{value:.2}")).collect();
        assert_eq!(printed, expected, "frame {frame}");
    }
}
