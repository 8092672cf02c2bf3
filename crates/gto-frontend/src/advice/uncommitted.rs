//! Annotations that no commit has yet.

use std::path::Path;

use gto::annotation::{Sourced, nearest};
use gto::name::ArtifactName;

use super::scene::Scene;
use super::value::{Advice, advice, git};
use crate::text::shell_quote;

/// What to do if only a file that is not committed says what an artifact is.
pub(super) fn uncommitted(artifact: &ArtifactName, scene: &mut dyn Scene) -> Option<Advice> {
    let registry = scene.registry()?;
    let here = registry.annotations_of(artifact, None);
    let here = nearest(&here)?;
    let commit = registry.resolve("HEAD").ok();
    let committed = commit.map(|commit| registry.annotations_of(artifact, Some(commit))).unwrap_or_default();
    let is_known = |known: &Sourced| known.annotation.path.is_some() || known.annotation == here.annotation;
    if nearest(&committed).is_some_and(is_known) {
        return None;
    }
    let file = pathspec(&here.file, scene);
    Some(advice![
        format!("'{}' annotates it, and that is not committed: ", here.file),
        git(format!("add -- {file}")),
        ", then ",
        git(format!("commit -- {file}")),
    ])
}

/// A file of the repository for a command of Git, which may run in a folder of it.
pub(super) fn pathspec(file: &str, scene: &dyn Scene) -> String {
    let is_root = Path::new(scene.repository()).join(".git").exists();
    shell_quote(&if is_root { file.to_owned() } else { format!(":/{file}") })
}
