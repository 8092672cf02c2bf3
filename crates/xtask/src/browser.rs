//! What the tests in a browser need: playwright-core and axe-core, in the target folder.
//!
//! The browser itself is the system's. Nothing outside that folder is installed or changed.

use std::path::PathBuf;
use std::process::Command;

use crate::venv::attempt;
use crate::workspace::Workspace;

/// What is installed.
const PACKAGES: [&str; 2] = ["playwright-core@1.65.1", "axe-core@4.14.1"];

/// The folder with the packages.
///
/// # Errors
/// The reason for which there is none, as a clause.
pub fn provide(workspace: &Workspace) -> Result<PathBuf, String> {
    let folder = workspace.target.join("browser");
    if !folder.join("node_modules/playwright-core").is_dir() {
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        println!("browser: installing {} into {}", PACKAGES.join(" "), folder.display());
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"])
            .arg(&folder)
            .args(PACKAGES);
        attempt(&mut npm)?;
    }
    Ok(folder)
}
