//! Patterns such as `recordings/**/*.mp4`, for where no shell expands them: in quotes, in lists,
//! and when there are more files than a command line can hold.

use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern};

use super::kind::{self, ANIMATION_ENDINGS, IMAGE_ENDINGS, VIDEO_ENDINGS};
use super::{Found, Harvest, PassedOver, Reason};
use super::{folder, has_ending, missing, sort_naturally};
use crate::InputError;

/// As shells do it: `*` stops at folders and does not find hidden files.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// A name with wildcards in it. `None` for any other.
pub(super) fn parse(name: &Path) -> Option<&str> {
    name.to_str().filter(|name| has_wildcard(name))
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Finds the videos and the folders that `pattern` matches. Other files are passed over unless the
/// pattern spells an ending, which is taken for an explicit wish.
pub(super) fn find(name: &Path, pattern: &str, recursive: bool) -> Harvest {
    let refused = |reason: String| {
        let path = name.into();
        Found::failed(name, InputError::BadPattern { path, reason }).into()
    };
    if let Err(error) = Pattern::new(pattern) {
        return refused(error.msg.to_owned());
    }
    let matches = match glob::glob_with(pattern, OPTIONS) {
        Ok(matches) => matches,
        Err(error) => return refused(error.msg.to_owned()),
    };
    let Harvest {
        mut found,
        mut passed_over,
    } = Harvest::default();
    let mut paths = Vec::new();
    for entry in matches {
        match entry {
            Ok(path) => paths.push(path),
            Err(error) => {
                let path = error.path().to_owned();
                let cause = error.into();
                found.push(Found::failed(
                    &path.clone(),
                    InputError::Unreadable { path, cause },
                ));
            }
        }
    }
    sort_naturally(&mut paths);
    let root = literal_part(Path::new(pattern));
    let spells_ending = name.extension().is_some_and(|ending| {
        let ending = ending.to_string_lossy();
        !has_wildcard(&ending)
    });
    for path in paths {
        let below = below(&root, &path);
        if path.is_dir() {
            let mut inside = in_folder(&path, &root, &below, recursive);
            found.append(&mut inside.found);
            passed_over.append(&mut inside.passed_over);
            continue;
        }
        let is_video = has_ending(&path, VIDEO_ENDINGS) || has_ending(&path, ANIMATION_ENDINGS);
        if !spells_ending && !is_video {
            let is_image = has_ending(&path, IMAGE_ENDINGS);
            passed_over.push(PassedOver {
                named: name.into(),
                path,
                reason: if is_image {
                    Reason::ImageOfPattern
                } else {
                    Reason::Ending
                },
            });
        } else if path.exists() {
            found.push(Found {
                root: root.clone(),
                below: below.parent().unwrap_or(Path::new("")).into(),
                input: Ok(kind::named(&path)),
                path,
            });
        } else {
            found.push(Found::failed(&path, missing(&path)));
        }
    }
    if found.is_empty() {
        let path = name.into();
        found.push(Found::failed(name, InputError::NoMatch { path }));
    }
    Harvest { found, passed_over }
}

/// The inputs of a matched folder, which lies at `at` below `root`. One without inputs is not what
/// was meant.
fn in_folder(path: &Path, root: &Path, at: &Path, recursive: bool) -> Harvest {
    let mut harvest = folder::find(path, recursive);
    let found = &mut harvest.found;
    found.retain(|found| {
        !matches!(
            found.input,
            Err(InputError::EmptyFolder { .. } | InputError::OnlySubFolders { .. })
        )
    });
    for found in found {
        // A folder of images is an input itself, beside which its table lies.
        let at = if found.path == path {
            at.parent().unwrap_or(Path::new(""))
        } else {
            at
        };
        found.below = at.components().chain(found.below.components()).collect();
        found.root = root.into();
    }
    harvest
}

/// The folders of a pattern before the first wildcard.
fn literal_part(pattern: &Path) -> PathBuf {
    let folders = pattern.parent().unwrap_or(Path::new(""));
    let is_literal =
        |component: &Component<'_>| !has_wildcard(&component.as_os_str().to_string_lossy());
    folders.components().take_while(is_literal).collect()
}

/// Where `path` lies below `root`, however the two are spelled.
fn below(root: &Path, path: &Path) -> PathBuf {
    let rest = path.components().skip(root.components().count());
    rest.filter(|component| matches!(component, Component::Normal(_)))
        .collect()
}
