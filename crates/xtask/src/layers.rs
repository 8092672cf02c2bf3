//! `cargo xtask layers`: which file may name which.
//!
//! Checks the rules of `docs/architecture.md`. `sources` finds what the files name.

mod sources;

use std::collections::BTreeMap;

use sources::{Module, Sources, Uses};

use crate::Result;
use crate::workspace::Workspace;

/// The crates of the workspace that a crate may name, its own aside. What is not listed may name none.
const CRATES: &[(&str, &[&str])] = &[
    ("gto_files", &["gto"]),
    ("gto_frontend", &["gto", "gto_files"]),
    ("gto_server", &["gto", "gto_files", "gto_frontend"]),
    ("gto_cli", &["gto", "gto_files", "gto_frontend", "gto_server"]),
    ("gto_cli(bin)", &["gto_cli"]),
    ("gto_python", &["gto", "gto_files", "gto_frontend"]),
    ("xtask", &["gto_testkit"]),
];

/// The modules of the library that do no I/O and name neither Git nor the registry.
const PURE: &[&str] = &[
    "approval",
    "author",
    "commit",
    "event",
    "name",
    "object_id",
    "outcome",
    "plan",
    "policy",
    "query",
    "reference",
    "request",
    "rules",
    "signature",
    "state",
    "tag",
    "time",
    "version",
    "report",
    "compat",
];

/// What only a part of the tree may name: the paths, by their beginning, and the module that may, with all below it.
const RESERVED: &[(&[&str], &[&str])] = &[(&["gix"], &["gto", "git"])];

/// What the library leaves to its caller; methods, as those that read the clock, are for clippy: see `crates/gto/clippy.toml`.
const FROM_THE_CALLER: &[&[&str]] = &[
    &["std", "env"],
    &["std", "process", "exit"],
    &["std", "io", "stdout"],
    &["std", "io", "stderr"],
    &["std", "io", "stdin"],
];

/// The rule about that.
const CALLER: &str = "the library gets environment, clock and terminal from its caller";

/// Fails if a rule is broken, and names every file that breaks one.
pub fn run(arguments: &[String]) -> Result<()> {
    if let Some(argument) = arguments.first() {
        return Err(format!("`layers` takes no argument, and got `{argument}`").into());
    }
    let sources = Sources::read(&Workspace::find()?.root)?;
    let broken = check(&sources);
    for line in &broken {
        println!("{line}");
    }
    let files = sources.files().count();
    match broken.len() {
        0 => {
            println!("layers: {files} files keep the rules");
            Ok(())
        }
        count => {
            Err(format!("{count} rules broken in {files} files; docs/architecture.md explains them").into())
        }
    }
}

/// One line for each place where a rule is broken.
fn check(sources: &Sources) -> Vec<String> {
    let uses: BTreeMap<&Module, Uses> =
        sources.files().map(|(module, _)| (module, sources.uses(module))).collect();
    let mut broken = Vec::new();
    for (module, uses) in &uses {
        let path = sources.path(module).display();
        for other in &uses.modules {
            if let Some(rule) = broken_arrow(module, other) {
                broken.push(format!("{path} names {}: {rule}", sources.path(other).display()));
            }
        }
        for name in &uses.outside {
            if let Some(rule) = broken_outside(module, name) {
                broken.push(format!("{path} names {}: {rule}", name.join("::")));
            }
        }
    }
    for circle in circles(&uses) {
        let mut paths: Vec<_> =
            circle.iter().map(|module| sources.path(module).display().to_string()).collect();
        paths.sort();
        broken.push(format!("a circle of files: {}", paths.join(", ")));
    }
    broken
}

/// The rule that an arrow between two files of the workspace breaks.
fn broken_arrow(from: &Module, to: &Module) -> Option<&'static str> {
    if from[0] != to[0] {
        let allowed = CRATES.iter().find(|(name, _)| *name == from[0]).map_or(&[][..], |(_, may)| *may);
        return (!allowed.contains(&to[0].as_str())).then_some("this crate may not depend on that one");
    }
    let [krate, room, ..] = from.as_slice() else { return None };
    let target = to.get(1).map_or("", String::as_str);
    let is_io = matches!(target, "git" | "registry" | "environment" | "error");
    (krate == "gto" && PURE.contains(&room.as_str()) && is_io)
        .then_some("a pure module names neither Git nor the registry")
}

