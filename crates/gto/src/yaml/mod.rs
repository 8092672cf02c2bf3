//! YAML as the Python tool reads it (YAML 1.2 as in ruamel.yaml), from untrusted files.
//!
//! Owns the limits (size, depth, memory), the positions for messages, and which plain text is which kind of value.
//! A fault inside one value stays in that value ([`Value::Invalid`], repeated keys), so that a reader can leave out what is
//! wrong and keep the rest; only text that is no YAML at all is an error. Knows nothing of what the values mean.

mod document;
pub(crate) mod edit;
mod node;
mod reader;
mod scalar;

pub(crate) use crate::text::printable;
pub(crate) use document::Document;
pub(crate) use node::{Node, Problem, Style, Value};
#[cfg(test)]
pub(crate) use reader::PARSED;
pub(crate) use reader::parse;
