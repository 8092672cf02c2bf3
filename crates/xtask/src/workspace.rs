//! Where the workspace is, and how to call its `cargo`. Knows no task.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Result;

/// The two folders of the workspace, as cargo itself sees them.
pub struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub root: PathBuf,
    /// The target folder: `target`, or the one in the developer's settings.
    pub target: PathBuf,
}

/// How `gto` is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Quick to build.
    Debug,
    /// As it is published.
    Release,
}

impl Workspace {
    /// Asks cargo, so that `CARGO_TARGET_DIR` and the developer's configuration are obeyed.
    pub fn find() -> Result<Self> {
        let mut metadata = cargo(Path::new(env!("CARGO_MANIFEST_DIR")));
        metadata.args(["metadata", "--no-deps", "--format-version=1"]);
        let metadata: Value = serde_json::from_slice(&output_of(&mut metadata)?)?;
        let folder = |key: &str| {
            let path = metadata[key].as_str().ok_or_else(|| format!("`cargo metadata` names no {key}"))?;
            Ok::<_, String>(PathBuf::from(path))
        };
        Ok(Self { root: folder("workspace_root")?, target: folder("target_directory")? })
    }

    /// A cargo command that runs in the workspace's root.
    pub fn cargo(&self) -> Command {
        cargo(&self.root)
    }

    /// The packages that may be published, as cargo describes them.
    pub fn published(&self) -> Result<Vec<Value>> {
        let mut metadata = self.cargo();
        metadata.args(["metadata", "--no-deps", "--format-version=1"]);
        let metadata: Value = serde_json::from_slice(&output_of(&mut metadata)?)?;
        let packages = metadata["packages"].as_array().into_iter().flatten();
        Ok(packages.filter(|package| package["publish"].is_null()).cloned().collect())
    }

    /// The `gto` of the last debug build.
    ///
    /// # Errors
    /// If nothing has built it yet.
    pub fn built_gto(&self) -> Result<PathBuf> {
        let gto = self.target.join("debug/gto").with_extension(std::env::consts::EXE_EXTENSION);
        if gto.is_file() { Ok(gto) } else { Err(format!("there is no {}", gto.display()).into()) }
    }

    /// Builds `gto` and returns the path of the binary. Cargo's own progress and errors go to the terminal.
    pub fn build_gto(&self, profile: Profile) -> Result<PathBuf> {
        self.build("gto", &["--package=gto-cli", "--bin=gto"], profile)
    }

    /// The same for an example of the library.
    pub fn build_example(&self, name: &str, profile: Profile) -> Result<PathBuf> {
        self.build(name, &["--package=gto", "--example", name], profile)
    }

    fn build(&self, name: &str, what: &[&str], profile: Profile) -> Result<PathBuf> {
        let mut build = self.cargo();
        build.args(["build", "--message-format=json-render-diagnostics"]).args(what);
        if profile == Profile::Release {
            build.arg("--release");
        }
        let messages = output_of(&mut build)?;
        executable_in(&messages, name).ok_or_else(|| format!("cargo built no binary `{name}`").into())
    }
}

/// The binary of this name among the JSON messages of a build, one a line.
fn executable_in(messages: &[u8], name: &str) -> Option<PathBuf> {
    messages.split(|byte| *byte == b'\n').find_map(|line| {
        let message: Value = serde_json::from_slice(line).ok()?;
        let is_it = message["reason"] == "compiler-artifact" && message["target"]["name"] == name;
        // The library of the same name has no executable.
        message["executable"].as_str().filter(|_| is_it).map(PathBuf::from)
    })
}

/// The cargo that runs this task, so that a toolchain chosen with `cargo +name` stays chosen.
fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    command
}

/// Runs a command to its end and hands back its stdout; anything but success is an error that names the
/// command.
pub fn output_of(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("cannot start {}: {error}", display(command)))?;
    if !output.status.success() {
        return Err(format!("{} failed ({})", display(command), output.status).into());
    }
    Ok(output.stdout)
}

/// Runs a command to its end, with its output where the task's goes; anything but success is an error that names the command.
pub fn run_in_sight(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status();
    let status = status.map_err(|error| format!("cannot start {}: {error}", display(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} failed ({status})", display(command)).into()) }
}

/// A command as a developer would type it, for messages only: nothing is quoted.
pub fn display(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    format!("`{}`", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_is_found_and_the_library_of_the_same_name_is_not() {
        let messages = br#"{"reason":"compiler-artifact","target":{"name":"gto"},"executable":null}
not json
{"reason":"compiler-artifact","target":{"name":"other"},"executable":"/t/other"}
{"reason":"compiler-artifact","target":{"name":"gto"},"executable":"/t/debug/gto"}
"#;
        assert_eq!(executable_in(messages, "gto"), Some(PathBuf::from("/t/debug/gto")));
        assert_eq!(executable_in(b"{}\n", "gto"), None);
    }

    #[test]
    fn the_workspace_is_the_folder_above_crates() {
        let workspace = Workspace::find().unwrap();
        assert!(workspace.root.join("crates/xtask/src/workspace.rs").is_file());
    }

    #[test]
    fn a_command_that_fails_is_named_in_the_error() {
        let error = output_of(Command::new("git").args(["config", "--get", "xtask.no-such-key"]))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("`git config --get xtask.no-such-key` failed ("), "{error}");
    }
}
