//! The engine of Git Tag Ops: an artifact registry made of annotated Git tags.
//!
//! Versions of models, datasets or binaries are registered, assigned to stages and deprecated, each as one annotated
//! tag in a standard format. This library reads those tags, computes the state that follows from them, and plans and
//! applies new ones. It never talks to a terminal, never reads the environment or the clock of the process, and
//! everything that it reads from a repository is untrusted.
//!
//! [`Registry`] is where to start:
//!
//! ```
//! use gto::query::ShowOptions;
//! use gto::{Environment, Plan, Registry, Request, Timestamp, WriteOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let sandbox = gto_testkit::Sandbox::new();
//! # let repository = sandbox.repo("example");
//! # repository.commit(&[("train.py", "print()")], "Train");
//! # let folder = repository.path();
//! // The clock and the variables that count (`GTO_*`, `GIT_COMMITTER_*`) are the caller's to give.
//! let now = Timestamp::new(1_764_000_000, 0).expect("a time of this century");
//! let registry = Registry::open(folder, Environment::new([], now))?;
//!
//! // A write is a request, which is a value too: here read from JSON.
//! let ada = r#"{"name": "Ada", "email": "ada@example.com"}"#;
//! let register = format!(r#"{{"action": "register", "artifact": "model", "author": {ada}}}"#);
//! let register: Request = serde_json::from_str(&register)?;
//! let options = WriteOptions::default();
//! let written = registry.write(&register, &options)?;
//! assert_eq!(written.plan.steps[0].tag(), "model@v0.0.1");
//!
//! // Or it is a plan first, that can be shown, kept as JSON, and carried out later.
//! let assign = format!(
//!     r#"{{"action": "assign", "artifact": "model", "stage": "prod", "target": {{"version": "v0.0.1"}}, "author": {ada}}}"#
//! );
//! let plan = registry.plan(&serde_json::from_str(&assign)?)?;
//! let kept: String = serde_json::to_string(&plan)?;
//! let plan: Plan = serde_json::from_str(&kept)?;
//! registry.apply(&plan, &options)?;
//!
//! // It says which tags it was made from, and is refused once they have changed: here by itself.
//! let refused = registry.apply(&plan, &options).expect_err("the tag is there");
//! assert_eq!(refused.to_string(), "The tags of 'model' have changed since the plan was made");
//!
//! let report = registry.show(&ShowOptions::default())?.value;
//! assert_eq!(report.artifacts[0].stages[0].1[0].to_string(), "v0.0.1");
//! # Ok(())
//! # }
//! ```
//!
//! Where things are: [`name`], [`version`], [`tag`] and [`mod@reference`] are validated values; [`event`] and
//! [`state`] say what tags add up to; [`query`] asks, [`report`] answers, and [`compat`] as the Python tool
//! does; a [`request`] is a wish to write, and [`rules`]
//! decide what of it may be done, as a [`plan`]. None of these does any I/O.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests are programs"))]

pub mod annotation;
pub mod approval;
pub mod author;
mod cancellation;
pub mod commit;
pub mod compat;
pub mod config;
pub mod damage;
pub mod doctor;
pub mod dvc;
pub mod environment;
pub mod error;
mod error_kind;
pub mod event;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod git;
pub mod name;
mod needed;
pub mod object_id;
pub mod outcome;
pub mod plan;
pub mod policy;
mod processors;
pub mod progress;
pub mod query;
pub mod reference;
pub mod registry;
pub mod report;
pub mod request;
pub mod rules;
pub mod signature;
pub mod signing;
pub mod stack;
pub mod state;
pub mod tag;
pub mod text;
pub mod time;
pub mod version;
mod waiting;
mod yaml;

pub use annotation::error::{AnnotateError, Bring};
pub use author::{Author, AuthorFault};
pub use cancellation::Cancellation;
pub use environment::{Environment, GitRun};
pub use error::{Error, FetchedBranches, Result};
pub use error_kind::ErrorKind;
pub use git::{Credential, RemoteAddress, SshAddress, is_bundle};
pub use outcome::{Applied, PartialPush, Written};
pub use plan::{AnnotationPlan, FileEdit, Plan};
pub use processors::processors;
pub use registry::snapshot::{self, Snapshot};
pub use registry::{
    AnnotatedTag, Answer, ArtifactChange, CacheReport, Change, CheckedRef, CommitContent, CommitFile,
    CommitFileKind, CommitPath, CommitRange, Comparison, Description, Detail, Difference, FetchTags,
    JudgedTag, KeptClone, KeptClones, Located, OpenOptions, PolicyInForce, PolicyReport, Registry, Sent,
    StagesWanted, TagDifference, TagsToCheck, Trigger, clone_with_files,
};
pub use report::VersionsReport;
pub use request::{Annotating, Request, WriteOptions};
pub use time::Timestamp;
