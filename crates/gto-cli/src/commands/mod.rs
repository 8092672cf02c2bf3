//! The commands: one file each, with its arguments (their doc comments are the help) and a function with the
//! rhythm *resolve, check and refuse with a hint, do, tell*.

mod annotate;
mod assign;
mod cache;
mod changed;
mod check_ref;
pub mod completions;
mod demo;
mod deprecate;
mod describe;
mod doctor;
mod edits;
mod generate;
mod history;
mod migrate;
mod novelty;
mod operand;
mod parse_tag;
mod print_state;
mod push;
mod register;
mod remove;
mod resolve;
mod show;
mod stages;
mod status;
mod verify;
mod write;

use clap::Subcommand;

use crate::args::Cli;
use crate::context::Context;
use crate::error::Result;

/// What `gto` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    // Read the registry
    Show(show::Show),
    History(history::HistoryArgs),
    Describe(describe::Describe),
    Resolve(resolve::Resolve),
    CheckRef(check_ref::CheckRef),
    Stages(stages::Stages),
    Verify(verify::Verify),
    Doctor(doctor::Doctor),
    // Modify artifacts
    Register(register::Register),
    #[command(visible_alias = "promote")]
    Assign(assign::Assign),
    Deprecate(deprecate::Deprecate),
    // Annotate artifacts
    Annotate(annotate::Annotate),
    Remove(remove::Remove),
    Migrate(migrate::Migrate),
    // The remote
    Status(status::Status),
    Push(push::Push),
    // Other
    Demo(demo::Demo),
    Cache(cache::Cache),
    Completions(completions::Completions),
    /// Print the version, as `gto --version`
    #[command(hide = true)]
    Version,
    #[command(hide = true)]
    ParseTag(parse_tag::ParseTag),
    #[command(hide = true)]
    PrintState(print_state::PrintState),
    // No word that is near one that people type: clap would propose it.
    #[command(hide = true, name = "__xtask")]
    Generate(generate::Generate),
}

/// Runs the command that was asked for.
pub fn run(cli: Cli, context: &mut Context) -> Result<()> {
    match cli.command {
        None | Some(Command::Version) => version(context),
        Some(Command::Show(show)) => show.run(context),
        Some(Command::History(history)) => history.run(context),
        Some(Command::Describe(describe)) => describe.run(context),
        Some(Command::Resolve(resolve)) => resolve.run(context),
        Some(Command::CheckRef(check_ref)) => check_ref.run(context),
        Some(Command::Stages(stages)) => stages.run(context),
        Some(Command::Verify(verify)) => verify.run(context),
        Some(Command::Doctor(doctor)) => doctor.run(context),
        Some(Command::Register(register)) => register.run(context),
        Some(Command::Assign(assign)) => assign.run(context),
        Some(Command::Deprecate(deprecate)) => deprecate.run(context),
        Some(Command::Annotate(annotate)) => annotate.run(context),
        Some(Command::Remove(remove)) => remove.run(context),
        Some(Command::Migrate(migrate)) => migrate.run(context),
        Some(Command::Status(status)) => status.run(context),
        Some(Command::Push(push)) => push.run(context),
        Some(Command::Demo(demo)) => demo.run(context),
        Some(Command::Cache(cache)) => cache.run(context),
        Some(Command::Completions(completions)) => completions.run(context),
        Some(Command::ParseTag(parse_tag)) => parse_tag.run(context),
        Some(Command::PrintState(print_state)) => print_state.run(context),
        Some(Command::Generate(generate)) => generate.run(context),
    }
}

/// Prints the version, as `gto --version` and `gto doctor` show it.
fn version(context: &mut Context) -> Result<()> {
    let text = format!("GTO Version: {}", env!("CARGO_PKG_VERSION"));
    Ok(context.printer.line_with_emoji("🪴 ", text)?)
}
