//! The shapes of answers, for `openapi.json`. A test holds real answers against them.
//!
//! They mirror what `view` and `state` serialize: those do not know the API.
#![allow(dead_code, clippy::struct_field_names, reason = "only their description is used")]

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

/// The order of artifacts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    Name,
    Activity,
    Drift,
}

/// What happened.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EventWord {
    Deprecation,
    Registration,
    Deregistration,
    Assignment,
    Unassignment,
}

/// The repositories.
#[derive(Serialize, ToSchema)]
pub struct Repositories {
    pub repos: Vec<Repository>,
}

/// A repository.
#[derive(Serialize, ToSchema)]
pub struct Repository {
    pub id: String,
    pub source: String,
    pub artifacts: u64,
    pub stages: Vec<String>,
    #[schema(required)]
    pub seen_at: Option<String>,
    #[schema(required)]
    pub failing: Option<Failing>,
}

/// That a repository cannot be read: what is shown is its last good state.
#[derive(Serialize, ToSchema)]
pub struct Failing {
    pub since: String,
    pub reason: String,
    pub hints: Vec<String>,
}

/// The state of all repositories.
#[derive(Serialize, ToSchema)]
pub struct Health {
    pub repositories: Vec<RepositoryHealth>,
}

/// The state of one.
#[derive(Serialize, ToSchema)]
pub struct RepositoryHealth {
    pub id: String,
    pub source: String,
    pub artifacts: u64,
    #[schema(required)]
    pub seen_at: Option<String>,
    #[schema(required)]
    pub failing: Option<Failing>,
    pub watched: bool,
    pub warnings: Vec<String>,
    pub findings: Vec<Finding>,
}

/// What `gto doctor` finds.
#[derive(Serialize, ToSchema)]
pub struct Finding {
    pub id: String,
    pub severity: String,
    pub message: String,
    pub tags: Vec<String>,
    pub fix: Vec<String>,
}

