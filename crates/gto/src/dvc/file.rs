//! `dvc.yaml`, the file of DVC: its section `artifacts` is what annotates artifacts.
//!
//! Owns what DVC 3.66.1 accepts there (`dvc/schema.py`, `dvc/parsing/`), and the names and paths as seen from the root of the
//! Git repository. Where DVC gives up on the whole file, here the entry is left out and the rest is read. The other
//! sections are DVC's business. Files come as bytes; of the files that fill parameters only those that are needed are asked
//! for.

use std::collections::HashSet;

use super::MAX_SIZE;
use super::interpolate::{Context, is_open, plain};
use super::params::Loaded;
use super::vars::Parameters;
use crate::annotation::fields::{labels, odd_path, text, unknown_field, wrong};
use crate::annotation::path::normal;
use crate::annotation::{Annotation, Annotations, Fault, FileProblem, Problems};
use crate::name::{ArtifactName, is_name};
use crate::yaml::{self, Document, Node, Problem, Value, printable};

/// What DVC knows at the top of the file.
const SECTIONS: [&str; 7] = ["artifacts", "datasets", "metrics", "params", "plots", "stages", "vars"];

/// Most such files describe pipelines alone, and to read them takes longer than to see that.
fn names_artifacts(bytes: &[u8]) -> bool {
    bytes.windows(SECTIONS[0].len()).any(|part| part == SECTIONS[0].as_bytes())
}

/// A file taken apart, before parameters are filled in: the same for every folder and commit that has these bytes.
#[derive(Default)]
pub struct DvcYaml {
    /// The names and their fields.
    entries: Vec<(Node, Node)>,
    parameters: Parameters,
    is_open: bool,
    problems: Vec<FileProblem>,
}

impl DvcYaml {
    /// Takes a file apart. What is wrong with it is in what [`DvcYaml::annotations`] gives.
    pub fn parse(bytes: &[u8]) -> Self {
        if names_artifacts(bytes) { Self::read(yaml::parse(bytes, MAX_SIZE)) } else { Self::default() }
    }

    /// Takes apart a file that has been read.
    pub(crate) fn of(document: &Document) -> Self {
        if !names_artifacts(document.text().as_bytes()) {
            return Self::default();
        }
        Self::read(document.root().map(Option::<&Node>::cloned).map_err(Clone::clone))
    }

    fn read(root: Result<Option<Node>, Problem>) -> Self {
        let mut file = Self::default();
        let mut problems = Problems::default();
        match root {
            Ok(None) => {}
            Ok(Some(Node { value: Value::Map(sections), .. })) => file.read_sections(sections, &mut problems),
            Ok(Some(node)) => {
                let problem = node
                    .problem()
                    .unwrap_or_else(|| node.complain(format!("must be a mapping, not {}", node.kind())));
                problems.add(FileProblem::new(None, problem));
            }
            Err(problem) => problems.add(FileProblem::new(None, problem)),
        }
        file.is_open = file.entries.iter().any(|(name, fields)| is_open(name) || is_open(fields));
        file.problems = problems.into_vec();
        file
    }

    fn read_sections(&mut self, sections: Vec<(Node, Node)>, problems: &mut Problems) {
        let mut seen = HashSet::new();
        for (key, value) in sections {
            let name = key.as_text().and_then(|name| SECTIONS.into_iter().find(|known| *known == name));
            match name {
                None => problems.add(FileProblem::of_field(None, unknown_field(&key))),
                Some(name) if !seen.insert(name) => {
                    let problem = key.complain(format!("'{name}' is repeated, only the first one counts"));
                    problems.add(FileProblem::of_field(None, problem));
                }
                Some("artifacts") => {
                    if let Value::Map(entries) = value.value {
                        self.entries = entries;
                    } else {
                        let expected = "a mapping from artifacts to their fields";
                        problems.add(FileProblem::new(None, wrong("artifacts", expected, &value)));
                    }
                }
                Some("vars") => match Parameters::read(value) {
                    Ok(parameters) => self.parameters = parameters,
                    Err(problem) => problems.add(FileProblem::of_field(None, problem)),
                },
                Some(_) => {}
            }
        }
    }

    /// The files that fill its parameters, from the root of the repository, if it lies in `folder` (empty for the root).
    /// There need not be any of them.
    pub fn files(&self, folder: &str) -> Vec<String> {
        if self.is_open { self.parameters.files(folder) } else { Vec::new() }
    }

