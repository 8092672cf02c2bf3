//! What happens, as it happens: server-sent events.

use std::convert::Infallible;
use std::sync::Arc;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, StreamExt as _};
use tokio::sync::broadcast::error::RecvError;

use crate::pages::asked::Asked;
use crate::state::live::{Listening, LiveEvent};

/// What is said to one who comes back too late.
const UNKNOWN: &str = r#"{"reason": "This server does not know what happened since the `Last-Event-ID`: ask anew for what you keep"}"#;

/// What happens, as server-sent events: `hello` first; `change` for each tag that comes, goes or moves; `reset` after `hello` where
/// what happened since the `Last-Event-ID` is not known, so that all must be asked for anew.
#[utoipa::path(
    get,
    path = "/api/v1/events/stream",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the event that was seen last")),
    responses((status = 200, body = String, content_type = "text/event-stream"))
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
    let events =
        events.filter_map(move |event| std::future::ready(to_event(event).ok().map(Ok::<_, Infallible>)));
    // The first bytes tell the page that it is connected; and from where on, if nothing happens before it comes back.
    let here = || Event::default().id(format!("{run}-{from}"));
    let mut first = vec![here().event("hello").data("{}")];
    if asked_for.is_some() && !is_known {
        first.push(here().event("reset").data(UNKNOWN));
    }
    let first = stream::iter(first.into_iter().map(Ok));
    Sse::new(first.chain(events)).keep_alive(KeepAlive::default()).into_response()
}
