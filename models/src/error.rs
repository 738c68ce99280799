//! What can be wrong with model files, each said in one line that tells the user what to do.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use crate::{Content, ModelSet, Precision};

/// A file of a set that was found nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingFile {
    /// Its id in the manifest.
    pub id: String,
    /// Its path relative to its origin's folder, with `/`.
    pub relative: String,
    /// Where it comes from: title and page of its origin.
    pub origin: String,
}

/// A file whose content is not what the manifest lists.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} is not the model file that faceau knows: expected {expected}, found {found}; get the file again \
     (faceau-supervisor models install), or pass --allow-unknown-models to use it as it is",
    .path.display()
)]
pub struct AlteredFile {
    /// Its id in the manifest.
    pub id: String,
    /// The file.
    pub path: PathBuf,
    /// What it should hold.
    pub expected: Content,
    /// What it holds.
    pub found: Content,
}

/// Model files are missing, unreadable or not the ones that the manifest lists.
#[derive(Debug, thiserror::Error)]
pub enum ModelsError {
    /// Files of a set were found in none of the folders; all of them are listed.
    #[error("{}", describe_missing(*.set, .missing, *.of, .looked_in))]
    Missing {
        /// The set that was asked for.
        set: ModelSet,
        /// What was not found, in the manifest's order.
        missing: Vec<MissingFile>,
        /// How many files the set has.
        of: usize,
        /// The folders that were searched, in order.
        looked_in: Vec<PathBuf>,
    },

    /// A file is there but cannot be read.
    #[error("cannot read the model file {}: {cause}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },

    /// A file's content is not what the manifest lists.
    #[error(transparent)]
    Altered(Box<AlteredFile>),

    /// A file is there, and the manifest does not say what it should hold.
    #[error(
        "{} is a model file that faceau cannot know (found {found}); if you trust it, say so once with \
         faceau-supervisor models import --trust, or pass --allow-unknown-models",
        .path.display()
    )]
    Untrusted {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: Content,
    },

    /// A list of trusted files cannot be read or written.
    #[error("the list of trusted model files {}: {reason}", .path.display())]
    TrustList {
        /// The list.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// A network was not made in the precision that is wanted.
    #[error(
        "there is no {precision} variant of the network `{id}` ({of}); scripts/quantize makes one, and \
         --precision fp32 does without"
    )]
    NoVariant {
        /// The network's id in the manifest.
        id: String,
        /// What messages call its file.
        of: String,
        /// The precision.
        precision: Precision,
    },

    /// The precision of a set's networks cannot be chosen.
    #[error(
        "--precision {precision}: the models of `{set}` are used as they are; only the networks of pfld \
         and openface3 can be had in other precisions"
    )]
    OnePrecision {
        /// The set.
        set: ModelSet,
        /// The precision.
        precision: Precision,
    },

    /// The record beside a network in another precision makes no sense, or is not of what lies there.
    #[error("{}: {reason}; scripts/quantize makes it anew", .path.display())]
    Variant {
        /// The record.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// A file cannot be written.
    #[error("cannot write {}: {cause}", .path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },

    /// There is no folder to put files into.
    #[error("this user has no data folder (is HOME set?); name a folder with --models DIR")]
    NoHome,

    /// A set has no such file: one names another that the manifest does not know.
    #[error("the model set `{set}` has no file {file}")]
    NotInSet {
        /// The set.
        set: ModelSet,
        /// The file's id or path.
        file: String,
    },

    /// A manifest contradicts itself or cannot be parsed.
    #[error("the model manifest is not valid: {0}")]
    Manifest(String),
}

/// How many of the missing files a message names.
const NAMED_AT_MOST: usize = 4;

fn describe_missing(
    set: ModelSet,
    missing: &[MissingFile],
    of: usize,
    looked_in: &[PathBuf],
) -> impl fmt::Display {
    let mut names: Vec<&str> = missing
        .iter()
        .take(NAMED_AT_MOST)
        .map(|file| file.relative.rsplit('/').next().unwrap_or(&file.relative))
        .collect();
    let more = format!("and {} more", missing.len().saturating_sub(NAMED_AT_MOST));
    if missing.len() > NAMED_AT_MOST {
        names.push(&more);
    }
    let folders: Vec<String> = looked_in
        .iter()
        .map(|folder| {
            let note = if folder.is_dir() {
                ""
            } else {
                " (no such folder)"
            };
            format!("{}{note}", folder.display())
        })
        .collect();
    let folders = if folders.is_empty() {
        "no folder at all".to_owned()
    } else {
        folders.join(", ")
    };
    let origins: BTreeSet<&str> = missing.iter().map(|file| file.origin.as_str()).collect();
    let origins = origins.into_iter().collect::<Vec<_>>().join(", ");
    format!(
        "{} of the {of} model files for `{set}` are missing: {}; looked in {folders}; get them with \
         `faceau-supervisor models install {set}` (from {origins}), or name the folder that holds them \
         with --models DIR or the environment variable FACEAU_MODELS",
        missing.len(),
        names.join(", "),
    )
}
