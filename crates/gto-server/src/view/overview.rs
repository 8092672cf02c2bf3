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
use crate::state::choices::Choices;
use crate::state::picture::{Picture, stages_of};
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
    /// The repositories.
    #[serde(skip)]
    pub repos: Vec<Arc<str>>,
    /// What else filters can be set to.
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

    /// What an artifact is sorted by: the highest comes first, and of the same the first by name.
    pub fn value(self, row: &Row) -> i64 {
        match self {
            Self::Name => 0,
            Self::Activity => row.newest.as_ref().map_or(i64::MIN, |newest| newest.at.seconds()),
            Self::Drift => i64::try_from(row.drift()).unwrap_or(i64::MAX),
        }
    }

    /// The first of these artifacts, which are by name. The others are not sorted.
    pub fn first(self, rows: Vec<&Arc<Row>>, most: usize) -> Vec<&Arc<Row>> {
        if self == Self::Name {
            return rows.into_iter().take(most).collect();
        }
        let mut places: Vec<_> =
            rows.iter().enumerate().map(|(place, row)| (Reverse(self.value(row)), place)).collect();
        if most < places.len() {
            places.select_nth_unstable(most);
            places.truncate(most);
        }
        places.sort_unstable();
        places.into_iter().map(|(_, place)| rows[place]).collect()
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

/// The filters, in the order of their chips.
const FILTERS: [&str; 9] = ["q", "repo", "stage", "type", "label", "author", "since", "behind", "deprecated"];

/// The artifacts of a repository at a moment. Those of now are looked at where they are.
pub enum Rows {
    Now(Arc<Picture>),
    Then(Vec<Arc<Row>>),
}

impl Rows {
    /// Of the repository's picture.
    pub fn at(repository: &ServedRepository, picture: &Arc<Picture>, moment: &Moment) -> Self {
        let Some(until) = moment.seconds() else { return Self::Now(Arc::clone(picture)) };
        let annotations = moment.annotations(picture);
        let row = |name| {
            let artifact = picture.artifact(name, Some(until))?;
            let annotation = annotations.get(name).map(|sourced| &sourced.annotation);
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

    /// What they can be chosen by.
    fn choices(&self) -> Arc<Choices> {
        match self {
            Self::Now(picture) => Arc::clone(&picture.choices),
            Self::Then(rows) => Arc::new(Choices::of(rows.iter())),
        }
    }
}

impl Overview {
    /// What is asked for.
    pub fn new(app: &App, moment: Moment, params: &Params) -> Result<Self, Failure> {
        let selection = Selection::new(params)?;
        let sort = Sort::of(params.get("sort"))?;
        let mut choices = Choices::default();
        let (mut all, mut wanted) = (Vec::new(), Vec::new());
        for repository in &app.repositories {
            let picture = repository.picture();
            wanted.extend(selection.has_repo(&repository.id).then(|| Arc::clone(&picture)));
            let rows = Rows::at(repository, &picture, &moment);
            choices.join(&rows.choices());
            all.push(rows);
        }
        let columns = stages_of(&wanted);
        let of = choices.active;
        let page_of = |total: usize| params.number("page", 1, total.div_ceil(PAGE).max(1));
        let selected = all.iter().flat_map(Rows::iter).filter(|row| selection.has(row));
        // All of now by name, which is what is asked for most, are counted already.
        let is_counted = selection == Selection::default() && moment.at.is_none() && sort == Sort::Name;
        let rows: Vec<_> = selected.take(if is_counted { page_of(of) * PAGE } else { usize::MAX }).collect();
        let total = if is_counted { of } else { rows.len() };
        let mut used = BTreeSet::new();
        if moment.at.is_some() {
            // What was used then may have no column now.
            let stages = rows.iter().flat_map(|row| &row.stages).map(|found| &found.stage);
            used.extend(stages.filter(|stage| !columns.contains(stage)).cloned());
        }
        let mut stages = query::stage_columns(Some(&columns), used);
        let more_stages = stages.len().saturating_sub(MOST_COLUMNS);
        stages.truncate(MOST_COLUMNS);
        let (page, pages) = (page_of(total), total.div_ceil(PAGE).max(1));
        let rows = sort.first(rows, page * PAGE).into_iter().skip((page - 1) * PAGE).cloned().collect();
        let repos = app.repositories.iter().map(|repository| Arc::clone(&repository.id)).collect();
        let filters = filters(params);
        Ok(Self { moment, stages, more_stages, rows, total, of, page, pages, sort, filters, repos, choices })
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

/// Which artifacts are wanted; by default, all that are not deprecated.
#[derive(Debug, Default, PartialEq, Eq)]
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
