//! `gto migrate`

use clap::{Args, Subcommand, ValueEnum};

use gto::AnnotateError;
use gto::annotation::Source;

use super::{completions, edits, operand};
use crate::args::RepoArgs;
use crate::context::Context;
use crate::error::Result;

/// Move what the registry keeps from one form to another
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
    /// Prints what would change; with --apply it is done. What has no place in the other file keeps an artifact from moving, and
    /// then none moves: name those that should. Comments in the moved entries stay behind, everything else of the files
    /// is kept. Only the `dvc.yaml` in the root of the repository counts.
    #[command(after_help = "Examples:\n  \
        gto migrate annotations --to dvc                  what would change\n  \
        gto migrate annotations --to dvc --apply --commit\n  \
        gto migrate annotations model --to artifacts --apply")]
    Annotations(Annotations),
}

/// What to move where.
#[derive(Debug, Args)]
struct Annotations {
    /// Artifacts; all if none is named
    #[arg(value_name = "NAME", add = completions::artifacts())]
    names: Vec<String>,

    #[command(flatten)]
    repo: RepoArgs,

    /// The file to move them to
    #[arg(long, value_enum, value_name = "FILE")]
    to: To,

    /// Do it, instead of printing what would be done
    #[arg(long, conflicts_with = "dry_run")]
    apply: bool,

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
        let registry = context.open(&self.repo.repo)?;
        let names =
            self.names.iter().map(|name| operand::artifact(name, |_| None)).collect::<Result<Vec<_>>>()?;
        let to = if self.to == To::Dvc { Source::Dvc } else { Source::Gto };
        let migration = registry.plan_migration(to, &names)?;
        for (name, why) in &migration.refused {
            context.printer.warning(format!("'{name}' stays where it is: {why}"));
        }
        if !migration.refused.is_empty() && self.apply {
            return Err(gto::Error::from(AnnotateError::Unmovable).into());
        }
        let edit = edits::EditArgs { dry_run: !self.apply, ..self.edit };
        edits::carry_out(context, &registry, || Ok(migration.plan.clone()), &edit)?;
        if !self.apply && !migration.moved.is_empty() && migration.refused.is_empty() {
            context.printer.hint("to do it, run the command again with --apply");
        }
        Ok(())
    }
}
