//! A text of YAML with what it says, so that each version of a file is read once, however many steps look at it.

use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value as Json};

use super::{Node, Problem, parse};

/// A text that has been read. A clone is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Document(Arc<Read>);

#[derive(Debug)]
struct Read {
    text: String,
    max_size: usize,
    root: Result<Option<Node>, Problem>,
    json: OnceLock<Result<Json, Problem>>,
}

impl Document {
    /// Reads a text of at most so many bytes.
    pub fn read(text: impl Into<String>, max_size: usize) -> Self {
        let text = text.into();
        let root = parse(text.as_bytes(), max_size);
        Self(Arc::new(Read { text, max_size, root, json: OnceLock::new() }))
    }

    /// Another text in its place.
    pub fn with_text(&self, text: String) -> Self {
        Self::read(text, self.0.max_size)
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// What it says, of which a part may be wrong; `None` if nothing.
    pub fn root(&self) -> Result<Option<&Node>, &Problem> {
        self.0.root.as_ref().map(Option::as_ref)
    }

    /// What it says, all of which must be in order: who edits must not make two faults of one.
    pub fn json(&self) -> Result<&Json, Problem> {
        let read = || match self.root().map_err(Clone::clone)? {
            None => Ok(Json::Object(Map::new())),
            Some(root) => root.problem().map_or_else(|| Ok(root.to_json()), Err),
        };
        self.0.json.get_or_init(read).as_ref().map_err(Clone::clone)
    }
}
