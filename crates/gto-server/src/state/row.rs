//! One artifact, as lists show it.

use std::sync::Arc;

use gto::annotation::Annotation;
use gto::event::EventKind;
use gto::name::{ArtifactName, StageName};
use gto::query::{self, ShowOptions};
use gto::state::{Artifact, VersionView};
use gto::time::Timestamp;
use gto::version::VersionLabel;
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema::EventWord;

/// One artifact, as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Artifact)]
pub struct Row {
    /// The repository's id.
    #[schema(value_type = String)]
    pub repo: Arc<str>,
    #[schema(value_type = String)]
    pub name: ArtifactName,
    /// Not deprecated.
    pub active: bool,
    /// Whether it has any tag; if not, it is only annotated.
    pub registered: bool,
    #[schema(required)]
    pub latest: Option<Placed>,
    /// What is in each stage, in no order that means anything.
    pub stages: Vec<InStage>,
    /// How many versions are in use.
    pub versions: usize,
    /// What happened last.
    #[schema(required)]
    pub newest: Option<Newest>,
    #[serde(rename = "type")]
    #[schema(required)]
    pub kind: Option<String>,
    pub labels: Vec<String>,
    pub description: String,
    /// What a search looks at: all its texts in small letters, a line each.
    #[serde(skip)]
    pub searched: Box<str>,
}

/// A version, and when and by whom it got there.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Placed {
    #[schema(value_type = String)]
    pub version: VersionLabel,
    #[schema(required, value_type = Option<String>)]
    pub since: Option<Timestamp>,
    #[schema(required, value_type = Option<String>)]
    pub author: Option<Arc<str>>,
    /// How many versions in use are higher.
    pub behind: usize,
    /// The tag that says so.
    #[schema(required)]
    pub tag: Option<String>,
}

/// What is in a stage.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct InStage {
    #[schema(value_type = String)]
    pub stage: StageName,
    #[serde(flatten)]
    pub placed: Placed,
}

/// What happened last to an artifact.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Newest {
    #[schema(value_type = String)]
    pub at: Timestamp,
    #[schema(value_type = String)]
    pub author: Arc<str>,
    #[schema(value_type = EventWord)]
    pub event: EventKind,
}

/// A name, unless it is empty.
fn named(name: &Arc<str>) -> Option<Arc<str>> {
    (!name.trim().is_empty()).then(|| Arc::clone(name))
}

impl Row {
    /// The row of an artifact, with what the current commit says of it.
    pub fn new(repo: &Arc<str>, artifact: &Artifact, annotation: Option<&Annotation>) -> Self {
        let listed: Vec<VersionView<'_>> = artifact
            .versions_listed()
            .into_iter()
            .filter(|version| version.is_registered() && version.is_active())
            .collect();
        // What nobody has to look at any more is behind nothing.
        let behind = |label: &VersionLabel| match label.number() {
            Some(_) => listed.iter().take_while(|higher| higher.label().cmp_listed(label).is_gt()).count(),
            None => 0,
        };
        let latest = listed.first().map(|version| Placed {
            version: version.label().clone(),
            since: version.authoring().map(|authoring| authoring.time()),
            author: version.authoring().and_then(|authoring| named(&authoring.signature().name)),
            behind: 0,
            tag: version.authoring().map(|authoring| authoring.reference()),
        });
        let shown = if artifact.is_active() {
            query::shown_stages(artifact, &ShowOptions::default())
        } else {
            Vec::new()
        };
        let stages = shown.iter().filter_map(|shown| {
            let view = shown.versions.first()?;
            let event = view.assignments().next_back()?;
            let placed = Placed {
                version: view.version().label().clone(),
                since: Some(event.tagger.time),
                author: named(&event.tagger.name),
                behind: behind(view.version().label()),
                tag: Some(event.tag.clone()),
            };
            Some(InStage { stage: shown.stage.clone(), placed })
        });
        let (name, kind) = (artifact.name(), annotation.and_then(|annotation| annotation.kind.clone()));
        let labels = annotation.map(|annotation| annotation.labels.clone()).unwrap_or_default();
        let description = annotation.map(|annotation| annotation.description.clone()).unwrap_or_default();
        let texts = [name.as_str(), repo, kind.as_deref().unwrap_or_default(), &description];
        let texts: Vec<&str> = texts.into_iter().chain(labels.iter().map(String::as_str)).collect();
        let searched = texts.join("\n").to_lowercase().into();
        Self {
            repo: Arc::clone(repo),
            name: name.clone(),
            active: artifact.is_active(),
            registered: artifact.is_registered(),
            stages: stages.collect(),
            versions: listed.len(),
            newest: artifact.newest_event().map(|event| Newest {
                at: event.tagger.time,
                author: Arc::clone(&event.tagger.name),
                event: event.kind(),
            }),
            latest,
            kind,
            labels,
            description,
            searched,
        }
    }

    /// What is in a stage.
    pub fn in_stage(&self, stage: &StageName) -> Option<&Placed> {
        self.stages.iter().find(|found| found.stage == *stage).map(|found| &found.placed)
    }

    /// How far the stage that is furthest behind is behind.
    pub fn drift(&self) -> usize {
        self.stages.iter().map(|found| found.placed.behind).max().unwrap_or_default()
    }

    /// The folder in its name.
    pub fn folder(&self) -> &str {
        let name = self.name.as_str();
        name.split_once(':')
            .map_or_else(|| name.rsplit_once('/').map_or("", |(folder, _)| folder), |(folder, _)| folder)
    }
}
