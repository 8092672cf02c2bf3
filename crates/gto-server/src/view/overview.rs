//! All artifacts of all repositories.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use gto::name::StageName;
use gto::query;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::failure::Failure;
use crate::state::picture::Picture;
use crate::state::repository::ServedRepository;
use crate::state::row::Row;
use crate::view::moment::Moment;
use crate::view::params::Params;

/// So many artifacts are on a page.
pub const PAGE: usize = 100;
/// A registry with more stages shows the first ones as columns.
const MOST_COLUMNS: usize = 12;

/// All artifacts of all repositories, or those that are asked for.
#[derive(Debug, Serialize)]
pub struct Overview {
    pub moment: Moment,
    /// The columns.
    pub stages: Vec<StageName>,
    /// Stages that have no column.
    pub more_stages: usize,
    /// The artifacts of this page.
    pub rows: Vec<Arc<Row>>,
    /// How many there are on all pages.
    pub total: usize,
    /// How many there are without filters.
    pub of: usize,
    pub page: usize,
    pub pages: usize,
    pub sort: Sort,
    pub filters: Vec<Filter>,
    /// What filters can be set to.
    #[serde(skip)]
    pub choices: Choices,
}

/// The order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    Name,
    Activity,
    Drift,
}

impl Sort {
    /// As in an address.
    pub fn of(text: Option<&str>) -> Result<Self, Failure> {
        match text {
            None | Some("name") => Ok(Self::Name),
            Some("activity") => Ok(Self::Activity),
            Some("drift") => Ok(Self::Drift),
            Some(other) => Err(Failure::invalid(format!("'{}' is no order", other.escape_debug()))
                .hint("choose name, activity or drift")),
        }
    }
}

/// A filter that is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Filter {
    pub name: &'static str,
    pub value: String,
    /// The query without it.
    #[serde(skip)]
    pub without: String,
}

/// What filters can be set to.
#[derive(Debug, Default)]
pub struct Choices {
    pub repos: Vec<Arc<str>>,
    pub types: BTreeSet<String>,
    pub labels: BTreeSet<String>,
}

/// The filters, in the order of their chips.
const FILTERS: [&str; 9] = ["q", "repo", "stage", "type", "label", "author", "since", "behind", "deprecated"];
/// More types or labels are not offered.
const MOST_CHOICES: usize = 200;

/// The artifacts of a repository at a moment. Those of now are looked at where they are.
pub enum Rows {
    Now(Arc<Picture>),
    Then(Vec<Arc<Row>>),
}

impl Rows {
    /// Of the repository's picture.
    pub fn at(repository: &ServedRepository, picture: &Arc<Picture>, moment: &Moment) -> Self {
        let Some(until) = moment.seconds() else { return Self::Now(Arc::clone(picture)) };
        let row = |name| {
            let artifact = picture.artifact(name, Some(until))?;
            let annotation = picture.annotations.get(name).map(|sourced| &sourced.annotation);
            Some(Arc::new(Row::new(&repository.id, &artifact, annotation)))
        };
        Self::Then(picture.rows.keys().filter_map(row).collect())
    }

    /// By name.
    pub fn iter(&self) -> Box<dyn Iterator<Item = &Arc<Row>> + '_> {
        match self {
            Self::Now(picture) => Box::new(picture.rows.values()),
            Self::Then(rows) => Box::new(rows.iter()),
        }
    }
}

impl Overview {
    /// What is asked for.
    pub fn new(app: &App, moment: Moment, params: &Params) -> Result<Self, Failure> {
        let selection = Selection::new(params)?;
        let mut columns: Vec<StageName> = Vec::new();
        let mut choices = Choices::default();
        let mut all = Vec::new();
        for repository in &app.repositories {
            choices.repos.push(Arc::clone(&repository.id));
            let picture = repository.picture();
            let wanted = picture.stages.iter().filter(|_| selection.has_repo(&repository.id));
            for stage in wanted {
                if !columns.contains(stage) {
                    columns.push(stage.clone());
                }
            }
            all.push(Rows::at(repository, &picture, &moment));
        }
        let (mut rows, mut used, mut of) = (Vec::new(), BTreeSet::new(), 0);
        for row in all.iter().flat_map(Rows::iter) {
            choices.add(row);
            of += usize::from(row.active);
            if selection.has(row) {
                let stages = row.stages.iter().map(|found| &found.stage);
                used.extend(stages.filter(|stage| !columns.contains(stage)).cloned());
                rows.push(row);
            }
        }
        let mut stages = query::stage_columns(Some(&columns), used);
        let more_stages = stages.len().saturating_sub(MOST_COLUMNS);
        stages.truncate(MOST_COLUMNS);
        let sort = Sort::of(params.get("sort"))?;
        sort_rows(&mut rows, sort);
        let total = rows.len();
        let pages = total.div_ceil(PAGE).max(1);
        let page = params.number("page", 1, pages);
        let rows = rows.into_iter().skip((page - 1) * PAGE).take(PAGE).cloned().collect();
        let filters = filters(params);
        Ok(Self { moment, stages, more_stages, rows, total, of, page, pages, sort, filters, choices })
    }
}

