//! The question of a pipeline: what did the tag do that started me, and what was so before?
//!
//! Owns what counts as before, and where the tags are read: a checkout lacks most of them, and may have made the one that
//! started it a lightweight one. See `remote::pipeline` for getting them.

use std::cmp::Ordering;
use std::collections::HashSet;

use crate::annotation::{Annotation, nearest};
use crate::error::{Error, Result};
use crate::event::{Event, EventKind, sort_events};
use crate::git::Want;
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::query::{self, HistoryOptions};
use crate::registry::annotations::commits::CommitFiles;
use crate::registry::{Answer, CheckedRef, Registry};
use crate::report::{EventReport, PipelineEvent};
use crate::state::Artifact;
use crate::tag::TagName;
use crate::version::VersionLabel;

/// Whether the tags of the artifact are fetched for the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FetchTags {
    /// If there is a remote.
    #[default]
    IfRemote,
    /// Always.
    Always,
    /// Never: the tags that are here have to do.
    Never,
}

/// What started a pipeline.
#[derive(Debug, Clone, PartialEq)]
pub enum Trigger {
    /// An event of the registry.
    Event(Box<PipelineEvent>),
    /// A tag that is no event, or no tag at all.
    Other(CheckedRef),
}

impl Registry {
    /// What a tag, given as `x` or `refs/tags/x`, did, and what was so before.
    ///
    /// Unless `fetch` is [`FetchTags::Never`], the artifact's tags are read in a clone of gto's own, which has them as the remote
    /// has them now; of the repository nothing is changed but this one tag, which becomes that of the remote.
    ///
    /// # Errors
    /// [`Error::NotOnRemote`] if the remote has no such tag; [`Error::TagsMissing`], [`Error::NoEvent`] or
    /// [`Error::RefNotFound`] if nothing is fetched and something is missing; those of [`Registry::check_ref`].
    pub fn trigger(&self, reference: &str, fetch: FetchTags) -> Result<Answer<Trigger>> {
        let name = reference.strip_prefix("refs/tags/").unwrap_or(reference);
        let Ok(parsed) = name.parse::<TagName>() else {
            let Answer { value, warnings } = self.check_foreign_ref(name)?;
            return Ok(Answer { value: Trigger::Other(value), warnings });
        };
        // A clone of a remote repository has all of its tags.
        let is_complete = self.url().is_some();
        let is_fetched = match fetch {
            FetchTags::IfRemote => self.has_remote() && !is_complete,
            FetchTags::Always => !is_complete,
            FetchTags::Never => false,
        };
        if is_fetched {
            let there = self.fetch_for_pipeline(name, &parsed.artifact)?;
            let answer = self.trigger_in(&there, name, &parsed.artifact);
            self.adopt_left_out(&there);
            return answer;
        }
        let answer = self.trigger_in(self, name, &parsed.artifact)?;
        if self.has_remote() && !is_complete {
            require_tags(name, &answer.value)?;
        }
        match answer.value {
            Trigger::Other(CheckedRef::NoTag) => Err(Error::RefNotFound { revision: reference.to_owned() }),
            _ => Ok(answer),
        }
    }

    /// The assignments and unassignments of a stage, oldest first; only those after an event, which a tag names, or from a date
    /// on, if there is a `since`. Unless `fetch` is [`FetchTags::Never`], the tags are the remote's.
    ///
    /// The order is that of the times of the tags: one may be pushed long after it was made, and has its place before others that
    /// were there earlier. Who must not miss it keeps the tags that are handled, and asks for all.
    ///
    /// # Errors
    /// [`Error::RefNotFound`] if there is no such event; [`Error::InvalidDate`]; [`Error::DamagedTags`].
    pub fn events_since(
        &self,
        stage: &StageName,
        since: Option<&str>,
        fetch: FetchTags,
    ) -> Result<Answer<Vec<EventReport>>> {
        let name = since.map(|since| since.strip_prefix("refs/tags/").unwrap_or(since));
        let after = name.filter(|name| name.parse::<TagName>().is_ok());
        let from = match since {
            Some(since) if after.is_none() => Some(self.date(since)?.seconds()),
            _ => None,
        };
        let is_fetched = match fetch {
            FetchTags::IfRemote => self.has_remote(),
            FetchTags::Always => true,
            FetchTags::Never => false,
        };
        let there =
            if is_fetched && self.url().is_none() { Some(self.fetch_all_for_pipeline()?) } else { None };
        let tags = there.as_ref().unwrap_or(self);
        let options = HistoryOptions { since: from, ascending: true, ..HistoryOptions::default() };
        let history = tags.history(&options, true);
        self.adopt_left_out(tags);
        let Answer { value: history, warnings } = history?.unless_damaged()?;
        let of_stage = |event: &&EventReport| event.stage.as_ref() == Some(stage);
        let Some(name) = after else {
            return Ok(Answer { value: history.iter().filter(of_stage).cloned().collect(), warnings });
        };
        let value = if let Some(place) = history.iter().position(|event| *event.tag == *name) {
            history.iter().skip(place + 1).filter(of_stage).cloned().collect()
        } else {
            let last = tags.left_out_event(name)?;
            let last = last.ok_or_else(|| Error::RefNotFound { revision: name.to_owned() })?;
            history.iter().filter(|event| last.is_before(event)).filter(of_stage).cloned().collect()
        };
        Ok(Answer { value, warnings })
    }

