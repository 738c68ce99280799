//! What this library needs of an inference engine, and no more.
//!
//! The engine itself (ONNX Runtime and its providers) is somebody else's; tests hand in networks
//! that are plain functions.

/// One dense float tensor, row-major.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tensor {
    /// Side lengths, outermost first.
    pub shape: Vec<usize>,
    /// The values; their number is the product of `shape`.
    pub data: Vec<f32>,
}

/// Size of one dimension of a network's input or output: fixed, or left open by the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dimension(pub Option<usize>);

impl Dimension {
    /// Whether it can be this.
    pub fn may_be(self, size: usize) -> bool {
        self.0.is_none_or(|fixed| fixed == size)
    }
}

/// The shape that a model declares for an input or output, outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape(pub Vec<Dimension>);

impl Shape {
    /// Whether a tensor of these sizes fits.
    pub fn accepts(&self, sizes: &[usize]) -> bool {
        self.0.len() == sizes.len() && self.0.iter().zip(sizes).all(|(d, &size)| d.may_be(size))
    }
}

impl std::fmt::Display for Shape {
    /// As in `1x3x?x?`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, dimension) in self.0.iter().enumerate() {
            let between = if i == 0 { "" } else { "x" };
            match dimension.0 {
                Some(size) => write!(f, "{between}{size}")?,
                None => write!(f, "{between}?")?,
            }
        }
        Ok(())
    }
}

/// An output as a model declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its name. Exporters may give one name to several.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
}

/// What a model says of its one input and its outputs, before it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Shape of the input.
    pub input: Shape,
    /// The outputs in the model's order.
    pub outputs: Vec<Output>,
}

impl Signature {
    /// The outputs with their shapes, for messages.
    pub fn describe_outputs(&self) -> String {
        let describe = |output: &Output| format!("{} {}", output.name, output.shape);
        let all: Vec<String> = self.outputs.iter().map(describe).collect();
        all.join(", ")
    }
}

/// A network could not be run.
#[derive(Debug, thiserror::Error)]
#[error("the network `{network}` could not be run: {reason}")]
pub struct NetworkError {
    /// Name of the network, as users know the model.
    pub network: String,
    /// What the engine said.
    pub reason: String,
}

/// A neural network with one float input and one or more float outputs.
///
/// An implementation may keep state (arenas, device buffers) but must give the same outputs for
/// the same input.
pub trait Network {
    /// Name of the network, for messages.
    fn name(&self) -> &str;

    /// Runs on `input` of the given `shape` and leaves the outputs in `outputs`, in the order that
    /// was fixed when the network was opened. `outputs` is reused from call to call so that its
    /// buffers are allocated once.
    ///
    /// # Errors
    /// When the engine fails, or refuses the shape.
    fn run(
        &mut self,
        shape: &[usize],
        input: &[f32],
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), NetworkError>;
}

/// The values of the first output, of which there must be `COUNT`.
///
/// # Errors
/// When `network` returned another number of values.
pub fn first_output<'a, const COUNT: usize>(
    network: &impl Network,
    outputs: &'a [Tensor],
) -> Result<&'a [f32; COUNT], NetworkError> {
    let output = outputs.first().map_or(&[] as &[f32], |tensor| &tensor.data);
    output.try_into().map_err(|_| NetworkError {
        network: network.name().to_owned(),
        reason: format!("it returned {} values instead of {COUNT}", output.len()),
    })
}

impl<N: Network + ?Sized> Network for Box<N> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn run(
        &mut self,
        shape: &[usize],
        input: &[f32],
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), NetworkError> {
        (**self).run(shape, input, outputs)
    }
}
