//! What the run record beside a table says of how it was made. Tables of other programs have none.

use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Facts of a run record; each may be unknown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunFacts {
    /// The record's file name, if there is one.
    pub record: Option<String>,
    /// The input's path as it was given.
    pub input: Option<String>,
    /// Width and height of its frames in pixels.
    pub size: Option<(u64, u64)>,
    /// SHA-256 of the input.
    pub input_sha256: Option<String>,
    /// The pipeline.
    pub pipeline: Option<String>,
    /// Version of the program.
    pub version: Option<String>,
    /// Version and build of the program.
    pub build: Option<String>,
    /// The first 12 digits of the SHA-256 over the models' digests, in the order of the record.
    pub models: Option<String>,
}

impl RunFacts {
    /// Of the record beside a table: `a.run.json` beside `a.csv`. One that cannot be read is none.
    pub fn beside(table: &Path) -> Self {
        let path = table.with_extension("run.json");
        let read = std::fs::read(&path).ok();
        let Some(record) = read.and_then(|text| serde_json::from_slice::<Value>(&text).ok()) else {
            return Self::default();
        };
        let name = path.file_name();
        Self {
            record: name.map(|name| name.to_string_lossy().into_owned()),
            ..Self::of(&record)
        }
    }

    fn of(record: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let input = &record["input"];
        let models = record["models"].as_array().map(|models| {
            let mut hash = Sha256::new();
            for model in models {
                let variant = &model["variant"]["sha256"];
                let digest = variant.as_str().or(model["sha256"].as_str());
                hash.update(digest.unwrap_or_default().as_bytes());
            }
            let digest = hash.finalize();
            digest
                .iter()
                .take(6)
                .map(|byte| format!("{byte:02x}"))
                .collect()
        });
        Self {
            record: None,
            input: text(&input["path"]),
            size: input["width"].as_u64().zip(input["height"].as_u64()),
            input_sha256: text(&input["identity"]["sha256"]),
            pipeline: text(&record["options"]["pipeline"]),
            version: text(&record["program"]["version"]),
            build: text(&record["program"]["build"]),
            models,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_is_read_as_far_as_it_goes() {
        let record = json!({
            "program": {"version": "0.1.0"},
            "input": {"path": "a.mp4", "width": 640, "height": 480},
            "options": {"pipeline": "demo"},
            "models": [{"sha256": "ab"}, {"sha256": "cd", "variant": {"sha256": "ef"}}],
        });
        let facts = RunFacts::of(&record);
        assert_eq!(facts.size, Some((640, 480)));
        // SHA-256 of "abef".
        let expected = Sha256::digest("abef");
        let expected: String = expected
            .iter()
            .take(6)
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(facts.models.as_deref(), Some(expected.as_str()));
        assert_eq!(RunFacts::of(&json!(null)), RunFacts::default());
        assert_eq!(
            RunFacts::beside(Path::new("/no/such.csv")),
            RunFacts::default()
        );
    }
}
