//! `gto demo`
use crate::context::Context;
use crate::error::Result;
use clap::Args;
/// Make a small example repository and walk through it
#[derive(Debug, Args)]
pub struct Demo {}
impl Demo {
    /// Runs the command.
    pub fn run(self, _context: &mut Context) -> Result<()> {
        Ok(())
    }
}
