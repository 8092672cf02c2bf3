//! Revisions as a user types them: `HEAD~2`, a branch, a tag, a short id.
//!
//! Owns finding their commit, by Git's rules and then by those of the Python tool. Must not walk history beyond what
//! the revision asks for.

use std::collections::HashSet;

use gix::bstr::BStr;
use gix::revision::Spec;
use gix::revision::spec::parse::{Error as SpecError, ObjectKindHint, Options};

use crate::git::objects::ambiguity::{full_names, is_like_describe};
use crate::git::objects::tag::PeelError;
use crate::git::{GitError, ObjectKind, RefStorage, Repository, UnreadableTag, from_gix, lossy};
use crate::object_id::ObjectId;

/// Why a revision is not a commit.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    /// Nothing of that name.
    #[error("`{revision}` is no commit, branch or tag of this repository")]
    NotFound {
        /// What the user typed.
        revision: String,
    },
    /// The revision starts from `HEAD`, and there is no commit yet.
    #[error("this repository has no commit yet")]
    NoCommitYet,
    /// The revision starts from `HEAD`, whose branch is not there, while others are.
    #[error("HEAD names a branch that does not exist")]
    NoBranch {
        /// The branch, where it is known.
        branch: Option<String>,
        /// One that is there.
        other: String,
    },
    /// It names something else.
    #[error("`{revision}` is a {kind}, not a commit")]
    NotACommit {
        /// What the user typed.
        revision: String,
        /// What it is.
        kind: ObjectKind,
    },
    /// A short id of several objects, or a branch that several remotes have in different places.
    #[error("`{revision}` is ambiguous")]
    Ambiguous {
        /// What the user typed.
        revision: String,
        /// What it may mean.
        candidates: Vec<String>,
    },
    /// The repository cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// What a revision names, before tags are followed.
pub(in crate::git) enum Named {
    Object(ObjectId),
    Nothing,
    Several(Vec<String>),
}

impl Named {
    pub fn object(self) -> Option<ObjectId> {
        match self {
            Self::Object(id) => Some(id),
            Self::Nothing | Self::Several(_) => None,
        }
    }
}

impl Repository {
    /// The names of the local branches, for completion: what cannot be read has none.
    pub fn branch_names(&self) -> Vec<String> {
        let args = ["for-each-ref", "--format=%(refname:short)", "refs/heads"];
        let output = self.run_git("listing branches", args, b"");
        let listed = output.map(|output| lossy(&output.stdout)).unwrap_or_default();
        listed.lines().map(str::to_owned).collect()
    }

    /// Whether any branch of a remote is known here.
    pub fn has_remote_branches(&self) -> bool {
        let args = ["for-each-ref", "--count=1", "--format=%(refname)", "refs/remotes"];
        let output = self.run_git("listing branches", args, b"");
        output.is_ok_and(|output| !output.stdout.is_empty())
    }

    /// The commit that `revision` names. If nothing here has that name, the branch of that name on a remote, as in the
    /// Python tool, provided that all remotes which have it agree.
    pub fn resolve(&self, revision: &str) -> Result<ObjectId, ResolveError> {
        let named = match self.refs {
            // For a text, gix would look at what every ref leads to, without a bound; and as far as it leads for what a
            // branch was at or follows.
            RefStorage::Files
                if is_like_describe(revision) || revision.starts_with(":/") || revision.contains("@{") =>
            {
                self.git_rev_parse(revision)?
            }
            RefStorage::Files => match self.files_rev_parse(revision) {
                // It may lead through what a partial clone left out, which git fetches.
                Ok(Named::Nothing) | Err(_) if self.is_partial() => self.git_rev_parse(revision)?,
                named => named?,
            },
            RefStorage::Reftable => self.git_rev_parse(revision)?,
        };
        match named {
            Named::Object(id) => self.commit_of(revision, id),
            Named::Several(candidates) => {
                Err(ResolveError::Ambiguous { revision: revision.to_owned(), candidates })
            }
            Named::Nothing if starts_from_head(revision) && self.head_commit()?.is_none() => {
                Err(self.no_head())
            }
            Named::Nothing => self.resolve_on_remotes(revision),
        }
    }

