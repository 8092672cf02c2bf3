//! The hashes by which DVC knows what it keeps outside Git: in `FILE.dvc` and in `dvc.lock`.
//!
//! Owns finding what these files say of their outputs (DVC 3.66.1, `dvc/schema.py`). Files come as bytes. Of what cannot be read
//! nothing is known, which is not the same as that there is nothing.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::MAX_SIZE;
use super::interpolate::{Context, is_open, plain};
use super::params::Loaded;
use super::stored::{CloudSource, Stored};
use super::vars::Parameters;
use crate::annotation::path::normal;
use crate::yaml::{self, Node, Value, printable};

/// An output: its path relative to the root of the repository, and the hash of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Out {
    /// The path; of what is not known, the folder in which it may be.
    pub path: String,
    /// Equal if and only if the content is; or why it is not known.
    pub hash: Result<String, String>,
    /// How DVC keeps it; `None` if that is not known.
    pub stored: Option<Stored>,
}

impl Out {
    /// Something in `folder` of which nothing is known.
    pub fn unknown(folder: &str, reason: String) -> Self {
        Self { path: normal(folder, ""), hash: Err(reason), stored: None }
    }
}

/// The outputs in `file`, a `*.dvc` file in `folder`.
pub fn outs(bytes: &[u8], file: &str, folder: &str) -> Vec<Out> {
    let node = match read(bytes) {
        Ok(node) => node,
        Err(problem) => return vec![unreadable(file, folder, &problem)],
    };
    let wdir = node.as_ref().and_then(|node| get(node, "wdir")).and_then(Node::as_text).unwrap_or_default();
    node.iter().flat_map(|node| outs_of(node, file, &normal(folder, wdir))).collect()
}

/// The pipelines of a `dvc.yaml`, before parameters are filled in.
pub struct Pipelines {
    stages: Vec<(String, Node)>,
    is_open: bool,
    parameters: Result<Parameters, String>,
}

/// One run of a stage; `foreach` and `matrix` make several.
struct StageRun {
    /// Its name in `dvc.lock`.
    name: String,
    /// The parameters that it has beside those of the file.
    own: Vec<(String, Json)>,
}

/// A stage with more runs is not read.
const MAX_RUNS: usize = 10_000;

impl Default for Pipelines {
    fn default() -> Self {
        Self { stages: Vec::new(), is_open: false, parameters: Ok(Parameters::default()) }
    }
}

impl Pipelines {
    /// Takes a file apart.
    ///
    /// # Errors
    /// Why it cannot be read, in one clause.
    pub fn parse(dvc_yaml: &[u8]) -> Result<Self, String> {
        // Many such files have no pipelines, and to read them takes longer than to see that.
        if !dvc_yaml.windows(6).any(|part| part == b"stages") {
            return Ok(Self::default());
        }
        let mut pipelines = Self::default();
        let Some(Node { value: Value::Map(sections), .. }) = read(dvc_yaml)? else { return Ok(pipelines) };
        for (key, value) in sections {
            match (key.as_text(), value.value) {
                (Some("stages"), Value::Map(stages)) => {
                    let named =
                        |(name, stage): (Node, Node)| (name.as_text().unwrap_or_default().to_owned(), stage);
                    pipelines.stages = stages.into_iter().map(named).collect();
                }
                (Some("vars"), vars) => {
                    let vars = Parameters::read(Node { value: vars, ..value });
                    pipelines.parameters = vars.map_err(|problem| problem.message);
                }
                _ => {}
            }
        }
        pipelines.is_open = pipelines.stages.iter().any(|(_, stage)| is_open(stage));
        Ok(pipelines)
    }

    /// The files that fill its parameters, from the root of the repository, if it lies in `folder` (empty for the root). There
    /// need not be any of them.
    pub fn files(&self, folder: &str) -> Vec<String> {
        match &self.parameters {
            Ok(parameters) if self.is_open => parameters.files(folder),
            _ => Vec::new(),
        }
    }

