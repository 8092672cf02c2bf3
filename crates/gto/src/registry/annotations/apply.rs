//! Applying a change of annotation files: writes them, commits only them, and pushes the branch.
//!
//! Owns that order, what else a commit may contain, what is restored if Git does not commit, and making the plan again if a file
//! changed meanwhile. The plan defines the changes.

use std::iter;

use crate::annotation::error::AnnotateError;
use crate::annotation::{Source, edit};
use crate::author::Author;
use crate::dvc;
use crate::error::{Error, Result};
use crate::git::{CommitError, Committed, FileStatus, PushedBranch, Remote, RemoteError};
use crate::object_id::ObjectId;
use crate::outcome::{Applied, Written};
use crate::plan::{AnnotationPlan, FileEdit, Planned, Warning};
use crate::registry::Registry;
use crate::registry::annotations::file::{Prepared, prepare};
use crate::registry::remote::address::{no_bundle, one_address};
use crate::registry::write::apply::invalid;
use crate::registry::write::note;
use crate::request::{Request, WriteOptions};
use crate::yaml::printable;

/// Maximum number of times that an edit is planned again because a file changed meanwhile: by an editor, since other `gto` wait
/// for the lock.
const TRIES: u32 = 20;

impl Registry {
    /// Applies the part of a request about annotation files, and plans it again if another process changed a file
    /// meanwhile. No other `gto` edits annotations of this repository from reading the files to the commit.
    pub(in crate::registry) fn edit(
        &self,
        request: &Request,
        options: &WriteOptions,
        warnings: &mut Vec<Warning>,
    ) -> Result<Written> {
        let mut tries = 0;
        loop {
            let _lock = self.wait_for_writers()?;
            let plan = self.plan_files(request)?;
            note(warnings, &plan.warnings);
            let Some(files) = &plan.files else { return Ok(Written { plan, applied: Applied::default() }) };
            match self.apply_files(files, options) {
                Err(error) if tries < TRIES && self.is_worth_another_try(&error) => tries += 1,
                applied => return Ok(Written { applied: applied?, plan }),
            }
        }
    }

    /// Whether another process was faster: it changed a file, or pushed to the branch of a remote repository, whose clone is then up to
    /// date. In their own repository, users pull themselves.
    fn is_worth_another_try(&self, error: &Error) -> bool {
        match error {
            Error::Annotate(AnnotateError::Changed { .. }) => true,
            Error::Annotate(AnnotateError::NotPushed { .. }) if self.remote.is_some() => {
                let branch = self.repository.current_branch();
                let commit = self.repository.head_commit().ok().flatten();
                let meant = branch.zip(commit);
                meant.is_some_and(|(branch, commit)| {
                    self.repository.reset_to_remote_branch(&branch, commit).unwrap_or(false)
                })
            }
            _ => false,
        }
    }

    /// Whether a plan changes nothing but annotation files: one that was stored may have been modified.
    pub(in crate::registry) fn check_files(&self, plan: &AnnotationPlan) -> Result<()> {
        let dvc = self.dvc_folders()?;
        let dvc = dvc.iter().map(|folder| self.current(Source::Dvc, folder));
        let known = iter::once(self.current(Source::Gto, "")).chain(dvc);
        let allowed: Vec<String> = known.flatten().map(|file| file.target).collect();
        let edited = plan.edits.iter().map(|edit| &edit.file);
        for file in edited.chain(plan.planned.iter().map(|planned| &planned.file)) {
            let is_new =
                |file: &str| file == dvc::FILE_NAME || file.ends_with(&format!("/{}", dvc::FILE_NAME));
            if !allowed.contains(file) && !is_new(file) {
                return Err(invalid(format!("'{}' annotates no artifacts", printable(file))));
            }
        }
        Ok(())
    }

    /// What [`Registry::apply`] would refuse before it writes: for a plan that is only shown.
    pub(in crate::registry) fn check_committing(
        &self,
        plan: &AnnotationPlan,
        options: &WriteOptions,
    ) -> Result<()> {
        // Nothing is pushed, so that it does not matter to how many addresses.
        self.ready_to_commit(plan, options).map(drop)
    }

