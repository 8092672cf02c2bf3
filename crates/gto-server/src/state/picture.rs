//! What is known of one repository at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gto::annotation::Sourced;
use gto::name::{ArtifactName, StageName};
use gto::object_id::ObjectId;
use gto::query;
use gto::registry::StagesWanted;
use gto::state::Artifact;
use gto::time::Timestamp;
use gto::{Registry, Snapshot};
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::choices::Choices;
use crate::state::row::Row;

/// What is known of one repository. Never changed, only replaced.
#[derive(Clone, Default)]
pub struct Picture {
    /// Grows with each change of what the repository says; 0 before it was seen.
    pub serial: u64,
    pub registry: Option<Arc<Registry>>,
    pub snapshot: Arc<Snapshot>,
    /// The artifacts, deprecated ones too.
    pub rows: Arc<BTreeMap<ArtifactName, Arc<Row>>>,
    /// What the artifacts can be chosen by.
    pub choices: Arc<Choices>,
    /// The stages that have a column, those of `.gto` first.
    pub stages: Vec<StageName>,
    /// Whether `.gto` says in which order.
    pub has_order: bool,
    pub annotations: Arc<BTreeMap<ArtifactName, Sourced>>,
    /// The commit of the annotations.
    pub head: Option<ObjectId>,
    /// What the policy's judgements depend on beside tags; `None` if that cannot be read.
    pub policy_state: Option<u64>,
    /// When it was last seen.
    pub seen_at: Option<Timestamp>,
    /// Why it cannot be seen now.
    pub failing: Option<Failing>,
    /// Whether the system says when it changes.
    pub is_watched: bool,
}

/// That a repository cannot be read.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Failing {
    #[schema(value_type = String)]
    pub since: Timestamp,
    /// Why, in one clause.
    pub reason: String,
    /// What to do.
    pub hints: Vec<String>,
}

impl Picture {
    /// What is shown of a registry. What did not change since `before` is shared.
    pub fn taken(
        repo: &Arc<str>,
        registry: Arc<Registry>,
        snapshot: Arc<Snapshot>,
        before: &Self,
        changed: Option<&BTreeSet<ArtifactName>>,
    ) -> Self {
        let head = registry.resolve("HEAD").ok();
        let is_same_commit = head.is_some() && head == before.head;
        let annotations =
            if is_same_commit { Arc::clone(&before.annotations) } else { annotations(&registry, head) };
        let has_changed = |name: &ArtifactName| {
            changed.is_none_or(|changed| changed.contains(name))
                || annotations.get(name) != before.annotations.get(name)
        };
        let names: BTreeSet<&ArtifactName> = snapshot.artifact_names().chain(annotations.keys()).collect();
        let (kept, new): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|name| before.rows.contains_key(*name) && !has_changed(name));
        let mut rows: BTreeMap<ArtifactName, Arc<Row>> = kept
            .into_iter()
            .filter_map(|name| Some((name.clone(), Arc::clone(before.rows.get(name)?))))
            .collect();
        rows.extend(made(repo, &snapshot, &annotations, &new));
        let configured = snapshot.stages(StagesWanted::Allowed);
        let used = rows.values().flat_map(|row| row.stages.iter().map(|found| found.stage.clone())).collect();
        Self {
            serial: before.serial + 1,
            registry: Some(registry),
            stages: query::stage_columns(configured.as_deref(), used),
            has_order: configured.is_some(),
            snapshot,
            choices: Arc::new(Choices::of(rows.values())),
            rows: Arc::new(rows),
            annotations,
            head,
            policy_state: None,
            seen_at: None,
            failing: None,
            is_watched: before.is_watched,
        }
    }

    /// What an artifact's tags add up to, until a second since 1970 if that is given.
    pub fn artifact(&self, name: &ArtifactName, until: Option<i64>) -> Option<Artifact> {
        let artifact = self.snapshot.artifact(name)?;
        let Some(until) = until else { return Some(artifact) };
        let events = artifact.into_events().map(|(event, _)| event);
        let events: Vec<_> = events.filter(|event| event.tagger.time.seconds() <= until).collect();
        (!events.is_empty()).then(|| Artifact::from_events(name.clone(), events))
    }
}

/// The stages of several repositories: an order that somebody chose goes before the alphabet.
pub fn stages_of(pictures: &[Arc<Picture>]) -> Vec<StageName> {
    let (ordered, others): (Vec<_>, Vec<_>) = pictures.iter().partition(|picture| picture.has_order);
    let mut stages: Vec<StageName> = Vec::new();
    for stage in ordered.into_iter().chain(others).flat_map(|picture| &picture.stages) {
        if !stages.contains(stage) {
            stages.push(stage.clone());
        }
    }
    stages
}

fn annotations(registry: &Registry, head: Option<ObjectId>) -> Arc<BTreeMap<ArtifactName, Sourced>> {
    let found = head.and_then(|head| registry.all_annotations(Some(&head.to_string())).ok());
    Arc::new(found.map(|answer| answer.value.into_iter().collect()).unwrap_or_default())
}

/// The rows of these artifacts, made on all processors.
fn made(
    repo: &Arc<str>,
    snapshot: &Snapshot,
    annotations: &BTreeMap<ArtifactName, Sourced>,
    names: &[&ArtifactName],
) -> Vec<(ArtifactName, Arc<Row>)> {
    const PART: usize = 256;
    let row = |name: &&ArtifactName| {
        let artifact = snapshot.artifact(name)?;
        let annotation = annotations.get(*name).map(|sourced| &sourced.annotation);
        Some(((*name).clone(), Arc::new(Row::new(repo, &artifact, annotation))))
    };
    if names.len() < PART {
        return names.iter().filter_map(row).collect();
    }
    let share = names.len().div_ceil(gto::processors().max(1));
    std::thread::scope(|scope| {
        let make = |part: &'_ [&'_ ArtifactName]| part.iter().filter_map(row).collect::<Vec<_>>();
        let parts: Vec<_> = names.chunks(share).map(|part| scope.spawn(move || make(part))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect()
    })
}
