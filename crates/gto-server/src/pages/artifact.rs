//! `/r/{repo}/{name}`

use askama::Template;
use axum::response::Response;

use crate::failure::Failure;
use crate::pages::asked::{Asked, json, page};
use crate::pages::frame::Frame;
use crate::pages::overview::marks;
use crate::state::marks::Mark;
use crate::state::repository::ServedRepository;
use crate::state::row::Placed;
use crate::view::artifact::ArtifactView;
use crate::view::link;
use crate::view::moment::Moment;

#[derive(Template)]
#[template(path = "artifact.html")]
struct Page<'a> {
    frame: Frame,
    view: &'a ArtifactView,
    repo: &'a str,
    name: &'a str,
    asked: &'a Asked,
}

/// The page of an artifact.
pub fn artifact(asked: &Asked, repository: &ServedRepository, name: &str) -> Result<Response, Failure> {
    let moment = Moment::read(&asked.app, asked.params.get("at"))?;
    let view = ArtifactView::new(&asked.app, repository, name, moment, &asked.params)?;
    if asked.wants_json() {
        return json(&view);
    }
    let frame = Frame::new(asked, "", &view.moment);
    page(&Page { frame, repo: &repository.id, name: view.row.name.as_str(), view: &view, asked })
}

impl Page<'_> {
    fn marks(&self, placed: &Placed) -> Vec<Mark> {
        marks(self.asked, &self.view.row, placed)
    }

    fn page_href(&self, page: usize) -> String {
        let query = self.asked.params.with("page", Some(&page.to_string()));
        format!("{}{query}#versions", link::artifact(self.repo, self.name))
    }
}
