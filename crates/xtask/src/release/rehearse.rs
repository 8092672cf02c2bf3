//! A release on this machine: every step that can be taken here, and what is made is installed as its users would.
//!
//! With the debug build, which the gate has anyway; `--static` takes the build of a release for Linux, and checks the image too.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::build::{Build, VERSION};
use super::{archive, deb, finish, image};
use crate::Result;
use crate::workspace::{Workspace, output_of, run_in_sight};

/// The platform that the files are named for. What the debug build makes is for this machine alone.
const TARGET: &str =
    if cfg!(target_arch = "aarch64") { "aarch64-unknown-linux-musl" } else { "x86_64-unknown-linux-musl" };

/// Runs all steps, in an empty folder.
pub fn run(workspace: &Workspace, is_static: bool) -> Result<()> {
    if !cfg!(target_os = "linux") {
        println!("SKIPPED: a release is rehearsed on Linux only");
        return Ok(());
    }
    let build = if is_static {
        Build::of(workspace, TARGET)?
    } else {
        Build { target: TARGET.to_owned(), gto: workspace.built_gto()? }
    };
    let dist = workspace.target.join("rehearsal");
    fs::remove_dir_all(&dist).ok();
    fs::create_dir_all(&dist)?;
    archive::write(workspace, &build, &dist)?;
    let has_dpkg =
        Command::new("dpkg-deb").arg("--version").output().is_ok_and(|output| output.status.success());
    if has_dpkg {
        deb::write(workspace, &build, &dist)?;
        finish::run(workspace, &dist, &[TARGET])?;
        install_package(&dist)?;
    } else {
        println!("SKIPPED: there is no dpkg-deb, so no Debian package was made");
        finish::run(workspace, &dist, &[])?;
    }
    install_by_script(&dist)?;
    package_crates(workspace)?;
    if is_static {
        run_image(workspace, &dist)?;
    }
    Ok(())
}

/// As `cargo publish` would, without compiling them once more from their packages.
fn package_crates(workspace: &Workspace) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["package", "--quiet", "--locked", "--offline", "--no-verify", "--allow-dirty"]);
    for package in workspace.published()? {
        cargo.arg(format!("--package={}", package["name"].as_str().unwrap_or_default()));
    }
    run_in_sight(&mut cargo)
}

fn install_by_script(dist: &Path) -> Result<()> {
    let home = tempfile::tempdir()?;
    let mut script = Command::new("sh");
    script.arg(dist.join("install.sh")).env("GTO_INSTALL_FROM", dist).env("HOME", home.path());
    run_in_sight(&mut script)?;
    expect_version(&mut Command::new(home.path().join(".local/bin/gto")))
}

/// Into a folder that is a system of its own for `dpkg`, if this is root; else it is unpacked.
fn install_package(dist: &Path) -> Result<()> {
    let package = dist.join(deb::name(TARGET)?);
    let root = tempfile::tempdir()?;
    let is_root = output_of(Command::new("id").arg("-u"))? == b"0\n";
    let mut dpkg = if is_root {
        let admin = root.path().join("var/lib/dpkg");
        for folder in ["info", "updates"] {
            fs::create_dir_all(admin.join(folder))?;
        }
        fs::write(admin.join("status"), "")?;
        let mut dpkg = Command::new("dpkg");
        dpkg.arg(format!("--root={}", root.path().display()))
            .args(["--log=/dev/null", "--install"])
            .arg(&package);
        dpkg
    } else {
        let mut unpack = Command::new("dpkg-deb");
        unpack.arg("--extract").arg(&package).arg(root.path());
        unpack
    };
    run_in_sight(&mut dpkg)?;
    for file in [
        "man/man1/gto-show.1",
        "man/man7/gto-environment.7",
        "bash-completion/completions/gto",
        "doc/gto/THIRD-PARTY-LICENSES",
    ] {
        let path = root.path().join("usr/share").join(file);
        if !path.is_file() {
            return Err(format!("the package has no /usr/share/{file}").into());
        }
    }
    expect_version(&mut Command::new(root.path().join("usr/bin/gto")))
}

/// The image without git has the program, and no other: a folder with nothing but the program stands for it.
fn run_image(workspace: &Workspace, dist: &Path) -> Result<()> {
    let context = image::lay_context(workspace, dist)?;
    let platform = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let root = tempfile::tempdir()?;
    let program = root.path().join("usr/local/bin/gto");
    fs::create_dir_all(root.path().join("usr/local/bin"))?;
    fs::copy(context.join(platform).join("gto"), &program)?;
    let repository = root.path().join("repo");
    let mut demo = Command::new(&program);
    run_in_sight(demo.arg("demo").arg(&repository).stdout(std::process::Stdio::null()))?;
    if output_of(Command::new("id").arg("-u"))? != b"0\n" {
        println!("SKIPPED: only root can run the content of the image");
        return Ok(());
    }
    let inside = |arguments: &[&str]| {
        let mut chroot = Command::new("chroot");
        chroot.arg(root.path()).args(["/usr/local/bin/gto", "-C", "/repo"]).args(arguments);
        chroot.env_clear().env("PATH", "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        chroot
    };
    expect_version(&mut inside(&[]))?;
    run_in_sight(&mut inside(&["show"]))
}

fn expect_version(gto: &mut Command) -> Result<()> {
    let said = String::from_utf8(output_of(gto.arg("--version"))?)?;
    if said.trim_end().ends_with(VERSION) {
        Ok(())
    } else {
        Err(format!("it is not {VERSION}: {said}").into())
    }
}
