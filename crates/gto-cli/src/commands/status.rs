//! `gto status`

use clap::Args;
use gto_frontend::reports::StatusReport;
use gto_frontend::text::shell_quote;

use gto::name::ArtifactName;
use gto::rules::Refusal;
use gto::{Comparison, Difference, Registry, TagDifference};

use super::{changed, operand};
use crate::args::RepoArgs;
use crate::candidates;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;
use crate::output::table::{Cells, Style, Table};

/// Compare the registry's local tags with the remote's
///
/// Shows tags that exist only locally, only on the remote, or that differ. Fetches and changes nothing. Lightweight
/// tags and tags that are unrelated to the registry are left out.
///
/// Exit status: 0 if there is no difference, 3 if there is one, 1 if they cannot be compared. With `--changed`, it is
/// also 3 if an artifact's state is unknown.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto status                      all artifacts\n  \
    gto status model --json         one artifact, for scripts\n  \
    gto status --changed            which artifacts could have a new version\n  \
    gto status && echo 'in step'")]
pub struct Status {
    #[command(flatten)]
    of: ComparisonArgs,

    /// Show instead which annotated artifacts have changed since their highest version
    #[arg(long, conflicts_with = "remote")]
    changed: bool,

    /// Print output in json format
    #[arg(long)]
    json: bool,
}

/// What is compared with what.
#[derive(Debug, Args)]
pub struct ComparisonArgs {
    /// Artifact name. If omitted, all artifacts
    #[arg(add = candidates::artifacts())]
    name: Option<String>,

    #[command(flatten)]
    repo: RepoArgs,

    /// Name of the remote. Default: `GTO_REMOTE`, `gto.remote` of Git's configuration, `remote` in `.gto`, or the one that `git push` would use
    #[arg(long, value_name = "NAME")]
    remote: Option<String>,
}

impl ComparisonArgs {
    /// Compares the tags of one artifact, or of all, here and there.
    pub fn compare(&self, context: &mut Context) -> Result<(Registry, Comparison)> {
        let registry = context.open(&self.repo.repo)?;
        let name = self.artifact()?;
        if registry.url().is_some() {
            let hint = "name a folder with --repo, and another repository with --remote".to_owned();
            return Err(CommandError::arguments("A remote repository has no tags of its own here", hint));
        }
        let comparison = registry.compare(self.remote.as_deref(), name.as_ref())?;
        let is_known =
            comparison.same > 0 || !comparison.differences.is_empty() || !comparison.damaged.is_empty();
        if let Some(name) = name.filter(|_| !is_known) {
            return Err(Refusal::ArtifactNotFound { name: name.to_string() }.into());
        }
        Ok((registry, comparison))
    }

    fn artifact(&self) -> Result<Option<ArtifactName>> {
        self.name.as_deref().map(|name| operand::artifact(name, |_| None)).transpose()
    }

    /// The name and the remote, to type them again.
    fn again(&self) -> String {
        let name = self.name.as_ref().map_or_else(String::new, |name| format!(" {}", shell_quote(name)));
        let remote = self.remote.as_ref();
        let remote = remote.map_or_else(String::new, |name| format!(" --remote {}", shell_quote(name)));
        name + &remote
    }
}

impl Status {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        if self.changed {
            let registry = context.open(&self.of.repo.repo)?;
            return changed::run(context, &registry, self.of.artifact()?.as_ref(), self.json);
        }
        let (_, comparison) = self.of.compare(context)?;
        if let Some(warning) = comparison.damage_warning() {
            context.printer.warning(warning.to_string());
        }
        if self.json {
            context.printer.line(json::to_string(&StatusReport::new(&comparison))?)?;
        } else {
            print(&comparison, context)?;
            self.advise(&comparison, context);
        }
        if comparison.differences.is_empty() { Ok(()) } else { Err(CommandError::Different) }
    }

    fn advise(&self, comparison: &Comparison, context: &mut Context) {
        let remote = shell_quote(&comparison.source);
        let count = |kind| comparison.of_kind(kind).count();
        if count(Difference::OnlyHere) > 0 {
            context.printer.hint(format!("`gto push{}` pushes what is only here", self.of.again()));
        }
        if count(Difference::OnlyThere) > 0 {
            context.printer.hint(format!("`git fetch --tags {remote}` fetches what is only there"));
        }
        if let Some(tag) = comparison.of_kind(Difference::Differs).next() {
            let tag = shell_quote(&format!("refs/tags/{0}:refs/tags/{0}", tag.tag));
            context.printer.hint(format!("`git fetch --force {remote} {tag}` takes a tag as it is there"));
        }
    }
}

fn print(comparison: &Comparison, context: &mut Context) -> Result<()> {
    if comparison.differences.is_empty() {
        let text = match comparison.same {
            0 => format!("There are no tags, here or on {}", comparison.remote),
            1 => format!("1 tag, the same here and on {}", comparison.remote),
            same => format!("{same} tags, the same here and on {}", comparison.remote),
        };
        return Ok(context.printer.line(text)?);
    }
    let there = format!("only on {}", comparison.remote);
    let state = |tag: &TagDifference| match tag.kind() {
        Difference::OnlyHere => "only here".to_owned(),
        Difference::OnlyThere => there.clone(),
        Difference::Differs => "differs".to_owned(),
    };
    let cells = |tag: &TagDifference, cells: &mut Cells| {
        cells.push(&tag.tag);
        cells.push(&state(tag));
    };
    let table = Table {
        style: Style::FancyOutline,
        headers: &["tag", "state"],
        rows: &comparison.differences,
        unordered: &[],
        look: |_| 0,
        cells,
    };
    Ok(context.printer.table(&table, &[])?)
}
