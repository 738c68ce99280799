//! Networks that are plain functions, for tests.

use crate::network::{Dimension, Network, NetworkError, Output, Shape, Signature, Tensor};

/// What a fake network answers: shape and values of each output.
pub(crate) type Answer = Vec<(Vec<usize>, Vec<f32>)>;

/// A network whose answer is computed by a function of the input's shape and values.
pub(crate) struct FakeNetwork<F> {
    name: &'static str,
    answer: F,
}

impl<F: FnMut(&[usize], &[f32]) -> Answer> FakeNetwork<F> {
    pub(crate) fn new(name: &'static str, answer: F) -> Self {
        Self { name, answer }
    }
}

impl<F: FnMut(&[usize], &[f32]) -> Answer> Network for FakeNetwork<F> {
    fn name(&self) -> &str {
        self.name
    }

    fn run(
        &mut self,
        shape: &[usize],
        input: &[f32],
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), NetworkError> {
        assert_eq!(shape.iter().product::<usize>(), input.len());
        let answers = (self.answer)(shape, input);
        outputs.resize_with(answers.len(), Tensor::default);
        for (output, (shape, data)) in outputs.iter_mut().zip(answers) {
            *output = Tensor { shape, data };
        }
        Ok(())
    }
}

/// What a model declares: the shape of its input and names and shapes of its outputs, written as
/// in `1x3x?x?`.
pub(crate) fn signature(input: &str, outputs: &[(&str, &str)]) -> Signature {
    let shape = |text: &str| Shape(text.split('x').map(|d| Dimension(d.parse().ok())).collect());
    let output = |&(name, text): &(&str, &str)| Output {
        name: name.to_owned(),
        shape: shape(text),
    };
    Signature {
        input: shape(input),
        outputs: outputs.iter().map(output).collect(),
    }
}
