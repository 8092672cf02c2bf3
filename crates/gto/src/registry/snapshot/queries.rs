//! What a snapshot answers: the questions of a registry, without a look at the repository.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use crate::error::Result;
use crate::name::{ArtifactName, StageName};
use crate::plan::Warning;
use crate::query::{self, HistoryOptions, ShowOptions};
use crate::reference::Reference;
use crate::registry::read::StagesWanted;
use crate::registry::snapshot::held::Snapshot;
use crate::registry::snapshot::kept::Kept;
use crate::report::{
    ArtifactSummary, EventReport, History, RegistryReport, Schema, VersionReport, VersionsReport,
};
use crate::rules::Refusal;
use crate::state::{Artifact, State};

impl Snapshot {
    /// Why its answers may be less than expected: tags that are no events, or cannot be read (decision D27).
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// How many tags the registry has.
    pub fn tag_count(&self) -> usize {
        self.artifacts.values().map(|kept| kept.tags.len()).sum()
    }

    /// The artifacts that have tags, sorted.
    pub fn artifact_names(&self) -> impl Iterator<Item = &ArtifactName> {
        self.artifacts.values().filter(|kept| kept.newest.is_some()).map(|kept| &kept.name)
    }

    /// What the events of an artifact add up to; `None` if there is no such artifact.
    pub fn artifact(&self, name: &ArtifactName) -> Option<Artifact> {
        let kept = self.artifacts.get(name).filter(|kept| kept.newest.is_some());
        let is_annotated = self.annotated.names.contains(name);
        if kept.is_none() && !is_annotated {
            return None;
        }
        let mut artifact =
            kept.map_or_else(|| Artifact::from_events(name.clone(), Vec::new()), |kept| kept.artifact());
        if let Some(head) = self.annotated.head.filter(|_| is_annotated) {
            artifact.annotate(head);
        }
        Some(artifact)
    }

    /// What all events add up to. Takes long in a large registry, and much memory.
    pub fn state(&self) -> State {
        let annotated = self.only_annotated().into_iter().cloned();
        let names = self.artifact_names().cloned().chain(annotated);
        names.filter_map(|name| self.artifact(&name)).collect()
    }

    /// The registry: one row for each artifact. As it is shown without options, all is known already.
    pub fn show(&self, options: &ShowOptions) -> RegistryReport {
        let shown = ShowOptions { deprecated: false, ..options.clone() };
        let is_known = shown == ShowOptions::default();
        let summary = |kept: &Kept| {
            let known = kept.summary.clone();
            if is_known { known } else { known.map(|_| ArtifactSummary::new(&kept.artifact(), options)) }
        };
        let annotated = self.only_annotated().into_iter().filter_map(|name| self.artifact(name));
        let artifacts = self.artifacts.values().filter_map(|kept| summary(kept));
        let artifacts =
            artifacts.chain(annotated.map(|artifact| ArtifactSummary::new(&artifact, options))).collect();
        RegistryReport::new(artifacts, self.stages.as_deref(), options)
    }

    /// The versions of one artifact, or those of them that a shortcut picks.
    ///
    /// # Errors
    /// [`Refusal::ArtifactNotFound`].
    pub fn versions(&self, reference: &Reference, options: &ShowOptions) -> Result<VersionsReport> {
        let not_found = || Refusal::ArtifactNotFound { name: reference.name.clone() };
        let name: ArtifactName = reference.name.parse().map_err(|_| not_found())?;
        let artifact = self.artifact(&name).ok_or_else(not_found)?;
        let versions = query::select(&artifact, reference.selector.as_ref(), options).into_iter();
        let report =
            |(version, stages): (_, Vec<_>)| VersionReport::new(version, &stages).with_events(version);
        Ok(VersionsReport {
            schema: Schema,
            registered: artifact.is_registered(),
            active: artifact.is_active(),
            versions: versions.map(report).collect(),
        })
    }

    /// The journal, without messages.
    pub fn history(&self, options: &HistoryOptions) -> History {
        let of_artifact = |kept: &Kept| EventReport::of(kept.artifact(), options);
        if let Some(name) = &options.artifact {
            let kept = self.artifacts.get(name).into_iter();
            return History::new(kept.map(|kept| of_artifact(kept)).collect(), options);
        }
        let limit = options.limit.filter(|_| !options.ascending).unwrap_or(usize::MAX);
        let mut artifacts: Vec<&Kept> = self.artifacts.values().map(|kept| &**kept).collect();
        artifacts.sort_by_key(|kept| Reverse(kept.newest));
        let mut entries = Vec::new();
        // The times of the newest entries: an artifact in which nothing happened since adds none.
        let mut newest: BinaryHeap<Reverse<i64>> = BinaryHeap::new();
        for kept in artifacts {
            let is_full = newest.len() >= limit;
            if is_full && newest.peek().is_none_or(|Reverse(oldest)| kept.newest < Some(*oldest)) {
                break;
            }
            let found = of_artifact(kept);
            if limit < usize::MAX {
                for entry in &found {
                    newest.push(Reverse(entry.created_at.seconds()));
                    if newest.len() > limit {
                        newest.pop();
                    }
                }
            }
            entries.push(found);
        }
        History::new(entries, options)
    }

    /// The stages of the registry; `None` if they were requested from the configuration, which sets none.
    pub fn stages(&self, wanted: StagesWanted) -> Option<Vec<StageName>> {
        if wanted == StagesWanted::Allowed || (wanted == StagesWanted::Known && self.stages.is_some()) {
            return self.stages.clone();
        }
        let find = if wanted == StagesWanted::Used { query::used_stages } else { query::active_stages };
        let stages: BTreeSet<StageName> =
            self.artifacts.values().flat_map(|kept| find(&kept.artifact())).collect();
        Some(stages.into_iter().collect())
    }

    /// The artifacts that have no tags and are annotated, in the order of the files.
    fn only_annotated(&self) -> Vec<&ArtifactName> {
        let has_events =
            |name: &ArtifactName| self.artifacts.get(name).is_some_and(|kept| kept.newest.is_some());
        self.annotated.names.iter().filter(|name| !has_events(name)).collect()
    }
}
