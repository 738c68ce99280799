//! How faces are found and measured: the pipelines there are, which settings go with which, and what
//! they mean to its workers and its table.

use std::fmt;

use faceau_events::{CameraOptions, OpenFace3Options};
use faceau_models::ModelSet;
use faceau_pipelines::{Camera, OpenFace3, Options, registry};

use super::{Choice, Settings};
use faceau_outputs::ColumnGroup;

/// How faces and landmarks are found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PipelineChoice {
    /// The best one whose models are installed: openface, else pfld.
    #[default]
    Auto,
    /// OpenFace's own tracker, with the CE-CLM model if it is installed, else with CLNF.
    Openface,
    /// OpenFace's own tracker with the CE-CLM landmark model.
    OpenfaceCeclm,
    /// OpenFace's own tracker with the CLNF landmark model.
    OpenfaceClnf,
    /// OpenFace's own tracker with the CLM landmark model.
    OpenfaceClm,
    /// RetinaFace finds the face, PFLD its landmarks: fast.
    Pfld,
    /// As pfld, with models that are part of the program and know only the synthetic demo face.
    Demo,
    /// OpenFace 3.0's networks: presence of 8 action units, AU45, emotion, gaze, 98 landmarks.
    Openface3,
}

impl PipelineChoice {
    /// The model sets that will do, the best one first.
    pub fn candidates(self) -> &'static [ModelSet] {
        use ModelSet::{Demo, Openface3, OpenfaceCeclm, OpenfaceClm, OpenfaceClnf, Pfld};
        match self {
            Self::Auto => &[OpenfaceCeclm, OpenfaceClnf, Pfld],
            Self::Openface => &[OpenfaceCeclm, OpenfaceClnf],
            Self::OpenfaceCeclm => &[OpenfaceCeclm],
            Self::OpenfaceClnf => &[OpenfaceClnf],
            Self::OpenfaceClm => &[OpenfaceClm],
            Self::Pfld => &[Pfld],
            Self::Demo => &[Demo],
            Self::Openface3 => &[Openface3],
        }
    }
}

impl Choice for PipelineChoice {
    const ALL: &'static [Self] = &[
        Self::Auto,
        Self::Openface,
        Self::OpenfaceCeclm,
        Self::OpenfaceClnf,
        Self::OpenfaceClm,
        Self::Pfld,
        Self::Demo,
        Self::Openface3,
    ];

    fn value_name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Openface => "openface",
            Self::OpenfaceCeclm => "openface-ceclm",
            Self::OpenfaceClnf => "openface-clnf",
            Self::OpenfaceClm => "openface-clm",
            Self::Pfld => "pfld",
            Self::Demo => "demo",
            Self::Openface3 => "openface3",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Auto => "The best one whose models are installed: openface, else pfld",
            Self::Openface => {
                "OpenFace's own tracker, with the CE-CLM model if it is installed, else with CLNF"
            }
            Self::OpenfaceCeclm => "OpenFace's own tracker with the CE-CLM landmark model",
            Self::OpenfaceClnf => "OpenFace's own tracker with the CLNF landmark model",
            Self::OpenfaceClm => "OpenFace's own tracker with the CLM landmark model",
            Self::Pfld => "RetinaFace finds the face, PFLD its landmarks: fast",
            Self::Demo => {
                "As pfld, with models that are part of the program and know only the synthetic demo \
                 face"
            }
            Self::Openface3 => {
                "OpenFace 3.0's networks: presence of 8 action units, AU45, emotion, gaze, 98 \
                 landmarks"
            }
        }
    }
}

/// What only the OpenFace 3.0 pipeline is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenFace3Settings {
    /// Where the face is; it is looked for if nothing is said.
    pub face: Option<FaceChoice>,
    /// Whether the closing of the eyes (AU45) is measured, which takes landmarks; where its column
    /// is wanted if nothing is said.
    pub au45: Option<bool>,
    /// The earlier program whose results these are to equal.
    pub compat: Option<CompatChoice>,
}

/// Where the face is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaceChoice {
    /// RetinaFace finds it.
    Detect,
    /// It fills the frame, as in videos that were cropped or mirrored before.
    WholeFrame,
}

impl Choice for FaceChoice {
    const ALL: &'static [Self] = &[Self::Detect, Self::WholeFrame];

