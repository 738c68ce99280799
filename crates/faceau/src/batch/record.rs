//! What decides an input's output, and what the run record says of it.

use super::Batch;
use faceau_events::{
    FrameCounts, InputRecord, JumpRecord, ModelIdentity, ModelRecord, NetworkRecord, OptionsRecord,
    ProgramRecord, RECORD_FORMAT, ResultOptions, RunRecord, SizeRecord, Timing, VariantIdentity,
    VideoRecord,
};
use faceau_media::remark::{ClockJump, FrameSize};
use faceau_media::video::index::VideoIndex;
use faceau_media::{Input, InputError};
use faceau_shared::protocol::SessionReport;

use crate::settings::{Choice, HeaderChoice};
use faceau_engine::identity::{self, Identity};
use faceau_engine::job::JobReport;
use faceau_engine::placement::graph_record;
use faceau_engine::reporter::text;

impl Batch<'_> {
    /// What decides the output of `input`.
    pub(super) fn identity(&self, input: &Input) -> Result<Identity, InputError> {
        let files = self.models.pinned.set.files.iter();
        let reading = &self.settings.reading;
        let units = self.settings.providers.coreml_units;
        Ok(Identity {
            input: identity::of_input(input)?,
            options: ResultOptions {
                pipeline: self.models.pinned.set.set.name().to_owned(),
                tracking: self.settings.tracking.value_name().into(),
                provider: self.settings.providers.provider.value_name().into(),
                provider_for: self.settings.providers.exceptions_by_network(),
                coreml_units: units.map(|units| units.value_name().into()),
                precision: self.settings.precision.value_name().into(),
                decoder: reading.decoder.value_name().into(),
                pixel_aspect: reading.pixel_aspect.value_name().into(),
                clock: reading.clock.value_name().into(),
                track: reading.track,
                fps: reading.frame_rate.map(|rate| rate.to_string()),
                redetect_every: self.options.redetect_every,
                openface3: self.options.openface3.clone(),
                camera: self.settings.camera,
                columns: self.columns.names(),
                header: (self.settings.header == HeaderChoice::Plain)
                    .then(|| HeaderChoice::Plain.value_name().into()),
                hog: self.settings.hog,
                aligned: self.settings.aligned,
            },
            models: files
                .map(|file| ModelIdentity {
                    id: file.id.clone(),
                    sha256: file.content.sha256.to_string(),
                    variant: file.variant.as_ref().map(|variant| VariantIdentity {
                        precision: variant.precision.name().to_owned(),
                        sha256: variant.content.sha256.to_string(),
                    }),
                })
                .collect(),
            program: identity::this_program(),
        })
    }

    /// What concerns all outputs of this call.
    fn cautions(&self) -> impl Iterator<Item = &'static str> {
        let simulation = (self.settings.simulated_inference > 0).then_some(super::SIMULATION);
        self.models
            .definition
            .caution()
            .into_iter()
            .chain(simulation)
    }

    /// Digests of what was made of a model file when it was installed.
    fn converted(&self, id: &str) -> Vec<String> {
        let file = self.models.pinned.set.file(id);
        let converted = file.into_iter().flat_map(|file| &file.converted);
        converted
            .map(|one| one.content.sha256.to_string())
            .collect()
    }

    /// Where the networks ran.
    pub(super) fn networks(&self) -> Vec<NetworkRecord> {
        let sessions = self
            .pool
            .report()
            .map_or(&[][..], |worker| &worker.sessions);
        sessions.iter().map(network_record).collect()
    }

    pub(super) fn record(
        &self,
        input: &Input,
        identity: &Identity,
        report: &JobReport,
        complete: bool,
    ) -> RunRecord {
        let worker = self.pool.report();
        let rows = report.table.frames();
        let mut record = RunRecord::default();
        record.format = RECORD_FORMAT;
        record.program = program_record(identity, worker.map(|w| w.runtime.as_str()));
        record.complete = complete;
        record.input = input_record(input, identity, report);
        record.options = OptionsRecord::default();
        record.options.result = identity.options.clone();
        record.options.workers = self.workers;
        let models = identity.models.iter();
        record.models = models.map(|model| self.model_record(model)).collect();
        record.networks = self.networks();
        record.frames = FrameCounts::default();
        record.frames.written = rows;
        record.frames.successful = report.successful;
        record.frames.analysed = report.analysed;
        record.frames.failed.clone_from(&report.failed);
        record.timing = timing(report);
        record.timing.worker_startup_ms = worker.map_or(0.0, |w| w.startup_ms);
        record.timing.workers_started = self.pool.starts();
        record.warnings = (self.cautions().map(str::to_owned))
            .chain(self.placement_warnings.iter().cloned())
            .chain(report.warnings.iter().cloned())
            .collect();
        record
    }

    fn model_record(&self, model: &ModelIdentity) -> ModelRecord {
        let mut record = ModelRecord::default();
        record.known = !self.models.pinned.unknown.contains(&model.id);
        record.converted = self.converted(&model.id);
        record.identity = model.clone();
        record
    }
}

