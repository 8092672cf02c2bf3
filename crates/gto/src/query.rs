//! The questions that a registry answers: what is registered, what is in a stage, what happened.
//!
//! Owns selection, limits and order. Pure functions of an [`Artifact`]; how answers look is `report`'s.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::annotation::Annotation;
use crate::event::{Event, EventKind};
use crate::name::{ArtifactName, StageName};
use crate::reference::Selector;
use crate::state::{Artifact, StageView, VersionView};
use crate::version::{Version, VersionLabel};

/// Which assignment of a stage counts as the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StageSort {
    /// The newest.
    #[default]
    Timestamp,
    /// The one with the highest version.
    SemVer,
}

/// Which commits are looked at for artifacts that are annotated and not registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AnnotatedAt {
    /// The current one.
    #[default]
    Head,
    /// Those that the branches are at, and the current one.
    Branches,
    /// All of all branches, and those before the current one.
    Commits,
}

/// What an annotation must say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnnotationFilter {
    /// This type.
    pub kind: Option<String>,
    /// All of these labels.
    pub labels: Vec<String>,
}

impl AnnotationFilter {
    /// Whether anything is asked for.
    pub fn is_set(&self) -> bool {
        self.kind.is_some() || !self.labels.is_empty()
    }

    /// Whether the annotation says so. Where there is none, it does not, unless nothing is asked for.
    pub fn fits(&self, annotation: Option<&Annotation>) -> bool {
        !self.is_set()
            || annotation.is_some_and(|annotation| {
                self.kind.as_ref().is_none_or(|kind| annotation.kind.as_ref() == Some(kind))
                    && self.labels.iter().all(|label| annotation.labels.contains(label))
            })
    }
}

/// How much of an artifact is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowOptions {
    /// Leave out what was never registered.
    pub registered_only: bool,
    /// Show deprecated artifacts and deregistered versions too.
    pub deprecated: bool,
    /// How many of its newest stages each version shows; `None` for all.
    pub assignments_per_version: Option<usize>,
    /// How many versions each stage shows, after `assignments_per_version`; `None` for all.
    pub versions_per_stage: Option<usize>,
    /// Which versions of a stage those are.
    pub sort: StageSort,
    /// Where annotated artifacts are looked for.
    pub annotated_at: AnnotatedAt,
    /// Only what is annotated so: of the registry, artifacts whose annotation at the current commit says it or, where that does not
    /// name them, at the newest commit that does of those in `annotated_at`; of an artifact, versions whose own commit does.
    pub annotation: AnnotationFilter,
    /// Whether the registry shows annotations.
    pub annotations: bool,
}

impl Default for ShowOptions {
    fn default() -> Self {
        Self {
            registered_only: false,
            deprecated: false,
            assignments_per_version: None,
            versions_per_stage: Some(1),
            sort: StageSort::Timestamp,
            annotated_at: AnnotatedAt::Head,
            annotation: AnnotationFilter::default(),
            annotations: false,
        }
    }
}

/// One stage and the versions it shows, first of them the one that counts.
#[derive(Debug, Clone)]
pub struct ShownStage<'a> {
    /// The stage.
    pub stage: &'a StageName,
    /// Its versions.
    pub versions: Vec<StageView<'a>>,
}

/// The stages of an artifact with the versions in them, within the limits of `options`.
pub fn shown_stages<'a>(artifact: &'a Artifact, options: &ShowOptions) -> Vec<ShownStage<'a>> {
    let versions = artifact
        .versions_listed()
        .into_iter()
        .filter(|version| version.is_active() && (version.is_registered() || !options.registered_only));
    let mut assigned: Vec<StageView> = versions
        .flat_map(|version| {
            let stages = version.active_stages();
            // The newest of them (decision D11), still oldest first.
            let skipped = stages.len().saturating_sub(options.assignments_per_version.unwrap_or(usize::MAX));
            stages.into_iter().skip(skipped)
        })
        .collect();
    if options.sort == StageSort::Timestamp {
        assigned.sort_by_key(|stage| std::cmp::Reverse(stage.newest_assignment()));
    }
    let mut shown: Vec<ShownStage> = Vec::new();
    let mut places: HashMap<&StageName, usize> = HashMap::new();
    for view in assigned {
        let at = *places.entry(view.stage()).or_insert_with(|| {
            shown.push(ShownStage { stage: view.stage(), versions: Vec::new() });
            shown.len() - 1
        });
        let versions = &mut shown[at].versions;
        if options.versions_per_stage.is_none_or(|limit| versions.len() < limit) {
            versions.push(view);
        }
    }
    shown
}

/// What a stage of the artifact shows: of the active versions that are in it, the one assigned last.
pub fn shown_in<'a>(artifact: &'a Artifact, stage: &StageName) -> Option<VersionView<'a>> {
    shown_without(artifact, stage, None)
}

