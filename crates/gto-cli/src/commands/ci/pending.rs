//! `gto ci pending`

use clap::Args;
use gto::report::{EventReport, Schema};
use serde::Serialize;

use super::fetch::FetchArgs;
use crate::args::{PolicyArgs, RepoArgs};
use crate::candidates;
use crate::commands::operand;
use crate::commands::show::warn;
use crate::context::Context;
use crate::error::Result;
use crate::output::json;

/// List the events of a stage that no pipeline may have seen, oldest first
///
/// GitHub starts no workflow for a push of more than three tags. A scheduled pipeline that keeps the last tag it has handled finds
/// with this what came after it, and runs `gto ci TAG` for each.
///
/// Unless --no-fetch is given, the tags are fetched into the clone of gto's own; the checkout stays as it is.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto ci pending --stage prod --since 1h\n  \
    gto ci pending --stage prod --since model#prod#7 --json")]
pub struct Pending {
    /// Stage of which the assignments and unassignments are listed
    #[arg(long, value_name = "STAGE", add = candidates::stages())]
    stage: String,

    /// The last tag that was handled, or a date: 2026-11-24, '2 weeks ago', 12h, 7d
    #[arg(long, value_name = "REF|TIME")]
    since: String,

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
}

impl Pending {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let stage = operand::stage(&self.stage)?;
        let registry = context.open_reader(&self.repo.repo, self.policy)?;
        registry.check_stage(&stage)?;
        let answer = registry.events_since(&stage, &self.since, self.fetch.wanted());
        context.tell_left_out(&registry);
        let answer = answer?;
        warn(context, &answer.warnings);
        if self.json {
            let report = Report { schema: Schema, events: &answer.value };
            return Ok(context.printer.line(json::to_string(&report)?)?);
        }
        for event in &answer.value {
            context.printer.line(&*event.tag)?;
        }
        if answer.value.is_empty() {
            context.printer.hint(format!("stage '{stage}' has no events since {}", self.since));
        }
        Ok(())
    }
}
