//! OpenFace's landmark models, and how far landmarks are apart.

use std::fs;
use std::io;
use std::path::Path;

use faceau_vision::tracking::clm::face_model::FaceModel;

use crate::common::{folder, openface_models};

/// The model of `index` (such as `main_clnf_general.txt`) from OpenFace's own files. Experts that
/// are not among them (those of CE-CLM are not shipped with the program) are taken from
/// `cen-trained`.
pub fn face_model(index: &str) -> Option<FaceModel> {
    face_model_with(index, |_, content| content)
}

/// The same with files changed: `change` is given each file's path and content.
pub fn face_model_with(
    index: &str,
    change: impl Fn(&str, Vec<u8>) -> Vec<u8>,
) -> Option<FaceModel> {
    let models = folder("FACEAU_MODELS")?;
    let shipped = openface_models()?.join("LandmarkDetector/model");
    let mut read = |path: &str| -> io::Result<Vec<u8>> {
        let name = Path::new(path).file_name().unwrap_or_default();
        let content = match fs::read(shipped.join(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::read(models.join("cen-trained").join(name))
            }
            content => content,
        };
        content.map(|content| change(path, content))
    };
    Some(FaceModel::load(index, &mut read).unwrap_or_else(|error| panic!("{index}: {error}")))
}

/// Distances between corresponding landmarks (n x, then n y), in pixels.
pub fn distances<'a>(ours: &'a [f32], theirs: &'a [f32]) -> impl Iterator<Item = f64> + 'a {
    assert_eq!(ours.len(), theirs.len());
    let n = ours.len() / 2;
    (0..n).map(move |i| {
        let along = |at: usize| f64::from(ours[at] - theirs[at]);
        along(i).hypot(along(n + i))
    })
}

/// Mean, 99th percentile and maximum of some values.
pub fn statistics(mut values: Vec<f64>) -> [f64; 3] {
    assert!(!values.is_empty() && values.iter().all(|v| v.is_finite()));
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    [mean, values[last * 99 / 100], values[last]]
}