/// A page of artifacts.
#[derive(Serialize, ToSchema)]
pub struct Artifacts {
    pub artifacts: Vec<Artifact>,
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// An artifact.
#[derive(Serialize, ToSchema)]
pub struct Artifact {
    pub repo: String,
    pub name: String,
    pub active: bool,
    pub registered: bool,
    #[schema(required)]
    pub latest: Option<Placed>,
    pub stages: Vec<InStage>,
    pub versions: u64,
    #[schema(required)]
    pub newest: Option<Newest>,
    #[serde(rename = "type")]
    #[schema(required)]
    pub kind: Option<String>,
    pub labels: Vec<String>,
    pub description: String,
}

/// An artifact, with what its annotation says.
#[derive(Serialize, ToSchema)]
pub struct ArtifactDetail {
    #[serde(flatten)]
    pub artifact: Artifact,
    #[schema(required)]
    pub path: Option<String>,
    #[schema(required, value_type = Option<Object>)]
    pub custom: Option<serde_json::Value>,
    #[schema(required)]
    pub annotated_in: Option<String>,
}

/// A version, since when it is there, who did that, and how many versions are higher.
#[derive(Serialize, ToSchema)]
pub struct Placed {
    pub version: String,
    #[schema(required)]
    pub since: Option<String>,
    #[schema(required)]
    pub author: Option<String>,
    pub behind: u64,
    #[schema(required)]
    pub tag: Option<String>,
}

/// What is in a stage.
#[derive(Serialize, ToSchema)]
pub struct InStage {
    pub stage: String,
    #[serde(flatten)]
    pub placed: Placed,
}

/// What happened last.
#[derive(Serialize, ToSchema)]
pub struct Newest {
    pub at: String,
    pub author: String,
    pub event: EventWord,
}

/// A version.
#[derive(Serialize, ToSchema)]
pub struct Resolved {
    pub repo: String,
    pub artifact: String,
    pub version: String,
    pub commit: String,
    #[serde(rename = "ref")]
    pub reference: String,
}

/// A page of versions.
#[derive(Serialize, ToSchema)]
pub struct Versions {
    pub versions: Vec<Version>,
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// A version.
#[derive(Serialize, ToSchema)]
pub struct Version {
    pub version: String,
    pub commit: String,
    #[schema(required)]
    pub since: Option<String>,
    #[schema(required)]
    pub author: Option<String>,
    #[schema(required)]
    pub tag: Option<String>,
    pub active: bool,
    pub registered: bool,
    pub stages: Vec<String>,
}

/// A version, its history, and what is different from the version before.
#[derive(Serialize, ToSchema)]
pub struct VersionDetail {
    pub repo: String,
    pub artifact: String,
    pub version: String,
    pub commit: String,
    #[schema(required)]
    pub since: Option<String>,
    #[schema(required)]
    pub author: Option<String>,
    #[schema(required)]
    pub tag: Option<String>,
    pub active: bool,
    pub registered: bool,
    pub stages: Vec<String>,
    #[schema(required)]
    pub message: Option<String>,
    #[schema(required)]
    pub previous: Option<String>,
    pub commits_since: Option<CommitLines>,
    pub differences: Option<Differences>,
}

/// The files of a version.
#[derive(Serialize, ToSchema)]
pub struct Files {
    pub version: String,
    pub commit: String,
    pub files: Vec<File>,
    pub more_files: u64,
    pub problems: Vec<String>,
}

/// A file, and which tool keeps it.
#[derive(Serialize, ToSchema)]
pub struct File {
    pub path: String,
    #[schema(required)]
    pub size: Option<u64>,
    pub kept_by: String,
    pub hash: String,
}

/// Two versions.
#[derive(Serialize, ToSchema)]
pub struct Comparison {
    pub repo: String,
    pub artifact: String,
    pub from: Side,
    pub to: Side,
    pub commits: CommitLines,
    pub differences: Differences,
    pub problems: Vec<String>,
    pub stages: Vec<String>,
}

/// One of two versions.
#[derive(Serialize, ToSchema)]
pub struct Side {
    pub version: String,
    #[schema(required)]
    pub since: Option<String>,
    #[schema(required)]
    pub author: Option<String>,
    pub stages: Vec<String>,
}

/// Commits: how many, and the newest of them.
#[derive(Serialize, ToSchema)]
pub struct CommitLines {
    pub count: u64,
    pub newest: Vec<CommitLine>,
    pub taken_back: u64,
    #[schema(required)]
    pub problem: Option<String>,
}

/// A commit.
#[derive(Serialize, ToSchema)]
pub struct CommitLine {
    pub id: String,
    pub subject: String,
    pub author: String,
    pub at: String,
}

/// What is different.
#[derive(Serialize, ToSchema)]
pub struct Differences {
    pub annotation: Changes,
    pub parameters: Changes,
    pub metrics: Changes,
    pub files: Changes,
}

/// What is different in one respect.
#[derive(Serialize, ToSchema)]
pub struct Changes {
    pub changes: Vec<Change>,
    pub unchanged: u64,
}

/// Something that is `changed`, `new` or `removed`.
#[derive(Serialize, ToSchema)]
pub struct Change {
    pub key: String,
    pub kind: String,
    #[schema(required)]
    pub from: Option<String>,
    #[schema(required)]
    pub to: Option<String>,
    #[schema(required)]
    pub by: Option<String>,
}

/// What is in a stage, and how it got there.
#[derive(Serialize, ToSchema)]
pub struct Stage {
    pub stage: String,
    pub artifacts: Vec<InIt>,
    pub rollbacks: Vec<Rollback>,
    #[schema(required)]
    pub median_seconds: Option<i64>,
    pub more: u64,
}

/// An artifact in a stage.
#[derive(Serialize, ToSchema)]
pub struct InIt {
    pub repo: String,
    pub name: String,
    #[serde(flatten)]
    pub placed: Placed,
    #[schema(required)]
    pub took: Option<i64>,
    pub changes: u64,
}

/// That a stage went back to a lower version.
#[derive(Serialize, ToSchema)]
pub struct Rollback {
    pub repo: String,
    pub name: String,
    pub version: String,
}

/// Events.
#[derive(Serialize, ToSchema)]
pub struct Events {
    pub events: Vec<Event>,
    pub has_more: bool,
}

/// Something that happened to an artifact: one tag.
#[derive(Serialize, ToSchema)]
pub struct Event {
    pub repo: String,
    pub cursor: String,
    pub created_at: String,
    pub artifact: String,
    pub event: EventWord,
    #[schema(required)]
    pub version: Option<String>,
    #[schema(required)]
    pub stage: Option<String>,
    pub commit: String,
    pub author: String,
    pub author_email: String,
    pub message: String,
    pub tag: String,
}

/// What would be written.
#[derive(Serialize, ToSchema)]
pub struct Plan {
    pub id: String,
    pub expires_in_seconds: u64,
    pub tags: Vec<Tag>,
    pub command: String,
    pub already: Vec<String>,
    #[schema(required, value_type = Option<Object>)]
    pub policy: Option<BTreeMap<String, String>>,
}

/// What was written.
#[derive(Serialize, ToSchema)]
pub struct Written {
    pub tags: Vec<Tag>,
    #[schema(required)]
    pub pushed: Option<bool>,
}

/// A tag that is made or deleted.
#[derive(Serialize, ToSchema)]
pub struct Tag {
    pub action: String,
    pub tag: String,
    pub target: String,
}
