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
//! use gto::name::ArtifactName;
//! use gto::query::ShowOptions;
//! use gto::rules::{AssignTarget, Registering, TagWish};
//! use gto::{Author, Environment, Registry, Timestamp};
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
//! // A write is a plan first: print it, or apply it.
//! let model: ArtifactName = "model".parse()?;
//! let me = Author { name: Some("Ada".into()), email: Some("ada@example.com".into()), ..Author::default() };
//! let plan = registry.plan_register(&model, "HEAD", &Registering::default(), &me)?;
//! assert_eq!(plan.steps[0].tag(), "model@v0.0.1");
//! registry.apply(&plan, None)?;
//!
//! let version = AssignTarget::Version("v0.0.1".parse().expect("a version"));
//! let plan = registry.plan_assign(&model, &"prod".parse()?, &version, &TagWish::default(), &me)?;
//! registry.apply(&plan, None)?;
//!
//! let report = registry.show(&ShowOptions::default())?.value;
//! assert_eq!(report.artifacts[0].stages[0].1[0].to_string(), "v0.0.1");
//! # Ok(())
//! # }
//! ```
//!
//! Where things are: [`name`], [`version`], [`tag`] and [`mod@reference`] are validated values; [`event`] and
//! [`state`] say what tags add up to; [`query`] asks, [`report`] answers; [`rules`] decide what may be written,
//! as a [`plan`]. None of these does any I/O.

pub mod annotation;
pub mod commit;
pub mod config;
pub mod damage;
pub mod doctor;
pub mod dvc;
pub mod environment;
pub mod error;
pub mod event;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod git;
pub mod name;
pub mod object_id;
pub mod plan;
mod processors;
pub mod progress;
pub mod query;
pub mod reference;
pub mod registry;
pub mod report;
pub mod rules;
pub mod signature;
pub mod signing;
pub mod state;
pub mod tag;
pub mod text;
pub mod time;
pub mod version;
mod waiting;
mod yaml;

pub use annotation::error::{AnnotateError, Bring};
pub use environment::Environment;
pub use error::{Error, Result};
pub use git::{before_first_child, end_children, is_bundle, kill_children};
pub use processors::processors;
pub use registry::{
    AnnotatedTag, Annotating, AnnotationApplied, AnnotationPlan, Answer, Applied, ArtifactChange, Author,
    AuthorFault, CacheReport, Change, CheckedRef, Committing, Comparison, Description, Detail, Difference,
    FileEdit, KeptClone, KeptClones, Located, Manner, MigrationPlan, PartialPush, Registry, Sent, Sight,
    StagesWanted, TagDifference, VersionsReport, clone_with_files, is_editing,
};
pub use time::Timestamp;
