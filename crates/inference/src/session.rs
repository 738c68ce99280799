//! One model, opened and ready to run.

use std::path::Path;

use faceau_vision::network::{Dimension, Network, NetworkError, Output, Shape, Signature, Tensor};
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::session::{HasSelectedOutputs, OutputSelector, RunOptions, Session};

use ort::value::{Outlet, TensorElementType, TensorRef};

use crate::assignment::{self, GraphShare};
use crate::coreml;
use crate::denormals::AsZero;
use crate::library::Library;
use crate::place::Place;
use crate::prepared::Prepared;
use crate::provider::Provider;

/// A rule by which the outputs of a model are chosen.
pub type ChooseOutputs = fn(&Signature) -> Result<Vec<usize>, String>;

/// How to open a model.
#[derive(Debug, Clone, Default)]
pub struct NetworkOptions<'a> {
    /// What users know the model as; used in messages.
    pub name: &'a str,
    /// Where it runs.
    pub place: Place,
    /// Names of the outputs in the order in which they are wanted; all outputs in the model's own
    /// order when empty.
    pub outputs: &'a [&'a str],
    /// Chooses the outputs that are wanted, by their places, from what the model declares, where
    /// names cannot tell; or says why this is not the model expected. `outputs` is empty then.
    pub choose: Option<ChooseOutputs>,
    /// Where the prepared form of a large network is kept, so that processes share its weights.
    /// It is used on the processor only; other providers have caches of their own.
    pub prepared: Option<Prepared<'a>>,
    /// Where the provider may keep what it compiles, if it is one that does.
    pub compiled: Option<CompiledFiles<'a>>,
    /// Sizes of input dimensions that the model leaves open, by their names in the model. With
    /// them fixed, ONNX Runtime plans memory ahead and Core ML can take more of the network.
    pub dimensions: &'a [(&'a str, usize)],
}

/// Where a provider keeps what it makes of a network.
#[derive(Debug, Clone, Copy)]
pub struct CompiledFiles<'a> {
    /// A folder for this network on this place alone; see [`crate::compiled`].
    pub folder: &'a Path,
    /// SHA-256 of the model in hexadecimal.
    pub model: &'a str,
}

/// A model could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The provider cannot be set up at all: it is not built in, or its libraries or device are
    /// missing.
    #[error("the network `{network}` cannot use the provider {place}: {reason}")]
    Provider {
        /// Name of the network.
        network: String,
        /// The place that was asked for.
        place: Place,
        /// What the engine said.
        reason: String,
    },
    /// The provider is there but refuses the model.
    #[error("the network `{network}` could not be opened on {place}: {reason}")]
    ModelOnProvider {
        /// Name of the network.
        network: String,
        /// The place that was asked for.
        place: Place,
        /// What the engine said.
        reason: String,
    },
    /// The engine refuses the model.
    #[error("the network `{network}` could not be opened: {reason}")]
    Model {
        /// Name of the network.
        network: String,
        /// What the engine said.
        reason: String,
    },
    /// The model is not of the kind that is expected: one float input, float outputs, and among
    /// these the ones that are wanted.
    #[error("the network `{network}` is not the one expected: {reason}")]
    Unexpected {
        /// Name of the network.
        network: String,
        /// What is different.
        reason: String,
    },
}

/// A model in an ONNX Runtime session of its own, which computes on the calling thread.
pub struct OnnxNetwork {
    name: String,
    session: Session,
    /// For each output that is wanted, its place among those that are asked for.
    outputs: Vec<usize>,
    /// Asks for these, so that the engine neither computes nor copies others.
    request: RunOptions<HasSelectedOutputs>,
    place: Place,
    graph: Option<GraphShare>,
    unprepared: Option<String>,
}

