//! `cargo xtask generate`: the files that are derived from the command line, written or checked.
//!
//! The text comes from `gto __xtask reference|man|completions`, so that it cannot drift from the help; this
//! module only moves files, and owns the two folders that hold nothing else. The words themselves belong to
//! `gto-cli`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::workspace::{Profile, Workspace, output_of};

const REFERENCE: &str = "docs/reference.md";

/// Folders that hold generated files only, with the word that makes `gto __xtask` fill them.
const FOLDERS: [(&str, &str); 2] = [("docs/man", "man"), ("completions", "completions")];

/// Contents by path, relative to the workspace's root.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Runs the task.
pub fn run(arguments: &[String]) -> Result<()> {
    let (mut check, mut built) = (false, false);
    for argument in arguments {
        match argument.as_str() {
            "--check" => check = true,
            "--built" => built = true,
            _ => return Err("generate takes no argument but `--check` and `--built`".into()),
        }
    }
    let workspace = Workspace::find()?;
    let gto = if built { workspace.built_gto()? } else { workspace.build_gto(Profile::Debug)? };
    let differences = Differences::between(&generated_by(&gto)?, &present_in(&workspace.root)?);
    if check {
        return differences.refuse();
    }
    differences.update(&workspace.root)?;
    println!("files written: {}, removed: {}", differences.stale.len(), differences.surplus.len());
    Ok(())
}

/// The files as the binary generates them.
fn generated_by(gto: &Path) -> Result<Files> {
    let scratch = tempfile::tempdir()?;
    let mut files = Files::new();
    files.insert(REFERENCE.into(), output_of(gto_generate(gto, scratch.path()).arg("reference"))?);
    for (folder, word) in FOLDERS {
        let made = scratch.path().join(word);
        fs::create_dir(&made)?;
        output_of(gto_generate(gto, scratch.path()).arg(word).arg(&made))?;
        let made = files_in(&made, Path::new(folder))?;
        if made.is_empty() {
            return Err(format!("`gto __xtask {word} DIR` wrote no file into DIR").into());
        }
        files.extend(made);
    }
    Ok(files)
}

/// The texts must be the same on every machine: no setting of the developer's, no repository around, no
/// width, no colour.
fn gto_generate(gto: &Path, folder: &Path) -> Command {
    let mut command = Command::new(gto);
    command.arg("__xtask").current_dir(folder).env("NO_COLOR", "1").env_remove("COLUMNS");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GTO_")) {
        command.env_remove(name);
    }
    command
}

/// What is there now, files that are no longer generated included.
fn present_in(root: &Path) -> Result<Files> {
    let mut files = Files::new();
    if let Ok(reference) = fs::read(root.join(REFERENCE)) {
        files.insert(REFERENCE.into(), reference);
    }
    for (folder, _) in FOLDERS {
        if root.join(folder).is_dir() {
            files.extend(files_in(&root.join(folder), Path::new(folder))?);
        }
    }
    Ok(files)
}

/// The files right inside `folder`, under the names that they have inside `shown_as`.
fn files_in(folder: &Path, shown_as: &Path) -> Result<Files> {
    let mut files = Files::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.insert(shown_as.join(entry.file_name()), fs::read(entry.path())?);
        }
    }
    Ok(files)
}

/// What has to change for the files to be as generated.
#[derive(Debug, PartialEq, Eq)]
struct Differences {
    /// Missing, or with other contents; with the right ones here.
    stale: Files,
    /// There, but no longer generated.
    surplus: Vec<PathBuf>,
}

impl Differences {
    fn between(generated: &Files, present: &Files) -> Self {
        let stale = generated.iter().filter(|(path, contents)| present.get(*path) != Some(contents));
        let surplus = present.keys().filter(|path| !generated.contains_key(*path));
        Self {
            stale: stale.map(|(path, contents)| (path.clone(), contents.clone())).collect(),
            surplus: surplus.cloned().collect(),
        }
    }

