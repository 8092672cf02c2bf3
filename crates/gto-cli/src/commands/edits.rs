//! What the commands that edit annotation files share: showing what changes, applying it and telling what was done.

use clap::Args;
use gto_frontend::text::{clean, shell_quote};
use serde::Serialize;
use similar::TextDiff;

use gto::{AnnotationApplied, AnnotationPlan, Committing, FileEdit, MigrationPlan, Registry};

use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;

/// What becomes of an edit.
#[derive(Debug, Clone, Args)]
pub struct EditArgs {
    /// Commit the file and nothing else: the index and other files stay unchanged
    #[arg(long)]
    pub commit: bool,

    /// Commit the file, and push the current branch; always on with a remote `--repo`
    #[arg(long)]
    pub push: bool,

    /// Commit message; requires --commit, --push or a remote `--repo`
    #[arg(long, short, value_name = "TEXT", allow_hyphen_values = true)]
    pub message: Option<String>,

    /// Print what would change, as `git diff` does, and write nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Print what was done (or would be done, with `--dry-run`) in json format
    #[arg(long)]
    pub json: bool,
}

/// A plan, and what it leaves undone.
pub trait Planned: AsRef<AnnotationPlan> {
    /// The entries that stay where they are, and why; `None` if nothing is to be moved.
    fn stays(&self) -> Option<&[(String, String)]> {
        None
    }
}

impl Planned for AnnotationPlan {}

impl Planned for MigrationPlan {
    fn stays(&self) -> Option<&[(String, String)]> {
        Some(&self.refused)
    }
}

/// Applies a plan unless this is a dry run, and reports it.
pub fn carry_out<P: Planned>(
    context: &mut Context,
    registry: &Registry,
    mut plan: impl FnMut() -> Result<P>,
    args: &EditArgs,
) -> Result<P> {
    let committing = Committing {
        commit: args.commit,
        message: args.message.clone(),
        push: args.push,
        ..Committing::default()
    };
    if committing.message.is_some() && !committing.commit && !committing.push && registry.url().is_none() {
        let hint = "add --commit, or leave out --message".to_owned();
        return Err(CommandError::arguments("`--message` is that of a commit, and none is to be made", hint));
    }
    let (planned, applied) = if args.dry_run {
        let planned = plan()?;
        registry.check_annotations(planned.as_ref(), &committing)?;
        (planned, AnnotationApplied::default())
    } else {
        registry.edit_annotations(&committing, plan)?
    };
    context.printer.remarks(&applied.said);
    tell(context, &planned, &applied, &committing, args)?;
    Ok(planned)
}

fn tell(
    context: &mut Context,
    planned: &impl Planned,
    applied: &AnnotationApplied,
    committing: &Committing,
    args: &EditArgs,
) -> Result<()> {
    let plan = planned.as_ref();
    if args.json {
        let report = EditReport {
            dry_run: args.dry_run,
            files: plan.edits.iter().map(FileReport::new).collect(),
            commit: applied.commit.map(|commit| commit.to_string()),
            stays: planned.stays().map(|stays| stays.iter().map(StayReport::new).collect()),
            pushed: applied.pushed.as_ref().map(|(branch, remote)| PushReport { branch, remote }),
        };
        return Ok(context.printer.line(json::to_string(&report)?)?);
    }
    let is_done = planned.stays().is_none_or(<[_]>::is_empty);
    if plan.edits.is_empty() && applied.commit.is_none() && is_done {
        context.printer.hint("there is nothing to change");
    }
    for edit in &plan.edits {
        if args.dry_run {
            // The line ends of Windows are no part of what is shown: an edit keeps them.
            context.printer.raw(clean(&diff(edit).replace("\r\n", "\n")).as_bytes())?;
        } else {
            let done = if edit.after.is_some() { "Updated" } else { "Removed" };
            context.printer.line(format!("{done} `{}`", clean(&edit.file)))?;
        }
    }
    if let Some(commit) = applied.commit {
        let message = committing.message.as_ref().unwrap_or(&plan.message);
        let subject = message.lines().next().unwrap_or_default();
        context.printer.line(format!("Created commit {}: {}", commit.short(), clean(subject)))?;
    }
    if let Some((branch, remote)) = &applied.pushed {
        context.printer.line(format!("Successfully pushed branch {branch} to {}.", shell_quote(remote)))?;
    }
    Ok(())
}

/// What changes in a file, in the form of `git diff`.
fn diff(edit: &FileEdit) -> String {
    let (before, after) = (edit.before.as_deref(), edit.after.as_deref());
    let name = |side: &str, text: Option<&str>| match text {
        Some(_) => format!("{side}/{}", edit.file),
        None => "/dev/null".to_owned(),
    };
    TextDiff::from_lines(before.unwrap_or_default(), after.unwrap_or_default())
        .unified_diff()
        .header(&name("a", before), &name("b", after))
        .to_string()
}

/// What an edit did, or would do.
#[derive(Debug, Serialize)]
struct EditReport<'a> {
    dry_run: bool,
    /// None if everything was as it should be.
    files: Vec<FileReport<'a>>,
    commit: Option<String>,
    pushed: Option<PushReport<'a>>,
    /// What is not moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    stays: Option<Vec<StayReport<'a>>>,
}

#[derive(Debug, Serialize)]
struct StayReport<'a> {
    name: &'a str,
    reason: &'a str,
}

impl<'a> StayReport<'a> {
    fn new((name, reason): &'a (String, String)) -> Self {
        Self { name, reason }
    }
}

#[derive(Debug, Serialize)]
struct FileReport<'a> {
    file: &'a str,
    action: &'static str,
    diff: String,
}

#[derive(Debug, Serialize)]
struct PushReport<'a> {
    branch: &'a str,
    remote: &'a str,
}

impl<'a> FileReport<'a> {
    fn new(edit: &'a FileEdit) -> Self {
        let action = match (&edit.before, &edit.after) {
            (None, _) => "create",
            (Some(_), Some(_)) => "update",
            (Some(_), None) => "delete",
        };
        Self { file: &edit.file, action, diff: diff(edit) }
    }
}
