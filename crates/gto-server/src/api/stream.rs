//! What happens, as it happens: server-sent events.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, StreamExt as _};
use tokio::sync::broadcast::error::RecvError;
use utoipa::ToSchema;

use crate::pages::asked::Asked;
use crate::state::live::{Listening, LiveEvent};

/// What is said to one who comes back too late.
const UNKNOWN: &str = r#"{"reason": "This server does not know what happened since the `Last-Event-ID`: ask anew for what you keep"}"#;

/// A server-sent event, as a client of such streams gives it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is written by another crate")]
struct StreamEvent {
    /// `hello`, `change`, `state` or `reset`.
    event: String,
    /// JSON.
    data: String,
    /// Its place, for `Last-Event-ID`.
    #[schema(required = false)]
    id: Option<String>,
}

/// What happens, as server-sent events: `hello` first; `change` for each tag that comes, goes or moves; `state`
/// where a repository cannot be read any more, or can again, or its files or its policy are others; `reset` after `hello` where
/// what happened since the `Last-Event-ID` is not known, so that all must be asked for anew.
#[utoipa::path(
    get,
    path = "/api/v1/events/stream",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the event that was seen last")),
    responses((status = 200, body = StreamEvent, content_type = "text/event-stream"))
)]
pub async fn stream(asked: Asked) -> Response {
    let asked_for = asked.headers.get("last-event-id").map(|value| value.to_str().unwrap_or_default());
    let run = &asked.app.run;
    let place = |text: &str| text.strip_prefix(run.as_str())?.strip_prefix('-')?.parse().ok();
    let Listening { from, missed, coming, is_known } = asked.app.live.listen(asked_for.and_then(place));
    let to_event = {
        let run = run.clone();
        move |live: Arc<LiveEvent>| {
            Event::default().id(format!("{run}-{}", live.id)).event("change").json_data(&*live)
        }
    };
    let coming = stream::unfold(coming, |mut receiver| async move {
        match receiver.recv().await {
            Ok(event) => Some((event, receiver)),
            // A slow reader has missed some: it comes back with the id of the last one that it saw.
            Err(RecvError::Lagged(_) | RecvError::Closed) => None,
        }
    });
    let events = stream::iter(missed).chain(coming);
    let events = events.filter_map(move |event| ready(to_event(event).ok()));
    let states = stream::unfold(asked.app.live.states(), |mut receiver| async move {
        loop {
            match receiver.recv().await {
                Ok(repo) => {
                    let event =
                        Event::default().event("state").json_data(serde_json::json!({ "repo": repo }));
                    return event.ok().map(|event| (event, receiver));
                }
                // Those that follow say it again.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    // The stream ends with that of changes.
    let events = events.map(Some).chain(stream::once(ready(None)));
    let events = stream::select(events, states.map(Some)).take_while(|event| ready(event.is_some()));
    let events = events.filter_map(|event| ready(event.map(Ok::<_, Infallible>)));
    // The first bytes tell the page that it is connected; and from where on, if nothing happens before it comes back.
    let here = || Event::default().id(format!("{run}-{from}"));
    let mut first = vec![here().event("hello").data("{}")];
    if asked_for.is_some() && !is_known {
        first.push(here().event("reset").data(UNKNOWN));
    }
    let first = stream::iter(first.into_iter().map(Ok));
    Sse::new(first.chain(events)).keep_alive(KeepAlive::default()).into_response()
}
