//! An answer that is none: as a page, or as problem details (RFC 9457) where a program asks.

use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse as _, Response};
use gto::ErrorKind;
use gto::rules::Refusal;
use gto_frontend::advice::{self, Advice, Scene};
use serde::Serialize;

use crate::error::with_causes;
use crate::limits::{ANSWER, BODY};

/// Why there is no answer, and what to do.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    detail: String,
    kind: Option<&'static str>,
    /// What the policy refuses, and the reasons, which pages show apart.
    refused: Option<(String, Vec<String>)>,
    hints: Vec<String>,
    signs_in: bool,
    back: Option<String>,
}

/// RFC 9457, with what to do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// A name for the kind of problem: `urn:gto:not_found`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the status means.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened.
    pub detail: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

#[derive(Template)]
#[template(path = "failure.html")]
struct Page<'a> {
    status: u16,
    title: &'a str,
    what: &'a str,
    reasons: &'a [String],
    hints: &'a [String],
    signs_in: bool,
    back: Option<&'a str>,
    next: &'a str,
    style: &'static str,
}

impl Failure {
    /// With this status, in one clause.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            kind: None,
            refused: None,
            hints: Vec::new(),
            signs_in: false,
            back: None,
        }
    }

    /// What is not there.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self { kind: Some("not_found"), ..Self::new(StatusCode::NOT_FOUND, detail) }
    }

    /// A parameter that cannot be used.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self { kind: Some("invalid_input"), ..Self::new(StatusCode::BAD_REQUEST, detail) }
    }

    /// With what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The page leads back to where the request came from.
    #[must_use]
    pub fn back(self, back: Option<String>) -> Self {
        Self { back, ..self }
    }

    /// The page has a field for the token.
    #[must_use]
    pub fn signing_in(self) -> Self {
        Self { signs_in: true, ..self }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What happened, and what to do, in one line.
    pub fn text(&self) -> String {
        let mut text = self.detail.clone();
        for hint in &self.hints {
            text = format!("{text}. {hint}");
        }
        text
    }

    /// What the one who asked at `uri` gets.
    pub fn respond(&self, uri: &Uri, headers: &HeaderMap) -> Response {
        self.respond_as(uri, wants_json(uri, headers))
    }

    /// What a program gets.
    pub fn respond_json(&self, uri: &Uri) -> Response {
        self.respond_as(uri, true)
    }

    fn respond_as(&self, uri: &Uri, is_json: bool) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let mut response = if is_json {
            let kind = self.kind.map_or_else(|| "about:blank".to_owned(), |kind| format!("urn:gto:{kind}"));
            let hint = (!self.hints.is_empty()).then(|| self.hints.join("; "));
            let problem = Problem {
                kind,
                title: title.to_owned(),
                status: self.status.as_u16(),
                detail: self.detail.clone(),
                hint,
            };
            let body = serde_json::to_string(&problem).unwrap_or_default();
            ([(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
        } else {
            let next = uri.path_and_query().map_or("/", |asked| asked.as_str());
            let page = Page {
                status: self.status.as_u16(),
                title,
                what: self.refused.as_ref().map_or(&self.detail, |(what, _)| what),
                reasons: self.refused.as_ref().map_or(&[], |(_, reasons)| reasons),
                hints: &self.hints,
                signs_in: self.signs_in,
                back: self.back.as_deref(),
                next,
                style: crate::pages::assets::STYLE.path,
            };
            Html(page.render().unwrap_or_default()).into_response()
        };
        *response.status_mut() = self.status;
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Says in our words what a library has refused in plain text: a large body, an address that cannot be read, an answer that took too
/// long.
pub async fn in_words(request: Request, next: Next) -> Response {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let method = request.method().clone();
    let response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_plain = kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let status = response.status();
    if !is_plain || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let failure = match status {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Failure::new(status, format!("The body of this request is larger than {} MiB", BODY >> 20))
                .hint("send less at once")
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            Failure::new(status, format!("This answer took longer than {} s", ANSWER.as_secs()))
                .hint("ask again in a moment, or for less: of one repository, say")
        }
        StatusCode::METHOD_NOT_ALLOWED => Failure::new(status, format!("`{method}` is not answered here")),
        StatusCode::NOT_FOUND => Failure::not_found("There is no such page").hint("the overview is at `/`"),
        status if status.is_client_error() => Failure::new(status, "This request cannot be read")
            .hint("encode names with percent signs, as in `nlp%3Achurn`"),
        status => Failure::new(status, "This answer could not be made"),
    };
    let mut answer = failure.respond(&uri, &headers);
    // Which methods there are, and what else belongs to the status.
    for (name, value) in response.headers() {
        if !matches!(*name, header::CONTENT_TYPE | header::CONTENT_LENGTH) {
            answer.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
    }
    answer
}

/// Whether a program asks.
pub fn wants_json(uri: &Uri, headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = uri.path();
    path.starts_with("/api/")
        || path.starts_with("/mlflow/")
        || path.rsplit_once('.').is_some_and(|(_, last)| last == "json")
        || accept.contains("json") && !accept.contains("text/html")
}

impl From<gto::Error> for Failure {
    fn from(error: gto::Error) -> Self {
        if let gto::Error::Refused(refusal) = &error
            && is_so_already(refusal)
        {
            let text = refusal.to_string();
            let detail = text.split_once(". ").map_or(&*text, |(state, _)| state);
            return Self { kind: Some("conflict"), ..Self::new(StatusCode::CONFLICT, detail) }.hint(
                "nothing is to be done; with `\"exist_ok\": true` in `tag` (of register, in `new`) that is no failure",
            );
        }
        let status = match error.kind() {
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::InvalidInput => StatusCode::BAD_REQUEST,
            ErrorKind::Refused | ErrorKind::Denied => StatusCode::FORBIDDEN,
            // The state of the repository is in the way, which is no failure of this server.
            ErrorKind::Conflict | ErrorKind::Damaged | ErrorKind::Misconfigured => StatusCode::CONFLICT,
            ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let hints = advice::of(&error, &mut Nowhere).iter().map(Advice::for_shell).collect();
        let (kind, refused) = (Some(error.kind().word()), error.refused_by_policy());
        Self { kind, refused, hints, ..Self::new(status, with_causes(&error)) }
    }
}

/// Whether it refuses what would change nothing, so that how things are is in the way.
fn is_so_already(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::RegisteredOnCommit { .. }
            | Refusal::AlreadyInStage { .. }
            | Refusal::ApprovedAlready { .. }
            | Refusal::NotInStage { .. }
            | Refusal::NothingInStage { .. }
            | Refusal::DeregisteredAlready { .. }
            | Refusal::DeprecatedAlready
    )
}

/// Advice that is given without a look at a repository.
struct Nowhere;

impl Scene for Nowhere {
    fn repository(&self) -> &'static str {
        "."
    }

    fn registry(&mut self) -> Option<gto::Registry> {
        None
    }

    fn git_dir(&self) -> Option<String> {
        None
    }
}
