//! Changing annotations: which file it is, what is allowed, and writing and committing it.
//!
//! Owns the order *plan, then apply*: a plan is the new text of each file, made from the text of now; it can be shown, and
//! applied if the file is still that text. How a text is changed is for `annotation::edit` to say.

use std::path::{Path, PathBuf};
use std::{io, iter};

use serde_json::Value as Json;

use super::annotation_place::{check_place, write};
use super::annotations::{dvc_yaml_in, folder_of};
use super::{Registry, read_file_inside};
use crate::annotation::dvc_yaml::{self, DvcYaml};
use crate::annotation::edit::{self, Changes};
use crate::annotation::{Annotation, Annotations, FileProblem, Source, Sourced, artifacts_yaml};
use crate::error::{Error, Result};
use crate::git::CommitError;
use crate::name::{ArtifactName, InvalidName, is_name};
use crate::object_id::ObjectId;
use crate::yaml::{Problem, printable};

/// How an artifact is to be annotated. What is `None` or empty stays as it is, or has no field if the artifact is new.
#[derive(Debug, ::core::clone::Clone, Default, PartialEq)]
pub struct Annotating {
    /// What kind of thing it is; an empty text takes the field out.
    pub kind: Option<String>,
    /// Where it is, from the root of the repository, or an address; an empty text takes the field out.
    pub path: Option<String>,
    /// Labels that it gets beside those that it has.
    pub add_labels: Vec<String>,
    /// Labels that it loses.
    pub remove_labels: Vec<String>,
    /// A description in prose; an empty text takes the field out.
    pub description: Option<String>,
    /// Anything else; null takes the field out.
    pub custom: Option<Json>,
    /// The kind of file it is to be in. By default the one that has it; for a new one see [`Registry::plan_annotate`].
    pub file: Option<Source>,
    /// Whether the path must be in the current commit.
    pub must_exist: bool,
    /// Whether the path may be, contain or be in that of another artifact.
    pub allow_same_path: bool,
    /// Whether the artifact must not be annotated yet.
    pub must_be_new: bool,
}

/// The new texts of annotation files. Shown or applied.
#[derive(Debug, ::core::clone::Clone, PartialEq, Eq)]
pub struct AnnotationPlan {
    /// The files that change; none if everything is as it should be already.
    pub edits: Vec<FileEdit>,
    /// What a commit of them is called.
    pub message: String,
}

/// The change of one file.
#[derive(Debug, ::core::clone::Clone, PartialEq, Eq)]
pub struct FileEdit {
    /// The file, from the root of the repository.
    pub file: String,
    /// Its text now; `None` if there is no file.
    pub before: Option<String>,
    /// Its text to be; `None` if there is to be no file.
    pub after: Option<String>,
}

/// Whether a change is committed and pushed.
#[derive(Debug, ::core::clone::Clone, Default, PartialEq, Eq)]
pub struct Committing {
    /// Whether the files, and nothing else, are committed.
    pub commit: bool,
    /// The message of the commit, if not that of the plan.
    pub message: Option<String>,
    /// Whether the branch is pushed after that.
    pub push: bool,
    /// The name of the author and committer, if not the one that Git is configured for.
    pub name: Option<String>,
    /// The address of the same.
    pub email: Option<String>,
}

impl Committing {
    /// The variables by which git knows who commits.
    fn identity(&self) -> Vec<(&'static str, &str)> {
        let names = ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"].into_iter().zip(iter::repeat(&self.name));
        let emails = ["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"].into_iter().zip(iter::repeat(&self.email));
        names.chain(emails).filter_map(|(variable, value)| Some((variable, value.as_deref()?))).collect()
    }
}

/// What was done beside writing the files.
#[derive(Debug, ::core::clone::Clone, Default, PartialEq, Eq)]
pub struct AnnotationApplied {
    /// The commit.
    pub commit: Option<ObjectId>,
    /// The branch that was pushed, and where to.
    pub pushed: Option<(String, String)>,
}

