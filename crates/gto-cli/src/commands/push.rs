//! `gto push`

use clap::Args;
use serde::Serialize;

use gto::{Comparison, Difference, Sent};

use super::status::ComparisonArgs;
use crate::context::Context;
use crate::error::Result;
use crate::output::json;
use crate::printer::Printer;

/// Push tags that the remote lacks, atomically
///
/// More than 1,000 tags need several pushes, each of them atomic.
///
/// A tag that differs on the remote is not pushed: see `gto status`. Tags that were deleted on the remote are pushed
/// again: check with `gto status` or `--dry-run` first.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto push --dry-run     what would be pushed\n  \
    gto push model         the tags of one artifact")]
pub struct Push {
    #[command(flatten)]
    of: ComparisonArgs,

    /// Push at most N tags at a time, in the order in which they happened; each push is atomic. GitHub starts workflows for at most
    /// three
    #[arg(long = "push-batch", value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    batch: Option<u16>,

    /// Print what would be pushed, and push nothing
    #[arg(long)]
    dry_run: bool,

    /// Print what was pushed (or would be, with `--dry-run`) in json format
    #[arg(long)]
    json: bool,
}

impl Push {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let (registry, comparison) = self.of.compare(context)?;
        let printer = &mut context.printer;
        if let Some(warning) = comparison.damage_warning() {
            printer.warning(warning.to_string());
        }
        let batch = self.batch.map(usize::from);
        if let Some(warning) = registry.workflow_warning(&comparison, batch) {
            printer.warning(warning.to_string());
        }
        let sent = if self.dry_run {
            comparison.check_free()?;
            if let Some(warning) = comparison.warning() {
                printer.warning(warning.to_string());
            }
            let tags = comparison.of_kind(Difference::OnlyHere).map(|tag| tag.tag.clone());
            Sent { pushed: tags.collect(), ..Sent::default() }
        } else {
            let all = comparison.of_kind(Difference::OnlyHere).count();
            registry.push_missing(&comparison, batch, |done, pushes| match (done, pushes) {
                (0, 0..=1) => {}
                (0, pushes) => printer.hint(format!(
                    "{all} tags go to {} in {pushes} pushes; each arrives whole or not at all",
                    comparison.remote
                )),
                (done, _) => printer.hint(format!("pushed {done} of {all} tags")),
            })?
        };
        printer.remarks(&sent.said);
        self.tell(printer, &comparison, &sent)?;
        if let Some(failure) = sent.failure {
            return Err(gto::Error::PartialPush(Box::new(failure)).into());
        }
        let differing = comparison.of_kind(Difference::Differs).count();
        if sent.pushed.is_empty() {
            let which = if differing > 0 { "every other tag" } else { "every tag that is here" };
            printer.hint(format!("there is nothing to push: {} has {which}", comparison.remote));
        }
        if differing > 0 {
            let text = format!("left out what is another tag on {}: {differing}", comparison.remote);
            printer.warning(format!("{text} (`gto status` shows it)"));
        }
        Ok(())
    }

    fn tell(&self, printer: &mut Printer, comparison: &Comparison, sent: &Sent) -> Result<()> {
        let remote = &comparison.remote;
        if self.json {
            let (not_pushed, unknown) = match &sent.failure {
                Some(failure) => (failure.missing.as_slice(), failure.unknown.as_slice()),
                None => (&[][..], &[][..]),
            };
            let pushed = match (self.dry_run, not_pushed, unknown) {
                (false, [], []) => Some(true),
                (true, ..) | (_, _, []) => Some(false),
                _ => None,
            };
            let report =
                PushReport { dry_run: self.dry_run, remote, pushed, tags: &sent.pushed, not_pushed, unknown };
            return Ok(printer.line(json::to_string(&report)?)?);
        }
        let done = if self.dry_run { "Would push" } else { "Pushed" };
        for tag in &sent.pushed {
            printer.line(format!("{done} git tag '{tag}' to {remote}"))?;
        }
        Ok(())
    }
}

/// What `push --json` prints.
#[derive(Debug, Serialize)]
struct PushReport<'a> {
    dry_run: bool,
    remote: &'a str,
    /// Whether all of them are on the remote now; null if that is not known of some.
    pushed: Option<bool>,
    /// Those that are there now, or would be.
    tags: &'a [String],
    /// Those that did not arrive.
    not_pushed: &'a [String],
    /// The tags with an unknown result, since the remote cannot be reached.
    unknown: &'a [String],
}
