//! The remote of a registry: which one it is, and how its tags differ from the local ones.
//!
//! Reads remotes. See `write` for the pushes of writes.

pub(super) mod address;
pub(super) mod clones;
mod pipeline;
pub(super) mod push;
mod server;

pub use clones::{KeptClone, KeptClones};

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use crate::approval::{APPROVALS, ApprovalName};
use crate::damage::DamagedTag;
use crate::error::{Error, Result};
use crate::event::{Event, sort_events};
use crate::git::{PushedTag, Remote, RemoteError, RemoteTag, TagObject, TagRef, Want};
use crate::name::ArtifactName;
use crate::object_id::ObjectId;
use crate::outcome::PartialPush;
use crate::plan::Warning;
use crate::registry::Registry;
use crate::registry::read::damage::damage_warning;
use crate::registry::remote::address::many_addresses;
use crate::registry::remote::push::{Existing, InTheWay, folders, in_the_way};
use crate::tag::{Action, TagName};

/// What of a registry is only here, only on a remote, or not the same. Tags that are no events are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The remote, as messages show it.
    pub remote: String,
    /// What `git fetch` gets its tags from: the same, or an address if pushes go to another one than fetches come from.
    pub source: String,
    /// How many tags are the same.
    pub same: usize,
    /// The others, in the order of their names' bytes.
    pub differences: Vec<TagDifference>,
    /// The tags here that cannot be read. Of these, those that the remote lacks are no differences: they cannot be pushed.
    pub damaged: Vec<DamagedTag>,
    /// What keeps the remote from taking what is only here.
    in_the_way: Option<InTheWay>,
    /// Where to push what is only here.
    target: Remote,
}

/// A tag that is not the same here and there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagDifference {
    /// Its name.
    pub tag: String,
    /// Whose event it is.
    pub artifact: ArtifactName,
    /// What the ref here points to.
    pub here: Option<ObjectId>,
    /// What the ref of the remote points to.
    pub there: Option<ObjectId>,
}

/// What was pushed of the tags that were only here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// The tags that are on the remote now.
    pub pushed: Vec<String>,
    /// Why the others are not.
    pub failure: Option<PartialPush>,
    /// Other messages of Git, hooks and the remote, line by line; usually none.
    pub said: String,
}

/// The maximum number of tags in one push: servers limit the time that one may take, in which a hook `update` runs once for each
/// tag. On most systems a command line holds a few times as many.
const BATCH: usize = 1_000;

/// The most tags in one push for which GitHub starts workflows: see "push" on its page about events that trigger workflows.
const MAX_WITH_WORKFLOWS: usize = 3;

/// How a tag differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// The remote does not have it.
    OnlyHere,
    /// It is not here.
    OnlyThere,
    /// Both have a tag of that name, and the tags differ.
    Differs,
}

impl TagDifference {
    /// How it differs.
    pub fn kind(&self) -> Difference {
        match (self.here, self.there) {
            (Some(_), Some(_)) => Difference::Differs,
            (Some(_), None) => Difference::OnlyHere,
            (None, _) => Difference::OnlyThere,
        }
    }
}

impl Comparison {
    /// The tags that differ in this way.
    pub fn of_kind(&self, kind: Difference) -> impl Iterator<Item = &TagDifference> {
        self.differences.iter().filter(move |tag| tag.kind() == kind)
    }
}

impl Registry {
    /// Whether there is another repository that tags may be fetched from.
    pub fn has_remote(&self) -> bool {
        !self.repository.remotes().is_empty()
    }

    /// Whether this is a copy of a remote repository, or something was fetched from one.
    pub fn is_clone(&self) -> bool {
        self.has_remote() && (self.repository.work_dir().is_none() || self.repository.has_remote_branches())
    }

    /// The folder of the clone of a remote repository that is kept for this user; `None` for any other.
    pub fn kept_clone(&self) -> Option<&Path> {
        self.remote.as_ref().filter(|clone| clone.is_kept()).map(|_| self.git_dir())
    }

    /// The remote that tags are pushed to, for messages: `origin` if none can be told.
    pub fn remote_name(&self) -> String {
        self.remote().map_or_else(|_| "origin".to_owned(), |remote| remote.shown())
    }

    /// The arguments with which `git fetch` fetches the registry's tags; `None` if it needs none.
    pub fn fetched_from(&self) -> Option<String> {
        let remote = self.remote().ok()?;
        let is_plain = remote.source_shown() == remote.shown()
            && self.config().is_ok_and(|config| config.remote.is_none());
        (!is_plain).then(|| remote.source_shown())
    }

