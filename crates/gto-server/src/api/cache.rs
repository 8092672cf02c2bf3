//! Answers as bytes, kept until a repository changes, and their `ETag`.
//!
//! Only for answers that follow from the refs alone. What is asked with `at` may also depend on the time of day.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;

/// Answers with what is kept, or `304` where the client has it.
pub async fn remember(State(app): State<App>, request: Request, next: Next) -> Response {
    let address = request.uri().path_and_query().map_or("", |address| address.as_str()).to_owned();
    let has_time = request.uri().query().is_some_and(|query| query.contains("at="));
    if *request.method() != Method::GET || has_time {
        return next.run(request).await;
    }
    let stamp = app.stamp();
    // Weak: the same answer may be sent compressed.
    let etag = format!("W/\"{}-{stamp:x}\"", app.run);
    let known = request.headers().get_all(header::IF_NONE_MATCH).iter();
    let mut known = known.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    if known.any(|known| known.trim() == etag) {
        return ([(header::ETAG, etag)], StatusCode::NOT_MODIFIED).into_response();
    }
    if let Some((body, kind)) = app.answers.get(&address, stamp) {
        return (
            [
                (header::ETAG, HeaderValue::from_str(&etag).unwrap_or(kind.clone())),
                (header::CONTENT_TYPE, kind),
            ],
            body,
        )
            .into_response();
    }
    let answer = next.run(request).await;
    if answer.status() != StatusCode::OK {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        parts.headers.insert(header::ETAG, etag);
    }
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if let Some(kind) = parts.headers.get(header::CONTENT_TYPE) {
        app.answers.put(&address, stamp, (bytes.clone(), kind.clone()));
    }
    Response::from_parts(parts, Body::from(bytes))
}