    /// gix looks into `packed-refs` before it looks for the file of a ref, which git may have packed between the two.
    fn files_rev_parse(&self, revision: &str) -> Result<Named, GitError> {
        match self.gix_rev_parse(revision) {
            Ok(Named::Nothing) | Err(_) => {
                self.see_packed_refs();
                self.gix_rev_parse(revision)
            }
            named => named,
        }
    }

    fn commit_of(&self, revision: &str, id: ObjectId) -> Result<ObjectId, ResolveError> {
        let revision = revision.to_owned();
        let commit = self.peel_to_commit(id).map_err(|error| match error {
            // The full id of an object that is not here.
            PeelError::Git(GitError::Missing { .. } | GitError::Unfetched { .. })
                if revision.parse::<ObjectId>().is_ok() =>
            {
                ResolveError::NotFound { revision }
            }
            PeelError::Git(error) => ResolveError::Git(error),
            PeelError::Tag(UnreadableTag::NotACommit { kind, .. }) => {
                ResolveError::NotACommit { revision, kind }
            }
            PeelError::Tag(UnreadableTag::Missing) => ResolveError::Git(GitError::Missing { id }),
            PeelError::Tag(why @ (UnreadableTag::Malformed | UnreadableTag::TooDeep)) => {
                ResolveError::Git(GitError::unreadable(id, why))
            }
            PeelError::Tag(_) => ResolveError::NotACommit { revision, kind: ObjectKind::Tag },
        })?;
        self.check_commit(commit)?;
        Ok(commit)
    }

    fn resolve_on_remotes(&self, revision: &str) -> Result<ObjectId, ResolveError> {
        let mut found: Vec<(String, ObjectId)> = Vec::new();
        for remote in self.remotes() {
            let name = format!("refs/remotes/{remote}/{revision}");
            if let Some(id) = self.ref_target(&name)? {
                found.push((format!("{remote}/{revision}"), id));
            }
        }
        match found.first() {
            None => Err(ResolveError::NotFound { revision: revision.to_owned() }),
            Some((_, id)) if found.iter().all(|(_, other)| other == id) => self.commit_of(revision, *id),
            Some(_) => Err(ResolveError::Ambiguous {
                revision: revision.to_owned(),
                candidates: found.into_iter().map(|(name, _)| name).collect(),
            }),
        }
    }

    fn gix_rev_parse(&self, revision: &str) -> Result<Named, GitError> {
        let start = start_of(revision);
        let found = if revision.starts_with(':') { None } else { self.start(start)? };
        if let Some(id) = found
            && start == revision
            && !start.is_empty()
        {
            return Ok(Named::Object(id));
        }
        for id in found.map_or_else(|| self.short_ids(start), |id| vec![id]) {
            self.check_bounded(id)?;
        }
        let options = Options { object_kind_hint: Some(ObjectKindHint::Committish), ..Options::default() };
        // gix would read `packed-refs` in its own way, so it gets the ids of what is found already.
        let text = match found.filter(|_| !start.is_empty()) {
            Some(id) => format!("{id}{}", &revision[start.len()..]),
            None => revision.to_owned(),
        };
        let error = match Spec::from_bstr(BStr::new(&text), self.gix(), options) {
            // A range names no single object.
            Ok(spec) => {
                return Ok(spec.single().map_or(Named::Nothing, |id| Named::Object(from_gix(&id))));
            }
            Err(error) => error,
        };
        if let Some(SpecError::AmbiguousPrefix { candidates, .. }) = error.downcast_any_ref::<SpecError>() {
            let candidates = candidates.iter().map(|(id, info)| format!("{id} {info}"));
            return Ok(Named::Several(candidates.collect()));
        }
        if error.is_corrupted() || crate::git::denied(&error) {
            return Err(GitError::failed("look up the revision", error));
        }
        Ok(Named::Nothing)
    }

