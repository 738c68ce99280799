//! A stand-in for an accelerator that does one inference at a time per process, as Core ML does: all
//! sessions of the process share a lock that an inference holds until the "device" is done.
//!
//! The supervisor can ask for it, to see what processes are good for; networks then take at least so
//! long. `faceau-worker --simulate-accelerator MS THREADS COUNT` shows what threads are good for:
//! each has a session of its own, which computes nothing.

use std::process::ExitCode;
use std::sync::{Barrier, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use faceau_vision::network::{Network, NetworkError, Tensor};

/// One per process, as the real one has.
static DEVICE: Mutex<()> = Mutex::new(());

/// The process's device, which takes so long for an inference.
#[derive(Debug, Clone, Copy)]
pub struct Device {
    takes: Duration,
}

impl Device {
    /// One that takes so many milliseconds; none for 0.
    pub fn simulated(milliseconds: u16) -> Option<Self> {
        let takes = Duration::from_millis(milliseconds.into());
        (milliseconds > 0).then_some(Self { takes })
    }

    /// Keeps the device busy for as long as an inference takes, in which `work` is done, too.
    pub fn occupied<T>(self, work: impl FnOnce() -> T) -> T {
        let device = DEVICE.lock().unwrap_or_else(PoisonError::into_inner);
        let began = Instant::now();
        let done = work();
        // The device works; the processor is free meanwhile.
        thread::sleep(self.takes.saturating_sub(began.elapsed()));
        drop(device);
        done
    }
}

/// A session that keeps the process's device busy for a while and returns its input.
struct StandIn {
    device: Device,
}

impl Network for StandIn {
    fn name(&self) -> &str {
        "stand-in"
    }

    fn run(
        &mut self,
        shape: &[usize],
        input: &[f32],
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), NetworkError> {
        self.device.occupied(|| {});
        outputs.resize_with(1, Tensor::default);
        outputs[0].shape.clear();
        outputs[0].shape.extend_from_slice(shape);
        outputs[0].data.clear();
        outputs[0].data.extend_from_slice(input);
        Ok(())
    }
}

/// Runs it and prints inferences per second.
pub fn run(arguments: &[String]) -> ExitCode {
    let numbers: Option<Vec<u32>> = arguments.iter().map(|word| word.parse().ok()).collect();
    let Some(&[milliseconds, threads @ 1..=256, count @ 1..=1_000_000]) = numbers.as_deref() else {
        eprintln!("faceau-worker --simulate-accelerator takes three numbers: MS THREADS COUNT");
        return ExitCode::from(2);
    };
    let takes = Duration::from_millis(milliseconds.into());
    let rate = rate(takes, threads as usize, count);
    println!("{rate}");
    ExitCode::SUCCESS
}

/// Inferences per second of so many threads, each doing `count`.
fn rate(takes: Duration, threads: usize, count: u32) -> f64 {
    let together = Barrier::new(threads + 1);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let device = Device { takes };
                    let mut session = StandIn { device };
                    let mut outputs = Vec::new();
                    together.wait();
                    for _ in 0..count {
                        // It cannot fail.
                        let _ = session.run(&[1], &[0.0], &mut outputs);
                    }
                })
            })
            .collect();
        // Nobody begins before this thread has come, too.
        let started = Instant::now();
        together.wait();
        for worker in workers {
            // A thread that panicked has done nothing, which shows in the rate.
            let _ = worker.join();
        }
        f64::from(count) * threads as f64 / started.elapsed().as_secs_f64()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However many threads there are, the device does one inference at a time.
    #[test]
    fn threads_share_the_device() {
        let takes = Duration::from_millis(5);
        for threads in [1, 4] {
            assert!(rate(takes, threads, 5) <= 1.0 / takes.as_secs_f64());
        }
    }

    #[test]
    fn a_session_returns_its_input() {
        let mut outputs = Vec::new();
        let takes = Duration::ZERO;
        let device = Device { takes };
        let mut session = StandIn { device };
        session.run(&[2], &[1.0, 2.0], &mut outputs).unwrap();
        assert_eq!(
            (&outputs[0].shape[..], &outputs[0].data[..]),
            (&[2][..], &[1.0, 2.0][..])
        );
    }
}
