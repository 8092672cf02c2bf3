//! The command line of Git Tag Ops.
//!
//! A thin front end: it parses arguments, calls the library, and prints. The logic is in the library (crate `gto`).

mod args;
mod candidates;
mod cli;
mod commands;
mod context;
mod empty;
mod error;
mod hints;
mod lazy;
mod output;
mod pager;
mod place;
mod printer;
mod progress;
mod topics;
mod usage;

use std::ffi::OsString;
use std::io::Write as _;
use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};
use gto_frontend::local_time::LocalTime;
#[cfg(unix)]
use gto_frontend::signals;

use cli::Cli;
use context::Context;
use error::{CommandError, Status};
use place::Place;
use printer::Printer;

/// Runs the command line of this process to its end.
pub fn main() -> ExitCode {
    cli::answer_shell();
    let words: Vec<OsString> = std::env::args_os().collect();
    if matches!(&words[..], [_, only] if only == "--version" || only == "-V") {
        return print_version();
    }
    if let Some(topic) = topics::asked_for(&self::words()) {
        return page(topic);
    }
    let cli = match parse(words) {
        Ok(cli) => cli,
        Err(error) => return wrong_usage(error),
    };
    cli.color.write_global();
    let started = start_in(&cli.folders);
    let mut context = Context::from_process(cli.verbose).with_interactive_prompt();
    context.no_pager = cli.no_pager;
    context.printer.place = Place::new(&cli.folders, cli::takes_repository);
    let result =
        started.and_then(|()| cli::run(cli, &mut context)).and_then(|()| Ok(context.printer.flush()?));
    let status = match result {
        Ok(()) => Status::Done.into(),
        Err(error) => report(&error, &mut context),
    };
    #[cfg(unix)]
    signals::end_if_heard();
    status
}

/// Changes to these folders, one after the other.
fn start_in(folders: &[PathBuf]) -> error::Result<()> {
    folders.iter().try_for_each(|folder| {
        let what = || format!("Cannot change to '{}'", folder.display());
        std::env::set_current_dir(folder).map_err(|source| CommandError::File { what: what(), source })
    })
}

/// Scripts ask for the version to see whether the command is there: without all that other commands need.
fn print_version() -> ExitCode {
    let mut context = Context::from_process(false);
    match commands::version::version(&mut context).and_then(|()| Ok(context.printer.flush()?)) {
        Ok(()) => Status::Done.into(),
        Err(error) => report(&error, &mut context),
    }
}

/// Reads the command line, in which nothing may be empty that is not free text.
fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let words: Vec<OsString> = words.into_iter().collect();
    let command = lazy::command_line::<Cli>(words.get(1).and_then(|word| word.to_str()));
    // Of no more use later; to take it apart would be a fiftieth of a short command.
    let mut command = ManuallyDrop::new(command);
    let mut matches = command.try_get_matches_from_mut(words)?;
    empty::refuse(&mut command, &matches)?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}

/// Whether a signal has broken this off, and all is as it was before.
fn is_interrupted(error: &CommandError) -> bool {
    use gto::AnnotateError::{Commit, NotPushed, PushInDoubt, Unfinished};
    let is_left = match error {
        CommandError::Registry(gto::Error::Annotate(Commit { left, .. })) => !left.is_empty(),
        CommandError::Registry(gto::Error::Annotate(
            NotPushed { .. } | PushInDoubt { .. } | Unfinished { .. },
        )) => true,
        _ => false,
    };
    #[cfg(unix)]
    let is_to_end = signals::is_to_end();
    #[cfg(not(unix))]
    let is_to_end = false;
    is_to_end && !is_left
}

/// The command line without the program.
fn words() -> Vec<String> {
    std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect()
}

/// Prints a page about all commands.
fn page(topic: &topics::Topic) -> ExitCode {
    let mut printer = Printer::new(false, false, LocalTime::of_machine());
    let printed = printer.raw(topics::text(topic).as_bytes()).and_then(|()| printer.flush());
    if tell_unwritten(printed, &mut printer) { Status::Failed.into() } else { Status::Done.into() }
}

/// Says that output could not be written, unless whoever reads it has read enough.
fn tell_unwritten(printed: std::io::Result<()>, printer: &mut Printer) -> bool {
    match printed {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            printer.error(&CommandError::Output(error), &[]);
            true
        }
        _ => false,
    }
}

/// Prints an error about the arguments, or the requested help.
fn wrong_usage(mut error: clap::Error) -> ExitCode {
    usage::forget_suggestions(&mut error, &words(), &mut Cli::command());
    let printed = error.print().and_then(|()| std::io::stdout().flush());
    let mut printer = Printer::new(false, false, LocalTime::of_machine());
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let is_lost = tell_unwritten(printed, &mut printer);
        return if is_lost { Status::Failed.into() } else { Status::Done.into() };
    }
    if let Some(hint) = usage::hint(&error, &words(), &Cli::command()) {
        printer.hint(hint);
    }
    Status::Usage.into()
}

fn report(error: &CommandError, context: &mut Context) -> ExitCode {
    match error {
        // Whoever read our output has read enough.
        CommandError::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            return Status::Done.into();
        }
        CommandError::Silent | CommandError::Different | CommandError::Violated => {}
        CommandError::Declined => context.printer.warning(error.to_string()),
        error if is_interrupted(error) => context.printer.warning("interrupted, and nothing was changed"),
        error => {
            let hints = hints::hints(error, context);
            context.printer.error(error, &hints);
        }
    }
    // What was printed before the error still counts.
    let printed = context.printer.flush();
    if !matches!(error, CommandError::Output(_)) {
        tell_unwritten(printed, &mut context.printer);
    }
    error.status().into()
}