/// Why an annotation was not changed. The messages of what the Python tool refused too are its own.
#[derive(Debug, thiserror::Error)]
pub enum AnnotateError {
    /// A bare repository, or a remote one.
    #[error("There is no work tree in '{}', and so no file to edit", path.display())]
    NoWorkTree {
        /// The repository.
        path: PathBuf,
    },
    /// There is an annotation, and there should be none.
    #[error("Enrichment for '{name}' already exists")]
    Exists {
        /// The artifact.
        name: ArtifactName,
    },
    /// There is no annotation.
    #[error("Cannot find artifact '{name}'")]
    NotFound {
        /// The artifact.
        name: ArtifactName,
        /// The file in which it would be.
        file: String,
    },
    /// The other file has it.
    #[error("'{name}' is annotated in '{file}'")]
    InOtherFile {
        /// The artifact.
        name: ArtifactName,
        /// The file that has it.
        file: String,
    },
    /// Another artifact has that path, or one in it or around it.
    #[error("Provided path conflicts with '{path}' ('{kind}' '{name}')")]
    PathIsUsed {
        /// The path that was given.
        path: String,
        /// The type that was given, or `None` as Python has it.
        kind: String,
        /// The artifact that was to get it.
        name: ArtifactName,
        /// The artifact that has it.
        by: ArtifactName,
    },
    /// The configuration does not know the type.
    #[error("Allowed types are: '[{}]'", types.iter().map(|kind| format!("'{kind}'")).collect::<Vec<_>>().join(", "))]
    TypeNotAllowed {
        /// The type.
        kind: String,
        /// The allowed ones.
        types: Vec<String>,
    },
    /// Nobody said what must exist.
    #[error("`path` is required when `must_exist` is set to True")]
    PathNeeded,
    /// The current commit does not have the path.
    #[error("Nothing found in '{path}' for checked out commit")]
    PathNotThere {
        /// The path.
        path: String,
    },
    /// DVC takes no artifact without a path.
    #[error("An artifact in '{file}' needs a path")]
    NoPath {
        /// The file.
        file: String,
    },
    /// An artifact of a folder cannot be in `artifacts.yaml`.
    #[error("'{name}' has a folder, and can only be annotated in '{file}'")]
    HasFolder {
        /// The artifact.
        name: ArtifactName,
        /// The `dvc.yaml` of its folder.
        file: String,
    },
    /// The file is where nothing is written.
    #[error("'{file}' is not edited: {why}")]
    Place {
        /// The file, from the root of the repository.
        file: String,
        /// One clause.
        why: String,
    },
    /// The text of the file cannot be edited.
    #[error("Cannot edit '{file}': {}", told(problem))]
    Text {
        /// The file, from the root of the repository.
        file: String,
        /// Why, and where.
        problem: FileProblem,
    },
    /// The edited text would not be understood.
    #[error("'{name}' could not be read back from '{file}': {reason}")]
    ReadBack {
        /// The artifact.
        name: ArtifactName,
        /// The file, from the root of the repository.
        file: String,
        /// Why, in one clause.
        reason: String,
    },
    /// Some artifacts cannot move.
    #[error("Not all annotations can be moved, and so none was")]
    Unmovable,
    /// Somebody else edited the file.
    #[error("'{file}' was changed by another process meanwhile")]
    Changed {
        /// The file, from the root of the repository.
        file: String,
    },
    /// The file cannot be written.
    #[error("Cannot write '{file}'")]
    Write {
        /// The file, from the root of the repository.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// A commit would take other changes with it.
    #[error("'{file}' has other changes that are not committed")]
    Uncommitted {
        /// The file, from the root of the repository.
        file: String,
    },
    /// Git did not commit; nothing was changed.
    #[error("The command `git commit` failed: {said}")]
    Commit {
        /// What Git, or a hook, said.
        said: String,
    },
    /// There is no branch to push.
    #[error("There is no branch to push: HEAD is detached")]
    NoBranch,
    /// The commit is made and the branch is not pushed.
    #[error("Commit {} was made, but the branch was not pushed to {remote}: {said}", commit.short())]
    NotPushed {
        /// The commit.
        commit: ObjectId,
        /// The remote.
        remote: String,
        /// What Git said.
        said: String,
    },
}

pub(super) fn told(problem: &FileProblem) -> String {
    match problem.line {
        Some(line) => format!("line {line}, column {}: {}", problem.column.unwrap_or(1), problem.message),
        None => problem.message.clone(),
    }
}

/// A file that annotates artifacts, as it is now.
pub(super) struct Current {
    pub source: Source,
    pub file: String,
    pub folder: String,
    pub text: Option<String>,
}

impl Current {
    pub(super) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    pub(super) fn has(&self, entry: &str) -> bool {
        edit::has_entry(self.text(), self.source, entry)
    }

