//! Where the project lives. One address stands in Cargo.toml, the install script, the templates and the pages.
//!
//! A name in `.example`, which nobody can own, stands for it until the project has one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::workspace::{Workspace, output_of};

/// The address that all packages have.
pub const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// What stands for the address while there is none, in two parts, so that this file has none of it.
const NONE_YET: &str = concat!("https://gto", ".example");
/// The same after `uses:`, where GitHub wants the owner and the name: it refuses this one.
const NO_ACTION_YET: &str = concat!("<owner>", "/gto");

/// What a line says that explains the name in `.example`.
const EXPLAINED: &str = "stands for the address of this project";

/// Puts the address into every file that has one.
pub fn run(workspace: &Workspace, url: &str) -> Result<()> {
    let url = url.trim_end_matches('/');
    let action = action_of(url)?;
    let old_action = if REPOSITORY == NONE_YET { NO_ACTION_YET } else { action_of(REPOSITORY)? };
    let mut changed = 0;
    for path in tracked(workspace)? {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let edited = moved(&text, (REPOSITORY, old_action), (url, action));
        if edited != text {
            fs::write(&path, edited)?;
            println!("{}", path.strip_prefix(&workspace.root).unwrap_or(&path).display());
            changed += 1;
        }
    }
    println!("files changed: {changed}; now run `cargo xtask generate`");
    Ok(())
}

/// A text with another address, and without the line that explains why there was none.
fn moved(text: &str, (old_url, old_action): (&str, &str), (url, action): (&str, &str)) -> String {
    if !text.contains(old_url) && !text.contains(old_action) {
        return text.to_owned();
    }
    let kept =
        text.split_inclusive('\n').filter(|line| !(line.contains(old_url) && line.contains(EXPLAINED)));
    kept.collect::<String>().replace(old_url, url).replace(old_action, action)
}

/// Files that still have no address.
pub fn missing_in(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let has_none = |path: &PathBuf| {
        fs::read_to_string(path).is_ok_and(|text| text.contains(NONE_YET) || text.contains(NO_ACTION_YET))
    };
    Ok(tracked(workspace)?.into_iter().filter(has_none).collect())
}

/// Owner and name of a repository, which are the last two parts of its address.
fn action_of(url: &str) -> Result<&str> {
    let path = url.strip_prefix("https://").and_then(|rest| rest.split_once('/')).map(|(_, path)| path);
    match path {
        Some(path) if path.matches('/').count() == 1 && !path.starts_with('/') => Ok(path),
        _ => Err(format!("`{url}` is not the address of a repository such as https://github.com/owner/name")
            .into()),
    }
}

fn tracked(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let mut git = Command::new("git");
    git.current_dir(&workspace.root).args(["ls-files", "-z"]);
    let names = String::from_utf8(output_of(&mut git)?)?;
    let present = names.split('\0').filter(|name| !name.is_empty());
    Ok(present.map(|name| workspace.root.join(Path::new(name))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_action_is_named_by_the_last_two_parts_of_the_address() {
        assert_eq!(action_of("https://github.com/acme/gto").unwrap(), "acme/gto");
        for wrong in
            ["http://github.com/acme/gto", "https://github.com/acme", "https://github.com//x", "acme/gto"]
        {
            assert!(action_of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_text_gets_the_address_wherever_it_has_one() {
        let (none, new) = (("https://none.example", "<o>/gto"), ("https://github.com/acme/gto", "acme/gto"));
        let text = "`https://none.example` stands for the address of this project.\n\ncurl https://none.example/x\nuses: <o>/gto@v1\n";
        assert_eq!(moved(text, none, new), "\ncurl https://github.com/acme/gto/x\nuses: acme/gto@v1\n");
        assert_eq!(moved("a line\n", none, new), "a line\n");
    }
}
