//! Answers as bytes, kept until a repository changes, and their `ETag`.
//!
//! Kept are only answers that follow from the refs alone. What is asked with `at` may also depend on the time of day.

use std::net::IpAddr;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{self, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

use crate::api::answers::{Answer, is_known, not_modified};
use crate::app::App;
use crate::auth::guard::Known;
use crate::auth::host::Hosts;
use crate::auth::secret::hex;

/// Smaller answers are not compressed: they fit into one packet.
pub const PACKET: u64 = 1300;

/// The answer that is kept for this request, without a way through the router; what all requests must fulfil, it does.
pub fn kept<B>(app: &App, request: &http::Request<B>, peer: IpAddr) -> Option<Response> {
    if *request.method() != Method::GET || !app.refresher.is_ready() {
        return None;
    }
    let (uri, headers) = (request.uri(), request.headers());
    let answer = app.answers.get(uri.path_and_query()?.as_str(), app.stamp())?;
    // Otherwise it may be compressed, on the way back.
    if headers.contains_key(header::ACCEPT_ENCODING) && answer.body.len() as u64 >= PACKET {
        return None;
    }
    let host = Hosts::asked(headers, uri.authority().map(http::uri::Authority::as_str))?;
    let is_allowed = app.guard.hosts.has(host) && matches!(app.guard.who(headers, peer), Known::As(..));
    is_allowed.then(|| answer.respond(headers))
}

/// Answers with an `ETag` of the answer's bytes: for what also says when repositories were seen.
pub async fn by_content(request: Request, next: Next) -> Response {
    let asked = request.headers().clone();
    let answer = next.run(request).await;
    if answer.status() != StatusCode::OK {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let etag = format!("W/\"{}\"", &hex(Sha256::digest(&bytes).as_slice())[..32]);
    if let Ok(etag) = HeaderValue::try_from(etag) {
        if is_known(&asked, &etag) {
            return not_modified(etag);
        }
        parts.headers.insert(header::ETAG, etag);
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// Whether an answer says what a signature is worth, which also follows from the keys and lists of this machine.
fn has_signature(path: &str) -> bool {
    path.split_once("/versions/").is_some_and(|(_, version)| !version.contains('/'))
}

/// Whether an answer follows from the refs alone: of a repository that cannot be read now, what is in objects may be missing in it.
fn may_be_kept(app: &App, path: &str) -> bool {
    const BY_REFS: [&str; 3] = ["/api/v1/artifacts", "/api/v1/resolve", "/api/v1/stages"];
    let mut repositories = app.repositories.iter();
    match path.strip_prefix("/api/v1/repos/").and_then(|rest| rest.split('/').next()) {
        Some(id) => repositories.find(|one| *one.id == *id).is_none_or(|one| one.failing().is_none()),
        None if BY_REFS.iter().any(|by_refs| path.starts_with(by_refs)) => true,
        None => repositories.all(|one| one.failing().is_none()),
    }
}

/// Answers with what is kept, or `304` where the client has it.
pub async fn remember(State(app): State<App>, request: Request, next: Next) -> Response {
    let address = request.uri().path_and_query().map_or("", |address| address.as_str()).to_owned();
    let path = request.uri().path();
    let query = request.uri().query().unwrap_or_default();
    // What follows an event depends on when the server learned of what, too.
    let has_time = form_urlencoded::parse(query.as_bytes()).any(|(name, _)| matches!(&*name, "at" | "after"));
    if *request.method() != Method::GET || has_time || !may_be_kept(&app, path) {
        return next.run(request).await;
    }
    if has_signature(path) {
        return by_content(request, next).await;
    }
    let stamp = app.stamp();
    // Weak: the same answer may be sent compressed.
    let Ok(etag) = HeaderValue::try_from(format!("W/\"{}-{stamp:x}\"", app.run)) else {
        return next.run(request).await;
    };
    if is_known(request.headers(), &etag) {
        return not_modified(etag);
    }
    if let Some(answer) = app.answers.get(&address, stamp) {
        return answer.respond(request.headers());
    }
    let answer = next.run(request).await;
    if answer.status() != StatusCode::OK {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    parts.headers.insert(header::ETAG, etag.clone());
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if let Some(kind) = parts.headers.get(header::CONTENT_TYPE).cloned() {
        app.answers.put(&address, stamp, Answer { body: body.clone(), kind, etag });
    }
    Response::from_parts(parts, Body::from(body))
}
