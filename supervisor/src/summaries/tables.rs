//! Which tables are meant: files as they are named, and those in folders.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// A table and its path from the folder that was named, or its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTable {
    /// The file.
    pub path: PathBuf,
    /// Its path from there.
    pub inner: PathBuf,
}

/// Files beside tables that are no tables of frames; found in folders they are passed over.
const OTHERS: [&str; 8] = [
    ".events.csv",
    ".actions.csv",
    ".measures.csv",
    ".cooccurrence.csv",
    ".truth.csv",
    "_coded.csv",
    "_actions.csv",
    ".partial.csv",
];

/// The tables that are named, and those below named folders in the order of their paths.
///
/// # Errors
/// When a folder cannot be read, or there is no table.
pub fn tables(named: &[PathBuf]) -> anyhow::Result<Vec<FoundTable>> {
    let mut found = Vec::new();
    for path in named {
        if path.is_dir() {
            in_folder(path, &mut found)?;
        } else {
            let name = path.file_name().map_or_else(|| path.clone(), PathBuf::from);
            found.push(FoundTable {
                path: path.clone(),
                inner: name,
            });
        }
    }
    if found.is_empty() {
        let names: Vec<String> = named
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        bail!("{}: there is no table (.csv) here", names.join(", "));
    }
    let mut places: BTreeMap<&Path, &Path> = BTreeMap::new();
    for table in &found {
        if let Some(other) = places.insert(&table.inner, &table.path)
            && other != table.path
        {
            bail!(
                "{} and {} have the same name; name the folder above both instead",
                other.display(),
                table.path.display()
            );
        }
    }
    Ok(found)
}

/// The folder in which what is made of all tables lies: the first folder that is named, or the one in
/// which the first table lies.
pub fn home_of(named: &[PathBuf]) -> PathBuf {
    let first = named.first().map_or(Path::new("."), PathBuf::as_path);
    let folder = match first.is_dir() {
        true => Some(first),
        false => first.parent(),
    };
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_owned()
}

fn in_folder(folder: &Path, found: &mut Vec<FoundTable>) -> anyhow::Result<()> {
    let mut tables = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(inner) = folders.pop() {
        let path = folder.join(&inner);
        let cannot = || format!("{}: cannot be read", path.display());
        for entry in fs::read_dir(&path).with_context(cannot)? {
            let entry = entry.with_context(cannot)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let inner = inner.join(entry.file_name());
            if name.starts_with('.') {
                continue;
            }
            if entry.file_type().with_context(cannot)?.is_dir() {
                folders.push(inner);
            } else if is_table(&name) {
                tables.push(inner);
            }
        }
    }
    tables.sort();
    found.extend(tables.into_iter().map(|inner| FoundTable {
        path: folder.join(&inner),
        inner,
    }));
    Ok(())
}

fn is_table(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".csv")
        && name != super::SUMMARY
        && !OTHERS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_and_other_files_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("sub")).unwrap();
        for name in [
            "b.csv",
            "a.csv",
            "sub/c.CSV",
            "a.events.csv",
            "summary.csv",
            "a.txt",
            ".x.csv",
        ] {
            fs::write(at(name), "").unwrap();
        }
        let found = tables(&[folder.path().to_owned()]).unwrap();
        let names: Vec<String> = found
            .iter()
            .map(|t| t.inner.display().to_string())
            .collect();
        assert_eq!(names, ["a.csv", "b.csv", "sub/c.CSV"]);
        assert_eq!(home_of(&[at("sub/c.CSV")]), at("sub"));
        assert_eq!(home_of(&[PathBuf::from("a.csv")]), Path::new("."));
        // A file that is named is a table, whatever it is called.
        assert_eq!(tables(&[at("a.events.csv")]).unwrap().len(), 1);
        fs::write(at("sub/a.csv"), "").unwrap();
        let error = tables(&[at("a.csv"), at("sub/a.csv")])
            .unwrap_err()
            .to_string();
        assert!(error.contains("same name"), "{error}");
        let error = tables(&[at("none")]).unwrap();
        assert_eq!(error.len(), 1);
    }
}
