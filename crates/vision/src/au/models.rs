//! The 35 linear AU models of a video, laid out to be scored together.

use super::predictor::{Output, Predictor};
use crate::analysis::{AU_MODELS, DESCRIPTOR_LEN, FHOG_LEN, GEOMETRY_LEN, INTENSITIES, PRESENCES};
use crate::model_file::ModelFileError;

/// Models are scored in groups of this many, so that their sums stay in registers.
pub(super) const GROUP: usize = 12;
const GROUPS: usize = AU_MODELS.div_ceil(GROUP);

/// Something for every group of models.
pub(super) type PerGroup<T> = [T; GROUPS];

/// What is known about one model besides its weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AuModel {
    /// Number of the action unit in the Facial Action Coding System.
    pub au: u8,
    /// What the score means.
    pub output: Output,
    /// Whether the running median is subtracted from the descriptor.
    pub dynamic: bool,
}

impl AuModel {
    /// Name of the action unit, as in `AU04`.
    pub fn name(&self) -> String {
        format!("AU{:02}", self.au)
    }
}

/// The models' files could not be turned into models.
#[derive(Debug, thiserror::Error)]
pub enum AuModelsError {
    /// A file could not be got hold of.
    #[error("the AU model `{path}` could not be read")]
    File {
        /// Its path as the list of models gives it.
        path: String,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file is not what its format promises.
    #[error(transparent)]
    Format(#[from] ModelFileError),
}

/// All AU models of a video: 17 intensities sorted by AU, then 18 presences sorted by AU.
#[derive(Debug, Clone)]
pub struct AuModels {
    models: [AuModel; AU_MODELS],
    /// Weights of every group, feature by feature; places without a model hold 0.
    weights: [Vec<[f64; GROUP]>; GROUPS],
    /// b - w·m of every model.
    offsets: [f64; AU_MODELS],
}

impl AuModels {
    /// Reads the models that `list` names, asking `read` for the content of each file.
    ///
    /// A line of the list holds a path (relative, with `/`) and the name of an action unit.
    ///
    /// # Errors
    /// When `read` fails, when a file is no model, or when the list does not name 17 intensities
    /// and 18 presences of different action units.
    pub fn load<E>(
        list: &str,
        read: &mut dyn FnMut(&str) -> Result<Vec<u8>, E>,
    ) -> Result<Self, AuModelsError>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut predictors = Vec::new();
        for line in list.lines().filter(|line| !line.trim().is_empty()) {
            let (path, au) = parse_line(line)?;
            let bytes = read(path).map_err(|error| AuModelsError::File {
                path: path.to_owned(),
                source: error.into(),
            })?;
            predictors.push((au, Predictor::parse(path, &bytes)?));
        }
        Ok(Self::new(predictors)?)
    }

    /// Puts models of the given action units together.
    ///
    /// # Errors
    /// When they are not 17 intensities and 18 presences of different action units.
    pub fn new(mut predictors: Vec<(u8, Predictor)>) -> Result<Self, ModelFileError> {
        let is_presence = |p: &Predictor| matches!(p.output, Output::Presence { .. });
        predictors.sort_by_key(|(au, predictor)| (is_presence(predictor), *au));
        let described: Vec<AuModel> = predictors
            .iter()
            .map(|(au, predictor)| AuModel {
                au: *au,
                output: predictor.output,
                dynamic: predictor.dynamic,
            })
            .collect();
        let presences = predictors.iter().filter(|(_, p)| is_presence(p)).count();
        let twice = predictors.windows(2).any(|pair| {
            pair[0].0 == pair[1].0 && is_presence(&pair[0].1) == is_presence(&pair[1].1)
        });
        let models = match <[AuModel; AU_MODELS]>::try_from(described) {
            Ok(models) if presences == PRESENCES && !twice => models,
            _ => {
                return Err(ModelFileError::new(
                    "list of AU models",
                    format!(
                        "expected {INTENSITIES} intensities and {PRESENCES} presences of \
                         different action units, found {} and {presences}",
                        predictors.len() - presences
                    ),
                ));
            }
        };
        let mut weights: [_; GROUPS] = std::array::from_fn(|_| vec![[0.0; GROUP]; DESCRIPTOR_LEN]);
        let mut offsets = [0.0; AU_MODELS];
        for (k, (_, predictor)) in predictors.iter().enumerate() {
            let rows = weights[k / GROUP].iter_mut();
            for (row, &weight) in rows.zip(&predictor.weights) {
                row[k % GROUP] = weight;
            }
            let means = predictor.weights.iter().zip(&predictor.mean);
            offsets[k] = predictor.bias - means.map(|(w, m)| w * m).sum::<f64>();
        }
        Ok(Self {
            models,
            weights,
            offsets,
        })
    }

    /// What the models are, in their order.
    pub fn models(&self) -> &[AuModel; AU_MODELS] {
        &self.models
    }

    /// The models of intensities, sorted by AU.
    pub fn intensities(&self) -> &[AuModel] {
        &self.models[..INTENSITIES]
    }

    /// The models of presences, sorted by AU.
    pub fn presences(&self) -> &[AuModel] {
        &self.models[INTENSITIES..]
    }

    /// Scores before the running median is subtracted: w·(x - m) + b of every model.
    pub fn base_scores(
        &self,
        fhog: &[f32; FHOG_LEN],
        geometry: &[f64; GEOMETRY_LEN],
    ) -> [f64; AU_MODELS] {
        let mut scores = self.products(fhog, geometry);
        for (score, offset) in scores.iter_mut().zip(&self.offsets) {
            *score += offset;
        }
        scores
    }

    /// The weight that each model gives to a feature; FHOG values come first, then the geometry.
    pub(super) fn weights_of(&self, feature: usize) -> PerGroup<&[f64; GROUP]> {
        self.weights.each_ref().map(|group| &group[feature])
    }

    /// w·x of every model, from its base score for x.
    pub fn products_of(&self, base_scores: &[f64; AU_MODELS]) -> [f64; AU_MODELS] {
        std::array::from_fn(|k| base_scores[k] - self.offsets[k])
    }

    /// w·x of every model, for FHOG and geometry values x.
    pub fn products<T: Copy + Into<f64>>(
        &self,
        fhog: &[T; FHOG_LEN],
        geometry: &[f64; GEOMETRY_LEN],
    ) -> [f64; AU_MODELS] {
        let mut products = [0.0; GROUPS * GROUP];
        for (weights, sums) in self.weights.iter().zip(products.as_chunks_mut::<GROUP>().0) {
            let (of_fhog, of_geometry) = weights.split_at(FHOG_LEN);
            add_products(of_fhog, fhog, sums);
            add_products(of_geometry, geometry, sums);
        }
        std::array::from_fn(|k| products[k])
    }
}

/// Adds w·x for a group of models.
#[inline]
fn add_products<T: Copy + Into<f64>>(
    weights: &[[f64; GROUP]],
    values: &[T],
    sums: &mut [f64; GROUP],
) {
    let mut local = *sums;
    for (row, &value) in weights.iter().zip(values) {
        let value: f64 = value.into();
        for (sum, weight) in local.iter_mut().zip(row) {
            *sum += value * weight;
        }
    }
    *sums = local;
}

fn parse_line(line: &str) -> Result<(&str, u8), ModelFileError> {
    let error = || {
        let reason = format!("expected a path and one AU as in AU04, found {line:?}");
        ModelFileError::new("list of AU models", reason)
    };
    let mut words = line.split_ascii_whitespace();
    let (Some(path), Some(name), None) = (words.next(), words.next(), words.next()) else {
        return Err(error());
    };
    let number = name.strip_prefix("AU").ok_or_else(error)?;
    Ok((path, number.parse().map_err(|_| error())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Sequence, au_model_files, predictor};

    #[test]
    fn models_are_sorted_and_score_as_their_files_say() {
        let files = au_model_files();
        let list: String = files
            .iter()
            .rev()
            .map(|(path, au, _)| format!("{path} AU{au:02}\r\n"))
            .collect();
        let find = |path: &str| {
            let file = files.iter().find(|(name, ..)| name == path);
            file.map(|(.., model)| model.encode()).ok_or("no such file")
        };
        let models = AuModels::load(&list, &mut { find }).unwrap();
        assert_eq!(models.intensities().len(), 17);
        assert_eq!(models.presences()[16].name(), "AU28");

        let mut random = Sequence::new(8);
        let fhog: [f32; FHOG_LEN] = std::array::from_fn(|_| random.signed() as f32);
        let geometry: [f64; GEOMETRY_LEN] = std::array::from_fn(|_| random.signed());
        let scores = models.base_scores(&fhog, &geometry);
        for (score, (.., model)) in scores.iter().zip(&files) {
            let x = fhog.iter().map(|&v| f64::from(v)).chain(geometry);
            let terms = x.zip(&model.mean).zip(&model.weights);
            let expected = terms.map(|((x, m), w)| w * (x - m)).sum::<f64>() + model.bias;
            assert!((score - expected).abs() < 1e-11);
        }
        assert!(AuModels::load(&list.replace("28", "29"), &mut { find }).is_err());
    }

    #[test]
    fn an_incomplete_set_is_refused() {
        let one = predictor(1, Output::Intensity { cutoff: None }, true);
        assert!(AuModels::new(vec![(1, one)]).is_err());
        let mut all: Vec<_> = au_model_files()
            .into_iter()
            .map(|(_, au, m)| (au, m))
            .collect();
        all[1].0 = all[0].0;
        assert!(AuModels::new(all).is_err());
    }

    #[test]
    fn lines_that_name_no_au_are_refused() {
        for line in ["a.dat", "a.dat AU01 AU02", "a.dat 01", "a.dat AUx"] {
            assert!(parse_line(line).is_err(), "{line}");
        }
    }
}
