//! All inputs of one call, one after another.
//!
//! [`plan`] says which they are and where their tables go, [`up_to_date`] which of them are done
//! already, [`run_input`] has each its turn, [`summary`] keeps account.

mod failure;
mod plan;
mod record;
mod run_input;
mod summary;
mod up_to_date;

use std::collections::BTreeMap;

use faceau_events::{BatchSummary, End, ErrorCode, Observer, WarningCode};
use faceau_shared::protocol::Setup;
use faceau_shared::timing;

use crate::settings::{HeaderChoice, PipelineOptions, Settings, UnsuitableOptions};
use crate::setup::{self, Models, SetupError};
use faceau_engine::events::{EventReceiver, EventSender};
use faceau_engine::placement::Wish;
use faceau_engine::pool::{Pool, WorkerCommand};
use faceau_engine::reporter::Reporter;
use faceau_engine::trace::{Trace, TraceError};
use faceau_outputs::{Columns, TableDesign, UnknownColumns};
use faceau_system::awake::Awake;
use faceau_system::cores::sensible_workers;
pub use plan::Inputs;
use plan::{Plan, PlanError};
use run_input::Then;
use summary::{BatchFile, SummaryError};

/// Exit codes of the command line, which events and summaries say, too.
pub mod exit_code {
    /// Every input was done.
    pub const ALL_DONE: i32 = 0;
    /// At least one input failed.
    pub const SOME_FAILED: i32 = 1;
    /// What was asked for makes no sense.
    pub const USAGE: i32 = 2;
    /// Nothing could be done.
    pub const NOT_USABLE: i32 = 3;
}

/// Nothing could be done. The observer has been told.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct SessionError {
    /// Of what kind it is.
    pub code: ErrorCode,
    /// What is wrong, for people.
    pub message: String,
}

impl SessionError {
    /// What the command line ends with.
    pub fn exit_code(&self) -> i32 {
        match self.code {
            ErrorCode::Usage => exit_code::USAGE,
            _ => exit_code::NOT_USABLE,
        }
    }
}

/// How a run ended, and each of its inputs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Summary {
    /// Each input with its outputs, in order.
    pub batch: BatchSummary,
    /// The cause that was given with the request to stop, if that ended the run.
    pub stopped: Option<i32>,
}

impl Summary {
    /// Whether every input was done, now or before.
    pub fn is_complete(&self) -> bool {
        self.batch.exit_code == Some(exit_code::ALL_DONE)
    }
}

/// Does everything that `settings` ask for with `inputs`, and tells `observer` of it.
pub(crate) fn run(
    inputs: &Inputs,
    settings: &Settings,
    observer: &mut dyn Observer,
    sender: &EventSender,
    events: &EventReceiver,
) -> Result<Summary, SessionError> {
    let plan = Plan::of(inputs, settings);
    let workers = settings.workers.unwrap_or_else(sensible_workers);
    let reporter = &mut Reporter::new(observer);
    let tasks = plan.as_ref().map_or(&[][..], |plan| &plan.tasks);
    reporter.start(tasks.iter().map(|task| task.path.as_path()), workers);

    let begun = plan.and_then(|plan| {
        let summary = BatchFile::begin(&plan, settings, reporter)?;
        let batch = Batch::begin(settings, workers, summary, reporter, sender)?;
        Ok((plan, batch))
    });
    match begun {
        Ok((plan, batch)) => Ok(batch.run(&plan, reporter, events)),
        Err(error) => {
            let error = SessionError {
                code: code_of(&error),
                message: error.to_string(),
            };
            reporter.error(error.code, &error.message);
            let mut end = End::default();
            end.exit_code = error.exit_code();
            reporter.ended(end);
            Err(error)
        }
    }
}

/// What is said of a run whose times mean nothing.
const SIMULATION: &str = "SIMULATION: every inference takes as long as on an accelerator that does \
                          not exist; how long this run takes says nothing about this machine";

/// Of what kind an error is that ends everything.
fn code_of(error: &anyhow::Error) -> ErrorCode {
    // The settings have to be others, and not the machine.
    let is_usage = error.is::<UnknownColumns>()
        || error.is::<UnsuitableOptions>()
        || error.is::<PlanError>()
        || error.is::<SummaryError>()
        || error.is::<TraceError>();
    match error.downcast_ref::<SetupError>() {
        _ if is_usage => ErrorCode::Usage,
        Some(SetupError::NoWorker { .. }) => ErrorCode::WorkerProgram,
        Some(_) => ErrorCode::Models,
        None => ErrorCode::System,
    }
}