    pub(super) fn error(&self, problem: FileProblem) -> Error {
        AnnotateError::Text { file: printable(&self.file), problem }.into()
    }
}

impl AnnotationPlan {
    /// The plan of a change of one file, if it is one.
    pub(super) fn of(edits: Vec<FileEdit>, message: String) -> Self {
        Self { edits: edits.into_iter().filter(|edit| edit.before != edit.after).collect(), message }
    }
}

impl Registry {
    /// Plans to annotate an artifact: to change the fields that it has, or to give it some.
    ///
    /// An artifact stays in the file that has it; where both have it, in `dvc.yaml`, which counts. A new one of a folder goes
    /// into the `dvc.yaml` of the folder. Another new one goes into `artifacts.yaml`, unless `dvc.yaml` annotates artifacts
    /// and there is no `artifacts.yaml`.
    ///
    /// # Errors
    /// [`Error::Annotate`], or [`Error::Name`] if the type or a label is no name.
    pub fn plan_annotate(&self, name: &ArtifactName, wish: &Annotating) -> Result<AnnotationPlan> {
        self.check_words(wish)?;
        let current = self.file_for(name, wish.file)?;
        let entry = own_name(name);
        let is_new = !current.has(entry);
        let is_known = |known: &Sourced| *known.file == *current.file;
        if is_new && self.annotations_of(name, None).iter().any(is_known) {
            let why = "its name is put together from parameters: change it by hand";
            return Err(current.error(FileProblem::new(None, Problem::nowhere(why))));
        }
        if !is_new && wish.must_be_new {
            return Err(AnnotateError::Exists { name: name.clone() }.into());
        }
        self.check_path(name, wish, &current)?;
        let path = wish.path.as_deref().map(|path| below(&current.folder, path));
        if current.source == Source::Dvc && (is_new && path.is_none() || path.as_deref() == Some("")) {
            return Err(AnnotateError::NoPath { file: printable(&current.file) }.into());
        }
        // As the Python tool decides it.
        let is_virtual = if wish.must_exist { Some(false) } else { path.as_ref().map(|_| true) };
        let changes = Changes {
            kind: wish.kind.clone(),
            path,
            is_virtual,
            add_labels: wish.add_labels.clone(),
            remove_labels: wish.remove_labels.clone(),
            description: wish.description.clone(),
            custom: wish.custom.clone(),
        };
        let text = edit::annotate(current.text(), current.source, entry, &changes)
            .map_err(|problem| current.error(problem))?;
        self.read_back(name, &current, &text)?;
        let kind = wish.kind.as_ref().map(|kind| format!(" of type `{kind}`")).unwrap_or_default();
        let path = wish.path.as_ref().map(|path| format!(" with path `{path}`")).unwrap_or_default();
        let message = format!("Annotate artifact `{name}`{kind}{path}");
        let edit = FileEdit { file: current.file, before: current.text, after: Some(text) };
        Ok(AnnotationPlan::of(vec![edit], message))
    }

