//! Writes: a plan first, which is shown and then applied.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use gto::{Applied, Request};
use gto_frontend::reports::written::WriteReport;
use gto_frontend::text::clean;

use crate::api::place::repository;
use crate::failure::{Failure, Problem};
use crate::pages::asked::{Asked, json};
use crate::schema;
use crate::write::{plans, waiting};

/// Plans a write, without doing it.
#[utoipa::path(
    post,
    path = "/api/v1/repos/{repo}/plans",
    params(("repo" = String, Path)),
    request_body(
        content = Object,
        description = "A request: `action`, and what that needs. register: artifact; assign: artifact, stage, target; rollback: artifact, stage; \
                       promote: artifacts, from, to; unassign: artifact, stage; deregister: artifact, version; deprecate: artifact; \
                       approve: artifact, stage, version. docs/guides/serve-api.md has all that each may have",
        example = json!({"action": "assign", "artifact": "churn", "stage": "prod", "target": {"version": "v1.0.0"}})
    ),
    responses(
        (status = 201, body = schema::Plan),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "The policy, a rule or this server refuses it"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")
    )
)]
pub async fn plan(Path(repo): Path<String>, asked: Asked, body: Bytes) -> Response {
    asked
        .answer(move |asked| {
            let repository = repository(&asked.app, &repo)?;
            let request: Request = serde_json::from_slice(&body).map_err(|error| {
                Failure::invalid(format!("This is no request: {}", clean(&error.to_string()))).hint(
                    r#"as in `{"action": "assign", "artifact": "churn", "stage": "prod", "target": {"version": "v1.0.0"}}`"#,
                )
            })?;
            let planned = plans::plan(&asked.app, &asked.actor, &repository, request)?;
            let mut answer = report(&WriteReport::new(&planned.plan, &Applied::default(), true));
            answer["id"] = planned.id.into();
            answer["command"] = planned.command.into();
            answer["expires_in_seconds"] = waiting::LIFE.as_secs().into();
            for (name, empty) in [("policy", serde_json::Value::Null), ("already", serde_json::json!([]))] {
                if answer.get(name).is_none() {
                    answer[name] = empty;
                }
            }
            created(&answer)
        })
        .await
}

/// Applies a plan: to all, or to none.
#[utoipa::path(
    post,
    path = "/api/v1/repos/{repo}/plans/{id}/apply",
    params(("repo" = String, Path), ("id" = String, Path)),
    responses(
        (status = 201, body = schema::Written),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "The policy refuses it"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The registry has changed since")
    )
)]
pub async fn apply(Path((repo, id)): Path<(String, String)>, asked: Asked) -> Response {
    asked
        .answer(move |asked| {
            let repository = repository(&asked.app, &repo)?;
            let (plan, applied) = plans::apply(&asked.app, &asked.actor, &repository, &id)?;
            let applied = plans::whole(applied)?;
            created(&report(&WriteReport::new(&plan, &applied, false)))
        })
        .await
}

fn report(report: &WriteReport<'_>) -> serde_json::Value {
    serde_json::to_value(report).unwrap_or_default()
}

fn created(answer: &serde_json::Value) -> Result<Response, Failure> {
    let mut response = json(answer)?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}