    /// The remote that tags are pushed to: the configured one, or Git's choice.
    pub(in crate::registry) fn remote(&self) -> Result<Remote> {
        let known = || self.repository.remotes();
        match &self.config()?.remote {
            // A temporary clone has one remote, whatever its configuration says.
            Some(name) if self.url().is_none() => self.remote_named(name),
            _ => self.repository.push_remote().ok_or_else(|| Error::NoRemote { known: known() }),
        }
    }

    pub(in crate::registry) fn remote_named(&self, name: &str) -> Result<Remote> {
        let unknown = || Error::UnknownRemote { name: name.to_owned(), known: self.repository.remotes() };
        self.repository.remote(name).ok_or_else(unknown)
    }

    /// Fetches the tags of these artifacts that only the remote has, so that a plan is made from both sides. Nothing else is
    /// fetched but the commits of these tags and, under a policy, the branch that it is on; and no tag that is here is changed.
    ///
    /// # Errors
    /// [`Error::Differ`] if a tag of theirs is another one there; [`Error::Fetch`] with Git's message; [`Error::NoDefaultBranch`] if the
    /// branch is gone.
    pub(in crate::registry) fn fetch_tags_of(&self, names: &[ArtifactName]) -> Result<()> {
        let remote = self.remote()?;
        let names: Vec<String> = names.iter().map(ArtifactName::in_tag).collect();
        let prefixes: Vec<String> = names.iter().flat_map(|name| prefixes_of(name)).collect();
        // In a shallow clone git would fetch all history of commits that it does not know.
        let is_fetched = !self.repository.is_shallow() && self.fetch_at_once(&remote, &prefixes)?;
        if !is_fetched {
            let there = self.remote_tags(&remote, &prefixes)?;
            self.fetch_missing(&remote, &prefixes, there)?;
        }
        Ok(())
    }

    fn fetch_at_once(&self, remote: &Remote, prefixes: &[String]) -> Result<bool> {
        let failed = |error: RemoteError| Error::fetch(remote.source_shown(), &error);
        let Some(branch) = self.branch_of_policy(remote)? else {
            return self.repository.fetch_tags(remote, prefixes, None).map_err(failed);
        };
        self.repository.fetch_tags(remote, prefixes, Some(&branch)).or_else(|error| {
            // Git fetches nothing if one of these is not there.
            let without = self.repository.fetch_tags(remote, prefixes, None);
            without.map_err(|_| failed(error))?;
            Err(self.no_default_branch(remote.shown())?)
        })
    }

    /// Fetches those of the remote's tags that are the registry's and not here. Tags of others do not matter.
    fn fetch_missing(&self, remote: &Remote, prefixes: &[String], there: Vec<RemoteTag>) -> Result<()> {
        let here =
            self.repository.tag_refs_with(&prefixes.iter().map(String::as_str).collect::<Vec<_>>())?.refs;
        let here: HashMap<String, ObjectId> = here.into_iter().map(|tag| (tag.name, tag.target)).collect();
        let there = there.into_iter().filter(|tag| artifact_of(&tag.name).is_some());
        let (both, missing): (Vec<_>, Vec<_>) = there.partition(|tag| here.contains_key(&tag.name));
        let differing = both.into_iter().filter(|tag| here.get(&tag.name) != Some(&tag.target));
        let differing: Vec<String> = differing.map(|tag| tag.name).collect();
        if !differing.is_empty() {
            return Err(Error::Differ { remote: remote.source_shown(), tags: differing });
        }
        let is_shallow = self.repository.is_shallow();
        // Of a commit that is here no history is fetched; and with a depth it would lose what is here of it.
        let is_known =
            |tag: &&RemoteTag| !is_shallow || self.repository.has_object(tag.peeled.unwrap_or(tag.target));
        let (known, unknown): (Vec<_>, Vec<_>) = missing.iter().partition(is_known);
        for (tags, alone) in [(known, false), (unknown, true)] {
            let names: Vec<&str> = tags.iter().map(|tag| tag.name.as_str()).collect();
            let fetched = self.repository.fetch_exactly(remote, &names, alone);
            fetched.map_err(|error| Error::fetch(remote.source_shown(), &error))?;
        }
        Ok(())
    }

    pub(in crate::registry) fn remote_tags(
        &self,
        remote: &Remote,
        prefixes: &[String],
    ) -> Result<Vec<RemoteTag>> {
        let failed = |error: RemoteError| Error::fetch(remote.source_shown(), &error);
        self.repository.remote_tags(remote, prefixes).map_err(failed)
    }

