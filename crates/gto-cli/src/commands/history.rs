//! `gto history`

use std::collections::{BTreeSet, HashMap};

use anstyle::{AnsiColor, Style as Color};
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use gto::compat::{HistoryJson, Ids};
use gto::event::EventKind;
use gto::name::{ArtifactName, StageName};
use gto::query::{AnnotationFilter, HistoryOptions, ShowOptions};
use gto::reference::{Reference, Selector};
use gto::report::{EventReport, History};
use gto::signing::Verified;
use gto::version::VersionLabel;
use gto::{Detail, Registry, TagsToCheck, Timestamp};
use gto_frontend::advice::{self, Advice};
use gto_frontend::reports::policy;

use super::approve;
use super::policy::in_force;
use super::show::{ANNOTATION_COLUMNS, NOTHING_FOUND, annotation_cells, warn};
use crate::args::{PolicyArgs, RepoArgs};
use crate::candidates;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;
use crate::output::table::{Cells, STAGE, Style, Table};

/// Show a journal of registry operations
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto history model                 all events of an artifact\n  \
    gto history model#prod            what was in a stage, and when\n  \
    gto history model@v1.0.0          what happened to a version\n  \
    gto history --event assignment --since 7d -n 10")]
pub struct HistoryArgs {
    /// Artifact name to show, or NAME#stage, or NAME@version. If omitted, show all
    #[arg(add = candidates::references())]
    name: Option<String>,

    #[command(flatten)]
    repo: RepoArgs,

    /// Print output in json format
    #[arg(long)]
    json: bool,

    /// Print table in grep-able format
    #[arg(long)]
    plain: bool,

    /// Show the oldest first
    #[arg(long, visible_alias = "asc")]
    ascending: bool,

    /// Show only events of this kind; may be repeated
    #[arg(long, value_enum, value_name = "KIND")]
    event: Vec<EventArg>,

    /// Show only events of taggers whose name or e-mail address contains TEXT
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    author: Option<String>,

    /// Show only events since DATE: 2026-11-24, '2 weeks ago', 12h, 7d, 2w
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    since: Option<String>,

    /// Show only events until DATE; a day includes all its hours
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    until: Option<String>,

    /// Show only events of artifacts with this type in the event's commit (see `gto describe`)
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,

    /// Show only events of artifacts with this label; if repeated, with all of them
    #[arg(long, value_name = "LABEL")]
    label: Vec<String>,

    /// Add the author and the message to the table, and the annotations in the event's commit: type, path, labels and description
    #[arg(long, conflicts_with = "json")]
    wide: bool,

    /// Show approvals and their withdrawals instead of events: see `gto approve`
    #[arg(long, conflicts_with_all = ["plain", "ascending", "event", "author", "since", "until", "kind", "label", "wide", "limit", "verify", "policy"])]
    approvals: bool,

    /// Check each tag shown against the promotion policy, and add the verdict: see `gto policy check`. As `GTO_POLICY=enforce`
    #[arg(long)]
    policy: bool,

    /// Show at most N events
    #[arg(long, short = 'n', value_name = "N")]
    limit: Option<usize>,

    /// Check the signature of each tag shown, and add the result: see `gto verify`
    #[arg(long)]
    verify: bool,
}

/// The columns to leave out on a narrow terminal, in this order: the tag repeats most of them.
const FIRST_TO_GO: &[&str] =
    &["description", "labels", "type", "path", "message", "commit", "ref", "author", "stage"];

/// A kind of event, as an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct EventArg(EventKind);

impl ValueEnum for EventArg {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [EventArg; 5] = [
            EventArg(EventKind::Registration),
            EventArg(EventKind::Deregistration),
            EventArg(EventKind::Assignment),
            EventArg(EventKind::Unassignment),
            EventArg(EventKind::Deprecation),
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.word()))
    }
}

