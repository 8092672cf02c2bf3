//! `gto doctor`
use crate::context::Context;
use crate::error::Result;
use clap::Args;
/// Display GTO version and check the registry for problems
#[derive(Debug, Args)]
pub struct Doctor {}
impl Doctor {
    /// Runs the command.
    pub fn run(self, _context: &mut Context) -> Result<()> {
        Ok(())
    }
}
