//! `gto version`, and the first line of `gto doctor`.

use crate::context::Context;
use crate::error::Result;

/// Prints the version, as `gto --version` and `gto doctor` show it.
pub fn version(context: &mut Context) -> Result<()> {
    let text = format!("GTO Version: {}", env!("CARGO_PKG_VERSION"));
    Ok(context.printer.line_with_emoji("🪴 ", text)?)
}
