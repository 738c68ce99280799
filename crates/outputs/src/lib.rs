//! What a job leaves behind: the CSV, its run record, and on request the HOG file and the aligned
//! faces, each complete or not there at all.

mod aligned;
mod columns;
mod csv;
mod destination;
mod extra;
mod hog;
mod naming;
mod number;
mod paths;
mod rows;
mod run_record;
mod table;
mod unfinished;

pub use columns::{ColumnGroup, Columns, UnknownColumns};
pub use destination::{copy_to_standard_output, resolve};
pub use extra::ExtraOutputs;
pub use naming::{Place, distinct_tables};
pub use paths::{OutputError, OutputPaths, job_folder};
use rows::RowSpool;
pub use run_record::write_record;
pub use table::{Table, TableDesign};
pub use unfinished::write_whole;
