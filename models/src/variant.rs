//! Networks in other precisions, which users make of their own files.
//!
//! `scripts/quantize` leaves them in the folder `precision` of a store, each with a record beside it:
//! of which content it was made, what it holds, by which tools, and on which inputs it was calibrated.
//! The record's name holds what it is of, so that a variant of another content is simply not found.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::verify::read_exactly;
use crate::{Content, ModelsError, ResolvedSet, Store, id};

/// The folder in a store.
const FOLDER: &str = "precision";
/// The networks of which there can be variants: those that an engine runs.
const NETWORKS: [&str; 4] = [
    id::RETINAFACE,
    id::PFLD,
    id::OPENFACE3_MTL,
    id::OPENFACE3_STAR,
];

/// The numbers that a network computes with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// As published: floats of 32 bits.
    #[default]
    Fp32,
    /// Floats of 16 bits.
    Fp16,
    /// Whole numbers of 8 bits, calibrated.
    Int8,
}

impl Precision {
    /// Its name in options and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fp32 => "fp32",
            Self::Fp16 => "fp16",
            Self::Int8 => "int8",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A network in another precision, looked into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// The precision.
    pub precision: Precision,
    /// Where it lies: absolute.
    pub path: PathBuf,
    /// What its record says it holds, and must hold when it is read.
    pub content: Content,
}

impl Variant {
    /// Reads the file, if it still is what its record says.
    ///
    /// # Errors
    /// [`ModelsError::Unreadable`] and [`ModelsError::Altered`].
    pub fn read(&self) -> Result<Vec<u8>, ModelsError> {
        read_exactly(self.precision.name(), &self.path, self.content)
    }
}

/// What is written beside a variant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// The file that it was made of.
    source: Content,
    /// Its name in the same folder.
    file: String,
    /// What it holds.
    result: Content,
    /// The day it was made, for people.
    #[serde(rename = "made")]
    _made: String,
    /// Versions of what made it, for people.
    #[serde(rename = "tools")]
    _tools: BTreeMap<String, String>,
    /// Digests of the videos that it was calibrated on, for people.
    #[serde(rename = "calibration")]
    _calibration: Vec<CalibrationInput>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CalibrationInput {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "sha256")]
    _sha256: String,
}

impl Store {
    /// Has every network of `set` used in this precision.
    ///
    /// # Errors
    /// [`ModelsError::NoVariant`] when one was not made, [`ModelsError::OnePrecision`] when the set has
    /// no network that an engine runs, and [`ModelsError::Variant`] when a record makes no sense.
    pub fn use_precision(
        &self,
        set: &mut ResolvedSet,
        precision: Precision,
    ) -> Result<(), ModelsError> {
        if precision == Precision::Fp32 {
            return Ok(());
        }
        let name = set.set;
        let is_network = |id: &str| NETWORKS.contains(&id);
        let embedded = set.set == crate::ModelSet::Demo;
        if embedded || !set.files.iter().any(|file| is_network(&file.id)) {
            return Err(ModelsError::OnePrecision {
                set: name,
                precision,
            });
        }
        for file in set.files.iter_mut().filter(|file| is_network(&file.id)) {
            let found = self.variant(&file.id, precision, file.content)?;
            file.variant = Some(found.ok_or_else(|| ModelsError::NoVariant {
                id: file.id.clone(),
                of: file.name(),
                precision,
            })?);
        }
        Ok(())
    }

    /// The variant of the network `id` with this content.
    fn variant(
        &self,
        id: &str,
        precision: Precision,
        source: Content,
    ) -> Result<Option<Variant>, ModelsError> {
        let digest = source.sha256.to_string();
        let stem = format!("{}-{precision}-{}", id.replace('/', "-"), &digest[..16]);
        for folder in self.own_folders() {
            let folder = folder.join(FOLDER);
            let path = folder.join(format!("{stem}.toml"));
            match std::fs::read_to_string(&path) {
                Ok(text) => return read(&folder, &path, &text, precision, source).map(Some),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(cause) => return Err(ModelsError::Unreadable { path, cause }),
            }
        }
        Ok(None)
    }
}

