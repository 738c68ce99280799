//! Names of tables, such that no two inputs of a call write the same files.
//!
//! A table is named after its input and lies where the input lies below the folder that was named.
//! Where two would meet, both get longer names: first their whole file name (`a.mp4.csv` and
//! `a.mov.csv`), then the folders that they are in. Names are decided for all inputs together, so
//! that they do not depend on their order; and such that a file system that does not tell capital
//! letters from small ones keeps them apart.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use faceau_models::Sha256;

use faceau_media::{Found, Input};

/// Bytes that an input's name may have to be all of its outputs' name. File systems allow 255, and
/// endings follow.
const LONGEST_NAME: usize = 180;

/// Where an input lies, as far as names are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder that was named, or that a named file is in; from the root of the file system.
    pub root: PathBuf,
    /// Where below it the input lies.
    pub below: PathBuf,
    /// The input's whole name.
    pub name: String,
    /// The name without the ending that says what kind of file it is.
    pub stem: String,
}

impl Place {
    /// The place of `input`, found as `found` says.
    pub fn of(found: &Found, input: &Input) -> Self {
        let resolved = fs::canonicalize(&found.path).unwrap_or_else(|_| found.path.clone());
        let named_itself = found.below.as_os_str().is_empty();
        let root = match input {
            // What lies above `folder/..` and the like shows only once resolved.
            Input::ImageFolder { .. } if named_itself => {
                resolved.parent().unwrap_or(&resolved).to_owned()
            }
            _ if found.root.as_os_str().is_empty() => resolved_folder(Path::new(".")),
            _ => resolved_folder(&found.root),
        };
        let name = found.path.file_name().or(resolved.file_name());
        let name = name.unwrap_or(OsStr::new("output"));
        let stem = match input {
            Input::Video(path) | Input::Still(path) => path.file_stem().unwrap_or(name),
            Input::ImageFolder { .. } => name,
        };
        Self {
            root,
            below: found.below.clone(),
            name: shortened(&name.to_string_lossy()),
            stem: shortened(&stem.to_string_lossy()),
        }
    }

    /// The shortest name is number 0; each one after tells more of the input's place.
    fn table(&self, number: usize) -> PathBuf {
        let (folders, whole_name) = (number / 2, number % 2 == 1);
        let above: Vec<&OsStr> = (self.root.components())
            .filter_map(|component| match component {
                Component::Normal(name) => Some(name),
                _ => None,
            })
            .collect();
        let Some(skipped) = above.len().checked_sub(folders) else {
            let place = self.root.join(&self.below).join(&self.name);
            let digest = Sha256::of(place.as_os_str().as_bytes()).to_string();
            return self
                .below
                .join(format!("{}-{}.csv", self.stem, &digest[..16]));
        };
        let name = if whole_name { &self.name } else { &self.stem };
        let mut path: PathBuf = above[skipped..].iter().collect();
        path.push(&self.below);
        path.push(format!("{name}.csv"));
        path
    }
}

fn resolved_folder(folder: &Path) -> PathBuf {
    fs::canonicalize(folder).unwrap_or_else(|_| folder.into())
}

fn shortened(name: &str) -> String {
    let mut end = name.len().min(LONGEST_NAME);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name[..end].to_owned()
}

/// A table's path for each place, below the folder for outputs.
pub fn distinct_tables(places: &[Place]) -> Vec<PathBuf> {
    let mut numbers = vec![0; places.len()];
    let most = |place: &Place| 2 * (place.root.components().count() + 1) + 1;
    loop {
        let tables: Vec<PathBuf> = (places.iter().zip(&numbers))
            .map(|(place, &number)| place.table(number))
            .collect();
        let mut claims: BTreeMap<OsString, Vec<usize>> = BTreeMap::new();
        for (number, table) in tables.iter().enumerate() {
            // The table of a stopped run has a name of its own, which is another input's, perhaps.
            for file in [table.clone(), table.with_extension("partial.csv")] {
                claims.entry(folded(&file)).or_default().push(number);
            }
        }
        let meeting: BTreeSet<usize> = (claims.into_values())
            .filter(|claimants| claimants.len() > 1)
            .flatten()
            .collect();
        let mut moved = false;
        for number in meeting {
            if numbers[number] < most(&places[number]) {
                numbers[number] += 1;
                moved = true;
            }
        }
        if !moved {
            return tables;
        }
    }
}

