//! The hashes by which DVC knows what it keeps outside Git: in `FILE.dvc` and in `dvc.lock`.
//!
//! Owns finding what these files say of their outputs (DVC 3.66.1, `dvc/schema.py`). Files come as bytes. Of what cannot be read
//! nothing is known, which is not the same as that there is nothing.

use super::dvc_yaml::{MAX_SIZE, normal};
use crate::yaml::{self, Node, Value, printable};

/// An output: its path from the root of the repository, and what stands for its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Out {
    /// The path; of what is not known, the folder in which it may be.
    pub path: String,
    /// Equal if and only if the content is; or why it is not known.
    pub hash: Result<String, String>,
}

impl Out {
    /// Something in `folder` of which nothing is known.
    pub fn unknown(folder: &str, reason: String) -> Self {
        Self { path: normal(folder, ""), hash: Err(reason) }
    }
}

/// The outputs in `file`, which is called `*.dvc` and lies in `folder`.
pub fn outs(bytes: &[u8], file: &str, folder: &str) -> Vec<Out> {
    let node = match read(bytes) {
        Ok(node) => node,
        Err(problem) => return vec![unreadable(file, folder, &problem)],
    };
    let wdir = node.as_ref().and_then(|node| get(node, "wdir")).and_then(Node::as_text).unwrap_or_default();
    node.iter().flat_map(|node| outs_of(node, file, &normal(folder, wdir))).collect()
}

/// The outputs of the pipelines in the `dvc.yaml` that lies in `folder`, as the `dvc.lock` beside it says; `None` if there is none.
/// A stage that was never run has outputs of which nothing is known.
pub fn locked(lock: Option<&[u8]>, dvc_yaml: &[u8], folder: &str) -> Vec<Out> {
    // Many such files have no pipelines, and to read them takes longer than to see that.
    if !dvc_yaml.windows(6).any(|part| part == b"stages") {
        return Vec::new();
    }
    let (lock_file, yaml_file) = (normal(folder, "dvc.lock"), normal(folder, "dvc.yaml"));
    let pipelines = match read(dvc_yaml) {
        Ok(node) => node,
        Err(problem) => return vec![unreadable(&yaml_file, folder, &problem)],
    };
    let lock = match lock.map(read).transpose() {
        Ok(lock) => lock.flatten(),
        Err(problem) => return vec![unreadable(&lock_file, folder, &problem)],
    };
    let stages = pipelines.as_ref().and_then(|file| get(file, "stages"));
    let locked = lock.as_ref().and_then(|lock| get(lock, "stages")).map(entries).unwrap_or_default();
    let mut found = Vec::new();
    for (name, stage) in stages.map(entries).unwrap_or_default() {
        let name = name.as_text().unwrap_or_default();
        // `train@0` is made of stage `train`, which has `do` or `matrix` then.
        let stage = get(stage, "do").unwrap_or(stage);
        let is_its = |entry: &&(Node, Node)| {
            entry.0.as_text().is_some_and(|text| text.split_once('@').map_or(text, |(of, _)| of) == name)
        };
        let of_stage = locked.iter().filter(is_its);
        let wdir = get(stage, "wdir").and_then(Node::as_text).unwrap_or_default();
        let here = normal(folder, literal(wdir).unwrap_or_default());
        let outs: Vec<Out> = of_stage.flat_map(|(_, entry)| outs_of(entry, &lock_file, &here)).collect();
        let missing = |path: &str| {
            let shown = printable(path);
            let nothing =
                |folder: &str| Some(Out::unknown(folder, format!("'{lock_file}' has no hash of '{shown}'")));
            match literal(path) {
                _ if is_elsewhere(path) => None,
                Some(path) => {
                    let path = normal(&here, path);
                    if outs.iter().any(|out| out.path == path) { None } else { nothing(&path) }
                }
                None if outs.is_empty() => nothing(&normal(&here, before_parameter(path))),
                None => None,
            }
        };
        found.extend(wanted(stage).into_iter().filter_map(missing).collect::<Vec<_>>());
        if literal(wdir).is_none() && !outs.is_empty() {
            found.push(Out::unknown(
                folder,
                format!("the folder of stage '{}' is a parameter", printable(name)),
            ));
        }
        found.extend(outs);
    }
    found
}

fn read(bytes: &[u8]) -> Result<Option<Node>, String> {
    let node = yaml::parse(bytes, MAX_SIZE).map_err(|problem| problem.message)?;
    node.as_ref().and_then(Node::problem).map_or(Ok(node), |problem| Err(problem.message))
}

/// The outputs that a stage is to have.
fn wanted(stage: &Node) -> Vec<&str> {
    let lists = ["outs", "metrics", "plots"].into_iter().filter_map(|key| get(stage, key));
    let items = lists.flat_map(|list| if let Value::List(items) = &list.value { &items[..] } else { &[] });
    items
        .filter_map(|item| match &item.value {
            Value::Map(entries) => entries.first()?.0.as_text(),
            _ => item.as_text(),
        })
        .collect()
}

/// A path in which no parameter is to be filled.
fn literal(path: &str) -> Option<&str> {
    (!path.contains("${")).then_some(path)
}

