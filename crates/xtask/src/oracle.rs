//! The oracle: the Python gto from the Python package index, in a virtual environment under the target
//! folder.
//!
//! Nothing outside that folder is installed or changed. Where no environment can be made (no Python, no network), the
//! reason is returned, and the caller decides whether that matters.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::venv::{self, attempt};
use crate::workspace::Workspace;

/// What is installed; the tests compare with exactly these.
const REQUIREMENTS: [&str; 2] = ["gto==1.10.1", "click==8.2.1"];

/// Succeeds in an environment that holds the oracle, as pinned above.
const IMPORT_CHECK: &str = "\
import gto.cli
from importlib.metadata import version
assert (version('gto'), version('click')) == ('1.10.1', '8.2.1')";

/// The oldest Python that can run the oracle.
const OLDEST: (u32, u32) = (3, 10);

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
    let python = venv::python_of(&environment);
    if !has_oracle(&python) {
        println!("oracle: installing {} into {}", REQUIREMENTS.join(" "), environment.display());
        venv::create(&environment, OLDEST)?;
        venv::install(&python, &REQUIREMENTS)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_that_is_not_there_has_no_oracle() {
        assert!(!has_oracle(Path::new("/nonexistent/python")));
    }
}
