//! What happened, in all repositories.

use std::cmp::Reverse;
use std::sync::Arc;

use gto::event::EventKind;
use gto::query::HistoryOptions;
use gto::report::EventReport;
use serde::Serialize;

use crate::app::App;
use crate::failure::Failure;
use crate::state::live::LiveEvent;
use crate::view::artifact::add_messages;
use crate::view::moment::Moment;
use crate::view::params::Params;

/// So much is on a page.
const PAGE: usize = 50;
/// Older events are asked for by time.
const MOST_PAGES: usize = 200;

/// What happened, newest first.
#[derive(Debug, Serialize)]
pub struct Activity {
    pub moment: Moment,
    pub events: Vec<Happened>,
    /// Tags that went or moved while the server ran: nothing else says so.
    pub lost: Vec<Arc<LiveEvent>>,
    pub page: usize,
    pub has_more: bool,
}

/// An event, and where.
#[derive(Debug, Clone, Serialize)]
pub struct Happened {
    pub repo: Arc<str>,
    #[serde(flatten)]
    pub event: EventReport,
}

impl Activity {
    /// What is asked for. Reads the messages of the tags on the page.
    pub fn new(app: &App, moment: Moment, params: &Params) -> Result<Self, Failure> {
        let page = params.number("page", 1, MOST_PAGES);
        let wanted = HistoryOptions { limit: Some(page * PAGE + 1), ..options(&moment, params)? };
        let mut events = Vec::new();
        let repo = params.get("repo");
        for repository in app.repositories.iter().filter(|one| repo.is_none_or(|repo| *one.id == *repo)) {
            let history = repository.picture().snapshot.history(&wanted);
            events.extend(
                history
                    .iter()
                    .map(|event| Happened { repo: Arc::clone(&repository.id), event: event.clone() }),
            );
        }
        events.sort_by_key(|happened| Reverse(happened.event.created_at.seconds()));
        let has_more = events.len() > page * PAGE;
        let mut events: Vec<Happened> = events.into_iter().skip((page - 1) * PAGE).take(PAGE).collect();
        for happened in &mut events {
            add_message(app, happened);
        }
        let is_first = page == 1 && moment.at.is_none();
        let lost = if is_first { lost(app, &wanted, repo) } else { Vec::new() };
        Ok(Self { moment, events, lost, page, has_more })
    }
}

fn options(moment: &Moment, params: &Params) -> Result<HistoryOptions, Failure> {
    let events = params.get("event").map(|word| {
        let known = EventKind::ALL.into_iter().find(|kind| kind.word() == word);
        known.ok_or_else(|| {
            let all = EventKind::ALL.map(EventKind::word).join(", ");
            Failure::invalid(format!("'{}' is no kind of event", word.escape_debug()))
                .hint(format!("choose {all}"))
        })
    });
    let stage = params.get("stage").map(|stage| stage.trim_start_matches('#').parse());
    let artifact = params.get("artifact").map(str::parse);
    Ok(HistoryOptions {
        events: events.transpose()?.into_iter().collect(),
        stage: stage
            .transpose()
            .map_err(|error: gto::name::InvalidName| Failure::invalid(error.to_string()))?,
        artifact: artifact
            .transpose()
            .map_err(|error: gto::name::InvalidName| Failure::invalid(error.to_string()))?,
        author: params.get("author").map(ToOwned::to_owned),
        until: moment.seconds(),
        ..HistoryOptions::default()
    })
}

fn lost(app: &App, wanted: &HistoryOptions, repo: Option<&str>) -> Vec<Arc<LiveEvent>> {
    let is_wanted = |event: &Arc<LiveEvent>| {
        repo.is_none_or(|repo| *event.repo == *repo)
            && wanted.artifact.as_ref().is_none_or(|name| event.change.artifact == *name)
    };
    app.live.lost().into_iter().filter(is_wanted).take(PAGE).collect()
}

fn add_message(app: &App, happened: &mut Happened) {
    if let Some(repository) = app.repository(&happened.repo) {
        add_messages(&repository.picture(), [&mut happened.event]);
    }
}
