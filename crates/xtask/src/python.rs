//! `cargo xtask python`: builds the Python package as `pip install .` does, installs it into an empty environment, and tests
//! it there.
//!
//! What builds and checks it is installed into another environment, so that nothing but the package itself can make its
//! tests pass. Without Python, or a network to install from, this is skipped with a message, which is no failure.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::workspace::{Workspace, output_of, run_in_sight};
use crate::{Result, oracle, venv};

/// What builds the package, and what compares its stubs with it.
const TOOLS: [&str; 2] = ["maturin>=1.9.4,<2", "mypy>=1.18,<2"];

/// Succeeds where these are installed.
const TOOLS_CHECK: &str = "import maturin, mypy.stubtest";

/// The lowest that the package is for.
const OLDEST: (u32, u32) = (3, 9);

/// Runs the task.
pub fn run(arguments: &[String]) -> Result<()> {
    let (release, for_tests) = parse(arguments)?;
    let workspace = Workspace::find()?;
    let folder = workspace.target.join("python");
    let tools = match provide_tools(&folder) {
        Ok(python) => python,
        Err(reason) => {
            println!("xtask python: SKIPPED, the package was neither built nor tested: {reason}");
            return Ok(());
        }
    };
    let started = Instant::now();
    let wheel = build(&workspace, &tools, &folder, release)?;
    println!("xtask python: built {} in {:.0} s", wheel.display(), started.elapsed().as_secs_f64());
    check_source(&workspace, &tools, &folder)?;
    let python = install_alone(&folder, &wheel)?;
    compare_stubs(&workspace, &tools, &wheel)?;
    test(&workspace, &python, for_tests)?;
    println!("xtask python: ok in {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

fn parse(arguments: &[String]) -> Result<(bool, &[String])> {
    let (ours, for_tests) = match arguments.iter().position(|argument| argument == "--") {
        Some(place) => (&arguments[..place], &arguments[place + 1..]),
        None => (arguments, &[][..]),
    };
    match ours {
        [] => Ok((false, for_tests)),
        [flag] if flag == "--release" => Ok((true, for_tests)),
        _ => Err("python takes no argument but --release; those for unittest come after `--`".into()),
    }
}

/// A Python with the tools, which is kept for the next time.
fn provide_tools(folder: &Path) -> std::result::Result<PathBuf, String> {
    let environment = folder.join("tools");
    let python = venv::python_of(&environment);
    let check = || venv::attempt(Command::new(&python).args(["-c", TOOLS_CHECK]));
    if check().is_err() {
        println!("xtask python: installing {} into {}", TOOLS.join(" "), environment.display());
        venv::create(&environment, OLDEST)?;
        venv::install(&python, &TOOLS)?;
    }
    check().map(|()| python)
}

/// Builds the wheel. Unless it is to be as published, with what `cargo test` has compiled already.
fn build(workspace: &Workspace, tools: &Path, folder: &Path, release: bool) -> Result<PathBuf> {
    let wheels = folder.join("wheel");
    // An old one would be taken for the new one.
    std::fs::remove_dir_all(&wheels).ok();
    let mut pip = Command::new(tools);
    pip.args(["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-cache-dir", "-w"]);
    pip.arg(&wheels);
    if !release {
        pip.args(["-C", "maturin.build-args=--profile dev"]);
    }
    pip.arg(".").current_dir(&workspace.root).env("CARGO_TARGET_DIR", &workspace.target);
    pip.env("PATH", path_with(tools)?);
    run_in_sight(&mut pip)?;
    let wheel = std::fs::read_dir(&wheels)?.next().ok_or("pip built no wheel")??;
    Ok(wheel.path())
}

/// Builds the source archive. Its own build takes too long here; what has failed it is a lock file that does not fit.
fn check_source(workspace: &Workspace, tools: &Path, folder: &Path) -> Result<()> {
    let source = folder.join("source");
    std::fs::remove_dir_all(&source).ok();
    std::fs::create_dir_all(&source)?;
    let mut build = Command::new(tools);
    build.args(["-c", "import gto_build, sys; print(gto_build.build_sdist(sys.argv[1]))"]).arg(&source);
    build
        .env("PYTHONPATH", workspace.root.join("crates/gto-python/build_backend"))
        .env("PATH", path_with(tools)?);
    run_in_sight(build.current_dir(&workspace.root))?;
    let archive = std::fs::read_dir(&source)?.next().ok_or("no source archive was built")??;
    let mut tar = Command::new("tar");
    run_in_sight(tar.arg("-xzf").arg(archive.path()).args(["--strip-components=1", "-C"]).arg(&source))?;
    let mut metadata = workspace.cargo();
    metadata.args(["metadata", "--locked", "--offline", "--format-version=1"]).current_dir(&source);
    let packages = String::from_utf8(output_of(&mut metadata)?)?;
    // The command in a wheel is built from it, too.
    if packages.contains("\"name\":\"gto-cli\"") { Ok(()) } else { Err("the source has no gto-cli".into()) }
}

/// `PATH` with the programs of an environment first, where its tools look for each other.
fn path_with(python: &Path) -> Result<std::ffi::OsString> {
    let programs = python.parent().map(Path::to_owned);
    let path = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths(programs.into_iter().chain(std::env::split_paths(&path)))?)
}

/// A Python with nothing but the package: what it may depend on is not there.
fn install_alone(folder: &Path, wheel: &Path) -> Result<PathBuf> {
    let environment = folder.join("empty");
    venv::create(&environment, OLDEST)?;
    let python = venv::python_of(&environment);
    run_in_sight(venv::pip_install(&python).arg("--no-index").arg(wheel))?;
    Ok(python)
}

/// Compares the stubs with the module at run time.
fn compare_stubs(workspace: &Workspace, tools: &Path, wheel: &Path) -> Result<()> {
    run_in_sight(venv::pip_install(tools).args(["--no-deps", "--force-reinstall"]).arg(wheel))?;
    let mut stubtest = Command::new(tools);
    stubtest.args(["-m", "mypy.stubtest", "gto", "--mypy-config-file"]);
    stubtest.arg(workspace.root.join("pyproject.toml"));
    let allowed = workspace.root.join("python/stubtest-allowlist.txt");
    if allowed.is_file() {
        stubtest.arg("--allowlist").arg(allowed);
    }
    // Where no source of the package is, only the installed one can be meant.
    run_in_sight(stubtest.current_dir(workspace.target.join("python")))
}

fn test(workspace: &Workspace, python: &Path, arguments: &[String]) -> Result<()> {
    let mut tests = Command::new(python);
    if arguments.is_empty() {
        tests.args(["-m", "unittest", "discover", "-s", "python/tests"]);
    } else {
        tests.args(["-m", "unittest"]).args(arguments).env("PYTHONPATH", "python/tests");
    }
    tests.current_dir(&workspace.root).env("CARGO_TARGET_DIR", &workspace.target);
    match oracle::provide(workspace) {
        Ok(oracle) => tests.env("GTO_ORACLE", oracle).env("GTO_REQUIRE_ORACLE", "1"),
        Err(reason) => {
            println!("oracle: NOT AVAILABLE, the tests that need it are skipped: {reason}");
            tests.env_remove("GTO_ORACLE").env_remove("GTO_REQUIRE_ORACLE")
        }
    };
    run_in_sight(&mut tests)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The packages that these are built with, each with its features.
    fn with_features(packages: &[&str]) -> Vec<String> {
        let mut cargo = Workspace::find().unwrap().cargo();
        cargo.args(["tree", "--offline", "--edges=normal,build", "--prefix=none", "--format={p} {f}"]);
        let tree = String::from_utf8(output_of(cargo.args(packages)).unwrap()).unwrap();
        tree.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
    }

    /// `pip install .` builds the command, and then the module: a feature more or less, and all that stands on the package with it,
    /// the engine too, is compiled twice.
    #[test]
    fn the_module_and_the_command_share_one_build_of_the_engine() {
        let together = with_features(&["--package=gto-python", "--package=gto-cli"]);
        let mut alone = with_features(&["--package=gto-python"]);
        alone.retain(|package| !together.contains(package));
        assert!(alone.is_empty(), "built once more for the module: {alone:?}");
    }

    fn words(arguments: &[&str]) -> Vec<String> {
        arguments.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn arguments_after_two_dashes_are_for_unittest() {
        let arguments = words(&["--release", "--", "test_engine", "-v"]);
        assert_eq!(parse(&arguments).unwrap(), (true, &words(&["test_engine", "-v"])[..]));
        assert!(parse(&words(&["--relaese"])).is_err());
    }
}
