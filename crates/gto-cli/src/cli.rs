//! The command line as a whole: the commands, and which one runs.
//!
//! Doc comments here are the help texts.

use std::path::PathBuf;

use anstream::ColorChoice;
use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::CompleteEnv;

use crate::candidates;
use crate::commands;
use crate::commands::completions::VARIABLE;
use crate::context::Context;
use crate::error::Result;
use crate::lazy::Lazy;

/// Git Tag Ops: turn your Git repository into an artifact registry
///
/// * Registry: Track new artifacts and their versions for releases and significant changes.
///
/// * Lifecycle Management: Create actionable stages for versions marking status of artifact or its readiness to be
///   consumed by a specific environment.
///
/// * GitOps: Signal CI/CD automation or other downstream systems to act upon these new versions and lifecycle updates.
#[derive(Debug, Parser)]
#[command(
    name = "gto",
    disable_version_flag = true,
    arg_required_else_help = true,
    args_override_self = true,
    infer_subcommands = false,
    after_help = "More help:\n  \
        gto help COMMAND      what a command does\n  \
        gto help environment  variables and settings\n  \
        gto help exit-status  what exit statuses mean",
    max_term_width = 100
)]
pub struct Cli {
    /// Show version and exit
    #[arg(long, short = 'V')]
    pub version: bool,

    /// Run as if started in PATH; may be repeated, each relative to the one before
    #[arg(short = 'C', value_name = "PATH", value_hint = clap::ValueHint::DirPath, action = clap::ArgAction::Append)]
    pub folders: Vec<PathBuf>,

    /// Show the configuration, and each git that is run with its time and messages
    #[arg(long, short, global = true, display_order = 998)]
    pub verbose: bool,

    /// When to use colours: `auto` on a terminal alone
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_short_help = true,
        display_order = 999
    )]
    pub color: ColorArg,

    /// Do not show long tables in a pager
    #[arg(long, global = true, hide_short_help = true, display_order = 999)]
    pub no_pager: bool,

    /// Accepted for the sake of the Python tool, and without effect
    #[arg(long, visible_alias = "tb", hide = true)]
    pub traceback: bool,

    /// What to do
    #[command(subcommand)]
    pub command: Option<Lazy<Command>>,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorArg {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always, in a pipe too
    Always,
    /// Never
    Never,
}

impl ColorArg {
    /// Makes it count for all that this process prints.
    pub fn write_global(self) {
        let choice = match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::AlwaysAnsi,
            Self::Never => ColorChoice::Never,
        };
        choice.write_global();
    }
}

/// What `gto` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    // Read the registry
    #[command(visible_alias = ALIASES[0])]
    Show(Lazy<commands::show::Show>),
    #[command(visible_alias = ALIASES[1])]
    History(Lazy<commands::history::HistoryArgs>),
    Compare(Lazy<commands::compare::Compare>),
    Describe(Lazy<commands::describe::Describe>),
    Resolve(Lazy<commands::resolve::Resolve>),
    CheckRef(Lazy<commands::check_ref::CheckRef>),
    Ci(Lazy<commands::ci::Ci>),
    Stages(Lazy<commands::stages::Stages>),
    Verify(Lazy<commands::verify::Verify>),
    Doctor(Lazy<commands::doctor::Doctor>),
    Policy(Lazy<commands::policy::PolicyCommand>),
    #[cfg(feature = "serve")]
    Serve(Lazy<commands::serve::Serve>),
    // The files of versions
    Get(Lazy<commands::get::Get>),
    Ls(Lazy<commands::ls::Ls>),
    Cat(Lazy<commands::cat::Cat>),
    // Modify artifacts
    Register(Lazy<commands::register::Register>),
    Assign(Lazy<commands::assign::Assign>),
    Promote(Lazy<commands::promote::Promote>),
    Rollback(Lazy<commands::rollback::Rollback>),
    Unassign(Lazy<commands::unassign::Unassign>),
    Deregister(Lazy<commands::deregister::Deregister>),
    Deprecate(Lazy<commands::deprecate::Deprecate>),
    Approve(Lazy<commands::approve::Approve>),
    // Annotate artifacts
    Annotate(Lazy<commands::annotate::Annotate>),
    Remove(Lazy<commands::remove::Remove>),
    Migrate(Lazy<commands::migrate::Migrate>),
    // The remote
    Status(Lazy<commands::status::Status>),
    Push(Lazy<commands::push::Push>),
    // Other
    Demo(Lazy<commands::demo::Demo>),
    Cache(Lazy<commands::cache::Cache>),
    Completions(Lazy<commands::completions::Completions>),
    /// Print the version, as `gto --version`
    #[command(hide = true)]
    Version,
    #[command(hide = true)]
    ParseTag(Lazy<commands::parse_tag::ParseTag>),
    #[command(hide = true)]
    PrintState(Lazy<commands::print_state::PrintState>),
    // No word that is near one that people type: clap would propose it.
    #[command(hide = true, name = "__xtask")]
    Generate(Lazy<commands::generate::Generate>),
}