    /// Compares the tags of the registry, or of one artifact, with those of a remote: the named one, or that which tags
    /// are pushed to.
    ///
    /// # Errors
    /// [`Error::UnknownRemote`], [`Error::NoRemote`], or [`Error::Fetch`] with Git's message.
    pub fn compare(&self, remote: Option<&str>, artifact: Option<&ArtifactName>) -> Result<Comparison> {
        let remote = remote.map_or_else(|| self.remote(), |name| self.remote_named(name))?;
        let prefixes = match artifact.map(ArtifactName::in_tag) {
            Some(name) => prefixes_of(&name).to_vec(),
            None => vec![String::new()],
        };
        let borrowed: Vec<&str> = prefixes.iter().map(String::as_str).collect();
        let here = self.repository.tag_refs_with(&borrowed)?;
        // Tags of another artifact can block those of an artifact in a folder.
        let above = artifact.map(ArtifactName::in_tag);
        let above = above.iter().flat_map(|name| folders(name)).map(str::to_owned);
        let asked: Vec<String> = prefixes.iter().cloned().chain(above).collect();
        let (mut there, others): (Vec<_>, Vec<_>) = self
            .remote_tags(&remote, &asked)?
            .into_iter()
            .partition(|tag| prefixes.iter().any(|prefix| tag.name.starts_with(prefix.as_str())));
        let all = there.iter().chain(&others).cloned().collect::<Vec<_>>();
        there.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let mut comparison = Comparison {
            remote: remote.shown(),
            source: remote.source_shown(),
            same: 0,
            differences: Vec::new(),
            damaged: self.damaged_refs(&here.broken).collect(),
            in_the_way: None,
            target: remote,
        };
        let (mut here, mut there) = (here.refs.into_iter().peekable(), there.into_iter().peekable());
        loop {
            let order = match (here.peek(), there.peek()) {
                (Some(ours), Some(theirs)) => ours.name.cmp(&theirs.name),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            let ours = if order.is_le() { here.next() } else { None };
            let theirs = if order.is_ge() { there.next() } else { None };
            self.add(&mut comparison, ours, theirs);
        }
        comparison.damaged.sort_unstable();
        let only_here = comparison.of_kind(Difference::OnlyHere).map(|tag| tag.tag.as_str());
        comparison.in_the_way = in_the_way(only_here, &all);
        Ok(comparison)
    }

    /// Takes in a tag by what each side has of it.
    fn add(&self, comparison: &mut Comparison, ours: Option<TagRef>, theirs: Option<RemoteTag>) {
        let name = ours.as_ref().map(|tag| &tag.name).or(theirs.as_ref().map(|tag| &tag.name));
        let Some(artifact) = name.and_then(|name| artifact_of(name)) else { return };
        let (here, there) = (ours.as_ref().map(|tag| tag.target), theirs.as_ref().map(|tag| tag.target));
        if here == there {
            comparison.same += 1;
            return;
        }
        // A lightweight tag is no event; it matters only if it has the name of one.
        let is_event = match (&ours, &theirs) {
            (Some(ours), None) => self.is_event_to_push(comparison, ours),
            (None, Some(theirs)) => theirs.peeled.is_some(),
            _ => true,
        };
        let name = ours.map(|tag| tag.name).or(theirs.map(|tag| tag.name));
        if let Some(tag) = name.filter(|_| is_event) {
            comparison.differences.push(TagDifference { tag, artifact, here, there });
        }
    }

    /// Whether a tag that the remote lacks is an event that it could take.
    fn is_event_to_push(&self, comparison: &mut Comparison, tag: &TagRef) -> bool {
        match self.repository.read_tag(tag) {
            TagObject::Annotated { .. } => true,
            TagObject::Lightweight { .. } => false,
            TagObject::Unreadable(why) => {
                let damage = self.damage(tag, why);
                let is_intact = damage.is_none();
                let damaged = damage.map(|damage| DamagedTag { name: tag.name.clone(), damage });
                comparison.damaged.extend(damaged);
                is_intact
            }
        }
    }

    /// Pushes the tags that are only here, all of them or none if they fit into one push. Of more than a thousand, or of more than
    /// `batch`, each push arrives whole or not at all, and what has arrived is a valid registry each time; `before` hears how many
    /// tags were pushed, and in how many pushes the others follow. With a `batch` they go in the order in which they happened.
    ///
    /// # Errors
    /// [`Error::Push`] and the like: nothing was pushed then. Where only a part was, [`Sent::failure`] says so.
    pub fn push_missing(
        &self,
        comparison: &Comparison,
        batch: Option<usize>,
        before: impl FnMut(usize, usize),
    ) -> Result<Sent> {
        comparison.check_free()?;
        let mut tags: Vec<&TagDifference> = comparison.of_kind(Difference::OnlyHere).collect();
        let limit = batch.unwrap_or(BATCH).clamp(1, BATCH);
        if batch.is_some() {
            self.sort_as_happened(&mut tags)?;
        } else if tags.len() > BATCH {
            tags.sort_by_cached_key(|tag| (tag.artifact.clone(), rank(&tag.tag), tag.tag.clone()));
        }
        let tags: Vec<PushedTag> =
            tags.iter().filter_map(|tag| Some(PushedTag::Create(&tag.tag, tag.here?))).collect();
        let pushed = self.push_in_batches(&comparison.target, &tags, (limit, Existing::Landed), before)?;
        Ok(Sent { pushed: pushed.landed, failure: pushed.failure, said: pushed.said })
    }

    /// Puts tags into the order in which their events happened.
    fn sort_as_happened(&self, tags: &mut [&TagDifference]) -> Result<()> {
        let names: BTreeSet<&ArtifactName> = tags.iter().map(|tag| &tag.artifact).collect();
        let mut places: HashMap<String, (i64, usize)> = HashMap::new();
        for name in names {
            let events = sort_events(self.scan(name, Want::NoMessages)?.events);
            let place = |(at, event): (usize, Event)| (event.tag, (event.tagger.time.seconds(), at));
            places.extend(events.into_iter().enumerate().map(place));
        }
        tags.sort_by_cached_key(|tag| {
            // Approvals first: what comes after them may need them.
            let other = if tag.tag.starts_with(APPROVALS) { (i64::MIN, 0) } else { (i64::MAX, usize::MAX) };
            let (time, at) = places.get(&tag.tag).copied().unwrap_or(other);
            (time, tag.artifact.clone(), at, tag.tag.clone())
        });
        Ok(())
    }

    /// The warning that GitHub starts no workflow for a push of these new tags, if it goes there in one push or in pushes of
    /// `batch` tags.
    pub fn workflow_warning(&self, comparison: &Comparison, batch: Option<usize>) -> Option<Warning> {
        let tags = comparison.of_kind(Difference::OnlyHere).count();
        self.no_workflows(&comparison.target, tags, batch)
    }

    /// The same for a write.
    pub(in crate::registry) fn no_workflows(
        &self,
        remote: &Remote,
        tags: usize,
        batch: Option<usize>,
    ) -> Option<Warning> {
        let at_once = batch.map_or(tags, |batch| tags.min(batch));
        let is_too_many = at_once > MAX_WITH_WORKFLOWS && self.repository.is_on_github(remote);
        is_too_many.then(|| Warning::NoWorkflows { remote: remote.shown(), tags: at_once })
    }
}

impl Comparison {
    /// # Errors
    /// [`Error::InTheWay`] if the remote has a tag beside which Git cannot make one that is only here.
    pub fn check_free(&self) -> Result<()> {
        match &self.in_the_way {
            Some(InTheWay { tag, by }) => {
                Err(Error::InTheWay { remote: self.remote.clone(), tag: tag.clone(), by: by.clone() })
            }
            None => Ok(()),
        }
    }

