//! What the policy says about what has happened.

use std::collections::HashSet;

use crate::error::Result;
use crate::event::Event;
use crate::git::Want;
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::policy::{Facts, Judge, Judgement, RefUpdate, Refused};
use crate::registry::Registry;
use crate::registry::policy::PolicyInForce;
use crate::rules::Refusal;
use crate::signature::Signature;
use crate::tag::{Action, TagName};
use crate::version::{Version, VersionLabel};

/// A tag, and what the policy says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedTag {
    /// The tag's name.
    pub tag: String,
    /// What the policy says.
    pub judgement: Judgement,
}

/// What the policy says about many tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyReport {
    /// What named the commit that the policy is in.
    pub source: String,
    /// The tags, by artifact and then as they happened.
    pub tags: Vec<JudgedTag>,
}

/// Which tags are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagsToCheck<'a> {
    /// All.
    All,
    /// The one of that name.
    Named(&'a str),
    /// Those on one of these commits.
    On(HashSet<ObjectId>),
}

impl Registry {
    /// Judges what a push of a branch from `old` to `new` would bring, by the policy of `old`: the tags on its commits, and who changed
    /// the policy. Also whether the policy of `new` can be read.
    ///
    /// # Errors
    /// As [`Registry::check_policy`]; [`Error::NoPolicy`](crate::Error::NoPolicy) if `old` has none.
    pub fn check_range(
        &self,
        (old, new): (ObjectId, ObjectId),
        shown: &str,
    ) -> Result<(PolicyReport, Option<Refused>)> {
        let in_force = self.policy_before(old, shown)?.ok_or(crate::Error::NoPolicy)?;
        let update = RefUpdate { name: shown.to_owned(), old: Some(old), new: Some(new) };
        let refused = self.guard(&in_force, &update)?;
        let commits = self.repository.commits_between(old, new)?;
        let commits = commits.into_iter().map(|(commit, _)| commit).collect();
        let report = self.check_policy(&in_force, &self.artifact_names()?, &TagsToCheck::On(commits))?;
        Ok((report, refused))
    }

    /// The events of an artifact.
    ///
    /// # Errors
    /// [`Error::DamagedTags`](crate::Error::DamagedTags) if some cannot be read, [`Error::NoEvent`](crate::Error::NoEvent) if the one
    /// that is checked out may be another one at the remote: nothing can be judged then.
    pub fn events_of(&self, artifact: &ArtifactName) -> Result<Vec<Event>> {
        let scan = self.scan(artifact, Want::NoMessages)?;
        self.refuse_unknown(&scan)?;
        Ok(scan.events)
    }

    /// Judges all tags of these artifacts, or only those.
    ///
    /// # Errors
    /// As [`Registry::events_of`]; [`Refusal::TagNotFound`].
    pub fn check_policy(
        &self,
        in_force: &PolicyInForce,
        artifacts: &[ArtifactName],
        wanted: &TagsToCheck<'_>,
    ) -> Result<PolicyReport> {
        let mut tags = Vec::new();
        let mut facts = self.no_facts();
        for artifact in artifacts {
            let mut judge = Judge::new(&in_force.policy, self.events_of(artifact)?);
            let places: Vec<usize> = match wanted {
                TagsToCheck::Named(tag) => {
                    let place = judge.place_of(tag);
                    vec![place.ok_or_else(|| Refusal::TagNotFound { name: (*tag).to_owned() })?]
                }
                TagsToCheck::On(commits) => {
                    let is_on = |index: &usize| commits.contains(&judge.events()[*index].commit);
                    (0..judge.events().len()).filter(is_on).collect()
                }
                TagsToCheck::All => (0..judge.events().len()).collect(),
            };
            tags.extend(self.judged_at(in_force, &mut judge, places, &mut facts));
        }
        Ok(PolicyReport { source: in_force.source.clone(), tags })
    }

    /// Judges all of these events of one artifact, which were read already.
    pub(in crate::registry) fn judged_events(
        &self,
        in_force: &PolicyInForce,
        events: Vec<Event>,
    ) -> Vec<JudgedTag> {
        let mut judge = Judge::new(&in_force.policy, events);
        let places = (0..judge.events().len()).collect();
        self.judged_at(in_force, &mut judge, places, &mut self.no_facts())
    }

    fn judged_at(
        &self,
        in_force: &PolicyInForce,
        judge: &mut Judge<'_>,
        places: Vec<usize>,
        facts: &mut Facts,
    ) -> Vec<JudgedTag> {
        // All at once: signatures are checked side by side.
        let needs = judge.needs_of(&places, facts);
        self.gather(in_force, &needs, facts);
        let tag = |index| {
            let judgement = self.judged(in_force, judge, index, facts);
            JudgedTag { tag: judge.events()[index].tag.clone(), judgement }
        };
        places.into_iter().map(tag).collect()
    }

    /// Judges the assignment of a version to a stage, as if it were made and signed now.
    ///
    /// # Errors
    /// As [`Registry::events_of`]; [`Refusal::NotRegistered`].
    pub fn explain_policy(
        &self,
        in_force: &PolicyInForce,
        artifact: &ArtifactName,
        version: &Version,
        stage: &StageName,
    ) -> Result<Judgement> {
        let mut events = self.events_of(artifact)?;
        let state = crate::state::Artifact::from_events(artifact.clone(), events.clone());
        let label = VersionLabel::Number(version.clone());
        let found = state.versions().find(|found| *found.label() == label && found.is_registered());
        let not_registered =
            || Refusal::NotRegistered { artifact: artifact.clone(), version: version.clone() };
        let commit = found.ok_or_else(not_registered)?.commit();
        let newest = state.newest_event().map(|event| event.tagger.time.seconds());
        let now = self.environment.now();
        let seconds = newest.map_or(now.seconds(), |newest| now.seconds().max(newest.saturating_add(1)));
        let time = crate::time::Timestamp::new(seconds, now.offset()).unwrap_or(now);
        let counter = events.iter().filter_map(|event| event.name.counter).max().unwrap_or(0).checked_add(1);
        let name = TagName { artifact: artifact.clone(), action: Action::Assign(stage.clone()), counter };
        let tag = name.to_string();
        let tagger = Signature { name: "".into(), email: "".into(), time };
        let event =
            Event { tag: tag.clone(), tag_id: ObjectId::NONE, name, commit, tagger, message: String::new() };
        events.push(event);
        let mut judge = Judge::new(&in_force.policy, events);
        let mut facts: Facts = self.no_facts();
        facts.planned.insert(tag.clone(), crate::policy::Trailers::default());
        let Some(index) = judge.place_of(&tag) else { return Ok(Judgement::default()) };
        Ok(self.judged(in_force, &mut judge, index, &mut facts))
    }
}