    /// The outputs, as the `dvc.lock` in `folder`, if there is one, says, whose stages are those of the file. Of what a stage
    /// would make that was not run since it says so, nothing is known. `load` reads one of [`Pipelines::files`].
    pub fn outs(&self, lock: Option<&[u8]>, folder: &str, load: &dyn Fn(&str) -> Loaded) -> Vec<Out> {
        if self.stages.is_empty() {
            return Vec::new();
        }
        let lock_file = normal(folder, "dvc.lock");
        let lock = match lock.map(read).transpose() {
            Ok(lock) => lock.flatten(),
            Err(problem) => return vec![unreadable(&lock_file, folder, &problem)],
        };
        let locked = lock.as_ref().and_then(|lock| get(lock, "stages")).map(entries).unwrap_or_default();
        let context = match &self.parameters {
            Ok(parameters) if self.is_open => {
                parameters.context(folder, load).map_err(|problem| problem.message)
            }
            Ok(_) => Ok(Context::default()),
            Err(problem) => Err(problem.clone()),
        };
        let mut found = Vec::new();
        for (name, stage) in &self.stages {
            let body = get(stage, "do").unwrap_or(stage);
            // What a stage has beside that is for it alone.
            let mut context = context.clone().and_then(|mut context| {
                if let Some(own) = get(body, "vars").cloned() {
                    let own = Parameters::read(own).and_then(|own| own.own_values());
                    context.set(own.map_err(|problem| problem.message)?);
                }
                Ok(context)
            });
            let runs = match runs(name, stage, context.as_ref().map_err(String::as_str)) {
                Ok(runs) => runs,
                Err(why) => {
                    let why = format!("how often stage '{}' is run is not known: {why}", printable(name));
                    found.push(Out::unknown(folder, why));
                    continue;
                }
            };
            for StageRun { name, own } in runs {
                if let Ok(context) = &mut context {
                    context.set(own);
                }
                let locked =
                    locked.iter().find(|(key, _)| key.as_text() == Some(&name)).map(|(_, entry)| entry);
                let context = context.as_ref().map_err(String::as_str);
                found.extend(outs_of_run(body, locked, (folder, &lock_file), context));
            }
        }
        found
    }
}

/// The runs of a stage (DVC 3.66.1, `dvc/parsing/__init__.py`: `ForeachDefinition`, `MatrixDefinition`).
fn runs(name: &str, stage: &Node, context: Result<&Context, &str>) -> Result<Vec<StageRun>, String> {
    let filled = |node: &Node| {
        if is_open(node) { context?.fill(node) } else { Ok(node.to_json()) }
    };
    // Python's own words for what a parameter gives, and those of YAML for what is written there.
    let word = |item: &Json, is_filled: bool| match item {
        Json::Bool(true) if is_filled => Ok("True".to_owned()),
        Json::Bool(false) if is_filled => Ok("False".to_owned()),
        item => plain(item),
    };
    let is_nested = |item: &Json| item.is_array() || item.is_object();
    let run = |key: &str, own| StageRun { name: format!("{name}@{key}"), own };
    if let Some(list) = get(stage, "foreach") {
        return match filled(list)? {
            Json::Object(items) => {
                let one = |(key, item): (String, Json)| {
                    run(&key, vec![("key".to_owned(), json!(key)), ("item".to_owned(), item)])
                };
                Ok(items.into_iter().map(one).collect())
            }
            Json::Array(items) => {
                let by_place = items.first().is_some_and(is_nested);
                let one = |(place, item): (usize, Json)| {
                    let key = if by_place { place.to_string() } else { word(&item, is_open(list))? };
                    Ok(run(&key, vec![("item".to_owned(), item)]))
                };
                items.into_iter().enumerate().map(one).collect()
            }
            _ => Err("'foreach' is no list and no mapping".to_owned()),
        };
    }
    let Some(matrix) = get(stage, "matrix") else {
        return Ok(vec![StageRun { name: name.to_owned(), own: Vec::new() }]);
    };
    let is_filled = |axis: &str| is_open(matrix) && get(matrix, axis).is_none_or(is_open);
    let Json::Object(axes) = filled(matrix)? else { return Err("'matrix' is no mapping".to_owned()) };
    let mut runs = vec![(String::new(), Map::new())];
    for (axis, items) in axes {
        let Json::Array(items) = items else {
            return Err("'matrix' has something that is no list".to_owned());
        };
        if runs.len().saturating_mul(items.len()) > MAX_RUNS {
            return Err(format!("more than {MAX_RUNS} times"));
        }
        let mut more = Vec::new();
        for (key, own) in &runs {
            for (place, item) in items.iter().enumerate() {
                let part =
                    if is_nested(item) { format!("{axis}{place}") } else { word(item, is_filled(&axis))? };
                let key = if key.is_empty() { part } else { format!("{key}-{part}") };
                let mut own = own.clone();
                own.insert(axis.clone(), item.clone());
                more.push((key, own));
            }
        }
        runs = more;
    }
    let one = |(key, own): (String, Map<String, Json>)| {
        run(&key, vec![("key".to_owned(), json!(key)), ("item".to_owned(), Json::Object(own))])
    };
    Ok(runs.into_iter().map(one).collect())
}

