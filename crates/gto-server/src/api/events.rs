//! What happened, as the tags say.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use gto::event::EventKind;
use gto::name::{ArtifactName, StageName};
use gto::query::HistoryOptions;
use gto::report::EventReport;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::place::{in_repository, repository};
use crate::api::query;
use crate::app::App;
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
#[expect(clippy::struct_field_names, reason = "they are the keys of the answer")]
struct Events {
    events: Vec<Event>,
    has_more: bool,
    /// With `after`: whether all that the server has learned since is here or follows. If not, it was started anew or very much has
    /// happened, and an older event that it learned of meanwhile may be missing: ask without `after`.
    has_all: bool,
}

/// The place of an event, its time, its repository and its tag; and up to where that server had looked, its run and the number of the
/// last change that it had seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Cursor {
    time: i64,
    repo: String,
    tag: String,
    run: String,
    seen: u64,
}

/// What happened in all repositories, newest first; with `after`, what came after that, oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    params(
        ("after" = Option<String>, Query, description = "The cursor of an event: what came after it, and what was learned after that answer, oldest first"),
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
            answer(app, &repositories, name, &asked.params, moment.seconds())
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
        answer(&asked.app, &[Arc::clone(repository)], name, &asked.params, moment.seconds())
    })
    .await
}

/// Events with their places in the order of `gto history`: the second, the repository, and the place among its events.
type Found = ((i64, usize, usize), Arc<ServedRepository>, EventReport);

fn answer(
    app: &App,
    repositories: &[Arc<ServedRepository>],
    artifact: Option<ArtifactName>,
    params: &Params,
    until: Option<i64>,
) -> Result<Response, Failure> {
    let limit = query::limit(params)?;
    let after: Option<Cursor> = query::cursor(params, "after")?;
    let before: Option<Cursor> = query::cursor(params, "before")?;
    // Before the repositories are looked at: what is learned in between is told twice rather than never.
    let seen = app.live.newest();
    let late = after.as_ref().map(|after| Late::since(app, after));
    let has_all = late.as_ref().is_none_or(Option::is_some);
    let late = late.flatten().unwrap_or_default();
    let options = HistoryOptions {
        artifact,
        stage: params.get("stage").map(stage_name).transpose()?,
        events: params.get("event").map(event_kind).transpose()?.into_iter().collect(),
        since: after.as_ref().map(|after| late.oldest.map_or(after.time, |oldest| oldest.min(after.time))),
        until: until.into_iter().chain(before.as_ref().map(|before| before.time)).min(),
        limit: (after.is_none() && before.is_none()).then_some(limit + 1),
        ..HistoryOptions::default()
    };
    let histories: Vec<_> =
        repositories.iter().map(|repository| repository.picture().snapshot.history(&options)).collect();
    // Histories have the newest first.
    let place_in = |number: usize, place: usize, event: &EventReport| {
        (event.created_at.seconds(), number, usize::MAX - place)
    };
    let place_of = |cursor: &Cursor| {
        let number = repositories.iter().position(|repository| *repository.id == *cursor.repo)?;
        let is_it =
            |event: &EventReport| *event.tag == *cursor.tag && event.created_at.seconds() == cursor.time;
        let (place, event) = histories[number].iter().enumerate().find(|(_, event)| is_it(event))?;
        Some(place_in(number, place, event))
    };
    // Of a tag that is gone, or that the filters leave out, the second is known: what is of that one is told again.
    let from = after.as_ref().map(|after| place_of(after).unwrap_or((after.time, 0, 0)));
    let to = before.as_ref().map(|before| place_of(before).unwrap_or((before.time, usize::MAX, usize::MAX)));
    let mut found: Vec<Found> = Vec::new();
    for (number, (repository, history)) in repositories.iter().zip(&histories).enumerate() {
        for (place, event) in history.iter().enumerate() {
            let at = place_in(number, place, event);
            let is_wanted = from.is_none_or(|from| at > from || late.number(repository, event).is_some())
                && to.is_none_or(|to| at < to);
            if is_wanted {
                found.push((at, Arc::clone(repository), event.clone()));
            }
        }
    }
    // What was learned late comes first, so that a cursor of what follows is behind it.
    let rank = |found: &Found| match from {
        Some(from) if found.0 <= from => {
            (false, late.number(&found.1, &found.2).unwrap_or_default(), found.0)
        }
        _ => (true, 0, found.0),
    };
    found.sort_by_cached_key(rank);
    if after.is_none() {
        found.reverse();
    }
    let has_more = found.len() > limit;
    found.truncate(limit);
    let events = found.into_iter().map(|found| {
        let behind = from.filter(|from| found.0 <= *from).and(after.as_ref());
        let cursor = match behind {
            Some(after) => Cursor {
                run: app.run.clone(),
                seen: late.number(&found.1, &found.2).unwrap_or(seen),
                ..after.clone()
            },
            None => Cursor {
                time: found.2.created_at.seconds(),
                repo: found.1.id.to_string(),
                tag: found.2.tag.to_string(),
                run: app.run.clone(),
                seen,
            },
        };
        let (_, repository, event) = found;
        let cursor = query::to_text(&cursor);
        Event { repo: Arc::clone(&repository.id), cursor, event: with_message(&repository, event) }
    });
    let events: Vec<Event> = events.collect();
    json(&Events { events, has_more, has_all })
}

/// What this server has learned of since a cursor was given.
#[derive(Default)]
struct Late {
    /// The tags, with the numbers of the changes.
    numbers: HashMap<(Arc<str>, Box<str>), u64>,
    /// The time of the oldest.
    oldest: Option<i64>,
}

impl Late {
    /// `None` if that is not known any more.
    fn since(app: &App, after: &Cursor) -> Option<Self> {
        let mut late = Self::default();
        for live in app.live.after(after.seen).filter(|_| after.run == app.run)? {
            let event = live.change.after.as_ref().and_then(|seen| seen.event.as_ref());
            let Some(event) = event else { continue };
            let time = event.created_at.seconds();
            late.oldest = Some(late.oldest.map_or(time, |oldest| oldest.min(time)));
            late.numbers.insert((Arc::clone(&live.repo), event.tag.clone()), live.id);
        }
        Some(late)
    }

    fn number(&self, repository: &ServedRepository, event: &EventReport) -> Option<u64> {
        if self.numbers.is_empty() {
            return None;
        }
        self.numbers.get(&(Arc::clone(&repository.id), event.tag.clone())).copied()
    }
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
