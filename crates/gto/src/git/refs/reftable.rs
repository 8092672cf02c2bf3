//! Refs of repositories that keep them in tables.
//!
//! Owns asking the user's `git` about them, since gix cannot read them.

use gix::bstr::ByteSlice as _;

use crate::git::objects::revision::Named;
use crate::git::refs::TAGS;
use crate::git::{GitError, RefStorage, Repository, SeenHead, TagRefs};
use crate::object_id::ObjectId;

/// What git is needed for, in errors.
const PURPOSE: &str = "a repository with reftables";

impl Repository {
    /// All tags whose name begins with one of the prefixes, in one process, which tells of `HEAD` too.
    pub(in crate::git) fn reftable_tag_refs(&self, prefixes: &[&str]) -> Result<TagRefs, GitError> {
        let mut tags = TagRefs::default();
        // These are not allowed in names, and some would be wildcards.
        let is_possible =
            |prefix: &&&str| !prefix.contains(|c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c));
        // A star does not match a slash.
        let patterns: Vec<String> = prefixes
            .iter()
            .filter(is_possible)
            .flat_map(|prefix| [format!("{TAGS}{prefix}*"), format!("{TAGS}{prefix}*/**")])
            .collect();
        if patterns.is_empty() {
            return Ok(tags);
        }
        // Root refs, of which we ask for `HEAD`, are as old in git as reftables.
        let options = ["for-each-ref", "--include-root-refs", "--format=%(objectname) %(refname)", "HEAD"];
        let output =
            self.run_git(PURPOSE, options.into_iter().chain(patterns.iter().map(String::as_str)), &[])?;
        if !output.status.success() {
            // Git may also crash on them.
            self.check_tables()?;
            return Err(self.command_error("for-each-ref", &output));
        }
        tags.head = SeenHead::Unborn;
        for line in output.stdout.lines() {
            if let Some((id, name)) = line.split_once_str(" ") {
                let id = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok());
                match id {
                    Some(head) if name == b"HEAD" => tags.head = SeenHead::At(head),
                    id => tags.push(name.as_bstr(), id),
                }
            }
        }
        // As it also is where git cannot read them.
        if tags.refs.is_empty() {
            self.check_tables()?;
        }
        Ok(tags)
    }

    /// What git makes of a revision.
    pub(in crate::git) fn git_rev_parse(&self, revision: &str) -> Result<Named, GitError> {
        // No argument of a process can hold a NUL, and no revision does.
        if revision.contains('\0') {
            return Ok(Named::Nothing);
        }
        let args = ["rev-parse", "--verify", "--end-of-options", revision];
        let purpose = match self.refs {
            RefStorage::Reftable => PURPOSE,
            RefStorage::Files if self.is_partial() => "asking the remote of a partial clone",
            RefStorage::Files => "looking up this revision",
        };
        let output = self.run_git(purpose, args, &[])?;
        if output.status.success() {
            let printed = std::str::from_utf8(output.stdout.trim_ascii()).ok();
            let id = printed.and_then(|id| id.parse().ok());
            return Ok(id.map_or(Named::Nothing, Named::Object));
        }
        // Git has many messages for an unknown revision. If it cannot read the repository at all, listing the tags
        // fails.
        match self.command_error("rev-parse", &output) {
            error @ GitError::GitTooOld { .. } => Err(error),
            _ if output.stderr.contains_str("is ambiguous") => Ok(Named::Several(Vec::new())),
            _ => Ok(Named::Nothing),
        }
    }

    /// The object that a ref points to, by its full name and in either storage.
    pub(in crate::git) fn ref_target(&self, full_name: &str) -> Result<Option<ObjectId>, GitError> {
        let Ok(name) = gix::refs::FullName::try_from(full_name) else {
            return Ok(None);
        };
        match self.refs {
            RefStorage::Files => self.target_of(&name),
            RefStorage::Reftable => Ok(self.git_rev_parse(full_name)?.object()),
        }
    }
}
