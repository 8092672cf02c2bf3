//! The versions of an artifact.

use axum::extract::Path;
use axum::response::Response;
use gto::name::StageName;
use gto::query::ShownStage;
use gto::state::VersionView;
use gto::time::Timestamp;
use gto::version::VersionLabel;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::place::in_repository;
use crate::api::query;
use crate::failure::{Failure, Problem};
use crate::pages::asked::{Asked, json};
use crate::view::artifact::{find, shown};
use crate::view::content::{Content, File};
use crate::view::version::{Comparison, VersionPage, pick};

/// A version.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "they are the keys of the answer")]
struct Version {
    #[schema(value_type = String)]
    version: VersionLabel,
    commit: String,
    #[schema(required, value_type = Option<String>)]
    since: Option<Timestamp>,
    #[schema(required)]
    author: Option<String>,
    /// The tag that registered it.
    #[schema(required)]
    tag: Option<String>,
    active: bool,
    registered: bool,
    #[schema(value_type = Vec<String>)]
    stages: Vec<StageName>,
}

impl Version {
    fn new(version: &VersionView<'_>, shown: &[ShownStage<'_>]) -> Self {
        let authoring = version.authoring();
        let has =
            |stage: &&ShownStage<'_>| stage.versions.iter().any(|found| found.version().is_same(version));
        Self {
            version: version.label().clone(),
            commit: version.commit().to_string(),
            since: authoring.map(|authoring| authoring.time()),
            author: authoring.map(|authoring| authoring.signature().name.to_string()),
            tag: version.registrations().next_back().map(|event| event.tag.clone()),
            active: version.is_active(),
            registered: version.is_registered(),
            stages: shown.iter().filter(has).map(|stage| stage.stage.clone()).collect(),
        }
    }
}

/// A page of versions.
#[derive(Debug, Serialize, ToSchema)]
struct Versions {
    versions: Vec<Version>,
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The files of a version.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "they are the keys of the answer")]
struct Files {
    #[schema(value_type = String)]
    version: VersionLabel,
    commit: String,
    files: Vec<File>,
    /// Files that are not listed.
    more_files: usize,
    /// What could not be read.
    problems: Vec<String>,
}

/// The versions of an artifact, the highest first.
#[utoipa::path(
    get,
    path = "/api/v1/repos/{repo}/artifacts/{name}/versions",
    params(
        ("repo" = String, Path), ("name" = String, Path), ("at" = Option<String>, Query),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 1000), ("cursor" = Option<String>, Query)
    ),
    responses(
        (status = 200, body = Versions),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")
    )
)]
pub async fn versions(Path((repo, name)): Path<(String, String)>, asked: Asked) -> Response {
    in_repository(asked, repo, move |asked, repository, moment| {
        let limit = query::limit(&asked.params)?;
        let after: Option<String> = query::cursor(&asked.params, "cursor")?;
        let picture = repository.picture();
        let artifact = find(&picture, &name, &moment)?;
        let listed = artifact.versions_listed();
        let first = match after {
            None => 0,
            Some(label) => {
                let found = listed.iter().position(|version| version.label().to_string() == label);
                found.ok_or_else(query::is_gone)? + 1
            }
        };
        let shown = shown(&artifact, &picture.stages);
        let versions: Vec<Version> =
            listed.iter().skip(first).take(limit).map(|version| Version::new(version, &shown)).collect();
        let last = versions.last().filter(|_| first + limit < listed.len());
        let next_cursor = last.map(|last| query::to_text(&last.version.to_string()));
        json(&Versions { versions, next_cursor })
    })
    .await
}

/// One version: where it is and was, its message, signature and approvals, and what is different from the version before.
#[utoipa::path(
    get,
    path = "/api/v1/repos/{repo}/artifacts/{name}/versions/{version}",
    params(
        ("repo" = String, Path), ("name" = String, Path), ("at" = Option<String>, Query),
        ("version" = String, Path, description = "v1.0.0, latest, or #STAGE (as %23STAGE)")
    ),
    responses(
        (status = 200, body = VersionPage),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")
    )
)]
pub async fn version(Path((repo, name, version)): Path<(String, String, String)>, asked: Asked) -> Response {
    in_repository(asked, repo, move |asked, repository, moment| {
        json(&VersionPage::new(&asked.app, repository, &name, &version, moment)?)
    })
    .await
}

/// The files of a version, as Git knows them. No remote is asked: a commit could name any.
#[utoipa::path(
    get,
    path = "/api/v1/repos/{repo}/artifacts/{name}/versions/{version}/files",
    params(
        ("repo" = String, Path), ("name" = String, Path), ("version" = String, Path), ("at" = Option<String>, Query)
    ),
    responses(
        (status = 200, body = Files),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")
    )
)]
pub async fn files(Path((repo, name, version)): Path<(String, String, String)>, asked: Asked) -> Response {
    in_repository(asked, repo, move |_, repository, moment| {
        let picture = repository.picture();
        let artifact = find(&picture, &name, &moment)?;
        let version = pick(&artifact, &version)?;
        let registry = picture.registry.as_ref().ok_or_else(|| Failure::not_found("It was not read yet"))?;
        let Content { files, more_files, problems, .. } =
            Content::read(registry, artifact.name(), version.commit());
        let (version, commit) = (version.label().clone(), version.commit().to_string());
        json(&Files { version, commit, files, more_files, problems })
    })
    .await
}

/// What is different between two versions: annotation, parameters, metrics, files, and the commits between them.
#[utoipa::path(
    get,
    path = "/api/v1/repos/{repo}/artifacts/{name}/compare/{range}",
    params(
        ("repo" = String, Path), ("name" = String, Path), ("at" = Option<String>, Query),
        ("range" = String, Path, description = "v1.0.0...v1.1.0")
    ),
    responses(
        (status = 200, body = Comparison),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")
    )
)]
pub async fn compare(Path((repo, name, range)): Path<(String, String, String)>, asked: Asked) -> Response {
    in_repository(asked, repo, move |_, repository, moment| {
        let both = range.split_once("...").ok_or_else(|| {
            Failure::invalid(format!("'{}' does not name two versions", range.escape_debug()))
                .hint("as in `compare/v1.0.0...v1.1.0`")
        })?;
        json(&Comparison::new(repository, &name, both, moment)?)
    })
    .await
}
