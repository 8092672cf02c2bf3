//! `gto migrate`

use clap::{Args, Subcommand, ValueEnum};

use gto::annotation::Source;
use gto::{AnnotateError, Author, Request};

use super::{edits, operand};
use crate::args::RepoArgs;
use crate::candidates;
use crate::context::Context;
use crate::error::Result;

/// Convert the registry's data to another format
#[derive(Debug, Args)]
pub struct Migrate {
    /// What to move
    #[command(subcommand)]
    what: What,
}

/// What can be moved.
#[derive(Debug, Subcommand)]
enum What {
    /// Move annotations from `artifacts.yaml` to `dvc.yaml`, or back
    ///
    /// Prints what would change. Add --apply, --commit or --push to do it. If an artifact has a field that the other
    /// file cannot hold, or cannot be read, nothing moves: name the artifacts to move, or add --skip-unmovable. Values
    /// keep their meaning, but not always their notation (`0o14` becomes `12`). Comments in the moved entries are lost;
    /// the rest of the files stays unchanged.
    ///
    /// Artifacts of folders stay in the `dvc.yaml` of their folder, since `artifacts.yaml` cannot hold them.
    #[command(after_help = "Examples:\n  \
        gto migrate annotations --to dvc                  what would change\n  \
        gto migrate annotations --to dvc --apply --commit\n  \
        gto migrate annotations model --to artifacts --apply")]
    Annotations(Annotations),
}

/// What to move where.
#[derive(Debug, Args)]
struct Annotations {
    /// Artifact names. If omitted, all artifacts
    #[arg(value_name = "NAME", add = candidates::artifacts())]
    names: Vec<String>,

    #[command(flatten)]
    repo: RepoArgs,

    /// The file to move them to
    #[arg(long, value_enum, value_name = "FILE")]
    to: To,

    /// Write the change instead of printing it
    #[arg(long, conflicts_with = "dry_run")]
    apply: bool,

    /// Move the artifacts that can be moved, and leave the others
    #[arg(long)]
    skip_unmovable: bool,

    #[command(flatten)]
    edit: edits::EditArgs,
}

/// Where annotations can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum To {
    /// `dvc.yaml`
    #[value(alias = "dvc.yaml")]
    Dvc,
    /// `artifacts.yaml`
    #[value(alias = "artifacts.yaml")]
    Artifacts,
}

impl Migrate {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let What::Annotations(annotations) = self.what;
        annotations.run(context)
    }
}

impl Annotations {
    fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open_to_edit(&self.repo.repo)?;
        let names =
            self.names.iter().map(|name| operand::artifact(name, |_| None)).collect::<Result<Vec<_>>>()?;
        let to = if self.to == To::Dvc { Source::Dvc } else { Source::Gto };
        // These flags imply --apply.
        let apply = (self.apply || self.edit.commit || self.edit.push) && !self.edit.dry_run;
        let request = Request::MoveAnnotations {
            to,
            artifacts: names,
            skip_unmovable: self.skip_unmovable,
            author: Author::default(),
        };
        let edit = edits::EditArgs { dry_run: !apply, moves: true, ..self.edit };
        let plan = edits::run(context, &registry, &request, &edit)?;
        let files = plan.files.unwrap_or_default();
        // A plan that would not be carried out is no plan.
        if !files.is_whole() {
            return Err(gto::Error::from(AnnotateError::Unmovable).into());
        }
        if !apply && !files.moved.is_empty() {
            context.printer.hint("to do it, run the command again with --apply");
        }
        Ok(())
    }
}