fn program_record(identity: &Identity, runtime: Option<&str>) -> ProgramRecord {
    let mut record = ProgramRecord::default();
    record.identity = identity.program.clone();
    record.runtime = runtime.unwrap_or_default().to_owned();
    record
}

fn input_record(input: &Input, identity: &Identity, report: &JobReport) -> InputRecord {
    let source = &report.source;
    let (index, geometry) = (source.frame_index(), source.geometry());
    let mut record = InputRecord::default();
    record.path = text(input.path());
    record.identity = identity.input.clone();
    (record.width, record.height) = (geometry.width, geometry.height);
    record.frames = index.frames;
    record.seconds = source.seconds(index.frames.saturating_sub(1)) - source.seconds(0);
    record.segments = report.segments;
    record.run_ons = report.run_ons;
    record.decoder = source.decoder().map(|decoder| decoder.to_string());
    record.video = source.video_index().map(video_record);
    record.images = source.image_names();
    let remarks = source.remarks();
    record.remarks = remarks.iter().map(ToString::to_string).collect();
    record.remark_codes = (remarks.iter())
        .map(|remark| remark.code().to_owned())
        .collect();
    record
}

fn video_record(index: &VideoIndex) -> VideoRecord {
    let first = index.shape_of(0);
    let sizes = index.sizes();
    let mut record = VideoRecord::default();
    record.track = index.track;
    record.pixel_aspect = format!("{}:{}", first.pixel.0, first.pixel.1);
    record.stored_size = [first.stored.width, first.stored.height];
    if sizes.len() > 1 {
        let size = |size: &FrameSize| SizeRecord {
            frame: size.frame,
            width: size.size.width,
            height: size.size.height,
        };
        record.sizes = sizes.iter().map(size).collect();
    }
    record.start_seconds = index.start;
    let jump = |jump: &ClockJump| JumpRecord {
        frame: jump.frame,
        seconds: jump.seconds,
    };
    record.clock_jumps = index.jumps.iter().map(jump).collect();
    record
}

fn timing(report: &JobReport) -> Timing {
    let mut timing = Timing::default();
    timing.seconds = report.seconds;
    timing.frames_per_second = report.table.frames() as f64 / report.seconds.max(1e-9);
    timing.first_result_seconds = report.first_result_seconds;
    timing.ring_bytes = report.ring_bytes;
    timing.stages = report.stages.rows();
    timing.workers.clone_from(&report.workers);
    timing
}

/// Where a network ran, as records say it.
fn network_record(session: &SessionReport) -> NetworkRecord {
    let mut record = NetworkRecord::default();
    record.model.clone_from(&session.model);
    record.provider.clone_from(&session.place);
    record.form = (!session.form.is_empty()).then(|| session.form.clone());
    record.graph = session.graph.map(graph_record);
    record
}
