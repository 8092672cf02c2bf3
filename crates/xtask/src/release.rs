//! `cargo xtask release`: what is published of a version, one step each, so that the workflow of releases only calls them and
//! anybody can run them.
//!
//! All files go into `target/dist`. Must not publish anything itself.

mod address;
mod archive;
mod build;
mod check;
mod deb;
mod files;
mod finish;
mod image;
mod notices;
mod rehearse;

use std::path::{Path, PathBuf};

use build::{Build, TARGETS};

use crate::Result;
use crate::workspace::Workspace;

const STEPS: &str = "\
check [--tag TAG], address URL, archive TARGET, deb TARGET, image, notices TARGET, finish, rehearse [--static]; see
docs/releasing.md";

/// Runs a step.
pub fn run(arguments: &[String]) -> Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let workspace = Workspace::find()?;
    match words[..] {
        ["check"] => check::run(&workspace, None),
        ["check", "--tag", tag] => check::run(&workspace, Some(tag)),
        ["address", url] => address::run(&workspace, url),
        ["archive", target] => {
            in_dist(&workspace, |dist| archive::write(&workspace, &Build::of(&workspace, target)?, dist))
        }
        ["deb", target] => {
            in_dist(&workspace, |dist| deb::write(&workspace, &Build::of(&workspace, target)?, dist))
        }
        ["image"] => in_dist(&workspace, |dist| image::lay_context(&workspace, dist)),
        ["notices", target] => {
            println!("{}", notices::into_wheel(&workspace, target)?.display());
            Ok(())
        }
        ["finish"] => finish::run(&workspace, &workspace.target.join("dist"), &TARGETS),
        ["rehearse"] => rehearse::run(&workspace, false),
        ["rehearse", "--static"] => rehearse::run(&workspace, true),
        _ => Err(format!("release takes one of these steps: {STEPS}").into()),
    }
}

/// Makes a file of the release, and says which.
fn in_dist(workspace: &Workspace, make: impl FnOnce(&Path) -> Result<PathBuf>) -> Result<()> {
    let dist = workspace.target.join("dist");
    std::fs::create_dir_all(&dist)?;
    println!("{}", make(&dist)?.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_words(words: &[&str]) -> String {
        run(&words.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_step_or_platform_is_refused_and_the_known_are_listed() {
        assert!(run_words(&["publish"]).contains("rehearse"));
        assert!(run_words(&["archive", "riscv64-linux"]).contains("x86_64-unknown-linux-musl"));
    }
}
