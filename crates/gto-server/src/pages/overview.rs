//! `/`

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::response::Response;

use crate::config::settings::WriteMode;
use crate::pages::asked::{Asked, json, page};
use crate::pages::frame::Frame;
use crate::state::marks::Mark;
use crate::state::repository::ServedRepository;
use crate::state::row::{Placed, Row};
use crate::view::moment::Moment;
use crate::view::overview::{Filter, Overview, Sort};

/// More clones without tags are not named.
const MOST_UNTAGGED: usize = 3;

#[derive(Template)]
#[template(path = "overview.html")]
struct Page<'a> {
    frame: Frame,
    view: &'a Overview,
    asked: &'a Asked,
    groups: Vec<Group<'a>>,
    /// The repositories without any artifact, with what to type next.
    empty: Vec<Empty>,
    /// The clones that have artifacts by their annotations alone.
    untagged: Vec<Empty>,
    /// Whether there are buttons.
    is_writing: bool,
    /// Whether marks are still being found out.
    pending: bool,
}

/// Artifacts of one repository and folder.
struct Group<'a> {
    repo: &'a str,
    folder: &'a str,
    rows: Vec<&'a Row>,
}

/// A repository without artifacts.
struct Empty {
    id: Arc<str>,
    source: String,
    /// Tags may be on its remote.
    may_lack_tags: bool,
}

/// The overview.
pub async fn overview(asked: Asked) -> Response {
    asked
        .answer(|asked| {
            let moment = Moment::read(&asked.app, asked.params.get("at"))?;
            let view = Overview::new(&asked.app, moment, &asked.params)?;
            if asked.wants_json() {
                return json(&view);
            }
            let frame = Frame::new(asked, "overview", &view.moment);
            let groups = groups(&view);
            let is_writing = asked.app.settings.write != WriteMode::Off && view.moment.at.is_none();
            let (empty, untagged) = (empty(asked, &view), untagged(asked, &view));
            let pending = wants_marks(asked, &view.rows);
            page(&Page { frame, groups, empty, untagged, view: &view, asked, is_writing, pending })
        })
        .await
}

fn groups(view: &Overview) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for row in &view.rows {
        let (repo, folder) = if view.sort == Sort::Name { (&*row.repo, row.folder()) } else { ("", "") };
        match groups.last_mut() {
            Some(group) if group.repo == repo && group.folder == folder => group.rows.push(row),
            _ => groups.push(Group { repo, folder, rows: vec![row] }),
        }
    }
    groups
}

fn empty(asked: &Asked, view: &Overview) -> Vec<Empty> {
    let alone = match &view.filters[..] {
        [Filter { name: "repo", value, .. }] if view.total == 0 => Some(value),
        _ if view.of > 0 => return Vec::new(),
        _ => None,
    };
    if view.moment.at.is_some() {
        return Vec::new();
    }
    let wanted = |id: &Arc<str>| alone.is_none_or(|alone| **id == **alone);
    let seen = asked.app.repositories.iter().filter(|repository| wanted(&repository.id));
    let seen = seen.filter_map(|repository| {
        let picture = repository.picture();
        let registry = picture.registry.as_ref().filter(|_| picture.rows.is_empty())?;
        Some(Empty::new(repository, registry))
    });
    seen.collect()
}

/// The clones without any tag of a version, though annotations say what is registered.
fn untagged(asked: &Asked, view: &Overview) -> Vec<Empty> {
    let repositories = asked.app.repositories.iter().filter(|_| view.moment.at.is_none());
    let seen = repositories.filter_map(|repository| {
        let picture = repository.picture();
        let is_untagged = !picture.rows.is_empty() && picture.snapshot.tag_count() == 0;
        let registry = picture.registry.as_ref().filter(|_| is_untagged)?;
        Some(Empty::new(repository, registry)).filter(|empty| empty.may_lack_tags)
    });
    seen.take(MOST_UNTAGGED).collect()
}

impl Empty {
    fn new(repository: &ServedRepository, registry: &gto::Registry) -> Self {
        Self {
            id: Arc::clone(&repository.id),
            source: gto_frontend::text::shell_quote(&repository.shown_source()),
            may_lack_tags: !repository.is_remote() && registry.has_remote(),
        }
    }
}

/// Asks for the marks of what is shown, and returns whether some are not known yet. Of before, nothing is asked.
pub fn wants_marks<'r>(asked: &Asked, rows: impl IntoIterator<Item = &'r Arc<Row>>) -> bool {
    if asked.params.get("at").is_some() {
        return false;
    }
    let mut by_repository: BTreeMap<&str, Vec<&Arc<Row>>> = BTreeMap::new();
    for row in rows {
        by_repository.entry(&row.repo).or_default().push(row);
    }
    let mut are_wanted = false;
    for (id, rows) in by_repository {
        let repository = asked.app.repository(id);
        let Some(repository) = repository else { continue };
        let wanted = repository.want_marks(rows.into_iter());
        if wanted.any {
            asked.app.refresher.judge(repository);
        }
        are_wanted |= wanted.is_pending;
    }
    are_wanted
}

/// What is remarkable about something that is shown; of before, nothing is known.
pub fn marks(asked: &Asked, row: &Row, placed: &Placed) -> Vec<Mark> {
    let repository = asked.app.repository(&row.repo).filter(|_| asked.params.get("at").is_none());
    let Some((repository, tag)) = repository.zip(placed.tag.as_ref()) else { return Vec::new() };
    let mut marks = repository.marks().of(&row.name, tag);
    // The policy has a mark of its own.
    let (findings, earlier) = repository.findings_of_tag(tag);
    let findings = findings.into_iter().filter(|found| found.id != "policy-violated");
    marks.extend(findings.map(|found| Mark {
        text: found.id.to_owned(),
        is_bad: found.severity == "error",
        why: match earlier {
            None => found.message,
            Some(at) => format!("{} (found {at}, before the last change)", found.message),
        },
    }));
    marks
}

impl Page<'_> {
    fn value(&self, name: &str) -> &str {
        self.asked.params.get(name).unwrap_or_default()
    }

    fn href(&self, name: &str, value: &str) -> String {
        format!("/{}", self.asked.params.with(name, (!value.is_empty()).then_some(value)))
    }

    fn page_href(&self, page: usize) -> String {
        self.href("page", &page.to_string())
    }

    fn cells<'r>(&self, row: &'r Row) -> Vec<(&str, Option<&'r Placed>)> {
        self.view.stages.iter().map(|stage| (stage.as_str(), row.in_stage(stage))).collect()
    }

    fn marks(&self, row: &Row, placed: &Placed) -> Vec<Mark> {
        marks(self.asked, row, placed)
    }

    fn short<'n>(&self, row: &'n Row) -> &'n str {
        let (name, folder) = (row.name.as_str(), row.folder());
        let is_grouped = self.view.sort == Sort::Name && !folder.is_empty();
        name.get(folder.len() + 1..).filter(|_| is_grouped).unwrap_or(name)
    }
}
