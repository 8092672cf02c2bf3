//! What a commit says of an artifact: its annotation, parameters, metrics and files.
//!
//! Reads Git alone: no remote is asked, since a commit could name any. Everything read is untrusted, and bounded.

use std::collections::{BTreeMap, BTreeSet};

use gto::annotation::{self, Annotation};
use gto::name::ArtifactName;
use gto::object_id::ObjectId;
use gto::{CommitContent, CommitFile, Registry};
use gto_files::Pointer;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// More files are not listed.
const MOST_FILES: usize = 2000;
/// More files of metrics or parameters are not read.
const MOST_SOURCES: usize = 20;
/// More values are not shown.
const MOST_VALUES: usize = 1000;
/// A larger file of values is not read.
const LARGEST: usize = 1 << 20;
/// Of longer values the beginning is shown.
const LONGEST: usize = 300;

/// What a commit says of an artifact. All keys are paths in dots.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Content {
    pub annotation: BTreeMap<String, String>,
    pub parameters: BTreeMap<String, String>,
    pub metrics: BTreeMap<String, String>,
    pub files: Vec<File>,
    /// Files that are not listed.
    pub more_files: usize,
    /// What could not be read.
    pub problems: Vec<String>,
}

/// A file of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct File {
    pub path: String,
    #[schema(required)]
    pub size: Option<u64>,
    /// Which tool keeps it.
    #[schema(value_type = String)]
    pub kept_by: &'static str,
    /// Equal if and only if the content is.
    pub hash: String,
}

impl File {
    /// The size for people.
    pub fn shown_size(&self) -> String {
        self.size.map(gto_frontend::text::human_size).unwrap_or_default()
    }
}

impl Content {
    /// What a commit says of an artifact.
    pub fn read(registry: &Registry, name: &ArtifactName, commit: ObjectId) -> Self {
        let mut content = Self::default();
        if let Err(error) = registry.commit(commit) {
            content.problems.push(format!("The commit cannot be read: {error}"));
            return content;
        }
        let found = registry.annotations_of(name, Some(commit));
        let annotation = annotation::nearest(&found).map(|sourced| &sourced.annotation);
        content.annotation = annotation.map(of_annotation).unwrap_or_default();
        for folder in folders(name) {
            content.read_values(registry, commit, folder);
        }
        match annotation.and_then(|annotation| annotation.path.as_deref()) {
            Some(path) if !path.contains("://") => {
                content.read_files(registry, commit, path.trim_end_matches('/'));
            }
            Some(_) => content.problems.push("The files are outside the repository".to_owned()),
            None => {}
        }
        content
    }

    fn read_values(&mut self, registry: &Registry, commit: ObjectId, folder: &str) {
        let read = |path: &str| read_value(registry, commit, folder, path);
        let mut sources = Sources::default();
        if let Some(pipeline) = read("dvc.yaml") {
            sources.add(&pipeline);
        }
        sources.parameters.insert("params.yaml".to_owned());
        for path in sources.parameters.iter().take(MOST_SOURCES) {
            let prefix = if path == "params.yaml" { "" } else { path };
            flatten(&mut self.parameters, prefix, read(path).as_ref());
        }
        for path in sources.metrics.iter().take(MOST_SOURCES) {
            let prefix = if sources.metrics.len() == 1 { "" } else { path };
            flatten(&mut self.metrics, prefix, read(path).as_ref());
        }
        if let Some(lock) = read("dvc.lock") {
            for used in
                lock.get("stages").and_then(Value::as_object).into_iter().flat_map(|stages| stages.values())
            {
                let files = used.get("params").and_then(Value::as_object);
                for (path, values) in files.into_iter().flatten() {
                    let prefix = if path == "params.yaml" { "" } else { path };
                    flatten(&mut self.parameters, prefix, Some(values));
                }
            }
        }
    }

