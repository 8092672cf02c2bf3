//! What happens, as it happens: server-sent events.

use std::convert::Infallible;
use std::sync::Arc;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, StreamExt as _};
use tokio::sync::broadcast::error::RecvError;

use crate::pages::asked::Asked;
use crate::state::live::LiveEvent;

/// `/api/v1/events/stream`. A page that comes back says with `Last-Event-ID` what it saw last.
pub async fn stream(asked: Asked) -> Response {
    let text = asked.headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let run = &asked.app.run;
    let after = text.and_then(|text| text.strip_prefix(run.as_str())?.strip_prefix('-')?.parse().ok());
    let (missed, receiver) = asked.app.live.listen(after);
    let to_event = {
        let run = run.clone();
        move |live: Arc<LiveEvent>| {
            Event::default().id(format!("{run}-{}", live.id)).event("change").json_data(&*live)
        }
    };
    let coming = stream::unfold(receiver, |mut receiver| async move {
        match receiver.recv().await {
            Ok(event) => Some((event, receiver)),
            // A slow reader has missed some: it comes back with the id of the last one that it saw.
            Err(RecvError::Lagged(_) | RecvError::Closed) => None,
        }
    });
    let events = stream::iter(missed).chain(coming);
    let events =
        events.filter_map(move |event| std::future::ready(to_event(event).ok().map(Ok::<_, Infallible>)));
    // The first bytes tell the page that it is connected.
    let hello = stream::iter([Ok(Event::default().event("hello").data("{}"))]);
    Sse::new(hello.chain(events)).keep_alive(KeepAlive::default()).into_response()
}
