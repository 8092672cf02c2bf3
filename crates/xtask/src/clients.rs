//! Clients that ask `gto serve` in tests: MLflow's own, and schemathesis, which asks whatever the description of the API allows. In
//! environments under the target folder, as the oracle.
//!
//! Nothing outside that folder is installed or changed.

use std::path::PathBuf;

use crate::file_servers::available;
use crate::venv;
use crate::workspace::Workspace;

/// The client that users of MLflow have, without its server.
const MLFLOW: [&str; 1] = ["mlflow-skinny==3.17.2"];

/// What it generates may change with each version.
const SCHEMATHESIS: [&str; 1] = ["schemathesis==4.32.5"];

/// The oldest Python that can run them.
const OLDEST: (u32, u32) = (3, 10);

/// The variables that say to tests where these are, as far as they are to be had.
pub fn provide(workspace: &Workspace) -> Vec<(&'static str, PathBuf)> {
    let (mlflow, schemathesis) = (workspace.target.join("mlflow"), workspace.target.join("schemathesis"));
    available([
        ("GTO_MLFLOW_PYTHON", venv::provide(&mlflow, &MLFLOW, OLDEST, "import mlflow.tracking")),
        (
            "GTO_SCHEMATHESIS_PYTHON",
            venv::provide(&schemathesis, &SCHEMATHESIS, OLDEST, "import schemathesis.cli"),
        ),
    ])
}
