//! The hashes by which DVC knows what it keeps outside Git: in `FILE.dvc` and in `dvc.lock`.
//!
//! Owns finding what these files say of their outputs (DVC 3.66.1, `dvc/schema.py`). Files come as bytes. What cannot be read
//! says nothing.

use super::dvc_yaml::{MAX_SIZE, normal};
use crate::yaml::{self, Node, Value};

/// The name of the file with the outputs of pipelines.
pub const LOCK_FILE: &str = "dvc.lock";

/// An output: its path from the root of the repository, and what stands for its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Out {
    /// The path.
    pub path: String,
    /// Equal if and only if the content is.
    pub hash: String,
}

/// The outputs in a file `x.dvc` that lies in `folder`.
pub fn outs(bytes: &[u8], folder: &str) -> Vec<Out> {
    let Ok(Some(file)) = yaml::parse(bytes, MAX_SIZE) else { return Vec::new() };
    let wdir = get(&file, "wdir").and_then(Node::as_text).unwrap_or_default();
    outs_of(&file, &normal(folder, wdir))
}

/// The outputs in the `dvc.lock` that lies in `folder`, beside this `dvc.yaml`, which says in which folder each stage works.
pub fn locked(lock: &[u8], dvc_yaml: &[u8], folder: &str) -> Vec<Out> {
    let Ok(Some(lock)) = yaml::parse(lock, MAX_SIZE) else { return Vec::new() };
    let pipelines = yaml::parse(dvc_yaml, MAX_SIZE).ok().flatten();
    let stages = pipelines.as_ref().and_then(|file| get(file, "stages"));
    let mut found = Vec::new();
    let Some(Node { value: Value::Map(entries), .. }) = get(&lock, "stages") else { return found };
    for (name, stage) in entries {
        // `train@0` is made of stage `train`, which has `do` then.
        let name = name.as_text().unwrap_or_default();
        let group = name.rsplit_once('@').map_or(name, |(group, _)| group);
        let stage_in = |name| stages.and_then(|stages| get(stages, name));
        let made_of = stage_in(name).or_else(|| stage_in(group));
        let wdir = made_of.and_then(|stage| get(stage, "wdir").or_else(|| get(get(stage, "do")?, "wdir")));
        let wdir = wdir.and_then(Node::as_text).unwrap_or_default();
        found.extend(outs_of(stage, &normal(folder, wdir)));
    }
    found
}

fn outs_of(node: &Node, folder: &str) -> Vec<Out> {
    let Some(Node { value: Value::List(outs), .. }) = get(node, "outs") else { return Vec::new() };
    let out = |out: &Node| {
        let path = get(out, "path")?.as_text()?;
        // With cloud versioning the files of a folder are listed.
        let hash = ["md5", "etag", "checksum", "files", "cloud"].into_iter().find_map(|key| {
            let value = get(out, key)?.to_json();
            (!value.is_null()).then(|| format!("{key}:{value}"))
        })?;
        Some(Out { path: normal(folder, path), hash })
    };
    outs.iter().filter_map(out).collect()
}

fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|(name, _)| name.as_text() == Some(key)).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(outs: Vec<Out>) -> Vec<String> {
        outs.into_iter().map(|out| format!("{} {}", out.path, out.hash)).collect()
    }

    #[test]
    fn outputs_are_seen_from_the_root_of_the_repository() {
        let file = b"outs:\n- md5: 0123.dir\n  size: 5\n  nfiles: 2\n  hash: md5\n  path: data\n";
        assert_eq!(shown(outs(file, "a")), ["a/data md5:\"0123.dir\""]);
        assert_eq!(shown(outs(b"wdir: ../b\nouts:\n- {path: x, etag: y}\n", "a")), ["b/x etag:\"y\""]);
        let lock =
            b"schema: '2.0'\nstages:\n  plain:\n    cmd: x\n    outs:\n    - {path: m.pkl, md5: a}\n  \
                     each@1:\n    cmd: x\n    outs:\n    - {path: n.pkl, md5: b}\n";
        let yaml = b"stages:\n  plain: {cmd: x}\n  each:\n    foreach: [1]\n    do: {cmd: x, wdir: sub}\n";
        assert_eq!(shown(locked(lock, yaml, "p")), ["p/m.pkl md5:\"a\"", "p/sub/n.pkl md5:\"b\""]);
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        for text in
            ["", "[", "- x", "outs: x", "outs: [x, {path: 1}, {path: x}]", "stages: {x: 1}", "stages: []"]
        {
            assert_eq!(outs(text.as_bytes(), ""), [], "{text}");
            assert_eq!(locked(text.as_bytes(), text.as_bytes(), ""), [], "{text}");
        }
    }
}
