//! What `docker build` gets: the two programs for Linux beside `packaging/Dockerfile`, which says what is in an image.

use std::fs;
use std::path::{Path, PathBuf};

use super::archive;
use crate::Result;
use crate::workspace::{Workspace, run_in_sight};

/// Docker's names of the platforms.
const PLATFORMS: [(&str, &str); 2] =
    [("x86_64-unknown-linux-musl", "amd64"), ("aarch64-unknown-linux-musl", "arm64")];

/// Takes the programs out of the archives in `dist`, so that an image has the same bytes.
pub fn lay_context(workspace: &Workspace, dist: &Path) -> Result<PathBuf> {
    let context = workspace.target.join("image");
    fs::remove_dir_all(&context).ok();
    for (target, platform) in PLATFORMS {
        let archive = dist.join(archive::name(target));
        if archive.is_file() {
            let folder = context.join(platform);
            fs::create_dir_all(&folder)?;
            unpack(&archive, &folder)?;
        }
    }
    if !context.is_dir() {
        return Err(format!("{} has no archive for Linux", dist.display()).into());
    }
    fs::copy(workspace.root.join("packaging/Dockerfile"), context.join("Dockerfile"))?;
    Ok(context)
}

/// Unpacks an archive without its outermost folder.
pub fn unpack(archive: &Path, folder: &Path) -> Result<()> {
    let mut tar = std::process::Command::new("tar");
    tar.arg("-xzf").arg(archive).arg("-C").arg(folder).arg("--strip-components=1");
    run_in_sight(&mut tar)
}