/// The outputs of one run, with the `dvc.lock` in `folder`.
fn outs_of_run(
    stage: &Node,
    locked: Option<&Node>,
    (folder, lock_file): (&str, &str),
    context: Result<&Context, &str>,
) -> Vec<Out> {
    let fill = |text: &str| {
        if !text.contains("${") {
            return Ok(text.to_owned());
        }
        let filled = context.map_err(str::to_owned)?.fill_text(text)?;
        plain(&filled)
    };
    let unfilled = |text: &str, why: String| format!("'{}' cannot be filled in: {why}", printable(text));
    let wdir = get(stage, "wdir").and_then(Node::as_text).unwrap_or_default();
    let here = match fill(wdir) {
        Ok(wdir) => normal(folder, &wdir),
        Err(why) => return vec![Out::unknown(folder, unfilled(wdir, why))],
    };
    let outs = locked.map(|entry| outs_of(entry, lock_file, &here)).unwrap_or_default();
    // What the lock has beside those is of a stage that was another one.
    let out = |wanted: Wanted<'_>| match wanted {
        Wanted::Any(list) => Some(Out::unknown(&here, format!("which '{list}' there are is not known"))),
        Wanted::Path(text) => match fill(text) {
            Ok(path) if is_elsewhere(&path) => None,
            Ok(path) => {
                let full = normal(&here, &path);
                let none = || format!("'{lock_file}' has no hash of '{}'", printable(&path));
                let found = outs.iter().find(|out| out.path == full).cloned();
                Some(found.unwrap_or_else(|| Out::unknown(&full, none())))
            }
            Err(why) => Some(Out::unknown(&normal(&here, before_parameter(text)), unfilled(text, why))),
        },
    };
    wanted(stage).into_iter().filter_map(out).collect()
}

fn read(bytes: &[u8]) -> Result<Option<Node>, String> {
    let node = yaml::parse(bytes, MAX_SIZE).map_err(|problem| problem.message)?;
    node.as_ref().and_then(Node::problem).map_or(Ok(node), |problem| Err(problem.message))
}