    /// The warning of tags that cannot be read (decision D27), if there are any.
    pub fn damage_warning(&self) -> Option<Warning> {
        damage_warning(self.damaged.clone())
    }

    /// The warning that a push would be refused, since it would go to several addresses.
    pub fn warning(&self) -> Option<Warning> {
        many_addresses(&self.target)
    }
}

/// What the tags of an artifact begin with, and its approvals.
fn prefixes_of(name: &str) -> [String; 3] {
    [format!("{name}#"), format!("{name}@"), format!("{APPROVALS}{name}@")]
}

/// Whose event, or approval, a tag is.
fn artifact_of(tag: &str) -> Option<ArtifactName> {
    let approved = || tag.parse::<ApprovalName>().ok().map(|name| name.artifact);
    tag.parse::<TagName>().ok().map(|name| name.artifact).or_else(approved)
}

/// The order in which events of an artifact can be made, so that each beginning is a valid registry.
fn rank(tag: &str) -> u8 {
    match tag.parse::<TagName>().map(|tag| tag.action) {
        _ if tag.starts_with(APPROVALS) => 0,
        Ok(Action::Create | Action::Register(_)) => 0,
        Ok(Action::Assign(_)) => 1,
        Ok(Action::Unassign(_)) => 2,
        Ok(Action::Deregister(_)) => 3,
        Ok(Action::Deprecate) | Err(_) => 4,
    }
}
