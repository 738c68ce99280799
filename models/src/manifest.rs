//! The list of model files: what `manifest.toml` says, checked and in types.
//!
//! A file has an origin (who publishes it, under which licence); files that belong together form a
//! group; a set, which is what a pipeline asks for, is made of groups. Where files lie on this
//! machine is the store's business.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use crate::{Content, ModelsError, Sha256};

/// What one pipeline, or one optional part of it, needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelSet {
    /// RetinaFace, PFLD, the landmark validator and the AU analysis of videos.
    Pfld,
    /// OpenFace 3.0's networks.
    Openface3,
    /// OpenFace 2.2 with the CLNF landmark model.
    OpenfaceClnf,
    /// OpenFace 2.2 with the CE-CLM landmark model.
    OpenfaceCeclm,
    /// OpenFace 2.2 with the CLM landmark model.
    OpenfaceClm,
    /// Eye landmarks and gaze, for pipelines that track with something else.
    OpenfaceEyes,
    /// AU analysis of single images.
    OpenfaceAuImage,
    /// Every OpenFace file of the manifest.
    OpenfaceAll,
    /// Models that know only the synthetic demo face; they are part of the program.
    Demo,
    /// Google's Face Landmarker; its networks are part of the program.
    FaceLandmarker,
}

impl ModelSet {
    /// Every set that the manifest describes, which is all but those that are part of the program.
    pub const ALL: [Self; 8] = [
        Self::Pfld,
        Self::Openface3,
        Self::OpenfaceClnf,
        Self::OpenfaceCeclm,
        Self::OpenfaceClm,
        Self::OpenfaceEyes,
        Self::OpenfaceAuImage,
        Self::OpenfaceAll,
    ];

    /// Every set that is part of the program.
    pub const EMBEDDED: [Self; 2] = [Self::Demo, Self::FaceLandmarker];

    /// Its name in the manifest and in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pfld => "pfld",
            Self::Openface3 => "openface3",
            Self::OpenfaceClnf => "openface-clnf",
            Self::OpenfaceCeclm => "openface-ceclm",
            Self::OpenfaceClm => "openface-clm",
            Self::OpenfaceEyes => "openface-eyes",
            Self::OpenfaceAuImage => "openface-au-image",
            Self::OpenfaceAll => "openface-all",
            Self::Demo => "demo",
            Self::FaceLandmarker => "face-landmarker",
        }
    }
}

impl fmt::Display for ModelSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who publishes files, and on what terms.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Name for messages.
    pub title: String,
    /// Where to read about it.
    pub page: String,
    /// Prefix that makes an address of a file's path, where the origin serves single files.
    #[serde(default)]
    url_base: Option<String>,
    /// Where the origin's folder may lie inside a folder of models, `/`-separated, "" for that folder
    /// itself; the first is the one to create.
    pub layouts: Vec<String>,
    /// Licence of the files, by name.
    pub licence: String,
    /// Where that licence can be read.
    pub licence_url: String,
    /// What that licence allows, in a sentence or two, for people about to fetch its files.
    pub terms: String,
    /// How to get its files, where no address serves them.
    #[serde(default)]
    pub obtain: Option<String>,
}

/// What is made of a file when it is installed, so that pipelines run faster or on more hardware.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conversion {
    /// One of MTCNN's networks, out of OpenFace's own format, as ONNX.
    MtcnnToOnnx,
    /// The same network with its subnormal weights, which are slow on some processors, set to zero.
    WithoutSubnormals,
    /// The same network once for each usual size of picture, for providers that want sizes fixed.
    FixedSizes,
    /// The same network with the last landmarks as its only output, and what these need.
    LastLandmarks,
}

/// One model file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFile {
    /// Unique, stable name; see [`crate::id`].
    pub id: String,
    /// Path relative to its origin's folder, with `/`; the last component is the file name.
    pub path: String,
    /// The bytes as published; `None` where nobody has told which they are.
    pub content: Option<Content>,
    /// What it is for; shared by the files of a group.
    pub purpose: String,
    /// Who publishes it.
    pub origin: Arc<Origin>,
    /// Key of `origin` in the manifest.
    pub(crate) origin_id: String,
    /// Official addresses, best first; empty where none is known that serves exactly these bytes.
    pub urls: Vec<String>,
    /// What is made of it when it is installed.
    pub conversion: Option<Conversion>,
    group: String,
}

impl ModelFile {
    /// Its name without folders.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// The list of model files and the sets they form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    files: Vec<ModelFile>,
    groups_of: BTreeMap<ModelSet, BTreeSet<String>>,
    purposes: BTreeMap<ModelSet, String>,
}

