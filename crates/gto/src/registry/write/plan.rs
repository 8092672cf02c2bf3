//! Plans of writes: what the tags of an artifact, and the rules, make of a wish.

use std::collections::{BTreeSet, HashSet};

use crate::author::Author;
use crate::error::{Error, Result};
use crate::git::{self, SeenHead, Want};
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::plan::{Plan, Warning};
use crate::policy::Trailers;
use crate::reference::Selector;
use crate::registry::Registry;
use crate::registry::read::damage;
use crate::registry::write::apply::seen_tags;
use crate::request::{Request, Target};
use crate::rules::{
    AssignTarget, Refusal, Registering, Rules, TagInventory, TagWish, Undo, Writer, unless_so,
};
use crate::state::Artifact;

impl Registry {
    /// Plans a request from the local state. It can be shown, kept as JSON, and carried out by [`Registry::apply`], as
    /// long as the tags and files that it was made from are the same.
    ///
    /// # Errors
    /// [`Error::Refused`] with the reason, [`Error::Annotate`], or that the repository, the name or the revision is none.
    pub fn plan(&self, request: &Request) -> Result<Plan> {
        if let Some(trailer) = request.message().and_then(Trailers::found_in) {
            return Err(Error::ReservedTrailer { trailer });
        }
        let mut plan = self.plan_by_rules(request)?;
        if !request.changes_files() {
            self.obey_policy(&mut plan, Some(request.author()))?;
        }
        Ok(plan)
    }

    /// The plan, whatever the policy says.
    fn plan_by_rules(&self, request: &Request) -> Result<Plan> {
        match request {
            Request::Register { artifact, revision, new, if_changed: true, author } => {
                self.plan_register_if_changed(artifact, revision, new, author)
            }
            Request::Register { artifact, revision, new, author, .. } => {
                self.plan_register(artifact, revision, new, author)
            }
            Request::RegisterChanged { new, author } => self.plan_register_changed(new, author),
            Request::Assign { artifact, stage, target, tag, author } => {
                self.plan_assign(artifact, stage, target, tag, author)
            }
            Request::Rollback { artifact, stage, to, tag, author } => {
                self.plan_for(artifact, Some(author), |rules, _| {
                    Ok(unless_so(rules.rollback(stage, to.as_ref(), tag), tag.exist_ok, Undo::ByTag)?)
                })
            }
            Request::Promote { artifacts, from, to, tag, author } => {
                let (mut all, mut seen) = (Plan::default(), HashSet::new());
                for artifact in artifacts.iter().filter(|artifact| seen.insert(*artifact)) {
                    all.join(self.plan_assign(artifact, to, &Target::Stage(from.clone()), tag, author)?);
                }
                Ok(all)
            }
            Request::Unassign { artifact, version, stage, undo, tag, author } => {
                self.plan_for(artifact, author_of(*undo, author), |rules, _| {
                    let plan = match version {
                        Some(version) => rules.unassign(stage, version, *undo, tag),
                        None => rules.unassign_shown(stage, *undo, tag),
                    };
                    Ok(unless_so(plan, tag.exist_ok, *undo)?)
                })
            }
            Request::Deregister { artifact, version, undo, tag, author } => {
                self.plan_for(artifact, author_of(*undo, author), |rules, _| {
                    Ok(unless_so(rules.deregister(version, *undo, tag), tag.exist_ok, *undo)?)
                })
            }
            Request::Deprecate { artifact, revision, undo, tag, author } => {
                self.plan_deprecate(artifact, revision.as_deref(), *undo, tag, author)
            }
            Request::Approve { artifact, version, stage, withdraw, tag, author } => {
                self.plan_approve((artifact, version, stage), *withdraw, tag, author)
            }
            Request::Annotate { .. } | Request::RemoveAnnotation { .. } | Request::MoveAnnotations { .. } => {
                self.plan_files(request)
            }
        }
    }

