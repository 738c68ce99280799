//! The part of the command line that only the OpenFace 3.0 pipeline knows.

use clap::{ArgAction, Args};

use super::choice;
use crate::settings::{CompatChoice, FaceChoice, OpenFace3Settings};

/// Options of the OpenFace 3.0 pipeline.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of --pipeline openface3")]
pub struct OpenFace3Args {
    /// Where the face is
    #[arg(long, value_parser = choice::<FaceChoice>(), value_name = "WHERE")]
    pub face: Option<FaceChoice>,

    /// Measure the closing of the eyes (AU45), which takes landmarks; this is the default where
    /// the column is wanted
    #[arg(long, action = ArgAction::SetTrue, overrides_with = "no_au45")]
    pub au45: bool,

    /// Leave out AU45, and the landmarks, too, unless --columns names landmarks2d: they take most
    /// of the time. The model for landmarks need not be there then
    #[arg(long, action = ArgAction::SetTrue, overrides_with = "au45")]
    pub no_au45: bool,

    /// Measure and write as an earlier program did, errors included, to compare with its tables
    #[arg(long, value_parser = choice::<CompatChoice>(), value_name = "PROGRAM",
          conflicts_with_all = ["columns", "header"])]
    pub compat: Option<CompatChoice>,
}

impl OpenFace3Args {
    /// What they say.
    pub fn settings(&self) -> OpenFace3Settings {
        OpenFace3Settings {
            face: self.face,
            au45: match (self.au45, self.no_au45) {
                (true, _) => Some(true),
                (false, true) => Some(false),
                (false, false) => None,
            },
            compat: self.compat,
        }
    }
}