impl OnnxNetwork {
    /// Opens a model from the bytes of its file.
    ///
    /// # Errors
    /// When the engine refuses the model, when the provider cannot be used, or when the model's
    /// inputs and outputs are not as expected.
    pub fn open(
        library: &Library,
        model: &[u8],
        options: &NetworkOptions<'_>,
    ) -> Result<Self, OpenError> {
        let mut unprepared = None;
        let session = open_session(library, model, options, &mut unprepared)?;
        let chosen = choose_outputs(&session, options)?;
        let (request, outputs) =
            request_outputs(&session, &chosen).map_err(|e| OpenError::Model {
                network: options.name.to_owned(),
                reason: e.to_string(),
            })?;
        let graph = match options.place.provider {
            Provider::Cpu => None,
            _ => assignment::of(&session),
        };
        Ok(Self {
            outputs,
            request,
            name: options.name.to_owned(),
            session,
            place: options.place,
            graph,
            unprepared,
        })
    }

    /// Where the network runs. Single operations that the provider does not know run on the
    /// processor all the same; see [`OnnxNetwork::graph`].
    pub fn place(&self) -> Place {
        self.place
    }

    /// How the network is divided between its provider and the processor; `None` on the processor
    /// itself, and where the engine does not tell.
    pub fn graph(&self) -> Option<GraphShare> {
        self.graph
    }

    /// Why the prepared form is not used although it was asked for. It costs memory and nothing
    /// else.
    pub fn unprepared(&self) -> Option<&str> {
        self.unprepared.as_deref()
    }
}

impl std::fmt::Debug for OnnxNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OnnxNetwork")
            .field("name", &self.name)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// Opens a session.
fn open_session(
    library: &Library,
    model: &[u8],
    options: &NetworkOptions<'_>,
    unprepared: &mut Option<String>,
) -> Result<Session, OpenError> {
    let network = || options.name.to_owned();
    let place = options.place;
    let not_opened = |error: ort::Error| OpenError::Model {
        network: network(),
        reason: error.to_string(),
    };
    if let (Provider::Cpu, Some(prepared)) = (place.provider, &options.prepared) {
        match prepared.open(options.name, library, model, || configure(library, options)) {
            Ok(session) => return Ok(session),
            Err(reason) => *unprepared = Some(reason),
        }
    }
    let mut builder = configure(library, options).map_err(not_opened)?;
    let compiled = options.compiled.filter(|_| place.keeps_compiled());
    let folder = compiled.map(|compiled| compiled.folder);
    let Some(registration) = place.registration(folder) else {
        return builder.commit_from_memory(model).map_err(not_opened);
    };
    let (key, value) = assignment::RECORD;
    let mut builder = builder
        .with_config_entry(key, value)
        .map_err(|error| not_opened(error.into()))?;
    registration
        .register(&mut builder)
        .map_err(|error| OpenError::Provider {
            network: network(),
            place,
            reason: in_one_line(&error),
        })?;
    let opened = match (place.provider, compiled) {
        (Provider::CoreMl, Some(compiled)) => {
            builder.commit_from_memory(&coreml::with_key(model, compiled.model))
        }
        _ => builder.commit_from_memory(model),
    };
    opened.map_err(|error| OpenError::ModelOnProvider {
        network: network(),
        place,
        reason: in_one_line(&error),
    })
}

/// What the engine said; providers like to say it in several lines.
fn in_one_line(error: &ort::Error) -> String {
    let text = error.to_string();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.trim_end_matches('.').to_owned()
}

/// One thread, which is the caller's: workers are processes, and more threads would only get in
/// each other's way.
fn configure(library: &Library, options: &NetworkOptions<'_>) -> ort::Result<SessionBuilder> {
    let mut builder = Session::builder(library.environment())?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_parallel_execution(false)?
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?
        .with_optimization_level(GraphOptimizationLevel::All)?;
    for &(name, size) in options.dimensions {
        builder = builder.with_dimension_override(name, i64::try_from(size).unwrap_or(i64::MAX))?;
    }
    Ok(builder)
}