    /// Plans to register a version of an artifact on the commit that `revision` names.
    pub(in crate::registry) fn plan_register(
        &self,
        name: &ArtifactName,
        revision: &str,
        wish: &Registering,
        author: &Author,
    ) -> Result<Plan> {
        if wish.bumps.len() + usize::from(wish.version.is_some()) > 1 {
            return Err(Refusal::VersionAndBump.into());
        }
        let commit = self.repository.resolve(revision)?;
        let mut plan = self.plan_for(name, Some(author), |rules, _| Ok(rules.register(commit, wish)?))?;
        plan.warnings.extend(self.ambiguity(revision));
        Ok(plan)
    }

    /// Plans to register a version on a commit that is yet to be made: tells whether it can be registered then, and is refused
    /// by [`Registry::apply`].
    ///
    /// # Errors
    /// As [`Registry::plan`].
    pub fn plan_register_next_commit(
        &self,
        name: &ArtifactName,
        wish: &Registering,
        author: &Author,
    ) -> Result<Plan> {
        self.plan_for(name, Some(author), |rules, _| Ok(rules.register(ObjectId::NONE, wish)?))
    }

    fn plan_assign(
        &self,
        name: &ArtifactName,
        stage: &StageName,
        target: &Target,
        wish: &TagWish,
        author: &Author,
    ) -> Result<Plan> {
        self.check_stage(stage)?;
        let (target, ambiguity) = self.target(target)?;
        let mut plan = self.plan_for(name, Some(author), |rules, _| {
            Ok(unless_so(rules.assign(stage, &target, wish), wish.exist_ok, Undo::ByTag)?)
        })?;
        plan.warnings.extend(ambiguity);
        Ok(plan)
    }

    /// What is named, and a warning if that is ambiguous.
    pub(super) fn target(&self, target: &Target) -> Result<(AssignTarget, Option<Warning>)> {
        Ok(match target {
            Target::Version(version) => (AssignTarget::Version(version.clone()), None),
            Target::Latest => (AssignTarget::Selected(Selector::Latest), None),
            Target::Stage(stage) => (AssignTarget::Selected(Selector::Stage(stage.clone())), None),
            Target::Commit { version: Some(_), skip_registration: true, .. } => {
                return Err(Refusal::VersionAndSkip.into());
            }
            Target::Commit { revision, version, skip_registration } => {
                let (version, skip_registration) = (version.clone(), *skip_registration);
                let commit = self.repository.resolve(revision)?;
                (AssignTarget::Commit { commit, version, skip_registration }, self.ambiguity(revision))
            }
        })
    }

    /// By a tag on the commit of the newest event, unless `revision` names another, or by deleting all tags.
    fn plan_deprecate(
        &self,
        name: &ArtifactName,
        revision: Option<&str>,
        undo: Undo,
        wish: &TagWish,
        author: &Author,
    ) -> Result<Plan> {
        let mut plan = self.plan_for(name, author_of(undo, author), |rules, head| {
            if undo == Undo::ByDeletion {
                return Ok(unless_so(rules.delete(wish), wish.exist_ok, undo)?);
            }
            let commit = match revision {
                Some(revision) => Some(self.repository.resolve(revision)?),
                None => self.newest_commit(name, rules.artifact, head)?,
            };
            let commit = commit.ok_or_else(|| Refusal::ArtifactNotFound { name: name.to_string() })?;
            Ok(unless_so(rules.deprecate(commit, wish), wish.exist_ok, undo)?)
        })?;
        plan.warnings.extend(revision.and_then(|revision| self.ambiguity(revision)));
        Ok(plan)
    }

