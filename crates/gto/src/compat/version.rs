//! A version of an artifact with the events in lists by kind, and its stages.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::event::EventJson;
use crate::annotation::{Annotation, Source, Sourced};
use crate::commit::Commit;
use crate::event::EventKind;
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::report::{AssignmentReport, EventReport, VersionReport};
use crate::signing::Verified;
use crate::time::Timestamp;
use crate::version::VersionLabel;

/// What a version or a stage has in common with others.
#[derive(Debug, Clone, Serialize)]
struct Identity {
    artifact: ArtifactName,
    commit_hexsha: ObjectId,
    version: VersionLabel,
}

impl Identity {
    fn of(version: &VersionReport) -> Self {
        Self {
            artifact: version.artifact.clone(),
            commit_hexsha: version.commit,
            version: version.version.clone(),
        }
    }
}

/// What the events of a version or a stage add up to.
#[derive(Debug, Clone, Serialize)]
struct Sum {
    is_active: bool,
    activated_at: Option<Timestamp>,
    created_at: Option<Timestamp>,
    author: Option<Arc<str>>,
    author_email: Option<Arc<str>>,
    message: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discovered: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<Verified>,
}

/// A version: with what it adds up to as `show NAME --json` has it, or without as in the state.
#[derive(Debug, Clone, Serialize)]
pub struct VersionJson {
    #[serde(flatten)]
    identity: Identity,
    enrichments: Vec<CommitJson>,
    registrations: Vec<EventJson>,
    deregistrations: Vec<EventJson>,
    stages: Stages,
    #[serde(flatten)]
    sum: Option<Sum>,
}

/// The stages of a version.
#[derive(Debug, Clone)]
enum Stages {
    Shown(Vec<StageJson>),
    Ever(Vec<StageJson>),
}

impl Serialize for Stages {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Shown(stages) => serializer.collect_seq(stages),
            Self::Ever(stages) => serializer.collect_map(stages.iter().map(|stage| (&stage.stage, stage))),
        }
    }
}

/// The place of an event among all of its artifact, by its tag, where lists are to have that.
pub(super) type Order<'a> = dyn Fn(&str) -> Option<usize> + 'a;

impl VersionJson {
    /// The version as `show NAME --json` has it: the report has its events.
    pub fn shown(version: &VersionReport) -> Self {
        let mut by_stage = by_stage(version);
        let stages = version
            .assignments
            .iter()
            .map(|found| StageJson::shown(version, found, by_stage.remove(&found.stage).unwrap_or_default()));
        let sum = Sum {
            is_active: version.active,
            activated_at: version.activated_at,
            created_at: version.created_at,
            author: version.author.clone(),
            author_email: version.author_email.clone(),
            message: version.message.clone(),
            reference: version.tag.clone(),
            discovered: Some(!version.registered),
            verified: version.verified,
        };
        Self { sum: Some(sum), ..Self::new(version, Stages::Shown(stages.collect()), &|_| None) }
    }

    /// The version as the state has it, with all stages that it was ever in, in this order.
    pub(super) fn ever(version: &VersionReport, stages: &[&StageName], order: &Order<'_>) -> Self {
        let mut by_stage = by_stage(version);
        let stages = stages.iter().map(|stage| {
            StageJson::ever(version, (*stage).clone(), by_stage.remove(*stage).unwrap_or_default(), order)
        });
        let stages = Stages::Ever(stages.collect());
        Self::new(version, stages, order)
    }

    fn new(version: &VersionReport, stages: Stages, order: &Order<'_>) -> Self {
        let events = |kind: EventKind| {
            let of_kind = version.events.iter().filter(move |event| event.event == kind);
            of_kind.map(|event| EventJson::new(event.clone()).at(order(&event.tag))).collect()
        };
        Self {
            identity: Identity::of(version),
            enrichments: CommitJson::of(version).into_iter().collect(),
            registrations: events(EventKind::Registration),
            deregistrations: events(EventKind::Deregistration),
            stages,
            sum: None,
        }
    }
}

fn by_stage(version: &VersionReport) -> HashMap<&StageName, Vec<&EventReport>> {
    let mut stages: HashMap<&StageName, Vec<&EventReport>> = HashMap::new();
    for event in &version.events {
        if let Some(stage) = &event.stage {
            stages.entry(stage).or_default().push(event);
        }
    }
    stages
}

