//! What a job leaves behind: the CSV and its run record, each complete or not there at all.

mod columns;
mod csv;
mod number;
mod paths;
mod rows;
pub mod run_record;

pub use columns::{ColumnGroup, Columns, UnknownColumns};
pub use paths::{OutputError, OutputPaths, write_whole};
pub use rows::RowSpool;