impl Filter {
    /// What a chip says.
    pub fn label(&self) -> String {
        let name = match self.name {
            "behind" => return "A stage is behind".to_owned(),
            "deprecated" => return "Deprecated too".to_owned(),
            "q" => "Search",
            "repo" => "Repository",
            "stage" => "Stage",
            "type" => "Type",
            "label" => "Label",
            "author" => "Who",
            "since" => "Changed since",
            other => other,
        };
        format!("{name}: {}", self.value)
    }
}

fn filters(params: &Params) -> Vec<Filter> {
    let filter = |name: &'static str| {
        let is_box = matches!(name, "behind" | "deprecated");
        let value = params.get(name).filter(|_| !is_box || params.is_set(name))?.to_owned();
        Some(Filter { name, value, without: params.with(name, None) })
    };
    FILTERS.into_iter().filter_map(filter).collect()
}

/// Sorts; by name they are by repository already.
fn sort_rows(rows: &mut [&Arc<Row>], sort: Sort) {
    match sort {
        Sort::Name => {}
        Sort::Activity => {
            rows.sort_by_key(|row| Reverse(row.newest.as_ref().map(|newest| newest.at.seconds())));
        }
        Sort::Drift => rows.sort_by_key(|row| Reverse(row.drift())),
    }
}

impl Choices {
    fn add(&mut self, row: &Row) {
        if let Some(kind) = row.kind.as_ref().filter(|_| self.types.len() < MOST_CHOICES)
            && !self.types.contains(kind)
        {
            self.types.insert(kind.clone());
        }
        for label in &row.labels {
            if self.labels.len() < MOST_CHOICES && !self.labels.contains(label) {
                self.labels.insert(label.clone());
            }
        }
    }
}

/// Which artifacts are wanted.
pub struct Selection {
    words: Vec<String>,
    repo: Option<String>,
    stage: Option<String>,
    kind: Option<String>,
    label: Option<String>,
    author: Option<String>,
    since: Option<i64>,
    behind: bool,
    deprecated: bool,
}

impl Selection {
    /// Those that the parameters ask for.
    pub fn new(params: &Params) -> Result<Self, Failure> {
        let since = params.get("since").map(|text| {
            day(text).ok_or_else(|| {
                Failure::invalid(format!("'{}' is no day", text.escape_debug()))
                    .hint("as in `since=2026-11-24`")
            })
        });
        let text = |name: &str| params.get(name).map(ToOwned::to_owned);
        Ok(Self {
            words: params
                .get("q")
                .map(|q| q.to_lowercase().split_whitespace().map(ToOwned::to_owned).collect())
                .unwrap_or_default(),
            repo: text("repo"),
            stage: text("stage").map(|stage| stage.trim_start_matches('#').to_owned()),
            kind: text("type"),
            label: text("label"),
            author: text("author").map(|author| author.to_lowercase()),
            since: since.transpose()?,
            behind: params.is_set("behind"),
            deprecated: params.is_set("deprecated"),
        })
    }

    /// Whether anything of this repository is.
    pub fn has_repo(&self, id: &str) -> bool {
        self.repo.as_deref().is_none_or(|repo| repo == id)
    }

    /// Whether this artifact is.
    pub fn has(&self, row: &Row) -> bool {
        let in_stage = |stage: &String| row.stages.iter().any(|found| found.stage.as_str() == stage);
        let by = |author: &String| {
            let authors = row.stages.iter().map(|found| &found.placed).chain(&row.latest);
            authors
                .filter_map(|placed| placed.author.as_ref())
                .any(|name| name.to_lowercase().contains(author.as_str()))
        };
        (row.active || self.deprecated)
            && self.has_repo(&row.repo)
            && self.stage.as_ref().is_none_or(in_stage)
            && self.kind.as_ref().is_none_or(|kind| row.kind.as_ref() == Some(kind))
            && self.label.as_ref().is_none_or(|label| row.labels.contains(label))
            && self.author.as_ref().is_none_or(by)
            && self
                .since
                .is_none_or(|since| row.newest.as_ref().is_some_and(|newest| newest.at.seconds() >= since))
            && (!self.behind || row.drift() > 0)
            && self.words.iter().all(|word| row.searched.contains(word.as_str()))
    }
}

/// The first second of a day, `2026-11-24`, or of a time.
fn day(text: &str) -> Option<i64> {
    if let Ok(date) = text.parse::<jiff::civil::Date>() {
        return Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second());
    }
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}
