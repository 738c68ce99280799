//! `doctor --providers`: every network on every provider that the engine was built with, tried out
//! anew, beside the processor: differences and times.

use std::path::Path;
use std::time::Duration;

use faceau_inference::{ComputeUnits, Place, Provider};
use faceau_models::{ModelSet, Precision};
use faceau_pipelines::{Options, registry};
use faceau_shared::protocol::{
    Examination, FormTrial, GraphReport, Setup, Station, Trial, Verdict,
};
use serde::Serialize;

use super::{DoctorCommand, Finding, worker};
use faceau::setup;
use faceau_engine::events;
use faceau_engine::placement::graph_record;
use faceau_engine::pool::{End, PoolError, Probe};

/// Name of the check.
pub const NAME: &str = "providers";
/// Compiling for a Neural Engine may take minutes. What takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(300);

/// What was found of a network in one form on one place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    network: String,
    place: String,
    /// The size of the input, if that is fixed.
    form: Option<String>,
    usable: bool,
    /// Why it is not usable.
    reason: Option<String>,
    graph: Option<GraphReport>,
    /// The largest difference from the processor's results, as a share of what is tolerated, and in
    /// the output's unit.
    difference: f32,
    difference_value: f32,
    open_ms: f64,
    ms: f64,
    cpu_ms: f64,
}

/// Tries everything out.
pub fn check(doctor: &DoctorCommand) -> (Finding, Vec<Row>) {
    match rows(doctor) {
        Ok(Some(rows)) => (judge(&rows), rows),
        Ok(None) => {
            let found = "this ONNX Runtime was built with the cpu only, so there is nothing to \
                         compare; scripts/setup --runtime NAME fetches others";
            (Finding::ok(NAME, found), Vec::new())
        }
        Err(error) => {
            let finding = Finding::bad(NAME, format!("{error:#}"), "mend what the message names");
            (finding, Vec::new())
        }
    }
}

/// `None` when there is only the processor.
fn rows(doctor: &DoctorCommand) -> anyhow::Result<Option<Vec<Row>>> {
    let program =
        setup::worker_program(Some(&crate::worker::program(doctor.worker_program.clone())))?;
    let places = places(&program)?;
    if places.is_empty() {
        return Ok(None);
    }
    let mut rows = Vec::new();
    let mut seen: Vec<Station> = Vec::new();
    for setup in setups(doctor)? {
        let options = Options::default();
        let networks = registry::of(setup.models.set)?.networks(&options);
        let stations = places.iter().flat_map(|place| {
            let station = |network: &&str| Station {
                network: (*network).to_owned(),
                place: place.to_string(),
            };
            networks.iter().map(station).collect::<Vec<_>>()
        });
        let stations: Vec<Station> = stations.filter(|one| !seen.contains(one)).collect();
        seen.extend(stations.iter().cloned());
        rows.extend(examine(&program, &setup, stations)?);
    }
    Ok(Some(rows))
}

/// The places beside the processor that the engine was built with.
fn places(program: &Path) -> anyhow::Result<Vec<Place>> {
    let engine = worker::describe(program)?.engine;
    let engine = engine.map_err(|reason| anyhow::anyhow!(reason))?;
    let providers = engine.providers.iter().filter_map(|name| name.parse().ok());
    Ok(providers
        .filter(|provider| *provider != Provider::Cpu)
        .flat_map(|provider| match provider {
            Provider::CoreMl => ComputeUnits::ALL
                .map(|units| Place { provider, units })
                .to_vec(),
            _ => vec![Place::on(provider)],
        })
        .collect())
}

/// The pipelines with networks whose models are there; the demo's if there is no other.
fn setups(doctor: &DoctorCommand) -> anyhow::Result<Vec<Setup>> {
    let setup = |set| {
        let allow_unknown = doctor.allow_unknown_models;
        let models = setup::models(
            doctor.models.as_deref(),
            &[set],
            |_| Vec::new(),
            allow_unknown,
            Precision::Fp32,
        );
        models.map(|models| Setup {
            options: Options::default().to_bytes(),
            ..Setup::cpu(models.pinned.set)
        })
    };
    let real = [ModelSet::Pfld, ModelSet::Openface3].map(setup);
    let real: Vec<Setup> = real.into_iter().flatten().collect();
    if real.is_empty() {
        return Ok(vec![setup(ModelSet::Demo)?]);
    }
    Ok(real)
}

/// Tries all stations; one that hangs or dies costs only itself.
fn examine(
    program: &Path,
    setup: &Setup,
    mut stations: Vec<Station>,
) -> Result<Vec<Row>, PoolError> {
    let (sender, events) = events::channel();
    let probe = Probe {
        program,
        deadline: PATIENCE,
        sender: &sender,
        events: &events,
    };
    let mut rows = Vec::new();
    let mut unfinished = Vec::new();
    while !stations.is_empty() {
        let mut trials: Vec<Trial> = Vec::new();
        let examination = Examination {
            setup: setup.clone(),
            trials: stations.clone(),
            afresh: true,
            unfinished: std::mem::take(&mut unfinished),
        };
        let end = probe.examine(examination, &mut |_| {}, &mut |trial| trials.push(trial))?;
        stations.retain(|station| trials.iter().all(|trial| trial.station != *station));
        rows.extend(trials.iter().flat_map(rows_of));
        let (station, reason) = match end {
            End::Finished | End::Stopped(_) => break,
            End::Late(station) => {
                let reason = format!("not ready after {} s", PATIENCE.as_secs());
                (station, reason)
            }
            End::Died(station, reason) => (station, reason),
        };
        stations.retain(|other| *other != station);
        rows.push(without_measurements(&station, reason.clone()));
        unfinished.push((station, reason));
    }
    if !unfinished.is_empty() {
        let examination = Examination {
            setup: setup.clone(),
            trials: Vec::new(),
            afresh: false,
            unfinished,
        };
        probe.examine(examination, &mut |_| {}, &mut |_| {})?;
    }
    Ok(rows)
}