/// Whether the command of this name, or one below it, has `--repo`.
pub fn takes_repository(name: &str) -> bool {
    let has = |command: &clap::Command| command.get_arguments().any(|arg| arg.get_long() == Some("repo"));
    Cli::command()
        .find_subcommand(name)
        .is_some_and(|command| has(command) || command.get_subcommands().any(has))
}

/// Runs the given command.
pub fn run(cli: Cli, context: &mut Context) -> Result<()> {
    match cli.command.map(|called| called.0) {
        None | Some(Command::Version) => commands::version::version(context),
        Some(Command::Show(show)) => show.0.run(context),
        #[cfg(feature = "serve")]
        Some(Command::Serve(serve)) => serve.0.run(context),
        Some(Command::Get(get)) => get.0.run(context),
        Some(Command::Ls(ls)) => ls.0.run(context),
        Some(Command::Cat(cat)) => cat.0.run(context),
        Some(Command::History(history)) => history.0.run(context),
        Some(Command::Describe(describe)) => describe.0.run(context),
        Some(Command::Resolve(resolve)) => resolve.0.run(context),
        Some(Command::CheckRef(check_ref)) => check_ref.0.run(context),
        Some(Command::Ci(ci)) => ci.0.run(context),
        Some(Command::Stages(stages)) => stages.0.run(context),
        Some(Command::Verify(verify)) => verify.0.run(context),
        Some(Command::Doctor(doctor)) => doctor.0.run(context),
        Some(Command::Policy(policy)) => policy.0.run(context),
        Some(Command::Register(register)) => register.0.run(context),
        Some(Command::Assign(assign)) => assign.0.run(context),
        Some(Command::Promote(promote)) => promote.0.run(context),
        Some(Command::Unassign(unassign)) => unassign.0.run(context),
        Some(Command::Deregister(deregister)) => deregister.0.run(context),
        Some(Command::Approve(approve)) => approve.0.run(context),
        Some(Command::Compare(compare)) => compare.0.run(context),
        Some(Command::Rollback(rollback)) => rollback.0.run(context),
        Some(Command::Deprecate(deprecate)) => deprecate.0.run(context),
        Some(Command::Annotate(annotate)) => annotate.0.run(context),
        Some(Command::Remove(remove)) => remove.0.run(context),
        Some(Command::Migrate(migrate)) => migrate.0.run(context),
        Some(Command::Status(status)) => status.0.run(context),
        Some(Command::Push(push)) => push.0.run(context),
        Some(Command::Demo(demo)) => demo.0.run(context),
        Some(Command::Cache(cache)) => cache.0.run(context),
        Some(Command::Completions(completions)) => completions.0.run(context),
        Some(Command::ParseTag(parse_tag)) => parse_tag.0.run(context),
        Some(Command::PrintState(print_state)) => print_state.0.run(context),
        Some(Command::Generate(generate)) => generate.0.run(context, Cli::command()),
    }
}

/// Prints completion candidates if a shell requested them, and exits; otherwise does nothing.
pub fn answer_shell() {
    CompleteEnv::with_factory(completed).var(VARIABLE).bin("gto").completer("gto").complete();
}

/// The command as it is completed: with flags only where one is begun, so that what fits the place is not lost among them.
fn completed() -> clap::Command {
    if candidates::is_flag_begun() {
        return Cli::command();
    }
    let command = without_flags(Cli::command());
    // Where all commands are listed, each has one name: clap would show the second one.
    if candidates::is_unbegun_without(&ALIASES) { command.mut_subcommands(without_alias) } else { command }
}

/// The second names of commands.
const ALIASES: [&str; 2] = ["list", "log"];

fn without_alias(command: clap::Command) -> clap::Command {
    command.visible_alias(None)
}

fn without_flags(command: clap::Command) -> clap::Command {
    let hidden = |arg: clap::Arg| if arg.is_positional() { arg } else { arg.hide(true) };
    command.disable_help_flag(true).mut_args(hidden).mut_subcommands(without_flags)
}