impl HistoryArgs {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        if self.json && self.plain {
            let hint = "choose one of --json, --plain".to_owned();
            return Err(CommandError::arguments("Only one output format allowed", hint));
        }
        let registry = context.open(&self.repo.repo)?;
        if self.approvals {
            return approve::list(context, &registry, self.name.as_deref(), self.json);
        }
        let (entries, is_damaged) = match self.options(&registry)? {
            Some(options) => {
                let answer = registry.history(&options, self.json || self.wide)?;
                warn(context, &answer.warnings);
                let is_damaged = answer.has_damage();
                (answer.value, is_damaged)
            }
            None => (History::default(), false),
        };
        let verified = if self.verify { verify(&registry, &entries)? } else { HashMap::new() };
        let is_judged = context.obeys_policy(PolicyArgs { policy: self.policy })?;
        let judged = if is_judged { judge(&registry, &entries)? } else { HashMap::new() };
        let printer = &mut context.printer;
        if self.json {
            let verified = self.verify.then_some(&verified);
            let judged = is_judged.then_some(&judged);
            let report = HistoryJson { history: &entries, ids: Ids::Full, verified, judged };
            printer.line(json::to_string(&report)?)?;
        } else if entries.is_empty() && is_damaged {
            // The empty result may be wrong: the warning explains why.
        } else if entries.is_empty() {
            printer.line(NOTHING_FOUND)?;
            for hint in self.why_nothing(context, &registry) {
                context.printer.hint(hint);
            }
        } else {
            let style = if self.plain { Style::Plain } else { Style::FancyOutline };
            let mut headers = vec!["timestamp", "artifact", "event", "version", "stage", "commit", "ref"];
            headers.extend(["author", "message"].into_iter().filter(|_| self.wide));
            headers.extend(ANNOTATION_COLUMNS.into_iter().filter(|_| self.wide));
            headers.extend(self.verify.then_some("verified"));
            headers.extend(is_judged.then_some("policy"));
            let rows: Vec<&EventReport> = entries.iter().collect();
            let unordered: Vec<&EventReport> = entries.iter_unordered().collect();
            let cells = |entry: &&EventReport, cells: &mut Cells| {
                row(entry, cells);
                if self.wide {
                    cells.push(&entry.author);
                    cells.push(entry.message.lines().next().unwrap_or_default());
                    annotation_cells(entries.annotation(entry), cells);
                }
                if self.verify {
                    cells.push_option(verified.get(&*entry.tag).map(|verified| verified.word()));
                }
                if is_judged {
                    cells.push_option(judged.get(&*entry.tag).copied());
                }
            };
            let look = |entry: &&EventReport| look(entry);
            let table = Table { style, headers: &headers, rows: &rows, unordered: &unordered, look, cells };
            printer.table(&table, FIRST_TO_GO)?;
            // The process ends here, and to give back the memory of 100,000 entries takes 15 % of the time.
            std::mem::forget(entries);
        }
        Ok(())
    }

    fn why_nothing(&self, context: &mut Context, registry: &Registry) -> Vec<String> {
        let name = self.name.as_deref();
        let in_words = |advice: Advice| advice.for_shell();
        let advice = name.and_then(|name| advice::nothing_in_history(name, context));
        let mut hints: Vec<String> = advice.map(in_words).into_iter().collect();
        let is_filtered = !(self.event.is_empty() && self.label.is_empty())
            || [&self.author, &self.since, &self.until, &self.kind].into_iter().any(Option::is_some);
        if self.limit == Some(0) {
            hints.push("`--limit 0` shows no event".to_owned());
        } else if hints.is_empty() && is_filtered {
            hints.push("no event matches the filters: leave out one of them".to_owned());
        } else if name.is_none() {
            hints.extend(advice::nothing_registered(registry).map(in_words));
        }
        hints
    }

    /// The filter; `None` if no event can match.
    fn options(&self, registry: &Registry) -> Result<Option<HistoryOptions>> {
        let since = self.since.as_deref().map(|text| registry.date(text)).transpose()?;
        let until = self.until.as_deref().map(|text| registry.end_date(text)).transpose()?;
        let mut options = HistoryOptions {
            events: self.event.iter().map(|kind| kind.0).collect(),
            author: self.author.clone(),
            since: since.map(Timestamp::seconds),
            until: until.map(Timestamp::seconds),
            limit: self.limit,
            ascending: self.ascending,
            annotation: AnnotationFilter { kind: self.kind.clone(), labels: self.label.clone() },
            annotations: self.wide,
            ..HistoryOptions::default()
        };
        let Some(name) = self.name.as_deref() else {
            return Ok(Some(options));
        };
        let reference = Reference::parse(name);
        let Ok(artifact) = reference.name.parse() else {
            return Ok(None);
        };
        options.artifact = Some(artifact);
        Ok(select(registry, &reference, &mut options)?.then_some(options))
    }
}

