//! Trying networks out where they are to run, before any work depends on it.
//!
//! A worker that is told to examine does nothing else: it opens each network on its place and on the
//! processor, runs both on the same inputs and says what it found. That it is a process of its own
//! means that a place that hangs or crashes costs nothing but this process.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Setup;

/// What is to be examined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Examination {
    /// As workers will be set up; its places do not count.
    pub setup: Setup,
    /// The networks, each on a place.
    pub trials: Vec<Station>,
    /// Whether to try again what was tried before.
    pub afresh: bool,
    /// Trials that did not come to an end, and why: to be remembered as failed.
    pub unfinished: Vec<(Station, String)>,
}

/// A network on a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Station {
    /// The network, by the identifier of its model.
    pub network: String,
    /// Where it is to run, as in `coreml/gpu`.
    pub place: String,
}

impl fmt::Display for Station {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.network, self.place)
    }
}

/// What was found out about a network on a place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// What was tried.
    pub station: Station,
    /// What it is worth.
    pub verdict: Verdict,
    /// The forms of the network that were tried, one for each fixed size of its input.
    pub forms: Vec<FormTrial>,
}

/// Whether a network can be run on a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It gives what it gives on the processor.
    Usable,
    /// The provider cannot be set up, whatever the network; why.
    Unavailable(String),
    /// It cannot be opened or run there, or gives something else; why.
    Refused(String),
}

/// What was measured of one form of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FormTrial {
    /// The size that it is for, as in `640x480`; empty for a network of one size or any.
    pub form: String,
    /// How it is divided, if the engine tells.
    pub graph: Option<GraphReport>,
    /// The largest difference from the processor's results, as a share of what is tolerated.
    pub difference: f32,
    /// The same in the unit of the output.
    pub difference_value: f32,
    /// Milliseconds that it took to open when it was tried first.
    pub open_ms: f64,
    /// Milliseconds for an inference: the median of a few.
    pub ms: f64,
    /// The same on the processor.
    pub cpu_ms: f64,
    /// Whether all this is remembered from an earlier trial.
    pub remembered: bool,
}

/// How a network is divided between a provider and the processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphReport {
    /// Connected parts that the provider has taken.
    pub partitions: usize,
    /// Operations of the network.
    pub nodes: usize,
    /// Of these, operations left to the processor.
    pub nodes_on_cpu: usize,
}

/// With more parts than this, going back and forth costs more than a provider is likely to save.
const MANY_PARTITIONS: usize = 4;

impl GraphReport {
    /// Whether the network is torn into so many parts, or so little of it is taken, that the
    /// processor is likely to be faster.
    pub fn is_torn(&self) -> bool {
        self.partitions > MANY_PARTITIONS || self.nodes_on_cpu * 2 > self.nodes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graph_is_judged() {
        let graph = |partitions, nodes_on_cpu| GraphReport {
            partitions,
            nodes: 80,
            nodes_on_cpu,
        };
        assert!(!graph(4, 40).is_torn());
        assert!(graph(5, 0).is_torn() && graph(0, 80).is_torn());
    }
}
