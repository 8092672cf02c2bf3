//! Which function answers which call.

use axum::body::Bytes;
use axum::extract::{RawPathParams, State};
use axum::http::{Method, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use axum::{Router, middleware};
use serde_json::Value;

use std::sync::Arc;

use crate::api::cache;
use crate::api::place::repository as served;
use crate::app::App;
use crate::mlflow::answer::{Error, Result, respond};
use crate::mlflow::{read, write};
use crate::pages::asked::Asked;
use crate::state::repository::ServedRepository;

/// All calls of MLflow.
pub fn calls(app: &App) -> Router<App> {
    let mut router = Router::new();
    for root in ["", "/mlflow/{repo}"] {
        router = router
            .route(&format!("{root}/api/2.0/mlflow-artifacts/artifacts"), any(list))
            .route(&format!("{root}/api/2.0/mlflow-artifacts/artifacts/{{*path}}"), any(file))
            .route(&format!("{root}/api/2.0/mlflow/{{*call}}"), any(call))
            .route(&format!("{root}/api/3.0/mlflow/{{*call}}"), any(call));
    }
    router.route_layer(middleware::from_fn_with_state(app.clone(), cache::remember))
}

fn param(params: &RawPathParams, name: &str) -> Option<String> {
    params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

fn repository(app: &App, params: &RawPathParams) -> Result<Arc<ServedRepository>> {
    let found = match (param(params, "repo"), &app.repositories[..]) {
        (Some(id), _) => served(app, &id)?,
        (None, [alone]) => served(app, &alone.id)?,
        (None, _) => {
            return Err(Error::invalid(
                "This server has several repositories: add /mlflow/REPO to the tracking URI; /api/v1/repos lists them",
            ));
        }
    };
    Ok(found)
}

async fn call(
    State(app): State<App>,
    method: Method,
    params: RawPathParams,
    asked: Asked,
    body: Bytes,
) -> Response {
    let name = param(&params, "call").unwrap_or_default();
    let found = repository(&app, &params);
    let made = app.turns.make(move || {
        respond(found.and_then(|repository| answer(&asked, &repository, &method, &name, &body)))
    });
    made.await.unwrap_or_else(|_| respond(Err(Error::invalid("This answer could not be made"))))
}

fn answer(asked: &Asked, repository: &ServedRepository, method: &Method, name: &str, body: &[u8]) -> Result {
    let (app, params) = (&asked.app, &asked.params);
    let body = || -> Result<Value> {
        serde_json::from_slice(body).map_err(|_| Error::invalid("The body of this request is no JSON"))
    };
    match (method.as_str(), name) {
        ("GET", "registered-models/get") => read::get_model(repository, params),
        ("GET", "registered-models/search") => read::search_models(repository, params, &orders(asked)),
        ("GET", "registered-models/alias") => read::get_alias(repository, params),
        ("POST", "registered-models/alias") => write::set_alias(app, &asked.actor, repository, &body()?),
        ("DELETE", "registered-models/alias") => write::delete_alias(app, &asked.actor, repository, &body()?),
        ("POST", "registered-models/get-latest-versions") => read::latest_versions(repository, &body()?),
        ("GET", "registered-models/get-latest-versions") => {
            let name = read::needed(params, "name")?;
            read::latest_versions(repository, &serde_json::json!({ "name": name }))
        }
        ("GET", "model-versions/get") => read::get_version(repository, params),
        ("GET", "model-versions/search") => read::search_versions(repository, params, &orders(asked)),
        ("GET", "model-versions/get-download-uri") => read::download_uri(repository, params),
        _ => {
            let shown: String = name.chars().take(100).collect();
            Err(Error::unsupported(&format!("`{method} {}`", shown.escape_debug())))
        }
    }
}

/// What is to be sorted by: MLflow's client sends each key as a parameter of that name.
fn orders(asked: &Asked) -> Vec<String> {
    let query = asked.uri.query().unwrap_or_default();
    let orders = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "order_by");
    orders.map(|(_, value)| value.into_owned()).filter(|value| !value.trim().is_empty()).collect()
}

async fn list(State(app): State<App>, method: Method, params: RawPathParams, asked: Asked) -> Response {
    let found = repository(&app, &params);
    let made = app.turns.make(move || {
        if method != Method::GET {
            return respond(Err(Error::unsupported("To upload files")));
        }
        respond(found.and_then(|repository| read::list_files(&repository, &asked.params)))
    });
    made.await.unwrap_or_else(|_| respond(Err(Error::invalid("This answer could not be made"))))
}

async fn file(State(app): State<App>, method: Method, params: RawPathParams) -> Response {
    let path = param(&params, "path").unwrap_or_default();
    let found = repository(&app, &params);
    let made = app.turns.make(move || {
        if method != Method::GET {
            return respond(Err(Error::unsupported("To upload or delete files")));
        }
        match found.and_then(|repository| read::read_file(&repository, &path)) {
            Ok(content) => {
                // Never shown by a browser: it may be a page with a script.
                let headers = [
                    (header::CONTENT_TYPE, "application/octet-stream"),
                    (header::CONTENT_DISPOSITION, "attachment"),
                ];
                (headers, content).into_response()
            }
            Err(error) => respond(Err(error)),
        }
    });
    made.await.unwrap_or_else(|_| respond(Err(Error::invalid("This answer could not be made"))))
}
