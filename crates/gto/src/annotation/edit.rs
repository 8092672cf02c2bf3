//! Edits the annotation of one artifact in a file: text in, text out.
//!
//! Owns which fields of which kind of file a change goes to. How a text is changed without touching the rest of it is the business
//! of `yaml::edit`; which file it is, and whether the change is allowed, that of the registry.

use serde_json::{Map, Value as Json};

use super::{Annotation, FileProblem, Source, artifacts_yaml, fields};
use crate::dvc;
use crate::yaml::{Document, Node, Problem, Value, edit, printable};

/// What becomes of the fields of an annotation; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// What kind of thing it is; an empty text takes the field out.
    pub kind: Option<String>,
    /// Where it is, as the file has it; an empty text takes the field out.
    pub path: Option<String>,
    /// Whether the file at the path is kept outside Git. `dvc.yaml` has no such field.
    pub is_virtual: Option<bool>,
    /// Labels that it gets beside those that it has.
    pub add_labels: Vec<String>,
    /// Labels that it loses.
    pub remove_labels: Vec<String>,
    /// Whether it loses all labels that it has.
    pub clear_labels: bool,
    /// A description in prose; an empty text takes the field out.
    pub description: Option<String>,
    /// Anything else; null takes the field out.
    pub custom: Option<Json>,
}

impl Changes {
    /// Every field of an annotation, for a file that has none of them. The path is as the file is to have it.
    pub fn all_of(annotation: &Annotation) -> Self {
        Self {
            kind: annotation.kind.clone(),
            path: annotation.path.clone(),
            is_virtual: Some(annotation.is_virtual),
            add_labels: annotation.labels.clone(),
            remove_labels: Vec::new(),
            clear_labels: false,
            description: Some(annotation.description.clone()),
            custom: Some(annotation.custom.clone()),
        }
    }
}

impl Changes {
    fn changes_labels(&self) -> bool {
        self.clear_labels || !(self.add_labels.is_empty() && self.remove_labels.is_empty())
    }
}

/// How each kind of file is laid out.
impl Source {
    /// The largest file that is edited, in bytes.
    pub(crate) fn max_size(self) -> usize {
        match self {
            Self::Gto => artifacts_yaml::MAX_SIZE,
            Self::Dvc => dvc::MAX_SIZE,
        }
    }

    /// Reads a file of this kind.
    pub(crate) fn read(self, text: impl Into<String>) -> Document {
        Document::read(text, self.max_size())
    }

    /// The keys down to an entry.
    pub(super) fn path(self, entry: &str) -> Vec<&str> {
        match self {
            Self::Gto => vec![entry],
            Self::Dvc => vec![SECTION, entry],
        }
    }

    pub(super) fn description(self) -> &'static str {
        match self {
            Self::Gto => "description",
            Self::Dvc => "desc",
        }
    }

    pub(super) fn custom(self) -> &'static str {
        match self {
            Self::Gto => "custom",
            Self::Dvc => "meta",
        }
    }
}

/// Where `dvc.yaml` keeps annotations.
const SECTION: &str = "artifacts";

/// The text of a file with an artifact's fields changed, or with an entry for it if there was none. Everything else stays as it
/// is, byte by byte. `entry` is the name as the file has it, without a folder.
///
/// # Errors
/// If the file cannot be read as a whole, or the change cannot be made without touching something else.
pub fn annotate(text: &str, source: Source, entry: &str, changes: &Changes) -> Result<String, FileProblem> {
    annotated(&source.read(text), source, entry, changes).map(|document| document.text().to_owned())
}

/// As [`annotate`], of a file that has been read.
pub(crate) fn annotated(
    document: &Document,
    source: Source,
    entry: &str,
    changes: &Changes,
) -> Result<Document, FileProblem> {
    let path = source.path(entry);
    let changed = fields(document, source, &path, changes)
        .map(|before| changed(before, source, changes))
        .and_then(|after| edit::set(document, &path, &Json::Object(after)));
    changed.map_err(|problem| FileProblem::new(Some(printable(entry)), problem))
}

