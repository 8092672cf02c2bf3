//! Writing tags, each only if its ref is as expected.
//!
//! Owns the bytes of tag objects and what is expected of refs, which is checked while they are locked: Git decides who
//! wins. How refs are changed is for `update` and `via_git`. Must not decide what to write.

use std::collections::BTreeSet;
use std::io;

use gix::objs::Kind;

use crate::git::objects::loose::Unsynced;
use crate::git::refs::edit::{ApplyError, TagEdit};
use crate::git::refs::reflog::git_time;
use crate::git::refs::update::RefChange;
use crate::git::refs::{clash, folders, full_name, is_valid_tag_name};

use crate::git::{Cause, GitError, Repository};
use crate::object_id::ObjectId;
use crate::signature::Signature;
use crate::signing::Signing;

impl Repository {
    /// As [`Repository::apply_signed`], unsigned.
    #[cfg(test)]
    pub fn apply(&self, edits: &[TagEdit]) -> Result<Vec<ObjectId>, ApplyError> {
        self.apply_signed(edits, None, || Ok(true))
    }

    /// Makes all changes, in their order, or none if one of them is refused; signs the new tags if asked to. Returns the ids
    /// of the new tag objects, in the order of the creates.
    ///
    /// `is_current` says whether the changes still are what should be made. It is asked while no other writer of this
    /// library is at work in a repository whose refs are files; where git writes the refs, it is not asked.
    pub fn apply_signed(
        &self,
        edits: &[TagEdit],
        signing: Option<&Signing>,
        is_current: impl Fn() -> Result<bool, GitError>,
    ) -> Result<Vec<ObjectId>, ApplyError> {
        let ids = self.write_objects(edits, signing)?;
        self.update_refs(edits, &ids, is_current)?;
        Ok(ids)
    }

    /// The first half of [`Repository::apply_signed`]: writes the tag objects, to which no ref leads yet, and refuses what
    /// would be refused now, by the state of the refs or by a hook. Gives their ids.
    pub fn prepare(&self, edits: &[TagEdit], signing: Option<&Signing>) -> Result<Vec<ObjectId>, ApplyError> {
        if let Some(error) = self.explain(edits) {
            return Err(error);
        }
        let ids = self.write_objects(edits, signing)?;
        self.ask_hook(&RefChange::all(edits, &ids))?;
        Ok(ids)
    }

    /// Writes the tag objects, signed if asked to. No ref leads to them yet.
    pub fn write_objects(
        &self,
        edits: &[TagEdit],
        signing: Option<&Signing>,
    ) -> Result<Vec<ObjectId>, ApplyError> {
        if self.is_quarantined() {
            return Err(ApplyError::Quarantined);
        }
        let mut objects = self.check(edits)?;
        if let Some(signing) = signing {
            self.sign(&mut objects, signing)?;
        }
        let mut ids = Vec::with_capacity(objects.len());
        let mut unsynced = Unsynced::default();
        for object in &objects {
            ids.push(self.write_tag_object(object, &mut unsynced)?);
        }
        // What git has committed may be on the disk in part: by default it syncs no object.
        let commits: BTreeSet<ObjectId> = edits.iter().filter_map(TagEdit::commit).collect();
        let synced = commits.into_iter().try_for_each(|commit| self.sync_loose(commit, &mut unsynced));
        synced.and_then(|()| unsynced.sync()).map_err(|error| self.object_error(error))?;
        Ok(ids)
    }

    /// The second half of [`Repository::apply_signed`]: changes the refs. `ids` are the new tag objects, in the order
    /// of the creates.
    pub fn update_refs(
        &self,
        edits: &[TagEdit],
        ids: &[ObjectId],
        is_current: impl Fn() -> Result<bool, GitError>,
    ) -> Result<(), ApplyError> {
        let log = self.reflog_entry(edits);
        let changes = RefChange::all(edits, ids);
        match self.refs_need_git() {
            None => {
                // A `git gc --prune=now` takes what no ref leads to yet. No remote can have it.
                let is_here = |id: ObjectId| self.to_gix(id).is_some_and(|id| self.gix().has_object(id));
                let check = || {
                    if let Some(&id) = ids.iter().find(|id| !is_here(**id)) {
                        return Err(GitError::Missing { id }.into());
                    }
                    self.explain(edits).map_or(Ok(()), Err)?;
                    match edits.first() {
                        Some(edit) if !is_current()? => Err(changed(edit.name())),
                        _ => Ok(()),
                    }
                };
                self.change_refs(&changes, log.as_ref(), check)
            }
            Some(purpose) => {
                let updated = self.git_update_refs(purpose, &changes, log.as_ref());
                updated.map_err(|error| match error {
                    error @ (ApplyError::Hook { .. } | ApplyError::Stopped { .. }) => error,
                    error => self.explain(edits).unwrap_or(error),
                })
            }
        }
    }