    /// Plans to take the annotation of an artifact out of the file that has it; where both have it, out of `dvc.yaml`. Tags
    /// have nothing to do with it.
    ///
    /// # Errors
    /// [`Error::Annotate`].
    pub fn plan_remove_annotation(
        &self,
        name: &ArtifactName,
        file: Option<Source>,
    ) -> Result<AnnotationPlan> {
        let current = self.file_for(name, file)?;
        let entry = own_name(name);
        if !current.has(entry) {
            return Err(AnnotateError::NotFound { name: name.clone(), file: printable(&current.file) }.into());
        }
        let text =
            edit::remove(current.text(), current.source, entry).map_err(|problem| current.error(problem))?;
        let edit = FileEdit { file: current.file, before: current.text, after: Some(text) };
        Ok(AnnotationPlan::of(vec![edit], format!("Remove annotation for artifact `{name}`")))
    }

    /// Type and labels are names, and the configuration may say which types there are.
    fn check_words(&self, wish: &Annotating) -> Result<()> {
        let kind = wish.kind.as_deref().filter(|kind| !kind.is_empty());
        for word in wish.add_labels.iter().map(String::as_str).chain(kind) {
            if !is_name(word) {
                return Err(InvalidName(word.to_owned()).into());
            }
        }
        match (&self.config.types, kind) {
            (Some(types), Some(kind)) if !types.iter().any(|known| known == kind) => {
                Err(AnnotateError::TypeNotAllowed { kind: kind.to_owned(), types: types.clone() }.into())
            }
            _ => Ok(()),
        }
    }

    /// Whether the path is there, if it must be, and free.
    fn check_path(&self, name: &ArtifactName, wish: &Annotating, current: &Current) -> Result<()> {
        let given = wish.path.as_deref().filter(|path| !path.is_empty());
        if wish.must_exist {
            let known =
                self.annotations_of(name, None).into_iter().rev().find_map(|known| known.annotation.path);
            let path = given.map(str::to_owned).or(known).ok_or(AnnotateError::PathNeeded)?;
            let head = self.repository.head_commit()?;
            let is_there = match (head, inside(&path)) {
                (Some(head), Some(inside)) => self.repository.has_path(head, &inside)?,
                _ => false,
            };
            if !is_there {
                return Err(AnnotateError::PathNotThere { path: printable(&path) }.into());
            }
        }
        let Some(path) = given.filter(|_| !wish.allow_same_path) else { return Ok(()) };
        // Those that can be read: what is wrong with another file is not the matter here.
        let folder = &current.folder;
        let root = if folder.is_empty() { None } else { Some(self.current(Source::Dvc, "")) };
        let files =
            [self.current(Source::Dvc, folder), self.current(Source::Gto, "")].into_iter().chain(root);
        let files: Vec<Current> = files.flatten().collect();
        for (other, annotation) in files.iter().flat_map(|file| self.read_text(file, file.text()).artifacts) {
            let used = annotation.path.filter(|_| other != *name);
            if used.is_some_and(|used| overlap(path, &used)) {
                return Err(AnnotateError::PathIsUsed {
                    path: printable(path),
                    kind: wish.kind.clone().unwrap_or_else(|| "None".to_owned()),
                    name: name.clone(),
                    by: other,
                }
                .into());
            }
        }
        Ok(())
    }

    /// The file that has the artifact, or is to have it.
    fn file_for(&self, name: &ArtifactName, wanted: Option<Source>) -> Result<Current> {
        let (folder, entry) = (folder_of(name), own_name(name));
        let dvc = self.current(Source::Dvc, folder)?;
        if !folder.is_empty() {
            let file = printable(&dvc.file);
            let has_folder = || AnnotateError::HasFolder { name: name.clone(), file };
            return if wanted == Some(Source::Gto) { Err(has_folder().into()) } else { Ok(dvc) };
        }
        let gto = self.current(Source::Gto, "")?;
        let (in_dvc, in_gto) = (dvc.has(entry), gto.has(entry));
        let elsewhere = |file: &Current| {
            Err(AnnotateError::InOtherFile { name: name.clone(), file: printable(&file.file) }.into())
        };
        match wanted {
            Some(Source::Dvc) if in_gto && !in_dvc => elsewhere(&gto),
            Some(Source::Gto) if in_dvc && !in_gto => elsewhere(&dvc),
            Some(Source::Dvc) => Ok(dvc),
            Some(Source::Gto) => Ok(gto),
            None if in_dvc => Ok(dvc),
            None if in_gto => Ok(gto),
            None => {
                // It may be in one that cannot be read.
                for file in [&dvc, &gto] {
                    edit::check(file.text(), file.source).map_err(|problem| file.error(problem))?;
                }
                let is_dvcs = gto.text.is_none() && edit::has_section(dvc.text());
                Ok(if is_dvcs { dvc } else { gto })
            }
        }
    }

