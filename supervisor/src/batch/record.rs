//! What decides an input's output, and what the run record says of it.

use std::path::Path;

use super::Batch;
use crate::cli::word;
use crate::identity::{
    Identity, InputIdentity, ModelIdentity, ProgramIdentity, ResultOptions, VariantIdentity,
};
use crate::job::JobReport;
use crate::output::run_record::{
    FORMAT, FrameCounts, InputRecord, ModelRecord, NetworkRecord, OptionsRecord, Program,
    RunRecord, Timing, VideoRecord,
};
use faceau_media::{Input, InputError};

impl Batch<'_> {
    /// What decides the output of `input`.
    pub(super) fn identity(&self, input: &Input) -> Result<Identity, InputError> {
        let files = self.models.pinned.set.files.iter();
        Ok(Identity {
            input: InputIdentity::of(input)?,
            options: ResultOptions {
                pipeline: self.models.pinned.set.set.name().to_owned(),
                tracking: word(&self.cli.tracking),
                provider: word(&self.cli.providers.provider),
                provider_for: self.cli.providers.exceptions(),
                coreml_units: self.cli.providers.coreml_units.as_ref().map(word),
                precision: word(&self.cli.precision),
                decoder: word(&self.cli.decoder),
                pixel_aspect: word(&self.cli.video.pixel_aspect),
                clock: word(&self.cli.video.clock),
                track: self.cli.video.track,
                fps: self.cli.video.fps.map(|rate| rate.to_string()),
                redetect_every: self.options.redetect_every,
                openface3: self.options.openface3.clone(),
                camera: self.cli.camera.options(),
                columns: self.columns.names(),
                header: self.cli.plain_tables().then(|| "plain".to_owned()),
                hog: self.cli.hog,
                aligned: self.cli.aligned,
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
            program: ProgramIdentity::this(),
        })
    }

    /// What concerns all outputs of this call.
    fn cautions(&self) -> impl Iterator<Item = &'static str> {
        let simulation = (self.cli.simulated_inference > 0).then_some(super::SIMULATION);
        self.models.caution().into_iter().chain(simulation)
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
        sessions.iter().map(NetworkRecord::from).collect()
    }

    pub(super) fn record(
        &self,
        input: &Input,
        identity: &Identity,
        report: &JobReport,
        complete: bool,
    ) -> RunRecord {
        let index = report.source.frame_index();
        let geometry = report.source.geometry();
        let worker = self.pool.report();
        let rows = report.table.rows();
        let remarks = report.source.remarks();
        RunRecord {
            format: FORMAT,
            program: Program {
                identity: identity.program.clone(),
                runtime: worker.map_or_else(String::new, |w| w.runtime.clone()),
            },
            complete,
            input: InputRecord {
                path: text(input.path()),
                identity: identity.input.clone(),
                width: geometry.width,
                height: geometry.height,
                frames: index.frames,
                seconds: report.source.seconds(index.frames.saturating_sub(1))
                    - report.source.seconds(0),
                segments: report.segments,
                run_ons: report.run_ons,
                decoder: report.source.decoder().map(|decoder| decoder.to_string()),
                video: report.source.video_index().map(VideoRecord::from),
                remarks: remarks.iter().map(ToString::to_string).collect(),
                remark_codes: remarks
                    .iter()
                    .map(|remark| remark.code().to_owned())
                    .collect(),
            },
            options: OptionsRecord {
                result: identity.options.clone(),
                workers: self.workers,
            },
            models: identity
                .models
                .iter()
                .map(|model| ModelRecord {
                    known: !self.models.pinned.unknown.contains(&model.id),
                    converted: self.converted(&model.id),
                    identity: model.clone(),
                })
                .collect(),
            networks: self.networks(),
            frames: FrameCounts {
                written: rows,
                successful: report.successful,
                analysed: report.analysed,
                failed: report.failed.clone(),
            },
            timing: Timing {
                seconds: report.seconds,
                frames_per_second: rows as f64 / report.seconds.max(1e-9),
                worker_startup_ms: worker.map_or(0.0, |w| w.startup_ms),
                workers_started: self.pool.starts(),
                first_result_seconds: report.first_result_seconds,
                ring_bytes: report.ring_bytes,
                stages: report.stages.rows(),
                workers: report.workers.clone(),
            },
            warnings: (self.cautions().map(str::to_owned))
                .chain(self.placement_warnings.iter().cloned())
                .chain(report.warnings.iter().cloned())
                .collect(),
        }
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
