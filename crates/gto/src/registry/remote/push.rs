//! Pushing tags, and what became of each of them.
//!
//! Owns the judgement of a push: by what is on the remote afterwards, ref by ref. Git's word is taken for a push that
//! it calls a success; after anything else the remote is asked. Other modules decide what is pushed, and what is
//! created locally.

use std::collections::{HashMap, HashSet};

use crate::error::{Error, Result};
use crate::git::{
    GitError, Outcome, PushReport, PushedTag, Remote, RemoteError, RemoteTag, batches, is_about_login,
};
use crate::object_id::ObjectId;
use crate::outcome::PartialPush;
use crate::registry::Registry;
use crate::registry::remote::address::one_address;

/// What became of tags that were pushed.
#[derive(Debug, Default)]
pub(in crate::registry) struct Pushed {
    /// Those that are on the remote as they were to be.
    pub landed: Vec<String>,
    /// Why not all of them are; some are among `landed`, or nothing is known of some.
    pub failure: Option<PartialPush>,
    /// Other messages of Git, hooks and the remote, line by line.
    pub said: String,
}

/// What a tag that is on the remote already means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::registry) enum Existing {
    /// It is the one that was to be pushed: all is well.
    Landed,
    /// Another process created it, even if it is identical: plan again.
    Overtaken,
}

/// What is on the remote of the tags that were pushed.
struct There {
    targets: HashMap<String, ObjectId>,
    in_the_way: Option<InTheWay>,
}

/// A tag to make, and the tag of the remote that Git cannot have beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::registry) struct InTheWay {
    pub tag: String,
    pub by: String,
}

