//! Tests of the store, on folders of empty files under the right names.

use std::fs;

use super::*;
use crate::{UnknownModels, id, pin};

/// Puts an empty file at every place where `set`'s files belong, `onnx` and `openface` being the
/// layouts of the two kinds.
fn fill(root: &Path, set: ModelSet, onnx: &str, openface: &str) {
    for file in Manifest::embedded().files_of(set) {
        let layout = if file.origin_id == OPENFACE {
            openface
        } else {
            onnx
        };
        let path = root.join(layout).join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }
}

fn in_surroundings(explicit: Option<&Path>, around: Surroundings) -> Store {
    Store::in_surroundings(Manifest::embedded(), explicit, around)
}

fn only(folder: &Path) -> Store {
    in_surroundings(Some(folder), Surroundings::default())
}

fn file<'a>(set: &'a FoundSet, id: &str) -> &'a FoundFile {
    set.files.iter().find(|file| file.id == id).unwrap()
}

fn missing(error: ModelsError) -> Vec<MissingFile> {
    match error {
        ModelsError::Missing { missing, .. } => missing,
        other => panic!("{other}"),
    }
}

#[test]
fn every_layout_is_found() {
    for onnx in ["onnx", ""] {
        for openface in [
            "OpenFaceModels/2.2.0/originals",
            "2.2.0/originals",
            "originals",
            "",
        ] {
            let dir = tempfile::tempdir().unwrap();
            fill(dir.path(), ModelSet::Pfld, onnx, openface);
            let found = only(dir.path()).resolve(ModelSet::Pfld).unwrap();
            assert_eq!(found.files.len(), 42);
            let pfld = &file(&found, id::PFLD).path;
            assert_eq!(pfld, &dir.path().join(onnx).join("pfld_cunjian.onnx"));
            assert!(found.files.iter().all(|file| file.path.is_file()));
        }
    }
}

#[test]
fn an_explicit_folder_is_the_only_one() {
    let (full, empty) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fill(full.path(), ModelSet::Pfld, "onnx", "originals");
    let around = || Surroundings {
        faceau_models: Some(full.path().into()),
        openface_models_dir: Some(full.path().into()),
        data_dir: Some(full.path().into()),
    };
    let store = in_surroundings(Some(empty.path()), around());
    assert_eq!(
        missing(store.resolve(ModelSet::Pfld).unwrap_err()).len(),
        42
    );
    assert!(
        in_surroundings(None, around())
            .resolve(ModelSet::Pfld)
            .is_ok()
    );
}

#[test]
fn the_variable_comes_before_the_data_folder_and_that_before_openface_s() {
    let dir = tempfile::tempdir().unwrap();
    let (variable, data) = (dir.path().join("variable"), dir.path().join("data"));
    let around = |faceau_models: Option<&Path>| Surroundings {
        faceau_models: faceau_models.map(Into::into),
        openface_models_dir: None,
        data_dir: Some(data.clone()),
    };
    let resolve = |models: Option<&Path>| {
        in_surroundings(None, around(models))
            .resolve(ModelSet::Pfld)
            .unwrap()
    };
    let place = |set: &FoundSet, id: &str| file(set, id).path.clone();

    // Two places, each with its kind of files.
    fill(&data.join("faceau/models"), ModelSet::Pfld, "onnx", "");
    fs::remove_dir_all(data.join("faceau/models/lib")).unwrap();
    let shared = data.join("OpenFaceModels/2.2.0/originals");
    fill(&shared, ModelSet::OpenfaceAll, "", "");
    let set = resolve(None);
    assert!(place(&set, id::RETINAFACE).starts_with(data.join("faceau/models/onnx")));
    assert!(place(&set, id::AU_PDM).starts_with(&shared));

    // faceau's own folder wins over the shared one, and the variable over both.
    fill(&data.join("faceau/models"), ModelSet::Pfld, "onnx", "");
    assert!(place(&resolve(None), id::AU_PDM).starts_with(data.join("faceau/models/lib")));
    fill(&variable, ModelSet::Pfld, "onnx", "originals");
    let set = resolve(Some(&variable));
    assert!(
        set.files
            .iter()
            .all(|file| file.path.starts_with(&variable))
    );

    // A file that the variable's folder lacks is taken from the next; empty means not set.
    fs::remove_file(variable.join("onnx/pfld_cunjian.onnx")).unwrap();
    assert!(place(&resolve(Some(&variable)), id::PFLD).starts_with(&data));
    assert_eq!(resolve(Some(Path::new(""))), resolve(None));
}

