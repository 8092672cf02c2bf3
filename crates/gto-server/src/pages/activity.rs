//! `/activity` and its feed.

use askama::Template;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use gto::event::EventKind;

use crate::failure::Failure;
use crate::pages::asked::{Asked, json, page};
use crate::pages::frame::Frame;
use crate::view::activity::Activity;
use crate::view::link;
use crate::view::moment::Moment;

#[derive(Template)]
#[template(path = "activity.html")]
struct Page<'a> {
    frame: Frame,
    view: &'a Activity,
    asked: &'a Asked,
    kinds: Vec<&'static str>,
}

#[derive(Template)]
#[template(path = "activity.xml", escape = "html")]
struct Feed<'a> {
    heading: &'a str,
    /// The address of the server, as it was asked.
    base: &'a str,
    updated: String,
    view: &'a Activity,
}

/// What happened.
pub async fn activity(asked: Asked) -> Response {
    asked
        .answer(|asked| {
            let view = read(asked)?;
            if asked.wants_json() {
                return json(&view);
            }
            let frame = Frame::new(asked, "activity", &view.moment);
            page(&Page { frame, view: &view, asked, kinds: EventKind::ALL.map(EventKind::word).to_vec() })
        })
        .await
}

/// The same for readers of feeds.
pub async fn feed(asked: Asked) -> Response {
    asked
        .answer(|asked| {
            let view = read(asked)?;
            let frame = Frame::new(asked, "activity", &view.moment);
            let base = asked.base();
            let newest = view.events.first().map_or(frame.now, |happened| happened.event.created_at);
            let mut response =
                page(&Feed { heading: &frame.heading, base: &base, updated: newest.iso(), view: &view })?;
            response.headers_mut().insert(
                header::CONTENT_TYPE,
                header::HeaderValue::from_static("application/atom+xml; charset=utf-8"),
            );
            Ok(response.into_response())
        })
        .await
}

fn read(asked: &Asked) -> Result<Activity, Failure> {
    let moment = Moment::read(&asked.app, asked.params.get("at"))?;
    Activity::new(&asked.app, moment, &asked.params)
}

impl Page<'_> {
    fn value(&self, name: &str) -> &str {
        self.asked.params.get(name).unwrap_or_default()
    }

    fn is_filtered(&self) -> bool {
        ["event", "repo", "artifact", "stage", "author"]
            .iter()
            .any(|name| self.asked.params.get(name).is_some())
    }

    fn page_href(&self, page: usize) -> String {
        format!("/activity{}", self.asked.params.with("page", Some(&page.to_string())))
    }
}

impl Feed<'_> {
    #[expect(clippy::unused_self, reason = "templates ask a value")]
    fn href(&self, repo: &str, artifact: &impl ToString) -> String {
        link::artifact(repo, &artifact.to_string())
    }
}
