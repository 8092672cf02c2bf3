//! `gto ci pending`

use std::collections::HashSet;
use std::io::Read as _;

use clap::Args;
use gto::report::{EventReport, Schema};
use serde::Serialize;

use super::fetch::FetchArgs;
use crate::args::{PolicyArgs, RepoArgs};
use crate::candidates;
use crate::commands::operand;
use crate::commands::show::warn;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;

/// List the events of a stage that no pipeline may have seen, oldest first
///
/// GitHub starts no workflow for a push of more than three tags. A scheduled pipeline that keeps the tags it has handled finds
/// with this the others, and runs `gto ci TAG` for each.
///
/// Events are in the order of the times of their tags, and a tag may be pushed long after it was made: --since lists none that
/// arrives with an earlier time than the last one handled. --handled misses none: it lists every event that is not in the file.
///
/// Unless --no-fetch is given, the tags are fetched into the clone of gto's own; the checkout stays as it is.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto ci pending --stage prod --handled /dev/null       all events: the file to begin with\n  \
    gto ci pending --stage prod --handled handled         those that are not in the file\n  \
    gto ci pending --stage prod --since 1h\n  \
    gto ci pending --stage prod --since model#prod#7 --json")]
pub struct Pending {
    /// Stage of which the assignments and unassignments are listed
    #[arg(long, value_name = "STAGE", add = candidates::stages())]
    stage: String,

    /// Only what is later than this tag, or than a date: 2026-11-24, '2 weeks ago', 12h, 7d
    #[arg(long, value_name = "REF|TIME", required_unless_present = "handled")]
    since: Option<String>,

    /// Leave out the tags in this file, one a line; - for standard input
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    handled: Option<String>,

    #[command(flatten)]
    repo: RepoArgs,

    #[command(flatten)]
    policy: PolicyArgs,

    #[command(flatten)]
    fetch: FetchArgs,

    /// Print output in json format
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    schema: Schema,
    events: &'a [EventReport],
    /// The tags among them that later events of the same artifact follow in the stage.
    overtaken: Vec<&'a str>,
}

impl Pending {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let stage = operand::stage(&self.stage)?;
        let registry = context.open_reader(&self.repo.repo, self.policy)?;
        registry.check_stage(&stage)?;
        let handled = self.handled.as_deref().map(read_handled).transpose()?;
        let answer = registry.events_since(&stage, self.since.as_deref(), self.fetch.wanted());
        context.tell_left_out(&registry);
        let answer = answer?;
        warn(context, &answer.warnings);
        let mut events = answer.value;
        let last = last_of_each(&events);
        if let Some(handled) = &handled {
            events.retain(|event| !handled.contains(&*event.tag));
        }
        let is_overtaken = |event: &&EventReport| !last.contains(&*event.tag);
        let overtaken: Vec<&str> = events.iter().filter(is_overtaken).map(|event| &*event.tag).collect();
        if self.json {
            let report = Report { schema: Schema, events: &events, overtaken };
            context.printer.line(json::to_string(&report)?)?;
        } else {
            for event in &events {
                context.printer.line(&*event.tag)?;
            }
            self.hint(&events, &overtaken, context);
        }
        if handled.is_none() {
            context.printer.hint(
                "a tag that is pushed late, with an earlier time, is not listed: --handled FILE with the tags that are handled \
                 misses none",
            );
        }
        Ok(())
    }

    fn hint(&self, events: &[EventReport], overtaken: &[&str], context: &mut Context) {
        let stage = &self.stage;
        if events.is_empty() {
            let since = self.since.as_ref().map_or_else(String::new, |since| format!(" since {since}"));
            let handled = if self.handled.is_some() { " that are not handled" } else { "" };
            context.printer.hint(format!("stage '{stage}' has no events{since}{handled}"));
        }
        // With a file, one may follow that was handled before: to deploy this one would be a step back.
        if self.handled.is_some() && !overtaken.is_empty() {
            let tags = overtaken.join("', '");
            let text = format!("later events of the same artifact in stage '{stage}' follow on '{tags}'");
            context.printer.hint(text);
        }
    }
}

/// The tags in the file.
fn read_handled(path: &str) -> Result<HashSet<String>> {
    let mut text = Vec::new();
    let read = if path == "-" {
        std::io::stdin().read_to_end(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut text))
    };
    let what = || format!("The handled tags cannot be read from '{path}'");
    read.map_err(|source| CommandError::File { what: what(), source })?;
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(|line| line.strip_prefix("refs/tags/").unwrap_or(line).to_owned()).collect())
}

/// The tags of the last event of each artifact.
fn last_of_each(events: &[EventReport]) -> HashSet<String> {
    let mut artifacts = HashSet::new();
    let last = events.iter().rev().filter(|event| artifacts.insert(&event.artifact));
    last.map(|event| event.tag.to_string()).collect()
}
