//! `--licences`: under which terms the program and what is part of it may be used and passed on.

use faceau_models::face_landmarker;

use super::{complain, print};
use crate::exit::Exit;

/// The program's own terms, and what they do not cover.
const OWN: &str = "\
faceau is licensed under the MIT licence or the Apache License, Version 2.0, at your choice. So are the
demo models, which are part of it. Libraries that are linked into it have licences of their own, which
the list of its dependencies (Cargo.lock) leads to; FFmpeg and ONNX Runtime are loaded when it runs and
are no part of it.

The networks of the pipeline `landmarker`, which are part of it, are under the Apache License, Version
2.0, alone. Model files that are installed (`faceau-supervisor models list`) have the licences that are
shown when they are fetched; none of them is part of the program.
";

/// Does it.
pub fn run() -> Exit {
    let rule = "-".repeat(80);
    let notice = face_landmarker::NOTICE.trim_end();
    let licence = face_landmarker::LICENCE.trim_start_matches('\n');
    match print(format!("{OWN}\n{rule}\n{notice}\n\n{rule}\n{licence}")) {
        Ok(()) => Exit::Code(0),
        Err(error) => {
            complain(&error.into());
            Exit::Code(1)
        }
    }
}