    /// The object that `HEAD`, the name of a ref or a whole id names.
    fn start(&self, start: &str) -> Result<Option<ObjectId>, GitError> {
        if matches!(start, "HEAD" | "@" | "") {
            return self.head_target();
        }
        if let Ok(id) = start.parse() {
            return Ok(Some(id));
        }
        for name in full_names(start) {
            match self.ref_target(&name) {
                Ok(None) => {}
                Err(error @ GitError::PackedRefs(_)) => return Err(error),
                found => return Ok(found.unwrap_or_default()),
            }
        }
        Ok(None)
    }

    /// The objects whose ids begin so.
    fn short_ids(&self, start: &str) -> Vec<ObjectId> {
        let Ok(prefix) = gix::hash::Prefix::from_hex(start) else { return Vec::new() };
        let mut found = HashSet::new();
        // gix reports what cannot be read.
        let _ = self.gix().objects.lookup_prefix(prefix, Some(&mut found));
        found.iter().map(|id| from_gix(id)).collect()
    }

    /// Refuses an object from which gix might not return: it follows tags without a limit, and in a damaged repository a tag can
    /// lead to itself.
    fn check_bounded(&self, id: ObjectId) -> Result<(), GitError> {
        match self.peel_to_commit(id) {
            // A tag names the kind of its target, which may be wrong.
            Ok(commit) if self.kind_of(commit) == Some(ObjectKind::Tag) => {
                Err(GitError::WrongKind { id: commit, expected: "commit" })
            }
            Err(PeelError::Tag(why @ (UnreadableTag::Malformed | UnreadableTag::TooDeep))) => {
                Err(GitError::unreadable(id, why))
            }
            Err(PeelError::Tag(UnreadableTag::NotACommit { target, .. }))
                if self.kind_of(target) == Some(ObjectKind::Tag) =>
            {
                Err(GitError::unreadable(id, UnreadableTag::Malformed))
            }
            _ => Ok(()),
        }
    }
}

/// What a revision starts from, without what is to be done from there.
fn start_of(revision: &str) -> &str {
    let end = [revision.find(['^', '~', ':']), revision.find("@{")];
    &revision[..end.into_iter().flatten().min().unwrap_or(revision.len())]
}

