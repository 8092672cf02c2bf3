//! What is registered.

use axum::extract::Path;
use axum::response::Response;
use gto::reference::{Reference, Selector};
use serde::Serialize;

use crate::failure::{Failure, Problem};
use crate::pages::asked::{Asked, json};
use crate::view::artifact::{ArtifactView, find};
use crate::view::health::Health;
use crate::view::moment::Moment;
use crate::view::overview::Overview;

/// The repositories that are served, and whether they can be read.
#[utoipa::path(get, path = "/api/v1/repos", responses((status = 200, description = "The repositories")))]
pub async fn repos(asked: Asked) -> Response {
    asked.answer(|asked| json(&Health::new(&asked.app))).await
}

/// The artifacts of all repositories, or those that the filters leave.
#[utoipa::path(
    get,
    path = "/api/v1/artifacts",
    params(
        ("q" = Option<String>, Query, description = "Words of the name, type, labels or description"),
        ("repo" = Option<String>, Query), ("stage" = Option<String>, Query), ("type" = Option<String>, Query),
        ("label" = Option<String>, Query), ("sort" = Option<String>, Query, description = "name, activity or drift"),
        ("at" = Option<String>, Query, description = "A time, or a commit of a branch or tag")
    ),
    responses((status = 200, description = "The artifacts"), (status = 400, body = Problem))
)]
pub async fn artifacts(asked: Asked) -> Response {
    asked
        .answer(|asked| {
            let moment = Moment::read(&asked.app, asked.params.get("at"))?;
            json(&Overview::new(&asked.app, moment, &asked.params))
        })
        .await
}

/// One artifact: what it is, its stages, timeline, versions and events.
#[utoipa::path(
    get,
    path = "/api/v1/repos/{repo}/artifacts/{name}",
    params(("repo" = String, Path), ("name" = String, Path, description = "Percent-encoded"), ("at" = Option<String>, Query)),
    responses((status = 200, description = "The artifact"), (status = 404, body = Problem))
)]
pub async fn artifact(Path((repo, name)): Path<(String, String)>, asked: Asked) -> Response {
    asked
        .answer(move |asked| {
            let repository = asked.app.repository(&repo).cloned().ok_or_else(|| no_repository(&repo))?;
            let moment = Moment::read(&asked.app, asked.params.get("at"))?;
            json(&ArtifactView::new(&asked.app, &repository, &name, moment, &asked.params)?)
        })
        .await
}

/// What a name, a version or a stage stands for.
#[derive(Debug, Serialize)]
struct Resolved {
    repo: String,
    artifact: String,
    version: String,
    commit: String,
    /// The tag that registered it, or the commit.
    #[serde(rename = "ref")]
    reference: String,
}

/// Resolves a name, version or stage to one version.
#[utoipa::path(
    get,
    path = "/api/v1/resolve",
    params(
        ("repo" = Option<String>, Query, description = "May be left out if there is one repository"),
        ("ref" = String, Query, description = "NAME, NAME@latest, NAME@v1.0.0 or NAME#STAGE"),
        ("at" = Option<String>, Query)
    ),
    responses((status = 200, description = "The version"), (status = 404, body = Problem))
)]
pub async fn resolve(asked: Asked) -> Response {
    asked
        .answer(|asked| {
            let all = &asked.app.repositories;
            let repository = match (asked.params.get("repo"), &all[..]) {
                (Some(id), _) => asked.app.repository(id).ok_or_else(|| no_repository(id))?,
                (None, [alone]) => alone,
                (None, _) => return Err(Failure::invalid("Which repository? Name it with `repo`")),
            };
            let text =
                asked.params.get("ref").ok_or_else(|| Failure::invalid("Name a version with `ref`"))?;
            let moment = Moment::read(&asked.app, asked.params.get("at"))?;
            let reference = Reference::parse(text);
            let artifact = find(&repository.picture(), &reference.name, &moment)?;
            let found = match &reference.selector {
                None | Some(Selector::Latest) => artifact.latest(),
                Some(Selector::Stage(stage)) => {
                    gto::query::shown_in(&artifact, stage).filter(|_| artifact.is_active())
                }
                Some(Selector::Version(number)) => artifact
                    .versions()
                    .find(|version| version.label().number() == Some(number) && version.is_active()),
            };
            let version = found.ok_or_else(|| {
                Failure::not_found(format!("Nothing is at '{}'", text.escape_debug())).hint(format!(
                    "`/api/v1/repos/{}/artifacts/{}` shows what is",
                    repository.id, reference.name
                ))
            })?;
            json(&Resolved {
                repo: repository.id.to_string(),
                artifact: artifact.name().to_string(),
                version: version.label().to_string(),
                commit: version.commit().to_string(),
                reference: version
                    .authoring()
                    .map_or_else(|| version.commit().to_string(), |from| from.reference()),
            })
        })
        .await
}

fn no_repository(id: &str) -> Failure {
    Failure::not_found(format!("No repository is called '{}' here", id.escape_debug()))
        .hint("`/api/v1/repos` lists them")
}