fn read(
    folder: &Path,
    path: &Path,
    text: &str,
    precision: Precision,
    source: Content,
) -> Result<Variant, ModelsError> {
    let bad = |reason: String| ModelsError::Variant {
        path: path.to_owned(),
        reason,
    };
    let record: Record = toml::from_str(text).map_err(|error| bad(error.to_string()))?;
    if record.source != source {
        return Err(bad("it is of another file".to_owned()));
    }
    // Only files of this folder, whatever the record says.
    let name = Path::new(&record.file).file_name();
    let file = folder.join(name.ok_or_else(|| bad("it names no file".to_owned()))?);
    let found = Content::of_file(&file).map_err(|cause| ModelsError::Unreadable {
        path: file.clone(),
        cause,
    })?;
    if found != record.result {
        return Err(bad(format!(
            "{} is not what was made: expected {}, found {found}",
            file.display(),
            record.result
        )));
    }
    Ok(Variant {
        precision,
        path: file,
        content: record.result,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{Location, ModelSet, ResolvedFile};

    fn set(source: Content) -> ResolvedSet {
        let file = |id: &str| ResolvedFile {
            id: id.to_owned(),
            relative: format!("{id}.onnx"),
            location: Location::File(PathBuf::from("somewhere")),
            content: source,
            converted: Vec::new(),
            variant: None,
        };
        ResolvedSet {
            set: ModelSet::Pfld,
            files: vec![file(id::PFLD), file(id::VALIDATOR_68)],
        }
    }

    fn make(folder: &Path, source: Content, bytes: &[u8]) -> PathBuf {
        let folder = folder.join(FOLDER);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("small.onnx"), bytes).unwrap();
        let digest = source.sha256.to_string();
        let path = folder.join(format!("pfld-int8-{}.toml", &digest[..16]));
        let result = Content::of(bytes);
        let text = format!(
            "source = {{ size = {}, sha256 = \"{}\" }}\nfile = \"small.onnx\"\n\
             result = {{ size = {}, sha256 = \"{}\" }}\nmade = \"2026-01-01\"\n\
             tools = {{ onnx = \"1\" }}\ncalibration = [{{ name = \"a\", sha256 = \"b\" }}]\n",
            source.size, source.sha256, result.size, result.sha256
        );
        fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn a_variant_is_used_while_it_is_what_was_made_of_this_file() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::locate(Some(dir.path()));
        let source = Content::of(b"source");
        let choose = |precision| {
            let mut set = set(source);
            store.use_precision(&mut set, precision).map(|()| set)
        };
        assert_eq!(choose(Precision::Fp32).unwrap(), set(source));
        let error = choose(Precision::Int8).unwrap_err().to_string();
        assert!(error.contains("scripts/quantize"), "{error}");

        let record = make(dir.path(), source, b"variant");
        let chosen = choose(Precision::Int8).unwrap();
        let variant = chosen.files[0].variant.as_ref().unwrap();
        assert_eq!(variant.read().unwrap(), b"variant");
        assert_eq!(chosen.files[1].variant, None);
        assert!(choose(Precision::Fp16).is_err());

        fs::write(dir.path().join(FOLDER).join("small.onnx"), "other").unwrap();
        let error = choose(Precision::Int8).unwrap_err().to_string();
        assert!(error.contains("small.onnx is not what was made"), "{error}");
        fs::write(record, "nonsense").unwrap();
        let error = choose(Precision::Int8).unwrap_err().to_string();
        assert!(error.contains("pfld-int8"), "{error}");
    }

    #[test]
    fn sets_without_networks_have_one_precision() {
        let dir = tempfile::tempdir().unwrap();
        let mut set = set(Content::of(b"source"));
        set.files.remove(0);
        let store = Store::locate(Some(dir.path()));
        let error = store.use_precision(&mut set, Precision::Fp16).unwrap_err();
        assert!(matches!(error, ModelsError::OnePrecision { .. }), "{error}");
    }
}
