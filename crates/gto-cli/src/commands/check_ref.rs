//! `gto check-ref`

use clap::Args;
use gto_frontend::advice::fetch_tags;

use gto::compat::EventJson;
use gto::report::EventReport;
use gto::version::VersionLabel;
use gto::{CheckedRef, Registry};

use super::show::warn;
use crate::args::{PolicyArgs, RepoArgs};
use crate::candidates;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;

/// Find out the artifact version registered/assigned with ref
///
/// For pipelines that a tag starts. With one of the flags, this prints a single value, or nothing if the tag has none.
/// The exit status is 0, even for a tag that is unrelated to the registry; with --policy 4 for one that violates the policy.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto check-ref model#prod#3\n  \
    gto check-ref \"$GITHUB_REF\" --stage      refs/tags/model#prod#3: prints prod")]
pub struct CheckRef {
    /// Git reference to analyze: a tag, as `x` or `refs/tags/x`
    #[arg(value_name = "REF", add = candidates::tags())]
    reference: String,

    #[command(flatten)]
    repo: RepoArgs,

    #[command(flatten)]
    policy: PolicyArgs,

    /// Print output in json format
    #[arg(long)]
    json: bool,

    /// Show artifact name
    #[arg(long)]
    name: bool,

    /// Output artifact version
    #[arg(long)]
    version: bool,

    /// Show event
    #[arg(long)]
    event: bool,

    /// Show artifact stage
    #[arg(long)]
    stage: bool,
}

impl CheckRef {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        if [self.json, self.name, self.version, self.event, self.stage].iter().filter(|flag| **flag).count()
            > 1
        {
            let hint = "choose one of --json, --name, --version, --event, --stage".to_owned();
            return Err(CommandError::arguments("Only one output format allowed", hint));
        }
        let registry = context.open_reader(&self.repo.repo, self.policy)?;
        let answer = registry.check_ref(&self.reference);
        context.tell_left_out(&registry);
        let answer = answer?;
        warn(context, &answer.warnings);
        let nothing = match answer.value {
            CheckedRef::Event(event) => return self.print(context, &registry, &event),
            CheckedRef::NoTag => format!("there is no tag '{}' in this repository", self.reference),
            CheckedRef::Foreign => format!("tag '{}' is not one of the registry's", self.reference),
            // The warning is the reason.
            CheckedRef::Violating => return Err(CommandError::Violated),
            CheckedRef::Lightweight => {
                let why = "is lightweight, only annotated tags are events: fetch the tag itself \
                           (`git fetch --tags --force`), a CI checkout may have made this one";
                context.printer.warning(format!("tag '{}' {why}", self.reference));
                return Ok(());
            }
            CheckedRef::NoEvent { reason } => format!("tag '{}' is no event: {reason}", self.reference),
        };
        context.printer.hint(nothing);
        Ok(())
    }

    fn print(&self, context: &mut Context, registry: &Registry, event: &EventReport) -> Result<()> {
        let shows_version = !(self.name || self.stage || self.event);
        if shows_version && let Some(VersionLabel::Commit(commit)) = event.version.as_deref() {
            let fetch = fetch_tags(registry)
                .map(|fetch| format!(", and this clone may lack tags: fetch them (`{fetch}`) and ask again"));
            context.printer.warning(format!(
                "no version of '{}' is registered here on commit {}{}",
                event.artifact,
                commit.short(),
                fetch.unwrap_or_default()
            ));
        }
        if self.json {
            return Ok(context.printer.line(json::to_string(&EventJson::checked(event.clone()))?)?);
        }
        let (what, value) = if self.name {
            ("name", Some(event.artifact.to_string()))
        } else if self.version {
            ("version", event.version.as_ref().map(ToString::to_string))
        } else if self.stage {
            ("stage", event.stage.as_ref().map(ToString::to_string))
        } else if self.event {
            ("event", Some(event.event.to_string()))
        } else {
            return Ok(context.printer.line_with_emoji("✅ ", event.sentence())?);
        };
        match value {
            Some(value) => context.printer.line(value)?,
            None => context.printer.hint(format!("tag '{}' has no {what}", self.reference)),
        }
        Ok(())
    }
}