    /// Whether the plan can be committed, if it is to be; and the remote, if it is to be pushed.
    fn ready_to_commit(&self, plan: &AnnotationPlan, options: &WriteOptions) -> Result<Option<Remote>> {
        let push = self.pushes_branch(options);
        if !push && !options.commit {
            return Ok(None);
        }
        let remote = if push { Some(self.remote()?) } else { None };
        remote.as_ref().map_or(Ok(()), no_bundle)?;
        if remote.is_some() && self.repository.current_branch().is_none() {
            return Err(AnnotateError::NoBranch.into());
        }
        self.check_committable(plan)?;
        Ok(remote)
    }

    /// Whether a change of annotation files is pushed.
    fn pushes_branch(&self, options: &WriteOptions) -> bool {
        options.push == Some(true) || self.remote.is_some()
    }

    /// Writes the files of a plan, all or none; commits them if that is wanted, and pushes the branch. What a plan found done
    /// already is committed and pushed as well, if it is not yet. If Git does not commit, the files are as they were.
    ///
    /// Nothing was changed after an error, but for [`AnnotateError::NotPushed`], [`AnnotateError::Unfinished`] and what
    /// [`AnnotateError::Commit`] tells.
    pub(in crate::registry) fn apply_files(
        &self,
        plan: &AnnotationPlan,
        options: &WriteOptions,
    ) -> Result<Applied> {
        if !plan.is_whole() {
            return Err(AnnotateError::Unmovable.into());
        }
        // Long before the first file is written: a signal that comes in between still ends the process.
        let _under_way = self.environment.cancellation().begin_edit();
        let remote = self.ready_to_commit(plan, options)?.map(one_address).transpose()?;
        self.write_all(&plan.edits)?;
        if remote.is_none() && !options.commit {
            return Ok(Applied::default());
        }
        // This may complete, or revert, an edit that was made and not committed.
        let uncommitted = self.repository.uncommitted(&plan.files());
        let uncommitted = uncommitted.map_err(Error::from).and_then(|uncommitted| {
            self.check_seen_by_git(plan, &uncommitted)?;
            Ok(uncommitted)
        });
        let uncommitted = uncommitted.inspect_err(|_| drop(self.put_back(&plan.edits)))?;
        let files: Vec<&str> = uncommitted.iter().map(|(file, _)| file.as_str()).collect();
        let mut applied = Applied::default();
        if !files.is_empty() {
            let Committed { commit, said } = self.commit_all(plan, &files, options)?;
            applied.commit = Some(commit);
            applied.said = said;
        }
        // A clone of a remote repository has nothing that is not there already.
        if let Some(remote) = remote.filter(|_| self.remote.is_none() || applied.commit.is_some()) {
            let pushed = self.push_branch(&remote, applied.commit)?;
            let lines = [&applied.said, &pushed.said].map(String::as_str);
            applied.said = lines.into_iter().filter(|said| !said.is_empty()).collect::<Vec<_>>().join("\n");
            applied.pushed_branch = Some((pushed.branch, remote.shown()));
        }
        Ok(applied)
    }

    /// Git can be configured to assume that a file is unchanged; then it would commit nothing.
    fn check_seen_by_git(&self, plan: &AnnotationPlan, uncommitted: &[(String, FileStatus)]) -> Result<()> {
        let head = self.repository.head_commit()?;
        for Planned { file, source, .. } in &plan.planned {
            let edit = plan.edits.iter().find(|edit| edit.file == *file);
            let Some(edit) = edit.filter(|_| !uncommitted.iter().any(|(other, _)| other == file)) else {
                continue;
            };
            let committed =
                head.map_or(Ok(None), |head| self.text_at(head, file, *source)).unwrap_or_default();
            // Git may have other line ends than the work tree.
            let plain = |text: Option<String>| text.map(|text| text.replace("\r\n", "\n"));
            if plain(committed) != plain(edit.after.clone()) {
                let why = "Git is told to look past what is changed in it: see \
                           `git update-index --no-skip-worktree --no-assume-unchanged`";
                let file = printable(&edit.file);
                return Err(AnnotateError::Place { file, why: why.to_owned() }.into());
            }
        }
        Ok(())
    }

