//! What fills the parameters of a `dvc.yaml`: `params.yaml` beside it, and what its `vars` name.
//!
//! Owns the order, and what DVC 3.66.1 refuses there (`dvc/parsing/__init__.py`, `context.py`): nothing may be said twice. The values
//! of a file are read by `params`, and filled in by `fill`.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

use super::interpolate::{self as fill, Context, is_open};
use super::params::{self, Loaded};
use crate::annotation::fields::wrong;
use crate::annotation::path::normal;
use crate::yaml::{Node, Problem, Value, printable};

/// The file that fills parameters without being named.
const PARAMS: &str = "params.yaml";

/// What fills the parameters of a file.
#[derive(Default)]
pub(super) struct Parameters(Vec<Var>);

/// An entry of `vars`.
enum Var {
    /// A file, and of it only these keys if there are any.
    File {
        path: String,
        keys: Vec<String>,
        node: Node,
    },
    Values {
        values: Map<String, Json>,
        node: Node,
    },
}

impl Parameters {
    /// Reads the section `vars`.
    pub fn read(node: Node) -> Result<Self, Problem> {
        if let Some(problem) = node.problem() {
            return Err(problem);
        }
        let Value::List(items) = node.value else {
            return Err(wrong("vars", "a list of files and mappings", &node));
        };
        let var = |item: Node| match &item.value {
            _ if is_open(&item) => Err(item.complain("'vars' cannot hold '${…}' itself")),
            Value::Text(text) => {
                let (path, keys) = text.split_once(':').unwrap_or((text, ""));
                let keys = keys.split(',').filter(|key| !key.is_empty()).map(str::to_owned).collect();
                Ok(Var::File { path: path.to_owned(), keys, node: item })
            }
            Value::Map(entries) => Ok(Var::Values { values: fill::values(entries), node: item }),
            _ => Err(wrong("vars", "a list of files and mappings", &item)),
        };
        Ok(Self(items.into_iter().map(var).collect::<Result<_, _>>()?))
    }

    /// The files that fill, from the root of the repository, for a file in `folder` (empty for the root). There need not be any of
    /// them.
    pub fn files(&self, folder: &str) -> Vec<String> {
        let named = self.0.iter().filter_map(|var| match var {
            Var::File { path, .. } => inside(folder, path),
            Var::Values { .. } => None,
        });
        inside(folder, PARAMS).into_iter().chain(named).collect()
    }

    /// The values that it has itself.
    ///
    /// # Errors
    /// If it names files.
    pub fn own_values(&self) -> Result<Map<String, Json>, Problem> {
        let mut own = Map::new();
        for var in &self.0 {
            match var {
                Var::Values { values, .. } => own.extend(values.clone()),
                Var::File { node, .. } => {
                    return Err(node.complain("files in 'vars' of a stage are not read"));
                }
            }
        }
        Ok(own)
    }

    /// Whether files other than the `params.yaml` beside it fill.
    pub fn has_other_files(&self) -> bool {
        self.0.iter().any(|var| matches!(var, Var::File { .. }))
    }

    /// The values that fill: those of `params.yaml`, then those of `vars` in its order. Nothing may be said twice.
    pub fn context(&self, folder: &str, load: &dyn Fn(&str) -> Loaded) -> Result<Context, Problem> {
        let mut context = Context::default();
        let nowhere = |message| Problem { message, line: 0, column: 0 };
        // Which files are in as a whole (`None`), or by which keys.
        let mut loaded: Vec<(String, Option<HashSet<&str>>)> = Vec::new();
        if let Some(path) = inside(folder, PARAMS)
            && let Some(values) = params::read(&path, load(&path)).map_err(nowhere)?
        {
            context.merge(values).map_err(nowhere)?;
            loaded.push((path, None));
        }
        for var in &self.0 {
            match var {
                Var::Values { values, node } => {
                    context.merge(values.clone()).map_err(|message| node.complain(message))?;
                }
                Var::File { path, keys, node } => {
                    let complain = |message: String| node.complain(message);
                    let shown = printable(path);
                    let path = inside(folder, path)
                        .ok_or_else(|| complain(format!("'{shown}' is not in the repository")))?;
                    let wanted: Option<HashSet<&str>> =
                        (!keys.is_empty()).then(|| keys.iter().map(String::as_str).collect());
                    match loaded.iter_mut().find(|(other, _)| *other == path) {
                        // DVC allows that a whole file is named again.
                        Some((_, None)) if wanted.is_none() => continue,
                        Some((_, Some(before))) if wanted.as_ref().is_some_and(|w| w.is_disjoint(before)) => {
                            before.extend(wanted.iter().flatten());
                        }
                        Some(_) => return Err(complain(format!("'{shown}' is loaded already"))),
                        None => loaded.push((path.clone(), wanted)),
                    }
                    let mut values = params::read(&path, load(&path))
                        .map_err(complain)?
                        .ok_or_else(|| complain(format!("there is no file '{shown}'")))?;
                    if let Some(absent) = keys.iter().find(|key| !values.contains_key(*key)) {
                        return Err(complain(format!("there is no '{}' in '{shown}'", printable(absent))));
                    }
                    values.retain(|key, _| keys.is_empty() || keys.contains(key));
                    context.merge(values).map_err(complain)?;
                }
            }
        }
        Ok(context)
    }
}

/// The path of a file from the root of the repository; `None` if it is not in there.
fn inside(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains(['\0', '\\']) {
        return None;
    }
    let path = normal(folder, path);
    let is_outside = path.is_empty() || path == "." || path == ".." || path.starts_with("../");
    (!is_outside).then_some(path)
}
