//! `gto deregister`

use clap::Args;

use gto::Request;
use gto::rules::Undo;

use super::operand::TrailingSelector;
use super::{operand, write};
use crate::args::{RepoArgs, WriteArgs};
use crate::candidates;
use crate::context::Context;
use crate::error::Result;

/// Take a version out of use
///
/// It is hidden, nothing can be assigned to it, and its number is not given to another commit. To register it again brings it back.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  gto deregister model v1.0.0")]
pub struct Deregister {
    /// Artifact name
    #[arg(add = candidates::artifacts())]
    name: String,

    /// Version
    #[arg(add = candidates::versions())]
    version: String,

    #[command(flatten)]
    repo: RepoArgs,

    #[command(flatten)]
    write: WriteArgs,
}

impl Deregister {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open(&self.repo.repo)?;
        let name = operand::artifact(&self.name, |trailing| match trailing {
            TrailingSelector::Version(name, version) => Some(format!("gto deregister {name} {version}")),
            TrailingSelector::Stage(..) => None,
        })?;
        let (tag, author) = (self.write.wish(), operand::author(&self.write)?);
        let version = operand::version(&self.version, &name)?;
        let request = Request::Deregister { artifact: name, version, undo: Undo::ByTag, tag, author };
        write::run(context, &registry, &request, &self.write).map(drop)
    }
}