/// The text of a file without an artifact's entry.
///
/// # Errors
/// As [`annotate`]; and if there is no such entry.
pub fn remove(text: &str, source: Source, entry: &str) -> Result<String, FileProblem> {
    without(&source.read(text), source, entry).map(|document| document.text().to_owned())
}

/// As [`remove`], of a file that has been read.
pub(crate) fn without(document: &Document, source: Source, entry: &str) -> Result<Document, FileProblem> {
    let removed = edit::remove(document, &source.path(entry));
    let removed = removed.and_then(|left| without_empty_section(left, source));
    removed.map_err(|problem| FileProblem::new(Some(printable(entry)), problem))
}

/// The file without an empty section of artifacts. The section stays if comments would be lost with it: those are about
/// more than the entry that was its last. DVC reads `artifacts: {}`.
fn without_empty_section(document: Document, source: Source) -> Result<Document, Problem> {
    let is_empty = |section: &Json| section.as_object().is_some_and(Map::is_empty);
    if source != Source::Dvc || !mapping(&document)?.get(SECTION).is_some_and(is_empty) {
        return Ok(document);
    }
    let without = edit::remove(&document, &[SECTION]);
    // An empty section has no text in which the sign of a comment could be something else.
    let comments = |document: &Document| document.text().matches('#').count();
    let is_whole = |without: &Document| comments(without) == comments(&document);
    Ok(without.ok().filter(is_whole).unwrap_or(document))
}

/// Whether the file can be edited at all.
pub(crate) fn check(document: &Document) -> Result<(), FileProblem> {
    mapping(document).map(drop).map_err(|problem| FileProblem::new(None, problem))
}

/// Whether nothing is in a file; one with a comment says something.
pub fn says_nothing(text: &str) -> bool {
    matches!(text.trim(), "artifacts: {}" | "{}" | "")
}

/// Whether a file has an entry with literally this name, which can be edited: not one whose name DVC puts together.
pub(crate) fn has_entry(document: &Document, source: Source, entry: &str) -> bool {
    mapping(document).is_ok() && at(document, &source.path(entry)).is_some()
}

/// Whether a `dvc.yaml` annotates artifacts.
pub(crate) fn has_section(document: &Document) -> bool {
    mapping(document).is_ok_and(|root| root.get(SECTION).is_some_and(|section| !section.is_null()))
}

/// The fields of an entry as JSON, all of them, in the order of the file; `None` if there is no such entry.
pub(crate) fn entry(document: &Document, source: Source, entry: &str) -> Option<Map<String, Json>> {
    mapping(document).ok()?;
    at(document, &source.path(entry))?.as_object().cloned()
}

fn at<'d>(document: &'d Document, path: &[&str]) -> Option<&'d Json> {
    path.iter().try_fold(document.json().ok()?, |place, key| place.get(*key))
}

fn mapping(document: &Document) -> Result<&Map<String, Json>, Problem> {
    let not_one = |root: &Node| root.complain(format!("must be a mapping, not {}", root.kind()));
    let wrong = || match document.root() {
        Ok(Some(root)) => not_one(root),
        _ => Problem::nowhere("must be a mapping"),
    };
    document.json()?.as_object().ok_or_else(wrong)
}

