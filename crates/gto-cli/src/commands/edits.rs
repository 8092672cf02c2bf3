//! What the commands that edit annotation files share: showing what changes, applying it and telling what was done.

use clap::Args;
use gto_frontend::text::{clean, shell_quote};
use serde::Serialize;
use similar::TextDiff;

use gto::plan::Stay;
use gto::{Applied, FileEdit, Plan, Registry, Request, WriteOptions, Written};

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

    /// Whether it is a move, of which entries can be left.
    #[arg(skip)]
    pub moves: bool,
}

/// Carries out a request unless this is a dry run, and reports it.
pub fn run(context: &mut Context, registry: &Registry, request: &Request, args: &EditArgs) -> Result<Plan> {
    if args.message.is_some() && !args.commit && !args.push && registry.url().is_none() {
        let hint = "add --commit, or leave out --message".to_owned();
        return Err(CommandError::arguments("`--message` is that of a commit, and none is to be made", hint));
    }
    let options = WriteOptions {
        push: Some(args.push),
        fetch: false,
        commit: args.commit,
        message: args.message.clone(),
        ..WriteOptions::default()
    };
    let mut warnings = Vec::new();
    let written = if args.dry_run {
        registry.plan_with(request, &options).map(|plan| {
            warnings.clone_from(&plan.warnings);
            Written { plan, applied: Applied::default() }
        })
    } else {
        registry.write_and_note(request, &options, &mut warnings)
    };
    if let Ok(Written { plan, applied }) = &written {
        context.printer.remarks(&applied.said);
        tell(context, plan, applied, &options, args)?;
    }
    for warning in &warnings {
        context.printer.warning(warning.to_string());
    }
    Ok(written?.plan)
}

fn tell(
    context: &mut Context,
    plan: &Plan,
    applied: &Applied,
    options: &WriteOptions,
    args: &EditArgs,
) -> Result<()> {
    let Some(plan) = &plan.files else { return Ok(()) };
    if args.json {
        let report = EditReport {
            dry_run: args.dry_run,
            files: plan.edits.iter().map(FileReport::new).collect(),
            commit: applied.commit.map(|commit| commit.to_string()),
            stays: args.moves.then_some(&plan.stays),
            pushed: applied.pushed_branch.as_ref().map(|(branch, remote)| PushReport { branch, remote }),
        };
        return Ok(context.printer.line(json::to_string(&report)?)?);
    }
    if plan.edits.is_empty() && applied.commit.is_none() && plan.stays.is_empty() {
        context.printer.hint("there is nothing to change");
    }
    for edit in &plan.edits {
        if args.dry_run {
            // The line ends of Windows are no part of what is shown: an edit keeps them.
            context.printer.raw(clean(&diff(edit).replace("\r\n", "\n")).as_bytes())?;
        } else {
            context.printer.line(format!("{} `{}`", edit.done(), clean(&edit.file)))?;
        }
    }
    if let Some(commit) = applied.commit {
        let message = options.message.as_ref().unwrap_or(&plan.message);
        let subject = message.lines().next().unwrap_or_default();
        context.printer.line(format!("Created commit {}: {}", commit.short(), clean(subject)))?;
    }
    if let Some((branch, remote)) = &applied.pushed_branch {
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
    stays: Option<&'a Vec<Stay>>,
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