impl Manifest {
    /// The manifest that is part of the program.
    ///
    /// # Panics
    /// Never in a build whose tests passed: the text is fixed when the program is compiled.
    #[must_use]
    pub fn embedded() -> &'static Self {
        static EMBEDDED: LazyLock<Manifest> = LazyLock::new(|| {
            Manifest::parse(include_str!("../manifest.toml"))
                .expect("the embedded manifest is valid")
        });
        &EMBEDDED
    }

    /// Reads a manifest and checks that it is whole.
    ///
    /// # Errors
    /// [`ModelsError::Manifest`] when it is not TOML of the known form, names an origin, group or
    /// set that does not exist, lacks a set, uses an id or a path twice, or has a path that is not
    /// a plain relative one.
    pub fn parse(text: &str) -> Result<Self, ModelsError> {
        let raw: RawManifest =
            toml::from_str(text).map_err(|error| ModelsError::Manifest(error.to_string()))?;
        raw.check()
    }

    /// All files, in the manifest's order.
    #[must_use]
    pub fn files(&self) -> &[ModelFile] {
        &self.files
    }

    /// The file with this id.
    #[must_use]
    pub fn file(&self, id: &str) -> Option<&ModelFile> {
        self.files.iter().find(|file| file.id == id)
    }

    /// What a set is for, in a few words.
    #[must_use]
    pub fn purpose(&self, set: ModelSet) -> &str {
        self.purposes.get(&set).map_or("", String::as_str)
    }

    /// The files of a set, in the manifest's order.
    pub fn files_of(&self, set: ModelSet) -> impl Iterator<Item = &ModelFile> {
        let groups = self.groups_of.get(&set);
        self.files
            .iter()
            .filter(move |file| groups.is_some_and(|groups| groups.contains(&file.group)))
    }
}

