//! `faceau-supervisor doctor`: looks at everything that a run needs, and says how to mend it.
//!
//! Each check is a function that returns what it found; nothing is changed on the machine but a
//! few files that are removed again.

mod ffmpeg;
mod machine;
mod models;
mod providers;
mod trial;
mod worker;

pub(super) use ffmpeg::version as ffmpeg_version;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use faceau_shared::protocol::build_id;
use serde::Serialize;

use super::{complain, print};
use crate::exit::Exit;
use faceau::settings::PipelineChoice;
use faceau_system::cores::sensible_workers;

/// `doctor`
#[derive(Debug, Args)]
#[command(after_help = "\
EXIT CODES:
  0    everything that a run needs is there (there may be warnings)
  1    something is missing or broken
  2    the command line makes no sense")]
pub struct DoctorCommand {
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,

    /// Number of workers to judge by [default: one per performance core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,

    /// Folder with the model files [default: $FACEAU_MODELS, else the user's data folder]
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,

    /// Use model files even if they are not the known ones
    #[arg(long)]
    allow_unknown_models: bool,

    /// Video or folder of images for the trial run [default: ten pictures of a drawn face]
    #[arg(long = "try", value_name = "INPUT")]
    input: Option<PathBuf>,

    /// Also try every network on every provider that ONNX Runtime was built with, and compare with
    /// the processor; what was found out earlier is forgotten
    #[arg(long)]
    providers: bool,

    /// Folder where tables will be written
    #[arg(long, value_name = "DIR", default_value = ".")]
    out_dir: PathBuf,

    /// The worker program [default: faceau-worker beside this program]
    #[arg(long, value_name = "PROGRAM", hide = true)]
    worker_program: Option<PathBuf>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    /// As it should be.
    Ok,
    /// Runs work, but not as well as they could, or not all of them.
    Warning,
    /// Runs do not work.
    Bad,
    /// Not looked at, because something before it is bad.
    Skipped,
}

/// What was found, and what to do about it.
#[derive(Debug, Clone, Serialize)]
struct Finding {
    check: &'static str,
    status: Status,
    found: String,
    /// How to mend it, if there is something to mend.
    fix: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self {
            check,
            status: Status::Ok,
            found: found.into(),
            fix: None,
        }
    }

    fn warning(check: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            check,
            status: Status::Warning,
            found: found.into(),
            fix: Some(fix.into()),
        }
    }

    fn bad(check: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            status: Status::Bad,
            ..Self::warning(check, found, fix)
        }
    }

    fn skipped(check: &'static str, found: impl Into<String>) -> Self {
        Self {
            status: Status::Skipped,
            ..Self::ok(check, found)
        }
    }

    fn to_text(&self) -> String {
        let status = match self.status {
            Status::Ok => "ok",
            Status::Warning => "warning",
            Status::Bad => "BAD",
            Status::Skipped => "skipped",
        };
        // Further lines stand below the first.
        let below = format!("\n{:27}", "");
        let found = self.found.replace('\n', &below);
        let mut text = format!("{status:<8} {:<17} {found}\n", self.check);
        if let Some(fix) = &self.fix {
            let _ = writeln!(text, "{:26} → {}", "", fix.replace('\n', &below));
        }
        text
    }
}

/// Everything that was found.
#[derive(Debug, Serialize)]
struct Report {
    format: u32,
    version: &'static str,
    build: &'static str,
    /// Whether runs work.
    usable: bool,
    findings: Vec<Finding>,
    /// What `--providers` found, a row for each network, place and size of input.
    #[serde(skip_serializing_if = "Option::is_none")]
    providers: Option<Vec<providers::Row>>,
}

/// Version of the JSON that `--json` prints.
const FORMAT: u32 = 1;
/// Runs work.
const USABLE: i32 = 0;
/// They do not.
const NOT_USABLE: i32 = 1;

impl DoctorCommand {
    /// Does it.
    pub fn run(&self) -> Exit {
        Exit::Code(self.examine().unwrap_or_else(|error| {
            complain(&error);
            NOT_USABLE
        }))
    }

    fn examine(&self) -> anyhow::Result<i32> {
        let workers = self.workers.map_or_else(sensible_workers, usize::from);
        let mut findings = Vec::new();
        let mut say = |found: Vec<Finding>| -> anyhow::Result<bool> {
            let good = found.iter().all(|finding| finding.status != Status::Bad);
            for finding in found {
                if !self.json {
                    print(finding.to_text())?;
                }
                findings.push(finding);
            }
            Ok(good)
        };
        if !self.json {
            let version = env!("CARGO_PKG_VERSION");
            print(format_args!("faceau {version}, build {}\n", build_id()))?;
        }
        let worker = say(worker::check(self.worker_program.as_deref()))?;
        say(ffmpeg::check())?;
        let (found, pipeline) = models::check(self.models.as_deref(), self.allow_unknown_models);
        say(found)?;
        say(machine::check(workers, &self.out_dir))?;
        // Everything but the models can be tried all the same.
        let without_models = self.models.is_none().then_some(PipelineChoice::Demo);
        let trial_pipeline = pipeline.or(without_models);
        say(vec![
            if let (true, Some(pipeline)) = (worker, trial_pipeline) {
                trial::check(self, pipeline)
            } else {
                Finding::skipped(trial::NAME, "not tried, because of what is bad above")
            },
        ])?;

        let mut rows = None;
        if self.providers {
            let (finding, found) = providers::check(self);
            say(vec![finding])?;
            rows = Some(found);
        }

        let usable = findings.iter().all(|finding| finding.status != Status::Bad);
        if self.json {
            let report = Report {
                format: FORMAT,
                version: env!("CARGO_PKG_VERSION"),
                build: build_id(),
                usable,
                findings,
                providers: rows,
            };
            print(format_args!("{}\n", serde_json::to_string_pretty(&report)?))?;
        } else {
            print(summary(&findings))?;
        }
        Ok(if usable { USABLE } else { NOT_USABLE })
    }
}

fn summary(findings: &[Finding]) -> String {
    let count = |status| {
        findings
            .iter()
            .filter(|finding| finding.status == status)
            .count()
    };
    match (count(Status::Bad), count(Status::Warning)) {
        (0, 0) => "Everything is as it should be.\n".to_owned(),
        (0, warnings) => format!("Runs work; warnings: {warnings}.\n"),
        (bad, _) => format!("Runs will not work before this is mended: {bad} of the above.\n"),
    }
}