    /// Refuses what can be refused without a lock, and gives the tag objects to write.
    fn check(&self, edits: &[TagEdit]) -> Result<Vec<Vec<u8>>, ApplyError> {
        let mut objects = Vec::new();
        for edit in edits {
            if full_name(edit.name()).is_none() {
                return Err(invalid(edit.name()));
            }
            if let TagEdit::Create { name, commit, tagger, message } = edit {
                if !is_valid_tag_name(name) {
                    return Err(invalid(name));
                }
                let (id, expected) = (*commit, "commit");
                if self.header(id)?.0 != Kind::Commit {
                    return Err(GitError::WrongKind { id, expected }.into());
                }
                objects.push(self.tag_object(name, id, tagger, message)?);
            }
        }
        let created = created(edits).collect();
        match clash(&created) {
            Some((name, by)) => Err(blocked(name, by)),
            None => Ok(objects),
        }
    }

    /// The bytes that `git tag -a` writes.
    fn tag_object(
        &self,
        name: &str,
        commit: ObjectId,
        tagger: &Signature,
        message: &str,
    ) -> Result<Vec<u8>, ApplyError> {
        let (who, email) = self.exact(tagger);
        if who.is_empty() {
            return Err(ApplyError::EmptyTagger);
        }
        if tagger.time.seconds() < 0 {
            return Err(ApplyError::TooEarly);
        }
        let time = git_time(tagger);
        // A NUL would end the message for git.
        let message = message.replace('\0', "");
        let newline = if message.is_empty() || message.ends_with('\n') { "" } else { "\n" };
        let head = format!("object {commit}\ntype commit\ntag {name}\ntagger ");
        let tail = format!("> {time}\n\n{message}{newline}");
        Ok([head.as_bytes(), &who, b" <", &email, tail.as_bytes()].concat())
    }

    /// Writes a tag object as it is.
    pub(in crate::git) fn write_tag_object(
        &self,
        object: &[u8],
        unsynced: &mut Unsynced,
    ) -> Result<ObjectId, ApplyError> {
        if let Some(purpose) = self.objects_need_git() {
            return self.git_write_tag(purpose, object, unsynced);
        }
        self.write_loose(Kind::Tag, object, unsynced).map_err(|error| self.object_error(error))
    }

    pub(in crate::git) fn object_error(&self, error: io::Error) -> ApplyError {
        use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        match error.kind() {
            PermissionDenied | ReadOnlyFilesystem => self.permission_denied(error),
            _ => GitError::failed("write the tag", error).into(),
        }
    }

    /// Which edit cannot be made as the refs are now, and why.
    fn explain(&self, edits: &[TagEdit]) -> Option<ApplyError> {
        edits.iter().find_map(|edit| match edit {
            TagEdit::Create { name, .. } => self.in_the_way(name).unwrap_or_else(|error| Some(error.into())),
            TagEdit::Delete { name, expected } => match self.tag_ref(name) {
                Ok(Some(tag)) if tag.target == *expected => None,
                Ok(_) => Some(changed(name)),
                Err(error) => Some(error.into()),
            },
        })
    }

    fn in_the_way(&self, name: &str) -> Result<Option<ApplyError>, GitError> {
        if self.tag_ref(name)?.is_some() {
            return Ok(Some(ApplyError::Exists { name: name.to_owned() }));
        }
        for folder in folders(name) {
            if self.tag_ref(folder)?.is_some() {
                return Ok(Some(blocked(name, folder)));
            }
        }
        let below = self.tag_refs_with(&[&format!("{name}/")])?;
        let below = below.refs.first().map(|tag| &tag.name);
        Ok(below.map(|by| blocked(name, by)))
    }

    pub(in crate::git) fn permission_denied(&self, source: impl Into<Cause>) -> ApplyError {
        ApplyError::PermissionDenied { path: self.common_dir().to_owned(), source: source.into() }
    }
}

fn created(edits: &[TagEdit]) -> impl Iterator<Item = &str> {
    edits.iter().filter_map(|edit| match edit {
        TagEdit::Create { name, .. } => Some(name.as_str()),
        TagEdit::Delete { .. } => None,
    })
}

fn invalid(name: &str) -> ApplyError {
    ApplyError::InvalidName { name: name.to_owned() }
}

fn changed(name: &str) -> ApplyError {
    ApplyError::Changed { name: name.to_owned() }
}

