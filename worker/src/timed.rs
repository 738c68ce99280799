//! A network that notes when it ran.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use faceau_vision::network::{Network, NetworkError, Tensor};

use crate::simulation::Device;

/// Inferences of one frame that are noted one by one.
const MOST_INFERENCES: usize = 32;

/// One run of a network.
#[derive(Debug, Clone, Copy)]
pub struct Inference {
    /// The network's number among the sessions.
    pub network: u32,
    /// When it began.
    pub began: Instant,
    /// How long it took, in nanoseconds.
    pub nanos: u64,
}

/// The inferences since it was last cleared, of all networks that share it.
#[derive(Debug, Clone, Default)]
pub struct InferenceLog(Rc<RefCell<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    nanos: u64,
    inferences: Vec<Inference>,
}

impl InferenceLog {
    /// Forgets them.
    pub fn clear(&self) {
        let mut noted = self.0.borrow_mut();
        noted.nanos = 0;
        noted.inferences.clear();
    }

    /// How long all of them took together, in nanoseconds.
    pub fn nanos(&self) -> u64 {
        self.0.borrow().nanos
    }

    /// Shows those that were noted one by one, in order.
    pub fn each(&self, show: impl FnMut(&Inference)) {
        self.0.borrow().inferences.iter().for_each(show);
    }

    fn note(&self, inference: Inference) {
        let mut noted = self.0.borrow_mut();
        noted.nanos += inference.nanos;
        if noted.inferences.len() < MOST_INFERENCES {
            noted.inferences.push(inference);
        }
    }
}

/// A network that notes its inferences in a log.
pub struct Timed<N> {
    network: N,
    number: u32,
    log: InferenceLog,
    /// On a simulated accelerator.
    device: Option<Device>,
}

impl<N> Timed<N> {
    /// Has `network`, of this number among the sessions, note its inferences in `log`.
    pub fn new(network: N, number: usize, log: &InferenceLog, device: Option<Device>) -> Self {
        Self {
            network,
            number: number as u32,
            log: log.clone(),
            device,
        }
    }

    /// Makes another network note its inferences as if they were this one's.
    pub fn like(&self) -> impl Fn(N) -> Self + use<N> {
        let (number, log, device) = (self.number as usize, self.log.clone(), self.device);
        move |network| Self::new(network, number, &log, device)
    }
}

impl<N: Network> Network for Timed<N> {
    fn name(&self) -> &str {
        self.network.name()
    }

    fn run(
        &mut self,
        shape: &[usize],
        input: &[f32],
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), NetworkError> {
        let began = Instant::now();
        let network = &mut self.network;
        let ran = match self.device {
            Some(device) => device.occupied(|| network.run(shape, input, outputs)),
            None => network.run(shape, input, outputs),
        };
        self.log.note(Inference {
            network: self.number,
            began,
            nanos: began.elapsed().as_nanos() as u64,
        });
        ran
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its input back.
    struct Echo;

    impl Network for Echo {
        fn name(&self) -> &str {
            "echo"
        }

        fn run(
            &mut self,
            shape: &[usize],
            input: &[f32],
            outputs: &mut Vec<Tensor>,
        ) -> Result<(), NetworkError> {
            outputs.clear();
            outputs.push(Tensor {
                shape: shape.to_vec(),
                data: input.to_vec(),
            });
            Ok(())
        }
    }

    #[test]
    fn networks_that_share_a_log_are_told_apart() {
        let log = InferenceLog::default();
        let mut networks = [0, 1].map(|number| Timed::new(Echo, number, &log, None));
        let mut outputs = Vec::new();
        for number in [0, 1, 1] {
            networks[number].run(&[1], &[2.5], &mut outputs).unwrap();
            assert_eq!(outputs[0].data, [2.5]);
        }
        let (mut numbers, mut sum) = (Vec::new(), 0);
        log.each(|inference| {
            numbers.push(inference.network);
            sum += inference.nanos;
        });
        assert_eq!(numbers, [0, 1, 1]);
        assert_eq!(log.nanos(), sum);
        log.clear();
        assert_eq!(log.nanos(), 0);
        log.each(|inference| panic!("{inference:?}"));
    }
}
