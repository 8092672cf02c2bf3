//! `gto ls`

use clap::Args;

use super::show::Show;
use crate::context::Context;
use crate::error::{CommandError, Result};

/// List the registry, as `gto show`
#[derive(Debug, Args)]
pub struct Ls {
    #[command(flatten)]
    show: Show,
}

impl Ls {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        match self.show.name() {
            None => self.show.run(context),
            // That is a question about files.
            Some(name) => {
                let hint = format!(
                    "`gto show {name}` lists versions; `gto resolve {name} --path` prints where its file is"
                );
                Err(CommandError::arguments("`gto ls` lists the registry, and takes no name", hint))
            }
        }
    }
}
