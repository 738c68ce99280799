//! Small manifests, so that installing can be tested without real model files.

use std::fmt::Write;

use faceau_models::{Content, Manifest, ModelSet};

/// A model file of a test.
#[derive(Debug, Clone)]
pub struct TestFile {
    /// Its id and name.
    pub name: &'static str,
    /// What it holds; the manifest does not say so if `None`.
    pub content: Option<Vec<u8>>,
    /// Where it can be fetched.
    pub urls: Vec<String>,
}

impl TestFile {
    /// A file of `size` bytes that look random.
    pub fn new(name: &'static str, size: usize, urls: Vec<String>) -> Self {
        Self {
            name,
            content: Some(noise(name, size)),
            urls,
        }
    }

    /// What it holds.
    pub fn bytes(&self) -> &[u8] {
        self.content.as_deref().unwrap_or_default()
    }
}

/// Bytes that are different for every seed and do not repeat soon.
pub fn noise(seed: &str, size: usize) -> Vec<u8> {
    let mut state = seed.bytes().fold(0x9e37_79b9_7f4a_7c15_u64, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..size).map(|_| next()).collect()
}

/// The text of a manifest in which every set consists of these files.
pub fn text(files: &[TestFile]) -> String {
    let mut text = String::from(
        "schema = 1\n\
         [origin.trial]\n\
         title = \"Trial\"\npage = \"https://trial.invalid/\"\nlayouts = [\"onnx\", \"\"]\n\
         licence = \"Trial licence\"\nlicence_url = \"https://trial.invalid/licence\"\n\
         terms = \"For trials only.\"\nobtain = \"nowhere\"\n\
         [[group]]\nid = \"all\"\norigin = \"trial\"\npurpose = \"Nothing\"\nfiles = [\n",
    );
    for file in files {
        write!(text, "{{ id = {0:?}, path = {0:?}", file.name).unwrap();
        if let Some(bytes) = &file.content {
            let Content { size, sha256 } = Content::of(bytes);
            write!(text, ", size = {size}, sha256 = \"{sha256}\"").unwrap();
        }
        writeln!(text, ", urls = {:?} }},", file.urls).unwrap();
    }
    text += "]\n";
    for set in ModelSet::ALL {
        writeln!(
            text,
            "[[set]]\nid = \"{set}\"\npurpose = \"Trials\"\ngroups = [\"all\"]"
        )
        .unwrap();
    }
    text
}

/// That manifest. It stays in memory, as the real one does.
pub fn manifest(files: &[TestFile]) -> &'static Manifest {
    Box::leak(Box::new(
        Manifest::parse(&text(files)).expect("it is valid"),
    ))
}
