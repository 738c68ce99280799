//! The run record: what made a CSV, so that its numbers can be explained years later.

use std::fmt;

use faceau_shared::protocol::{GraphReport, SessionReport};
use serde::{Deserialize, Serialize};

use super::unfinished::write_in;
use super::{OutputError, OutputPaths};
use crate::identity::{InputIdentity, ModelIdentity, ProgramIdentity, ResultOptions};
use crate::job::{FailedFrame, StageRow, WorkerRow};
use faceau_media::remark::{ClockJump, FrameSize};
use faceau_media::video::index::VideoIndex;

/// Version of the record's layout.
pub const FORMAT: u32 = 1;

/// Everything worth knowing of one job.
#[derive(Debug, Clone, Serialize)]
pub struct RunRecord {
    /// Version of this layout.
    pub format: u32,
    /// Program version and build.
    pub program: Program,
    /// Whether all frames are in the CSV.
    pub complete: bool,
    /// The input.
    pub input: InputRecord,
    /// The options that decide the numbers.
    pub options: OptionsRecord,
    /// The model files.
    pub models: Vec<ModelRecord>,
    /// Where the networks ran.
    pub networks: Vec<NetworkRecord>,
    /// How many frames.
    pub frames: FrameCounts,
    /// How long it took.
    pub timing: Timing,
    /// What the user was warned of.
    pub warnings: Vec<String>,
}

/// Program version and build.
#[derive(Debug, Clone, Serialize)]
pub struct Program {
    /// Version and build.
    #[serde(flatten)]
    pub identity: ProgramIdentity,
    /// Inference engine with its version.
    pub runtime: String,
}

/// The input of a job.
#[derive(Debug, Clone, Serialize)]
pub struct InputRecord {
    /// As given.
    pub path: String,
    /// What it is, by its content.
    pub identity: InputIdentity,
    /// Largest width of the frames in pixels, upright.
    pub width: usize,
    /// Largest height of the frames in pixels, upright.
    pub height: usize,
    /// Number of frames.
    pub frames: usize,
    /// Seconds from the first frame to the last.
    pub seconds: f64,
    /// Into how many segments it was cut.
    pub segments: usize,
    /// How many times a tracker had to run on into the next segment, a few frames each time.
    pub run_ons: u32,
    /// What decoded it; not for images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoder: Option<String>,
    /// What there is to say of a video alone.
    #[serde(flatten)]
    pub video: Option<VideoRecord>,
    /// What was noticed about it.
    pub remarks: Vec<String>,
    /// A word for each remark that stays the same from version to version.
    pub remark_codes: Vec<String>,
}

/// What there is to say of a video alone.
#[derive(Debug, Clone, Serialize)]
pub struct VideoRecord {
    /// Number of the track among those of pictures, counted from 1.
    pub track: usize,
    /// Width to height of a pixel of the first picture, as in `16:15`.
    pub pixel_aspect: String,
    /// Size of the first picture as stored: width, height.
    pub stored_size: [usize; 2],
    /// From which frame on (counted from 1) pictures have which size, where that changes on the way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<SizeRecord>,
    /// Time of the first frame on the file's own clock, in seconds; `null` where it has none.
    pub start_seconds: Option<f64>,
    /// Where that clock jumps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clock_jumps: Vec<JumpRecord>,
}

/// From a frame on, pictures have another size.
#[derive(Debug, Clone, Serialize)]
pub struct SizeRecord {
    /// The first such frame, counted from 1.
    pub frame: usize,
    /// Its width in pixels, upright.
    pub width: usize,
    /// Its height in pixels, upright.
    pub height: usize,
}

/// The file's clock does not go on.
#[derive(Debug, Clone, Serialize)]
pub struct JumpRecord {
    /// The first frame behind the jump, counted from 1.
    pub frame: usize,
    /// By how many seconds the clock moved; negative when it went back.
    pub seconds: f64,
}

impl From<&VideoIndex> for VideoRecord {
    fn from(index: &VideoIndex) -> Self {
        let first = index.shape_of(0);
        let sizes = index.sizes();
        let size = |size: &FrameSize| SizeRecord {
            frame: size.frame,
            width: size.size.width,
            height: size.size.height,
        };
        let jump = |jump: &ClockJump| JumpRecord {
            frame: jump.frame,
            seconds: jump.seconds,
        };
        Self {
            track: index.track,
            pixel_aspect: format!("{}:{}", first.pixel.0, first.pixel.1),
            stored_size: [first.stored.width, first.stored.height],
            sizes: match sizes.len() {
                1 => Vec::new(),
                _ => sizes.iter().map(size).collect(),
            },
            start_seconds: index.start,
            clock_jumps: index.jumps.iter().map(jump).collect(),
        }
    }
}