/// The rule that naming something outside the workspace breaks.
fn broken_outside(from: &Module, name: &[String]) -> Option<&'static str> {
    let begins = |path: &[&str], whole: &[String]| {
        whole.len() >= path.len() && path.iter().zip(whole).all(|(a, b)| a == b)
    };
    let is_in = |room: &[&str]| begins(room, from);
    if RESERVED.iter().any(|(path, room)| begins(path, name) && !is_in(room)) {
        return Some("only crates/gto/src/git names gix");
    }
    // It reads nothing but its argument.
    let is_pure = name.join("::") == "std::env::split_paths";
    (from[0] == "gto" && !is_pure && FROM_THE_CALLER.iter().any(|path| begins(path, name))).then_some(CALLER)
}

/// The circles of files that name each other: the strongly connected components of more than one file.
fn circles(uses: &BTreeMap<&Module, Uses>) -> Vec<Vec<Module>> {
    let reached: BTreeMap<&Module, Vec<&Module>> =
        uses.keys().map(|module| (*module, reachable(module, uses))).collect();
    let mut circles: Vec<Vec<Module>> = Vec::new();
    for (module, others) in &reached {
        if !others.contains(module) || circles.iter().flatten().any(|known| known == *module) {
            continue;
        }
        let comes_back = |other: &&&Module| reached.get(**other).is_some_and(|back| back.contains(module));
        circles.push(others.iter().filter(comes_back).map(|other| (*other).clone()).collect());
    }
    circles
}

fn reachable<'a>(from: &Module, uses: &'a BTreeMap<&'a Module, Uses>) -> Vec<&'a Module> {
    let mut seen: Vec<&Module> = Vec::new();
    let mut next: Vec<&Module> = uses.get(from).into_iter().flat_map(|uses| &uses.modules).collect();
    while let Some(module) = next.pop() {
        if !seen.contains(&module) {
            seen.push(module);
            next.extend(uses.get(module).into_iter().flat_map(|uses| &uses.modules));
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// What is wrong with crates of these files.
    fn broken(files: &[(&str, &str)]) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join("crates").join(path);
            fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap();
            fs::write(path, text).unwrap();
        }
        check(&Sources::read(root.path()).unwrap())
    }

    #[test]
    fn each_rule_is_broken_by_what_it_forbids() {
        let cases: &[(&[(&str, &str)], &str)] = &[
            (
                &[("gto/src/lib.rs", "mod state;"), ("gto/src/state.rs", "use gix::Id;")],
                "crates/gto/src/state.rs names gix::Id: only crates/gto/src/git names gix",
            ),
            (
                &[
                    ("gto/src/lib.rs", "mod git;\nmod state;"),
                    ("gto/src/git/mod.rs", "pub struct Repository;"),
                    ("gto/src/state.rs", "fn f(_: &crate::git::Repository) {}"),
                ],
                "crates/gto/src/state.rs names crates/gto/src/git/mod.rs: a pure module names neither Git nor the registry",
            ),
            (
                &[("gto/src/lib.rs", "fn f() { let _ = std::env::var(\"HOME\"); }")],
                "crates/gto/src/lib.rs names std::env::var: the library gets environment, clock and terminal from its caller",
            ),
            (
                &[
                    ("gto-cli/src/lib.rs", "pub fn clean() {}"),
                    ("gto-python/src/lib.rs", "use gto_cli::clean;"),
                ],
                "crates/gto-python/src/lib.rs names crates/gto-cli/src/lib.rs: this crate may not depend on that one",
            ),
            (
                &[
                    ("gto/src/lib.rs", "mod a;\nmod b;\npub use a::A;"),
                    ("gto/src/a.rs", "use crate::b::B;\npub struct A(B);"),
                    ("gto/src/b.rs", "use crate::A;\npub struct B(Box<A>);"),
                ],
                "a circle of files: crates/gto/src/a.rs, crates/gto/src/b.rs",
            ),
        ];
        for (files, expected) in cases {
            assert_eq!(broken(files), [*expected]);
        }
    }

    #[test]
    fn what_only_tests_name_breaks_no_rule() {
        let tests = "#[cfg(test)]\nmod tests { use std::env::temp_dir; }\n#[cfg(test)]\nmod more;";
        assert_eq!(broken(&[("gto/src/lib.rs", tests)]), [""; 0]);
    }
}
