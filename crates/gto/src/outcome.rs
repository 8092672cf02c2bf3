//! What became of a write.
//!
//! Owns these values and their words, no I/O.

use std::fmt;

use crate::object_id::ObjectId;
use crate::plan::Plan;

/// A write that was done: the plan, and what was done of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What was to be done.
    pub plan: Plan,
    /// What was done.
    pub applied: Applied,
}

/// What was done of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// The tags that were made or deleted on the remote as well. It cannot delete what it does not have.
    pub pushed: Vec<String>,
    /// The most tags in one push, if not all went together.
    pub batch: Option<usize>,
    /// Why not all is done: some of the tags are not on the remote, or nobody knows. What the remote is not known to have is
    /// not made here either.
    pub failure: Option<PartialPush>,
    /// The commit of the files that changed; `None` if none was asked for, or the current one has it all already.
    pub commit: Option<ObjectId>,
    /// The branch that was pushed, and where to.
    pub pushed_branch: Option<(String, String)>,
    /// What Git, hooks and the remote said beside that, line by line; mostly nothing.
    pub said: String,
}

impl Applied {
    /// Whether the remote has made the change of this tag; `None` if that is not known.
    pub fn is_pushed(&self, tag: &str) -> Option<bool> {
        let is_among = |tags: &[String]| tags.iter().any(|other| other == tag);
        let is_unknown = self.failure.as_ref().is_some_and(|failure| is_among(&failure.unknown));
        (!is_unknown).then(|| is_among(&self.pushed))
    }

    /// Whether the change of this tag was made here.
    pub fn is_done(&self, tag: &str) -> bool {
        self.failure.as_ref().is_none_or(|failure| !failure.is_undone(tag))
    }
}

/// A push of which not everything landed, or nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialPush {
    /// The remote.
    pub remote: String,
    /// What to ask for its tags: its name, or an address if fetches come from another one.
    pub address: String,
    /// Whether tags were to be deleted there.
    pub deletes: bool,
    /// The tags that were made there, or deleted there.
    pub landed: Vec<String>,
    /// The tags of which the remote has still what it had.
    pub missing: Vec<String>,
    /// The tags of which nothing is known, since the remote cannot be asked.
    pub unknown: Vec<String>,
    /// What Git and the remote said.
    pub reason: String,
}

impl fmt::Display for PartialPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { remote, landed, missing, unknown, reason, .. } = self;
        if landed.is_empty() && missing.is_empty() {
            write!(
                f,
                "The push to {remote} broke off, and whether it has changed these tags is not known: {}",
                listed(unknown)
            )?;
        } else {
            let done = if self.deletes { "deleted" } else { "pushed" };
            write!(f, "Only a part of the tags was {done} on {remote}: {}", listed(landed))?;
            if !missing.is_empty() {
                write!(f, "; not {done}: {}", listed(missing))?;
            }
            if !unknown.is_empty() {
                write!(f, "; not known: {}", listed(unknown))?;
            }
        }
        match reason.as_str() {
            "" => Ok(()),
            reason if reason.contains('\n') => write!(f, "\n{reason}"),
            reason => write!(f, " ({reason})"),
        }
    }
}

impl PartialPush {
    /// Whether the remote is not known to have made the change of this tag.
    pub(crate) fn is_undone(&self, tag: &str) -> bool {
        self.missing.iter().chain(&self.unknown).any(|other| other == tag)
    }
}

/// Of many the first ones.
fn listed(tags: &[String]) -> String {
    const SHOWN: usize = 20;
    match tags.split_at_checked(SHOWN) {
        Some((shown, others @ [_, ..])) => format!("{} and {} more", shown.join(" "), others.len()),
        _ if tags.is_empty() => "none that is known".to_owned(),
        _ => tags.join(" "),
    }
}
