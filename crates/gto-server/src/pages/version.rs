//! `/r/{repo}/{name}@{version}` and `/r/{repo}/{name}/compare/{a}...{b}`

use askama::Template;
use axum::response::Response;
use gto::name::{ArtifactName, StageName};
use gto::version::VersionLabel;
use gto_frontend::text::shell_quote;

use crate::failure::Failure;
use crate::pages::asked::{Asked, json, page};
use crate::pages::frame::Frame;
use crate::pages::offers::{Offer, Offers};
use crate::pages::overview::marks;
use crate::state::marks::Mark;
use crate::state::repository::ServedRepository;
use crate::state::row::Row;
use crate::view::moment::Moment;
use crate::view::version::{Comparison, VersionPage};

/// For more stages nothing is offered.
const MOST_STAGES: usize = 10;

#[derive(Template)]
#[template(path = "version.html")]
struct Version<'a> {
    frame: Frame,
    view: &'a VersionPage,
    /// How to get it, if that can be.
    get: Option<String>,
    offers: Offers,
    changes: Vec<Offer>,
    /// What is remarkable about its being where it is.
    marks: Vec<Mark>,
    /// What to type to put it into its first stage.
    first_assignment: Option<String>,
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
    let offers = Offers::new(&asked.app, repository, &view.moment);
    let picture = repository.picture();
    let row = view.artifact.parse::<ArtifactName>().ok().and_then(|name| picture.rows.get(&name));
    let is_in_use = view.row.active && view.row.registered && row.is_some_and(|row| row.active);
    let get = is_in_use.then(|| format!("gto get {} --repo {}", shell_quote(&reference), offers.source()));
    let changes = changes(&offers, repository, &view);
    let first_assignment = row
        .filter(|_| is_in_use)
        .and_then(|row| offers.first_assignment(row, &view.row.version, &picture.stages));
    let marks = row.map(|row| marks_of(asked, row, &view.row.version)).unwrap_or_default();
    page(&Version { frame, view: &view, get, offers, changes, marks, first_assignment })
}

/// What is remarkable about a version's being where it is, each once.
fn marks_of(asked: &Asked, row: &Row, version: &VersionLabel) -> Vec<Mark> {
    let placed = row.stages.iter().map(|found| &found.placed).chain(&row.latest);
    let mut found: Vec<Mark> = Vec::new();
    for mark in
        placed.filter(|placed| placed.version == *version).flat_map(|placed| marks(asked, row, placed))
    {
        if !found.contains(&mark) {
            found.push(mark);
        }
    }
    found
}

#[derive(Template)]
#[template(path = "compare.html")]
struct Compare<'a> {
    frame: Frame,
    view: &'a Comparison,
    offers: Offers,
    /// To put the second one into a stage.
    promotions: Vec<Offer>,
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
    let offers = Offers::new(&asked.app, repository, &view.moment);
    let promotions = promotions(&offers, repository, &view.artifact, &view.to.version, &view.stages);
    page(&Compare { frame, offers, promotions, view: &view })
}

/// To put a version into each of these stages.
fn promotions(
    offers: &Offers,
    repository: &ServedRepository,
    name: &str,
    version: &VersionLabel,
    stages: &[StageName],
) -> Vec<Offer> {
    let picture = repository.picture();
    let row = name.parse::<ArtifactName>().ok().and_then(|name| picture.rows.get(&name));
    let Some(row) = row.filter(|row| row.active) else { return Vec::new() };
    let promote = |stage| offers.assign(row, version, stage, format!("Promote to {stage}"));
    stages.iter().take(MOST_STAGES).filter_map(promote).collect()
}

/// What can be done with a version.
fn changes(offers: &Offers, repository: &ServedRepository, view: &VersionPage) -> Vec<Offer> {
    if !view.row.active || !view.row.registered {
        return Vec::new();
    }
    let picture = repository.picture();
    let open: Vec<StageName> =
        picture.stages.iter().filter(|stage| !view.row.stages.contains(stage)).cloned().collect();
    let mut changes = promotions(offers, repository, &view.artifact, &view.row.version, &open);
    let row = view.artifact.parse::<ArtifactName>().ok().and_then(|name| picture.rows.get(&name));
    changes.extend(row.and_then(|row| offers.retire(row, Some(&view.row.version))));
    changes
}
