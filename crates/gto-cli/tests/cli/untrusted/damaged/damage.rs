//! Owns what is damaged, and how: one or two files of a repository, by a seed.

use std::fs;
use std::path::{Path, PathBuf};

use gto_testkit::random::SplitMix;

/// Damages files below `root`, and returns a description.
pub fn inflict(root: &Path, chance: &mut SplitMix) -> Vec<String> {
    let times = if chance.one_in(4) { 2 } else { 1 };
    (0..times).map(|_| inflict_once(root, chance)).collect()
}

/// What files are for.
const KINDS: [&str; 9] =
    ["HEAD", "config", "packed-refs", "alternates", "link", "tag", "branch", "pack", "object"];

/// What a file is for; `None` for those that no answer depends on.
fn kind(name: &str) -> Option<&'static str> {
    let after_git = name.split_once(".git/").map_or(name, |(_, rest)| rest);
    let file = name.rsplit('/').next().unwrap_or(name);
    if ["logs/", "hooks/"].iter().any(|folder| after_git.contains(folder))
        || ["index", "description", "COMMIT_EDITMSG", "exclude", "file", "ORIG_HEAD"].contains(&file)
    {
        return None;
    }
    Some(match file {
        "HEAD" => "HEAD",
        "config" => "config",
        "packed-refs" => "packed-refs",
        "alternates" => "alternates",
        ".git" | "gitdir" | "commondir" => "link",
        _ if after_git.contains("refs/tags/") => "tag",
        _ if after_git.contains("refs/") => "branch",
        _ if after_git.contains("objects/pack/") => "pack",
        _ if after_git.contains("objects/") => "object",
        _ => return None,
    })
}

fn files(root: &Path, prefix: &str, found: &mut Vec<(String, &'static str)>) {
    for entry in fs::read_dir(root.join(prefix)).into_iter().flatten().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            files(root, &format!("{name}/"), found);
        } else if let Some(kind) = kind(&name) {
            found.push((name, kind));
        }
    }
}

/// The kinds in a list such as `config,pack`.
fn wanted_kinds(list: &str) -> Vec<&str> {
    let unknown = list.split(',').find(|word| !KINDS.contains(word));
    assert_eq!(unknown, None, "GTO_DAMAGE_KINDS: no such kind; the kinds are {}", KINDS.join(","));
    list.split(',').collect()
}

#[test]
#[should_panic(expected = "the kinds are HEAD,config")]
fn a_kind_of_file_that_is_unknown_is_refused() {
    wanted_kinds("config,packs");
}

fn inflict_once(root: &Path, chance: &mut SplitMix) -> String {
    let mut found = Vec::new();
    files(root, "", &mut found);
    if let Ok(wanted) = std::env::var("GTO_DAMAGE_KINDS") {
        let wanted = wanted_kinds(&wanted);
        found.retain(|(_, kind)| wanted.contains(kind));
    }
    found.sort();
    let mut kinds: Vec<&str> = found.iter().map(|(_, kind)| *kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let Some(kind) = chance.maybe_pick(&kinds) else { return "nothing is left to damage".to_owned() };
    let of_kind: Vec<&String> = found.iter().filter(|(_, its)| *its == kind).map(|(name, _)| name).collect();
    let name = chance.pick(&of_kind);
    let path = root.join(name);
    let bytes = fs::read(&path).unwrap_or_default();
    let other = chance.pick(&found).0;
    let other_of_kind = chance.pick(&of_kind);
    match chance.below(12) {
        0 => {
            remove(&path);
            format!("deleted {name}")
        }
        1 => {
            put(&path, b"");
            format!("emptied {name}")
        }
        2 => {
            let at = chance.below(bytes.len().max(1));
            put(&path, &bytes[..at.min(bytes.len())]);
            format!("cut {name} at {at} of {}", bytes.len())
        }
        3 => {
            let keep = bytes.len().saturating_sub(chance.between(1, 45));
            put(&path, &bytes[..keep]);
            format!("cut {name} at {keep} of {}", bytes.len())
        }
        4 | 5 => {
            let at = chance.below(bytes.len() + 1);
            let text = inserted(chance);
            put(&path, &[&bytes[..at], &text, &bytes[at..]].concat());
            format!("inserted {:?} into {name} at {at} of {}", String::from_utf8_lossy(&text), bytes.len())
        }
        6 => {
            let (start, end) = span(bytes.len(), chance);
            let mut zeroed = bytes.clone();
            zeroed[start..end].fill(0);
            put(&path, &zeroed);
            format!("zeroed {start}..{end} of {name}")
        }
        7 => {
            let at = chance.below(bytes.len().max(1));
            let mut flipped = bytes.clone();
            let bit = 1 << chance.below(8);
            if let Some(byte) = flipped.get_mut(at) {
                *byte ^= bit;
            }
            put(&path, &flipped);
            format!("flipped {bit:#x} of byte {at} of {name}")
        }
        8 => {
            let (start, end) = span(bytes.len(), chance);
            put(&path, &[&bytes[..start], &bytes[end..]].concat());
            format!("took {start}..{end} of {} out of {name}", bytes.len())
        }
        9 => {
            put(&path, &fs::read(root.join(&other)).unwrap_or_default());
            format!("replaced {name} by {other}")
        }
        10 => {
            let (text, what) = replacement(&bytes, chance);
            put(&path, &text);
            format!("replaced {name} by {what}")
        }
        _ => {
            let second = root.join(other_of_kind);
            let content = fs::read(&second).unwrap_or_default();
            put(&path, &content);
            put(&second, &bytes);
            format!("swapped {name} and {other_of_kind}")
        }
    }
}

fn span(len: usize, chance: &mut SplitMix) -> (usize, usize) {
    let start = chance.below(len.max(1)).min(len);
    let most = if chance.one_in(2) { len } else { (start + 20).min(len) };
    (start, chance.between(start, most))
}

fn inserted(chance: &mut SplitMix) -> Vec<u8> {
    let id = "0123456789abcdef0123456789abcdef01234567";
    match chance.below(6) {
        0 => b"\0".repeat(chance.between(1, 40)),
        1 => b"\n".to_vec(),
        2 => b"stray line\n".to_vec(),
        3 => format!("{id} refs/tags/m@v9.0.0\n").into_bytes(),
        4 => b" ".to_vec(),
        _ => (0..chance.between(1, 12)).map(|_| chance.next_u64().to_le_bytes()[0]).collect(),
    }
}

fn replacement(bytes: &[u8], chance: &mut SplitMix) -> (Vec<u8>, &'static str) {
    match chance.below(5) {
        0 => (vec![0; bytes.len()], "zeroes"),
        1 => (b"ref: refs/tags/m@v1.0.0\n".to_vec(), "a symbolic ref"),
        2 => (format!("{}\n", "0".repeat(40)).into_bytes(), "the null id"),
        3 => (format!("{}\n", "1".repeat(40)).into_bytes(), "an id that is nowhere"),
        _ => (bytes.iter().map(|_| chance.next_u64().to_le_bytes()[0]).collect(), "noise"),
    }
}

fn remove(path: &Path) {
    fs::remove_file(path).expect("the sandbox is writable");
}

/// Puts a new file there: the old one may be shared with the template.
fn put(path: &PathBuf, bytes: &[u8]) {
    remove(path);
    fs::write(path, bytes).expect("the sandbox is writable");
}