fn blocked(name: &str, by: &str) -> ApplyError {
    ApplyError::Blocked { name: name.to_owned(), by: by.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use gto_testkit::{Repo, RepoOptions, Sandbox, TagSpec};

    use super::*;
    use crate::git::test_repo::{ann, discover, each_storage, id, open};
    use crate::time::Timestamp;

    fn create(name: &str, commit: &str) -> TagEdit {
        TagEdit::Create {
            name: name.to_owned(),
            commit: id(commit),
            tagger: ann(),
            message: "text".to_owned(),
        }
    }

    fn delete(name: &str, expected: &str) -> TagEdit {
        TagEdit::Delete { name: name.to_owned(), expected: id(expected) }
    }

    fn refused(repo: &Repo, edits: &[TagEdit]) -> ApplyError {
        let before = repo.tags();
        let error = open(repo).apply(edits).unwrap_err();
        assert_eq!(repo.tags(), before, "{error:?}");
        error
    }

    /// A repository with two commits and the tags `old` (packed, on the first) and `a/b` (loose, on the second).
    fn filled(repo: &Repo) -> (String, String) {
        let first = repo.commit(&[], "first");
        repo.tag("old", "HEAD", &TagSpec::default());
        repo.pack_refs();
        let second = repo.commit(&[], "second");
        repo.tag("a/b", "HEAD", &TagSpec::default());
        (first, second)
    }

    #[test]
    fn a_tag_is_written_byte_for_byte_as_git_tag_writes_it() {
        for sha256 in [false, true] {
            let repo = Sandbox::new().repo_with("r", RepoOptions { sha256, ..RepoOptions::default() });
            let commit = repo.commit(&[], "first");
            for (n, (who, email, time, offset, zone, message)) in [
                ("Ann", "ann@x", 1_700_000_000, 19_800, "+0530", "text"),
                ("Zoë, Jr.", "", 0, 0, "+0000", "two\n\nlines\n"),
                ("  \"A <b>\nc\"; ", " <a@b>\n", 1, -12_600, "-0330", "text"),
                ("Ann", "ann@x", 1, 0, "+0000", ""),
            ]
            .into_iter()
            .enumerate()
            {
                let name = format!("m@v{n}");
                let mut git = repo.command("git");
                git.env("GIT_COMMITTER_NAME", who).env("GIT_COMMITTER_EMAIL", email);
                git.env("GIT_COMMITTER_DATE", format!("@{time} {zone}"));
                let output = git.args(["tag", "-a", "-m", message, &name]).output().unwrap();
                assert!(output.status.success(), "{output:?}");
                let theirs = repo.git_ok(&["rev-parse", &name]);
                repo.git_ok(&["update-ref", "-d", &format!("refs/tags/{name}")]);
                let tagger = Signature {
                    name: who.into(),
                    email: email.into(),
                    time: Timestamp::new(time, offset).unwrap(),
                };
                let edit = TagEdit::Create { name, commit: id(&commit), tagger, message: message.to_owned() };
                let ours = open(&repo).apply(&[edit]).unwrap();
                let text = repo.git_ok(&["cat-file", "tag", &ours[0].to_string()]);
                assert_eq!(ours, [id(&theirs)], "{text}");
            }
        }
    }

    #[test]
    fn creates_and_deletes_are_made_together_and_leave_a_clean_repository() {
        for repo in each_storage() {
            let (first, second) = filled(&repo);
            let (old, ab) = (repo.git_ok(&["rev-parse", "old"]), repo.git_ok(&["rev-parse", "a/b"]));
            let edits =
                [create("new", &first), delete("old", &old), create("x/y", &second), delete("a/b", &ab)];
            let ids = open(&repo).apply(&edits).unwrap();
            assert_eq!(repo.tag_names(), ["new", "x/y"]);
            let tags = repo.tags();
            assert_eq!(ids, [id(&tags[0].object_id), id(&tags[1].object_id)]);
            assert_eq!((tags[0].target.as_str(), tags[1].target.as_str()), (first.as_str(), second.as_str()));
            assert_eq!(repo.git_ok(&["fsck", "--strict", "--no-dangling"]), "");
            // The names are free again, also for what they were in the way of.
            open(&repo).apply(&[create("old/x", &first), create("a", &first)]).unwrap();
            assert_eq!(repo.tag_names(), ["a", "new", "old/x", "x/y"]);
        }
    }

    #[test]
    fn one_refused_edit_refuses_all() {
        for repo in each_storage() {
            let (first, second) = filled(&repo);
            let old = repo.git_ok(&["rev-parse", "old"]);
            let free = create("free", &first);
            let with = |edit: TagEdit| refused(&repo, &[free.clone(), edit]);
            let is = |error: ApplyError, expected: &str| assert_eq!(error.to_string(), expected);
            is(with(create("old", &first)), "tag `old` already exists");
            is(with(create("a/b", &first)), "tag `a/b` already exists");
            is(with(delete("old", &first)), "tag `old` was changed by someone else");
            is(with(delete("gone", &old)), "tag `gone` was changed by someone else");
            is(with(delete("old", &"1".repeat(64))), "tag `old` was changed by someone else");
            is(with(create("old/x", &first)), "tag `old/x` cannot be created beside tag `old`");
            is(with(create("a/b/c/d", &first)), "tag `a/b/c/d` cannot be created beside tag `a/b`");
            is(with(create("a", &second)), "tag `a` cannot be created beside tag `a/b`");
            is(with(create("free/x", &second)), "tag `free/x` cannot be created beside tag `free`");
            is(with(create("a..b", &first)), "`a..b` cannot be the name of a tag");
            is(with(create("-d", &first)), "`-d` cannot be the name of a tag");
            is(with(delete("", &first)), "`` cannot be the name of a tag");
            let tree = repo.git_ok(&["rev-parse", "HEAD^{tree}"]);
            is(with(create("tree", &tree)), &format!("object {tree} is not a commit"));
            let absent = "1".repeat(40);
            is(with(create("absent", &absent)), &format!("object {absent} is missing from the repository"));
            assert!(!repo.git_dir().join("refs/tags/free.lock").exists());
        }
    }

    #[test]
    fn the_same_tag_written_twice_exists_the_second_time() {
        for repo in each_storage() {
            let commit = repo.commit(&[], "first");
            open(&repo).apply(&[create("x", &commit)]).unwrap();
            assert!(matches!(refused(&repo, &[create("x", &commit)]), ApplyError::Exists { .. }));
            repo.pack_refs();
            assert!(matches!(refused(&repo, &[create("x", &commit)]), ApplyError::Exists { .. }));
            assert!(open(&repo).apply(&[create("y", &commit), create("y", &commit)]).is_err());
            assert_eq!(repo.tag_names(), ["x"]);
        }
    }

    #[test]
    fn a_change_made_by_git_meanwhile_is_seen() {
        for repo in each_storage() {
            let (first, _) = filled(&repo);
            let repository = open(&repo);
            let old = repository.tag_ref("old").unwrap().unwrap().target.to_string();
            assert_eq!(repository.tag_refs("").unwrap().refs.len(), 2);
            repo.git_ok(&["tag", "new", &first]);
            repo.pack_refs();
            repo.git_ok(&["tag", "-f", "old", &first]);
            assert!(matches!(repository.apply(&[create("new", &first)]), Err(ApplyError::Exists { .. })));
            assert!(matches!(repository.apply(&[delete("old", &old)]), Err(ApplyError::Changed { .. })));
        }
    }

    #[test]
    fn of_many_writers_of_one_name_one_wins() {
        for repo in each_storage() {
            let commit = repo.commit(&[], "first");
            let results: Vec<_> = std::thread::scope(|scope| {
                let write = |n: i64| {
                    let (repo, commit) = (repo.path(), &commit);
                    scope.spawn(move || {
                        let tagger = Signature { time: Timestamp::new(n, 0).unwrap(), ..ann() };
                        let message = "text".to_owned();
                        let edit =
                            TagEdit::Create { name: "x".to_owned(), commit: id(commit), tagger, message };
                        discover(repo).unwrap().apply(&[edit])
                    })
                };
                let threads: Vec<_> = (0..8).map(write).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let won: Vec<_> = results.iter().flatten().collect();
            assert_eq!(won.len(), 1, "{results:?}");
            assert_eq!(repo.tags()[0].object_id, won[0][0].to_string());
            let lost = results.iter().filter_map(|result| result.as_ref().err());
            for error in lost {
                assert!(matches!(error, ApplyError::Exists { .. } | ApplyError::Locked { .. }), "{error:?}");
            }
        }
    }

    #[test]
    fn a_lock_that_stays_is_reported_as_one() {
        for repo in each_storage() {
            let (first, _) = filled(&repo);
            let reftable = repo.git_dir().join("reftable");
            let locks = if reftable.exists() {
                vec![reftable.join("tables.list.lock")]
            } else {
                vec![repo.git_dir().join("refs/tags/new.lock"), repo.git_dir().join("packed-refs.lock")]
            };
            for lock in locks {
                fs::write(&lock, "").unwrap();
                let old = repo.git_ok(&["rev-parse", "old"]);
                let error = refused(&repo, &[create("new", &first), delete("old", &old)]);
                assert!(matches!(error, ApplyError::Locked { .. }), "{error:?}");
                fs::remove_file(&lock).unwrap();
            }
        }
    }

    #[test]
    fn a_tagger_without_a_name_or_a_time_before_1970_is_refused() {
        let repo = Repo::new();
        let commit = repo.commit(&[], "first");
        let by = |name: &str, seconds| TagEdit::Create {
            name: "x".to_owned(),
            commit: id(&commit),
            tagger: Signature { name: name.into(), time: Timestamp::new(seconds, 0).unwrap(), ..ann() },
            message: String::new(),
        };
        assert!(matches!(refused(&repo, &[by("<>", 0)]), ApplyError::EmptyTagger));
        assert!(matches!(refused(&repo, &[by("Ann", -1)]), ApplyError::TooEarly));
    }

    #[test]
    fn a_reflog_is_written_where_git_writes_one_and_says_the_same() {
        for shared in [false, true] {
            let repo = Repo::new();
            let commit = repo.commit(&[], "Teach the model\tto  read\n\nAt last.");
            repo.git_ok(&["config", "core.sharedRepository", if shared { "group" } else { "umask" }]);
            let log = |name: &str| repo.git_dir().join("logs/refs/tags").join(name);
            open(&repo).apply(&[create("x", &commit)]).unwrap();
            assert!(!log("x").exists());
            repo.git_ok(&["config", "core.logAllRefUpdates", "always"]);
            let made = open(&repo).apply(&[create("y", &commit)]).unwrap();
            let mut git = repo.command("git");
            git.env("GIT_COMMITTER_NAME", "Ann").env("GIT_COMMITTER_EMAIL", "ann@example.com");
            git.env("GIT_COMMITTER_DATE", "@1700000000 +0530");
            assert!(git.args(["tag", "-a", "-m", "text", "theirs"]).status().unwrap().success());
            let line = |name: &str| {
                let text = fs::read_to_string(log(name)).unwrap();
                text.replace(&repo.git_ok(&["rev-parse", name]), "ID")
            };
            assert_eq!(line("y"), line("theirs"), "{shared}");
            open(&repo).apply(&[TagEdit::Delete { name: "y".to_owned(), expected: made[0] }]).unwrap();
            assert!(!log("y").exists());
        }
    }

    /// The log of `x/y` is gone, and its folder is in the way of that of `x`.
    #[test]
    fn what_is_left_of_old_reflogs_is_in_nobodys_way() {
        let repo = Repo::new();
        let commit = repo.commit(&[], "first");
        repo.git_ok(&["config", "core.logAllRefUpdates", "always"]);
        let made = open(&repo).apply(&[create("x/y/z", &commit)]).unwrap();
        open(&repo).apply(&[TagEdit::Delete { name: "x/y/z".to_owned(), expected: made[0] }]).unwrap();
        open(&repo).apply(&[create("x", &commit)]).unwrap();
        assert!(repo.git_dir().join("logs/refs/tags/x").is_file());
    }

    #[cfg(unix)]
    #[test]
    fn a_repository_that_cannot_be_written_to_is_a_matter_of_permission() {
        use std::os::unix::fs::PermissionsExt as _;

        let repo = Repo::new();
        let commit = repo.commit(&[], "first");
        let folders = ["objects", "refs/tags"].map(|folder| repo.git_dir().join(folder));
        for folder in &folders {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o555)).unwrap();
            let root_may = fs::write(folder.join("probe"), "").is_ok();
            if root_may {
                gto_testkit::skip("permissions do not bind this user");
                return;
            }
            let error = refused(&repo, &[create("x", &commit)]);
            assert!(matches!(error, ApplyError::PermissionDenied { .. }), "{error:?}");
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn files_are_written_with_the_permissions_that_git_gives_them() {
        use std::os::unix::fs::PermissionsExt as _;

        let repo = Repo::new();
        let commit = repo.commit(&[], "first");
        repo.tag("theirs", "HEAD", &TagSpec::default());
        let ours = open(&repo).apply(&[create("ours", &commit)]).unwrap()[0].to_string();
        let theirs = repo.git_ok(&["rev-parse", "theirs"]);
        let mode = |path: String| fs::metadata(repo.git_dir().join(path)).unwrap().permissions().mode();
        assert_eq!(mode("refs/tags/ours".to_owned()), mode("refs/tags/theirs".to_owned()));
        let object = |id: &str| format!("objects/{}/{}", &id[..2], &id[2..]);
        assert_eq!(mode(object(&ours)), mode(object(&theirs)));
    }
}
