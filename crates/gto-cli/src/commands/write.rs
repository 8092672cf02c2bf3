//! What all writing commands share: having it done, and telling what was done.

use std::io::ErrorKind;

use gto::plan::{Plan, Step, Unchanged};
use gto::{Applied, Registry, Request, WriteOptions, Written};
use gto_frontend::advice;
use gto_frontend::reports::deleted::Deleted;
use gto_frontend::reports::policy;
use gto_frontend::reports::written::{self, WriteReport};

use super::confirm::{Agreed, confirm};
use super::first_use;
use crate::args::WriteArgs;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;
use crate::printer::Printer;

/// Carries out a request unless this is a dry run, and reports it. Returns what was planned.
pub fn run(context: &mut Context, registry: &Registry, request: &Request, args: &WriteArgs) -> Result<Plan> {
    let done = carry_out(context, registry, request, args);
    if let Err(CommandError::Registry(error)) = &done
        && args.json
        && let Some(verdict) = policy::refusal(error, args.dry_run)
    {
        context.printer.line(json::to_string(&verdict)?)?;
    }
    done
}

fn carry_out(
    context: &mut Context,
    registry: &Registry,
    request: &Request,
    args: &WriteArgs,
) -> Result<Plan> {
    let options = options(registry, args)?;
    context.artifact = request.artifacts().first().cloned();
    let agreed = confirm(context, registry, request, &options, args)?;
    let is_asked = matches!(agreed, Agreed::NewName);
    let mut warnings = Vec::new();
    let written = if args.dry_run {
        registry.plan_with(request, &options).map(|plan| {
            warnings.clone_from(&plan.warnings);
            let applied =
                Applied { pushed: plan.to_push.clone(), batch: options.push_batch, ..Applied::default() };
            Written { plan, applied }
        })
    } else if let Agreed::Deletion(plan) = agreed {
        // Nothing but what was agreed to.
        warnings.clone_from(&plan.warnings);
        registry.apply(&plan, &options).map(|applied| Written { plan: *plan, applied })
    } else {
        registry.write_and_note(request, &options, &mut warnings)
    };
    for warning in &warnings {
        context.printer.warning(advice::warning(warning, registry, "--fetch"));
    }
    let Written { plan, applied } = written?;
    context.printer.remarks(&applied.said);
    let told = tell(context, registry, (args, registry.pushes(&options)?), &plan, &applied);
    let told = told.and_then(|()| Ok(context.printer.flush()?));
    if let Err(CommandError::Output(error)) = &told
        && error.kind() != ErrorKind::BrokenPipe
        && !args.dry_run
        && applied.failure.is_none()
    {
        tell_done(&plan, context);
    }
    told?;
    for already in &plan.already {
        context.printer.hint(format!("{already}: nothing was changed"));
    }
    if plan.steps.is_empty() && plan.unchanged.is_empty() && plan.already.is_empty() && !args.json {
        let is_of_all = matches!(request, Request::RegisterChanged { .. });
        let nothing =
            if is_of_all { "no annotated artifact has changed" } else { "there is no tag to delete" };
        context.printer.hint(nothing);
    }
    if let Some(failure) = applied.failure {
        return Err(gto::Error::PartialPush(Box::new(failure)).into());
    }
    for Unchanged { artifact, version, withdrawn } in &plan.unchanged {
        let taken_back = if *withdrawn { ", which was deregistered" } else { "" };
        context
            .printer
            .hint(format!("'{artifact}' is what it was at {version}{taken_back}: no version is registered"));
    }
    let names = if is_asked { Vec::new() } else { first_use::hints(&plan, registry) };
    for hint in names {
        context.printer.hint(hint);
    }
    Ok(plan)
}

/// Says on stderr what was done where stdout takes nothing: else somebody does it again.
fn tell_done(plan: &Plan, context: &mut Context) {
    for step in &plan.steps {
        let done = if matches!(step, Step::Delete(_)) { "deleted" } else { "made" };
        context.printer.warning(format!("tag '{}' is {done}, though it cannot be printed", step.tag()));
    }
}

/// Prints what was done: on a terminal all of it, in a pipe what the Python tool prints, and the rest on stderr.
fn tell(
    context: &mut Context,
    registry: &Registry,
    (args, push): (&WriteArgs, bool),
    plan: &Plan,
    applied: &Applied,
) -> Result<()> {
    let printer = &mut context.printer;
    let repository = printer.place.repository();
    let deleted = if args.dry_run { None } else { Deleted::of(plan, applied, registry, (repository, push)) };
    if args.json {
        let report = WriteReport::new(plan, applied, args.dry_run).with(deleted);
        return Ok(printer.line(json::to_string(&report)?)?);
    }
    let lines = match &deleted {
        Some(deleted) if Printer::is_terminal() => deleted.lines(),
        _ => written::lines(plan, applied, &registry.remote_name(), push, args.dry_run),
    };
    for line in lines {
        printer.line(line)?;
    }
    if let Some(signing) = plan.signing.as_ref().filter(|_| args.dry_run) {
        printer.line(format!("Would sign {signing}"))?;
    }
    if let Some(deleted) = deleted.filter(|_| !Printer::is_terminal()) {
        for note in deleted.notes() {
            printer.hint(note);
        }
    }
    Ok(())
}

fn options(registry: &Registry, args: &WriteArgs) -> Result<WriteOptions> {
    // What is written to a clone of a remote repository exists only there.
    if args.no_push && registry.url().is_some() {
        let hint = "leave out --no-push, or see what would be done with --dry-run".to_owned();
        return Err(CommandError::arguments("A remote repository is written to by pushing", hint));
    }
    let push = (args.push || args.no_push).then_some(args.push);
    let push_batch = args.push_batch.map(usize::from);
    Ok(WriteOptions { push, fetch: args.fetch, push_batch, ..WriteOptions::default() })
}
