//! Writing through the user's `git`, where only git does it right.
//!
//! Owns knowing these repositories and the two commands that write to them: refs kept in tables, hooks that watch every
//! change of a ref, and repositories shared among users, whose files have a mode that git works out. Must not decide what
//! to write, nor explain why it was refused by the state of the refs: that is the same however it is written.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Output;

use gix::bstr::{BStr, ByteSlice as _};
use gix::objs::Kind;
use gix::odb::loose;

use crate::git::durable::{sync_file, sync_folder};
use crate::git::objects::loose::{Unsynced, loose_object_path};
use crate::git::process::said::words_of_hook;
use crate::git::refs::TAGS;
use crate::git::refs::edit::ApplyError;
use crate::git::refs::ref_lock::{HeldLock, lock_of};
use crate::git::refs::reflog::ReflogEntry;
use crate::git::refs::update::{RefChange, stopped};
use crate::git::{GitError, OBJECT_LIMIT, RefStorage, Repository, lossy};
use crate::object_id::ObjectId;

/// The hook that git runs around every change of a ref: see githooks(5).
const HOOK: &str = "reference-transaction";

/// How long git waits for another writer of tables: a second, as for `packed-refs`, where 100 ms are its default.
const LOCK_TIMEOUT: &str = "reftable.lockTimeout=1000";

