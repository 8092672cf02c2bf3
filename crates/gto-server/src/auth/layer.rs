//! The gate that every request passes.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use percent_encoding::percent_decode_str;

use crate::app::App;
use crate::auth::actor::By;
use crate::auth::guard::Known;
use crate::auth::host::{From, Hosts};
use crate::failure::Failure;

/// What pages may load and do: nothing that is not from here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Adds to every answer what browsers need to be told.
pub fn harden(headers: &mut HeaderMap) {
    const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
    const TOLD: [(HeaderName, HeaderValue); 7] = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // Not `no-referrer`: with that, browsers say `Origin: null` of our own forms.
        (header::REFERRER_POLICY, SAME_ORIGIN),
        (HeaderName::from_static("cross-origin-resource-policy"), SAME_ORIGIN),
        (HeaderName::from_static("cross-origin-opener-policy"), SAME_ORIGIN),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    headers.reserve(TOLD.len());
    for (name, value) in TOLD {
        headers.entry(name).or_insert(value);
    }
}

/// Answers only under a name of ours.
pub async fn check_host(State(app): State<App>, request: Request, next: Next) -> Response {
    let authority = request.uri().authority().map(axum::http::uri::Authority::as_str);
    let host = Hosts::asked(request.headers(), authority).unwrap_or_default();
    if app.guard.hosts.has(host) {
        return next.run(request).await;
    }
    let shown = host.escape_debug().to_string();
    Failure::new(
        StatusCode::MISDIRECTED_REQUEST,
        format!("This server does not answer for the host '{shown}'"),
    )
    .hint(format!("if that is its name, start it with `--allowed-host {shown}`"))
    .respond(request.uri(), request.headers())
}

/// Lets in who may ask, and no write of a stranger's page.
pub async fn check(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(redirect) = take_token(&app, &request) {
        return redirect;
    }
    let refuse = |failure: Failure, request: &Request| failure.respond(request.uri(), request.headers());
    match app.guard.who(request.headers(), peer.ip()) {
        Known::As(actor, by) => {
            let is_write = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
            let authority = request.uri().authority().map(axum::http::uri::Authority::as_str);
            let host = Hosts::asked(request.headers(), authority).unwrap_or_default();
            let from = app.guard.hosts.origin_of(request.uri(), request.headers(), host, by);
            if is_write && from != From::Ours {
                return refuse(strange(from, by), &request);
            }
            if percent_decode_str(request.uri().path()).decode_utf8().is_err() {
                let failure = Failure::invalid("This address is no text in UTF-8")
                    .hint("encode names with percent signs, as in `nlp%3Achurn`");
                return refuse(failure, &request);
            }
            request.extensions_mut().insert(actor);
            next.run(request).await
        }
        Known::Stranger => {
            let failure = Failure::new(StatusCode::UNAUTHORIZED, "This page needs the token of the server")
                .hint("open the address that `gto serve` printed when it started; programs send `Authorization: Bearer TOKEN`")
                .signing_in();
            refuse(failure, &request)
        }
        Known::NotByProxy => {
            let failure =
                Failure::new(StatusCode::FORBIDDEN, "This request does not come from a trusted proxy with a user")
                    .hint("open the address of the proxy; `--trusted-proxy` and `--user-header` say which one is believed");
            refuse(failure, &request)
        }
    }
}

/// The answer to a write that may be of a stranger's page.
fn strange(from: From, by: By) -> Failure {
    let detail = match from {
        From::Unsaid => "This request does not say from which page it comes, and could be of another site's",
        From::Elsewhere | From::Ours => "This request comes from another site's page",
    };
    let hint = match by {
        By::Proxy => {
            "use the buttons of this server's own pages; programs ask the API, without `Origin` and with \
             `Content-Type: application/json`"
        }
        By::Cookie | By::Program => "use the buttons of this server's own pages, or send a bearer token",
    };
    Failure::new(StatusCode::FORBIDDEN, detail).hint(hint)
}

/// The answer to an address that holds the token: the same without it, and a cookie.
fn take_token(app: &App, request: &Request) -> Option<Response> {
    let query = request.uri().query()?;
    // As it is printed, or as somebody typed it.
    let token = |pair: &str| {
        let (_, value) =
            form_urlencoded::parse(pair.as_bytes()).next().filter(|(name, _)| name == "token")?;
        Some([value.into_owned(), pair.split_once('=').unwrap_or_default().1.to_owned()])
    };
    let given = query.split('&').find_map(token)?;
    if request.method() != Method::GET || !given.iter().any(|given| app.guard.is_token(given)) {
        return None;
    }
    let rest: Vec<&str> = query.split('&').filter(|pair| token(pair).is_none()).collect();
    Some(with_cookie(app, &local_target(request.uri().path(), &rest.join("&"))))
}

/// A redirect to a place of ours, with the cookie.
pub fn with_cookie(app: &App, to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    for (name, value) in [(header::LOCATION, to.to_owned()), (header::SET_COOKIE, app.guard.set_cookie())] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A path of this server, whatever is asked for: `//host/x` would lead elsewhere.
pub fn local_target(path: &str, query: &str) -> String {
    let path = format!("/{}", path.trim_start_matches(['/', '\\']));
    let target = if query.is_empty() { path } else { format!("{path}?{query}") };
    target.parse::<Uri>().map_or_else(|_| "/".to_owned(), |_| target)
}
