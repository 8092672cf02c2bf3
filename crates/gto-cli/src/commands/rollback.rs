//! `gto rollback`

use clap::Args;

use gto::Request;

use super::{operand, write};
use crate::args::{RepoArgs, WriteArgs};
use crate::candidates;
use crate::context::Context;
use crate::error::Result;

/// Assign to a stage what was in it before
///
/// The new tag is an assignment, so that a pipeline deploys the older version as it would a new one. After v1, v2 and v3 in a stage,
/// one rollback gives v2 and another v1. Deregistered versions are passed over.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto rollback model prod                  the version before the one in prod\n  \
    gto rollback model prod --to v1.0.0      a version that was in prod once\n  \
    gto rollback model prod --dry-run        from which version to which")]
pub struct Rollback {
    /// Artifact name
    #[arg(add = candidates::artifacts())]
    name: String,

    /// Stage to roll back
    #[arg(add = candidates::stages())]
    stage: String,

    #[command(flatten)]
    repo: RepoArgs,

    /// Version to go back to, which was in the stage once
    #[arg(long, value_name = "VERSION", add = candidates::versions())]
    to: Option<String>,

    #[command(flatten)]
    write: WriteArgs,
}

impl Rollback {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open(&self.repo.repo)?;
        let name = operand::artifact(&self.name, |_| None)?;
        let author = operand::author(&self.write)?;
        let stage = operand::stage(&self.stage)?;
        let to = self.to.as_deref().map(|text| operand::version(text, &name)).transpose()?;
        let request = Request::Rollback { artifact: name, stage, to, tag: self.write.wish(), author };
        write::run(context, &registry, &request, &self.write).map(drop)
    }
}
