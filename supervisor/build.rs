//! Computes a digest of the supervisor's own sources. Together with the build id that supervisor
//! and workers share it tells whether two programs cut, merge and write in the same way.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() {
    let sources = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("src");
    println!("cargo::rerun-if-changed={}", sources.display());
    let mut files = BTreeMap::new();
    if let Err(error) = collect(&sources, &mut files) {
        println!("cargo::error={}: {error}", sources.display());
    }
    let mut hasher = DefaultHasher::new();
    for (path, contents) in files {
        path.strip_prefix(&sources).ok().hash(&mut hasher);
        contents.hash(&mut hasher);
    }
    println!(
        "cargo::rustc-env=FACEAU_SUPERVISOR_SOURCES={:016x}",
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
