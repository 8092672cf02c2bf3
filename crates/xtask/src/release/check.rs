//! May this commit be released? Before anything is built: the tag, the changelog and the address.

use std::env::VarError;
use std::fs;
use std::result::Result;

use serde_json::Value;

use super::address;
use super::build::VERSION;
use crate::workspace::Workspace;

/// Fails with everything that is wrong. Without a tag (a run by hand), only the tag is not checked.
pub fn run(workspace: &Workspace, tag: Option<&str>) -> crate::Result<()> {
    let mut wrong = Vec::new();
    wrong.extend(tag.and_then(|tag| wrong_tag(tag, VERSION)));
    wrong.extend(wrong_changelog(&fs::read_to_string(workspace.root.join("CHANGELOG.md"))?, VERSION));
    wrong.extend(workspace.published()?.iter().filter_map(wrong_package));
    let homeless = address::missing_in(workspace)?;
    if !homeless.is_empty() {
        let names: Vec<_> = homeless
            .iter()
            .map(|path| path.strip_prefix(&workspace.root).unwrap_or(path).display().to_string())
            .collect();
        wrong.push(format!(
            "the address of the project is not set in {}: run `cargo xtask release address URL`",
            names.join(", ")
        ));
    }
    wrong.extend(wrong_home(std::env::var("GITHUB_SERVER_URL"), std::env::var("GITHUB_REPOSITORY")));
    if wrong.is_empty() {
        println!("version {VERSION} can be released");
        return Ok(());
    }
    Err(format!("version {VERSION} cannot be released:\n  {}", wrong.join("\n  ")).into())
}

fn wrong_tag(tag: &str, version: &str) -> Option<String> {
    (tag != format!("v{version}"))
        .then(|| format!("the tag is `{tag}`, and the version in Cargo.toml {version}: tag `v{version}`"))
}

/// What crates.io shows of a package, and those who read its licence.
fn wrong_package(package: &Value) -> Option<String> {
    let fields = ["description", "documentation", "license", "readme", "repository"];
    let lacks: Vec<_> = fields.into_iter().filter(|field| package[*field].is_null()).collect();
    let name = package["name"].as_str().unwrap_or_default();
    (!lacks.is_empty()).then(|| format!("crates/{name}/Cargo.toml has no {}", lacks.join(", ")))
}

/// A fork does not release under the address of another repository.
fn wrong_home(server: Result<String, VarError>, repository: Result<String, VarError>) -> Option<String> {
    let home = format!("{}/{}", server.ok()?, repository.ok()?);
    (home != address::REPOSITORY)
        .then(|| format!("this repository is {home}, and the address in Cargo.toml {}", address::REPOSITORY))
}

fn wrong_changelog(text: &str, version: &str) -> Option<String> {
    let heading = text.lines().find(|line| line.starts_with(&format!("## [{version}]")));
    let date = heading.and_then(|line| line.rsplit_once(" - ")).map_or("", |(_, date)| date.trim());
    let dated = date.len() == 10 && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    (!dated).then(|| format!("CHANGELOG.md has no line `## [{version}] - YYYY-MM-DD`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_must_be_the_version() {
        assert_eq!(wrong_tag("v1.11.0", "1.11.0"), None);
        for tag in ["1.11.0", "v1.11.1", "v1.11.0-rc.1", "V1.11.0"] {
            assert!(wrong_tag(tag, "1.11.0").unwrap().contains("tag `v1.11.0`"), "{tag}");
        }
    }

    #[test]
    fn the_changelog_must_have_the_day_of_the_release() {
        assert_eq!(wrong_changelog("# C\n\n## [1.11.0] - 2026-12-01\n", "1.11.0"), None);
        for text in ["", "## [1.11.0] - unreleased", "## [1.11.0]", "## [1.10.0] - 2026-12-01"] {
            assert!(wrong_changelog(text, "1.11.0").is_some(), "{text}");
        }
    }

    #[test]
    fn a_package_says_what_it_is_and_where_it_comes_from() {
        let mut package = serde_json::json!({
            "name": "x", "description": "d", "documentation": "u", "license": "l", "readme": "r", "repository": "u"
        });
        assert_eq!(wrong_package(&package), None);
        package["readme"] = Value::Null;
        assert_eq!(wrong_package(&package).unwrap(), "crates/x/Cargo.toml has no readme");
    }
}
