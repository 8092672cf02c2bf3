//! `gto cat`

use clap::Args;
use gto_files::Error;

use super::files::{FilesArgs, SelectionArgs, with_dvc_command};
use crate::context::Context;
use crate::error::{CommandError, Result};

/// Write one file of a version to stdout
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto cat model#prod > model.pkl\n  \
    gto cat data@v2.0.0 labels/train.csv | head")]
pub struct Cat {
    #[command(flatten)]
    files: FilesArgs,

    /// Which file, if the artifact is a folder: its path in there
    #[arg(value_name = "FILE")]
    file: Option<String>,
}

impl Cat {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let all = SelectionArgs { include: Vec::new(), exclude: Vec::new() };
        let (registry, mut listing) = self.files.open(context, &all)?;
        listing.keep_one(self.file.as_deref())?;
        listing.fetch_blobs(&registry)?;
        let Some(file) = listing.files.first() else { return Ok(()) };
        let dvc = self.files.dvc_command(&listing, None);
        match gto_files::cat(&registry, &listing, file, context.printer.stdout()) {
            Err(Error::Output(error)) => Err(CommandError::Output(error)),
            written => written.map_err(|error| with_dvc_command(error, Some(dvc))),
        }
    }
}
