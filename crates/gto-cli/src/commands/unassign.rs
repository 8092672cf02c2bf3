//! `gto unassign`

use clap::Args;

use gto::Request;
use gto::rules::Undo;

use super::{operand, write};
use crate::args::{RepoArgs, WriteArgs};
use crate::candidates;
use crate::context::Context;
use crate::error::Result;

/// Take a version out of a stage
///
/// What was assigned before it is shown again. Pipelines that deploy assignments do not react: see `gto rollback`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto unassign model prod             what the stage shows\n  \
    gto unassign model prod v1.0.0      that version, shown or not")]
pub struct Unassign {
    /// Artifact name
    #[arg(add = candidates::artifacts())]
    name: String,

    /// Stage
    #[arg(add = candidates::stages())]
    stage: String,

    /// Version to take out; without it the one that the stage shows
    #[arg(add = candidates::versions())]
    version: Option<String>,

    #[command(flatten)]
    repo: RepoArgs,

    #[command(flatten)]
    write: WriteArgs,
}

impl Unassign {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open(&self.repo.repo)?;
        let name = operand::artifact(&self.name, |_| None)?;
        let author = operand::author(&self.write)?;
        let stage = operand::stage(&self.stage)?;
        let version = self.version.as_deref().map(|text| operand::version(text, &name)).transpose()?;
        let (undo, tag) = (Undo::ByTag, self.write.wish());
        let request = Request::Unassign { artifact: name, version, stage, undo, tag, author };
        write::run(context, &registry, &request, &self.write).map(drop)
    }
}
