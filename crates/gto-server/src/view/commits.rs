//! Commits, as pages show them.

use gto::Registry;
use gto::commit::Commit;
use gto::object_id::ObjectId;
use gto::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// So many commits are listed.
const MOST: usize = 50;

/// A commit.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CommitLine {
    pub id: String,
    pub subject: String,
    pub author: String,
    #[schema(value_type = String)]
    pub at: Timestamp,
}

impl CommitLine {
    /// The id for tables.
    pub fn short(&self) -> &str {
        self.id.get(..7).unwrap_or(&self.id)
    }
}

impl From<Commit> for CommitLine {
    fn from(commit: Commit) -> Self {
        Self {
            id: commit.id.to_string(),
            subject: commit.message.lines().next().unwrap_or_default().trim().to_owned(),
            author: commit.author.name.to_string(),
            at: commit.committer.time,
        }
    }
}

/// The commits between two versions.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct CommitLines {
    pub count: usize,
    /// Newest first, not all of them.
    pub newest: Vec<CommitLine>,
    /// Those that only the first one has, as after a rollback.
    pub taken_back: usize,
    /// Why they are not known.
    #[schema(required)]
    pub problem: Option<String>,
}

impl CommitLines {
    /// Those that `to` has and `from` has not.
    pub fn between(registry: &Registry, from: ObjectId, to: ObjectId) -> Self {
        if registry.is_shallow() {
            let problem = "this clone is shallow and may lack some: `git fetch --unshallow` fetches all";
            return Self { problem: Some(problem.to_owned()), ..Self::default() };
        }
        let found = registry.commits_between(from, to, MOST);
        match found.and_then(|found| Ok((found, registry.commits_between(to, from, 0)?.count))) {
            Ok((found, taken_back)) => Self {
                count: found.count,
                newest: found.newest.into_iter().map(CommitLine::from).collect(),
                taken_back,
                problem: None,
            },
            Err(error) => Self { problem: Some(error.to_string()), ..Self::default() },
        }
    }
}
