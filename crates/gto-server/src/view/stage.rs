//! One stage in all repositories, and the list of them.

use std::sync::Arc;

use gto::name::{ArtifactName, StageName};
use gto::state::Artifact;
use gto::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::failure::Failure;
use crate::state::picture::{Picture, stages_of};
use crate::state::row::Placed;
use crate::view::moment::Moment;
use crate::view::overview::Rows;
use crate::view::timeline::{Stay, Timeline};

/// More artifacts are not looked into for their history.
const MOST: usize = 2000;
/// So many rollbacks are listed.
const ROLLBACKS: usize = 50;

/// What is in a stage.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Stage)]
pub struct StagePage {
    pub moment: Moment,
    #[schema(value_type = String)]
    pub stage: StageName,
    pub artifacts: Vec<InIt>,
    pub rollbacks: Vec<Rollback>,
    /// The middle of the times that versions took to get there, in seconds.
    #[schema(required)]
    pub median_seconds: Option<i64>,
    /// Artifacts that were not looked into.
    pub more: usize,
}

/// An artifact that has a version in the stage.
#[derive(Debug, Serialize, ToSchema)]
pub struct InIt {
    #[schema(value_type = String)]
    pub repo: Arc<str>,
    #[schema(value_type = String)]
    pub name: ArtifactName,
    #[serde(flatten)]
    pub placed: Placed,
    /// How long the version took from its registration until it was there first, in seconds.
    #[schema(required)]
    pub took: Option<i64>,
    /// How often the stage got another version.
    pub changes: usize,
}

/// That the stage went back to a lower version.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rollback {
    #[schema(value_type = String)]
    pub repo: Arc<str>,
    #[schema(value_type = String)]
    pub name: ArtifactName,
    #[serde(flatten)]
    pub stay: Stay,
}

/// All stages.
#[derive(Debug, Serialize)]
pub struct Stages {
    pub moment: Moment,
    pub stages: Vec<StageLine>,
}

/// A stage in the list.
#[derive(Debug, Serialize)]
pub struct StageLine {
    pub stage: StageName,
    pub artifacts: usize,
    /// How many of them are behind their latest version.
    pub behind: usize,
}

impl Stages {
    /// All stages of all repositories.
    pub fn new(app: &App, moment: Moment) -> Self {
        let pictures: Vec<_> = app.repositories.iter().map(|repository| repository.picture()).collect();
        let line = |stage| StageLine { stage, artifacts: 0, behind: 0 };
        let mut stages: Vec<StageLine> = stages_of(&pictures).into_iter().map(line).collect();
        for (repository, picture) in app.repositories.iter().zip(pictures) {
            let rows = Rows::at(repository, &picture, &moment);
            for stage in rows.iter().flat_map(|row| row.stages.iter().map(|found| &found.stage)) {
                if !stages.iter().any(|line| line.stage == *stage) {
                    stages.push(line(stage.clone()));
                }
            }
            for found in rows.iter().flat_map(|row| &row.stages) {
                if let Some(line) = stages.iter_mut().find(|line| line.stage == found.stage) {
                    line.artifacts += 1;
                    line.behind += usize::from(found.placed.behind > 0);
                }
            }
        }
        Self { moment, stages }
    }
}

impl StagePage {
    /// What is in it, and how it got there.
    pub fn new(app: &App, stage: &str, moment: Moment) -> Result<Self, Failure> {
        let stage: StageName =
            stage.parse().map_err(|error: gto::name::InvalidName| Failure::not_found(error.to_string()))?;
        let mut found = Found::default();
        let now = moment.until.unwrap_or_else(|| app.environment.now());
        let mut is_known = false;
        for repository in &app.repositories {
            let picture = repository.picture();
            is_known |= picture.stages.contains(&stage);
            for row in Rows::at(repository, &picture, &moment).iter() {
                let placed = row.in_stage(&stage);
                is_known |= placed.is_some();
                found.add(&picture, &repository.id, &row.name, (&stage, placed, now), &moment);
            }
        }
        if !is_known && found.rollbacks.is_empty() {
            return Err(Failure::not_found(format!("No repository has a stage '{stage}'"))
                .hint("the page `/stages` lists them"));
        }
        found.rollbacks.sort_by_key(|rollback| std::cmp::Reverse(rollback.stay.from.seconds()));
        found.rollbacks.truncate(ROLLBACKS);
        let mut times: Vec<i64> = found.artifacts.iter().filter_map(|one| one.took).collect();
        times.sort_unstable();
        let median_seconds = times.get(times.len() / 2).copied();
        let Found { artifacts, rollbacks, more, .. } = found;
        Ok(Self { moment, stage, artifacts, rollbacks, median_seconds, more })
    }
}

#[derive(Default)]
struct Found {
    artifacts: Vec<InIt>,
    rollbacks: Vec<Rollback>,
    looked: usize,
    more: usize,
}

impl Found {
    fn add(
        &mut self,
        picture: &Picture,
        repo: &Arc<str>,
        name: &ArtifactName,
        (stage, placed, now): (&StageName, Option<&Placed>, Timestamp),
        moment: &Moment,
    ) {
        self.looked += 1;
        if self.looked > MOST {
            self.more += 1;
        }
        let artifact = (self.looked <= MOST).then(|| picture.artifact(name, moment.seconds())).flatten();
        let stays = artifact.as_ref().map(|artifact| stays(artifact, stage, now)).unwrap_or_default();
        if let Some(placed) = placed {
            let took = artifact.as_ref().and_then(|artifact| took(artifact, &stays));
            let (repo, name, placed) = (Arc::clone(repo), name.clone(), placed.clone());
            self.artifacts.push(InIt { repo, name, placed, took, changes: stays.len() });
        }
        let back = stays.into_iter().filter(|stay| stay.is_rollback);
        self.rollbacks.extend(back.map(|stay| Rollback { repo: Arc::clone(repo), name: name.clone(), stay }));
    }
}

fn stays(artifact: &Artifact, stage: &StageName, now: Timestamp) -> Vec<Stay> {
    let lanes = Timeline::new(artifact, std::slice::from_ref(stage), now).map(|timeline| timeline.lanes);
    lanes.into_iter().flatten().find(|lane| lane.stage == *stage).map(|lane| lane.stays).unwrap_or_default()
}

/// The time from the registration of the version that is here until it was here first: a rollback is no way to get here.
fn took(artifact: &Artifact, stays: &[Stay]) -> Option<i64> {
    let here = &stays.last()?.version;
    let first = stays.iter().find(|stay| stay.version == *here)?;
    let version = artifact.versions().find(|version| version.label() == here)?;
    let registered = version.registrations().next()?.tagger.time.seconds();
    Some((first.from.seconds() - registered).max(0))
}
