//! What happened, as the tags say.

use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use gto::event::EventKind;
use gto::name::{ArtifactName, StageName};
use gto::query::HistoryOptions;
use gto::report::EventReport;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::place::{in_repository, repository};
use crate::api::query;
use crate::failure::{Failure, Problem};
use crate::pages::asked::{Asked, json};
use crate::schema::{EventFields, EventWord};
use crate::state::repository::ServedRepository;
use crate::view::artifact::find;
use crate::view::moment::Moment;
use crate::view::params::Params;

/// What happened, with where it happened and a cursor.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "they are the keys of the answer")]
struct Event {
    #[schema(value_type = String)]
    repo: Arc<str>,
    /// To ask for what comes after it.
    cursor: String,
    #[serde(flatten)]
    #[schema(value_type = EventFields)]
    event: EventReport,
}

/// Events.
#[derive(Debug, Serialize, ToSchema)]
struct Events {
    events: Vec<Event>,
    has_more: bool,
}

/// The place of an event: its time, its repository and its tag.
type Cursor = (i64, String, String);

/// What happened in all repositories, newest first; with `after`, what came after that, oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    params(
        ("after" = Option<String>, Query, description = "The cursor of an event: what came after it, oldest first"),
        ("before" = Option<String>, Query, description = "The cursor of an event: what came before it, newest first"),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 1000),
        ("event" = Option<EventWord>, Query), ("stage" = Option<String>, Query),
        ("artifact" = Option<String>, Query), ("repo" = Option<String>, Query),
        ("at" = Option<String>, Query, description = "What happened until then")
    ),
    responses(
        (status = 200, body = Events),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")
    )
)]
pub async fn events(asked: Asked) -> Response {
    asked
        .answer(|asked| {
            let app = &asked.app;
            let repositories = match asked.params.get("repo") {
                Some(id) => vec![repository(app, id)?],
                None => app.repositories.clone(),
            };
            let name = asked.params.get("artifact").map(artifact_name).transpose()?;
            let moment = Moment::read(app, asked.params.get("at"))?;
            answer(&repositories, name, &asked.params, moment.seconds())
        })
        .await
}

/// What happened to one artifact, as `events`.
#[utoipa::path(
    get,
    path = "/api/v1/repos/{repo}/artifacts/{name}/history",
    params(
        ("repo" = String, Path), ("name" = String, Path), ("after" = Option<String>, Query), ("before" = Option<String>, Query),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 1000),
        ("event" = Option<EventWord>, Query), ("stage" = Option<String>, Query), ("at" = Option<String>, Query)
    ),
    responses(
        (status = 200, body = Events),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")
    )
)]
pub async fn history(Path((repo, name)): Path<(String, String)>, asked: Asked) -> Response {
    in_repository(asked, repo, move |asked, repository, moment| {
        let artifact = find(&repository.picture(), &name, &moment)?;
        let name = Some(artifact.name().clone());
        answer(&[Arc::clone(repository)], name, &asked.params, moment.seconds())
    })
    .await
}

fn answer(
    repositories: &[Arc<ServedRepository>],
    artifact: Option<ArtifactName>,
    params: &Params,
    until: Option<i64>,
) -> Result<Response, Failure> {
    let limit = query::limit(params)?;
    let after: Option<Cursor> = query::cursor(params, "after")?;
    let before: Option<Cursor> = query::cursor(params, "before")?;
    let options = HistoryOptions {
        artifact,
        stage: params.get("stage").map(stage_name).transpose()?,
        events: params.get("event").map(event_kind).transpose()?.into_iter().collect(),
        since: after.as_ref().map(|(time, _, _)| *time),
        until: until.into_iter().chain(before.as_ref().map(|(time, _, _)| *time)).min(),
        limit: (after.is_none() && before.is_none()).then_some(limit + 1),
        ..HistoryOptions::default()
    };
    let mut found: Vec<(Arc<ServedRepository>, EventReport)> = Vec::new();
    for repository in repositories {
        let history = repository.picture().snapshot.history(&options);
        found.extend(history.iter().map(|event| (Arc::clone(repository), event.clone())));
    }
    let key = |(repository, event): &(Arc<ServedRepository>, EventReport)| {
        (event.created_at.seconds(), repository.id.to_string(), event.tag.to_string())
    };
    found.retain(|found| {
        let key = key(found);
        after.as_ref().is_none_or(|after| key > *after) && before.as_ref().is_none_or(|before| key < *before)
    });
    found.sort_by_cached_key(key);
    if after.is_none() {
        found.reverse();
    }
    let has_more = found.len() > limit;
    found.truncate(limit);
    let events: Vec<Event> = found
        .into_iter()
        .map(|found| {
            let cursor = query::to_text(&key(&found));
            let (repository, event) = found;
            Event { repo: Arc::clone(&repository.id), cursor, event: with_message(&repository, event) }
        })
        .collect();
    json(&Events { events, has_more })
}

fn with_message(repository: &ServedRepository, mut event: EventReport) -> EventReport {
    let picture = repository.picture();
    let registry = picture.registry.as_ref();
    let message =
        registry.and_then(|registry| registry.message(&picture.snapshot, &event.tag).ok().flatten());
    event.message = message.unwrap_or_default().into();
    event
}

fn artifact_name(text: &str) -> Result<ArtifactName, Failure> {
    ArtifactName::from_user(text)
        .map_err(|_| Failure::invalid(format!("'{}' is no name of an artifact", text.escape_debug())))
}

fn stage_name(text: &str) -> Result<StageName, Failure> {
    text.parse().map_err(|_| Failure::invalid(format!("'{}' is no name of a stage", text.escape_debug())))
}

fn event_kind(text: &str) -> Result<EventKind, Failure> {
    EventKind::ALL.into_iter().find(|kind| kind.word() == text).ok_or_else(|| {
        Failure::invalid(format!("'{}' is no kind of event", text.escape_debug()))
            .hint(format!("choose one of {}", EventKind::ALL.map(EventKind::word).join(", ")))
    })
}
