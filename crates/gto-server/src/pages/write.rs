//! From a button to a tag: `POST /write/{repo}` plans, `/write/{repo}/plans/{id}` shows the plan, and `…/apply` does it.
//!
//! Every request passed the gate in `auth`: a form of another site's page comes no further than that.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};

use crate::app::App;
use crate::failure::Failure;
use crate::pages::asked::{Asked, json, page};
use crate::pages::frame::Frame;
use crate::state::repository::ServedRepository;
use crate::view::link;
use crate::view::moment::Moment;
use crate::view::params::Params;
use crate::view::plan::PlanPage;
use crate::write::{form, plans};

#[derive(Template)]
#[template(path = "plan.html")]
struct Page<'a> {
    frame: Frame,
    view: &'a PlanPage,
    /// Whose name will be in the tags.
    user: Option<&'a str>,
}

/// A repository that was read, for a page.
pub fn repository(app: &App, id: &str) -> Result<Arc<ServedRepository>, Failure> {
    app.read_repository(id, "the overview lists them: `/`", "the page `/health` says why, and since when")
}

/// Plans what the form asks for, and leads to the plan.
pub async fn ask(Path(repo): Path<String>, asked: Asked, body: Bytes) -> Response {
    asked.answer(move |asked| planned(asked, &repo, &Params::form(&body))).await
}

/// The same, where a field of the form names the repository.
pub async fn ask_new(asked: Asked, body: Bytes) -> Response {
    asked
        .answer(move |asked| {
            let form = Params::form(&body);
            planned(asked, form.get("repo").unwrap_or_default(), &form)
        })
        .await
}

fn planned(asked: &Asked, repo: &str, form: &Params) -> Result<Response, Failure> {
    let repository = repository(&asked.app, repo)?;
    let request = form::request(form)?;
    let name = request.artifacts().first().filter(|name| repository.picture().rows.contains_key(*name));
    let back = name.map(|name| link::artifact(repo, name.as_str()));
    let planned = plans::plan(&asked.app, &asked.actor, &repository, request);
    let planned = planned.map_err(|failure| failure.back(back))?;
    Ok(Redirect::to(&link::plan(repo, &planned.id)).into_response())
}

/// Shows a plan to the one who asked for it.
pub async fn plan(Path((repo, id)): Path<(String, String)>, asked: Asked) -> Response {
    asked
        .answer(move |asked| {
            let repository = repository(&asked.app, &repo)?;
            let id = id.strip_suffix(".json").unwrap_or(&id);
            let found = asked.app.plans.look_at(id, &asked.actor, &repository.id);
            let (plan, command) = found.ok_or_else(plans::missing)?;
            let view = PlanPage::new(&repository.picture(), &repository.id, id, &plan, command);
            if asked.wants_json() {
                return json(&view);
            }
            let frame = Frame::new(asked, "", &Moment::default());
            page(&Page { frame, view: &view, user: asked.actor.name() })
        })
        .await
}

/// Applies a plan, and leads to the artifact.
pub async fn apply(Path((repo, id)): Path<(String, String)>, asked: Asked) -> Response {
    asked
        .answer(move |asked| {
            let repository = repository(&asked.app, &repo)?;
            let found = asked.app.plans.look_at(&id, &asked.actor, &repository.id);
            let (plan, command) = found.ok_or_else(plans::missing)?;
            let view = PlanPage::new(&repository.picture(), &repository.id, &id, &plan, command);
            let back = view
                .artifact
                .as_ref()
                .map_or_else(|| "/".to_owned(), |name| link::artifact(&repo, name.as_str()));
            let applied = plans::apply(&asked.app, &asked.actor, &repository, &id);
            let applied = applied.and_then(|(_, applied)| plans::whole(applied));
            applied.map_err(|failure| failure.back(Some(back.clone())))?;
            let wrote = view.tags.first().map(|tag| link::part(&tag.name)).unwrap_or_default();
            Ok(Redirect::to(&format!("{back}?wrote={wrote}")).into_response())
        })
        .await
}
