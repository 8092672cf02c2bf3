//! The oracle: the Python gto from the Python package index, in a virtual environment under the target
//! folder.
//!
//! Nothing outside that folder is installed or changed. Where no environment can be made (no Python, no
//! network), the reason is handed back; whether that matters is for the caller to say.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::workspace::{Workspace, display};

/// What is installed; the tests compare with exactly these.
const REQUIREMENTS: [&str; 2] = ["gto==1.10.1", "click==8.2.1"];

/// Succeeds in an environment that holds the oracle, as pinned above.
const IMPORT_CHECK: &str = "\
import gto.cli
from importlib.metadata import version
assert (version('gto'), version('click')) == ('1.10.1', '8.2.1')";

/// Succeeds under a Python that can run the oracle.
const VERSION_CHECK: &str = "import sys; sys.exit(sys.version_info < (3, 10))";

/// Names under which a Python may be installed, the user's default first.
const PYTHONS: [&str; 6] = ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python"];

/// Hands back a Python that has the oracle: the one named by `GTO_ORACLE`, or that of `target/oracle`, which
/// is reused when it works and made when it does not.
///
/// # Errors
/// The reason for which there is no oracle, as a clause.
pub fn provide(workspace: &Workspace) -> Result<PathBuf, String> {
    if let Some(python) = std::env::var_os("GTO_ORACLE") {
        let python = PathBuf::from(python);
        return if has_oracle(&python) {
            Ok(python)
        } else {
            Err(format!(
                "GTO_ORACLE is set, but {} has not got {}",
                python.display(),
                REQUIREMENTS.join(" and ")
            ))
        };
    }
    let environment = workspace.target.join("oracle");
    let python = python_of(&environment);
    if !has_oracle(&python) {
        println!("oracle: installing {} into {}", REQUIREMENTS.join(" "), environment.display());
        create(&environment)?;
        install(&python)?;
    }
    if has_oracle(&python) {
        Ok(python)
    } else {
        Err("the oracle is installed but cannot be imported".to_owned())
    }
}

/// The oracle's command, which its installation puts beside the Python.
pub fn command_beside(python: &Path) -> PathBuf {
    python.with_file_name(if cfg!(windows) { "gto.exe" } else { "gto" })
}

fn has_oracle(python: &Path) -> bool {
    attempt(Command::new(python).args(["-c", IMPORT_CHECK])).is_ok()
}

/// Makes an empty environment with pip in it, by the first of the usual tools that is there and works.
fn create(environment: &Path) -> Result<(), String> {
    let base =
        PYTHONS.iter().find(|python| attempt(Command::new(python).args(["-c", VERSION_CHECK])).is_ok());
    let base = base.ok_or("no Python 3.10 or newer is installed")?;
    // Debian's python3 has `venv` without `ensurepip` until python3-venv is installed; the others bring their
    // own pip.
    let makers: [&[&str]; 4] = [
        &[base, "-m", "venv"],
        &[base, "-m", "virtualenv"],
        &["virtualenv", "--python", base],
        &["uv", "venv", "--seed", "--python", base],
    ];
    let mut reasons = Vec::new();
    for maker in makers {
        remove(environment)?;
        match attempt(Command::new(maker[0]).args(&maker[1..]).arg(environment)) {
            Ok(()) => return Ok(()),
            Err(reason) => reasons.push(reason),
        }
    }
    // What a failed maker left behind would pass for an environment the next time.
    remove(environment)?;
    Err(format!("no virtual environment can be made: {}", reasons.join("; ")))
}

fn install(python: &Path) -> Result<(), String> {
    let mut pip = Command::new(python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--retries=2",
        "--timeout=20",
    ]);
    attempt(pip.args(REQUIREMENTS))
}

fn remove(environment: &Path) -> Result<(), String> {
    match std::fs::remove_dir_all(environment) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot remove {}: {error}", environment.display()))
        }
        _ => Ok(()),
    }
}

fn python_of(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

/// Runs a command in silence. The reason of a failure is the last line that it wrote, where tools say what
/// went wrong.
fn attempt(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{}: {error}", display(command)))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no output").trim();
    Err(format!("{} failed: {last}", display(command)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_that_is_not_there_has_no_oracle() {
        assert!(!has_oracle(Path::new("/nonexistent/python")));
    }

    #[test]
    fn the_reason_of_a_failure_is_the_last_line_that_was_said() {
        let reason = attempt(Command::new("git").arg("no-such-command")).unwrap_err();
        assert!(reason.starts_with("`git no-such-command` failed: "), "{reason}");
        assert!(reason.contains("no-such-command' is not a git command"), "{reason}");
    }
}
