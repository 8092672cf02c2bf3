//! The program of a platform, and which platforms a release has.

use std::path::PathBuf;

use crate::Result;
use crate::workspace::{Workspace, run_in_sight};

/// The version of all packages of the workspace.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The platforms of a release.
pub const TARGETS: [&str; 5] = [
    "aarch64-apple-darwin",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-msvc",
    "x86_64-unknown-linux-musl",
];

/// A `gto` for a platform.
pub struct Build {
    /// The triple of the platform.
    pub target: String,
    /// The file.
    pub gto: PathBuf,
}

impl Build {
    /// Builds it as it is published.
    pub fn of(workspace: &Workspace, target: &str) -> Result<Self> {
        if !TARGETS.contains(&target) {
            return Err(format!("there is no release for `{target}`, only for {}", TARGETS.join(", ")).into());
        }
        let mut cargo = workspace.cargo();
        cargo.args(["build", "--locked", "--release", "--package=gto-cli", "--bin=gto", "--target", target]);
        run_in_sight(&mut cargo)?;
        let gto = workspace.target.join(target).join("release").join(program_of(target));
        Ok(Self { target: target.to_owned(), gto })
    }

    /// The file name of the program.
    pub fn program(&self) -> &'static str {
        program_of(&self.target)
    }
}

fn program_of(target: &str) -> &'static str {
    if target.contains("windows") { "gto.exe" } else { "gto" }
}
