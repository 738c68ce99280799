//! Trying networks out where they are to run: opened there and on the processor, run on the same
//! inputs, compared, timed. Nothing is analysed in a process that does this.
//!
//! What is found is noted in the folder where the provider keeps what it compiles, so that it is
//! found out once for each version of everything that it depends on. Opening a network here also
//! fills that folder, before other workers need it.

use std::time::Instant;

use faceau_inference::compiled::{Compiled, Taken};
use faceau_inference::verify::{self, difference};
use faceau_inference::{
    CompiledFiles, Library, NetworkOptions, OnnxNetwork, OpenError, Place, library,
};
use faceau_models::ResolvedFile;
use faceau_shared::protocol::{
    Connection, Examination, FormTrial, FromWorker, GraphReport, ProtocolError, Station, ToWorker,
    Trial, Verdict,
};
use faceau_vision::network::Network;
use serde::{Deserialize, Serialize};

use crate::networks::{Form, Known, known};

/// Timed inferences, after those that are compared.
const TIMED: usize = 5;

/// What is noted of a form on a place.
#[derive(Debug, Serialize, Deserialize)]
pub struct Note {
    verdict: Verdict,
    form: FormTrial,
}

impl Note {
    /// Reads what was noted; nothing if another version of this program wrote it.
    pub fn read(mark: &[u8]) -> Option<Self> {
        serde_json::from_slice(mark).ok()
    }

    /// Whether the form can be used.
    pub fn is_usable(&self) -> bool {
        self.verdict == Verdict::Usable
    }
}

/// Tries everything out that is asked for, and waits to be dismissed.
pub fn run(examination: &Examination, connection: &mut Connection) -> Result<(), ProtocolError> {
    let library = match library::load() {
        Ok(library) => library,
        Err(error) => {
            return connection
                .writer
                .send(&FromWorker::Refused(error.to_string()));
        }
    };
    for (station, reason) in &examination.unfinished {
        if let Ok(examiner) = Examiner::new(examination, &library, station) {
            examiner.remember_failure(reason);
        }
    }
    for station in &examination.trials {
        connection
            .writer
            .send(&FromWorker::Examining(station.clone()))?;
        let trial = match Examiner::new(examination, &library, station) {
            Ok(examiner) => examiner.examine(),
            Err(reason) => Trial {
                station: station.clone(),
                verdict: Verdict::Refused(reason),
                forms: Vec::new(),
            },
        };
        connection.writer.send(&FromWorker::Examined(trial))?;
    }
    if examination.trials.is_empty() {
        return Ok(());
    }
    match connection.reader.receive()? {
        ToWorker::Stop => Ok(()),
        _ => Err(ProtocolError::Garbage("only an end was expected".into())),
    }
}

/// Tries out one network on one place.
struct Examiner<'a> {
    library: &'a Library,
    station: &'a Station,
    known: &'static Known,
    place: Place,
    file: &'a ResolvedFile,
    afresh: bool,
}

impl<'a> Examiner<'a> {
    fn new(
        examination: &'a Examination,
        library: &'a Library,
        station: &'a Station,
    ) -> Result<Self, String> {
        let network = &station.network;
        let known = known(network).ok_or_else(|| format!("there is no network `{network}`"))?;
        let file = examination.setup.models.file(network);
        Ok(Self {
            library,
            station,
            known,
            place: (station.place.parse()).map_err(|error| format!("{error}"))?,
            file: file.ok_or_else(|| format!("the supervisor did not name `{network}`"))?,
            afresh: examination.afresh,
        })
    }

    fn examine(&self) -> Trial {
        let mut trial = Trial {
            station: self.station.clone(),
            verdict: Verdict::Usable,
            forms: Vec::new(),
        };
        for form in self.known.forms(self.file, self.place) {
            let Note { verdict, form } = self.form(&form);
            trial.forms.push(form);
            // One form that cannot be used is enough.
            if verdict != Verdict::Usable {
                trial.verdict = verdict;
                break;
            }
        }
        trial
    }

    fn compiled(&self, form: &Form) -> Compiled {
        let label = form.label(self.known.id);
        Compiled::of_user(&label, self.place, self.library, &form.digest())
    }

    /// What is noted of a form, or what is found now.
    fn form(&self, form: &Form) -> Note {
        let compiled = self.compiled(form);
        match compiled.take() {
            Ok(taken) => self.form_in(form, &taken),
            // Without a folder, everything is compiled and tried out each time.
            Err(_) => self.try_out(form, None),
        }
    }

    fn form_in(&self, form: &Form, taken: &Taken<'_>) -> Note {
        if !self.afresh
            && let Ok(Some(mark)) = taken.mark()
            && let Some(mut note) = Note::read(&mark)
        {
            note.form.remembered = true;
            return note;
        }
        let Ok(files) = taken.clear() else {
            return self.try_out(form, None);
        };
        let digest = form.digest();
        let note = self.try_out(
            form,
            Some(CompiledFiles {
                folder: &files,
                model: &digest,
            }),
        );
        // What is not there today may be tomorrow, without anything that this depends on changing.
        if !matches!(note.verdict, Verdict::Unavailable(_)) {
            note_down(taken, &note);
        }
        note
    }