struct Batch<'a> {
    settings: &'a Settings,
    models: Models,
    options: PipelineOptions,
    columns: Columns,
    table: TableDesign,
    pool: Pool,
    sender: EventSender,
    workers: usize,
    summary: BatchFile,
    /// Whether there are other inputs that must not suffer from what one does to the program.
    several: bool,
    awake: Option<Awake>,
    trace: Trace,
    /// Where networks are to run, until that has been settled.
    wishes: Option<Vec<Wish>>,
    /// What the user was warned of then.
    placement_warnings: Vec<String>,
}

impl<'a> Batch<'a> {
    fn begin(
        settings: &'a Settings,
        workers: usize,
        summary: BatchFile,
        reporter: &mut Reporter<'_>,
        sender: &EventSender,
    ) -> anyhow::Result<Self> {
        let mut trace = Trace::begin(settings.trace.as_deref())?;
        let program = setup::worker_program(settings.worker_program.as_deref())?;
        let checking = timing::now();
        let models = setup::models(
            settings.models.as_deref(),
            settings.pipeline.candidates(),
            |set| {
                PipelineOptions::of(settings, set)
                    .map_or_else(|_| Vec::new(), |o| o.unneeded_models(set))
            },
            settings.allow_unknown_models,
            settings.precision,
        )?;
        trace.did("check the models", checking);
        reporter.info(&format!("pipeline: {}", models.pinned.set.set));
        if let Some(caution) = models.definition.caution() {
            reporter.warn_all(WarningCode::DemoModels, caution);
        }
        if settings.simulated_inference > 0 {
            reporter.warn_all(WarningCode::Simulation, SIMULATION);
        }
        if !models.pinned.unknown.is_empty() {
            let unknown = &models.pinned.unknown;
            let named = unknown.iter().take(3).map(String::as_str);
            let warning = format!(
                "{} model files are not the known ones (the run record names them): {}{}",
                unknown.len(),
                named.collect::<Vec<_>>().join(", "),
                if unknown.len() > 3 { ", …" } else { "" }
            );
            reporter.warn_all(WarningCode::UnknownModels, &warning);
        }
        let options = PipelineOptions::of(settings, models.pinned.set.set)?;
        let columns = Columns::select(
            &settings.columns,
            Columns::known(&models.definition.own_schema()),
        )?;
        let columns = match settings.header {
            HeaderChoice::Plain => columns.plain(),
            HeaderChoice::Openface => columns,
        };
        let told = options.told(&settings.camera);
        let command = WorkerCommand {
            program,
            setup: Setup {
                places: BTreeMap::new(),
                models: models.pinned.set.clone(),
                options: told.to_bytes(),
                dump_inputs: settings.dump_inputs.clone(),
                want_fhog: settings.hog,
                want_aligned: settings.aligned,
                want_spans: trace.is_on(),
                simulated_inference_ms: settings.simulated_inference,
            },
            start_deadline: settings.start_timeout,
        };
        let wishes = settings
            .providers
            .wishes(&models.definition.networks(&told))?;
        Ok(Self {
            wishes: Some(wishes),
            placement_warnings: Vec::new(),
            settings,
            table: models.table_design(&columns, &told)?,
            models,
            options,
            columns,
            pool: Pool::new(command, sender.clone()),
            sender: sender.clone(),
            workers,
            summary,
            several: false,
            awake: None,
            trace,
        })
    }

    fn run(mut self, plan: &Plan, reporter: &mut Reporter<'_>, events: &EventReceiver) -> Summary {
        plan.say_what_is_left_out(reporter);
        let (mut stopped, mut is_fatal) = (None, false);
        self.several = plan.tasks.len() > 1;
        for number in plan.order() {
            let task = &plan.tasks[number];
            reporter.next_input();
            let (end, then) = self.run_task(number, task, reporter, events);
            reporter.input_ended(&task.path, &end);
            self.summary.input_ended(number, &end, reporter);
            match then {
                Then::GoOn => {}
                Then::Fatal => is_fatal = true,
                Then::Stopped(cause) => stopped = Some(cause),
            }
            if is_fatal || stopped.is_some() {
                break;
            }
        }
        if let Some(error) = self.trace.flush() {
            reporter.warn_all(WarningCode::Trace, &error.to_string());
        }
        let failed = self.summary.counts().failed;
        let code = match stopped {
            Some(cause) => 128 + cause,
            None if is_fatal => exit_code::NOT_USABLE,
            None if failed > 0 => exit_code::SOME_FAILED,
            None => exit_code::ALL_DONE,
        };
        let end = self.summary.end(code, reporter);
        if !is_fatal {
            // Otherwise, why was the last thing said, and concerns all.
            reporter.summary(self.summary.account());
        }
        reporter.ended(end);
        self.pool.dismiss(events);
        Summary {
            batch: self.summary.account().clone(),
            stopped,
        }
    }
}