/// `manifest.toml` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawManifest {
    schema: u32,
    origin: BTreeMap<String, Origin>,
    set: Vec<RawSet>,
    group: Vec<RawGroup>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSet {
    id: ModelSet,
    purpose: String,
    groups: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGroup {
    id: String,
    origin: String,
    purpose: String,
    files: Vec<RawFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    id: String,
    path: String,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    sha256: Option<Sha256>,
    #[serde(default)]
    urls: Vec<String>,
    #[serde(default)]
    conversion: Option<Conversion>,
}

/// The form of `manifest.toml` that this code reads.
const SCHEMA: u32 = 1;

impl RawManifest {
    fn check(self) -> Result<Manifest, ModelsError> {
        let invalid = |reason: String| Err(ModelsError::Manifest(reason));
        if self.schema != SCHEMA {
            return invalid(format!("schema {}, known: {SCHEMA}", self.schema));
        }
        let origins: BTreeMap<String, Arc<Origin>> = self
            .origin
            .into_iter()
            .map(|(id, origin)| (id, Arc::new(origin)))
            .collect();

        let (mut files, mut groups) = (Vec::new(), BTreeSet::new());
        let (mut ids, mut paths) = (BTreeSet::new(), BTreeSet::new());
        for group in self.group {
            let Some(origin) = origins.get(&group.origin) else {
                return invalid(format!("group {}: no origin {}", group.id, group.origin));
            };
            for file in group.files {
                if !is_plain_relative(&file.path) {
                    return invalid(format!("{} is not a plain relative path", file.path));
                }
                if !ids.insert(file.id.clone()) {
                    return invalid(format!("the id {} is used twice", file.id));
                }
                if !paths.insert((group.origin.clone(), file.path.clone())) {
                    return invalid(format!("the path {} is listed twice", file.path));
                }
                let content = match (file.size, file.sha256) {
                    (Some(size), Some(sha256)) => Some(Content { size, sha256 }),
                    (None, None) if file.urls.is_empty() && origin.url_base.is_none() => None,
                    _ => {
                        return invalid(format!(
                            "{} lacks its size or digest; only files without address may, and both",
                            file.id
                        ));
                    }
                };
                let urls = match &origin.url_base {
                    Some(base) if file.urls.is_empty() => vec![format!("{base}{}", file.path)],
                    _ => file.urls,
                };
                files.push(ModelFile {
                    id: file.id,
                    path: file.path,
                    content,
                    purpose: group.purpose.clone(),
                    origin: Arc::clone(origin),
                    origin_id: group.origin.clone(),
                    urls,
                    conversion: file.conversion,
                    group: group.id.clone(),
                });
            }
            if !groups.insert(group.id.clone()) {
                return invalid(format!("the group {} is listed twice", group.id));
            }
        }

        let (mut groups_of, mut purposes) = (BTreeMap::new(), BTreeMap::new());
        for set in self.set {
            if let Some(unknown) = set.groups.difference(&groups).next() {
                return invalid(format!("set {}: no group {unknown}", set.id));
            }
            purposes.insert(set.id, set.purpose);
            if groups_of.insert(set.id, set.groups).is_some() {
                return invalid(format!("the set {} is listed twice", set.id));
            }
        }
        match ModelSet::ALL
            .iter()
            .find(|set| !groups_of.contains_key(set))
        {
            Some(absent) => invalid(format!("the set {absent} is missing")),
            None => Ok(Manifest {
                files,
                groups_of,
                purposes,
            }),
        }
    }
}

/// Whether a path stays inside the folder it is appended to, on every system.
fn is_plain_relative(path: &str) -> bool {
    !path.contains(['\\', ':']) && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id;

    fn count(set: ModelSet) -> usize {
        Manifest::embedded().files_of(set).count()
    }

    /// Counted by hand from OpenFace's index files: the detector 4, face shape 2, AU analysis of
    /// videos 2 + 2 + 35, eyes 2·5, validator 1; then the patch experts with their indices, and
    /// CLNF's inner face.
    #[test]
    fn sets_have_the_files_that_their_indices_name() {
        assert_eq!(count(ModelSet::Pfld), 2 + 1 + 39);
        assert_eq!(count(ModelSet::Openface3), 3);
        assert_eq!(count(ModelSet::OpenfaceEyes), 10);
        assert_eq!(count(ModelSet::OpenfaceAuImage), 39);
        assert_eq!(count(ModelSet::OpenfaceClnf), 4 + 2 + 39 + 10 + 1 + 5 + 4);
        assert_eq!(count(ModelSet::OpenfaceCeclm), 4 + 2 + 39 + 10 + 1 + 7);
        assert_eq!(count(ModelSet::OpenfaceClm), 4 + 2 + 39 + 10 + 1 + 5);
    }

    #[test]
    fn every_file_belongs_to_a_set_and_says_where_it_comes_from() {
        let manifest = Manifest::embedded();
        for file in manifest.files() {
            let in_a_set = |set: &ModelSet| manifest.files_of(*set).any(|f| f.id == file.id);
            assert!(ModelSet::ALL.iter().any(in_a_set), "{}", file.id);
            assert!(!file.purpose.is_empty() && !file.origin.terms.is_empty());
            assert!(file.content.is_none_or(|content| content.size > 0));
            assert!(!file.urls.is_empty() || file.origin.obtain.is_some());
            assert!(file.origin.page.starts_with("https://"));
            assert!(file.origin.licence_url.starts_with("https://"));
            assert!(file.urls.iter().all(|url| url.starts_with("https://")));
        }
    }

    #[test]
    fn a_file_s_address_is_its_own_or_made_from_the_origin_s() {
        let file = |id| Manifest::embedded().file(id).unwrap();
        assert_eq!(
            file(id::AU_VIDEO).urls,
            [
                "https://raw.githubusercontent.com/TadasBaltrusaitis/OpenFace/OpenFace_2.2.0/\
              lib/local/FaceAnalyser/AU_predictors/main_dynamic_svms.txt"
            ]
        );
        let cen = &file("ceclm/cen-0.25").urls;
        assert!(cen.len() == 2 && cen[0].starts_with("https://www.dropbox.com/"));
        assert!(file(id::RETINAFACE).urls.is_empty());
    }

    #[test]
    fn a_set_s_name_is_the_one_it_is_serialized_with() {
        for set in ModelSet::ALL {
            let read: BTreeMap<String, ModelSet> =
                toml::from_str(&format!("set = \"{}\"", set.name())).unwrap();
            assert_eq!(read["set"], set);
        }
    }

    #[test]
    fn a_manifest_that_contradicts_itself_is_refused() {
        let whole = include_str!("../manifest.toml");
        for (what, with, complaint) in [
            ("schema = 1", "schema = 2", "schema 2"),
            (
                "id = \"pfld\", conversion",
                "id = \"retinaface\", conversion",
                "used twice",
            ),
            (
                "\"pfld_cunjian.onnx\"",
                "\"../pfld_cunjian.onnx\"",
                "plain relative",
            ),
            (
                "origin = \"pfld\"",
                "origin = \"nobody\"",
                "no origin nobody",
            ),
            (
                "groups = [\"eyes\"]",
                "groups = [\"ears\"]",
                "no group ears",
            ),
            ("id = \"openface-all\"", "id = \"pfld\"", "listed twice"),
            ("sha256 = \"7d", "sha256 = \"xy", "SHA-256"),
            ("size = 2987921, ", "", "lacks its size"),
            ("\"fixed-sizes\"", "\"fixed\"", "fixed"),
        ] {
            assert!(whole.contains(what), "{what}");
            let error = Manifest::parse(&whole.replace(what, with)).unwrap_err();
            assert!(error.to_string().contains(complaint), "{error}");
        }
    }
}
