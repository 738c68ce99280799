//! Reports: a page for each recording and an index for a folder, as HTML files that need nothing else
//! and make no request.
//!
//! Everything shown is computed by `faceau-summary`; here it is put into words and drawings. The same
//! tables give the same bytes. `docs/reports.md` says what is on the pages and what is not claimed.

mod action_units;
mod data;
mod directions;
mod index;
mod options;
mod outline;
mod page;
mod quality;
mod text;
mod timeline;
mod together;

#[cfg(test)]
mod tests;

pub use index::{Entry, IndexPage, State};
pub use options::{Pictures, ReportOptions};
pub use page::Report;