/// The folder in which a path is that has a parameter.
fn before_parameter(path: &str) -> &str {
    let before = path.split("${").next().unwrap_or_default();
    before.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn is_elsewhere(path: &str) -> bool {
    path.starts_with('/') || path.contains("://")
}

fn unreadable(file: &str, folder: &str, problem: &str) -> Out {
    Out::unknown(folder, format!("'{}' cannot be read: {problem}", printable(file)))
}

fn outs_of(node: &Node, file: &str, folder: &str) -> Vec<Out> {
    let Some(Node { value: Value::List(outs), .. }) = get(node, "outs") else { return Vec::new() };
    let out = |out: &Node| {
        let path = get(out, "path")?.as_text()?;
        // With cloud versioning the files of a folder are listed.
        let hash = ["md5", "etag", "checksum", "files", "cloud"].into_iter().find_map(|key| {
            let value = get(out, key)?.to_json();
            (!value.is_null()).then(|| format!("{key}:{value}"))
        });
        let none = || format!("'{}' has no hash of '{}'", printable(file), printable(path));
        (!is_elsewhere(path)).then(|| Out { path: normal(folder, path), hash: hash.ok_or_else(none) })
    };
    outs.iter().filter_map(out).collect()
}

fn entries(node: &Node) -> &[(Node, Node)] {
    if let Value::Map(entries) = &node.value { entries } else { &[] }
}

fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    entries(node).iter().find(|(name, _)| name.as_text() == Some(key)).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(outs: Vec<Out>) -> Vec<String> {
        let hash = |out: &Out| out.hash.clone().unwrap_or_else(|why| format!("? {why}"));
        outs.into_iter().map(|out| format!("{} {}", out.path, hash(&out))).collect()
    }

    #[test]
    fn outputs_are_seen_from_the_root_of_the_repository() {
        let file = b"outs:\n- md5: 0123.dir\n  size: 5\n  nfiles: 2\n  hash: md5\n  path: data\n";
        assert_eq!(shown(outs(file, "a/data.dvc", "a")), ["a/data md5:\"0123.dir\""]);
        let file = b"wdir: ../b\nouts:\n- {path: x, etag: y}\n- {path: s3://x/y, etag: y}\n";
        assert_eq!(shown(outs(file, "a/x.dvc", "a")), ["b/x etag:\"y\""]);
        let lock =
            b"schema: '2.0'\nstages:\n  plain:\n    cmd: x\n    outs:\n    - {path: m.pkl, md5: a}\n  \
                     each@1:\n    cmd: x\n    outs:\n    - {path: n-1.pkl, md5: b}\n  \
                     gone:\n    cmd: x\n    outs:\n    - {path: old, md5: c}\n";
        let yaml = b"stages:\n  plain: {cmd: x, outs: [m.pkl]}\n  each:\n    foreach: [1]\n    \
                     do: {cmd: x, wdir: sub, outs: ['n-${item}.pkl']}\n";
        let expected = ["p/m.pkl md5:\"a\"", "p/sub/n-1.pkl md5:\"b\""];
        assert_eq!(shown(locked(Some(lock), yaml, "p")), expected);
    }

    #[test]
    fn what_has_no_hash_is_not_known() {
        let yaml = b"stages:\n  s:\n    cmd: x\n    wdir: w\n    outs: [a, b/c: {cache: false}, 'd/${x}/e', '${x}']\n    \
                     metrics: [m.json]\n";
        let lock = b"stages:\n  s:\n    cmd: x\n    outs:\n    - {path: a, md5: a}\n";
        let expected = [
            "p/w/b/c ? 'p/dvc.lock' has no hash of 'b/c'",
            "p/w/m.json ? 'p/dvc.lock' has no hash of 'm.json'",
            "p/w/a md5:\"a\"",
        ];
        assert_eq!(shown(locked(Some(lock), yaml, "p")), expected);
        assert_eq!(
            locked(None, yaml, "p").into_iter().map(|out| out.path).collect::<Vec<_>>(),
            ["p/w/a", "p/w/b/c", "p/w/d", "p/w", "p/w/m.json"]
        );
        let imported = b"deps:\n- {path: x, etag: y}\nouts:\n- {path: m, hash: md5}\n";
        assert_eq!(shown(outs(imported, "m.dvc", "")), ["m ? 'm.dvc' has no hash of 'm'"]);
    }

    #[test]
    fn what_cannot_be_read_may_say_anything_of_its_folder() {
        for text in ["[", "outs: [", "<<<<<<< HEAD\nouts:\n=======\n"] {
            let found = outs(text.as_bytes(), "a/x.dvc", "a");
            assert!(matches!(&found[..], [Out { path, hash: Err(_) }] if path == "a"), "{text} {found:?}");
            let found = locked(Some(text.as_bytes()), b"stages: {s: {cmd: x}}", "a");
            assert!(matches!(&found[..], [Out { path, hash: Err(_) }] if path == "a"), "{text} {found:?}");
        }
        for text in ["", "- x", "outs: x", "outs: [x, {path: 1}]", "stages: {x: 1}", "stages: []"] {
            assert_eq!(outs(text.as_bytes(), "x.dvc", ""), [], "{text}");
            assert_eq!(locked(Some(text.as_bytes()), text.as_bytes(), ""), [], "{text}");
        }
    }
}
