//! `models path`: the folders in which model files are looked for, one a line.

use std::fmt::Write;

use faceau_models::Store;

use super::GOOD;
use crate::commands::print;

/// Prints them.
pub fn run(store: &Store) -> anyhow::Result<i32> {
    let mut lines = String::new();
    for folder in store.folders() {
        writeln!(lines, "{}", folder.display())?;
    }
    print(lines)?;
    Ok(GOOD)
}