    /// A file that annotates artifacts, as it is now.
    pub(super) fn current(&self, source: Source, folder: &str) -> Result<Current> {
        let file = match source {
            Source::Gto => self.config.index.clone(),
            Source::Dvc => dvc_yaml_in(folder),
        };
        let root = self.work_tree()?;
        let place = |why: &str| AnnotateError::Place { file: printable(&file), why: why.to_owned() };
        check_place(root, &file).map_err(|why| place(&why))?;
        let text = match read_file_inside(root, &root.join(&file), dvc_yaml::MAX_SIZE)? {
            Some(bytes) => Some(String::from_utf8(bytes).map_err(|_| place("it is not valid UTF-8"))?),
            None => None,
        };
        Ok(Current { source, file, folder: folder.to_owned(), text })
    }

    fn work_tree(&self) -> Result<&Path> {
        let none = || AnnotateError::NoWorkTree { path: self.root() };
        Ok(self.repository.work_dir().ok_or_else(none)?)
    }

    /// What a text says in the place of a file.
    pub(super) fn read_text(&self, file: &Current, text: &str) -> Annotations {
        match (file.source, self.repository.work_dir()) {
            (Source::Dvc, Some(root)) => {
                let load = |path: &str| {
                    let read = read_file_inside(root, &root.join(path), dvc_yaml::MAX_SIZE);
                    read.map_err(|error| error.to_string())
                };
                DvcYaml::parse(text.as_bytes()).annotations(&file.folder, &load)
            }
            _ => artifacts_yaml::read(text.as_bytes()),
        }
    }

