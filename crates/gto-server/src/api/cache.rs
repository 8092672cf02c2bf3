//! Answers as bytes, kept until a repository changes, and their `ETag`.
//!
//! Kept are only answers that follow from the refs alone. What is asked with `at` may also depend on the time of day.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::auth::secret::hex;

/// Answers with an `ETag` of the answer's bytes: for what also says when repositories were seen.
pub async fn by_content(request: Request, next: Next) -> Response {
    let known: Vec<HeaderValue> = request.headers().get_all(header::IF_NONE_MATCH).iter().cloned().collect();
    let answer = next.run(request).await;
    if answer.status() != StatusCode::OK {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let etag = format!("W/\"{}\"", &hex(Sha256::digest(&bytes).as_slice())[..32]);
    if has(&known, &etag) {
        return ([(header::ETAG, etag)], StatusCode::NOT_MODIFIED).into_response();
    }
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        parts.headers.insert(header::ETAG, etag);
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn has(known: &[HeaderValue], etag: &str) -> bool {
    let known = known.iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    // As RFC 9110 compares for reads: whether it is called weak does not count.
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known.into_iter().any(|known| opaque(known) == opaque(etag))
}

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
    let known: Vec<HeaderValue> = request.headers().get_all(header::IF_NONE_MATCH).iter().cloned().collect();
    if has(&known, &etag) {
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
