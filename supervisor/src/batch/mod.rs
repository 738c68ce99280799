//! All inputs of one call, one after another.
//!
//! [`plan`] says which they are and where their tables go, [`finished`] which of them are done
//! already, [`one`] has each its turn, [`summary`] keeps account.

mod failure;
mod finished;
mod one;
mod plan;
mod record;
mod summary;

use std::collections::BTreeMap;

use faceau_events::{End, ErrorCode, Observer, WarningCode};
use faceau_shared::protocol::Setup;
use faceau_shared::timing;

use crate::awake::Awake;
use crate::cores::sensible_workers;
use crate::events::{self, EventReceiver, EventSender};
use crate::output::{Columns, TableDesign, UnknownColumns};
use crate::placement::Wish;
use crate::pool::{Pool, WorkerCommand};
use crate::reporter::Reporter;
use crate::settings::{
    HeaderChoice, PipelineOptions, Settings, UnsuitableOptions, camera_setup, worker_options,
};
use crate::setup::{self, Models, SetupError};
use crate::signals;
use crate::trace::{Trace, TraceError};
use one::Verdict;
pub use plan::Inputs;
use plan::{Plan, PlanError};
use summary::{Summary, SummaryError};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// With an exit code of the table in `--help`.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

/// Every input was done.
const ALL_DONE: i32 = 0;
/// At least one input failed.
const SOME_FAILED: i32 = 1;
/// The command line makes no sense.
const USAGE: i32 = 2;
/// Nothing could be done.
const NOT_USABLE: i32 = 3;

/// Does everything that `settings` ask for with `inputs`, and tells `observer` of it.
pub fn run(inputs: &Inputs, settings: &Settings, observer: &mut dyn Observer) -> Exit {
    let plan = Plan::of(inputs, settings);
    let workers = settings.workers.unwrap_or_else(sensible_workers);
    let reporter = &mut Reporter::new(observer);
    let tasks = plan.as_ref().map_or(&[][..], |plan| &plan.tasks);
    reporter.start(tasks.iter().map(|task| task.path.as_path()), workers);

    let begun = plan.and_then(|plan| {
        let summary = Summary::begin(&plan, settings, reporter)?;
        let (batch, events) = Batch::begin(settings, workers, summary, reporter)?;
        Ok((plan, batch, events))
    });
    match begun {
        Ok((plan, batch, events)) => batch.run(&plan, reporter, &events),
        Err(error) => {
            let code = code_of(&error);
            reporter.error(code, &error.to_string());
            let exit_code = match code {
                ErrorCode::Usage => USAGE,
                _ => NOT_USABLE,
            };
            let mut end = End::default();
            end.exit_code = exit_code;
            reporter.ended(end);
            Exit::Code(exit_code)
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
    summary: Summary,
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
        summary: Summary,
        reporter: &mut Reporter<'_>,
    ) -> anyhow::Result<(Self, EventReceiver)> {
        let mut trace = Trace::begin(settings.trace.as_deref())?;
        let program = setup::worker_program(settings.worker_program.as_deref())?;
        let checking = timing::now();
        let models = setup::models(
            settings.models.as_deref(),
            settings.pipeline.candidates(),
            |set| {
                PipelineOptions::of(settings, set)
                    .map_or_else(|_| Vec::new(), |o| o.unneeded_models())
            },
            settings.allow_unknown_models,
            settings.precision,
        )?;
        trace.did("check the models", checking);
        reporter.info(&format!("pipeline: {}", models.pinned.set.set));
        if let Some(caution) = models.caution() {
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
        let columns = Columns::select(&settings.columns, models.known_columns())?;
        let columns = match settings.header {
            HeaderChoice::Plain => columns.plain(),
            HeaderChoice::Openface => columns,
        };
        let (sender, events) = events::channel();
        signals::watch(&sender)?;
        let command = WorkerCommand {
            program,
            setup: Setup {
                places: BTreeMap::new(),
                models: models.pinned.set.clone(),
                redetect_every: options.redetect_every,
                openface3: options.openface3.as_ref().map(worker_options),
                camera: camera_setup(&settings.camera),
                dump_inputs: settings.dump_inputs.clone(),
                want_fhog: settings.hog,
                want_aligned: settings.aligned,
                want_spans: trace.is_on(),
                simulated_inference_ms: settings.simulated_inference,
            },
            start_deadline: settings.start_timeout,
        };
        let wishes = settings.providers.wishes(&command.setup.networks())?;
        let batch = Self {
            wishes: Some(wishes),
            placement_warnings: Vec::new(),
            settings,
            table: models.table_design(columns, &options),
            models,
            options,
            columns,
            pool: Pool::new(command, sender.clone()),
            sender,
            workers,
            summary,
            several: false,
            awake: None,
            trace,
        };
        Ok((batch, events))
    }

    fn run(mut self, plan: &Plan, reporter: &mut Reporter<'_>, events: &EventReceiver) -> Exit {
        plan.say_what_is_left_out(reporter);
        let mut exit = None;
        self.several = plan.tasks.len() > 1;
        for number in plan.order() {
            let task = &plan.tasks[number];
            reporter.next_input();
            let (end, verdict) = self.run_task(number, task, reporter, events);
            reporter.input_ended(&task.path, &end);
            self.summary.input_ended(number, &end, reporter);
            match verdict {
                Verdict::GoOn => {}
                Verdict::Fatal => exit = Some(Exit::Code(NOT_USABLE)),
                Verdict::Stopped(signal) => exit = Some(Exit::Signal(signal)),
            }
            if exit.is_some() {
                break;
            }
        }
        if let Some(error) = self.trace.flush() {
            reporter.warn_all(WarningCode::Trace, &error.to_string());
        }
        let failed = self.summary.counts().failed;
        let exit = exit.unwrap_or(Exit::Code(if failed == 0 { ALL_DONE } else { SOME_FAILED }));
        let code = match exit {
            Exit::Code(code) => code,
            Exit::Signal(signal) => 128 + signal,
        };
        let end = self.summary.end(code, reporter);
        if exit != Exit::Code(NOT_USABLE) {
            // Otherwise, why was the last thing said, and concerns all.
            reporter.summary(self.summary.account());
        }
        reporter.ended(end);
        self.pool.dismiss(events);
        exit
    }
}
