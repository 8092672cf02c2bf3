//! The files of a version that Git has.
//!
//! Owns what becomes of links: one that stays inside the artifact remains one, one that leads to another file of the commit becomes that
//! file, and any other is refused.

use gto::object_id::ObjectId;
use gto::{CommitContent, CommitFile, CommitFileKind, CommitPath, Registry};

use crate::error::{Error, Result};
use crate::rel_path::RelPath;
use crate::text::shown;
use crate::version_file::{Content, VersionFile};

/// What Git has at the artifact's path.
#[derive(Default)]
pub(super) struct InGit {
    pub is_file: bool,
    pub is_folder: bool,
    pub files: Vec<(RelPath, VersionFile)>,
}

/// The files at `place`, which `path` has led to.
pub(super) fn files(registry: &Registry, commit: ObjectId, path: &str, place: &CommitPath) -> Result<InGit> {
    match &place.content {
        CommitContent::Absent => Ok(InGit::default()),
        CommitContent::Submodule => Err(Error::Submodule { path: path.to_owned() }),
        CommitContent::File(file) => {
            let name = rel_path(path.rsplit('/').next().unwrap_or(path), path)?;
            let file = regular(registry, name, file);
            Ok(InGit { is_file: true, files: vec![file], ..InGit::default() })
        }
        CommitContent::Folder(files) => {
            let mut found = InGit { is_folder: true, ..InGit::default() };
            let root = &*place.path;
            for file in files {
                let below = below(&file.path, root).unwrap_or_default();
                let name = rel_path(below, &file.path)?;
                found.files.push(match file.kind {
                    CommitFileKind::Regular { .. } => regular(registry, name, file),
                    CommitFileKind::Link => link(registry, commit, name, file, root)?,
                    CommitFileKind::Submodule => {
                        return Err(Error::Submodule { path: shown(&file.path) });
                    }
                });
            }
            Ok(found)
        }
    }
}

fn regular(registry: &Registry, path: RelPath, file: &CommitFile) -> (RelPath, VersionFile) {
    let executable = matches!(file.kind, CommitFileKind::Regular { executable: true });
    let size = registry.blob_size(file.id);
    (path.clone(), VersionFile { path, size, executable, content: Content::Git(file.id) })
}

fn link(
    registry: &Registry,
    commit: ObjectId,
    path: RelPath,
    link: &CommitFile,
    root: &str,
) -> Result<(RelPath, VersionFile)> {
    let target = registry.link_target(link.id)?;
    let refused = |reason| Error::Link {
        path: shown(&link.path),
        target: target.as_deref().map_or_else(|| "what is no text".to_owned(), shown),
        reason,
    };
    // An empty one is none for the system.
    let Some(text) = target.as_deref().filter(|target| !target.is_empty() && !target.contains('\0')) else {
        return Err(refused("which no link can lead to"));
    };
    // It is followed as the system would, through other links.
    let place = registry.follow(commit, &link.path).map_err(|error| match error {
        gto::Error::Git { .. } => refused("which leads out of the repository or in a circle"),
        error => error.into(),
    })?;
    let is_of_git = |part: &str| RelPath::parse(part).is_err() && !matches!(part, "" | "." | "..");
    if text.split('/').any(is_of_git) {
        return Err(refused("which Git takes for a repository"));
    }
    if below(&place.path, root).is_some() {
        let content = Content::Link(text.to_owned());
        return Ok((path.clone(), VersionFile { path, size: None, executable: false, content }));
    }
    match &place.content {
        CommitContent::File(file) => Ok(regular(registry, path, file)),
        CommitContent::Folder(_) => Err(refused("a folder outside the artifact's")),
        _ => Err(refused("which is outside the artifact's folder and not in Git")),
    }
}

pub(super) fn rel_path(text: &str, full: &str) -> Result<RelPath> {
    let source_name = "the commit".to_owned();
    RelPath::parse(text).map_err(|reason| Error::UnsafePath { path: shown(full), source_name, reason })
}

/// The path from `folder`, if it is that or below; the root is empty.
pub(super) fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    if folder.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(folder)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}
