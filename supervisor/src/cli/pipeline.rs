//! The part of the command line that only the OpenFace 3.0 pipeline knows.

use clap::{ArgAction, Args};

use super::choice;
use faceau::settings::{CompatChoice, FaceChoice, OpenFace3Settings};

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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use faceau::settings::{PipelineOptions, UnsuitableOptions};
    use faceau_events::CameraOptions;
    use faceau_models::{ModelSet, id};

    use crate::commands::Program;

    fn options(set: ModelSet, args: &[&str]) -> Result<PipelineOptions, UnsuitableOptions> {
        let program = Program::try_parse_from([&["x", "a.mp4"], args].concat()).unwrap();
        PipelineOptions::of(&program.analysis.settings(), set)
    }

    #[test]
    fn each_pipeline_has_defaults_of_its_own() {
        let fast = options(ModelSet::Pfld, &[]).unwrap();
        assert_eq!((fast.redetect_every, fast.openface3), (0, None));
        let three = options(ModelSet::Openface3, &["--au45"]).unwrap();
        assert_eq!(three.redetect_every, 1);
        let setup = three.told(&CameraOptions::default()).openface3;
        assert!(setup.landmarks && !setup.whole_frame && !setup.as_facemirror);
        for (args, landmarks, au45) in [
            (&["--no-au45"][..], false, false),
            (&["--columns", "gaze,emotion"], false, false),
            (&["--columns", "landmarks2d"], true, false),
            (&["--no-au45", "--columns", "aus,landmarks2d"], true, false),
            (&["--columns", "aus"], true, true),
        ] {
            let options = options(ModelSet::Openface3, args).unwrap();
            let unneeded = options.unneeded_models(ModelSet::Openface3);
            let star = unneeded.contains(&id::OPENFACE3_STAR);
            assert_eq!(star, !landmarks, "{args:?}");
            let options = options.openface3.unwrap();
            assert_eq!(
                (options.landmarks, options.au45),
                (landmarks, au45),
                "{args:?}"
            );
        }
        let args = [
            "--face",
            "whole-frame",
            "--no-au45",
            "--compat",
            "facemirror",
        ];
        let three = options(ModelSet::Openface3, &args).unwrap();
        let setup = three.told(&CameraOptions::default()).openface3;
        assert!(!setup.landmarks && setup.whole_frame && setup.as_facemirror);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (set, args, word) in [
            (ModelSet::Pfld, &["--compat", "facemirror"][..], "--compat"),
            (ModelSet::OpenfaceClnf, &["--no-au45"], "--no-au45"),
            (ModelSet::Pfld, &["--face", "detect"], "--face"),
            (ModelSet::Openface3, &["--redetect", "0"], "--redetect 0"),
            (ModelSet::Openface3, &["--hog"], "--hog"),
            (ModelSet::Openface3, &["--fx", "800"], "--fx"),
            (
                ModelSet::Openface3,
                &["--redetect", "5", "--no-au45"],
                "--no-au45",
            ),
            (
                ModelSet::Openface3,
                &["--redetect", "5", "--columns", "gaze"],
                "--columns",
            ),
            (
                ModelSet::Openface3,
                &["--redetect", "5", "--compat", "facemirror"],
                "FaceMirror",
            ),
            (
                ModelSet::Openface3,
                &["--redetect", "5", "--face", "whole-frame"],
                "whole-frame",
            ),
        ] {
            let error = options(set, args).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