    /// The place of an event in time that answers leave out, since it violates the policy: a pipeline has handled it before there
    /// was the policy, say.
    fn left_out_event(&self, tag: &str) -> Result<Option<PlaceInTime>> {
        let Ok(parsed) = tag.parse::<TagName>() else { return Ok(None) };
        let events = sort_events(self.scan(&parsed.artifact, Want::NoMessages)?.events);
        let Some(place) = events.iter().position(|event| event.tag == tag) else { return Ok(None) };
        let seconds = events[place].seconds();
        let same_second = events.into_iter().skip(place + 1).take_while(|event| event.seconds() == seconds);
        let later = same_second.map(|event| event.tag).collect();
        Ok(Some(PlaceInTime { seconds, artifact: parsed.artifact, later }))
    }

    /// The answer from the tags in `tags`, and from the files here.
    fn trigger_in(&self, tags: &Self, name: &str, artifact: &ArtifactName) -> Result<Answer<Trigger>> {
        let Answer { value, warnings } = tags.check_ref(name)?.unless_damaged()?;
        let CheckedRef::Event(event) = value else {
            return Ok(Answer { value: Trigger::Other(value), warnings });
        };
        let mut scan = tags.scan(artifact, Want::NoMessages)?;
        // What is damaged may be what was so before.
        let warnings = Answer { value: (), warnings: tags.warnings_of(&scan) }.unless_damaged()?.warnings;
        let previous_version = version_before(&event, tags.valid_of_scan(&mut scan)?);
        let files = if self.repository.is_here(event.commit) { self } else { tags };
        let annotation = self.annotation_in(files, event.commit, artifact)?;
        let value = Trigger::Event(Box::new(PipelineEvent { event: *event, previous_version, annotation }));
        Ok(Answer { value, warnings: files.also_unfetched(warnings) })
    }

    /// The annotation in a commit of another repository, at the place that the configuration here says.
    fn annotation_in(
        &self,
        repository: &Self,
        commit: ObjectId,
        artifact: &ArtifactName,
    ) -> Result<Option<Annotation>> {
        let mut files = CommitFiles::new(&repository.repository, &self.config()?.index);
        Ok(nearest(&files.of(commit, artifact)).map(|found| found.annotation.clone()))
    }
}

/// The place of an event in the history of all artifacts.
struct PlaceInTime {
    seconds: i64,
    artifact: ArtifactName,
    /// The tags of the artifact's later events of the same second.
    later: HashSet<String>,
}

impl PlaceInTime {
    /// Whether the history has the other event behind this one; see `History::new`.
    fn is_before(&self, other: &EventReport) -> bool {
        match other.created_at.seconds().cmp(&self.seconds).then(other.artifact.cmp(&self.artifact)) {
            Ordering::Equal => self.later.contains(&*other.tag),
            order => order.is_gt(),
        }
    }
}

/// Fails if the answer may be another one with the tags that a checkout lacks.
fn require_tags(name: &str, trigger: &Trigger) -> Result<()> {
    match trigger {
        Trigger::Other(CheckedRef::Lightweight) => Err(Error::lightweight_here(name)),
        Trigger::Event(found) => match found.event.version.as_deref() {
            Some(VersionLabel::Commit(commit)) => Err(Error::TagsMissing {
                tag: name.to_owned(),
                artifact: found.event.artifact.clone(),
                commit: *commit,
            }),
            _ => Ok(()),
        },
        Trigger::Other(_) => Ok(()),
    }
}

