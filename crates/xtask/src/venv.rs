//! Virtual environments of Python under the target folder: making them, and installing into them.
//!
//! Must not install or change anything outside.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::workspace::display;

/// Names under which a Python may be installed, the user's default first.
const PYTHONS: [&str; 6] = ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python"];

/// Makes an empty environment with pip in it, by the first of the usual tools that is there and works. Its Python is no
/// older than that.
pub fn create(environment: &Path, oldest: (u32, u32)) -> Result<(), String> {
    let (major, minor) = oldest;
    let check = format!("import sys; sys.exit(sys.version_info < ({major}, {minor}))");
    let base = PYTHONS.iter().find(|python| attempt(Command::new(python).args(["-c", &check])).is_ok());
    let base = base.ok_or_else(|| format!("no Python {major}.{minor} or newer is installed"))?;
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

/// The Python of an environment with these packages, made once. `check` is what must run in it.
pub fn provide(
    environment: &Path,
    packages: &[&str],
    oldest: (u32, u32),
    check: &str,
) -> Result<PathBuf, String> {
    let python = python_of(environment);
    let check = || attempt(Command::new(&python).args(["-c", check]));
    if check().is_err() {
        println!("installing {} into {}", packages.join(" "), environment.display());
        create(environment, oldest)?;
        install(&python, packages)?;
    }
    check()?;
    Ok(python)
}

/// Installs packages from the package index.
pub fn install(python: &Path, packages: &[&str]) -> Result<(), String> {
    attempt(pip_install(python).args(["--retries=2", "--timeout=20"]).args(packages))
}

/// A `pip install` that prints only errors, without the packages to install.
pub fn pip_install(python: &Path) -> Command {
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    pip
}

fn remove(environment: &Path) -> Result<(), String> {
    match std::fs::remove_dir_all(environment) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot remove {}: {error}", environment.display()))
        }
        _ => Ok(()),
    }
}

/// The Python of an environment.
pub fn python_of(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

/// Runs a command in silence. The reason of a failure is its last line of output, where tools report what went wrong.
pub fn attempt(command: &mut Command) -> Result<(), String> {
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
    fn the_reason_of_a_failure_is_the_last_line_that_was_said() {
        let reason = attempt(Command::new("git").arg("no-such-command")).unwrap_err();
        assert!(reason.starts_with("`git no-such-command` failed: "), "{reason}");
        assert!(reason.contains("no-such-command' is not a git command"), "{reason}");
    }
}