    /// Writes the files in their order. If one cannot be written, none is.
    fn write_all(&self, edits: &[FileEdit]) -> Result<()> {
        let root = self.work_tree()?;
        let prepared = edits.iter().map(|edit| Ok(prepare(root, edit)?)).collect::<Result<Vec<_>>>()?;
        for (done, prepared) in prepared.into_iter().enumerate() {
            if let Err(error) = prepared.put() {
                self.put_back(&edits[..done]);
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Restores the files. Files that another process, such as a hook, has changed since stay unchanged, and are
    /// reported: the change may exist nowhere else.
    fn put_back(&self, edits: &[FileEdit]) -> Vec<String> {
        let put_back = |edit: &&FileEdit| {
            let back =
                FileEdit { before: edit.after.clone(), after: edit.before.clone(), file: edit.file.clone() };
            let root = self.work_tree();
            root.is_ok_and(|root| prepare(root, &back).and_then(Prepared::put).is_ok())
        };
        let left = edits.iter().rev().filter(|edit| !put_back(edit));
        left.map(|edit| printable(&edit.file)).collect()
    }

    /// Whether the files of a plan are as in the current commit, but for the entries that the plan is about: anything else would
    /// be committed along.
    fn check_committable(&self, plan: &AnnotationPlan) -> Result<()> {
        let head = self.repository.head_commit()?;
        let uncommitted = self.repository.uncommitted(&plan.files())?;
        for (file, status) in &uncommitted {
            let planned = plan.planned.iter().find(|planned| planned.file == *file);
            let is_whole = planned.is_some_and(|planned| {
                let committed =
                    head.map_or(Ok(None), |head| self.text_at(head, &planned.file, planned.source));
                committed.is_ok_and(|committed| is_only_about(planned, committed.as_deref()))
            });
            // What is staged and is neither the one nor the other would get lost.
            if !is_whole || matches!(status, FileStatus::Mixed | FileStatus::Ignored) {
                let is_new = matches!(status, FileStatus::New | FileStatus::Ignored);
                return Err(AnnotateError::Uncommitted { file: printable(file), is_new }.into());
            }
        }
        Ok(())
    }

    /// The text of a file in a commit.
    pub(in crate::registry) fn text_at(
        &self,
        commit: ObjectId,
        file: &str,
        source: Source,
    ) -> std::result::Result<Option<String>, ()> {
        let bytes = self.repository.file_at(commit, file, source.max_size());
        bytes.map_err(drop)?.map(String::from_utf8).transpose().map_err(drop)
    }

    fn commit_all(&self, plan: &AnnotationPlan, files: &[&str], options: &WriteOptions) -> Result<Committed> {
        let message = options.message.as_ref().unwrap_or(&plan.message);
        let committed = self.repository.commit_files(files, message, &identity(&plan.author));
        committed.map_err(|error| match error {
            CommitError::Unfinished { commit, said } => AnnotateError::Unfinished { commit, said }.into(),
            CommitError::Refused(said) => {
                AnnotateError::Commit { said, left: self.put_back(&plan.edits) }.into()
            }
            CommitError::Git(error) => {
                self.put_back(&plan.edits);
                error.into()
            }
        })
    }

    fn push_branch(&self, remote: &Remote, commit: Option<ObjectId>) -> Result<PushedBranch> {
        // The clone of a remote repository goes, and the commit with it.
        let commit = commit.filter(|_| self.remote.is_none());
        let pushed = self.repository.push_branch(remote).map_err(|error| match error {
            RemoteError::Unknown(said) => AnnotateError::PushInDoubt { commit, remote: remote.shown(), said },
            error => AnnotateError::NotPushed { commit, remote: remote.shown(), said: error.to_string() },
        })?;
        Ok(pushed.ok_or(AnnotateError::NoBranch)?)
    }
}

/// The variables by which git knows who commits.
fn identity(author: &Author) -> Vec<(&'static str, &str)> {
    let names = ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"].into_iter().zip(iter::repeat(&author.name));
    let emails = ["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"].into_iter().zip(iter::repeat(&author.email));
    names.chain(emails).filter_map(|(variable, value)| Some((variable, value.as_deref()?))).collect()
}

/// Whether a file differs from its text in the current commit by nothing but the entries that are planned.
fn is_only_about(planned: &Planned, committed: Option<&str>) -> bool {
    let rest = |text: Option<&str>| {
        let mut rest = planned.source.read(text.unwrap_or_default());
        for entry in &planned.entries {
            if edit::has_entry(&rest, planned.source, entry) {
                rest = edit::without(&rest, planned.source, entry).ok()?;
            }
        }
        Some(if edit::says_nothing(rest.text()) { String::new() } else { rest.text().to_owned() })
    };
    matches!((rest(committed), rest(planned.text.as_deref())), (Some(a), Some(b)) if a == b)
}
