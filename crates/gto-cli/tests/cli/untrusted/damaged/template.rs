//! Owns the intact repositories that are damaged: the same tags, stored in each way that Git has.

use std::fs;
use std::path::{Path, PathBuf};

use gto_testkit::{Repo, RepoOptions, Sandbox, TagSpec};

/// An intact repository: a folder to copy, and the part of it in which the commands are run.
pub struct Template {
    pub name: &'static str,
    pub folder: PathBuf,
    pub run_in: &'static str,
}

/// The tags of the artifacts that commands ask about, with the commit that each is on.
const TAGS: [(&str, &str); 12] = [
    ("m@v1.0.0", "HEAD~3"),
    ("m#prod#1", "HEAD~3"),
    ("m@v1.1.0", "HEAD~2"),
    ("m#prod#2", "HEAD~2"),
    ("m#dev#3", "HEAD~2"),
    ("n@v0.0.1", "HEAD~2"),
    ("n#prod#1", "HEAD~2"),
    ("m@v2.0.0", "HEAD~1"),
    ("m#dev#4", "HEAD~1"),
    ("m#prod#5", "HEAD~1"),
    ("n@v0.0.1!", "HEAD~2"),
    ("release-1", "HEAD~1"),
];

/// Every way to store them.
pub fn all(sandbox: &Sandbox) -> Vec<Template> {
    vec![
        loose(sandbox),
        packed_refs(sandbox),
        packed(sandbox),
        both(sandbox),
        bare(sandbox),
        alternates(sandbox),
        work_tree(sandbox),
    ]
}

fn filled(sandbox: &Sandbox, name: &str, bare: bool) -> Repo {
    fs::create_dir_all(sandbox.path().join(name)).expect("the sandbox is writable");
    let options = RepoOptions { bare, ..RepoOptions::default() };
    let repo = sandbox.repo_with(&format!("{name}/repo"), options);
    for n in 0..4 {
        repo.commit(&[("file", &format!("text {n}"))], &format!("commit {n}"));
    }
    for (tag, commit) in TAGS {
        repo.tag(tag, commit, &TagSpec::default());
    }
    repo.lightweight("latest", "HEAD");
    repo
}

fn template(sandbox: &Sandbox, name: &'static str, run_in: &'static str) -> Template {
    Template { name, folder: sandbox.path().join(name), run_in }
}

fn loose(sandbox: &Sandbox) -> Template {
    filled(sandbox, "loose", false);
    template(sandbox, "loose", "repo")
}

fn packed_refs(sandbox: &Sandbox) -> Template {
    filled(sandbox, "packed-refs", false).pack_refs();
    template(sandbox, "packed-refs", "repo")
}

fn packed(sandbox: &Sandbox) -> Template {
    filled(sandbox, "packed", false).git_ok(&["gc", "-q", "--prune=now"]);
    template(sandbox, "packed", "repo")
}

/// An older state is packed, and the newest tags are loose, one of them over a packed one.
fn both(sandbox: &Sandbox) -> Template {
    let repo = filled(sandbox, "both", false);
    repo.git_ok(&["gc", "-q", "--prune=now"]);
    repo.tag("m@v2.1.0", "HEAD", &TagSpec::default());
    repo.tag("m#prod#6", "HEAD", &TagSpec::default());
    repo.tag("m#prod#5", "HEAD~2", &TagSpec::default());
    template(sandbox, "both", "repo")
}

fn bare(sandbox: &Sandbox) -> Template {
    filled(sandbox, "bare", true).pack_refs();
    template(sandbox, "bare", "repo")
}

/// Its objects are in another repository, which stays intact.
fn alternates(sandbox: &Sandbox) -> Template {
    let repo = filled(sandbox, "alternates", false);
    let (objects, store) = (repo.git_dir().join("objects"), sandbox.path().join("store"));
    fs::rename(&objects, &store).expect("the sandbox is writable");
    fs::create_dir_all(objects.join("info")).expect("the sandbox is writable");
    fs::create_dir_all(objects.join("pack")).expect("the sandbox is writable");
    fs::write(objects.join("info/alternates"), format!("{}\n", store.display()))
        .expect("the sandbox is writable");
    repo.tag("m@v2.1.0", "HEAD", &TagSpec::default());
    template(sandbox, "alternates", "repo")
}

/// A linked work tree, whose `.git` is a file.
fn work_tree(sandbox: &Sandbox) -> Template {
    let repo = filled(sandbox, "work-tree", false);
    repo.git_ok(&["worktree", "add", "-q", "--detach", "../tree"]);
    let folder = sandbox.path().join("work-tree");
    // Relative, so that a copy leads into the copy.
    fs::write(folder.join("tree/.git"), "gitdir: ../repo/.git/worktrees/tree\n")
        .expect("the sandbox is writable");
    fs::write(folder.join("repo/.git/worktrees/tree/gitdir"), "../../../../tree/.git\n")
        .expect("the sandbox is writable");
    template(sandbox, "work-tree", "tree")
}

/// Copies a folder. Objects share their files: damage never changes one, it puts another in its place.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the sandbox is writable");
    let is_objects = from.components().any(|part| part.as_os_str() == "objects");
    for entry in fs::read_dir(from).expect("the template can be read") {
        let entry = entry.expect("the template can be read");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("the template can be read").is_dir() {
            copy(&entry.path(), &target);
        } else if !is_objects || fs::hard_link(entry.path(), &target).is_err() {
            fs::copy(entry.path(), &target).expect("the sandbox is writable");
        }
    }
}
