//! The patterns of `docs/guides/who-may-deploy.md` cover each tag that changes what a stage shows, by the rules that each host documents
//! for its patterns; the hook is run by a server.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use gto_testkit::{Repo, RepoOptions, TagSpec};

use crate::common::registry;

/// Tags that change what `prod` shows.
const DEPLOY: [&str; 14] = [
    "m#prod",
    "m#prod#3",
    "nlp/m#prod#1",
    "nlp=m#prod#1",
    "a/b=c/m#prod#1",
    "m#prod!",
    "m#prod!#2",
    "nlp/m#prod!#4",
    "m@v1.0.0!",
    "m@v1.0.0-rc.1+build!#5",
    "nlp/m@v1.0.0!",
    "m@deprecated",
    "m@deprecated#6",
    "nlp/m@deprecated",
];

/// Tags that do not.
const OTHERS: [&str; 9] = [
    "m#dev",
    "m#dev#3",
    "m#dev!#4",
    "m#prod-eu#5",
    "m#preprod#1",
    "m@v1.0.0",
    "nlp/m@v1.0.0#7",
    "v1.0.0",
    "release/prod",
];

/// The code blocks of the page under the headline of a host.
fn blocks(host: &str) -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/who-may-deploy.md");
    let page = fs::read_to_string(page).expect("the page is there");
    let section = page.split("\n## ").find(|section| section.starts_with(host)).expect("it has a section");
    let blocks = section.split("```").skip(1).step_by(2);
    blocks.map(|block| block.split_once('\n').expect("a block has lines").1.to_owned()).collect()
}

fn covers_what_deploys(host: &str, is_covered: impl Fn(&str) -> bool) {
    for tag in DEPLOY {
        assert!(is_covered(tag), "{host} leaves '{tag}' to everybody");
    }
    for tag in OTHERS {
        assert!(!is_covered(tag), "{host} keeps '{tag}' from everybody");
    }
}

#[test]
fn the_patterns_for_github_cover_what_deploys_and_nothing_else() {
    /// Ruby's `fnmatch` with `FNM_PATHNAME`: `*` stays within a folder, `**/` is any number of them.
    fn matches(pattern: &str, name: &str) -> bool {
        if let Some(rest) = pattern.strip_prefix("**/") {
            let below = name.match_indices('/').map(|(at, _)| &name[at + 1..]);
            return std::iter::once(name).chain(below).any(|name| matches(rest, name));
        }
        let Some(first) = pattern.chars().next() else { return name.is_empty() };
        if first == '*' {
            let end = name.find('/').unwrap_or(name.len());
            return (0..=end).any(|at| matches(&pattern[1..], &name[at..]));
        }
        name.strip_prefix(first).is_some_and(|rest| matches(&pattern[first.len_utf8()..], rest))
    }
    let patterns = &blocks("GitHub")[0];
    covers_what_deploys("GitHub", |tag| patterns.lines().any(|pattern| matches(pattern, tag)));
    assert!(matches("**/*@v*", "nlp/m@v1.0.0") && matches("**/*@v*", "m@v1.0.0!#3"));
}

#[test]
fn the_patterns_for_gitlab_cover_what_deploys_and_nothing_else() {
    /// `*` is any text, and everything else is itself.
    fn matches(pattern: &str, name: &str) -> bool {
        match pattern.split_once('*') {
            None => pattern == name,
            Some((before, after)) => {
                let rest = name.strip_prefix(before);
                rest.is_some_and(|rest| (0..=rest.len()).any(|at| matches(after, &rest[at..])))
            }
        }
    }
    let patterns = &blocks("GitLab")[0];
    covers_what_deploys("GitLab", |tag| patterns.lines().any(|pattern| matches(pattern, tag)));
}

#[test]
fn the_expression_for_gitea_covers_what_deploys_and_nothing_else() {
    let block = &blocks("Gitea")[0];
    let expression = block.trim().strip_prefix('/').and_then(|text| text.strip_suffix('/')).expect("slashes");
    let repo = Repo::new();
    covers_what_deploys("Gitea", |tag| {
        // What it has means the same to Go and to grep.
        let mut grep = repo.command("sh");
        grep.args(["-c", r#"printf '%s\n' "$1" | grep -qE -- "$2""#, "sh", tag, expression]);
        grep.status().expect("grep is installed").success()
    });
}

#[test]
fn the_hook_lets_only_those_in_the_file_deploy() {
    let repo = registry(&[]);
    let remote = repo.sandbox().repo_with("remote.git", RepoOptions { bare: true, ..RepoOptions::default() });
    repo.git_ok(&["push", "-q", &remote.path().to_string_lossy(), "HEAD:refs/heads/main"]);
    let deployers = repo.sandbox().path().join("deployers");
    fs::write(&deployers, "grace\n").expect("the sandbox is writable");
    let hook = blocks("Plain Git")[0].replace("/etc/deployers", &deployers.to_string_lossy());
    let path = remote.path().join("hooks/pre-receive");
    fs::create_dir_all(path.parent().expect("it has one")).expect("the sandbox is writable");
    fs::write(&path, hook).expect("the sandbox is writable");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the sandbox is writable");
    let push = |who: &str, tag: &str| {
        let mut git = repo.command("git");
        git.args(["push", "-q", &remote.path().to_string_lossy(), &format!("refs/tags/{tag}")]);
        git.env("REMOTE_USER", who).output().expect("git is installed").status.success()
    };
    for tag in DEPLOY.into_iter().chain(OTHERS) {
        repo.tag(tag, "HEAD", &TagSpec::default());
        assert_eq!(push("eve", tag), OTHERS.contains(&tag), "{tag}");
        assert!(push("grace", tag), "{tag}");
    }
}
