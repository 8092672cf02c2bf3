//! Which page answers which address.

use axum::Router;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};

use crate::app::App;
use crate::auth::layer::local_target;
use crate::failure::Failure;
use crate::pages::asked::Asked;
use crate::pages::{activity, artifact, assets, health, overview, sign_in, stages, version, write};

/// What everybody may ask for: nothing in it is of a registry.
pub fn open() -> Router<App> {
    Router::new().route("/assets/{name}", get(assets::asset)).route("/sign-in", post(sign_in::sign_in))
}

/// The pages.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/", get(overview::overview))
        .route("/index.json", get(overview::overview))
        .route("/health", get(health::health))
        .route("/health.json", get(health::health))
        .route("/activity", get(activity::activity))
        .route("/activity.json", get(activity::activity))
        .route("/activity.atom", get(activity::feed))
        .route("/stages", get(stages::stages))
        .route("/stages.json", get(stages::stages))
        .route("/stages/{*stage}", get(stages::stage))
        .route("/write", post(write::ask_new))
        .route("/write/{repo}", post(write::ask))
        .route("/write/{repo}/plans/{id}", get(write::plan))
        .route("/write/{repo}/plans/{id}/apply", post(write::apply))
        .route("/r/{repo}", get(repository))
        .route("/r/{repo}/{*rest}", get(below))
        .fallback(nowhere)
}

async fn nowhere(asked: Asked) -> Response {
    if let Some(redirect) = without_slash(&asked) {
        return redirect;
    }
    Failure::not_found("There is no such page")
        .hint("the overview is at `/`")
        .respond(&asked.uri, &asked.headers)
}

/// What people type: no address of ours ends with a slash.
fn without_slash(asked: &Asked) -> Option<Response> {
    let path = asked.uri.path();
    let shorter = path.trim_end_matches('/');
    let is_meant = shorter.len() < path.len() && !shorter.is_empty();
    is_meant
        .then(|| Redirect::to(&local_target(shorter, asked.uri.query().unwrap_or_default())).into_response())
}

/// The answer to a method that an address has not.
pub async fn other_method(method: Method, asked: Asked) -> Response {
    let detail = format!("`{method}` is not answered here");
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, detail).respond(&asked.uri, &asked.headers)
}

/// Its artifacts, at the same moment and with the same filters.
async fn repository(Path(repo): Path<String>, asked: Asked) -> Response {
    Redirect::to(&format!("/{}", asked.params.with("repo", Some(&repo)))).into_response()
}

/// What is below a repository: an artifact, a version of it, or two versions.
async fn below(Path((repo, rest)): Path<(String, String)>, asked: Asked) -> Response {
    if let Some(redirect) = without_slash(&asked) {
        return redirect;
    }
    asked
        .answer(move |asked| {
            let repository = write::repository(&asked.app, &repo)?;
            let rest = rest.strip_suffix(".json").unwrap_or(&rest);
            let compared =
                rest.rsplit_once("/compare/").and_then(|(name, both)| Some((name, both.split_once("...")?)));
            if let Some((name, both)) = compared {
                return version::compare(asked, &repository, name, both);
            }
            match rest.split_once('@') {
                Some((name, text)) => version::version(asked, &repository, name, text),
                None => artifact::artifact(asked, &repository, rest),
            }
        })
        .await
}
