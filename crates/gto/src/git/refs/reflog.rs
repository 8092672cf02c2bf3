//! The reflog entry of a new tag.
//!
//! Owns the line that `git tag` writes. The writer of the ref decides whether there is a reflog: tags have one only if
//! `core.logAllRefUpdates` is `always`.

use crate::git::refs::edit::TagEdit;
use crate::git::{GitError, Repository};
use crate::object_id::ObjectId;
use crate::signature::Signature;
use crate::time::Timestamp;

/// Who made tags, when, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::git) struct ReflogEntry {
    /// As git writes it into a line; it need not be UTF-8.
    pub name: Vec<u8>,
    /// As git writes it into a line; it need not be UTF-8.
    pub email: Vec<u8>,
    /// `1700000000 +0530`.
    pub time: String,
    /// One line.
    pub message: String,
}

impl Repository {
    /// The reflog entry of all new tags; `None` if no tag is new.
    ///
    /// The tags of one plan are on one commit; if they are not, the entry names the first.
    pub(in crate::git) fn reflog_entry(&self, edits: &[TagEdit]) -> Option<ReflogEntry> {
        edits.iter().find_map(|edit| match edit {
            TagEdit::Create { commit, tagger, .. } => {
                let (name, email) = self.exact(tagger);
                Some(ReflogEntry {
                    name,
                    email,
                    time: git_time(tagger),
                    message: self.reflog_message(*commit),
                })
            }
            TagEdit::Delete { .. } => None,
        })
    }

    /// `tag: tagging 7a5dff1 (Subject of the commit, 2026-11-24)`: see `create_reflog_msg` in git's `builtin/tag.c`.
    fn reflog_message(&self, commit: ObjectId) -> String {
        let config = self.gix().config_snapshot();
        let is_read = config.string("core.logAllRefUpdates").is_some_and(|value| value == "always");
        let told = if is_read { self.commit_in_short(commit).ok() } else { None };
        told.unwrap_or_else(|| format!("tag: tagging {}", commit.short()))
    }

    fn commit_in_short(&self, id: ObjectId) -> Result<String, GitError> {
        let commit = self.commit(id)?;
        let short = self.to_gix(id).and_then(|id| self.gix().find_commit(id).ok()?.short_id().ok());
        let short = short.map_or_else(|| id.short().to_string(), |prefix| prefix.to_string());
        let subject = commit.message.trim_start_matches('\n').lines().next().unwrap_or_default();
        // A reflog has one line for each change, and git keeps no runs of white space in it.
        let subject = subject.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let utc = Timestamp::new(commit.committer.time.seconds(), 0).map(Timestamp::iso);
        let date = utc.as_deref().and_then(|time| time.split('T').next()).unwrap_or_default();
        Ok(format!("tag: tagging {short} ({subject}, {date})"))
    }
}

/// `1700000000 +0530`.
pub(in crate::git) fn git_time(signature: &Signature) -> String {
    let offset = signature.time.offset();
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.abs() / 60;
    format!("{} {sign}{:02}{:02}", signature.time.seconds(), minutes / 60, minutes % 60)
}