    fn value_name(self) -> &'static str {
        match self {
            Self::Detect => "detect",
            Self::WholeFrame => "whole-frame",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Detect => "RetinaFace finds it; this is the default",
            Self::WholeFrame => {
                "It fills the frame, as in videos that were cropped or mirrored before"
            }
        }
    }
}

/// An earlier program whose tables these are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompatChoice {
    /// FaceMirror, as it was until October 2025.
    Facemirror,
}

impl Choice for CompatChoice {
    const ALL: &'static [Self] = &[Self::Facemirror];

    fn value_name(self) -> &'static str {
        match self {
            Self::Facemirror => "facemirror",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Facemirror => "FaceMirror, as it was until October 2025",
        }
    }
}

/// What the pipeline is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineOptions {
    /// Frames between forced detections; 0 = only when needed.
    pub redetect_every: u32,
    /// What the OpenFace 3.0 pipeline is told, if it is the one.
    pub openface3: Option<OpenFace3Options>,
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
    /// What the pipeline is told, with what is known of the camera.
    pub fn told(&self, camera: &CameraOptions) -> Options {
        let CameraOptions { fx, fy, cx, cy } = *camera;
        let openface3 = self.openface3.as_ref();
        Options {
            redetect_every: self.redetect_every,
            camera: Camera {
                focal: fx.map(|fx| [fx, fy.unwrap_or(fx)]),
                cx,
                cy,
            },
            openface3: openface3.map_or_else(OpenFace3::default, |options| OpenFace3 {
                whole_frame: options.face == FaceChoice::WholeFrame.value_name(),
                landmarks: options.landmarks,
                closure: options.au45,
                as_facemirror: options.as_facemirror(),
            }),
        }
    }

    /// Models of the pipeline's set that these options have no use for.
    pub fn unneeded_models(&self, set: ModelSet) -> Vec<&'static str> {
        let told = self.told(&CameraOptions::default());
        registry::of(set).map_or_else(|_| Vec::new(), |pipeline| pipeline.unneeded_models(&told))
    }

    /// What `settings` tell the pipeline that needs the models `set`.
    ///
    /// # Errors
    /// When they tell it something that makes no sense with this pipeline.
    pub fn of(settings: &Settings, set: ModelSet) -> Result<Self, UnsuitableOptions> {
        if set == ModelSet::Openface3 {
            return Self::of_openface3(settings);
        }
        let OpenFace3Settings { face, au45, compat } = settings.openface3;
        for (given, option) in [
            (face.is_some(), "--face"),
            (au45 == Some(true), "--au45"),
            (au45 == Some(false), "--no-au45"),
            (compat.is_some(), "--compat"),
        ] {
            if given {
                return Err(UnsuitableOptions(format!(
                    "{option} is an option of --pipeline openface3; the pipeline is {set}"
                )));
            }
        }
        Ok(Self {
            redetect_every: settings.redetect_every.unwrap_or(0),
            openface3: None,
        })
    }

    fn of_openface3(settings: &Settings) -> Result<Self, UnsuitableOptions> {
        let unsuitable = |reason: &str| Err(UnsuitableOptions(reason.to_owned()));
        if !settings.camera.is_empty() {
            return unsuitable(
                "--fx, --fy, --cx and --cy: --pipeline openface3 measures nothing that depends on \
                 the camera",
            );
        }
        let told = settings.openface3;
        let whole_frame = told.face == Some(FaceChoice::WholeFrame);
        // The landmarks take most of the time, so they are placed only where a column needs them,
        // or the box that follows them.
        let columns = &settings.columns;
        let au45 =
            told.au45 != Some(false) && (columns.is_empty() || columns.contains(&ColumnGroup::Aus));
        let landmarks = au45 || columns.contains(&ColumnGroup::Landmarks2d);
        let redetect_every = match settings.redetect_every {
            _ if settings.hog || settings.aligned => {
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
            Some(_) if told.compat.is_some() => {
                return unsuitable("--redetect: FaceMirror detected on every frame");
            }
            Some(every) => every,
        };
        Ok(Self {
            redetect_every,
            openface3: Some(OpenFace3Options {
                face: told.face.unwrap_or(FaceChoice::Detect).value_name().into(),
                landmarks,
                au45,
                compat: told.compat.map_or("none", Choice::value_name).into(),
            }),
        })
    }
}
