//! w·median of every model, kept up to date as medians move.
//!
//! Most medians stay where they are from frame to frame, so only what has moved is added. The sums
//! are whole numbers: the result does not depend on when, and how often, it was asked for.

use super::histogram::{FHOG_BINS, GEOMETRY_BINS};
use super::models::{AuModels, GROUP, PerGroup};
use super::running_median::RunningMedian;
use crate::analysis::{AU_MODELS, DESCRIPTOR_LEN, FHOG_LEN};
use crate::rounding::whole;

/// Bits of the largest sum that there can be: an `f64` holds three more, so it adds exactly.
const SUM_BITS: f64 = 50.0;

/// The sums of one video.
#[derive(Debug)]
pub(super) struct MedianTerms {
    /// In units of its own for each model.
    sums: PerGroup<[f64; GROUP]>,
    /// How many units are one.
    scales: PerGroup<[f64; GROUP]>,
}

impl MedianTerms {
    /// Before the first frame.
    pub(super) fn new(models: &AuModels) -> Self {
        let mut largest = PerGroup::<[f64; GROUP]>::default();
        for feature in 0..DESCRIPTOR_LEN {
            let bins = if feature < FHOG_LEN {
                FHOG_BINS
            } else {
                GEOMETRY_BINS
            };
            let weights = models.weights_of(feature).into_iter().flatten();
            for (sum, weight) in largest.as_flattened_mut().iter_mut().zip(weights) {
                *sum += bins.farthest() * weight.abs();
            }
        }
        let scale = |sum: f64| {
            // A model whose weights are all 0, or not numbers, has no use for a scale; and the scale
            // must be a number itself.
            let bits = if sum.is_normal() {
                sum.log2().ceil().max(-900.0)
            } else {
                0.0
            };
            (SUM_BITS - bits).exp2()
        };
        Self {
            sums: PerGroup::default(),
            scales: largest.map(|group| group.map(scale)),
        }
    }

    /// w·median of every model; `median` is always that of the same video.
    pub(super) fn update(
        &mut self,
        models: &AuModels,
        median: &mut RunningMedian,
    ) -> [f64; AU_MODELS] {
        median.moves(|feature, from, to| self.add(models, feature, from, to));
        let (sums, scales) = (self.sums.as_flattened(), self.scales.as_flattened());
        std::array::from_fn(|k| sums[k] / scales[k])
    }

    /// The median of a feature has moved. What it added is taken away exactly.
    fn add(&mut self, models: &AuModels, feature: usize, from: f64, to: f64) {
        let groups = self.sums.iter_mut().zip(&self.scales);
        for ((sums, scales), weights) in groups.zip(models.weights_of(feature)) {
            for ((sum, scale), weight) in sums.iter_mut().zip(scales).zip(weights) {
                *sum += whole(weight * to * scale) - whole(weight * from * scale);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::GEOMETRY_LEN;
    use crate::testing::{Sequence, au_models};

    #[test]
    fn terms_are_the_products_and_do_not_depend_on_when_they_are_asked_for() {
        let models = au_models();
        let mut random = Sequence::new(7);
        let (mut often, mut seldom) = (RunningMedian::new(), RunningMedian::new());
        let mut of_often = MedianTerms::new(&models);
        let mut of_seldom = MedianTerms::new(&models);
        for frame in 1..=90 {
            let fhog = std::array::from_fn(|_| FHOG_BINS.bin(0.2 + 0.3 * random.signed()));
            let geometry = std::array::from_fn(|_| GEOMETRY_BINS.bin(40.0 * random.signed()));
            for median in [&mut often, &mut seldom] {
                median.add(&fhog, &geometry).unwrap();
            }
            let terms = of_often.update(&models, &mut often);
            if frame % 37 == 0 || frame == 90 {
                assert_eq!(of_seldom.update(&models, &mut seldom), terms);
                let (mut fhog, mut geometry) = ([0.0; FHOG_LEN], [0.0; GEOMETRY_LEN]);
                often.medians(&mut fhog, &mut geometry);
                for (term, product) in terms.iter().zip(models.products(&fhog, &geometry)) {
                    assert!((term - product).abs() < 1e-10, "{term} is not {product}");
                }
            }
        }
    }

    #[test]
    fn without_frames_it_is_the_product_with_the_first_bins() {
        let models = au_models();
        let terms = MedianTerms::new(&models).update(&models, &mut RunningMedian::new());
        let (mut fhog, mut geometry) = ([1.0; FHOG_LEN], [1.0; GEOMETRY_LEN]);
        RunningMedian::new().medians(&mut fhog, &mut geometry);
        for (term, product) in terms.iter().zip(models.products(&fhog, &geometry)) {
            assert!((term - product).abs() < 1e-10, "{term} is not {product}");
        }
    }
}
