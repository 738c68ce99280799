//! What a folder or a pattern leads to and is no input: kept, so that nothing is left out in
//! silence.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Names of each kind that [`PassedOver::said`] lists.
const NAMES: usize = 5;

/// Something that is no input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// The folder or the pattern that was named.
    pub named: PathBuf,
    /// What is passed over.
    pub path: PathBuf,
    /// Why.
    pub reason: Reason,
}

/// Why something is no input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Its name ends like neither a video's nor an image's.
    Ending,
    /// It is an image in a folder that stands for the videos in it.
    ImageBesideVideos,
    /// It is an image that a pattern without an ending matches.
    ImageOfPattern,
    /// Its download is not finished.
    Download,
    /// It is neither a file nor a folder.
    Special,
    /// It is a folder in a folder, and only the upper one was named.
    SubFolder,
    /// It is a folder that was looked into already, by another way.
    SameFolder,
}

impl Reason {
    /// What `count` of them are, and why they are passed over.
    fn said(self, count: usize) -> String {
        let (one, many) = match self {
            Self::Ending => (
                "file passed over, whose name ends like neither a video's nor an image's",
                "files passed over, whose names end like neither a video's nor an image's",
            ),
            Self::ImageBesideVideos => (
                "image passed over, as the folder has videos",
                "images passed over, as the folder has videos",
            ),
            Self::ImageOfPattern => (
                "image passed over, as the pattern does not spell its ending",
                "images passed over, as the pattern does not spell their endings",
            ),
            Self::Download => (
                "file passed over, whose download is not finished",
                "files passed over, whose downloads are not finished",
            ),
            Self::Special => (
                "name passed over that is neither a file nor a folder",
                "names passed over that are neither files nor folders",
            ),
            Self::SubFolder => (
                "sub-folder not looked into (--recursive does)",
                "sub-folders not looked into (--recursive does)",
            ),
            Self::SameFolder => (
                "link passed over to a folder that was looked into already",
                "links passed over to folders that were looked into already",
            ),
        };
        format!("{count} {}", if count == 1 { one } else { many })
    }
}

impl PassedOver {
    /// What to tell people of `all`: what was named and a line on it, for each kind of reason. The
    /// first names only, unless `all_names` are wanted.
    pub fn said(all: &[Self], all_names: bool) -> Vec<(PathBuf, String)> {
        let mut groups: BTreeMap<(&PathBuf, Reason), Vec<String>> = BTreeMap::new();
        for one in all {
            let name = one.path.strip_prefix(&one.named).unwrap_or(&one.path);
            let group = groups.entry((&one.named, one.reason)).or_default();
            group.push(name.display().to_string());
        }
        let lines = groups.into_iter().map(|((named, reason), names)| {
            let shown = if all_names { names.len() } else { NAMES };
            let more = match names.len().saturating_sub(shown) {
                0 => "",
                _ => ", … (-v names all)",
            };
            let listed = names[..shown.min(names.len())].join(", ");
            let text = format!("{}: {listed}{more}", reason.said(names.len()));
            (named.clone(), text)
        });
        lines.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_counted_and_the_first_are_named() {
        let all: Vec<PassedOver> = (0..7)
            .map(|number| PassedOver {
                named: "study".into(),
                path: format!("study/n{number}.txt").into(),
                reason: Reason::Ending,
            })
            .chain([PassedOver {
                named: "study".into(),
                path: "study/deeper".into(),
                reason: Reason::SubFolder,
            }])
            .collect();
        let said = PassedOver::said(&all, false);
        assert_eq!(said.len(), 2);
        assert_eq!(said[0].0, PathBuf::from("study"));
        assert!(said[0].1.starts_with("7 files"), "{said:?}");
        assert!(said[0].1.contains("n0.txt, n1.txt"), "{said:?}");
        assert!(!said[0].1.contains("n5.txt"), "{said:?}");
        assert!(said[1].1.starts_with("1 sub-folder not"), "{said:?}");
        let in_full = PassedOver::said(&all, true);
        assert!(in_full[0].1.ends_with("n6.txt"), "{in_full:?}");
    }
}
