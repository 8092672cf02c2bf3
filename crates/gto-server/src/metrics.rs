//! Figures for Prometheus: what is in each stage since when, how current that is, and how many answers there were.

use std::fmt::Write as _;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::badge::may_read;
use crate::failure::Failure;

/// More stages of artifacts are left out, and that is said.
const MOST: usize = 50_000;

/// `/metrics`
pub async fn metrics(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if !may_read(&app, app.settings.metrics_token.as_ref(), peer, &uri, &headers) {
        return Failure::new(axum::http::StatusCode::UNAUTHORIZED, "Metrics need a token")
            .hint("send `Authorization: Bearer` with the token of `metrics_token_file`")
            .respond_json(&uri);
    }
    let of = app.clone();
    let made = app.turns.make(move || text(&of)).await.unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], made).into_response()
}

fn text(app: &App) -> String {
    let mut repositories = [
        ("gto_repository_up", "Whether the repository can be read", String::new()),
        ("gto_repository_artifacts", "Artifacts of the repository", String::new()),
        ("gto_repository_seen_timestamp_seconds", "When the repository was last read", String::new()),
        ("gto_repository_refresh_lag_seconds", "How long ago that was", String::new()),
    ];
    let (mut stages, mut written, mut left_out) = (String::new(), 0, 0);
    let now = app.environment.now().seconds();
    for repository in &app.repositories {
        let picture = repository.picture();
        let seen = picture.seen_at.map(gto::time::Timestamp::seconds);
        let is_up = repository.failing().is_none() && picture.serial > 0;
        let lag = seen.map(|seen| now - seen);
        let values = [Some(i64::from(is_up)), i64::try_from(picture.rows.len()).ok(), seen, lag];
        for ((name, _, lines), value) in repositories.iter_mut().zip(values) {
            if let Some(value) = value {
                let _ = writeln!(lines, "{name}{{repo=\"{}\"}} {value}", label(&repository.id));
            }
        }
        for row in picture.rows.values() {
            for found in &row.stages {
                if written >= MOST {
                    left_out += 1;
                    continue;
                }
                let Some(since) = found.placed.since else { continue };
                written += 1;
                let _ = writeln!(
                    stages,
                    "gto_stage_since_timestamp_seconds{{repo=\"{}\",artifact=\"{}\",stage=\"{}\",version=\"{}\"}} {}",
                    label(&repository.id),
                    label(row.name.as_str()),
                    label(found.stage.as_str()),
                    label(&found.placed.version.to_string()),
                    since.seconds()
                );
            }
        }
    }
    let mut text = String::new();
    for (name, help, lines) in &repositories {
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{lines}");
    }
    let name = "gto_stage_since_timestamp_seconds";
    let _ = write!(text, "# HELP {name} Since when a version is in a stage\n# TYPE {name} gauge\n{stages}");
    let name = "gto_stages_left_out";
    let _ = write!(
        text,
        "# HELP {name} Stages that are not in this answer\n# TYPE {name} gauge\n{name} {left_out}\n"
    );
    let name = "gto_http_responses_total";
    let _ = write!(text, "# HELP {name} Answers, by the class of their status\n# TYPE {name} counter\n");
    for (class, count) in app.counts.classes() {
        let _ = writeln!(text, "{name}{{status=\"{class}xx\"}} {count}");
    }
    text
}

/// A text as the value of a label.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