impl Pushed {
    fn all(changes: &[PushedTag<'_>], said: String) -> Self {
        let landed = changes.iter().map(|change| change.name().to_owned()).collect();
        Self { landed, failure: None, said }
    }
}

impl Pushed {
    fn take(&mut self, other: Self) {
        self.landed.extend(other.landed);
        self.failure = self.failure.take().or(other.failure);
        if !other.said.is_empty() && !self.said.ends_with(&other.said) {
            self.said += if self.said.is_empty() { "" } else { "\n" };
            self.said += &other.said;
        }
    }
}

impl Registry {
    /// Pushes tags in this order, at most `limit` at a time: each push arrives whole or not at all, and after one that does not
    /// arrive there are no others. `before` hears how many tags were pushed, and in how many pushes the others follow.
    ///
    /// # Errors
    /// None of the tags landed then.
    pub(in crate::registry) fn push_in_batches(
        &self,
        remote: &Remote,
        changes: &[PushedTag<'_>],
        (limit, existing): (usize, Existing),
        mut before: impl FnMut(usize, usize),
    ) -> Result<Pushed> {
        let batches = batches(changes, limit);
        let mut all = Pushed::default();
        for (done, batch) in batches.iter().enumerate() {
            before(all.landed.len(), batches.len() - done);
            let pushed = match self.push(remote, batch, existing) {
                Err(error) if all.landed.is_empty() => return Err(error),
                Err(error) => {
                    let missing = batch.iter().map(|tag| tag.name().to_owned()).collect();
                    let failure = failure_of(remote, missing, error.to_string());
                    Pushed { failure: Some(failure), ..Pushed::default() }
                }
                Ok(pushed) => pushed,
            };
            all.take(pushed);
            if let Some(failure) = &mut all.failure {
                failure.landed.clone_from(&all.landed);
                let others = batches[done + 1..].iter().flat_map(|batch| batch.iter());
                failure.missing.extend(others.map(|tag| tag.name().to_owned()));
                break;
            }
        }
        Ok(all)
    }

    /// Pushes tags: all or none, as far as the remote can.
    ///
    /// # Errors
    /// None of the tags landed then.
    pub(in crate::registry) fn push(
        &self,
        remote: &Remote,
        changes: &[PushedTag<'_>],
        existing: Existing,
    ) -> Result<Pushed> {
        if changes.is_empty() {
            return Ok(Pushed::default());
        }
        one_address(remote.clone())?;
        let report = self.send(remote, changes)?;
        let is_overtaken = match report.outcome {
            Outcome::Done => return Ok(Pushed::all(changes, report.said)),
            Outcome::Present if existing == Existing::Landed => {
                return Ok(Pushed::all(changes, report.said));
            }
            Outcome::Present | Outcome::Moved(_) | Outcome::Locked(_) => existing == Existing::Overtaken,
            _ => false,
        };
        if !report.is_sent {
            let is_hidden = matches!(report.outcome, Outcome::Moved(_)) && self.are_hidden(remote, changes);
            let hidden = || Outcome::Refused("the server does not show these tags to pushes".to_owned());
            return Err(refusal(remote, changes, if is_hidden { hidden() } else { report.outcome }));
        }
        let there = self.look_after_push(remote, changes);
        let fates: Vec<Option<bool>> = match &there {
            Ok(there) => changes.iter().map(|change| Some(there.has(change))).collect(),
            Err(_) => report.confirmed.clone(),
        };
        let count = |fate| fates.iter().filter(|found| **found == fate).count();
        if count(Some(true)) == changes.len() && !is_overtaken {
            // Git's message about its failure is useful, although nothing failed.
            let said =
                if report.said.is_empty() { reason_of(&report.outcome).to_owned() } else { report.said };
            return Ok(Pushed::all(changes, said));
        }
        // What is there of tags that the remote has all refused is another process's, to the byte.
        let is_none_ours = count(Some(true)) == changes.len()
            || report.confirmed.iter().all(|confirmed| *confirmed == Some(false));
        if count(Some(false)) == changes.len() || is_overtaken && is_none_ours {
            if let Some(InTheWay { tag, by }) = there.ok().and_then(|there| there.in_the_way) {
                return Err(Error::InTheWay { remote: remote.shown(), tag, by });
            }
            return Err(refusal(remote, changes, report.outcome));
        }
        let of = |fate| {
            let of_fate = changes.iter().zip(&fates).filter(move |(_, found)| **found == fate);
            of_fate.map(|(change, _)| change.name().to_owned()).collect::<Vec<_>>()
        };
        let failure = PartialPush {
            remote: remote.shown(),
            address: remote.source_shown(),
            deletes: matches!(changes[0], PushedTag::Delete(..)),
            landed: of(Some(true)),
            missing: of(Some(false)),
            unknown: of(None),
            reason: reason_of(&report.outcome).to_owned(),
        };
        Ok(Pushed { landed: failure.landed.clone(), failure: Some(failure), said: String::new() })
    }

    /// Sends the changes by the surest way that the remote knows.
    fn send(&self, remote: &Remote, changes: &[PushedTag<'_>]) -> Result<PushReport> {
        let send = |atomic| match self.repository.push(remote, changes, atomic) {
            Ok(report) => Ok(report),
            Err(RemoteError::TooMany) => {
                Err(Error::TooManyTags { remote: remote.shown(), tags: changes.len() })
            }
            // It may have been about to end.
            Err(RemoteError::Git(error @ GitError::Silent { .. })) => {
                Ok(PushReport::unclear(error.to_string(), changes.len()))
            }
            Err(error) => Err(refused(remote, changes, error.to_string(), false)),
        };
        let mut report = send(true)?;
        // One tag is all of it or nothing by itself.
        if report.outcome == Outcome::NotAtomic && changes.len() == 1 {
            report = send(false)?;
        }
        Ok(report)
    }

    /// Whether the remote has all tags that are to be deleted as they were seen, though git did not find them: a server can
    /// hide refs from pushes alone (`receive.hideRefs`).
    fn are_hidden(&self, remote: &Remote, changes: &[PushedTag<'_>]) -> bool {
        let is_delete = |change: &PushedTag<'_>| matches!(change, PushedTag::Delete(..));
        let there =
            if changes.iter().all(is_delete) { self.look_after_push(remote, changes).ok() } else { None };
        let is_there = |there: &There, change: &PushedTag<'_>| match *change {
            PushedTag::Create(..) => false,
            PushedTag::Delete(name, id) => there.targets.get(name) == Some(&id),
        };
        there.is_some_and(|there| changes.iter().all(|change| is_there(&there, change)))
    }

    /// What the remote has of these tags, and what keeps it from making them. It sends all its tags for that, whatever it is
    /// asked for.
    fn look_after_push(&self, remote: &Remote, changes: &[PushedTag<'_>]) -> Result<There> {
        let tags = self.remote_tags(remote, &[String::new()])?;
        let created = changes.iter().filter(|change| matches!(change, PushedTag::Create(..)));
        let in_the_way = in_the_way(created.map(PushedTag::name), &tags);
        let names: HashSet<&str> = changes.iter().map(PushedTag::name).collect();
        let named = tags.into_iter().filter(|tag| names.contains(tag.name.as_str()));
        Ok(There { targets: named.map(|tag| (tag.name, tag.target)).collect(), in_the_way })
    }
}

impl There {
    /// Whether the change is made.
    fn has(&self, change: &PushedTag<'_>) -> bool {
        match *change {
            PushedTag::Create(name, id) => self.targets.get(name) == Some(&id),
            PushedTag::Delete(name, _) => !self.targets.contains_key(name),
        }
    }
}

/// The first of the tags to make that cannot be beside one of the remote's: Git keeps tags as paths.
pub(in crate::registry) fn in_the_way<'a>(
    create: impl Iterator<Item = &'a str>,
    there: &[RemoteTag],
) -> Option<InTheWay> {
    let create: HashSet<&str> = create.collect();
    let names: HashSet<&str> = there.iter().map(|tag| tag.name.as_str()).collect();
    let above = create.iter().filter_map(|tag| Some((*tag, folders(tag).find(|by| names.contains(by))?)));
    let below = names.iter().filter_map(|by| Some((folders(by).find(|tag| create.contains(tag))?, *by)));
    let first = above.chain(below).min()?;
    Some(InTheWay { tag: first.0.to_owned(), by: first.1.to_owned() })
}

/// `a` and `a/b` for `a/b/c`.
pub(in crate::registry) fn folders(tag: &str) -> impl Iterator<Item = &str> {
    tag.match_indices('/').map(|(at, _)| &tag[..at])
}

/// The error for a push of which nothing landed.
fn refusal(remote: &Remote, changes: &[PushedTag<'_>], outcome: Outcome) -> Error {
    let name = remote.shown();
    let tags = || changes.iter().map(|tag| tag.name().to_owned()).collect::<Vec<_>>();
    match outcome {
        Outcome::Moved(reason) => Error::RemoteMoved { remote: name, reason },
        Outcome::Done | Outcome::Present => {
            Error::RemoteMoved { remote: name, reason: "already exists".to_owned() }
        }
        Outcome::Locked(reason) => Error::RemoteLocked { remote: name, reason },
        Outcome::Refused(reason) => refused(remote, changes, reason, false),
        Outcome::Unclear(reason) => refused(remote, changes, reason, true),
        Outcome::NotAtomic => Error::NotAtomic { remote: name, tags: tags() },
        Outcome::Held(reason) => Error::PrePush { remote: name, tags: tags(), reason },
    }
}

fn refused(remote: &Remote, changes: &[PushedTag<'_>], reason: String, broke_off: bool) -> Error {
    Error::Push {
        remote: remote.shown(),
        address: remote.source_shown(),
        tags: changes.iter().map(|tag| tag.name().to_owned()).collect(),
        login: is_about_login(&reason),
        reason,
        broke_off,
    }
}

fn reason_of(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Moved(reason)
        | Outcome::Locked(reason)
        | Outcome::Refused(reason)
        | Outcome::Held(reason)
        | Outcome::Unclear(reason) => reason,
        Outcome::Done | Outcome::Present | Outcome::NotAtomic => "",
    }
}

/// That of tags which did not land behind others.
fn failure_of(remote: &Remote, missing: Vec<String>, reason: String) -> PartialPush {
    let (landed, unknown) = (Vec::new(), Vec::new());
    let (remote, address) = (remote.shown(), remote.source_shown());
    PartialPush { remote, address, deletes: false, landed, missing, unknown, reason }
}
