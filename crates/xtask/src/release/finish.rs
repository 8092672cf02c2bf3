//! The last step: nothing is missing, and the files that speak of all the others are written: `SHA256SUMS` and the Homebrew
//! formula.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::archive;
use super::build::{TARGETS, VERSION};
use super::files::files_of;
use super::{address, deb};
use crate::Result;
use crate::workspace::{Workspace, output_of};

const SUMS: &str = "SHA256SUMS";
const FORMULA: &str = "gto.rb";

/// Files of the workspace that a release has, and their names there.
const AS_THEY_ARE: [(&str, &str); 2] =
    [("install.sh", "install.sh"), ("templates/gto.yml", "gitlab-component.yml")];

/// Checksums by file name.
type Sums = BTreeMap<String, String>;

/// Completes the release of these platforms in a folder.
pub fn run(workspace: &Workspace, dist: &Path, targets: &[&str]) -> Result<()> {
    for stale in [SUMS, FORMULA] {
        fs::remove_file(dist.join(stale)).ok();
    }
    for (source, name) in AS_THEY_ARE {
        fs::copy(workspace.root.join(source), dist.join(name))?;
    }
    let mut sums = sums_of(dist)?;
    refuse_missing(&sums, targets)?;
    let template = fs::read_to_string(workspace.root.join("packaging/gto.rb.in"))?;
    fs::write(dist.join(FORMULA), formula(&template, &sums))?;
    sums.extend(sum_of(&dist.join(FORMULA))?);
    fs::write(dist.join(SUMS), text_of(&sums))?;
    println!("{} files in {}", sums.len() + 1, dist.display());
    Ok(())
}

fn refuse_missing(present: &Sums, targets: &[&str]) -> Result<()> {
    let archives = targets.iter().map(|target| archive::name(target));
    let packages = targets.iter().filter_map(|target| deb::name(target).ok());
    let missing: Vec<_> = archives.chain(packages).filter(|name| !present.contains_key(name)).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("the release lacks {}", missing.join(", ")).into()) }
}

fn sums_of(folder: &Path) -> Result<Sums> {
    let sums = files_of(folder)?.iter().map(|file| sum_of(file)).collect::<Result<Vec<_>>>()?;
    Ok(sums.into_iter().flatten().collect())
}

/// By the program that everybody else checks them with; macOS has the other one.
fn sum_of(file: &Path) -> Result<Option<(String, String)>> {
    let mut program = if cfg!(target_os = "macos") {
        let mut shasum = Command::new("shasum");
        shasum.args(["-a", "256"]);
        shasum
    } else {
        Command::new("sha256sum")
    };
    let line = String::from_utf8(output_of(program.arg(file))?)?;
    let sum = line.split(' ').next().unwrap_or_default().to_owned();
    Ok(file.file_name().map(|name| (name.to_string_lossy().into_owned(), sum)))
}

fn text_of(sums: &Sums) -> String {
    sums.iter().fold(String::new(), |mut text, (name, sum)| {
        writeln!(text, "{sum}  {name}").expect("a string takes all");
        text
    })
}

/// The formula of the platforms that are there; Homebrew refuses one with an empty checksum.
fn formula(template: &str, sums: &Sums) -> String {
    let mut text = template.replace("@VERSION@", VERSION).replace("@REPOSITORY@", address::REPOSITORY);
    for target in TARGETS {
        let sum = sums.get(&archive::name(target)).map_or("not built", String::as_str);
        text = text.replace(&format!("@{target}@"), sum);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_without_one_of_its_platforms_is_refused() {
        let mut present = Sums::new();
        present.insert(archive::name("x86_64-unknown-linux-musl"), "a".into());
        let error = refuse_missing(&present, &["x86_64-unknown-linux-musl", "aarch64-apple-darwin"]);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("gto-aarch64-apple-darwin.tar.gz"), "{error}");
        assert!(error.contains("_amd64.deb"), "{error}");
    }

    #[test]
    fn the_formula_has_the_checksums_and_no_gap() {
        let workspace = Workspace::find().unwrap();
        let template = fs::read_to_string(workspace.root.join("packaging/gto.rb.in")).unwrap();
        let sums: Sums = TARGETS.iter().map(|t| (archive::name(t), format!("sum-of-{t}"))).collect();
        let text = formula(&template, &sums);
        for target in TARGETS.iter().filter(|target| !target.contains("windows")) {
            assert!(text.contains(&format!("sha256 \"sum-of-{target}\"")), "{text}");
        }
        assert!(!text.contains('@') && text.contains(VERSION), "{text}");
    }
}