    /// Plans what `build` does to an artifact. Without `author` nothing is written that would need one.
    pub(super) fn plan_for(
        &self,
        name: &ArtifactName,
        author: Option<&Author>,
        build: impl FnOnce(&Rules<'_>, SeenHead) -> Result<Plan>,
    ) -> Result<Plan> {
        let tags = self.tags_of(name)?;
        let seen = seen_tags(name, &tags);
        // A ref that cannot be read is no event, yet its name and its counter are taken.
        let mut inventory = TagInventory::default();
        for tag in tags.refs.iter().map(|tag| &tag.name).chain(&tags.broken) {
            if let Ok(parsed) = tag.parse() {
                inventory.add(tag, &parsed);
            }
        }
        let head = tags.head;
        let scan = self.read_scan(name, tags, Want::NoMessages);
        // First: a plan from only some of the tags may contradict the others (decision D27).
        damage::refuse(self.damaged(&scan))?;
        for (tag, name) in scan.not_events() {
            inventory.hold(tag, &name);
        }
        let warnings = self.warnings_of(&scan);
        let events = scan.events;
        let is_new_artifact = events.is_empty();
        let known_stages: HashSet<StageName> =
            events.iter().filter_map(|event| event.stage().cloned()).collect();
        let artifact = if is_new_artifact && self.annotated_at(name, head).is_none() {
            None
        } else {
            Some(Artifact::from_events(name.clone(), events))
        };
        let writer = match author {
            Some(author) => self.writer(author)?,
            None => Writer::nobody(self.environment.now()),
        };
        let config = self.config()?;
        let rules = Rules {
            name,
            artifact: artifact.as_ref(),
            inventory: &inventory,
            allowed_stages: config.stages.as_deref(),
            writer: &writer,
            is_valid_tag: git::is_valid_tag_name,
        };
        let mut plan = build(&rules, head)?;
        if let Some(author) = author {
            plan.signing = self.repository.signing(&author.sign)?;
        }
        plan.warnings.extend(self.also_unfetched(warnings));
        plan.seen = vec![seen];
        plan.is_new_artifact = is_new_artifact;
        plan.latest = artifact.as_ref().and_then(Artifact::latest).map(|latest| latest.label().clone());
        plan.new_stage = plan.assigned_stage().filter(|stage| !known_stages.contains(*stage)).cloned();
        Ok(plan)
    }

    pub(in crate::registry) fn writer(&self, author: &Author) -> Result<Writer> {
        let variable = |name: &str| match name {
            "GIT_COMMITTER_NAME" if author.name.is_some() => author.name.clone(),
            "GIT_COMMITTER_EMAIL" if author.email.is_some() => author.email.clone(),
            _ => self.environment.variable(name),
        };
        let (name, email) = self.repository.committer(&variable)?;
        let now = self.environment.now();
        let date = self.environment.variable("GIT_COMMITTER_DATE").filter(|text| !text.is_empty());
        let date = match date {
            Some(text) => {
                let read = self.repository.committer_date(&text)?;
                Some(read.ok_or(Error::InvalidCommitterDate { text })?)
            }
            None => None,
        };
        Ok(Writer { name, email, now, date })
    }

    /// The commit of an artifact's newest event, or of its versions and its current annotation.
    pub(in crate::registry) fn newest_commit(
        &self,
        name: &ArtifactName,
        artifact: Option<&Artifact>,
        head: SeenHead,
    ) -> Result<Option<ObjectId>> {
        let Some(artifact) = artifact else { return Ok(self.repository.head_commit_seen(head)?) };
        let events = artifact.events().iter().map(|event| (event.tagger.time.seconds(), event.commit));
        let annotated = self.annotated_at(name, head);
        let commits = artifact.versions().map(|version| version.commit()).chain(annotated);
        let commits =
            commits.collect::<BTreeSet<_>>().into_iter().filter_map(|id| self.repository.commit(id).ok());
        let commits = commits.map(|commit| (commit.committer.time.seconds(), commit.id));
        // `max_by_key` gives the last of equals: an event rather than a commit of the same second.
        let newest = commits.chain(events).max_by_key(|(seconds, _)| *seconds);
        Ok(newest.map(|(_, commit)| commit))
    }

    /// The current commit, if it annotates the artifact.
    pub(in crate::registry) fn annotated_at(&self, name: &ArtifactName, head: SeenHead) -> Option<ObjectId> {
        let head = self.repository.head_commit_seen(head).ok().flatten()?;
        (!self.files().ok()?.of(head, name).is_empty()).then_some(head)
    }
}

/// Nobody makes a tag where some are deleted.
fn author_of(undo: Undo, author: &Author) -> Option<&Author> {
    (undo == Undo::ByTag).then_some(author)
}
