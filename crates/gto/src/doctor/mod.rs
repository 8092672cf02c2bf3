//! What is wrong with a registry, and how to mend it: `gto doctor` (decision D20).
//!
//! Owns the list of checks and what each finds. Functions on values: what there is to look at is read by `registry` and
//! handed in as `Evidence`. Every check sees everything, so that no problem hides another.

mod artifacts;
mod command;
mod meant;
mod stages;
mod surroundings;
mod tags;

use std::collections::HashSet;

use crate::annotation::FileProblem;
use crate::error::Error;
use crate::event::Event;
use crate::git::{LeftLock, Salvage, UnreadableTag};
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::state::State;
use crate::time::Timestamp;

pub use command::{Command, Program};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Some answer is or may be wrong, or a command is refused because of it.
    Error,
    /// Worth knowing.
    Warning,
}

impl Severity {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Declares the checks: errors, then warnings, each with its id.
macro_rules! checks {
    (errors { $($error:ident $error_id:literal $error_doc:literal,)* }
     warnings { $($warning:ident $warning_id:literal $warning_doc:literal,)* }) => {
        /// What is looked for. The ids are stable; `docs/doctor.md` explains each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Check {
            $(#[doc = $error_doc] $error,)*
            $(#[doc = $warning_doc] $warning,)*
        }

        impl Check {
            /// All checks, in the order in which findings are told.
            pub const ALL: &[Self] = &[$(Self::$error,)* $(Self::$warning,)*];

            /// The stable name of what is found.
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$error => $error_id,)*
                    $(Self::$warning => $warning_id,)*
                }
            }

            /// How bad that is.
            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$error)|* => Severity::Error,
                    $(Self::$warning)|* => Severity::Warning,
                }
            }
        }
    };
}

checks! {
    errors {
        Configuration "malformed-configuration" "The configuration cannot be used.",
        BrokenRef "broken-ref" "A tag's ref holds no object id.",
        TwoVersionsOnOneCommit "two-versions-on-one-commit" "Decision D4.",
        OneVersionOnSeveralCommits "one-version-on-several-commits" "A version is registered more than once, and on different commits.",
        Lightweight "lightweight-tag" "A registry name without a tag object is no event (decision D22).",
        NotOnACommit "not-on-a-commit" "A tag on a tree or a blob (decision D5).",
        MissingObject "missing-object" "A tag leads to an object that the repository does not have.",
        NoTagger "no-tagger" "A tag does not say who made it, and when (decision D5).",
        UnreadableTime "unreadable-time" "A tag's time is no time.",
        MalformedTag "malformed-tag" "A tag object cannot be understood.",
        NoCounterLeft "no-counter-left" "A tag has the highest counter there is, so that no counted tag can be made.",
    }
    warnings {
        Annotation "malformed-annotation" "A part of an annotation file cannot be used (decision D5).",
        AnnotatedTwice "annotated-twice" "Two files say something of one artifact, and one of them counts.",
        Shallow "shallow-clone" "History is cut off, and tags with it.",
        NoTags "no-tags" "A clone without tags.",
        LeftLock "left-lock" "A lock file was left behind by a process that was stopped.",
        NotUtf8 "name-not-utf8" "A tag's name is no UTF-8.",
        Unrecognized "unrecognized-tag" "A tag looks like the registry's and does not parse.",
        OtherNameInside "other-name-inside" "A tag object was made under another name than that of its ref.",
        Reserved "reserved-tag" "The format reserves `@created` (decision D5).",
        StrayDeregistration "deregistration-on-another-commit" "A deregistration that is not on the commit of its version.",
        NothingDeregistered "deregistration-without-registration" "A deregistration of a version that was never registered.",
        AssignedWhileDeregistered "assignment-to-deregistered-version" "A stage of a version that is out of use (decision D7).",
        UnregisteredStage "stage-on-unregistered-commit" "A stage tag on a commit without a version.",
        StageNotAllowed "stage-not-allowed" "A version is in a stage that the configuration does not have.",
        UndecidedOrder "undecided-order" "Events about one thing, in one second, without counters (decision D2).",
        Future "time-in-the-future" "A tag's time is yet to come (decision D3).",
        CaseOnly "names-differ-only-in-case" "Two names that a person takes for one.",
        CounterTwice "counter-used-twice" "Two tags of an artifact have one counter.",
    }
}