/// The fields of an entry, for a change of some of them. What is wrong with another one would keep the entry from being read
/// after the change as well; nothing, where there should be something, is mended by the change.
fn fields(
    document: &Document,
    source: Source,
    path: &[&str],
    changes: &Changes,
) -> Result<Option<Map<String, Json>>, Problem> {
    mapping(document)?;
    let mut place = document.root().map_err(Clone::clone)?;
    for (depth, key) in path.iter().enumerate() {
        let Some(node) = place.filter(|node| !matches!(node.value, Value::Null)) else { return Ok(None) };
        let shown = || printable(&path[..depth].join("."));
        let Value::Map(entries) = &node.value else {
            return Err(node.complain(format!("'{}' must be a mapping, not {}", shown(), node.kind())));
        };
        let is_it = |(name, _): &&(Node, Node)| name.key().is_ok_and(|name| name == *key);
        place = entries.iter().find(is_it).map(|(_, value)| value);
    }
    let Some(node) = place.filter(|node| !matches!(node.value, Value::Null)) else { return Ok(None) };
    let Value::Map(entries) = &node.value else {
        return Err(node.complain(format!("must be a mapping of fields, not {}", node.kind())));
    };
    match entries.iter().find_map(|(key, value)| fault(key.as_text()?, value, source, changes)) {
        Some(problem) => Err(problem),
        None => Ok(node.to_json().as_object().cloned()),
    }
}

/// What is wrong with a field that a change leaves as it is, or as far as it does.
fn fault(field: &str, value: &Node, source: Source, changes: &Changes) -> Option<Problem> {
    let is_nothing = matches!(value.value, Value::Null);
    match field {
        "labels" if changes.clear_labels || is_nothing && changes.changes_labels() => None,
        "labels" => fields::labels(value).err(),
        "type" if changes.kind.is_some() || is_nothing && source == Source::Gto => None,
        "path" if changes.path.is_some() || is_nothing && source == Source::Gto => None,
        "type" | "path" => fields::text(field, value).err(),
        "virtual" if source == Source::Gto && changes.is_virtual.is_none() => match value.as_bool() {
            Some(_) => None,
            None => Some(fields::wrong(field, "true or false", value)),
        },
        _ if field == source.description() && changes.description.is_none() => {
            fields::text(field, value).err()
        }
        _ => None,
    }
}

/// The fields after a change. New ones come in the order in which the tools themselves write them.
fn changed(before: Option<Map<String, Json>>, source: Source, changes: &Changes) -> Map<String, Json> {
    let mut fields = before.unwrap_or_default();
    let labels = labels(&fields, changes);
    let text = |text: &String| if text.is_empty() { Json::Null } else { Json::String(text.clone()) };
    let kind = ("type", changes.kind.as_ref().map(text));
    let path = ("path", changes.path.as_ref().map(text));
    // Like the Python tool, this writes no field with its default value.
    let is_told = fields.contains_key("virtual");
    let is_virtual = changes.is_virtual.filter(|is| is_told || !is).filter(|_| source == Source::Gto);
    let is_virtual = ("virtual", is_virtual.map(Json::Bool));
    let labels = ("labels", labels);
    let description = (source.description(), changes.description.as_ref().map(text));
    let custom = (source.custom(), changes.custom.clone());
    let in_order = match source {
        Source::Gto => [kind, path, is_virtual, labels, description, custom],
        Source::Dvc => [path, description, kind, is_virtual, labels, custom],
    };
    for (field, value) in in_order {
        match value {
            None => {}
            Some(Json::Null) => {
                fields.shift_remove(field);
            }
            Some(value) => {
                fields.insert(field.to_owned(), value);
            }
        }
    }
    fields
}

/// The labels after a change, if it has any: those of before in their order, and then the new ones.
fn labels(fields: &Map<String, Json>, changes: &Changes) -> Option<Json> {
    if !changes.changes_labels() {
        return None;
    }
    let before = fields.get("labels").filter(|_| !changes.clear_labels);
    let mut labels = before.and_then(Json::as_array).cloned().unwrap_or_default();
    labels
        .retain(|label| label.as_str().is_none_or(|label| !changes.remove_labels.iter().any(|l| l == label)));
    for label in &changes.add_labels {
        if !labels.iter().any(|other| other.as_str() == Some(label)) {
            labels.push(Json::String(label.clone()));
        }
    }
    Some(if labels.is_empty() { Json::Null } else { Json::Array(labels) })
}
