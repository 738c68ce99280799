//! The pipelines that tests run with the real worker, on tiny networks.

use crate::openface3::{self, Export};
use crate::program::{Bench, Supervisor};

/// A pipeline, and what else it is told.
#[derive(Debug, Clone, Copy)]
pub struct Pipeline {
    /// Arguments that choose it.
    pub args: &'static [&'static str],
}

/// RetinaFace and PFLD, then OpenFace 2.2's action units.
pub const PFLD: Pipeline = Pipeline {
    args: &["--pipeline", "pfld"],
};

/// OpenFace 3.0's networks.
pub const OPENFACE3: Pipeline = Pipeline {
    args: &["--pipeline", "openface3"],
};

/// The same with a box that follows the landmarks, so that each frame depends on those before.
pub const OPENFACE3_FOLLOWING: Pipeline = Pipeline {
    args: &["--pipeline", "openface3", "--redetect", "7"],
};

/// The same as an earlier program did it.
pub const OPENFACE3_COMPATIBLE: Pipeline = Pipeline {
    args: &["--pipeline", "openface3", "--compat", "facemirror"],
};

/// All of these.
pub const ALL: [Pipeline; 4] = [PFLD, OPENFACE3, OPENFACE3_FOLLOWING, OPENFACE3_COMPATIBLE];

/// A bench with the models of all of these.
#[must_use]
pub fn bench() -> Bench {
    let bench = Bench::new();
    openface3::write(&bench.models(), Export::Later);
    bench
}

impl Pipeline {
    /// The supervisor with the real worker.
    #[must_use]
    pub fn supervisor(&self, bench: &Bench) -> Supervisor {
        bench.supervisor().args(self.args)
    }
}