fn rows_of(trial: &Trial) -> Vec<Row> {
    let reason = match &trial.verdict {
        Verdict::Usable => None,
        Verdict::Unavailable(reason) | Verdict::Refused(reason) => Some(reason.clone()),
    };
    let Some((last, others)) = trial.forms.split_last() else {
        return vec![without_measurements(
            &trial.station,
            reason.unwrap_or_default(),
        )];
    };
    // A trial ends with the first form that cannot be used.
    let others = others.iter().map(|form| row(trial, form, None));
    others.chain([row(trial, last, reason)]).collect()
}

fn row(trial: &Trial, form: &FormTrial, reason: Option<String>) -> Row {
    Row {
        network: trial.station.network.clone(),
        place: trial.station.place.clone(),
        form: (!form.form.is_empty()).then(|| form.form.clone()),
        usable: reason.is_none(),
        reason,
        graph: form.graph,
        difference: form.difference,
        difference_value: form.difference_value,
        open_ms: form.open_ms,
        ms: form.ms,
        cpu_ms: form.cpu_ms,
    }
}

fn without_measurements(station: &Station, reason: String) -> Row {
    Row {
        network: station.network.clone(),
        place: station.place.clone(),
        form: None,
        usable: false,
        reason: Some(reason),
        graph: None,
        difference: 0.0,
        difference_value: 0.0,
        open_ms: 0.0,
        ms: 0.0,
        cpu_ms: 0.0,
    }
}

fn judge(rows: &[Row]) -> Finding {
    let mut table = format!(
        "{:<15} {:<11} {:<8} {:>9} {:>9} {:>8} {:>9}",
        "network", "on", "input", "difference", "ms", "cpu, ms", "open, ms"
    );
    for row in rows {
        table += &format!(
            "\n{:<15} {:<11} {:<8}",
            row.network,
            row.place,
            row.form.as_deref().unwrap_or("–")
        );
        // What was measured before it was refused is worth knowing, too.
        if row.ms > 0.0 {
            table += &format!(
                " {:>9.1} % {:>9.2} {:>8.2} {:>9.0}",
                row.difference * 100.0,
                row.ms,
                row.cpu_ms,
                row.open_ms
            );
        }
        if let Some(graph) = row.graph {
            table += &format!("  {}", graph_record(graph));
        }
        if let Some(reason) = &row.reason {
            table += &format!("\n  NOT USED: {reason}");
        } else if row.ms > row.cpu_ms {
            table += "  (slower than the cpu)";
        }
    }
    table += "\n(difference from the cpu, as a share of what is tolerated)";
    if rows.iter().all(|row| row.usable) {
        return Finding::ok(NAME, table);
    }
    let fix = "nothing needs to be mended: networks that cannot be used there run on the cpu by \
               default; an update of the system or of ONNX Runtime may help";
    Finding::warning(NAME, table, fix)
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    fn trial(verdict: Verdict) -> Trial {
        let form = |form: &str, difference| FormTrial {
            form: form.into(),
            graph: Some(GraphReport {
                partitions: 1,
                nodes: 10,
                nodes_on_cpu: 0,
            }),
            difference,
            difference_value: 0.1,
            open_ms: 100.0,
            ms: 2.0,
            cpu_ms: 4.0,
            remembered: false,
        };
        Trial {
            station: Station {
                network: "retinaface".into(),
                place: "coreml/ane".into(),
            },
            verdict,
            forms: vec![form("640x480", 0.1), form("480x640", 30.0)],
        }
    }

    #[test]
    fn each_form_has_a_line_and_refusals_say_why() {
        let good = rows_of(&trial(Verdict::Usable));
        assert_eq!(good.len(), 2);
        assert_eq!(judge(&good).status, Status::Ok);
        let bad = rows_of(&trial(Verdict::Refused("wrong numbers".into())));
        assert_eq!([bad[0].usable, bad[1].usable], [true, false]);
        let finding = judge(&bad);
        assert_eq!(finding.status, Status::Warning);
        assert!(finding.found.contains("NOT USED: wrong numbers"));
        assert!(finding.found.contains("3000.0 %"), "{}", finding.found);
    }

    #[test]
    fn a_trial_that_never_began_to_measure_has_a_line_too() {
        let trial = Trial {
            forms: Vec::new(),
            ..trial(Verdict::Unavailable("no device".into()))
        };
        let rows = rows_of(&trial);
        assert_eq!(rows[0].reason.as_deref(), Some("no device"));
        assert!(judge(&rows).found.contains("NOT USED: no device"));
    }
}
