//! What the chosen pipeline is told: which options go with which pipeline, and what they mean to
//! its workers and its table.

use std::fmt;

use clap::{ArgAction, Args, ValueEnum};
use faceau_models::{ModelSet, id};
use faceau_shared::protocol::OpenFace3Setup;
use serde::{Deserialize, Serialize};

use crate::cli::{Cli, word};
use crate::output::ColumnGroup;

/// Options of the OpenFace 3.0 pipeline.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of --pipeline openface3")]
pub struct OpenFace3Args {
    /// Where the face is
    #[arg(long, value_enum, value_name = "WHERE")]
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
    #[arg(long, value_enum, value_name = "PROGRAM", conflicts_with_all = ["columns", "header"])]
    pub compat: Option<CompatChoice>,
}

/// `--face`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FaceChoice {
    /// RetinaFace finds it; this is the default
    Detect,
    /// It fills the frame, as in videos that were cropped or mirrored before
    WholeFrame,
}

/// `--compat`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompatChoice {
    /// FaceMirror, as it was until October 2025
    Facemirror,
}

/// What the pipeline is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineOptions {
    /// Frames between forced detections; 0 = only when needed.
    pub redetect_every: u32,
    /// What the OpenFace 3.0 pipeline is told, if it is the one.
    pub openface3: Option<OpenFace3Options>,
}

/// What the OpenFace 3.0 pipeline is told, as run records say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenFace3Options {
    /// Where the face is: `detect` or `whole-frame`.
    pub face: String,
    /// Whether landmarks were placed.
    pub landmarks: bool,
    /// Whether AU45 was measured.
    pub au45: bool,
    /// The earlier program whose results these are to equal, `none` for none.
    pub compat: String,
}

impl OpenFace3Options {
    /// Whether results are to be FaceMirror's.
    pub fn as_facemirror(&self) -> bool {
        self.compat == word(&CompatChoice::Facemirror)
    }

    /// For the workers.
    pub fn setup(&self) -> OpenFace3Setup {
        OpenFace3Setup {
            whole_frame: self.face == word(&FaceChoice::WholeFrame),
            landmarks: self.landmarks,
            as_facemirror: self.as_facemirror(),
        }
    }
}

/// Options that do not go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsuitableOptions(String);

impl UnsuitableOptions {
    /// Says why.
    pub fn new(reason: String) -> Self {
        Self(reason)
    }
}

impl fmt::Display for UnsuitableOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnsuitableOptions {}

impl PipelineOptions {
    /// Models of the pipeline's set that these options have no use for.
    pub fn unneeded_models(&self) -> Vec<&'static str> {
        let setup = self.openface3.as_ref().map(OpenFace3Options::setup);
        [
            (setup.is_some_and(|s| s.whole_frame), id::RETINAFACE),
            (setup.is_some_and(|s| !s.landmarks), id::OPENFACE3_STAR),
        ]
        .into_iter()
        .filter_map(|(unneeded, id)| unneeded.then_some(id))
        .collect()
    }

    /// What the command line tells the pipeline that needs the models `set`.
    ///
    /// # Errors
    /// When it tells it something that makes no sense with this pipeline.
    pub fn of(cli: &Cli, set: ModelSet) -> Result<Self, UnsuitableOptions> {
        if set == ModelSet::Openface3 {
            return Self::of_openface3(cli);
        }
        let OpenFace3Args {
            face,
            au45,
            no_au45,
            compat,
        } = cli.openface3;
        for (given, option) in [
            (face.is_some(), "--face"),
            (au45, "--au45"),
            (no_au45, "--no-au45"),
            (compat.is_some(), "--compat"),
        ] {
            if given {
                return Err(UnsuitableOptions(format!(
                    "{option} is an option of --pipeline openface3; the pipeline is {set}"
                )));
            }
        }
        Ok(Self {
            redetect_every: cli.redetect.unwrap_or(0),
            openface3: None,
        })
    }

    fn of_openface3(cli: &Cli) -> Result<Self, UnsuitableOptions> {
        let unsuitable = |reason: &str| Err(UnsuitableOptions(reason.to_owned()));
        if !cli.camera.options().is_empty() {
            return unsuitable(
                "--fx, --fy, --cx and --cy: --pipeline openface3 measures nothing that depends on \
                 the camera",
            );
        }
        let args = &cli.openface3;
        let whole_frame = args.face == Some(FaceChoice::WholeFrame);
        // The landmarks take most of the time, so they are placed only where a column needs them,
        // or the box that follows them.
        let au45 =
            !args.no_au45 && (cli.columns.is_empty() || cli.columns.contains(&ColumnGroup::Aus));
        let landmarks = au45 || cli.columns.contains(&ColumnGroup::Landmarks2d);
        let redetect_every = match cli.redetect {
            _ if cli.hog || cli.aligned => {
                return unsuitable(
                    "--hog and --aligned are OpenFace 2.2's; --pipeline openface3 makes neither",
                );
            }
            None => 1,
            Some(_) if whole_frame => {
                return unsuitable("--redetect: with --face whole-frame nothing is detected");
            }
            Some(0) => {
                return unsuitable(
                    "--redetect 0: --pipeline openface3 cannot tell by itself that a face is lost; \
                     give 1 to look on every frame, or more",
                );
            }
            Some(1) => 1,
            Some(_) if !landmarks => {
                return unsuitable(
                    "--redetect: between detections --pipeline openface3 follows the landmarks, \
                     which --no-au45 or --columns leaves out",
                );
            }
            Some(_) if args.compat.is_some() => {
                return unsuitable("--redetect: FaceMirror detected on every frame");
            }
            Some(every) => every,
        };
        Ok(Self {
            redetect_every,
            openface3: Some(OpenFace3Options {
                face: word(&args.face.unwrap_or(FaceChoice::Detect)),
                landmarks,
                au45,
                compat: args.compat.as_ref().map_or_else(|| "none".into(), word),
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::commands::Program;

    fn options(set: ModelSet, args: &[&str]) -> Result<PipelineOptions, UnsuitableOptions> {
        let program = Program::try_parse_from([&["x", "a.mp4"], args].concat()).unwrap();
        PipelineOptions::of(&program.analysis, set)
    }

    #[test]
    fn each_pipeline_has_defaults_of_its_own() {
        let fast = options(ModelSet::Pfld, &[]).unwrap();
        assert_eq!((fast.redetect_every, fast.openface3), (0, None));
        let three = options(ModelSet::Openface3, &["--au45"]).unwrap();
        assert_eq!(three.redetect_every, 1);
        let setup = three.openface3.unwrap().setup();
        assert!(setup.landmarks && !setup.whole_frame && !setup.as_facemirror);
        for (args, landmarks, au45) in [
            (&["--no-au45"][..], false, false),
            (&["--columns", "gaze,emotion"], false, false),
            (&["--columns", "landmarks2d"], true, false),
            (&["--no-au45", "--columns", "aus,landmarks2d"], true, false),
            (&["--columns", "aus"], true, true),
        ] {
            let options = options(ModelSet::Openface3, args).unwrap();
            let unneeded = options.unneeded_models();
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
        let setup = three.openface3.unwrap().setup();
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
