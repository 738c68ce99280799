//! A network that is run on pictures of one size for long: opened anew for that size, where there is
//! a file for it.
//!
//! Core ML takes more of a network, and runs it faster, when sizes are fixed in its file. Which
//! sizes those are is known only when the first frame comes.

use faceau_vision::network::{Network, NetworkError, Tensor};

/// Opens the network for inputs of a shape; `None` if there is no file for it or it cannot be used.
pub type OpenSized<N> = Box<dyn FnMut(&[usize]) -> Option<N>>;

/// The network for any size, and for the size that is in use.
pub struct BySize<N> {
    any: N,
    open: OpenSized<N>,
    /// The shape that was asked for last, and the network for it.
    last: Vec<usize>,
    sized: Option<N>,
}

impl<N> BySize<N> {
    /// Runs `any` wherever `open` has nothing.
    pub fn new(any: N, open: OpenSized<N>) -> Self {
        Self {
            any,
            open,
            last: Vec::new(),
            sized: None,
        }
    }
}

impl<N: Network> Network for BySize<N> {
    fn name(&self) -> &str {
        self.any.name()
    }

    fn run(
        &mut self,
        shape: &[usize],
        input: &[f32],
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), NetworkError> {
        if self.last != shape {
            shape.clone_into(&mut self.last);
            self.sized = (self.open)(shape);
        }
        let network = self.sized.as_mut().unwrap_or(&mut self.any);
        network.run(shape, input, outputs)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    /// Gives its own number out.
    struct Numbered(f32);

    impl Network for Numbered {
        fn name(&self) -> &str {
            "numbered"
        }

        fn run(
            &mut self,
            shape: &[usize],
            _: &[f32],
            outputs: &mut Vec<Tensor>,
        ) -> Result<(), NetworkError> {
            *outputs = vec![Tensor {
                shape: shape.to_vec(),
                data: vec![self.0],
            }];
            Ok(())
        }
    }

    #[test]
    fn each_size_is_opened_once_and_others_run_on_the_general_network() {
        let asked = Rc::new(RefCell::new(Vec::new()));
        let open: OpenSized<Numbered> = {
            let asked = Rc::clone(&asked);
            Box::new(move |shape| {
                asked.borrow_mut().push(shape[0]);
                (shape[0] != 7).then(|| Numbered(shape[0] as f32))
            })
        };
        let mut network = BySize::new(Numbered(0.0), open);
        let mut run = |side: usize| {
            let mut outputs = Vec::new();
            network.run(&[side], &[], &mut outputs).unwrap();
            outputs[0].data[0]
        };
        assert_eq!(
            [3, 3, 5, 7, 7, 3].map(&mut run),
            [3.0, 3.0, 5.0, 0.0, 0.0, 3.0]
        );
        assert_eq!(*asked.borrow(), [3, 5, 7, 3]);
    }
}
