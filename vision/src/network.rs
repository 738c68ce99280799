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
