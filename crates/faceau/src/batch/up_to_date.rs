//! Whether an input is done already: policy on what lies where its outputs would go.

use std::path::Path;

use faceau_events::FrameCounts;

use faceau_engine::identity::{Identity, RecordedRun};
use faceau_outputs::{OutputError, OutputPaths};

/// What is to be done about an input.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Its outputs are to be made.
    Wanted,
    /// They are there, with as many frames, and would be the same.
    Finished(FrameCounts),
}

/// Looks at what is there. With `force` everything is made anew.
///
/// # Errors
/// When an output is there that would be another now.
pub(super) fn standing(
    paths: &OutputPaths,
    identity: &Identity,
    force: bool,
) -> Result<Standing, OutputError> {
    let Some(existing) = paths.existing().filter(|_| !force) else {
        return Ok(Standing::Wanted);
    };
    let recorded = RecordedRun::read(&paths.run_record());
    match compare(recorded.as_ref(), identity, paths.missing()) {
        Ok(frames) => Ok(Standing::Finished(frames)),
        Err(reason) => Err(OutputError::Exists {
            path: existing.into(),
            reason,
        }),
    }
}

/// The frames of outputs that are those wanted now, or why they are not.
fn compare(
    recorded: Option<&RecordedRun>,
    wanted: &Identity,
    missing: Option<&Path>,
) -> Result<FrameCounts, String> {
    let Some(recorded) = recorded else {
        return Err("no run record says how it was made".into());
    };
    if !recorded.complete {
        return Err("its run record is of a run that was stopped".into());
    }
    let differences = wanted.differences_of_result(&recorded.identity);
    if !differences.is_empty() {
        let texts: Vec<String> = differences.iter().map(ToString::to_string).collect();
        return Err(texts.join("; "));
    }
    match missing {
        Some(missing) => Err(format!("but {} is missing", missing.display())),
        None => Ok(recorded.frames.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceau_events::FrameCounts;
    use faceau_events::ModelIdentity;

    fn identity() -> Identity {
        let model = |id: &str| ModelIdentity {
            id: id.into(),
            ..ModelIdentity::default()
        };
        Identity {
            models: vec![model("a"), model("b")],
            ..Identity::default()
        }
    }

    fn frame_counts() -> FrameCounts {
        let mut counts = FrameCounts::default();
        (counts.written, counts.successful, counts.analysed) = (7, 6, 9);
        counts
    }

    fn recorded(change: impl FnOnce(&mut RecordedRun)) -> RecordedRun {
        let mut recorded = RecordedRun {
            complete: true,
            identity: identity(),
            frames: frame_counts(),
        };
        change(&mut recorded);
        recorded
    }

    #[test]
    fn the_same_is_not_done_twice() {
        let same = recorded(|_| {});
        assert_eq!(
            compare(Some(&same), &identity(), None),
            Ok(same.frames.clone())
        );
        let by_another_build = recorded(|run| run.identity.program.build = "older".into());
        assert!(compare(Some(&by_another_build), &identity(), None).is_ok());
    }

    #[test]
    fn what_is_not_the_same_is_said() {
        let missing = Path::new("a.hog");
        for (run, missing, word) in [
            (None, None, "no run record"),
            (Some(recorded(|run| run.complete = false)), None, "stopped"),
            (
                Some(recorded(|run| run.identity.input.bytes += 1)),
                None,
                "input",
            ),
            (
                Some(recorded(|run| run.identity.options.redetect_every = 9)),
                None,
                "redetect_every was 9",
            ),
            (
                Some(recorded(|run| run.identity.models.truncate(1))),
                None,
                "model files",
            ),
            (Some(recorded(|_| {})), Some(missing), "a.hog is missing"),
        ] {
            let reason = compare(run.as_ref(), &identity(), missing).unwrap_err();
            assert!(reason.contains(word), "{reason}");
        }
    }
}
