//! What decides the bytes of an output: the input, the options, the models and the program.
//!
//! A run record tells it of a finished output, so that the same work is not done twice; a journal
//! begins with it, so that work is only ever continued by a run that would do the same. Paths,
//! the number of workers and how progress is shown decide nothing and are not in here.

mod input;

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;

use faceau_events::{FrameCounts, InputIdentity, ModelIdentity, ProgramIdentity, ResultOptions};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use input::of_input;

/// All that decides an output.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// The input, by its content.
    pub input: InputIdentity,
    /// The options that shape the result.
    pub options: ResultOptions,
    /// The model files.
    pub models: Vec<ModelIdentity>,
    /// The program.
    pub program: ProgramIdentity,
}

/// This program.
pub fn this_program() -> ProgramIdentity {
    ProgramIdentity {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        build: format!(
            "{}-{}",
            faceau_shared::protocol::build_id(),
            env!("FACEAU_ENGINE_SOURCES")
        ),
    }
}

/// Something in which two identities differ, said for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The input is another one, or was changed.
    Input,
    /// An option.
    Option {
        /// Its name.
        name: String,
        /// Its value then.
        then: String,
        /// Its value now.
        now: String,
    },
    /// Model files, by their identifiers.
    Models(Vec<String>),
    /// Another build of the program.
    Program {
        /// The build then.
        then: String,
        /// The build now.
        now: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input => f.write_str("the input is not the same any more"),
            Self::Option { name, then, now } => {
                write!(f, "the option {name} was {then} and is {now} now")
            }
            Self::Models(ids) => {
                let named = ids.iter().take(3).map(String::as_str).collect::<Vec<_>>();
                let more = if ids.len() > 3 { ", …" } else { "" };
                write!(f, "other model files ({}{more})", named.join(", "))
            }
            Self::Program { then, now } => {
                write!(f, "another build of the program (then {then}, now {now})")
            }
        }
    }
}

impl Identity {
    /// In what this one differs from an `earlier` one. Empty when they are the same.
    pub fn differences(&self, earlier: &Self) -> Vec<Difference> {
        let mut found = self.differences_of_result(earlier);
        if self.program != earlier.program {
            found.push(Difference::Program {
                then: earlier.program.build.clone(),
                now: self.program.build.clone(),
            });
        }
        found
    }

    /// As [`differences`](Self::differences), but another build of the program does not matter: it
    /// need not do a finished output again.
    pub fn differences_of_result(&self, earlier: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        if self.input != earlier.input {
            found.push(Difference::Input);
        }
        found.extend(other_options(&self.options, &earlier.options));
        let models = other_models(&self.models, &earlier.models);
        if !models.is_empty() {
            found.push(Difference::Models(models));
        }
        found
    }
}

/// Options that differ: one by one, as in the run record, whatever options there are.
fn other_options(now: &ResultOptions, then: &ResultOptions) -> Vec<Difference> {
    let fields = |options: &ResultOptions| match serde_json::to_value(options) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (now, then) = (fields(now), fields(then));
    // Some are only there when they are given.
    let names: BTreeSet<&String> = now.keys().chain(then.keys()).collect();
    let value = |fields: &serde_json::Map<String, Value>, name: &str| {
        fields.get(name).cloned().unwrap_or(Value::Null)
    };
    let changed = names.into_iter().filter_map(|name| {
        let (now, then) = (value(&now, name), value(&then, name));
        (then != now).then(|| Difference::Option {
            then: spelled(&then),
            now: spelled(&now),
            name: name.clone(),
        })
    });
    changed.collect()
}

