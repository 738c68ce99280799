//! What happens to files after they were brought in: those that are converted are, once.
//!
//! A conversion that does not succeed is no failure of the installation: pipelines use the original
//! then. It is tried again next time.

use anyhow::Context;
use faceau_conversion::{check, convert, rewrite};
use faceau_inference::{Library, library};
use faceau_models::{Content, Conversion, ModelFile, Store};

use crate::commands::complain;

/// Converts every file that is there, right, and not converted yet. Returns how many it was.
pub fn convert_all(store: &Store) -> anyhow::Result<usize> {
    let mut library = None;
    let mut done = 0;
    for file in store.manifest().files() {
        let Some(conversion) = file.conversion else {
            continue;
        };
        let state = store.state(file)?;
        let Some(path) = state.path().filter(|_| state.is_good()) else {
            continue;
        };
        let source = std::fs::read(path).with_context(|| path.display().to_string())?;
        let content = Content::of(&source);
        if !store.converted(file, content).is_empty() {
            continue;
        }
        let library = match &library {
            Some(library) => library,
            None => match library::load() {
                Ok(loaded) => library.insert(loaded),
                Err(error) => {
                    complain(&anyhow::Error::new(error).context(
                        "model files could not be converted; the originals work, too, and the \
                         next `models install` tries again",
                    ));
                    return Ok(done);
                }
            },
        };
        match convert_one(store, library, file, conversion, &source) {
            Ok(()) => done += 1,
            Err(error) => complain(&error.context(format!(
                "{} is used as it is, because it could not be converted",
                path.display()
            ))),
        }
    }
    Ok(done)
}

/// Converts one file; nothing is kept that does not do what the original does.
fn convert_one(
    store: &Store,
    library: &Library,
    file: &ModelFile,
    conversion: Conversion,
    source: &[u8],
) -> anyhow::Result<()> {
    let products = convert(conversion, &file.id, source)?;
    for product in &products {
        check(library, conversion, &file.id, source, product)?;
    }
    // MTCNN's networks have such nodes, too, but no pipeline runs them with ONNX Runtime.
    if conversion != Conversion::MtcnnToOnnx {
        let slow = rewrite::slow_nodes(source)?;
        if slow > 0 {
            complain(&anyhow::anyhow!(
                "{} works, but {slow} of its nodes are PRelu, which ONNX Runtime computes slowly; \
                 exported as relu(x) (1 - a) + a x it would be faster",
                file.id
            ));
        }
    }
    let results: Vec<(String, Vec<u8>)> = products
        .into_iter()
        .map(|product| (product.variant, product.bytes))
        .collect();
    store.keep_converted(file, conversion, Content::of(source), &results)?;
    Ok(())
}
