//! `gto policy`

mod check;
mod explain;
mod export;
mod hook;
mod in_force;
mod init;

pub(super) use in_force::in_force;

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::error::Result;

/// Set up, check and explain the promotion policy
///
/// The file `.gto-policy.yaml` says what may be shown in which stage: from which stage a version comes, for how long it was there,
/// who signed, who approved. In force is the one on the default branch: in a clone that of the remote as last fetched.
#[derive(Debug, Args)]
pub struct PolicyCommand {
    /// What to do
    #[command(subcommand)]
    what: What,
}

/// What to do with the policy.
#[derive(Debug, Subcommand)]
enum What {
    Init(init::Init),
    Check(check::Check),
    Explain(explain::Explain),
    Export(export::Export),
    Hook(hook::Hook),
}

impl PolicyCommand {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        match self.what {
            What::Init(init) => init.run(context),
            What::Check(check) => check.run(context),
            What::Explain(explain) => explain.run(context),
            What::Export(export) => export.run(context),
            What::Hook(hook) => hook.run(context),
        }
    }
}