impl Repository {
    /// What `git` is needed for to change refs here; `None` if it is not needed.
    pub(in crate::git) fn refs_need_git(&self) -> Option<&'static str> {
        match self.refs {
            RefStorage::Reftable => Some("a repository with reftables"),
            RefStorage::Files if self.has_hook(HOOK) => {
                Some("a repository with a hook `reference-transaction`")
            }
            RefStorage::Files => self.objects_need_git(),
        }
    }

    /// What `git` is needed for to write objects here; `None` if it is not needed.
    pub(in crate::git) fn objects_need_git(&self) -> Option<&'static str> {
        if self.has_objects_elsewhere() {
            return Some("objects in another folder (`GIT_OBJECT_DIRECTORY`)");
        }
        if self.has_object_map() {
            return Some("a repository with `extensions.compatObjectFormat`");
        }
        self.is_shared().then_some("a repository with `core.sharedRepository`")
    }

    /// Whether git keeps a map from the ids of objects to those that they would have with another hash.
    fn has_object_map(&self) -> bool {
        self.gix().config_snapshot().plumbing().string("extensions.compatObjectFormat").is_some()
    }

    /// Whether other users are to read or write what is written here, which needs modes that gix does not set.
    pub(in crate::git) fn is_shared(&self) -> bool {
        let snapshot = self.gix().config_snapshot();
        let sections = snapshot.plumbing().sections_by_name("core").into_iter().flatten();
        let values = sections
            .filter(|section| section.header().subsection_name().is_none())
            .filter_map(|section| section.value_implicit("sharedRepository"));
        match values.last() {
            None => false,
            // A key without a value means true.
            Some(None) => true,
            Some(Some(value)) => !is_private(value.as_bstr()),
        }
    }

    /// Whether git may have a hook of this name to run: whether it has, and which, git decides.
    pub(in crate::git) fn has_hook(&self, name: &str) -> bool {
        let snapshot = self.gix().config_snapshot();
        // Newer gits know hooks that are commands in the configuration.
        if snapshot.plumbing().sections_by_name("hook").is_some() {
            return true;
        }
        let folder = match snapshot.plumbing().string("core.hooksPath") {
            None => self.common_dir().join("hooks"),
            Some(path) => match hooks_folder(path.as_bstr(), self.root()) {
                Some(folder) => folder,
                None => return true,
            },
        };
        folder.join(name).exists() || (cfg!(windows) && folder.join(format!("{name}.exe")).exists())
    }

    /// Writes a tag object.
    pub(in crate::git) fn git_write_tag(
        &self,
        purpose: &'static str,
        object: &[u8],
        unsynced: &mut Unsynced,
    ) -> Result<ObjectId, ApplyError> {
        let written = || -> io::Result<_> {
            let id = self.id_of(Kind::Tag, object)?;
            self.remove_torn_object(&id, object)?;
            Ok(loose_object_path(self.objects_dir(), &id))
        };
        let path = written().map_err(|error| self.object_error(error))?;
        let output = self.run_git(purpose, ["hash-object", "-t", "tag", "-w", "--stdin"], object)?;
        let printed = std::str::from_utf8(output.stdout.trim_ascii()).ok();
        let Some(id) = printed.and_then(|id| id.parse().ok()).filter(|_| output.status.success()) else {
            return Err(self.git_refusal("hash-object", &output));
        };
        // Git syncs what it writes, but no names of files; and what was there it takes as it is.
        let is_loose = sync_file(&path).map_err(|error| self.object_error(error))?;
        if is_loose {
            unsynced.add_folder_of(&path);
            path.parent().into_iter().for_each(|folder| unsynced.add_folder_of(folder));
        }
        Ok(id)
    }

    /// Git writes no object whose file is there, even if that is empty after a power cut.
    fn remove_torn_object(&self, id: &gix::oid, content: &[u8]) -> io::Result<()> {
        let path = loose_object_path(self.objects_dir(), id);
        if !path.exists() {
            return Ok(());
        }
        let options = loose::Options { alloc_limit_bytes: Some(OBJECT_LIMIT), ..loose::Options::default() };
        let store = loose::Store::at_opts(self.objects_dir(), self.gix().object_hash(), options);
        let mut buffer = Vec::new();
        let found = store.try_find(id, &mut buffer);
        let is_whole = found.is_ok_and(|found| found.is_some_and(|found| found.data == content));
        if is_whole {
            return Ok(());
        }
        match std::fs::remove_file(path) {
            // It was packed meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    /// Changes refs, in this order; `log` is the reflog entry of new ones.
    ///
    /// Tables git changes in one step, and files one after the other, those of `packed-refs` first: one transaction may have
    /// to be several, each of which leaves the first changes of the list made if it is stopped. A hook may refuse all of it
    /// before the first.
    pub(in crate::git) fn git_update_refs(
        &self,
        purpose: &'static str,
        changes: &[RefChange],
        log: Option<&ReflogEntry>,
    ) -> Result<(), ApplyError> {
        let runs = match self.refs {
            RefStorage::Reftable => vec![changes],
            RefStorage::Files => {
                self.remove_dead_locks(changes);
                self.runs(changes)
            }
        };
        if runs.len() > 1 {
            self.git_update(purpose, changes, None, "abort")?;
        }
        let mut updated = runs.into_iter().try_for_each(|run| self.git_update(purpose, run, log, "commit"));
        if updated.is_err() && self.refs == RefStorage::Files {
            self.see_packed_refs();
            let made = self.made(changes)?;
            updated = updated.map_err(|error| stopped(made, error));
        }
        updated
    }

    /// Removes locks that would make git fail, and that no process holds.
    fn remove_dead_locks(&self, changes: &[RefChange]) {
        let files = changes.iter().map(|change| self.loose_path(&change.name));
        for file in files.chain([self.packed_path()]) {
            self.remove_if_dead(&lock_of(&file));
        }
    }

    /// Asks a hook that watches the refs, if there is one, whether it would let these changes pass: a transaction is prepared,
    /// at which it may refuse, and given up.
    pub(in crate::git) fn ask_hook(&self, changes: &[RefChange]) -> Result<(), ApplyError> {
        if !self.has_hook(HOOK) {
            return Ok(());
        }
        self.git_update("a hook `reference-transaction`", changes, None, "abort")
    }

    /// Prepares a transaction, and ends it with `end`: `commit` or `abort`.
    fn git_update(
        &self,
        purpose: &'static str,
        changes: &[RefChange],
        log: Option<&ReflogEntry>,
        end: &str,
    ) -> Result<(), ApplyError> {
        // With `-z` names need no quoting.
        let command = |RefChange { name, target, is_new }: &RefChange| {
            let verb = if *is_new { "create" } else { "delete" };
            format!("{verb} {TAGS}{name}\0{target}\0")
        };
        let commands: String = changes.iter().map(command).collect();
        let input = format!("start\0{commands}prepare\0{end}\0");
        // For a symbolic ref, the ref itself is changed, and not its target.
        let mut args = vec!["-c", LOCK_TIMEOUT, "update-ref", "--no-deref", "-z", "--stdin"];
        if let Some(log) = log {
            args.extend(["-m", &log.message]);
        }
        let output = self.run_git_as(purpose, args, input.as_bytes(), |git| {
            if let Some(log) = log {
                for (name, value) in [("GIT_COMMITTER_NAME", &log.name), ("GIT_COMMITTER_EMAIL", &log.email)]
                {
                    // Where variables are text, what is none is shown as such.
                    let value = gix::path::from_byte_slice(value).ok();
                    git.envs(value.map(|value| (name, value)));
                }
                git.env("GIT_COMMITTER_DATE", format!("@{}", log.time));
            }
        });
        // A git that was killed, or ended by us, may have been done before, with nothing but tidying up left.
        let was_ended = match &output {
            Ok(output) => output.status.code().is_none(),
            Err(error) => matches!(error, GitError::Silent { .. }),
        };
        let is_done = was_ended && self.made(changes)?.len() == changes.len();
        if is_done || output.as_ref().is_ok_and(|output| output.status.success()) {
            // What was prepared and given up changed nothing.
            return if end == "commit" { self.sync_names(changes) } else { Ok(()) };
        }
        Err(self.git_refusal("update-ref", &output?))
    }

    /// Git syncs the refs that it writes, but no names of files, and of tables all but the last bytes.
    fn sync_names(&self, changes: &[RefChange]) -> Result<(), ApplyError> {
        let failed = |error| GitError::failed("update the tags", error);
        let mut folders = BTreeSet::from([self.common_dir().to_owned()]);
        match self.refs {
            RefStorage::Reftable => self.sync_tables().map_err(failed)?,
            RefStorage::Files => {
                let tags = self.common_dir().join(TAGS);
                for change in changes {
                    let above = tags.join(&change.name);
                    let above = above.ancestors().skip(1).take_while(|folder| folder.starts_with(&tags));
                    folders.extend(above.map(Path::to_owned));
                }
            }
        }
        // Of a deleted ref the folder may be gone as well.
        folders.retain(|folder| folder.is_dir());
        Ok(folders.iter().rev().try_for_each(|folder| sync_folder(folder)).map_err(failed)?)
    }

    /// Which of these changes have been made.
    fn made(&self, changes: &[RefChange]) -> Result<Vec<String>, GitError> {
        let mut made = Vec::new();
        for change in changes {
            let target = self.tag_ref(&change.name)?.map(|tag| tag.target);
            if target == change.is_new.then_some(change.target) {
                made.push(change.name.clone());
            }
        }
        Ok(made)
    }

    /// The error of a `git` that did not write.
    fn git_refusal(&self, command: &'static str, output: &Output) -> ApplyError {
        if let Some(said) = said_by_hook(&lossy(&output.stderr)) {
            return ApplyError::Hook { said };
        }
        match self.command_error(command, output) {
            GitError::Command { message, .. } if is_denial(&message) => self.permission_denied(message),
            error @ GitError::Command { .. } => match self.tables_denied() {
                Some(denied) => self.permission_denied(denied),
                None => match self.held_lock(&error.to_string()) {
                    Some(path) => ApplyError::Locked { source: HeldLock::at(path).into() },
                    None if error.to_string().contains("lock") => ApplyError::Locked { source: error.into() },
                    None => error.into(),
                },
            },
            error => error.into(),
        }
    }

    /// The lock that git found, which of tables it does not name.
    fn held_lock(&self, message: &str) -> Option<PathBuf> {
        let path = match self.refs {
            RefStorage::Files => {
                let lock =
                    message.split_once("Unable to create '").and_then(|(_, rest)| rest.split_once("': "));
                // Git makes this file too only if it is not there: one that was killed leaves it.
                let new = || message.split_once("unable to create file ")?.1.split_once(": File exists");
                lock.or_else(new)?.0.into()
            }
            RefStorage::Reftable => self.common_dir().join("reftable").join("tables.list.lock"),
        };
        (message.contains("File exists") || self.refs == RefStorage::Reftable && message.contains("lock"))
            .then_some(path)
            .filter(|path| path.exists())
    }

    /// Why no table can be written, where git only prints `I/O error`.
    fn tables_denied(&self) -> Option<io::Error> {
        match self.refs {
            RefStorage::Files => None,
            // It has no name, so that nothing is left of it.
            RefStorage::Reftable => tempfile::tempfile_in(self.common_dir().join("reftable")).err(),
        }
    }
}

/// Whether the system did not let git write.
fn is_denial(message: &str) -> bool {
    ["Permission denied", "insufficient permission", "Read-only file system"]
        .iter()
        .any(|words| message.contains(words))
}

/// Whether a value of `core.sharedRepository` leaves it to the umask: see git-config(1).
fn is_private(value: &BStr) -> bool {
    ["umask", "false", "no", "off", ""].iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
        || value.iter().all(|digit| *digit == b'0')
}

/// The folder that `core.hooksPath` names, from the folder where hooks are run; `None` if only git can tell.
fn hooks_folder(path: &BStr, run_in: &Path) -> Option<PathBuf> {
    // A home, the folder of git's installation, or an optional path.
    if path.starts_with(b"~") || path.starts_with(b"%") || path.starts_with(b":") {
        return None;
    }
    Some(run_in.join(gix::path::from_bstr(path).ok()?))
}

/// The message of a hook that aborted the transaction; `None` if none did.
///
/// Git's own words are `ref updates aborted by hook`, and since 2.52 longer ones.
fn said_by_hook(stderr: &str) -> Option<String> {
    let lines: Vec<&str> = stderr.trim_end().lines().collect();
    let (aborted, said) = lines.split_last()?;
    if !(aborted.starts_with("fatal:") && aborted.contains("aborted by") && aborted.contains("hook")) {
        return None;
    }
    // If it refuses, it runs twice: before, and when the transaction is aborted. It may print the same each time.
    let (once, again) = said.split_at(said.len() / 2);
    let said = if once == again { once } else { said };
    let said = words_of_hook(&said.join("\n"));
    Some(if said.is_empty() { "it did not say why".to_owned() } else { said })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_shared_repository_is_read_as_git_reads_it() {
        for private in ["umask", "false", "No", "0", "000", ""] {
            assert!(is_private(private.into()), "{private}");
        }
        for shared in ["group", "true", "all", "world", "everybody", "0660", "1", "2", "yes"] {
            assert!(!is_private(shared.into()), "{shared}");
        }
    }

    #[test]
    fn what_a_hook_says_is_told_once() {
        let told = said_by_hook("no\nno\nask ops\nfatal: ref updates aborted by hook\n");
        assert_eq!(told.as_deref(), Some("no; ask ops"));
        let long = (1..=21).map(|n| format!("  rule {n}\n")).collect::<Vec<_>>().concat();
        let told = said_by_hook(&format!("{long}{long}fatal: ref updates aborted by hook\n")).unwrap();
        assert_eq!(told.lines().count(), 21, "{told}");
        assert!(told.ends_with("  rule 21"), "{told}");
        let newer = "fatal: ref updates aborted by the reference-transaction hook at its 'prepared' state";
        assert_eq!(said_by_hook(newer).as_deref(), Some("it did not say why"));
        assert_eq!(said_by_hook("fatal: cannot lock ref 'refs/tags/aborted by hook'\nfatal: x"), None);
        assert_eq!(said_by_hook(""), None);
    }

    #[test]
    fn a_relative_folder_of_hooks_begins_where_hooks_are_run() {
        let folder = |path: &str| hooks_folder(path.into(), Path::new("/r"));
        assert_eq!(folder("hooks"), Some(PathBuf::from("/r/hooks")));
        assert_eq!(folder("/dev/null"), Some(PathBuf::from("/dev/null")));
        assert_eq!(folder("~/hooks"), None);
    }
}
