//! The Debian package: the static program, man pages and completions where Debian has them.
//!
//! It depends on nothing, and recommends git. `dpkg-deb` makes it, so it can be made on Debian and Ubuntu only.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::build::{Build, VERSION};
use super::files::files_of;
use super::notices;
use crate::Result;
use crate::workspace::{Workspace, run_in_sight};

/// The name of a platform's package.
///
/// # Errors
/// If it is no Linux that Debian has.
pub fn name(target: &str) -> Result<String> {
    Ok(format!("gto_{}_{}.deb", version(), architecture(target)?))
}

/// Writes it into a folder.
pub fn write(workspace: &Workspace, build: &Build, folder: &Path) -> Result<PathBuf> {
    let path = folder.join(name(&build.target)?);
    let root = tempfile::tempdir()?;
    lay(workspace, build, root.path())?;
    let mut dpkg = Command::new("dpkg-deb");
    // The owner is root, whoever builds it; gzip, which every dpkg reads.
    dpkg.args(["--root-owner-group", "-Zgzip", "-z6", "--build"]).arg(root.path()).arg(&path);
    // Times in the package are this one at most.
    dpkg.env("SOURCE_DATE_EPOCH", "1000000000");
    run_in_sight(&mut dpkg)?;
    Ok(path)
}

fn lay(workspace: &Workspace, build: &Build, root: &Path) -> Result<()> {
    let copy = |source: &Path, inside: &str, mode: u32| -> Result<()> {
        let place = root.join(inside);
        fs::create_dir_all(place.parent().expect("every place is below the root"))?;
        fs::copy(source, &place).map_err(|error| format!("{}: {error}", source.display()))?;
        set_mode(&place, mode)
    };
    copy(&build.gto, "usr/bin/gto", 0o755)?;
    for page in files_of(&workspace.root.join("docs/man"))? {
        let name = page.file_name().expect("it was listed by its name").to_string_lossy().into_owned();
        let section = name.rsplit('.').next().unwrap_or("1").to_owned();
        copy(&page, &format!("usr/share/man/man{section}/{name}"), 0o644)?;
    }
    for (source, inside) in [
        ("completions/gto.bash", "usr/share/bash-completion/completions/gto"),
        ("completions/_gto", "usr/share/zsh/vendor-completions/_gto"),
        ("completions/gto.fish", "usr/share/fish/vendor_completions.d/gto.fish"),
        ("LICENSE", "usr/share/doc/gto/copyright"),
        ("crates/gto-cli/README.md", "usr/share/doc/gto/README.md"),
        ("CHANGELOG.md", "usr/share/doc/gto/changelog"),
    ] {
        copy(&workspace.root.join(source), inside, 0o644)?;
    }
    let licences = root.join("usr/share/doc/gto").join(notices::NAME);
    fs::write(&licences, notices::text(workspace, &build.target)?)?;
    set_mode(&licences, 0o644)?;
    let size = fs::metadata(&build.gto)?.len() / 1024 + 1;
    let control = root.join("DEBIAN/control");
    fs::create_dir_all(root.join("DEBIAN"))?;
    fs::write(&control, control_text(architecture(&build.target)?, size))?;
    set_mode(&control, 0o644)?;
    folders_for_all(root)
}

/// What the package manager shows and checks; `size` is in KiB.
fn control_text(architecture: &str, size: u64) -> String {
    format!(
        "Package: gto\n\
         Version: {}\n\
         Architecture: {architecture}\n\
         Maintainer: The gto authors\n\
         Installed-Size: {size}\n\
         Recommends: git, ca-certificates\n\
         Section: vcs\n\
         Priority: optional\n\
         Homepage: {}\n\
         Description: {}\n \
         Versions and stages of models, datasets and binaries are annotated Git tags.\n",
        version(),
        super::address::REPOSITORY,
        "turn a Git repository into an artifact registry",
    )
}

/// A pre-release comes before its release: `1.12.0~rc.1`.
fn version() -> String {
    VERSION.replacen('-', "~", 1)
}

fn architecture(target: &str) -> Result<&'static str> {
    match target {
        "x86_64-unknown-linux-musl" => Ok("amd64"),
        "aarch64-unknown-linux-musl" => Ok("arm64"),
        _ => Err(format!("Debian has no architecture for `{target}`").into()),
    }
}

/// Whatever the umask is, everybody may enter the folders.
fn folders_for_all(folder: &Path) -> Result<()> {
    set_mode(folder, 0o755)?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            folders_for_all(&path)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?)
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> Result<()> {
    Ok(())
}
