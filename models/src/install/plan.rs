//! What has to be fetched so that sets of files are complete.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::manifest::{ModelFile, Origin};
use crate::{Content, FileState, ModelSet, ModelsError, Store};

/// What an installation has to do.
#[derive(Debug, Default)]
pub struct Plan<'a> {
    /// Files to fetch, with what they must hold.
    pub fetch: Vec<(&'a ModelFile, Content)>,
    /// Files that no address serves, or that are in the way, each with what to do about it.
    pub obstacles: Vec<String>,
    /// Files that are there and right.
    pub present: usize,
}

impl Plan<'_> {
    /// Bytes to fetch.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.fetch.iter().map(|(_, content)| content.size).sum()
    }

    /// Whose licences cover the files to fetch.
    #[must_use]
    pub fn origins(&self) -> Vec<&Origin> {
        let mut origins: Vec<&Arc<Origin>> = Vec::new();
        for (file, _) in &self.fetch {
            if !origins.contains(&&file.origin) {
                origins.push(&file.origin);
            }
        }
        origins.into_iter().map(AsRef::as_ref).collect()
    }
}

/// Looks at every file of `sets`. With `mirror`, also files without an official address can be
/// fetched.
///
/// # Errors
/// [`ModelsError::NoHome`] and [`ModelsError::TrustList`].
pub fn plan<'a>(
    store: &'a Store,
    sets: &[ModelSet],
    mirror: bool,
) -> Result<Plan<'a>, ModelsError> {
    let mut plan = Plan::default();
    let mut seen = BTreeSet::new();
    let wanted = sets.iter().flat_map(|&set| store.manifest().files_of(set));
    for file in wanted.filter(|file| seen.insert(file.id.as_str())) {
        let state = store.state(file)?;
        if state.is_good() {
            plan.present += 1;
            continue;
        }
        let home = store.home(file)?.path;
        if let Some(path) = state.path().filter(|path| **path != home) {
            plan.obstacles.push(format!(
                "{} is not the file that faceau knows and would be found before the right one: \
                 move it away, or trust it with `models import --trust`",
                path.display()
            ));
            continue;
        }
        if let FileState::Unknown { path, .. } = state {
            plan.obstacles.push(format!(
                "{} is there, but faceau cannot know what it should hold: if you trust it, say so \
                 with `models import --trust`",
                path.display()
            ));
            continue;
        }
        match file.content {
            Some(content) if mirror || !file.urls.is_empty() => plan.fetch.push((file, content)),
            _ => plan.obstacles.push(format!(
                "{} ({}) has no public address; it comes from {}",
                file.name(),
                file.origin.title,
                file.origin.obtain.as_deref().unwrap_or(&file.origin.page)
            )),
        }
    }
    Ok(plan)
}
