//! Actions that somebody marked in a recording (a smile, raised eyebrows), and what was measured in
//! each of them.

mod keys;
mod read;
mod rows;

pub use keys::{ActionKeys, KeyTable};
pub use read::{ActionsError, MarkedActions, find_for};
pub use rows::ActionRow;

/// An action in a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Its code, such as `BS`.
    pub code: String,
    /// From when on, in seconds.
    pub start: f64,
    /// Until when, which is not in.
    pub end: f64,
}