/// A stage of a version: with what it adds up to where that is shown.
#[derive(Debug, Clone, Serialize)]
pub struct StageJson {
    #[serde(flatten)]
    identity: Identity,
    stage: StageName,
    assignments: Vec<EventJson>,
    unassignments: Vec<EventJson>,
    #[serde(flatten)]
    sum: Option<Sum>,
}

impl StageJson {
    fn shown(version: &VersionReport, found: &AssignmentReport, events: Vec<&EventReport>) -> Self {
        let sum = Sum {
            // What is not in the stage is not shown.
            is_active: true,
            activated_at: Some(found.created_at),
            created_at: Some(found.created_at),
            author: Some(found.author.clone()),
            author_email: Some(found.author_email.clone()),
            message: Some(found.message.clone()),
            reference: Some(found.tag.clone()),
            discovered: None,
            verified: found.verified,
        };
        let event = |event: &EventReport| EventJson::with_kind(event.clone());
        Self { sum: Some(sum), ..Self::new(version, found.stage.clone(), events, event) }
    }

    /// The stage as the state has it.
    pub(super) fn ever(
        version: &VersionReport,
        stage: StageName,
        events: Vec<&EventReport>,
        order: &Order<'_>,
    ) -> Self {
        Self::new(version, stage, events, |event| EventJson::new(event.clone()).at(order(&event.tag)))
    }

    fn new(
        version: &VersionReport,
        stage: StageName,
        events: Vec<&EventReport>,
        event: impl Fn(&EventReport) -> EventJson,
    ) -> Self {
        let (assignments, unassignments): (Vec<_>, Vec<_>) =
            events.into_iter().partition(|event| event.event == EventKind::Assignment);
        Self {
            identity: Identity::of(version),
            stage,
            assignments: assignments.into_iter().map(&event).collect(),
            unassignments: unassignments.into_iter().map(&event).collect(),
            sum: None,
        }
    }
}

/// What the commit of a version says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommitJson {
    /// Always 0, as in the Python tool.
    priority: u8,
    /// Always true, as there.
    addition: bool,
    artifact: ArtifactName,
    created_at: Timestamp,
    author: Arc<str>,
    author_email: Arc<str>,
    message: String,
    commit_hexsha: ObjectId,
    version: VersionLabel,
    enrichments: Vec<SourceJson>,
    committer: Arc<str>,
    committer_email: Arc<str>,
}

impl CommitJson {
    fn of(version: &VersionReport) -> Option<Self> {
        let enrichment = version.enrichment.as_ref()?;
        let Commit { id, author, committer, message } = &enrichment.commit;
        Some(Self {
            priority: 0,
            addition: true,
            artifact: version.artifact.clone(),
            created_at: committer.time,
            author: author.name.clone(),
            author_email: author.email.clone(),
            message: message.clone(),
            commit_hexsha: *id,
            version: version.version.clone(),
            enrichments: enrichment.annotations.iter().cloned().map(SourceJson).collect(),
            committer: committer.name.clone(),
            committer_email: committer.email.clone(),
        })
    }
}

/// What one kind of annotation file says, in the words of that kind of file.
#[derive(Debug, Clone, PartialEq)]
struct SourceJson(Sourced);

impl Serialize for SourceJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Said<T> {
            source: Source,
            artifact: T,
        }
        let Sourced { source, annotation, .. } = &self.0;
        let source = *source;
        match source {
            Source::Gto => Said { source, artifact: annotation }.serialize(serializer),
            Source::Dvc => Said { source, artifact: DvcArtifact::new(annotation) }.serialize(serializer),
        }
    }
}

/// An annotation with the keys of `dvc.yaml`, and the defaults of DVC.
#[derive(Serialize)]
struct DvcArtifact<'a> {
    path: Option<&'a str>,
    desc: Option<&'a str>,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    labels: &'a [String],
    meta: Cow<'a, Value>,
}

impl<'a> DvcArtifact<'a> {
    fn new(annotation: &'a Annotation) -> Self {
        Self {
            path: annotation.path.as_deref(),
            desc: Some(annotation.description.as_str()).filter(|text| !text.is_empty()),
            kind: annotation.kind.as_deref(),
            labels: &annotation.labels,
            meta: match &annotation.custom {
                Value::Null => Cow::Owned(Value::Object(Map::new())),
                custom => Cow::Borrowed(custom),
            },
        }
    }
}
