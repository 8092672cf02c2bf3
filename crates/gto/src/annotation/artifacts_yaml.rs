//! `artifacts.yaml`, the file in which the Python tool keeps annotations: a mapping from names to fields.
//!
//! Owns the checks that the Python tool makes on reading. Where that one gives up on the whole file, here the entry
//! is left out and the rest is read.

use std::collections::HashSet;

use super::fields::{labels, odd_path, optional_text, text, unknown_field, wrong};
use super::{Annotation, Annotations, Fault, FileProblem, Problems};
use crate::name::{ArtifactName, is_name};
use crate::yaml::{self, Node, Problem, Value, printable};

/// A larger file is not read, in bytes.
pub const MAX_SIZE: usize = 8 << 20;

/// Reads what can be read; the rest is a problem.
pub fn read(bytes: &[u8]) -> Annotations {
    annotations(yaml::parse(bytes, MAX_SIZE).as_ref().map(Option::as_ref))
}

/// What a text that has been read says.
pub(crate) fn annotations(root: Result<Option<&Node>, &Problem>) -> Annotations {
    let mut artifacts = Vec::new();
    let mut problems = Problems::default();
    match root {
        Ok(None) => {}
        Ok(Some(Node { value: Value::Map(entries), .. })) => {
            artifacts = read_entries(entries, &mut problems);
        }
        Ok(Some(node)) => {
            let problem = node.problem().unwrap_or_else(|| {
                node.complain(format!(
                    "must be a mapping from artifacts to their fields, not {}",
                    node.kind()
                ))
            });
            problems.add(FileProblem::new(None, problem));
        }
        Err(problem) => problems.add(FileProblem::new(None, problem.clone())),
    }
    Annotations { artifacts, problems: problems.into_vec() }
}

/// The names in many files that are nearly the same, as in a history: only what may hold a new one is read as YAML.
#[derive(Default)]
pub(crate) struct Names(foldhash::HashSet<Box<[u8]>>);

impl Names {
    /// The names in a file that were in none before.
    pub fn new_in(&mut self, bytes: &[u8]) -> Vec<ArtifactName> {
        let Self(known) = self;
        if are_all_known(bytes, known) {
            return Vec::new();
        }
        let names = read(bytes).artifacts.into_iter().map(|(name, _)| name);
        names.filter(|name| known.insert(name.as_str().as_bytes().into())).collect()
    }
}

/// Whether the file can name nothing else. Where a name begins each line that is not set in, and that is no comment, these are
/// all the names that YAML can see in it; of every other file nothing is said.
fn are_all_known(bytes: &[u8], known: &foldhash::HashSet<Box<[u8]>>) -> bool {
    let is_part_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/' | b'_');
    let mut is_first = true;
    !bytes.contains(&b'\r')
        && bytes.split(|&byte| byte == b'\n').all(|line| match line.first() {
            None | Some(b'#') => true,
            Some(b' ' | b'\t') => !is_first,
            Some(_) => {
                is_first = false;
                let end = line.iter().position(|byte| !is_part_of_name(byte)).unwrap_or(line.len());
                matches!(line[end..], [b':'] | [b':', b' ', ..]) && known.contains(&line[..end])
            }
        })
}

fn read_entries(entries: &[(Node, Node)], problems: &mut Problems) -> Vec<(ArtifactName, Annotation)> {
    let mut artifacts = Vec::new();
    let mut seen = HashSet::new();
    for (key, value) in entries {
        let entry = key.key().ok().map(|text| printable(&text));
        let result = match key.as_text() {
            Some(name) if !seen.insert(name) => {
                Err(key.complain("repeated, only the first one counts").into())
            }
            // The Python tool has no names with a folder in this file.
            Some(name) if is_name(name) => read_annotation(value)
                .and_then(|(annotation, unknown)| {
                    let name = name.parse().map_err(|_| key.complain("not a valid name"))?;
                    Ok((name, annotation, unknown))
                })
                .map_err(Fault::from),
            Some(_) => Err(key.complain("not a valid name").into()),
            None => Err(key.key().err().map_or_else(
                || Fault::name(key.complain(format!("the name must be a text, not {}", key.kind()))),
                Fault::from,
            )),
        };
        match result {
            Ok((name, annotation, unknown)) => {
                for problem in unknown {
                    problems.add(FileProblem::of_field(entry.clone(), problem));
                }
                artifacts.push((name, annotation));
            }
            Err(fault) => problems.add(FileProblem::new(entry, fault)),
        }
    }
    artifacts
}