    /// Whether files other than the `params.yaml` beside it fill its parameters.
    pub fn has_other_files(&self) -> bool {
        self.is_open && self.parameters.has_other_files()
    }

    /// The artifacts, if it lies in `folder` (empty for the root). `load` reads one of [`DvcYaml::files`]; `None` if there is
    /// no such file.
    pub fn annotations(&self, folder: &str, load: &dyn Fn(&str) -> Loaded) -> Annotations {
        let mut problems = Problems { told: self.problems.clone(), untold: 0 };
        let context =
            if self.is_open { self.parameters.context(folder, load) } else { Ok(Context::default()) };
        if let Err(problem) = &context {
            problems.add(FileProblem::of_field(None, Fault::parameter(problem.clone())));
        }
        let mut artifacts = Vec::new();
        let mut seen = HashSet::new();
        for (key, fields) in &self.entries {
            let shown = key.key().ok().map(|text| printable(&text));
            let context = match &context {
                Ok(context) => context,
                Err(_) if is_open(key) || is_open(fields) => {
                    let problem = key.complain("its parameters cannot be filled in");
                    problems.add(FileProblem::new(shown, Fault::parameter(problem)));
                    continue;
                }
                Err(_) => &Context::default(),
            };
            let read = artifact_name(key, folder, context).and_then(|name| {
                if !seen.insert(name.clone()) {
                    return Err(key.complain("repeated, only the first one counts").into());
                }
                let (annotation, unknown) = read_annotation(fields, folder, context)?;
                Ok((name, annotation, unknown))
            });
            match read {
                Ok((name, annotation, unknown)) => {
                    for problem in unknown {
                        problems.add(FileProblem::of_field(shown.clone(), problem));
                    }
                    artifacts.push((name, annotation));
                }
                Err(fault) => problems.add(FileProblem::new(shown, fault)),
            }
        }
        Annotations { artifacts, problems: problems.into_vec() }
    }
}

fn artifact_name(key: &Node, folder: &str, context: &Context) -> Result<ArtifactName, Fault> {
    let Some(text) = key.as_text() else {
        let wrong = || key.complain(format!("the name must be a text, not {}", key.kind()));
        return Err(key.key().err().map_or_else(|| Fault::name(wrong()), Fault::from));
    };
    let filled = context.fill_text(text).map_err(|message| Fault::parameter(key.complain(message)))?;
    let name = filled.as_str().filter(|name| is_name(name));
    let name = name.ok_or_else(|| key.complain("not a valid name"))?;
    let full = if folder.is_empty() { name.to_owned() } else { format!("{folder}:{name}") };
    full.parse().map_err(|_| {
        key.complain(format!("its folder '{}' cannot be part of an artifact's name", printable(folder)))
            .into()
    })
}

/// The fields, and what is wrong with those that DVC does not know, and with what is read all the same.
fn read_annotation(
    node: &Node,
    folder: &str,
    context: &Context,
) -> Result<(Annotation, Vec<Problem>), Fault> {
    if let Some(problem) = node.problem() {
        return Err(problem.into());
    }
    let Value::Map(fields) = &node.value else {
        return Err(node.complain(format!("must be a mapping of fields, not {}", node.kind())).into());
    };
    let fill = |field: &str, value: &Node| -> Result<Option<String>, Fault> {
        let filled = context.fill_text(&text(field, value)?).map_err(|message| unfilled(value, message))?;
        if filled.is_null() {
            return Ok(None);
        }
        plain(&filled).map(Some).map_err(|message| unfilled(value, message))
    };
    let mut annotation = Annotation::default();
    let mut problems = Vec::new();
    for (key, value) in fields {
        match key.as_text() {
            Some("path") => {
                annotation.path = fill("path", value)?.map(|path| from_root(folder, &path));
                problems.extend(annotation.path.as_deref().and_then(|path| odd_path(path, value)));
            }
            Some("type") => annotation.kind = fill("type", value)?,
            Some("desc") => annotation.description = fill("desc", value)?.unwrap_or_default(),
            Some("labels") => {
                let label = |label: &String| {
                    let filled = context.fill_text(label).and_then(|filled| plain(&filled));
                    filled.map_err(|message| unfilled(value, message))
                };
                annotation.labels = labels(value)?.iter().map(label).collect::<Result<_, _>>()?;
            }
            Some("meta") => {
                annotation.custom = context.fill(value).map_err(|message| unfilled(value, message))?;
            }
            _ => problems.push(unknown_field(key)),
        }
    }
    if annotation.path.is_none() {
        return Err(node.complain("'path' is missing, which DVC wants").into());
    }
    Ok((annotation, problems))
}

