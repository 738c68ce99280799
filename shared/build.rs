//! Computes the build id that a worker must share with its supervisor: a hash over the sources of
//! every crate whose types travel between the two or whose code decides what a worker answers.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut hasher = DefaultHasher::new();
    for name in [
        "shared",
        "models",
        "crates/inference",
        "crates/measure",
        "crates/pipelines",
        "crates/vision",
        "worker",
    ] {
        let sources = here.join("..").join(name).join("src");
        println!("cargo::rerun-if-changed={}", sources.display());
        let mut files = BTreeMap::new();
        // A crate that lies alone (a package) has no neighbours; its version then stands for them.
        if collect(&sources, &mut files).is_err() {
            env::var("CARGO_PKG_VERSION").ok().hash(&mut hasher);
        }
        for (path, contents) in files {
            // Relative, so that the same sources in another folder are the same build.
            path.strip_prefix(&sources).ok().hash(&mut hasher);
            contents.hash(&mut hasher);
        }
    }
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    println!(
        "cargo::rustc-env=FACEAU_BUILD_ID={version}-{:016x}",
        hasher.finish()
    );
}

/// Gathers the contents of all files below `folder`, by path.
fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            let contents = fs::read(&path)?;
            files.insert(path, contents);
        }
    }
    Ok(())
}