/// An option's value as people would write it.
fn spelled(value: &Value) -> String {
    match value {
        Value::Null => "not given".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(spelled).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// Files that only one side has, or with another content.
fn other_models(now: &[ModelIdentity], then: &[ModelIdentity]) -> Vec<String> {
    let lacking = |these: &[ModelIdentity], others: &[ModelIdentity]| -> Vec<String> {
        let lacking = these.iter().filter(|model| !others.contains(model));
        lacking.map(|model| model.id.clone()).collect()
    };
    let mut ids = lacking(now, then);
    ids.extend(lacking(then, now));
    ids.sort();
    ids.dedup();
    ids
}

/// What a run record says of the output that it lies beside.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedRun {
    /// Whether all frames are in the output.
    pub complete: bool,
    /// What decided the output.
    pub identity: Identity,
    /// How many frames there are in it.
    pub frames: FrameCounts,
}

impl RecordedRun {
    /// Reads the run record at `path`. `None` when there is none, or one that does not tell what
    /// decided the output, as of older programs.
    pub fn read(path: &Path) -> Option<Self> {
        let record: Fields = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        Some(Self {
            complete: record.complete,
            identity: Identity {
                input: record.input.identity,
                options: record.options,
                models: record.models,
                program: record.program,
            },
            frames: record.frames,
        })
    }
}

/// The fields of a run record that matter here.
#[derive(Deserialize)]
struct Fields {
    complete: bool,
    program: ProgramIdentity,
    input: InputFields,
    options: ResultOptions,
    models: Vec<ModelIdentity>,
    frames: FrameCounts,
}

#[derive(Deserialize)]
struct InputFields {
    identity: InputIdentity,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use faceau_events::{CameraOptions, ModelRecord, RunRecord};
    use std::collections::BTreeMap;

    pub(crate) fn identity() -> Identity {
        let model = |id: &str| ModelIdentity {
            id: id.into(),
            sha256: "00".into(),
            variant: None,
        };
        Identity {
            input: InputIdentity {
                kind: "video".into(),
                files: 1,
                bytes: 5,
                sha256: "ab".into(),
            },
            options: ResultOptions {
                pipeline: "pfld".into(),
                tracking: "segmented".into(),
                provider: "auto".into(),
                provider_for: BTreeMap::new(),
                coreml_units: None,
                precision: "fp32".into(),
                decoder: "software".into(),
                pixel_aspect: "shown".into(),
                clock: "first".into(),
                track: None,
                fps: None,
                redetect_every: 0,
                openface3: None,
                camera: CameraOptions::default(),
                columns: vec!["pose".into(), "aus".into()],
                header: None,
                hog: false,
                aligned: false,
            },
            models: vec![model("a"), model("b")],
            program: this_program(),
        }
    }

    #[test]
    fn what_differs_is_named() {
        let now = identity();
        assert_eq!(now.differences(&now.clone()), []);

        let mut then = identity();
        then.input.bytes = 6;
        then.options.redetect_every = 30;
        then.options.columns.pop();
        then.models[1].sha256 = "01".into();
        then.models.remove(0);
        then.program.build = "older".into();
        let texts: Vec<String> = now
            .differences(&then)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(texts.len(), 5, "{texts:?}");
        assert!(texts.contains(&"the option redetect_every was 30 and is 0 now".into()));
        assert!(texts.contains(&"the option columns was pose and is pose,aus now".into()));
        assert!(texts.contains(&"other model files (a, b)".into()));
        assert!(texts[4].contains("older"));
        assert_eq!(now.differences_of_result(&then).len(), 4);
    }

    #[test]
    fn an_option_that_was_given_once_and_is_not_now_is_a_difference() {
        let (now, mut then) = (identity(), identity());
        then.options.camera.fx = Some(1421.875);
        then.options.header = Some("plain".into());
        then.options.coreml_units = Some("gpu".into());
        let texts = |now: &Identity, then: &Identity| -> Vec<String> {
            let found = now.differences(then);
            found.iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            texts(&now, &then),
            [
                "the option coreml_units was gpu and is not given now",
                "the option fx was 1421.875 and is not given now",
                "the option header was plain and is not given now",
            ]
        );
        assert_eq!(texts(&then, &now).len(), 3);
        // And what a record says is read again as it was.
        let text = serde_json::to_string(&then).unwrap();
        assert_eq!(serde_json::from_str::<Identity>(&text).unwrap(), then);
        let text = serde_json::to_string(&now).unwrap();
        assert!(
            !text.contains("\"fx\"") && !text.contains("header"),
            "{text}"
        );
    }

    #[test]
    fn another_build_alone_does_not_spoil_a_result() {
        let (now, mut then) = (identity(), identity());
        then.program.version = "0.0.1".into();
        assert_eq!(now.differences_of_result(&then), []);
        assert_eq!(now.differences(&then).len(), 1);
    }

    #[test]
    fn a_record_that_does_not_tell_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.run.json");
        assert_eq!(RecordedRun::read(&path), None);
        fs::write(&path, r#"{"format": 1, "complete": true}"#).unwrap();
        assert_eq!(RecordedRun::read(&path), None);
    }

    #[test]
    fn what_decided_an_output_can_be_read_back() {
        let identity = identity();
        let mut record = RunRecord::default();
        record.complete = true;
        record.input.identity = identity.input.clone();
        record.options.result = identity.options.clone();
        record.program.identity = identity.program.clone();
        record.models = (identity.models.iter())
            .map(|model| {
                let mut record = ModelRecord::default();
                record.identity = model.clone();
                record.converted = vec!["01".into()];
                record
            })
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.run.json");
        fs::write(&path, serde_json::to_vec_pretty(&record).unwrap()).unwrap();
        let read = RecordedRun::read(&path).unwrap();
        assert!(read.complete);
        assert_eq!(read.identity, identity);
    }
}
