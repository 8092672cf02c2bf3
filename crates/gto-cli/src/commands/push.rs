//! `gto push`

use clap::Args;
use serde::Serialize;

use gto::{Difference, TagDifference};

use super::status::ComparisonArgs;
use crate::context::Context;
use crate::error::Result;
use crate::output::json;

/// Push the registry's tags that are only here, all or none
///
/// A tag that is another one on the remote is neither pushed nor changed: `gto status` shows it. Tags that were deleted on the
/// remote count as only here: look at `gto status` or use `--dry-run` first.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto push --dry-run     what would be pushed\n  \
    gto push model         the tags of one artifact")]
pub struct Push {
    #[command(flatten)]
    of: ComparisonArgs,

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
        if !self.dry_run {
            registry.push_missing(&comparison)?;
        }
        let tags: Vec<&TagDifference> = comparison.of_kind(Difference::OnlyHere).collect();
        let printer = &mut context.printer;
        if self.json {
            let report = PushReport {
                dry_run: self.dry_run,
                remote: &comparison.remote,
                pushed: !self.dry_run,
                tags: tags.iter().map(|tag| tag.tag.as_str()).collect(),
            };
            printer.line(json::to_string(&report)?)?;
        } else {
            let done = if self.dry_run { "Would push" } else { "Pushed" };
            for tag in &tags {
                printer.line(format!("{done} git tag '{}' to {}", tag.tag, comparison.remote))?;
            }
        }
        if tags.is_empty() {
            printer
                .hint(format!("there is nothing to push: {} has every tag that is here", comparison.remote));
        }
        let differing = comparison.of_kind(Difference::Differs).count();
        if differing > 0 {
            let text = format!("left out what is another tag on {}: {differing}", comparison.remote);
            printer.warning(format!("{text} (`gto status` shows it)"));
        }
        Ok(())
    }
}

/// What `push --json` prints.
#[derive(Debug, Serialize)]
struct PushReport<'a> {
    dry_run: bool,
    remote: &'a str,
    pushed: bool,
    tags: Vec<&'a str>,
}
