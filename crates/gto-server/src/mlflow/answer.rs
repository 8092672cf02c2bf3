//! Answers and errors as MLflow has them.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use gto::name::ArtifactName;
use gto::state::{Artifact, VersionView};
use gto::time::Timestamp;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::mlflow::names;
use crate::state::row::Row;
use crate::view::artifact::shown;

/// An error, in MLflow's words.
pub struct Error {
    status: StatusCode,
    code: &'static str,
    message: String,
}

/// What a call answers.
pub type Result<T = Value> = std::result::Result<T, Error>;

impl Error {
    /// What is not there.
    pub fn missing(message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, code: "RESOURCE_DOES_NOT_EXIST", message: message.into() }
    }

    /// What cannot be used.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "INVALID_PARAMETER_VALUE", message: message.into() }
    }

    /// What gto has no place for.
    pub fn unsupported(what: &str) -> Self {
        let message = format!(
            "{what} is not supported by gto: models and versions come from Git tags and files; aliases are stages"
        );
        Self { status: StatusCode::NOT_IMPLEMENTED, code: "NOT_IMPLEMENTED", message }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let status = failure.status();
        let code = match status {
            StatusCode::NOT_FOUND => "RESOURCE_DOES_NOT_EXIST",
            StatusCode::BAD_REQUEST => "INVALID_PARAMETER_VALUE",
            StatusCode::FORBIDDEN => "PERMISSION_DENIED",
            StatusCode::CONFLICT => "RESOURCE_CONFLICT",
            StatusCode::SERVICE_UNAVAILABLE => "TEMPORARILY_UNAVAILABLE",
            _ => "INTERNAL_ERROR",
        };
        // The client asks again for minutes where it hears 503.
        let status = if status == StatusCode::SERVICE_UNAVAILABLE { StatusCode::CONFLICT } else { status };
        Self { status, code, message: failure.text() }
    }
}

impl From<gto::Error> for Error {
    fn from(error: gto::Error) -> Self {
        Failure::from(error).into()
    }
}

/// The response.
pub fn respond(answer: Result) -> Response {
    let (status, body) = match answer {
        Ok(value) => (StatusCode::OK, value),
        Err(error) => (error.status, json!({ "error_code": error.code, "message": error.message })),
    };
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn millis(time: Option<Timestamp>) -> i64 {
    time.map_or(0, Timestamp::seconds).saturating_mul(1000)
}

/// A model.
pub fn model(row: &Row, artifact: &Artifact) -> Value {
    let name = names::name(artifact.name());
    let (mut aliases, mut others) = (Vec::new(), Vec::new());
    for found in &row.stages {
        match found.placed.version.number() {
            Some(version) if names::is_alias(found.stage.as_str()) => {
                aliases.push(json!({ "alias": found.stage, "version": names::number(version).to_string() }));
            }
            _ => others.push(format!("{} = {}", found.stage, found.placed.version)),
        }
    }
    let mut description = row.description.clone();
    if !others.is_empty() {
        let note = format!("Stages that cannot be aliases of MLflow: {}", others.join(", "));
        description = if description.is_empty() { note } else { format!("{description}\n\n{note}") };
    }
    let mut tags = vec![json!({ "key": "gto.name", "value": artifact.name() })];
    tags.extend(row.kind.iter().map(|kind| json!({ "key": "gto.type", "value": kind })));
    tags.extend(
        row.labels.iter().map(|label| json!({ "key": format!("gto.label.{label}"), "value": "true" })),
    );
    let oldest = artifact.events().iter().map(|event| event.tagger.time).min_by_key(|time| time.seconds());
    let latest = artifact.latest().filter(names::is_shown);
    json!({
        "name": name,
        "creation_timestamp": millis(oldest),
        "last_updated_timestamp": millis(artifact.newest_event().map(|event| event.tagger.time)),
        "description": description,
        "latest_versions": latest.map(|latest| version(artifact, &latest)).into_iter().collect::<Vec<_>>(),
        "aliases": aliases,
        "tags": tags,
    })
}

/// When a version was made, and when something last happened to it.
pub fn times(version: &VersionView<'_>) -> (Option<Timestamp>, Option<Timestamp>) {
    let created = version.authoring().map(|authoring| authoring.time());
    let newest = version.events().last().map(|event| event.tagger.time);
    (created, newest.or(created))
}

/// A version of a model.
pub fn version(artifact: &Artifact, version: &VersionView<'_>) -> Value {
    let authoring = version.authoring();
    let (created, updated) = times(version);
    let number = version.label().number().map(names::number).unwrap_or_default();
    let is_here = |stage: &&gto::query::ShownStage<'_>| {
        names::is_alias(stage.stage.as_str())
            && stage.versions.first().is_some_and(|found| found.version().is_same(version))
    };
    let aliases: Vec<_> =
        shown(artifact, &[]).iter().filter(is_here).map(|stage| stage.stage.clone()).collect();
    let tag = version.registrations().next_back().map(|event| event.tag.clone()).unwrap_or_default();
    json!({
        "name": names::name(artifact.name()),
        "version": number.to_string(),
        "creation_timestamp": millis(created),
        "last_updated_timestamp": millis(updated),
        "user_id": authoring.as_ref().map(|authoring| authoring.signature().name.to_string()).unwrap_or_default(),
        "current_stage": "None",
        "description": format!("Version {} of {}", version.label(), artifact.name()),
        "source": source(artifact.name(), number),
        "run_id": "",
        "status": "READY",
        "aliases": aliases,
        "tags": [
            { "key": "gto.version", "value": version.label() },
            { "key": "gto.commit", "value": version.commit().to_string() },
            { "key": "gto.tag", "value": tag },
        ],
    })
}

/// Where MLflow finds the files of a version: here, below its own address.
pub fn source(artifact: &ArtifactName, number: u64) -> String {
    format!("mlflow-artifacts:/gto/{}/{number}", names::name(artifact))
}
