//! `/r/{repo}/{name}@{version}` and `/r/{repo}/{name}/compare/{a}...{b}`

use askama::Template;
use axum::response::Response;
use gto_frontend::text::shell_quote;

use crate::failure::Failure;
use crate::pages::asked::{Asked, json, page};
use crate::pages::frame::Frame;
use crate::state::repository::ServedRepository;
use crate::view::moment::Moment;
use crate::view::version::{Comparison, VersionPage};

#[derive(Template)]
#[template(path = "version.html")]
struct Version<'a> {
    frame: Frame,
    view: &'a VersionPage,
    get: String,
}

/// The page of a version.
pub fn version(
    asked: &Asked,
    repository: &ServedRepository,
    name: &str,
    text: &str,
) -> Result<Response, Failure> {
    let moment = Moment::read(&asked.app, asked.params.get("at"))?;
    let view = VersionPage::new(&asked.app, repository, name, text, moment)?;
    if asked.wants_json() {
        return json(&view);
    }
    let frame = Frame::new(asked, "", &view.moment);
    let reference = format!("{}@{}", view.artifact, view.row.version);
    let get =
        format!("gto get {} --repo {}", shell_quote(&reference), shell_quote(&repository.shown_source()));
    page(&Version { frame, view: &view, get })
}

#[derive(Template)]
#[template(path = "compare.html")]
struct Compare<'a> {
    frame: Frame,
    view: &'a Comparison,
    /// What to type to put the second one into a stage.
    promotions: Vec<String>,
}

/// Two versions side by side.
pub fn compare(
    asked: &Asked,
    repository: &ServedRepository,
    name: &str,
    both: (&str, &str),
) -> Result<Response, Failure> {
    let moment = Moment::read(&asked.app, asked.params.get("at"))?;
    let view = Comparison::new(repository, name, both, moment)?;
    if asked.wants_json() {
        return json(&view);
    }
    let frame = Frame::new(asked, "", &view.moment);
    let source = shell_quote(&repository.shown_source());
    let assign = |stage: &gto::name::StageName| {
        format!(
            "gto assign {} --version {} --stage {} --repo {source}",
            shell_quote(&view.artifact),
            shell_quote(&view.to.version.to_string()),
            shell_quote(stage.as_str())
        )
    };
    // A commit without a version cannot be named so.
    let promotions = view.to.version.number().map(|_| view.stages.iter().take(10).map(assign).collect());
    page(&Compare { frame, promotions: promotions.unwrap_or_default(), view: &view })
}