    /// Notes that an earlier trial did not come to an end, wherever nothing else is known.
    fn remember_failure(&self, reason: &str) {
        for form in self.known.forms(self.file, self.place) {
            let compiled = self.compiled(&form);
            let Ok(taken) = compiled.take() else { continue };
            if matches!(taken.mark(), Ok(None)) && taken.clear().is_ok() {
                let note = Note {
                    verdict: Verdict::Refused(reason.to_owned()),
                    form: nothing_measured(&form),
                };
                note_down(&taken, &note);
            }
        }
    }

    fn try_out(&self, form: &Form, compiled: Option<CompiledFiles<'_>>) -> Note {
        let mut measured = nothing_measured(form);
        let verdict = match self.compare(form, compiled, &mut measured) {
            Ok(()) => Verdict::Usable,
            Err(verdict) => verdict,
        };
        Note {
            verdict,
            form: measured,
        }
    }

    fn compare(
        &self,
        form: &Form,
        compiled: Option<CompiledFiles<'_>>,
        measured: &mut FormTrial,
    ) -> Result<(), Verdict> {
        fn refused(error: impl ToString) -> Verdict {
            Verdict::Refused(error.to_string())
        }
        let model = form.read(self.file).map_err(refused)?;
        let (shape, range) = (form.shape(), self.known.range);
        let options = NetworkOptions {
            place: self.place,
            compiled,
            ..self.known.options()
        };
        let started = Instant::now();
        let opened = OnnxNetwork::open(self.library, &model, &options);
        let mut there = opened.map_err(|error| match error {
            OpenError::Provider { .. } => Verdict::Unavailable(error.to_string()),
            other => refused(other),
        })?;
        measured.open_ms = milliseconds(started);
        measured.graph = there.graph().map(|graph| GraphReport {
            partitions: graph.partitions,
            nodes: graph.nodes,
            nodes_on_cpu: graph.nodes_on_cpu,
        });
        let found = verify::run(&mut there, &shape, range).map_err(refused)?;
        measured.ms = time(&mut there, &shape, range).map_err(refused)?;
        drop(there);

        let options = self.known.options();
        let mut here = OnnxNetwork::open(self.library, &model, &options).map_err(refused)?;
        let expected = verify::run(&mut here, &shape, range).map_err(refused)?;
        measured.cpu_ms = time(&mut here, &shape, range).map_err(refused)?;

        // Each of the inputs has given all outputs.
        let outputs = expected.len() / verify::INPUTS;
        let tolerances = |place: usize| {
            let place = place % outputs.max(1);
            let tolerances = self.known.tolerances;
            tolerances[place.min(tolerances.len() - 1)]
        };
        let tolerances: Vec<_> = (0..expected.len()).map(tolerances).collect();
        let apart = difference(&expected, &found, &tolerances)
            .map_err(|error| self.differs(form, &error.to_string()))?;
        (measured.difference, measured.difference_value) = (apart.share, apart.value);
        if apart.share > 1.0 {
            let words = format!(
                "its results are up to {:.3} from the cpu's, {:.1} times what is tolerated",
                apart.value, apart.share
            );
            return Err(self.differs(form, &words));
        }
        Ok(())
    }

    fn differs(&self, form: &Form, what: &str) -> Verdict {
        let form = match form.name.as_str() {
            "" => String::new(),
            name => format!(" for {name}"),
        };
        Verdict::Refused(format!(
            "the network `{}`{form} gives something else on {} than on the cpu: {what}",
            self.known.id, self.place
        ))
    }
}

/// What cannot be noted is found out again next time.
fn note_down(taken: &Taken<'_>, note: &Note) {
    if let Ok(text) = serde_json::to_vec_pretty(note) {
        let _ = taken.finish(&text);
    }
}

fn nothing_measured(form: &Form) -> FormTrial {
    FormTrial {
        form: form.name.clone(),
        graph: None,
        difference: 0.0,
        difference_value: 0.0,
        open_ms: 0.0,
        ms: 0.0,
        cpu_ms: 0.0,
        remembered: false,
    }
}

/// Milliseconds for an inference: the median of a few.
fn time(
    network: &mut dyn Network,
    shape: &[usize],
    range: (f32, f32),
) -> Result<f64, faceau_vision::network::NetworkError> {
    let [input, ..] = verify::inputs(shape, range);
    let mut outputs = Vec::new();
    let mut times = Vec::new();
    for _ in 0..TIMED {
        let started = Instant::now();
        network.run(shape, &input, &mut outputs)?;
        times.push(milliseconds(started));
    }
    times.sort_by(f64::total_cmp);
    Ok(times[TIMED / 2])
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