#[test]
fn openface_s_own_folder_gives_openface_s_files_and_replaces_the_default() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let own = dir.path().join("own");
    fill(&own, ModelSet::Pfld, "onnx", "");
    fill(
        &data.join("OpenFaceModels"),
        ModelSet::OpenfaceAll,
        "",
        "2.2.0/originals",
    );
    let store = in_surroundings(
        None,
        Surroundings {
            faceau_models: None,
            openface_models_dir: Some(own.clone().into()),
            data_dir: Some(data),
        },
    );
    // The ONNX files lie in it, but it is not the place for them.
    let ids: Vec<String> = missing(store.resolve(ModelSet::Pfld).unwrap_err())
        .into_iter()
        .map(|file| file.id)
        .collect();
    assert_eq!(ids, [id::RETINAFACE, id::PFLD]);
    // And the default place is not searched any more: `own` lacks what only these sets have.
    assert!(store.resolve(ModelSet::OpenfaceEyes).is_err());
}

#[test]
fn all_missing_files_are_reported_at_once() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), ModelSet::Pfld, "onnx", "");
    let predictors = dir
        .path()
        .join("lib/local/FaceAnalyser/AU_predictors/svm_combined");
    fs::remove_file(dir.path().join("onnx/pfld_cunjian.onnx")).unwrap();
    fs::remove_dir_all(&predictors).unwrap();
    // A folder under a file's name is not that file.
    fs::create_dir_all(predictors.join("AU_4_static.dat")).unwrap();

    let error = only(dir.path()).resolve(ModelSet::Pfld).unwrap_err();
    let message = error.to_string();
    assert_eq!(missing(error).len(), 1 + 18);
    for part in [
        "19 of the 42 model files for `pfld` are missing",
        "pfld_cunjian.onnx",
        "AU_4_static.dat",
        "and 15 more",
        dir.path().to_str().unwrap(),
        "https://github.com/TadasBaltrusaitis/OpenFace",
        "models install pfld",
        "--models",
        "FACEAU_MODELS",
    ] {
        assert!(message.contains(part), "{part} not in: {message}");
    }
    assert!(!message.contains('\n'));
    assert!(!message.contains("no such folder"));

    let nowhere = only(&dir.path().join("absent"));
    let message = nowhere.resolve(ModelSet::Pfld).unwrap_err().to_string();
    assert!(message.contains("absent (no such folder)"), "{message}");
}

#[test]
fn a_relative_folder_is_made_absolute() {
    let store = only(Path::new("some/models"));
    assert!(store.folders().all(Path::is_absolute));
}

#[test]
fn index_files_name_their_neighbours() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), ModelSet::Pfld, "", "");
    let found = only(dir.path()).resolve(ModelSet::Pfld).unwrap();
    let set = pin(&found, UnknownModels::Allow).unwrap().set;
    let list = set.file(id::AU_VIDEO_PREDICTORS).unwrap();
    for name in [
        "svm_combined/AU_1_dynamic.dat",
        "svm_combined\\AU_1_dynamic.dat",
    ] {
        let file = set.named_by(list, name).unwrap();
        assert_eq!(file.id, "au/svm_combined/AU_1_dynamic");
    }
    assert_eq!(
        set.named_by(list, "In-the-wild_aligned_PDM_68.txt"),
        set.file(id::AU_PDM)
    );
    assert_eq!(set.named_by(list, "svm_combined/AU_99_dynamic.dat"), None);
    let onnx = set.file(id::PFLD).unwrap();
    assert_eq!(
        set.named_by(onnx, "retinaface_mobilenet025_coreml.onnx"),
        set.file(id::RETINAFACE)
    );
}

#[test]
fn openface_s_files_are_brought_into_the_shared_folder_and_others_into_faceau_s() {
    let around = |openface: Option<&str>| Surroundings {
        faceau_models: Some("/mine".into()),
        openface_models_dir: openface.map(Into::into),
        data_dir: Some("/data".into()),
    };
    let home = |store: &Store, id| {
        let home = store.home(Manifest::embedded().file(id).unwrap()).unwrap();
        assert!(home.path.starts_with(&home.root));
        home.path
    };
    let pnet = "lib/local/LandmarkDetector/model/mtcnn_detector/PNet.dat";
    let store = in_surroundings(None, around(None));
    let shared = Path::new("/data/OpenFaceModels/2.2.0/originals");
    assert_eq!(home(&store, "mtcnn/pnet"), shared.join(pnet));
    let own = Path::new("/data/faceau/models/onnx/pfld_cunjian.onnx");
    assert_eq!(home(&store, id::PFLD), own);
    let store = in_surroundings(None, around(Some("/openface")));
    assert_eq!(
        home(&store, "mtcnn/pnet"),
        Path::new("/openface").join(pnet)
    );
    let store = in_surroundings(Some(Path::new("/named")), around(Some("/openface")));
    let named = Path::new("/named/OpenFaceModels/2.2.0/originals");
    assert_eq!(home(&store, "mtcnn/pnet"), named.join(pnet));

    let nowhere = in_surroundings(None, Surroundings::default());
    let pfld = Manifest::embedded().file(id::PFLD).unwrap();
    assert!(matches!(nowhere.home(pfld), Err(ModelsError::NoHome)));
}