/// A byte of each text of the row.
fn look(entry: &EventReport) -> u8 {
    let version = entry.version.as_deref().map_or(0, |version| u8::from(version.number().is_some()));
    let texts = [&*entry.tag, entry.artifact.as_str(), entry.stage.as_ref().map_or("", StageName::as_str)];
    texts.iter().filter_map(|text| text.bytes().next()).fold(version, |all, byte| all ^ byte)
}

/// Asks for what the reference selects of its artifact. `false` if no event can be it.
pub fn select(registry: &Registry, reference: &Reference, options: &mut HistoryOptions) -> Result<bool> {
    match reference.selector.clone() {
        None => {}
        Some(Selector::Stage(stage)) => options.stage = Some(stage),
        Some(Selector::Version(version)) => options.version = Some(version),
        Some(Selector::Latest) => {
            let shown = registry.show_versions(reference, &ShowOptions::default(), Detail::Brief)?;
            let latest = shown.value.versions.first().and_then(|version| version.version.number().cloned());
            let Some(latest) = latest else { return Ok(false) };
            options.version = Some(latest);
        }
    }
    Ok(true)
}

/// What the signature of each tag is worth.
fn verify(registry: &Registry, entries: &History) -> Result<HashMap<String, Verified>> {
    let verified = registry.verify_tags(entries.iter().map(|entry| &*entry.tag))?;
    Ok(verified.value.into_iter().map(|verification| (verification.tag, verification.result)).collect())
}

/// What the policy says of each tag.
fn judge(registry: &Registry, entries: &History) -> Result<HashMap<String, &'static str>> {
    let in_force = in_force(registry)?;
    let artifacts: BTreeSet<&ArtifactName> = entries.iter().map(|entry| &entry.artifact).collect();
    let artifacts: Vec<ArtifactName> = artifacts.into_iter().cloned().collect();
    let report = registry.check_policy(&in_force, &artifacts, &TagsToCheck::All)?;
    Ok(report.tags.into_iter().map(|tag| (tag.tag, policy::word(&tag.judgement))).collect())
}

/// What gives is green, what takes away is yellow, and a deprecation red.
fn color_of(event: EventKind) -> Color {
    let color = match event {
        EventKind::Registration | EventKind::Assignment => AnsiColor::Green,
        EventKind::Deregistration | EventKind::Unassignment => AnsiColor::Yellow,
        EventKind::Deprecation => AnsiColor::Red,
    };
    color.on_default()
}

fn row(entry: &EventReport, cells: &mut Cells) {
    cells.push_time(entry.created_at);
    cells.push(entry.artifact.as_str());
    cells.push_colored(entry.event.word(), color_of(entry.event));
    match entry.version.as_deref() {
        Some(VersionLabel::Number(version)) => cells.push_value(version),
        Some(VersionLabel::Commit(id)) => cells.push(&id.short()),
        None => cells.push_missing(),
    }
    cells.push_option(entry.stage.as_ref().map(StageName::as_str));
    cells.color(STAGE);
    cells.push(&entry.commit.short());
    cells.push(&entry.tag);
}