/// What the stage showed immediately before the event, or which version was before the one that it registered.
fn version_before(event: &EventReport, events: Vec<Event>) -> Option<VersionLabel> {
    let before = sort_events(events).into_iter().take_while(|other| *other.tag != *event.tag);
    let artifact = Artifact::from_events(event.artifact.clone(), before.collect());
    if !artifact.is_active() {
        return None;
    }
    let found = match (event.event, &event.stage) {
        (EventKind::Assignment | EventKind::Unassignment, Some(stage)) => query::shown_in(&artifact, stage),
        (EventKind::Registration | EventKind::Deregistration, _) => {
            let label = event.version.as_deref()?;
            let versions =
                artifact.versions().filter(|version| version.is_registered() && version.is_active());
            let lower = versions.filter(|version| version.label().cmp_listed(label).is_lt());
            lower.max_by(|a, b| a.label().cmp_listed(b.label()))
        }
        _ => None,
    };
    found.map(|version| version.label().clone())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::event::tests::event;

    fn before(tags: &[(&str, u8)], tag: &str) -> Option<String> {
        let events: Vec<Event> =
            (1..).zip(tags).map(|(time, (tag, commit))| event(tag, *commit, time)).collect();
        let artifact = Artifact::from_events("m".parse().unwrap(), events.clone());
        let (found, owner) = artifact.events_with_owners().find(|(event, _)| event.tag == tag).unwrap();
        let report = EventReport::new(found.clone(), owner.map(|owner| owner.shared_label()));
        version_before(&report, events).map(|label| label.to_string())
    }

    #[test]
    fn what_was_before_is_what_the_stage_showed_before_the_event_and_not_what_it_shows_now() {
        let tags = [
            ("m@v1.0.0", 1),
            ("m@v2.0.0", 2),
            ("m#prod#1", 1),
            ("m#dev#2", 2),
            ("m#prod#3", 2),
            ("m#prod#4", 1),
            ("m#prod!#5", 1),
            ("m#prod!#6", 2),
            ("m#prod#7", 2),
        ];
        let version = |tag: &str| before(&tags, tag);
        assert_eq!(version("m#prod#1"), None);
        assert_eq!(version("m#dev#2"), None);
        assert_eq!(version("m#prod#3").as_deref(), Some("v1.0.0"));
        // A rollback.
        assert_eq!(version("m#prod#4").as_deref(), Some("v2.0.0"));
        assert_eq!(version("m#prod!#5").as_deref(), Some("v1.0.0"));
        assert_eq!(version("m#prod!#6").as_deref(), Some("v2.0.0"));
        assert_eq!(version("m#prod#7"), None);
    }

    #[test]
    fn the_version_before_a_registration_is_the_one_below_it_that_is_in_use() {
        let tags = [
            ("m@v1.0.0", 1),
            ("m@v2.0.0", 2),
            ("m@v1.0.1", 3),
            ("m@v1.0.1!", 3),
            ("m@v1.0.2", 4),
            ("m@deprecated", 4),
            ("m@v3.0.0", 5),
        ];
        let version = |tag: &str| before(&tags, tag);
        assert_eq!(version("m@v1.0.0"), None);
        assert_eq!(version("m@v2.0.0").as_deref(), Some("v1.0.0"));
        assert_eq!(version("m@v1.0.1").as_deref(), Some("v1.0.0"));
        assert_eq!(version("m@v1.0.1!").as_deref(), Some("v1.0.0"));
        assert_eq!(version("m@v1.0.2").as_deref(), Some("v1.0.0"));
        assert_eq!(version("m@deprecated"), None);
        assert_eq!(version("m@v3.0.0"), None);
    }

    #[test]
    fn an_unregistered_commit_may_have_been_before() {
        assert_eq!(
            before(&[("m#prod#1", 1), ("m@v1.0.0", 2), ("m#prod#2", 2)], "m#prod#2"),
            Some("01".repeat(20))
        );
        let report = EventReport::new(event("m@deprecated", 1, 1), Some(Arc::new("v1.0.0".parse().unwrap())));
        assert_eq!(version_before(&report, Vec::new()), None);
    }
}