    /// What was written must be understood: in a `dvc.yaml`, `${x}` is a parameter, and one that there is not would keep DVC
    /// from reading the whole file.
    pub(super) fn read_back(&self, name: &ArtifactName, file: &Current, text: &str) -> Result<Annotation> {
        let Annotations { artifacts, problems } = self.read_text(file, text);
        let found = artifacts.into_iter().find(|(other, _)| other == name);
        let is_own = |problem: &&FileProblem| problem.entry.as_deref().is_none_or(|e| e == own_name(name));
        found.map(|(_, annotation)| annotation).ok_or_else(|| {
            let reason = problems.iter().find(is_own).map_or("it is not there".to_owned(), told);
            AnnotateError::ReadBack { name: name.clone(), file: printable(&file.file), reason }.into()
        })
    }
}

/// Doing it.
impl Registry {
    /// Writes the files of a plan, each whole or not at all; commits them if that is wanted, and pushes the branch. If Git
    /// does not commit, the files are as they were.
    ///
    /// # Errors
    /// [`Error::Annotate`]. Nothing was changed then, but for [`AnnotateError::NotPushed`].
    pub fn apply_annotations(
        &self,
        plan: &AnnotationPlan,
        committing: &Committing,
    ) -> Result<AnnotationApplied> {
        let root = self.work_tree()?;
        let files: Vec<&str> = plan.edits.iter().map(|edit| edit.file.as_str()).collect();
        let commit = committing.commit || committing.push;
        // From the look at the files to the commit: of two who write at once the second finds them changed.
        let _lock = self.wait_for_writers()?;
        let remote = if committing.push { Some(self.remote()?) } else { None };
        if remote.is_some() && self.repository.current_branch().is_none() {
            return Err(AnnotateError::NoBranch.into());
        }
        if files.is_empty() {
            return Ok(AnnotationApplied::default());
        }
        if commit && let Some(file) = self.repository.uncommitted(&files)?.first() {
            return Err(AnnotateError::Uncommitted { file: printable(file) }.into());
        }
        let mut written: Vec<&FileEdit> = Vec::new();
        let undo = |written: &[&FileEdit]| {
            for edit in written {
                let back =
                    FileEdit { before: edit.after.clone(), after: edit.before.clone(), ..(*edit).clone() };
                // What somebody else has changed since is theirs.
                let _ = write(root, &back);
            }
        };
        for edit in &plan.edits {
            if let Err(error) = write(root, edit) {
                undo(&written);
                return Err(error.into());
            }
            written.push(edit);
        }
        let mut applied = AnnotationApplied::default();
        if !commit {
            return Ok(applied);
        }
        let message = committing.message.as_ref().unwrap_or(&plan.message);
        let commit =
            self.repository.commit_files(&files, message, &committing.identity()).map_err(|error| {
                undo(&written);
                match error {
                    CommitError::Refused(said) => Error::from(AnnotateError::Commit { said }),
                    CommitError::Git(error) => error.into(),
                }
            })?;
        applied.commit = Some(commit);
        if let Some(remote) = remote {
            let not_pushed = |said| AnnotateError::NotPushed { commit, remote: remote.shown(), said };
            let branch =
                self.repository.push_branch(&remote).map_err(|error| not_pushed(error.to_string()))?;
            applied.pushed = branch.map(|branch| (branch, remote.shown()));
        }
        Ok(applied)
    }
}

/// The name without the folder.
pub(super) fn own_name(name: &ArtifactName) -> &str {
    name.as_str().rsplit(':').next().unwrap_or_default()
}

fn is_elsewhere(path: &str) -> bool {
    path.starts_with('/') || path.contains("://")
}

/// The parts of a path, without `.` and, where it leads somewhere, without `..`.
fn parts(path: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts
}

/// A path from the root as seen from a folder, as a `dvc.yaml` there has it.
fn below(folder: &str, path: &str) -> String {
    if folder.is_empty() || path.is_empty() || is_elsewhere(path) {
        return path.to_owned();
    }
    let (folder, path) = (parts(folder), parts(path));
    let same = folder.iter().zip(&path).take_while(|(a, b)| a == b).count();
    let up = iter::repeat_n("..", folder.len() - same);
    let parts: Vec<&str> = up.chain(path[same..].iter().copied()).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// A path of the repository, in the way that Git has it.
fn inside(path: &str) -> Option<String> {
    let parts = parts(path);
    let is_inside = !is_elsewhere(path) && parts.first().is_some_and(|first| *first != "..");
    is_inside.then(|| parts.join("/"))
}

/// Whether one path is the other, or in it.
fn overlap(a: &str, b: &str) -> bool {
    if a.starts_with('/') != b.starts_with('/') {
        return false;
    }
    let (a, b) = (parts(a), parts(b));
    let shorter = a.len().min(b.len());
    a[..shorter] == b[..shorter]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_as_its_folder_sees_it() {
        assert_eq!(below("", "a/b"), "a/b");
        assert_eq!(below("cv", "cv/m.pkl"), "m.pkl");
        assert_eq!(below("cv/a", "cv/./b/../m.pkl"), "../m.pkl");
        assert_eq!(below("cv", "s3://x/y"), "s3://x/y");
        assert_eq!(below("cv", "cv"), ".");
    }

    #[test]
    fn paths_overlap_if_one_is_in_the_other() {
        for (a, b) in [("a", "a"), ("a/b", "a"), ("./a", "a/b/../c"), (".", "a"), ("s3://x/a", "s3://x/a/b")]
        {
            assert!(overlap(a, b) && overlap(b, a), "{a} {b}");
        }
        for (a, b) in [("a", "ab"), ("a/b", "a/c"), ("/a", "a"), ("../a", "a")] {
            assert!(!overlap(a, b), "{a} {b}");
        }
    }
}
