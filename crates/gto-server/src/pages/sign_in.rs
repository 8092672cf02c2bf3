//! The form for the token.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use crate::app::App;
use crate::auth::actor::By;
use crate::auth::host::{From, Hosts};
use crate::auth::layer::{local_target, with_cookie};
use crate::failure::Failure;
use crate::view::params::Params;

/// Takes the token from the form, and goes back to the page.
pub async fn sign_in(State(app): State<App>, uri: Uri, headers: HeaderMap, body: String) -> Response {
    let form = Params::of(Some(&body));
    let host =
        Hosts::asked(&headers, uri.authority().map(axum::http::uri::Authority::as_str)).unwrap_or_default();
    if app.guard.hosts.origin_of(&uri, &headers, host, By::Program) != From::Ours {
        return Failure::new(StatusCode::FORBIDDEN, "This request comes from another site's page")
            .respond(&uri, &headers);
    }
    if !form.get("token").is_some_and(|token| app.guard.is_token(token)) {
        return Failure::new(StatusCode::UNAUTHORIZED, "This is not the token of the server")
            .hint("`gto serve` printed it when it started; each start makes a new one unless one is set")
            .signing_in()
            .respond(&Uri::from_static("/"), &headers);
    }
    let next = form.get("next").unwrap_or("/");
    let (path, query) = next.split_once('?').unwrap_or((next, ""));
    with_cookie(&app, &local_target(path, query))
}
