//! What a plan would change, for the one who is to confirm it.

use gto::event::EventKind;
use gto::name::ArtifactName;
use gto::plan::{NewTag, Plan, PolicyVerdict, Step};
use gto::version::VersionLabel;
use serde::Serialize;

use crate::state::picture::Picture;

/// What a plan would change.
#[derive(Debug, Serialize)]
pub struct PlanPage {
    pub repo: String,
    pub id: String,
    /// The artifact that it is about, or the first of them.
    pub artifact: Option<ArtifactName>,
    pub effects: Vec<Effect>,
    pub tags: Vec<PlannedTag>,
    pub warnings: Vec<String>,
    /// What is so already.
    pub already: Vec<String>,
    pub policy: Option<PolicyVerdict>,
    /// With what the tags will be signed.
    pub signing: Option<String>,
    /// What does the same, for a shell.
    pub command: String,
}

/// A change that people mean when they ask for it.
#[derive(Debug, Serialize)]
pub struct Effect {
    pub artifact: ArtifactName,
    /// The stage, or what else changes.
    pub what: String,
    pub before: Option<VersionLabel>,
    pub after: Option<VersionLabel>,
}

/// A tag that would be made or deleted.
#[derive(Debug, Serialize)]
pub struct PlannedTag {
    pub name: String,
    pub is_deleted: bool,
    pub commit: String,
    pub message: String,
    pub author: String,
}

impl PlanPage {
    /// Of a plan, beside what is shown now.
    pub fn new(picture: &Picture, repo: &str, id: &str, plan: &Plan, command: String) -> Self {
        Self {
            repo: repo.to_owned(),
            id: id.to_owned(),
            artifact: plan.seen.first().map(|seen| seen.artifact.clone()),
            effects: plan.steps.iter().filter_map(|step| Effect::of(picture, step)).collect(),
            tags: plan.steps.iter().map(PlannedTag::of).collect(),
            warnings: plan.warnings.iter().map(ToString::to_string).collect(),
            already: plan.already.clone(),
            policy: plan.policy.clone(),
            signing: plan.signing.as_ref().map(ToString::to_string),
            command,
        }
    }
}

impl Effect {
    fn of(picture: &Picture, step: &Step) -> Option<Self> {
        match step {
            Step::Create(tag) => Some(Self::of_new(picture, tag)),
            Step::Approve(tag) => Some(Self {
                artifact: tag.artifact.clone(),
                what: tag.effect().trim_start_matches("that ").to_owned(),
                before: None,
                after: None,
            }),
            Step::Delete(_) => None,
        }
    }

    fn of_new(picture: &Picture, tag: &NewTag) -> Self {
        let row = picture.rows.get(&tag.artifact);
        let version = || tag.version.clone();
        let shown = || {
            let placed = row.zip(tag.stage.as_ref()).and_then(|(row, stage)| row.in_stage(stage));
            placed.map(|placed| placed.version.clone())
        };
        let latest = || row.and_then(|row| row.latest.as_ref()).map(|latest| latest.version.clone());
        let stage = || tag.stage.as_ref().map(ToString::to_string).unwrap_or_default();
        let (what, before, after) = match tag.kind {
            EventKind::Registration => ("a new version".to_owned(), latest(), version()),
            EventKind::Deregistration => ("deregistered".to_owned(), version(), None),
            EventKind::Assignment => (stage(), shown(), version()),
            EventKind::Unassignment => (format!("taken out of {}", stage()), version(), None),
            EventKind::Deprecation => ("deprecated, with all its versions".to_owned(), None, None),
        };
        Self { artifact: tag.artifact.clone(), what, before, after }
    }
}

impl PlannedTag {
    fn of(step: &Step) -> Self {
        let new = |commit: String, message: &str, author: &str| Self {
            name: step.tag().to_owned(),
            is_deleted: false,
            commit,
            message: message.to_owned(),
            author: author.to_owned(),
        };
        match step {
            Step::Create(tag) => new(tag.commit.to_string(), &tag.message, &tag.tagger.name),
            Step::Approve(tag) => new(tag.commit.to_string(), &tag.message, &tag.tagger.name),
            Step::Delete(tag) => Self { is_deleted: true, ..new(tag.target.to_string(), "", "") },
        }
    }

    /// The commit for tables.
    pub fn short_commit(&self) -> &str {
        self.commit.get(..7).unwrap_or(&self.commit)
    }
}
