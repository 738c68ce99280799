//! Computes a digest of the sources of all crates on the way from a video to its outputs. Together with
//! the build id that supervisor and workers share it tells whether two programs cut, merge and write in
//! the same way.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut hasher = DefaultHasher::new();
    for name in ["engine", "events", "faceau", "media", "outputs", "system"] {
        let sources = here.join("..").join(name).join("src");
        println!("cargo::rerun-if-changed={}", sources.display());
        let mut files = BTreeMap::new();
        if let Err(error) = collect(&sources, &mut files) {
            println!("cargo::error={}: {error}", sources.display());
        }
        for (path, contents) in files {
            // Relative, so that the same sources in another folder are the same build.
            path.strip_prefix(&sources).ok().hash(&mut hasher);
            contents.hash(&mut hasher);
        }
    }
    println!(
        "cargo::rustc-env=FACEAU_ENGINE_SOURCES={:016x}",
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
