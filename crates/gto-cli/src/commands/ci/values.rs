//! The values that a pipeline gets.
//!
//! Owns their names and order, and their text. Where they go is for the file of each system.

use gto::event::EventKind;
use gto::report::{EventReport, PipelineEvent, Schema};
use serde::Serialize;

/// All values. As JSON, what there is not is null.
#[derive(Debug, Default, Serialize)]
pub struct Values {
    schema: Schema,
    event: Option<EventKind>,
    artifact: Option<String>,
    version: Option<String>,
    previous_version: Option<String>,
    stage: Option<String>,
    #[serde(rename = "ref")]
    reference: String,
    tag: Option<String>,
    commit: Option<String>,
    path: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    labels: Vec<String>,
    author: Option<String>,
    message: Option<String>,
    created_at: Option<String>,
    #[serde(rename = "match")]
    is_match: bool,
    #[serde(skip)]
    sentence: String,
    /// Whether there is no event since it violates the policy.
    #[serde(skip)]
    pub is_violating: bool,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Its name.
    pub name: &'static str,
    /// Its text; empty if there is none.
    pub text: String,
    /// Whether it is prose that people write.
    pub is_prose: bool,
}

impl Values {
    /// Those of an event.
    pub fn new(found: PipelineEvent, is_match: bool) -> Self {
        let PipelineEvent { event, previous_version, annotation } = found;
        let sentence = event.sentence();
        let EventReport { created_at, artifact, event, version, stage, commit, author, message, tag, .. } =
            event;
        let annotation = annotation.unwrap_or_default();
        Self {
            schema: Schema,
            event: Some(event),
            artifact: Some(artifact.to_string()),
            version: version.map(|version| version.to_string()),
            previous_version: previous_version.map(|version| version.to_string()),
            stage: stage.map(|stage| stage.to_string()),
            reference: format!("refs/tags/{tag}"),
            tag: Some(tag.into()),
            commit: Some(commit.to_string()),
            path: annotation.path,
            kind: annotation.kind,
            labels: annotation.labels,
            author: Some(author.as_ref().to_owned()),
            message: Some(message.into()),
            created_at: Some(created_at.iso()),
            is_match,
            sentence,
            is_violating: false,
        }
    }

    /// Those of a ref that is no event.
    pub fn without_event(reference: &str) -> Self {
        let tag = reference.strip_prefix("refs/tags/").map(str::to_owned);
        Self { reference: reference.to_owned(), tag, ..Self::default() }
    }

    /// Those of a tag that violates the policy.
    pub fn violating(reference: &str) -> Self {
        Self { is_violating: true, ..Self::without_event(reference) }
    }

    /// What happened, for people; empty if nothing did.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// All of them as texts, in order; labels are a JSON array.
    pub fn all(&self) -> Vec<Value> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let labels = serde_json::Value::from(self.labels.clone()).to_string();
        let plain = |name, text| Value { name, text, is_prose: false };
        let prose = |name, text| Value { name, text, is_prose: true };
        vec![
            plain("event", self.event.map(|event| event.to_string()).unwrap_or_default()),
            plain("artifact", text(&self.artifact)),
            plain("version", text(&self.version)),
            plain("previous_version", text(&self.previous_version)),
            plain("stage", text(&self.stage)),
            plain("ref", self.reference.clone()),
            plain("tag", text(&self.tag)),
            plain("commit", text(&self.commit)),
            plain("path", text(&self.path)),
            plain("type", text(&self.kind)),
            prose("labels", labels),
            prose("author", text(&self.author)),
            prose("message", text(&self.message)),
            plain("created_at", text(&self.created_at)),
            plain("match", self.is_match.to_string()),
        ]
    }
}

impl Value {
    /// The name of the variable. One called `path` would be PATH on Windows.
    pub fn variable(&self) -> String {
        format!("GTO_{}", self.name.to_uppercase())
    }

    /// Whether it is one line, and shows as what it is.
    pub fn is_line(&self) -> bool {
        !self.text.contains(gto::text::is_dangerous) && !self.text.contains(['\n', '\t'])
    }
}