/// What a stage would show if one of its versions were out of use.
pub fn shown_without<'a>(
    artifact: &'a Artifact,
    stage: &StageName,
    without: Option<VersionView<'_>>,
) -> Option<VersionView<'a>> {
    let is_left = |version: &VersionView| without.is_none_or(|without| !without.is_same(version));
    let active = artifact.versions().filter(VersionView::is_active).filter(is_left);
    let views = active.filter_map(|version| version.stage(stage)).filter(StageView::is_active);
    views.max_by_key(StageView::newest_assignment).map(|view| view.version())
}

/// The versions of an artifact that are shown, as lists show them.
pub fn shown_versions<'a>(artifact: &'a Artifact, options: &ShowOptions) -> Vec<VersionView<'a>> {
    if !artifact.is_active() && !options.deprecated {
        return Vec::new();
    }
    let mut versions = artifact.versions_listed();
    versions.retain(|version| {
        (options.deprecated || version.is_active())
            // Decision D13: a version that is not registered stays out.
            && (version.is_registered() || !options.registered_only)
    });
    versions
}

/// The versions that `selector` picks of an artifact, with the stages each of them shows.
pub fn select<'a>(
    artifact: &'a Artifact,
    selector: Option<&Selector>,
    options: &ShowOptions,
) -> Vec<(VersionView<'a>, Vec<StageView<'a>>)> {
    let stages = shown_stages(artifact, options);
    let mut versions: Vec<_> = shown_versions(artifact, options)
        .into_iter()
        .map(|version| {
            let is_same = |view: &&StageView| {
                let other = view.version();
                other.label() == version.label() && other.commit() == version.commit()
            };
            let shown = stages.iter().flat_map(|stage| stage.versions.iter().filter(is_same).copied());
            (version, shown.collect::<Vec<_>>())
        })
        .collect();
    match selector {
        None => {}
        Some(Selector::Latest) => versions.truncate(1),
        Some(Selector::Version(number)) => versions.retain(|(v, _)| v.label().number() == Some(number)),
        Some(Selector::Stage(stage)) => {
            versions.retain(|(_, shown)| shown.iter().any(|s| s.stage() == stage));
        }
    }
    versions
}

/// The stages that a version of the artifact is in now.
pub fn active_stages(artifact: &Artifact) -> BTreeSet<StageName> {
    let versions = artifact.versions().filter(VersionView::is_active);
    versions.flat_map(|version| version.active_stages()).map(|stage| stage.stage().clone()).collect()
}

/// The stages that a version of the artifact was ever in (decision D12).
pub fn used_stages(artifact: &Artifact) -> BTreeSet<StageName> {
    artifact.events().iter().filter_map(|event| event.stage().cloned()).collect()
}

/// The columns of the registry table: the configured stages, then those in use that are not configured
/// (decision D10).
pub fn stage_columns(configured: Option<&[StageName]>, active: BTreeSet<StageName>) -> Vec<StageName> {
    let mut seen = HashSet::new();
    let stages = configured.unwrap_or_default().iter().cloned().chain(active);
    stages.filter(|stage| seen.insert(stage.clone())).collect()
}

/// Which events of the journal are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryOptions {
    /// Only of this artifact.
    pub artifact: Option<ArtifactName>,
    /// Only of this stage.
    pub stage: Option<StageName>,
    /// Only of this version, its stages included.
    pub version: Option<Version>,
    /// Only of these kinds; empty for all.
    pub events: Vec<EventKind>,
    /// Only where the tagger's name or address contains this, in any case.
    pub author: Option<String>,
    /// Not before this second since 1970.
    pub since: Option<i64>,
    /// Not after this second since 1970.
    pub until: Option<i64>,
    /// At most so many.
    pub limit: Option<usize>,
    /// Oldest first. The limit is applied after the order: so it keeps the oldest then.
    pub ascending: bool,
    /// Only of what the event's commit annotates so.
    pub annotation: AnnotationFilter,
    /// Whether the entries are to come with what their commits annotate.
    pub annotations: bool,
}

/// The events of one artifact in the journal with the names of their versions, oldest first.
pub fn journal(
    artifact: Artifact,
    options: &HistoryOptions,
) -> impl Iterator<Item = (Event, Option<Arc<VersionLabel>>)> {
    let is_asked = options.artifact.as_ref().is_none_or(|name| name == artifact.name());
    let events = is_asked.then(|| artifact.into_events()).into_iter().flatten();
    events.filter(|(event, owner)| is_wanted(event, owner.as_deref(), options))
}

fn is_wanted(event: &Event, owner: Option<&VersionLabel>, options: &HistoryOptions) -> bool {
    let seconds = event.tagger.time.seconds();
    let by_author = |wanted: &String| {
        let wanted = wanted.to_lowercase();
        [&event.tagger.name, &event.tagger.email].iter().any(|text| text.to_lowercase().contains(&wanted))
    };
    let is_version = |wanted: &Version| owner.and_then(VersionLabel::number) == Some(wanted);
    (options.events.is_empty() || options.events.contains(&event.kind()))
        && options.stage.as_ref().is_none_or(|stage| event.stage() == Some(stage))
        && options.version.as_ref().is_none_or(is_version)
        && options.author.as_ref().is_none_or(by_author)
        && options.since.is_none_or(|since| seconds >= since)
        && options.until.is_none_or(|until| seconds <= until)
}
