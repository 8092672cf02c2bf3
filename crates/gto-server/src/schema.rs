//! How values of the library look in JSON, for `openapi.json`: the library does not know OpenAPI. All other shapes are derived where the
//! values are. A test holds real answers against them.
#![allow(dead_code, clippy::struct_field_names, reason = "only their description is used")]

use serde::Serialize;
use utoipa::ToSchema;

/// What happened.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EventWord {
    Deprecation,
    Registration,
    Deregistration,
    Assignment,
    Unassignment,
}

/// What happened to an artifact: one tag. [`gto::report::EventReport`].
#[derive(Serialize, ToSchema)]
pub struct EventFields {
    pub created_at: String,
    pub artifact: String,
    pub event: EventWord,
    #[schema(required)]
    pub version: Option<String>,
    #[schema(required)]
    pub stage: Option<String>,
    pub commit: String,
    pub author: String,
    pub author_email: String,
    pub message: String,
    pub tag: String,
}

/// What is written, or would be. [`gto_frontend::reports::written::WriteReport`].
#[derive(Serialize, ToSchema)]
pub struct Written {
    pub dry_run: bool,
    /// Whether what was to be pushed is on the remote; null if that is not known of some.
    #[schema(required)]
    pub pushed: Option<bool>,
    pub tags: Vec<Tag>,
}

/// A plan that waits to be applied.
#[derive(Serialize, ToSchema)]
pub struct Plan {
    pub id: String,
    pub expires_in_seconds: u64,
    /// What does the same, for a shell.
    pub command: String,
    /// What is so already.
    pub already: Vec<String>,
    #[schema(required)]
    pub policy: Option<PolicyVerdict>,
    #[serde(flatten)]
    pub written: Written,
}

/// That the policy allows it, and why. [`gto::plan::PolicyVerdict`].
#[derive(Serialize, ToSchema)]
pub struct PolicyVerdict {
    /// `valid`: no other plan is made.
    pub verdict: String,
    /// The commit that the policy is in.
    pub commit: String,
    pub source: String,
    pub checks: Vec<PolicyCheck>,
    #[schema(required)]
    pub overridden: Option<String>,
    /// Whether the tags will be signed, and are judged again then.
    pub is_signature_open: bool,
}

/// A condition of the policy, and what was found.
#[derive(Serialize, ToSchema)]
pub struct PolicyCheck {
    pub rule: String,
    pub wanted: String,
    pub found: String,
}

/// A tag that is made or deleted.
#[derive(Serialize, ToSchema)]
pub struct Tag {
    /// `create` or `delete`.
    pub action: String,
    pub tag: String,
    pub target: String,
    #[schema(required)]
    pub pushed: Option<bool>,
}