/// A parameter that cannot be filled in.
fn unfilled(value: &Node, message: String) -> Fault {
    Fault::parameter(value.complain(message))
}

/// The path of an artifact from the root of the repository. What is no path in it stays as it is.
fn from_root(folder: &str, path: &str) -> String {
    let is_elsewhere = path.starts_with('/') || path.contains("://");
    if is_elsewhere { path.to_owned() } else { normal(folder, path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The artifacts of a file in `folder`, beside these other files.
    fn read(folder: &str, text: &str, others: &[(&str, &str)]) -> Annotations {
        let load = |path: &str| {
            let file = others.iter().find(|(name, _)| *name == path);
            Ok(file.map(|(_, text)| text.as_bytes().to_vec()))
        };
        DvcYaml::parse(text.as_bytes()).annotations(folder, &load)
    }

    fn problems(found: &Annotations) -> Vec<String> {
        let show = |problem: &FileProblem| {
            let FileProblem { entry, message, line, column, left_out, .. } = problem;
            let mark = if *left_out { "" } else { "(kept) " };
            let entry = entry.as_deref().unwrap_or("file");
            format!("{entry}: {mark}{message} {}:{}", line.unwrap_or_default(), column.unwrap_or_default())
        };
        found.problems.iter().map(show).collect()
    }

    fn names(found: &Annotations) -> Vec<&str> {
        found.artifacts.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn names_and_paths_are_seen_from_the_root_of_the_repository() {
        let text = "artifacts:\n  pool:\n    path: models/pool.pkl\n    type: model\n    desc: Pools\n    \
                    labels: [cv]\n    meta: {a: 1}\n  up: {path: ../x}\n  away: {path: s3://bucket/x}\n";
        let found = read("cv/a", text, &[]);
        assert_eq!(problems(&found), [""; 0]);
        assert_eq!(names(&found), ["cv/a:pool", "cv/a:up", "cv/a:away"]);
        let paths: Vec<_> = found.artifacts.iter().map(|(_, a)| a.path.as_deref()).collect();
        assert_eq!(paths, [Some("cv/a/models/pool.pkl"), Some("cv/x"), Some("s3://bucket/x")]);
        let expected = Annotation {
            kind: Some("model".to_owned()),
            path: Some("models/pool.pkl".to_owned()),
            labels: vec!["cv".to_owned()],
            description: "Pools".to_owned(),
            custom: serde_json::json!({"a": 1}),
            ..Annotation::default()
        };
        assert_eq!(read("", text, &[]).artifacts[0], ("pool".parse().unwrap(), expected));
    }

    #[test]
    fn parameters_come_from_params_yaml_and_vars() {
        let text = "vars:\n- more.json:a,b\n- ../shared.toml\n- kind: model\nartifacts:\n  ${name}-x:\n    \
                    path: ${dir}/${a}\n    type: ${kind}\n    labels: ['v${n}', '${b}']\n    meta: {'${n}': '${deep}'}\n";
        let others = [
            ("cv/params.yaml", "dir: out\nn: 3\ndeep: {x: [1]}\n"),
            ("cv/more.json", r#"{"a": "A", "b": true, "c": 1}"#),
            ("shared.toml", "name = 'm'\n"),
        ];
        let file = DvcYaml::parse(text.as_bytes());
        assert_eq!(file.files("cv"), ["cv/params.yaml", "cv/more.json", "shared.toml"]);
        let found = read("cv", text, &others);
        assert_eq!(problems(&found), [""; 0]);
        let json = serde_json::to_string(&found.artifacts[0].1).unwrap();
        assert_eq!(names(&found), ["cv:m-x"]);
        assert_eq!(
            json,
            r#"{"type":"model","path":"cv/out/A","virtual":true,"labels":["v3","true"],"description":"","custom":{"3":{"x":[1]}}}"#
        );
    }

    #[test]
    fn where_nothing_is_to_be_filled_no_other_file_is_asked_for() {
        let file =
            DvcYaml::parse(b"vars: [absent.yaml]\nartifacts: {m: {path: x}}\nstages: {s: {cmd: '${x}'}}\n");
        assert_eq!(file.files(""), [""; 0]);
        let found = file.annotations("", &|path| panic!("{path}"));
        assert_eq!((names(&found), problems(&found)), (vec!["m"], vec![]));
    }

    #[test]
    fn a_wrong_entry_is_left_out_and_the_rest_is_read() {
        let text = "artifacts:\n  no-path: {type: model}\n  null-desc: {path: x, desc: }\n  text: x\n  \
                    label: {path: x, labels: y}\n  'bad name': {path: x}\n  5: {path: x}\n  good: {path: x}\n  \
                    good: {path: y}\n  open: {path: '${x}'}\n  twice: {path: x, path: y}\n  \
                    extra: {path: x, description: y}\n  list: {path: x, desc: '${l} x'}\nplot: []\n";
        let found = read("", text, &[("params.yaml", "l: [1]\n")]);
        assert_eq!(
            problems(&found),
            [
                "file: (kept) 'plot' is no field that is known here 14:1",
                "no-path: 'path' is missing, which DVC wants 2:12",
                "null-desc: 'desc' must be a text, not nothing 3:28",
                "text: must be a mapping of fields, not a text 4:9",
                "label: 'labels' must be a list of texts, not 'y' 5:28",
                "bad name: not a valid name 6:3",
                "5: the name must be a text, not a number 7:3",
                "good: repeated, only the first one counts 9:3",
                "open: '${x}' has no value in `params.yaml` or `vars` 10:16",
                "twice: repeated key 'path' 11:20",
                "extra: (kept) 'description' is no field that is known here 12:20",
                "list: a list cannot be filled into a text 13:25",
            ]
        );
        assert_eq!(names(&found), ["good", "extra"]);
    }

    #[test]
    fn parameters_that_cannot_be_read_cost_only_the_entries_that_use_them() {
        let text = "vars: [VAR]\nartifacts:\n  open: {path: '${x}'}\n  good: {path: y}\n";
        for (var, params, expected) in [
            ("absent.yaml", "", "there is no file 'absent.yaml' 1:8"),
            ("../x.yaml", "", "'../x.yaml' is not in the repository 1:8"),
            ("/x.yaml", "", "'/x.yaml' is not in the repository 1:8"),
            ("p.py", "", "'p.py' cannot be read: Python parameters are not read here 1:8"),
            ("p.toml:y", "", "there is no 'y' in 'p.toml' 1:8"),
            ("a.yaml", "x: 1", "'x' has a value already 1:8"),
            ("a.yaml:y", "", "there is no 'y' in 'a.yaml' 1:8"),
            ("params.yaml:x", "x: 1", "'params.yaml' is loaded already 1:8"),
            ("list.yaml", "", "'list.yaml' must be a mapping, not a list 1:8"),
            ("a.yaml", "x: [", "'params.yaml', line 1, column 4: unclosed bracket '[' 0:0"),
            ("a.yaml", "x: 1\nx: 2\n", "'params.yaml', line 2, column 1: repeated key 'x' 0:0"),
            ("a: '${b}'", "", "'vars' cannot hold '${…}' itself 1:8"),
        ] {
            let others = [
                ("params.yaml", params),
                ("a.yaml", "x: 1"),
                ("list.yaml", "- x"),
                ("p.toml", "x = 1\n"),
                ("p.py", "x = 1\n"),
            ];
            let found = read("", &text.replace("VAR", var), &others);
            assert_eq!(names(&found).last(), Some(&"good"), "{var}");
            assert_eq!(problems(&found)[0], format!("file: (kept) {expected}"), "{var}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_one_problem() {
        let told = |text: &str| problems(&read("", text, &[]));
        assert_eq!(told("- artifacts\n"), ["file: must be a mapping, not a list 1:1"]);
        assert_eq!(told("artifacts: [\n"), ["file: unclosed bracket '[' 1:12"]);
        let expected = "file: 'artifacts' must be a mapping from artifacts to their fields, not nothing 1:10";
        assert_eq!(told("artifacts:\n"), [expected]);
        assert_eq!(told("stages: [\n"), [""; 0], "pipelines are none of our business");
        assert_eq!(told("artifacts: {m: {path: x}}\n---\nx: 1\n"), ["file: more than one document 2:1"]);
    }

    #[test]
    fn a_folder_that_no_tag_can_name_is_told() {
        let found = read("a b", "artifacts: {m: {path: x}}\n", &[]);
        assert_eq!(problems(&found), ["m: its folder 'a b' cannot be part of an artifact's name 1:13"]);
    }
}