/// One problem, or several of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which check found it.
    pub check: Check,
    /// One sentence. May hold text from the repository.
    pub message: String,
    /// The tags concerned, all of them.
    pub tags: Vec<String>,
    /// The commits concerned, all of them.
    pub commits: Vec<ObjectId>,
    /// Commands that mend it, to be run in this order; none if a person has to decide.
    pub fix: Vec<Command>,
    /// Commands for when something else was meant, or the others do not help.
    pub otherwise: Vec<Command>,
}

impl Finding {
    fn new(check: Check, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { check, message, tags: Vec::new(), commits: Vec::new(), fix: Vec::new(), otherwise: Vec::new() }
    }

    /// With the tags of these events, and their commits.
    fn events<'a>(mut self, events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut seen: HashSet<ObjectId> = HashSet::new();
        for event in events {
            self.tags.push(event.tag.clone());
            if seen.insert(event.commit) {
                self.commits.push(event.commit);
            }
        }
        self
    }

    fn tags<'a>(mut self, tags: impl IntoIterator<Item = &'a str>) -> Self {
        self.tags.extend(tags.into_iter().map(str::to_owned));
        self
    }

    fn fix(mut self, commands: impl IntoIterator<Item = Command>) -> Self {
        self.fix.extend(commands);
        self
    }

    fn otherwise(mut self, commands: impl IntoIterator<Item = Command>) -> Self {
        self.otherwise.extend(commands);
        self
    }
}

/// What an examination found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Examination {
    /// Errors first.
    pub findings: Vec<Finding>,
}

impl Examination {
    /// How many findings there are of that severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.check.severity() == severity).count()
    }
}

/// Everything that is looked at.
pub(crate) struct Evidence<'a> {
    pub now: Timestamp,
    /// Why the configuration, or a part of it, was left out.
    pub wrong_config: &'a [Error],
    pub allowed_stages: Option<&'a [StageName]>,
    /// The name of the annotation file.
    pub index: &'a str,
    /// Each with its file, without control characters.
    pub annotation_problems: Vec<(String, FileProblem)>,
    /// Artifacts that `index` and the `dvc.yaml` beside it both name.
    pub annotated_twice: Vec<ArtifactName>,
    pub is_shallow: bool,
    pub left_locks: Vec<LeftLock>,
    pub remotes: Vec<String>,
    /// The names of all tags, sorted by their bytes.
    pub names: Vec<String>,
    pub not_utf8: Vec<String>,
    pub broken: Vec<BrokenRef>,
    pub packed_refs: Option<DamagedFile>,
    /// What the registry's tags add up to.
    pub state: State,
    /// Registry names that are no annotated tags, and what they are on.
    pub lightweight: Vec<(String, ObjectId)>,
    /// Of these, the ones that are on something else than a commit.
    pub unreadable: Vec<(String, UnreadableTag)>,
    /// The files of damaged objects, each for itself.
    pub object_files: Vec<String>,
    pub creations: Vec<String>,
    /// Tags, each with the name that it has inside.
    pub renamed: Vec<(String, String)>,
    /// Tags with the highest counter there is.
    pub last_counters: Vec<String>,
    pub missing_commits: HashSet<ObjectId>,
}

/// A ref that cannot be read.
pub(crate) struct BrokenRef {
    pub name: String,
    /// The file to remove; `None` if no command can name it safely.
    pub file: Option<String>,
}

/// A `packed-refs` that git refuses. Then there is nothing to be said of tags.
pub(crate) struct DamagedFile {
    /// What git says of it.
    pub reason: String,
    pub salvage: Option<Salvage>,
}

/// Runs every check.
pub(crate) fn diagnose(evidence: &Evidence<'_>) -> Examination {
    let mut findings = Vec::new();
    surroundings::check(evidence, &mut findings);
    tags::check(evidence, &mut findings);
    artifacts::check(evidence, &mut findings);
    stages::check(evidence, &mut findings);
    findings.sort_by_key(|finding| finding.check);
    Examination { findings }
}

/// `'a'`, `'a' and 'b'`, `'a', 'b', 'c' and 4 more`.
fn quoted<T: std::fmt::Display>(items: &[T]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = items.iter().take(SHOWN).map(|item| format!("'{item}'")).collect();
    match (items.len(), shown.as_slice()) {
        (more, _) if more > SHOWN => format!("{} and {} more", shown.join(", "), more - SHOWN),
        (_, [first @ .., last]) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => shown.concat(),
    }
}

/// `tag 'a'` or `tags 'a' and 'b'`, and the verb that fits.
fn tags_that<T: std::fmt::Display>(tags: &[T], one: &str, several: &str) -> String {
    match tags.len() {
        1 => format!("tag {} {one}", quoted(tags)),
        _ => format!("tags {} {several}", quoted(tags)),
    }
}