/// Checks the model's inputs and outputs and finds the outputs that are wanted.
fn choose_outputs(
    session: &Session,
    options: &NetworkOptions<'_>,
) -> Result<Vec<usize>, OpenError> {
    let unexpected = |reason: String| OpenError::Unexpected {
        network: options.name.to_owned(),
        reason,
    };
    let is_float =
        |outlet: &Outlet| outlet.dtype().tensor_type() == Some(TensorElementType::Float32);
    match session.inputs() {
        [input] if is_float(input) => {}
        inputs => {
            let reason = format!("it has {} inputs, or not one of floats", inputs.len());
            return Err(unexpected(reason));
        }
    }
    let all = session.outputs();
    let chosen = if let Some(choose) = options.choose {
        choose(&signature(session)).map_err(unexpected)?
    } else if options.outputs.is_empty() {
        (0..all.len()).collect()
    } else {
        let place = |name: &&str| {
            all.iter()
                .position(|output| output.name() == *name)
                .ok_or_else(|| {
                    let names: Vec<&str> = all.iter().map(Outlet::name).collect();
                    unexpected(format!(
                        "it has no output `{name}`, only {}",
                        names.join(", ")
                    ))
                })
        };
        options
            .outputs
            .iter()
            .map(place)
            .collect::<Result<Vec<_>, _>>()?
    };
    match chosen
        .iter()
        .map(|&i| &all[i])
        .find(|output| !is_float(output))
    {
        None => Ok(chosen),
        Some(output) => Err(unexpected(format!(
            "its output `{}` is not of floats",
            output.name()
        ))),
    }
}

/// What a model with one input declares.
fn signature(session: &Session) -> Signature {
    let shape = |outlet: &Outlet| {
        let sides = outlet.dtype().tensor_shape();
        let sides = sides.into_iter().flat_map(|shape| shape.iter());
        Shape(
            sides
                .map(|&side| Dimension(usize::try_from(side).ok()))
                .collect(),
        )
    };
    Signature {
        input: session.inputs().first().map_or(Shape(Vec::new()), shape),
        outputs: session
            .outputs()
            .iter()
            .map(|outlet| Output {
                name: outlet.name().to_owned(),
                shape: shape(outlet),
            })
            .collect(),
    }
}

/// Asks for the outputs at the places `chosen`, each name once even if several outputs share it;
/// returns where each of them is among what is asked for.
fn request_outputs(
    session: &Session,
    chosen: &[usize],
) -> ort::Result<(RunOptions<HasSelectedOutputs>, Vec<usize>)> {
    let mut names: Vec<&str> = Vec::new();
    let mut places = Vec::new();
    for &i in chosen {
        let name = session.outputs()[i].name();
        let place = names.iter().position(|&n| n == name);
        places.push(place.unwrap_or(names.len()));
        if place.is_none() {
            names.push(name);
        }
    }
    let selector = names
        .into_iter()
        .fold(OutputSelector::no_default(), OutputSelector::with);
    Ok((RunOptions::new()?.with_outputs(selector), places))
}

impl Network for OnnxNetwork {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(
        &mut self,
        shape: &[usize],
        input: &[f32],
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), NetworkError> {
        let failed = |error: ort::Error| NetworkError {
            network: self.name.clone(),
            reason: error.to_string(),
        };
        // The engine reads the caller's values in place.
        let input = TensorRef::from_array_view((shape, input)).map_err(failed)?;
        let computed = {
            let _zero = AsZero::begin();
            self.session
                .run_with_options(ort::inputs![input], &self.request)
                .map_err(failed)?
        };
        outputs.resize_with(self.outputs.len(), Tensor::default);
        for (output, &i) in outputs.iter_mut().zip(&self.outputs) {
            let (shape, data) = computed[i].try_extract_tensor::<f32>().map_err(failed)?;
            output.shape.clear();
            output
                .shape
                .extend(shape.iter().map(|&side| usize::try_from(side).unwrap_or(0)));
            output.data.clear();
            output.data.extend_from_slice(data);
        }
        Ok(())
    }
}