    fn read_files(&mut self, registry: &Registry, commit: ObjectId, path: &str) {
        let in_git = match registry.files_at(commit, path).map(|found| found.content) {
            Ok(CommitContent::File(file)) => vec![file],
            Ok(CommitContent::Folder(files)) => files,
            Ok(CommitContent::Absent | CommitContent::Submodule) => Vec::new(),
            Err(error) => {
                self.problems.push(format!("The files cannot be listed: {error}"));
                Vec::new()
            }
        };
        let mut files: Vec<File> = Vec::new();
        match registry.dvc_outs(commit) {
            Ok(outs) => {
                let is_of_it = |other: &str| other == path || is_below(other, path) || is_below(path, other);
                for out in outs.into_iter().filter(|out| is_of_it(&out.path)) {
                    let hash = out.hash.unwrap_or_else(|why| format!("unknown: {why}"));
                    files.push(File { path: out.path, size: None, kept_by: "dvc", hash });
                }
            }
            Err(error) => self.problems.push(error.to_string()),
        }
        self.more_files = in_git.len().saturating_sub(MOST_FILES);
        files.extend(in_git.into_iter().take(MOST_FILES).map(|file| of_git(registry, file)));
        files.sort_by(|a, b| a.path.cmp(&b.path));
        self.files = files;
        if self.files.is_empty() && self.problems.is_empty() {
            self.problems.push(format!("The commit has nothing at the path '{path}'"));
        }
    }
}

/// The folder of the artifact, and the root.
fn folders(name: &ArtifactName) -> Vec<&str> {
    match name.as_str().split_once(':') {
        Some((folder, _)) if !folder.split('/').any(|part| part == "..") => vec![folder, ""],
        _ => vec![""],
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn of_git(registry: &Registry, file: CommitFile) -> File {
    let size = registry.blob_size(file.id);
    let is_small = size.is_some_and(|size| size < Pointer::MAX_SIZE as u64);
    let pointer = is_small.then(|| registry.read_blob(file.id, Pointer::MAX_SIZE).ok()).flatten();
    match pointer.as_deref().and_then(Pointer::parse) {
        Some(pointer) => File {
            path: file.path,
            size: Some(pointer.size),
            kept_by: "lfs",
            hash: format!("sha256:{}", pointer.sha256()),
        },
        None => File { path: file.path, size, kept_by: "git", hash: format!("git:{}", file.id) },
    }
}

fn of_annotation(annotation: &Annotation) -> BTreeMap<String, String> {
    let mut shown = BTreeMap::new();
    let texts = [
        ("type", annotation.kind.clone()),
        ("path", annotation.path.clone()),
        ("labels", (!annotation.labels.is_empty()).then(|| annotation.labels.join(", "))),
        ("description", Some(annotation.description.clone()).filter(|text| !text.is_empty())),
    ];
    for (key, value) in texts {
        shown.extend(value.map(|value| (key.to_owned(), shortened(value))));
    }
    flatten(&mut shown, "custom", Some(&annotation.custom).filter(|custom| !custom.is_null()));
    shown
}

/// The files that a `dvc.yaml` takes parameters from, and writes metrics to.
#[derive(Default)]
struct Sources {
    parameters: BTreeSet<String>,
    metrics: BTreeSet<String>,
}

impl Sources {
    fn add(&mut self, pipeline: &Value) {
        self.metrics.extend(names(pipeline.get("metrics")));
        self.parameters.extend(names(pipeline.get("params")));
        let stages = pipeline.get("stages").and_then(Value::as_object);
        for stage in stages.into_iter().flat_map(|stages| stages.values()) {
            self.metrics.extend(names(stage.get("metrics")));
            let files = stage.get("params").and_then(Value::as_array).into_iter().flatten();
            self.parameters.extend(files.filter_map(Value::as_object).flat_map(|file| file.keys().cloned()));
        }
    }
}

/// The names in a list of files; some have options.
fn names(list: Option<&Value>) -> Vec<String> {
    let name = |entry: &Value| match entry {
        Value::String(name) => Some(name.clone()),
        Value::Object(options) => options.keys().next().cloned(),
        _ => None,
    };
    list.and_then(Value::as_array).into_iter().flatten().filter_map(name).collect()
}

fn read_value(registry: &Registry, commit: ObjectId, folder: &str, path: &str) -> Option<Value> {
    let path = if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
    let bytes = registry.read_file_at(commit, &path, LARGEST).ok()??;
    let text = String::from_utf8(bytes).ok()?;
    // JSON is YAML.
    serde_saphyr::from_str(&text).ok()
}

fn flatten(into: &mut BTreeMap<String, String>, prefix: &str, value: Option<&Value>) {
    let Some(value) = value else { return };
    if into.len() >= MOST_VALUES {
        return;
    }
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(into, &key, Some(value));
            }
        }
        Value::String(text) => {
            into.insert(prefix.to_owned(), shortened(text.clone()));
        }
        other => {
            into.insert(prefix.to_owned(), shortened(other.to_string()));
        }
    }
}

fn shortened(text: String) -> String {
    if text.chars().count() <= LONGEST { text } else { text.chars().take(LONGEST).chain(['…']).collect() }
}
