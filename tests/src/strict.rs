//! Reading what the program writes, with nothing passed over.
//!
//! The program's public types let readers pass over what they do not know. Tests must not: a field
//! that is written and not in the type, or the other way round, is a fault.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads `text`.
///
/// # Panics
/// When it is not what it should be, or has other fields than the type.
pub fn parse<T: Serialize + DeserializeOwned>(text: &str) -> T {
    let read: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let written: Value = serde_json::from_str(text).expect("JSON, as it was read above");
    let again = serde_json::to_value(&read).expect("these types can be written");
    assert_eq!(written, again, "not the fields that it should have");
    read
}
