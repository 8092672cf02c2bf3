//! The licences of all that is compiled into the program, as most of them ask of whoever passes a binary on.
//!
//! Which packages these are comes from `cargo metadata`; their texts, from the files that are in each package.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::files::files_of;
use crate::Result;
use crate::workspace::{Workspace, output_of};

/// The file in an archive and in a package.
pub const NAME: &str = "THIRD-PARTY-LICENSES";

/// How the name of a file with a licence begins.
const BEGINNINGS: [&str; 5] = ["license", "licence", "copying", "notice", "copyright"];

/// The text for the program of a platform.
///
/// # Errors
/// If a package says nothing at all about its licence.
pub fn text(workspace: &Workspace, target: &str) -> Result<String> {
    let mut metadata = workspace.cargo();
    metadata.args(["metadata", "--locked", "--format-version=1", "--filter-platform", target]);
    let metadata: Value = serde_json::from_slice(&output_of(&mut metadata)?)?;
    let compiled = compiled_into(&metadata, "gto-cli");
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

/// The ids of the packages that a package needs to run: those for its build and its tests are not in the program.
fn compiled_into(metadata: &Value, root: &str) -> BTreeSet<String> {
    let nodes = metadata["resolve"]["nodes"].as_array();
    let needed: BTreeMap<&str, Vec<&str>> = nodes.into_iter().flatten().map(needed_by).collect();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let mut ids: Vec<&str> = packages
        .filter(|package| package["name"] == root)
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
            texts.push(String::from_utf8_lossy(&std::fs::read(&file)?).replace("\r\n", "\n"));
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
}
