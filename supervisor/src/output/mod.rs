//! What a job leaves behind: the CSV, its run record, and on request the HOG file and the aligned
//! faces, each complete or not there at all.

mod aligned;
mod columns;
mod csv;
mod extra;
mod hog;
mod number;
mod paths;
mod rows;
pub mod run_record;
mod unfinished;

pub use columns::{ColumnGroup, Columns, UnknownColumns};
pub use extra::ExtraOutputs;
pub use paths::{OutputError, OutputPaths};
pub use rows::RowSpool;
pub use unfinished::write_whole;