/// The fields, and what is wrong with those that there are not, and with what is read all the same.
fn read_annotation(node: &Node) -> Result<(Annotation, Vec<Problem>), Problem> {
    if let Some(problem) = node.problem() {
        return Err(problem);
    }
    let Value::Map(fields) = &node.value else {
        return Err(node.complain(format!("must be a mapping of fields, not {}", node.kind())));
    };
    let mut annotation = Annotation::default();
    let mut problems = Vec::new();
    for (key, value) in fields {
        match key.as_text() {
            Some("type") => annotation.kind = optional_text("type", value)?,
            Some("path") => {
                annotation.path = optional_text("path", value)?;
                problems.extend(annotation.path.as_deref().and_then(|path| odd_path(path, value)));
            }
            Some("virtual") => {
                annotation.is_virtual =
                    value.as_bool().ok_or_else(|| wrong("virtual", "true or false", value))?;
            }
            Some("labels") => annotation.labels = labels(value)?,
            Some("description") => annotation.description = text("description", value)?,
            Some("custom") => annotation.custom = value.to_json(),
            _ => problems.push(unknown_field(key)),
        }
    }
    Ok((annotation, problems))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        let found = read(text.as_bytes());
        assert!(found.problems.iter().all(|problem| !problem.left_out), "{text}");
        let entries: Vec<String> = found
            .artifacts
            .iter()
            .map(|(name, annotation)| format!("{name} {}", serde_json::to_string(annotation).unwrap()))
            .collect();
        entries.join("\n")
    }

    #[test]
    fn of_many_problems_the_first_are_told_and_the_others_counted() {
        let text: String = (0..1000).map(|n| format!("m{n}: 1\n")).chain(["m: {}\n".to_owned()]).collect();
        let found = read(text.as_bytes());
        assert_eq!((found.artifacts.len(), found.problems.len()), (1, Problems::MAX + 1));
        assert_eq!(found.problems[Problems::MAX].message, "900 more like these");
    }

    fn problems(text: &str) -> Vec<String> {
        let show = |problem: &FileProblem| {
            let FileProblem { entry, message, line, column, .. } = problem;
            format!("{entry:?} {message} {}:{}", line.unwrap_or_default(), column.unwrap_or_default())
        };
        read(text.as_bytes()).problems.iter().map(show).collect()
    }

    #[test]
    fn an_entry_has_the_python_tools_defaults_and_key_order() {
        assert_eq!(
            json("m: {}\n"),
            r#"m {"type":null,"path":null,"virtual":true,"labels":[],"description":"","custom":null}"#
        );
        assert_eq!(
            json(
                "z:\n  custom: {b: 1, a: [~, é]}\n  virtual: off\n  labels: [x, y]\n  path: a/b\n  type: t\n  other: 1\n"
            ),
            r#"z {"type":"t","path":"a/b","virtual":false,"labels":["x","y"],"description":"","custom":{"b":1,"a":[null,"é"]}}"#
        );
    }

    #[test]
    fn a_file_with_nothing_in_it_has_no_problem() {
        for text in ["", "# nothing yet\n", "---\n", "{}"] {
            assert_eq!(read(text.as_bytes()), Annotations::default(), "{text:?}");
        }
    }

    /// D5: the Python tool fails in every command.
    #[test]
    fn a_wrong_entry_is_left_out_and_the_rest_is_read() {
        let text = "a: {type: 3}\nb:\nc: {labels: [x, 1]}\ngood: {}\n'd:e': {}\n5: {}\ngood: {path: x}\n\
                    f: {virtual: maybe}\ng: {custom: {x: 1, x: 2}}\nh: {description: ~}\n\
                    \"i\\e[31m\": {}\nj: !x {}\nlast: {}\n";
        assert_eq!(
            problems(text),
            [
                "Some(\"a\") 'type' must be a text, not 3 1:11",
                "Some(\"b\") must be a mapping of fields, not nothing 2:2",
                "Some(\"c\") 'labels' must be a text, not 1 3:17",
                "Some(\"d:e\") not a valid name 5:1",
                "Some(\"5\") the name must be a text, not a number 6:1",
                "Some(\"good\") repeated, only the first one counts 7:1",
                "Some(\"f\") 'virtual' must be true or false, not 'maybe' 8:14",
                "Some(\"g\") repeated key 'x' 9:20",
                "Some(\"h\") 'description' must be a text, not nothing 10:18",
                "Some(\"i\u{fffd}[31m\") not a valid name 11:1",
                "Some(\"j\") the tag '!x' does not fit here 12:7",
            ]
        );
        let names: Vec<String> =
            read(text.as_bytes()).artifacts.iter().map(|(name, _)| name.to_string()).collect();
        assert_eq!(names, ["good", "last"]);
    }

    #[test]
    fn an_unknown_field_is_told_and_the_entry_is_read() {
        let text = "m:\n  type: model\n  descripton: typo\n";
        assert_eq!(problems(text), ["Some(\"m\") 'descripton' is no field that is known here 3:3"]);
        assert_eq!(json(text).matches("\"type\":\"model\"").count(), 1);
    }

    #[test]
    fn the_names_of_many_files_are_those_that_each_file_has() {
        let files = [
            "a: {}\nb: {}\n",
            "a: {}\nb:\n  path: x\n\n# c:\n",
            "a: {}\nc: 3\n",
            "a: {}\nc: {}\n",
            "d: {}\na: [\n",
            "{a: {}, e: {}}\n",
            "  a: {}\n  f: {}\n",
            " a: {}\nb: {}\n",
            "a: {}\rg: {}\r",
            "a: {}\n'h': {}\n",
            "a: {path: |\nb: x\n",
            "a: {}\n? i\n: {}\n",
            "<<: {j: {}}\na: {}\n",
            "--- {k: {}}\n",
            "a: {}\nl : {}\n",
            "a:\tx\nm: {}\n",
        ];
        let mut names = Names::default();
        let mut expected = HashSet::new();
        for file in files {
            let before = expected.clone();
            expected.extend(read(file.as_bytes()).artifacts.into_iter().map(|(name, _)| name));
            let new: HashSet<_> = names.new_in(file.as_bytes()).into_iter().collect();
            assert_eq!(new, expected.difference(&before).cloned().collect(), "{file}");
        }
        assert!(expected.len() > 7, "{expected:?}");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_one_problem() {
        assert_eq!(
            problems("- a\n"),
            ["None must be a mapping from artifacts to their fields, not a list 1:1"]
        );
        assert_eq!(problems("m: {}\nn: [\n"), ["None unclosed bracket '[' 2:4"]);
        assert_eq!(problems(&" ".repeat(MAX_SIZE + 1)), ["None larger than 8 MiB 0:0"]);
    }
}