/// An output that a stage is to have.
enum Wanted<'n> {
    Path(&'n str),
    /// Some list of them, which is a parameter.
    Any(&'static str),
}

fn wanted(stage: &Node) -> Vec<Wanted<'_>> {
    let mut wanted = Vec::new();
    for key in ["outs", "metrics", "plots"] {
        match get(stage, key).map(|list| &list.value) {
            Some(Value::List(items)) => wanted.extend(items.iter().flat_map(|item| {
                let keys = entries(item).iter().map(|(key, _)| key);
                keys.chain([item]).filter_map(Node::as_text).map(Wanted::Path)
            })),
            Some(Value::Text(text)) if text.contains("${") => wanted.push(Wanted::Any(key)),
            _ => {}
        }
    }
    wanted
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
    let import = Stored::import(node).map(Arc::new);
    let source = CloudSource::read(node).map(Arc::new);
    let out = |out: &Node| {
        let path = get(out, "path")?.as_text()?;
        // With cloud versioning the files of a folder are listed.
        let hash = ["md5", "etag", "checksum", "files", "cloud"].into_iter().find_map(|key| {
            let value = get(out, key)?.to_json();
            // Before DVC 3 it was that of the text with other line ends, which says less.
            let kind = get(out, "hash").and_then(Node::as_text).unwrap_or("md5-dos2unix");
            let kind = if key == "md5" { kind } else { key };
            (!value.is_null()).then(|| format!("{kind}:{value}"))
        });
        let none = || format!("'{}' has no hash of '{}'", printable(file), printable(path));
        (!is_elsewhere(path)).then(|| {
            let stored = Stored { import: import.clone(), source: source.clone(), ..Stored::read(out) };
            Out { path: normal(folder, path), hash: hash.ok_or_else(none), stored: Some(stored) }
        })
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

    /// With a `params.yaml` of the root.
    fn locked_with(params: &'static str, lock: Option<&[u8]>, yaml: &[u8], folder: &str) -> Vec<Out> {
        let load = |path: &str| Ok((path == "params.yaml").then(|| params.into()));
        let pipelines = Pipelines::parse(yaml);
        pipelines.map_or_else(|why| vec![Out::unknown(folder, why)], |found| found.outs(lock, folder, &load))
    }

    fn locked(lock: Option<&[u8]>, yaml: &[u8], folder: &str) -> Vec<Out> {
        locked_with("", lock, yaml, folder)
    }

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
        let expected = ["p/m.pkl md5-dos2unix:\"a\"", "p/sub/n-1.pkl md5-dos2unix:\"b\""];
        assert_eq!(shown(locked(Some(lock), yaml, "p")), expected);
    }

    #[test]
    fn what_has_no_hash_is_not_known() {
        let yaml = b"stages:\n  s:\n    cmd: x\n    wdir: w\n    outs: [a, b/c: {cache: false}, 'd/${x}/e', '${x}']\n    \
                     metrics: [m.json]\n";
        let lock = b"stages:\n  s:\n    cmd: x\n    outs:\n    - {path: a, md5: a}\n";
        let expected = [
            "p/w/a md5-dos2unix:\"a\"",
            "p/w/b/c ? 'p/dvc.lock' has no hash of 'b/c'",
            "p/w/d ? 'd/${x}/e' cannot be filled in: '${x}' has no value in `params.yaml` or `vars`",
            "p/w ? '${x}' cannot be filled in: '${x}' has no value in `params.yaml` or `vars`",
            "p/w/m.json ? 'p/dvc.lock' has no hash of 'm.json'",
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
    fn a_stage_that_is_to_make_something_else_now_was_not_run() {
        let not_run = |yaml: &str, params: &'static str, runs: &[(&str, &str)]| {
            let of = |(run, out): &(&str, &str)| format!("  {run}:\n    outs: [{{path: {out}, md5: a}}]\n");
            let lock = format!("stages:\n{}", runs.iter().map(of).collect::<String>());
            let outs = locked_with(params, Some(lock.as_bytes()), yaml.as_bytes(), "");
            outs.into_iter().filter(|out| out.hash.is_err()).map(|out| out.path).collect::<Vec<_>>()
        };
        let plain = "stages: {t: {cmd: x, wdir: '${w}', outs: ['m/${n}.pkl']}}";
        assert!(not_run(plain, "n: 1\nw: w\n", &[("t", "m/1.pkl")]).is_empty());
        assert_eq!(not_run(plain, "n: 2\nw: w\n", &[("t", "m/1.pkl")]), ["w/m/2.pkl"]);
        assert_eq!(not_run(plain, "w: w\n", &[("t", "m/1.pkl")]), ["w/m"]);
        assert_eq!(not_run(plain, "n: 1\n", &[("t", "m/1.pkl")]), ["."]);
        let each = "stages: {t: {foreach: '${items}', do: {cmd: x, outs: ['o/${item}']}}}";
        let run = [("t@x", "o/x"), ("t@y", "o/y")];
        assert!(not_run(each, "items: [x, y]", &run).is_empty());
        assert_eq!(not_run(each, "items: [x, z]", &run), ["o/z"]);
        assert_eq!(not_run(each, "items: 1", &run), ["."]);
        let each = "stages: {t: {foreach: '${items}', do: {cmd: x, outs: ['o/${key}-${item.a}']}}}";
        assert_eq!(not_run(each, "items: {k: {a: 1}, l: {a: 2}}", &[("t@k", "o/k-1")]), ["o/l-2"]);
        let each = "stages: {t: {foreach: [{a: 1}, {a: 2}], do: {cmd: x, outs: ['o/${item.a}']}}}";
        assert_eq!(not_run(each, "", &[("t@0", "o/1")]), ["o/2"]);
        let axes = "{a: [1, 2], b: [{x: p}]}";
        let matrix =
            format!("stages: {{t: {{matrix: {axes}, cmd: x, outs: ['o/${{item.a}}-${{item.b.x}}']}}}}");
        assert_eq!(not_run(&matrix, "", &[("t@1-b0", "o/1-p")]), ["o/2-p"]);
        for list in ["'${o}'", "['${o}']"] {
            let yaml = format!("stages: {{t: {{cmd: x, outs: {list}}}}}");
            assert_eq!(not_run(&yaml, "o: [a]", &[("t", "a")]), ["."], "{list}");
        }
        // What a stage or a run has is for it alone.
        let own =
            "stages: {t: {cmd: x, vars: [{n: 1}], outs: ['m/${n}.pkl', a]}, u: {cmd: x, outs: ['${n}']}}";
        assert_eq!(not_run(own, "", &[("t", "m/1.pkl")]), ["a", "."]);
        let own = "stages: {t: {cmd: x, vars: [a.yaml], outs: ['m/${n}.pkl', a]}}";
        assert_eq!(not_run(own, "n: 1", &[("t", "m/1.pkl")]), ["m", "a"]);
        let own =
            "stages: {t: {foreach: [x], do: {cmd: x, outs: ['${item}']}}, u: {cmd: x, outs: ['${item}']}}";
        assert_eq!(not_run(own, "item: new", &[("t@x", "x"), ("u", "x")]), ["new"]);
        // Python's words.
        let flags = "stages: {t: {matrix: {a: '${flags}', b: [true]}, cmd: x, outs: ['o-${item.a}']}}";
        assert!(not_run(flags, "flags: [true]", &[("t@True-true", "o-true")]).is_empty());
        let several = "stages: {t: {cmd: x, outs: [{a: {cache: true}, b: {cache: true}}]}}";
        assert_eq!(not_run(several, "", &[("t", "a")]), ["b"]);
        // What was made and would not be any more.
        let less = locked(
            Some(b"stages: {t: {outs: [{path: a, md5: a}, {path: b, md5: b}]}}"),
            b"stages: {t: {outs: [a]}}",
            "",
        );
        assert_eq!(less.len(), 1);
    }

    #[test]
    fn what_cannot_be_read_may_say_anything_of_its_folder() {
        for text in ["[", "outs: [", "<<<<<<< HEAD\nouts:\n=======\n"] {
            let found = outs(text.as_bytes(), "a/x.dvc", "a");
            assert!(
                matches!(&found[..], [Out { path, hash: Err(_), .. }] if path == "a"),
                "{text} {found:?}"
            );
            let found = locked(Some(text.as_bytes()), b"stages: {s: {cmd: x}}", "a");
            assert!(
                matches!(&found[..], [Out { path, hash: Err(_), .. }] if path == "a"),
                "{text} {found:?}"
            );
        }
        for text in ["", "- x", "outs: x", "outs: [x, {path: 1}]", "stages: {x: 1}", "stages: []"] {
            assert_eq!(outs(text.as_bytes(), "x.dvc", ""), [], "{text}");
            assert_eq!(locked(Some(text.as_bytes()), text.as_bytes(), ""), [], "{text}");
        }
    }
}
