//! What actions mean: their names, the action units and lengths that move in them.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What is known of an action.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionKeys {
    /// Its code.
    pub code: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Action units that show it.
    #[serde(default)]
    pub aus: Vec<u8>,
    /// Measures of geometry that show it, by their names in tables.
    #[serde(default)]
    pub geometry: Vec<String>,
    /// `upper`, `mid` or `lower` face.
    #[serde(default)]
    pub zone: String,
    /// Whether its timing is that of the eye that closes less.
    #[serde(default)]
    pub closes_eyes: bool,
    /// Whether the action units stand for one that is not measured.
    #[serde(default)]
    pub proxy: bool,
}

/// The actions by their codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTable {
    keys: BTreeMap<String, ActionKeys>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    action: Vec<ActionKeys>,
}

/// Code, name, action units, geometry, zone, whether eyes close, whether a proxy.
type Known = (
    &'static str,
    &'static str,
    &'static [u8],
    &'static [&'static str],
    &'static str,
    bool,
    bool,
);

const KNOWN: [Known; 14] = [
    ("BL", "baseline", &[], &[], "", false, false),
    (
        "RE",
        "raise eyebrows",
        &[1, 2],
        &["brow"],
        "upper",
        false,
        false,
    ),
    ("FR", "frown", &[4], &["brow"], "upper", false, false),
    (
        "ES",
        "close eyes softly",
        &[45],
        &["fissure"],
        "mid",
        true,
        false,
    ),
    (
        "ET",
        "close eyes tightly",
        &[45],
        &["fissure"],
        "mid",
        true,
        false,
    ),
    ("BK", "blink", &[45], &["fissure"], "mid", true, false),
    ("WN", "wrinkle nose", &[9], &["ala"], "mid", false, false),
    (
        "SS",
        "soft smile",
        &[12],
        &["commissure", "dental", "fissure"],
        "lower",
        false,
        false,
    ),
    (
        "BS",
        "big smile",
        &[12],
        &["commissure", "dental", "fissure"],
        "lower",
        false,
        false,
    ),
    (
        "SE",
        "say «E»",
        &[20, 25],
        &["lip_out", "lower_lip"],
        "lower",
        false,
        false,
    ),
    (
        "SO",
        "say «O»",
        &[25, 26],
        &["lip_out", "fissure"],
        "lower",
        false,
        false,
    ),
    (
        "PL",
        "pucker lips",
        &[17],
        &["lip_out", "fissure"],
        "lower",
        false,
        true,
    ),
    (
        "BC",
        "blow cheeks",
        &[12, 17],
        &["lip_out"],
        "lower",
        false,
        true,
    ),
    (
        "LT",
        "lower teeth",
        &[15],
        &["lower_lip", "dental"],
        "lower",
        false,
        true,
    ),
];

impl Default for KeyTable {
    fn default() -> Self {
        let keys = KNOWN
            .iter()
            .map(|&(code, name, aus, geometry, zone, closes_eyes, proxy)| {
                let keys = ActionKeys {
                    code: code.to_owned(),
                    name: name.to_owned(),
                    aus: aus.to_vec(),
                    geometry: geometry.iter().map(|&name| name.to_owned()).collect(),
                    zone: zone.to_owned(),
                    closes_eyes,
                    proxy,
                };
                (code.to_owned(), keys)
            });
        Self {
            keys: keys.collect(),
        }
    }
}

impl KeyTable {
    /// What is known of a code.
    pub fn get(&self, code: &str) -> Option<&ActionKeys> {
        self.keys.get(code)
    }

    /// Adds the actions of a TOML text: `[[action]]` with `code`, `name`, `aus`, `geometry`, `zone`,
    /// `closes_eyes`, `proxy`. Those that are there already are replaced.
    ///
    /// # Errors
    /// When it is no such text, or names a measure that does not exist.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        for action in file.action {
            let known = |name: &String| crate::geometry::MEASURES.iter().any(|m| m.name == name);
            if let Some(name) = action.geometry.iter().find(|name| !known(name)) {
                let names: Vec<&str> = crate::geometry::MEASURES.iter().map(|m| m.name).collect();
                return Err(format!(
                    "action {}: there is no measure `{name}`; there are {}",
                    action.code,
                    names.join(", ")
                ));
            }
            self.keys.insert(action.code.clone(), action);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_measures_exist() {
        for keys in KeyTable::default().keys.values() {
            for name in &keys.geometry {
                assert!(
                    crate::geometry::MEASURES.iter().any(|m| m.name == name),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn actions_can_be_added() {
        let mut table = KeyTable::default();
        table
            .add("[[action]]\ncode = \"XX\"\naus = [6, 12]\ngeometry = [\"brow\"]\n")
            .unwrap();
        assert_eq!(table.get("XX").unwrap().aus, [6, 12]);
        assert!(
            table
                .add("[[action]]\ncode = \"Y\"\ngeometry = [\"nose\"]")
                .unwrap_err()
                .contains("`nose`")
        );
        assert!(
            table
                .add("[[action]]\nname = \"Y\"")
                .unwrap_err()
                .contains("code")
        );
    }
}