/// Whether a revision is about `HEAD`, also by its short name.
fn starts_from_head(revision: &str) -> bool {
    let rest = revision.strip_prefix("HEAD").or_else(|| revision.strip_prefix('@'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['~', '^', '@']))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use gto_testkit::{Repo, TagSpec};

    use super::*;
    use crate::git::test_repo::{each_storage, id, open};

    #[test]
    fn everything_that_git_takes_for_a_commit_is_one() {
        for repo in each_storage() {
            let first = repo.commit(&[("f", "1")], "first");
            let second = repo.commit(&[("f", "2")], "second");
            repo.git_ok(&["branch", "topic", "HEAD~1"]);
            let tags = ["m@v1.0.0", "m@v1.0.0!", "m#prod!#5", "cv=m@v1.0.0#2", "a/b#dev"];
            for name in tags {
                repo.tag(name, &first, &TagSpec::default());
            }
            repo.tag("of-a-tag", "m@v1.0.0", &TagSpec::default());
            repo.lightweight("light", &first);
            let tag = repo.git_ok(&["rev-parse", "m@v1.0.0"]);
            let described = format!("m@v1.0.0-0-g{}", &first[..8]);
            let repository = open(&repo);
            let revisions = [
                "topic",
                "HEAD~1",
                "HEAD^",
                "@~",
                "refs/heads/topic",
                "heads/topic",
                "refs/tags/m@v1.0.0",
                "tags/m@v1.0.0",
                "m@v1.0.0^{}",
                "m@v1.0.0^{commit}",
                "m@v1.0.0^0",
                "of-a-tag",
                "light",
                "main~1",
                ":/first",
                &described,
                &first,
                &first[..7],
                &first[..4],
                &first.to_uppercase(),
                &tag,
                &tag[..10],
            ];
            for revision in revisions.iter().chain(&tags) {
                let found = repository.resolve(revision);
                assert_eq!(found.ok(), Some(id(&first)), "{revision}");
            }
            for revision in ["HEAD", "@", "main", &second, "main@{0}"] {
                assert_eq!(repository.resolve(revision).ok(), Some(id(&second)), "{revision}");
            }
        }
    }

    #[test]
    fn what_is_no_commit_is_refused_with_its_kind() {
        for repo in each_storage() {
            repo.commit(&[("f", "1")], "first");
            repo.lightweight("blob", "HEAD:f");
            repo.tag("tree", "HEAD^{tree}", &TagSpec::default());
            let blob = repo.git_ok(&["rev-parse", "HEAD:f"]);
            let repository = open(&repo);
            for (revision, expected) in [
                ("blob", ObjectKind::Blob),
                ("tree", ObjectKind::Tree),
                (&blob, ObjectKind::Blob),
                ("HEAD:f", ObjectKind::Blob),
            ] {
                let error = repository.resolve(revision).unwrap_err();
                assert!(
                    matches!(error, ResolveError::NotACommit { kind, .. } if kind == expected),
                    "{revision}: {error:?}"
                );
            }
        }
    }

    #[test]
    fn a_tag_of_a_damaged_repository_that_leads_to_itself_is_refused_and_followed_no_further() {
        let repo = Repo::new();
        let first = repo.commit(&[], "first");
        let file = |id: &str| repo.git_dir().join("objects").join(&id[..2]).join(&id[2..]);
        let replace = |from: &str, to: &str| {
            let bytes = fs::read(file(from)).unwrap();
            fs::remove_file(file(to)).unwrap();
            fs::write(file(to), bytes).unwrap();
        };
        let [inner, outer] =
            [("in", "HEAD"), ("out", "in")].map(|(name, on)| repo.tag(name, on, &TagSpec::default()));
        replace(&outer, &inner);
        let refused = |revisions: &[&str]| {
            let repository = open(&repo);
            for revision in revisions {
                let found = repository.resolve(revision);
                assert!(matches!(found, Err(ResolveError::Git(_))), "{revision}: {found:?}");
            }
        };
        refused(&["in", "in~0", "in^{}", "in^0", "out", "out~1", "out^{commit}", &inner, &inner[..8]]);
        // What a branch was before is read by git.
        fs::create_dir_all(repo.git_dir().join("logs")).unwrap();
        let moved = format!("{first} {first} A <a> 1 +0000\tcheckout: moving from in to main\n");
        fs::write(repo.git_dir().join("logs/HEAD"), moved).unwrap();
        assert!(open(&repo).resolve("@{-1}").is_err());
        // It looks at what all refs lead to: git is asked, which reads them.
        let _ = open(&repo).resolve(":/first");
        // The alleged commit of a tag is itself a tag.
        repo.tag("on", "HEAD", &TagSpec::default());
        replace(&repo.git_ok(&["rev-parse", "on"]), &first);
        refused(&["on", "on~0", "on^{}", "HEAD", "HEAD~1", "@", "main", "main^0", &first, &first[..8]]);
        for head in [&inner, &outer, &first] {
            fs::write(repo.git_dir().join("HEAD"), format!("{head}\n")).unwrap();
            refused(&["HEAD", "HEAD~0", "@^{}"]);
            assert!(open(&repo).head_commit().is_err());
        }
    }

    #[test]
    fn what_names_nothing_is_not_found() {
        for repo in each_storage() {
            repo.commit(&[], "first");
            let repository = open(&repo);
            let absent = "1".repeat(40);
            for revision in [
                "nothing",
                "",
                " ",
                "HEAD~5",
                "HEAD^2",
                "HEAD..HEAD",
                "^HEAD",
                "-x",
                "--all",
                "a b",
                "a\0b",
                "a\nb",
                "\u{1b}[31m",
                "refs/tags/x",
                "../x",
                "1234567",
                "HEAD:nothing",
                "HEAD^{blob}",
                "HEAD^{nonsense",
                "main@{99}",
                "@{-1}",
                "@{u}",
                "HEAD^{/nothing}",
                &absent,
                &"f".repeat(64),
                ":/nothing",
                "x".repeat(5000).as_str(),
            ] {
                let error = repository.resolve(revision).unwrap_err();
                assert!(matches!(error, ResolveError::NotFound { .. }), "{revision:?}: {error:?}");
            }
        }
    }

    #[test]
    fn before_the_first_commit_head_is_no_commit_yet() {
        for repo in each_storage() {
            let repository = open(&repo);
            assert_eq!(repository.head_commit().unwrap(), None);
            for revision in ["HEAD", "@", "HEAD~1", "HEAD^{commit}"] {
                let error = repository.resolve(revision).unwrap_err();
                assert!(matches!(error, ResolveError::NoCommitYet), "{revision}: {error:?}");
            }
            assert!(matches!(repository.resolve("HEADS"), Err(ResolveError::NotFound { .. })));
        }
    }

    #[test]
    fn a_branch_of_one_remote_is_found_by_its_short_name() {
        for repo in each_storage() {
            let first = repo.commit(&[], "first");
            repo.commit(&[], "second");
            for remote in ["origin", "fork"] {
                repo.git_ok(&["remote", "add", remote, "https://example.com/x"]);
                repo.git_ok(&["update-ref", &format!("refs/remotes/{remote}/same"), &first]);
            }
            repo.git_ok(&["update-ref", "refs/remotes/fork/a/topic", &first]);
            repo.git_ok(&["update-ref", "refs/remotes/fork/other", &first]);
            repo.git_ok(&["update-ref", "refs/remotes/origin/other", "HEAD"]);
            let repository = open(&repo);
            assert_eq!(repository.remotes(), ["fork", "origin"]);
            for revision in ["a/topic", "fork/a/topic", "same"] {
                assert_eq!(repository.resolve(revision).ok(), Some(id(&first)), "{revision}");
            }
            let error = repository.resolve("other").unwrap_err();
            let ResolveError::Ambiguous { candidates, .. } = error else { panic!("{error:?}") };
            assert_eq!(candidates, ["fork/other", "origin/other"]);
        }
    }

    #[test]
    fn a_tag_wins_over_a_branch_of_the_same_name_as_in_git() {
        for repo in each_storage() {
            let first = repo.commit(&[], "first");
            repo.tag("name", "HEAD", &TagSpec::default());
            repo.commit(&[], "second");
            repo.git_ok(&["branch", "name"]);
            assert_eq!(open(&repo).resolve("name").ok(), Some(id(&first)));
        }
    }

    #[test]
    fn a_short_id_of_two_commits_is_ambiguous() {
        for repo in each_storage() {
            let mut seen = HashSet::new();
            let tree = repo.git_stdin(&["mktree"], b"");
            let short = (0..).find_map(|n| {
                let object = format!("tree {tree}\nauthor A <a> {n} +0000\ncommitter A <a> {n} +0000\n\n");
                let id = repo.git_stdin(&["hash-object", "-t", "commit", "-w", "--stdin"], object.as_bytes());
                (!seen.insert(id[..4].to_owned())).then(|| id[..4].to_owned())
            });
            let short = short.unwrap();
            let error = open(&repo).resolve(&short).unwrap_err();
            assert!(matches!(error, ResolveError::Ambiguous { .. }), "{error:?}");
        }
    }
}