/// The options that decide the numbers, and how many workers there were, which does not.
#[derive(Debug, Clone, Serialize)]
pub struct OptionsRecord {
    /// Those that decide the numbers.
    #[serde(flatten)]
    pub result: ResultOptions,
    /// Number of workers.
    pub workers: usize,
}

/// A model file.
#[derive(Debug, Clone, Serialize)]
pub struct ModelRecord {
    /// Which one, with its digest.
    #[serde(flatten)]
    pub identity: ModelIdentity,
    /// Whether that is the digest of the known file.
    pub known: bool,
    /// SHA-256 of the files that were made of it when it was installed and that workers could use.
    pub converted: Vec<String>,
}

/// Where a network ran.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NetworkRecord {
    /// Identifier of its model.
    pub model: String,
    /// The provider that was really used; for Core ML with the parts of the chip if these were not
    /// all, as in `coreml/gpu`.
    pub provider: String,
    /// The size of input that it was opened for, if that was fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// How it was divided between the provider and the processor; not for the processor itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph: Option<GraphReport>,
}

impl From<&SessionReport> for NetworkRecord {
    fn from(session: &SessionReport) -> Self {
        Self {
            model: session.model.clone(),
            provider: session.place.clone(),
            form: (!session.form.is_empty()).then(|| session.form.clone()),
            graph: session.graph,
        }
    }
}

/// As in `retinaface for 640x480 on coreml: 1 part, 0 of 87 operations left to the cpu`.
impl fmt::Display for NetworkRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.model)?;
        if let Some(form) = &self.form {
            write!(f, " for {form}")?;
        }
        write!(f, " on {}", self.provider)?;
        match self.graph {
            Some(graph) => write!(f, ": {graph}"),
            None => Ok(()),
        }
    }
}

/// How many frames.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameCounts {
    /// Rows in the CSV.
    pub written: usize,
    /// Rows with success 1.
    pub successful: usize,
    /// Frames analysed, lead-ins and repetitions included.
    pub analysed: u64,
    /// Rows without an analysis, and why.
    #[serde(default)]
    pub failed: Vec<FailedFrame>,
}

/// How long it took.
#[derive(Debug, Clone, Serialize)]
pub struct Timing {
    /// Seconds from opening the input to the last result.
    pub seconds: f64,
    /// Frames of the input per second.
    pub frames_per_second: f64,
    /// Milliseconds until the first worker was ready.
    pub worker_startup_ms: f64,
    /// Worker processes started, replacements included.
    pub workers_started: u32,
    /// Seconds from opening the input to the first frame that was known.
    pub first_result_seconds: Option<f64>,
    /// Bytes of the shared memory that frames went through, of all workers together.
    pub ring_bytes: u64,
    /// Where the time went.
    pub stages: Vec<StageRow>,
    /// What each worker did with it.
    pub workers: Vec<WorkerRow>,
}

impl RunRecord {
    /// Writes the record beside the table of `paths`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self, paths: &OutputPaths) -> Result<(), OutputError> {
        use std::io::Write;
        write_in(paths.workshop(), &paths.run_record(), |file| {
            serde_json::to_writer_pretty(&mut *file, self)?;
            writeln!(file)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{RecordedRun, tests::identity};
    use faceau_vision::extras::Extras;

    #[test]
    fn what_decided_an_output_can_be_read_back() {
        let identity = identity();
        let record = RunRecord {
            format: FORMAT,
            program: Program {
                identity: identity.program.clone(),
                runtime: "ONNX Runtime".into(),
            },
            complete: true,
            input: InputRecord {
                path: "a.mp4".into(),
                identity: identity.input.clone(),
                width: 1,
                height: 1,
                frames: 1,
                seconds: 0.0,
                segments: 1,
                run_ons: 0,
                decoder: Some("software".into()),
                video: None,
                remarks: Vec::new(),
                remark_codes: Vec::new(),
            },
            options: OptionsRecord {
                result: identity.options.clone(),
                workers: 3,
            },
            models: identity
                .models
                .iter()
                .map(|model| ModelRecord {
                    converted: vec!["01".into()],
                    identity: model.clone(),
                    known: true,
                })
                .collect(),
            networks: Vec::new(),
            frames: FrameCounts {
                written: 1,
                successful: 1,
                analysed: 1,
                failed: Vec::new(),
            },
            timing: Timing {
                seconds: 1.0,
                frames_per_second: 1.0,
                worker_startup_ms: 1.0,
                workers_started: 1,
                first_result_seconds: None,
                ring_bytes: 0,
                stages: Vec::new(),
                workers: Vec::new(),
            },
            warnings: Vec::new(),
        };
        let folder = tempfile::tempdir().unwrap();
        let paths = OutputPaths::beside(folder.path().join("a.csv"), Extras::default());
        std::fs::create_dir(paths.workshop()).unwrap();
        record.write(&paths).unwrap();
        let read = RecordedRun::read(&paths.run_record()).unwrap();
        assert!(read.complete);
        assert_eq!(read.identity, identity);
    }
}
