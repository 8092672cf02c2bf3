//! `gto parse-tag`

use clap::Args;
use serde_json::{Map, Value};

use gto::tag::{Action, InvalidTagName, TagName};

use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;

/// Given git tag name created by this tool, parse it and return its parts
#[derive(Debug, Args)]
pub struct ParseTag {
    /// Tag name
    #[arg(value_name = "TAG")]
    name: String,

    /// Which key to return
    #[arg(long)]
    key: Option<String>,
}

impl ParseTag {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let tag: TagName = self.name.parse().map_err(|error: InvalidTagName| {
            let hint = "tags look like model@v1.0.0, model#prod#3, folder=model@deprecated".to_owned();
            CommandError::arguments(error.to_string(), hint)
        })?;
        let parts = parts(&tag);
        let Some(key) = self.key else {
            return Ok(context.printer.line(json::to_string(&parts)?)?);
        };
        let Some(value) = parts.get(&key) else {
            let keys: Vec<&str> = parts.keys().map(String::as_str).collect();
            let hint = format!("its keys are {}", keys.join(", "));
            return Err(CommandError::arguments(format!("Tag '{}' has no key '{key}'", self.name), hint));
        };
        Ok(context.printer.line(json::to_string(value)?)?)
    }
}

/// The parts, under the keys and in the order of the Python tool.
fn parts(tag: &TagName) -> Map<String, Value> {
    let mut parts = Map::new();
    let mut put = |key: &str, value: Value| {
        parts.insert(key.to_owned(), value);
    };
    put("name", tag.artifact.as_str().into());
    match &tag.action {
        Action::Register(version) | Action::Deregister(version) => put("version", version.to_string().into()),
        Action::Assign(stage) | Action::Unassign(stage) => put("stage", stage.as_str().into()),
        Action::Create | Action::Deprecate => {}
    }
    // The Python tool knows no action for the reserved `@created`.
    if tag.action != Action::Create {
        put("action", tag.action.word().into());
    }
    if let Some(counter) = tag.counter {
        put("counter", counter.into());
    }
    parts
}