/// The same for names that some file system takes for the same.
fn folded(path: &Path) -> OsString {
    match path.to_str() {
        Some(text) => text.to_lowercase().into(),
        None => path.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(root: &str, below: &str, name: &str) -> Place {
        Place {
            root: root.into(),
            below: below.into(),
            name: name.into(),
            stem: Path::new(name)
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .into(),
        }
    }

    #[track_caller]
    fn expect(places: &[(&str, &str, &str)], tables: &[&str]) {
        let places: Vec<Place> = (places.iter())
            .map(|(root, below, name)| place(root, below, name))
            .collect();
        let tables: Vec<PathBuf> = tables.iter().map(PathBuf::from).collect();
        assert_eq!(distinct_tables(&places), tables);
        let backwards: Vec<Place> = places.into_iter().rev().collect();
        let tables: Vec<PathBuf> = tables.into_iter().rev().collect();
        assert_eq!(distinct_tables(&backwards), tables);
    }

    #[test]
    fn folders_are_mirrored() {
        expect(
            &[
                ("/v", "", "a.mp4"),
                ("/v", "s1", "a.mp4"),
                ("/v", "s1/x", "b.c.mov"),
            ],
            &["a.csv", "s1/a.csv", "s1/x/b.c.csv"],
        );
    }

    #[test]
    fn what_would_meet_gets_longer_names() {
        expect(
            &[
                ("/v", "", "a.mp4"),
                ("/v", "", "a.mov"),
                ("/v", "", "b.mp4"),
            ],
            &["a.mp4.csv", "a.mov.csv", "b.csv"],
        );
        expect(
            &[("/v/one", "", "a.mp4"), ("/v/two", "", "a.mp4")],
            &["one/a.csv", "two/a.csv"],
        );
        expect(
            &[("/one/v", "s", "a.mp4"), ("/two/v", "s", "a.mp4")],
            &["one/v/s/a.csv", "two/v/s/a.csv"],
        );
        // A stopped run of one is a finished run of the other.
        expect(
            &[("/v", "", "a.mp4"), ("/v", "", "a.partial.mp4")],
            &["a.mp4.csv", "a.partial.mp4.csv"],
        );
        // As on a Mac.
        expect(
            &[("/v", "", "Ärger.mp4"), ("/v", "", "ärger.avi")],
            &["Ärger.mp4.csv", "ärger.avi.csv"],
        );
    }

    #[test]
    fn the_last_resort_is_a_number() {
        let places = [place("/v", "", "a.mp4"), place("/v", "", "A.mp4")];
        let tables = distinct_tables(&places);
        assert_ne!(folded(&tables[0]), folded(&tables[1]));
        assert!(tables[0].to_str().unwrap().starts_with("a-"), "{tables:?}");
    }

    #[test]
    fn long_names_leave_room_for_endings() {
        let name = "ä".repeat(120);
        let short = shortened(&name);
        assert_eq!(short.len(), 180);
        assert!(name.starts_with(&short));
        assert_eq!(shortened("ä.mp4"), "ä.mp4");
    }

    proptest! {
        #[test]
        fn no_two_inputs_meet(
            inputs in prop::collection::btree_set(("[ab]", "(a|b|a/b)?", "[aA](.partial)?.m(p4|ov)"), 0..12),
        ) {
            let places: Vec<Place> = (inputs.iter())
                .map(|(root, below, name)| place(&format!("/v/{root}"), below, name))
                .collect();
            let mut files: Vec<OsString> = Vec::new();
            for table in distinct_tables(&places) {
                files.push(folded(&table.with_extension("partial.csv")));
                files.push(folded(&table));
            }
            let count = files.len();
            files.sort();
            files.dedup();
            prop_assert_eq!(files.len(), count);
        }
    }
}
