//! Is there a worker program, does it belong to this one, and does it find its inference engine?

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::anyhow;
use faceau_shared::protocol::{EngineDescription, WorkerDescription, build_id};

use super::Finding;
use crate::commands::child::run_within;
use faceau::setup;

const PROGRAM: &str = "worker program";
const ENGINE: &str = "ONNX Runtime";
/// Loading a large library from a slow disk takes a while.
const PATIENCE: Duration = Duration::from_secs(60);
const BUILD_BOTH: &str = "build or install both programs together (scripts/run does)";

/// Asks the worker program about itself.
pub fn check(named: Option<&Path>) -> Vec<Finding> {
    let path = match setup::worker_program(Some(&crate::worker::program(named.map(Path::to_owned))))
    {
        Ok(path) => path,
        Err(error) => return vec![Finding::bad(PROGRAM, error.to_string(), BUILD_BOTH)],
    };
    let shown = path.display();
    let description = match describe(&path) {
        Ok(description) => description,
        Err(error) => return vec![Finding::bad(PROGRAM, error.to_string(), BUILD_BOTH)],
    };
    if description.build != build_id() {
        let found = format!("{shown} is of another build, {}", description.build);
        return vec![Finding::bad(PROGRAM, found, BUILD_BOTH)];
    }
    let program = Finding::ok(PROGRAM, format!("{shown}, of this build"));
    vec![program, engine(description.engine)]
}

/// What a worker program says of itself.
///
/// # Errors
/// When it cannot be run, or is another program.
pub fn describe(program: &Path) -> anyhow::Result<WorkerDescription> {
    let shown = program.display();
    let output = run_within(Command::new(program).arg("--describe"), PATIENCE)
        .map_err(|error| anyhow!("{shown} does not run: {error}"))?;
    serde_json::from_slice(&output.stdout)
        .map_err(|_| anyhow!("{shown} is another program, or of another build"))
}

fn engine(engine: Result<EngineDescription, String>) -> Finding {
    match engine {
        Ok(engine) => Finding::ok(
            ENGINE,
            format!(
                "{} in {}, built with: {}",
                engine.version,
                engine.path,
                engine.providers.join(", ")
            ),
        ),
        Err(reason) => Finding::bad(
            ENGINE,
            reason,
            "run scripts/setup, which fetches it, or set ORT_DYLIB_PATH to the library's file",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    #[test]
    fn an_engine_is_described_or_missed() {
        let found = engine(Ok(EngineDescription {
            path: "/lib/ort.so".into(),
            version: "1.2.3".into(),
            providers: vec!["cpu".into(), "cuda".into()],
        }));
        assert_eq!(found.found, "1.2.3 in /lib/ort.so, built with: cpu, cuda");
        let missed = engine(Err("not found".into()));
        assert_eq!(missed.status, Status::Bad);
        assert!(missed.fix.is_some());
    }

    #[test]
    fn another_program_is_no_worker() {
        let found = check(Some(Path::new("/bin/ls")));
        assert_eq!((found.len(), found[0].status), (1, Status::Bad));
        let found = check(Some(Path::new("/no/such/worker")));
        assert_eq!(found[0].status, Status::Bad);
    }
}
