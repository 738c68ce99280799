//! Conversions of the real model files, run beside the originals.

use std::fs;
use std::path::PathBuf;

use faceau_conversion::{USUAL_SIZES, check, convert, rewrite};
use faceau_inference::{Library, library};
use faceau_models::{Conversion, Manifest, ModelFile, id};

/// A file of the manifest and what it holds.
type Source = (&'static ModelFile, Vec<u8>);

/// Every file with known content that is converted; `None` when something is missing.
fn converted_files() -> Option<(Library, Vec<Source>)> {
    let Some(models) = std::env::var_os("FACEAU_MODELS").map(PathBuf::from) else {
        eprintln!("skipped: FACEAU_MODELS is not set; it names a folder with the real model files");
        return None;
    };
    let library = match library::load() {
        Ok(library) => library,
        Err(error) => {
            eprintln!("skipped: {error}");
            return None;
        }
    };
    let files = Manifest::embedded().files().iter();
    let read = |file: &'static ModelFile| {
        let layouts = file.origin.layouts.iter();
        let path = layouts
            .map(|layout| models.join(layout).join(&file.path))
            .find(|path| path.is_file())
            .unwrap_or_else(|| panic!("{} is missing", file.path));
        (file, fs::read(path).unwrap())
    };
    let files = files
        .filter(|file| file.conversion.is_some() && file.content.is_some())
        .map(read);
    Some((library, files.collect()))
}

#[test]
fn every_conversion_does_what_the_original_does() {
    let Some((library, files)) = converted_files() else {
        return;
    };
    assert_eq!(files.len(), 5);
    for (file, source) in files {
        let conversion = file.conversion.unwrap();
        let products = convert(conversion, &file.id, &source).unwrap();
        let expected = match conversion {
            Conversion::FixedSizes => USUAL_SIZES.len(),
            _ => 1,
        };
        assert_eq!(products.len(), expected);
        for product in &products {
            check(&library, conversion, &file.id, &source, product)
                .unwrap_or_else(|error| panic!("{}: {error}", file.id));
        }
        assert_eq!(convert(conversion, &file.id, &source).unwrap(), products);
    }
}

/// An untrained network of STAR's architecture, as `FACEAU_MODELS` may have it.
#[test]
fn star_gives_the_same_landmarks_with_one_output() {
    let Some((library, _)) = converted_files() else {
        return;
    };
    let models = PathBuf::from(std::env::var_os("FACEAU_MODELS").unwrap());
    let path = models.join("onnx/star_landmark_98_random_small.onnx");
    let Ok(source) = fs::read(&path) else {
        eprintln!("skipped: {} is missing", path.display());
        return;
    };
    let conversion = Conversion::LastLandmarks;
    let products = convert(conversion, id::OPENFACE3_STAR, &source).unwrap();
    let [product] = &products[..] else {
        panic!("{} products", products.len());
    };
    assert!(product.bytes.len() < source.len());
    check(&library, conversion, id::OPENFACE3_STAR, &source, product).unwrap();
    let again = convert(conversion, id::OPENFACE3_STAR, &product.bytes).unwrap();
    assert_eq!(again, products);
}

#[test]
fn a_conversion_that_went_wrong_is_noticed() {
    let Some((library, files)) = converted_files() else {
        return;
    };
    let of = |id: &str| files.iter().find(|(file, _)| file.id == id).unwrap();
    for (id, other) in [("mtcnn/rnet", "mtcnn/onet"), ("pfld", "mtcnn/pnet")] {
        let (file, source) = of(id);
        let (other, other_source) = of(other);
        let products = convert(other.conversion.unwrap(), &other.id, other_source).unwrap();
        let checked = check(&library, file.conversion.unwrap(), id, source, &products[0]);
        assert!(checked.is_err(), "{id}");
    }
}

#[test]
fn pfld_has_the_subnormal_weights_that_it_is_known_for() {
    let Some((_, files)) = converted_files() else {
        return;
    };
    let (_, source) = files.iter().find(|(file, _)| file.id == "pfld").unwrap();
    let (converted, count) = rewrite::without_subnormals(source).unwrap();
    assert_eq!(count, 447_229);
    assert_eq!(rewrite::without_subnormals(&converted).unwrap().1, 0);
}

/// ONNX Runtime is three times as slow with PRelu as with the same in three steps.
#[test]
fn no_network_that_is_run_has_slow_nodes() {
    let Some(folder) = std::env::var_os("FACEAU_MODELS") else {
        eprintln!("skipped: FACEAU_MODELS is not set; it names a folder with the real model files");
        return;
    };
    for name in [
        "retinaface_mobilenet025_coreml.onnx",
        "pfld_cunjian.onnx",
        "star_landmark_98_random_small.onnx",
        "mtl_efficientnet_b0_random_small.onnx",
    ] {
        let path = std::path::Path::new(&folder).join("onnx").join(name);
        let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert_eq!(
            faceau_conversion::rewrite::slow_nodes(&bytes).unwrap(),
            0,
            "{name}"
        );
    }
    for id in [
        faceau_models::id::LANDMARKER_DETECTOR,
        faceau_models::id::LANDMARKER_MESH,
        faceau_models::id::LANDMARKER_BLENDSHAPES,
    ] {
        let bytes = faceau_models::ResolvedSet::face_landmarker()
            .read(id)
            .unwrap();
        assert_eq!(
            faceau_conversion::rewrite::slow_nodes(&bytes).unwrap(),
            0,
            "{id}"
        );
    }
}