    /// Succeeds if there is no difference; else lists the files, with the command that updates them.
    fn refuse(&self) -> Result<()> {
        if self.stale.is_empty() && self.surplus.is_empty() {
            return Ok(());
        }
        let stale = self.stale.keys().map(|path| format!("    {}\n", path.display()));
        let surplus =
            self.surplus.iter().map(|path| format!("    {} (no longer generated)\n", path.display()));
        let list: String = stale.chain(surplus).collect();
        Err(format!("generated files are stale:\n{list}To update them, run:\n    cargo xtask generate")
            .into())
    }

    fn update(&self, root: &Path) -> Result<()> {
        for (path, contents) in &self.stale {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("every path is below the root"))?;
            fs::write(path, contents)?;
        }
        for path in &self.surplus {
            fs::remove_file(root.join(path))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Files {
        list.iter().map(|(path, contents)| (path.into(), contents.as_bytes().to_vec())).collect()
    }

    #[test]
    fn the_same_files_are_no_difference() {
        let same = files(&[("docs/reference.md", "# gto\n")]);
        assert!(Differences::between(&same, &same).refuse().is_ok());
    }

    #[test]
    fn stale_missing_and_surplus_files_are_listed_with_the_command_that_mends_them() {
        let generated =
            files(&[("docs/reference.md", "new"), ("docs/man/gto.1", "x"), ("completions/gto.bash", "same")]);
        let present = files(&[
            ("docs/reference.md", "old"),
            ("docs/man/gto-old.1", "x"),
            ("completions/gto.bash", "same"),
        ]);
        let error = Differences::between(&generated, &present).refuse().unwrap_err().to_string();
        assert_eq!(
            error,
            "generated files are stale:\n    docs/man/gto.1\n    docs/reference.md\n    docs/man/gto-old.1 (no longer generated)\n\
             To update them, run:\n    cargo xtask generate"
        );
    }

    #[test]
    fn after_mending_there_is_no_difference() {
        let root = tempfile::tempdir().unwrap();
        let generated =
            files(&[("docs/reference.md", "# gto\n"), ("docs/man/gto.1", "x"), ("completions/_gto", "y")]);
        fs::create_dir_all(root.path().join("completions")).unwrap();
        fs::write(root.path().join("completions/old"), "z").unwrap();
        Differences::between(&generated, &present_in(root.path()).unwrap()).update(root.path()).unwrap();
        assert_eq!(present_in(root.path()).unwrap(), generated);
    }

    /// A program that keeps to the contract of `gto __xtask`. A child process writes it: while this process
    /// has a file open for writing, a fork by another test can keep it "busy" for the one that wants to run
    /// it.
    #[cfg(unix)]
    fn stand_in_for_gto(folder: &Path, script: &str) -> PathBuf {
        let path = folder.join("gto");
        let text = format!("#!/bin/sh\nset -eu\n[ \"$1\" = __xtask ]\n{script}\n");
        let mut write = Command::new("sh");
        write.args(["-c", r#"printf %s "$1" >"$0" && chmod +x "$0""#]).arg(&path).arg(text);
        output_of(&mut write).unwrap();
        path
    }

    #[cfg(unix)]
    #[test]
    fn the_texts_of_the_binary_are_collected_under_their_paths() {
        let folder = tempfile::tempdir().unwrap();
        let script = "case $2 in reference) echo '# gto';; man) echo m >$3/gto.1;; completions) echo c >$3/_gto;; esac";
        let gto = stand_in_for_gto(folder.path(), script);
        let expected = files(&[
            ("docs/reference.md", "# gto\n"),
            ("docs/man/gto.1", "m\n"),
            ("completions/_gto", "c\n"),
        ]);
        assert_eq!(generated_by(&gto).unwrap(), expected);
    }

    #[cfg(unix)]
    #[test]
    fn a_binary_that_writes_nothing_or_fails_never_empties_the_folders() {
        let folder = tempfile::tempdir().unwrap();
        let silent = stand_in_for_gto(folder.path(), "exit 0");
        assert!(generated_by(&silent).unwrap_err().to_string().contains("wrote no file"));
        let failing = stand_in_for_gto(folder.path(), "exit 3");
        assert!(generated_by(&failing).unwrap_err().to_string().contains("failed"));
    }
}
