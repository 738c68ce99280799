//! Which pipelines can run with the model files that are there?

use std::collections::BTreeMap;
use std::path::Path;

use faceau_models::{FileState, Manifest, ModelSet, ModelsError, Store};

use super::Finding;
use faceau::settings::{Choice, PipelineChoice};

const NAME: &str = "models";

/// Reads all model files that pipelines use. Also returns the pipeline to try, if one can run.
pub fn check(folder: Option<&Path>, allow_unknown: bool) -> (Vec<Finding>, Option<PipelineChoice>) {
    match states(folder) {
        Ok(sets) => (judge(&sets, allow_unknown), to_try(&sets, allow_unknown)),
        Err(error) => {
            let finding = Finding::bad(
                NAME,
                error.to_string(),
                "make the file readable, or install the models anew (models install)",
            );
            (vec![finding], None)
        }
    }
}

/// How a pipeline's files are.
struct SetState {
    set: ModelSet,
    files: usize,
    missing: usize,
    /// Files that are something else than they should be.
    altered: Vec<String>,
}

impl SetState {
    fn is_usable(&self, allow_unknown: bool) -> bool {
        self.missing == 0 && (allow_unknown || self.altered.is_empty())
    }
}

/// What the program would choose by itself, else any pipeline that can run.
fn to_try(sets: &[SetState], allow_unknown: bool) -> Option<PipelineChoice> {
    let usable = |set: &ModelSet| {
        let mut states = sets.iter();
        states.any(|state| state.set == *set && state.is_usable(allow_unknown))
    };
    // `Auto` is the first of them.
    let mut choices = PipelineChoice::ALL.iter().copied();
    choices.find(|choice| choice.candidates().iter().any(usable))
}

fn states(folder: Option<&Path>) -> Result<Vec<SetState>, ModelsError> {
    let store = Store::locate(folder);
    let mut known: BTreeMap<String, FileState> = BTreeMap::new();
    let mut sets: Vec<SetState> = Vec::new();
    let pipelines = PipelineChoice::ALL.iter();
    for &set in pipelines.flat_map(|pipeline| pipeline.candidates()) {
        // The demo models are always there, and of no use for anybody's videos.
        if set == ModelSet::Demo || sets.iter().any(|state| state.set == set) {
            continue;
        }
        let mut state = SetState {
            set,
            files: 0,
            missing: 0,
            altered: Vec::new(),
        };
        for file in Manifest::embedded().files_of(set) {
            if !known.contains_key(&file.id) {
                known.insert(file.id.clone(), store.state(file)?);
            }
            state.files += 1;
            match &known[&file.id] {
                FileState::Installed { .. } | FileState::Trusted { .. } => {}
                FileState::Missing => state.missing += 1,
                FileState::Altered { path, .. }
                | FileState::Unknown { path, .. }
                | FileState::Unreadable { path, .. } => {
                    state.altered.push(path.display().to_string());
                }
            }
        }
        sets.push(state);
    }
    Ok(sets)
}

fn judge(sets: &[SetState], allow_unknown: bool) -> Vec<Finding> {
    let usable = |state: &&SetState| state.is_usable(allow_unknown);
    let names = |sets: &mut dyn Iterator<Item = &SetState>| -> String {
        let names: Vec<&str> = sets.map(|state| state.set.name()).collect();
        names.join(", ")
    };
    let ready = names(&mut sets.iter().filter(usable));
    let altered: Vec<&SetState> = sets.iter().filter(|set| !set.altered.is_empty()).collect();
    let mut findings = Vec::new();
    if ready.is_empty() {
        let there: Vec<String> = sets
            .iter()
            .map(|set| {
                format!(
                    "{}: {} of {} files missing",
                    set.set, set.missing, set.files
                )
            })
            .collect();
        findings.push(Finding::bad(
            NAME,
            format!("no pipeline has all its files ({})", there.join("; ")),
            "faceau-supervisor models install openface-clnf fetches OpenFace's files; or name the \
             folder that holds the files with --models or FACEAU_MODELS",
        ));
    } else {
        let lacking = names(&mut sets.iter().filter(|set| !usable(set)));
        let auto = PipelineChoice::Auto.value_name();
        let chosen = PipelineChoice::Auto
            .candidates()
            .iter()
            .find(|set| sets.iter().filter(usable).any(|state| state.set == **set));
        let chosen = chosen.map_or("none".to_owned(), ToString::to_string);
        let mut found = format!("pipelines that can run: {ready}; {auto} takes: {chosen}");
        if !lacking.is_empty() {
            found += &format!("; not installed: {lacking}");
        }
        findings.push(Finding::ok(NAME, found));
    }
    if let Some(worst) = altered.iter().max_by_key(|set| set.altered.len())
        && !allow_unknown
    {
        findings.push(Finding::warning(
            "model files",
            format!(
                "not the files that the manifest lists: {}{}",
                worst.altered[..worst.altered.len().min(3)].join(", "),
                match worst.altered.len() {
                    ..=3 => String::new(),
                    more => format!(" and {} more", more - 3),
                }
            ),
            "install them anew, or use them as they are with --allow-unknown-models",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    fn state(set: ModelSet, missing: usize, altered: &[&str]) -> SetState {
        SetState {
            set,
            files: 9,
            missing,
            altered: altered.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    #[test]
    fn what_can_run_is_tried() {
        let [none, pfld, openface3] = [
            state(ModelSet::OpenfaceClnf, 3, &[]),
            state(ModelSet::Pfld, 0, &[]),
            state(ModelSet::Openface3, 0, &["mtl.onnx"]),
        ];
        let sets = [none, pfld, openface3];
        assert_eq!(to_try(&sets, false), Some(PipelineChoice::Auto));
        assert_eq!(to_try(&sets[2..], true), Some(PipelineChoice::Openface3));
        assert_eq!(to_try(&sets[2..], false), None);
    }

    #[test]
    fn a_single_pipeline_will_do() {
        let sets = [
            state(ModelSet::OpenfaceClnf, 3, &[]),
            state(ModelSet::Pfld, 0, &[]),
        ];
        let found = judge(&sets, false);
        assert_eq!((found.len(), found[0].status), (1, Status::Ok));
        assert_eq!(
            found[0].found,
            "pipelines that can run: pfld; auto takes: pfld; not installed: openface-clnf"
        );
        assert_eq!(judge(&sets[..1], false)[0].status, Status::Bad);
    }

    #[test]
    fn altered_files_count_only_if_they_are_allowed() {
        let sets = [state(ModelSet::Pfld, 0, &["a", "b", "c", "d"])];
        let found = judge(&sets, false);
        assert_eq!(
            [found[0].status, found[1].status],
            [Status::Bad, Status::Warning]
        );
        assert!(
            found[1].found.ends_with("a, b, c and 1 more"),
            "{}",
            found[1].found
        );
        let found = judge(&sets, true);
        assert_eq!((found.len(), found[0].status), (1, Status::Ok));
    }
}
