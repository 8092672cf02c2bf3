//! What `gto status` found.

use gto::{Comparison, Difference, TagDifference};
use serde::Serialize;

/// What is not the same here and on a remote.
#[derive(Debug, Serialize)]
pub struct StatusReport<'a> {
    remote: &'a str,
    same: usize,
    tags: Vec<TagReport<'a>>,
}

#[derive(Debug, Serialize)]
struct TagReport<'a> {
    tag: &'a str,
    artifact: &'a str,
    state: &'static str,
    here: Option<String>,
    there: Option<String>,
}

impl<'a> StatusReport<'a> {
    /// The report of a comparison.
    pub fn new(comparison: &'a Comparison) -> Self {
        let tag = |tag: &'a TagDifference| TagReport {
            tag: &tag.tag,
            artifact: tag.artifact.as_str(),
            state: match tag.kind() {
                Difference::OnlyHere => "only_here",
                Difference::OnlyThere => "only_there",
                Difference::Differs => "differs",
            },
            here: tag.here.map(|id| id.to_string()),
            there: tag.there.map(|id| id.to_string()),
        };
        Self {
            remote: &comparison.remote,
            same: comparison.same,
            tags: comparison.differences.iter().map(tag).collect(),
        }
    }
}
