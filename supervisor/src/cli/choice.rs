//! Settings with a fixed set of values on the command line: clap lists and reads what
//! [`Choice`] names.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use faceau::settings::Choice;

/// Reads a value by its name.
pub fn choice<T: Choice>() -> impl TypedValueParser<Value = T> {
    let values = T::ALL
        .iter()
        .map(|value| PossibleValue::new(value.value_name()).help(value.about()));
    PossibleValuesParser::new(values)
        .try_map(|name| T::named(&name).ok_or("there is no such value"))
}
