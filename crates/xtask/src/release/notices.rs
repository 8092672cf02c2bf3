//! The licences of all that is compiled into the program, as most of them ask of whoever passes a binary on.
//!
//! Which packages these are comes from `cargo metadata`; their texts, from the files that are in each package.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::files::files_of;
use crate::Result;
use crate::workspace::{Workspace, output_of};

/// The file in an archive and in a package.
pub const NAME: &str = "THIRD-PARTY-LICENSES";

/// How the name of a file with a licence begins.
const BEGINNINGS: [&str; 5] = ["license", "licence", "copying", "notice", "copyright"];

/// Lets a wheel that is built after this have the file, beside the licence of the project. Not for a commit: the file is large, and
/// says the same as `Cargo.lock`. A name without a file maturin passes over in silence (1.16.0; the specification asks for an error),
/// so the file is not named before it is there, and the workflow looks for it in the wheel.
pub fn into_wheel(workspace: &Workspace, target: &str) -> Result<PathBuf> {
    let project = workspace.root.join("pyproject.toml");
    let text = fs::read_to_string(&project)?;
    fs::write(project, with_notices(&text).ok_or("pyproject.toml names no licence files")?)?;
    let file = workspace.root.join(NAME);
    fs::write(&file, text_of(workspace, target, &["gto-cli", "gto-python"])?)?;
    Ok(file)
}

fn with_notices(project: &str) -> Option<String> {
    const FILES: &str = "license-files = [\"LICENSE\"]";
    let named = format!("license-files = [\"LICENSE\", \"{NAME}\"]");
    (project.contains(FILES) || project.contains(&named)).then(|| project.replace(FILES, &named))
}

/// The text for the program of a platform.
///
/// # Errors
/// If a package says nothing at all about its licence.
pub fn text(workspace: &Workspace, target: &str) -> Result<String> {
    text_of(workspace, target, &["gto-cli"])
}

/// The text for what is made of these packages of ours.
fn text_of(workspace: &Workspace, target: &str, roots: &[&str]) -> Result<String> {
    let mut metadata = workspace.cargo();
    metadata.args(["metadata", "--locked", "--format-version=1", "--filter-platform", target]);
    let metadata: Value = serde_json::from_slice(&output_of(&mut metadata)?)?;
    let compiled = compiled_into(&metadata, roots);
    let mut list = String::new();
    // Texts that differ in their line breaks alone are one.
    let mut packages_of: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let word = |key: &str| package[key].as_str().unwrap_or_default();
        // Our own are under the licence beside this file.
        if package["source"].is_null() || !compiled.contains(word("id")) {
            continue;
        }
        let name = format!("{} {}", word("name"), word("version"));
        let texts = licences_in(Path::new(word("manifest_path")).parent().expect("it is a file"))?;
        if texts.is_empty() && word("license").is_empty() {
            return Err(format!("{name} says nothing of its licence").into());
        }
        let no_text = if texts.is_empty() { "; the package has no text of it" } else { "" };
        writeln!(list, "{name}: {}{no_text}", word("license"))?;
        for text in texts {
            let words: Vec<&str> = text.split_whitespace().collect();
            let (_, packages) = packages_of.entry(words.join(" ")).or_insert_with(|| (text, Vec::new()));
            packages.push(name.clone());
        }
    }
    let mut all = format!("gto contains the following packages, under the licences below.\n\n{list}");
    for (text, packages) in packages_of.into_values() {
        write!(all, "\n{}\n{}\n\n{}\n", "=".repeat(80), packages.join(", "), text.trim_end())?;
    }
    Ok(all)
}

/// The ids of the packages that packages need to run: those for their build and their tests are not in the program.
fn compiled_into(metadata: &Value, roots: &[&str]) -> BTreeSet<String> {
    let nodes = metadata["resolve"]["nodes"].as_array();
    let needed: BTreeMap<&str, Vec<&str>> = nodes.into_iter().flatten().map(needed_by).collect();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let mut ids: Vec<&str> = packages
        .filter(|package| package["name"].as_str().is_some_and(|name| roots.contains(&name)))
        .filter_map(|package| package["id"].as_str())
        .collect();
    let mut found = BTreeSet::new();
    while let Some(id) = ids.pop() {
        if found.insert(id.to_owned()) {
            ids.extend(needed.get(id).into_iter().flatten());
        }
    }
    found
}

fn needed_by(node: &Value) -> (&str, Vec<&str>) {
    let is_normal = |dependency: &&Value| {
        dependency["dep_kinds"].as_array().into_iter().flatten().any(|kind| kind["kind"].is_null())
    };
    let dependencies = node["deps"].as_array().into_iter().flatten().filter(is_normal);
    (
        node["id"].as_str().unwrap_or_default(),
        dependencies.filter_map(|dependency| dependency["pkg"].as_str()).collect(),
    )
}

/// The texts of the licences in the folder of a package.
fn licences_in(folder: &Path) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for file in files_of(folder)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if BEGINNINGS.iter().any(|beginning| name.starts_with(beginning)) {
            texts.push(String::from_utf8_lossy(&fs::read(&file)?).replace("\r\n", "\n"));
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_in_the_program_is_named_once_and_those_for_tests_are_not() {
        let workspace = Workspace::find().unwrap();
        let text = text(&workspace, "x86_64-unknown-linux-musl").unwrap();
        let list = text.split("\n====").next().unwrap();
        assert_eq!(list.lines().filter(|line| line.starts_with("clap 4.")).count(), 1, "{list}");
        assert!(list.contains("\ngix 0.") && !list.contains("\ninsta 1") && !list.contains("\nwindows-sys "));
        // Those that are licensed alike share one text: there are a few ways to lay out this one, and many packages under it.
        let texts = text.matches("TERMS AND CONDITIONS FOR USE, REPRODUCTION").count();
        let packages = list.lines().filter(|line| line.contains("Apache-2.0")).count();
        assert!(texts * 10 < packages, "{texts} texts for {packages} packages");
    }

    #[test]
    fn a_wheel_also_names_what_is_only_in_the_module() {
        let workspace = Workspace::find().unwrap();
        let of = |roots: &[&str]| text_of(&workspace, "x86_64-unknown-linux-gnu", roots).unwrap();
        assert!(
            of(&["gto-cli", "gto-python"]).contains("\npyo3 0.") && !of(&["gto-cli"]).contains("\npyo3 0.")
        );
        let project = fs::read_to_string(workspace.root.join("pyproject.toml")).unwrap();
        let named = with_notices(&project).unwrap();
        assert!(named.contains("license-files = [\"LICENSE\", \"THIRD-PARTY-LICENSES\"]"), "{named}");
        assert_eq!(with_notices(&named), Some(named.clone()));
    }
}
