//! `gto remove`

use clap::Args;

use gto::annotation::Source;
use gto::{Author, Request};

use super::annotate::FileArg;
use super::{edits, operand};
use crate::args::RepoArgs;
use crate::candidates;
use crate::context::Context;
use crate::error::Result;

/// Remove the annotation of an artifact
///
/// Removes its entry from `dvc.yaml` or `artifacts.yaml` in the work tree, and leaves the rest of the file unchanged.
/// Tags, and so versions and stages, stay. To remove those, see `gto deprecate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto remove model\n  \
    gto remove nlp:model --commit --push")]
pub struct Remove {
    /// Artifact name
    #[arg(add = candidates::artifacts())]
    name: String,

    #[command(flatten)]
    repo: RepoArgs,

    /// The file to remove it from, if both have it
    #[arg(long, value_enum, value_name = "FILE")]
    file: Option<FileArg>,

    #[command(flatten)]
    edit: edits::EditArgs,
}

impl Remove {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open_to_edit(&self.repo.repo)?;
        let name = operand::artifact(&self.name, |_| Some(format!("gto deprecate {}", self.name)))?;
        let file = self.file.map(Source::from);
        let request = Request::RemoveAnnotation { artifact: name, file, author: Author::default() };
        edits::run(context, &registry, &request, &self.edit).map(drop)
    }
}
