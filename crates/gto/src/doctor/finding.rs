//! Findings: which check, how bad, and in which words.
//!
//! Owns the list of checks with their ids. Must not look for anything.

use std::collections::HashSet;

use super::command::Command;
use crate::event::Event;
use crate::object_id::ObjectId;

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
            /// All checks, in the order of the report.
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
        PolicyUnusable "unusable-policy" "The promotion policy cannot be used, so that nothing is written.",
        PolicyOutOfForce "policy-not-in-force" "`HEAD` of a server's repository leads to no branch, and another has a policy.",
        PolicyUnfulfillable "policy-nobody-can-fulfil" "A rule of the policy that nothing satisfies.",
    }
    warnings {
        UnknownToPython "python-refuses-configuration" "`.gto` has keys that the Python tool does not know.",
        Annotation "malformed-annotation" "A part of an annotation file cannot be used (decision D5).",
        AnnotatedTwice "annotated-twice" "Two files say something of one artifact, and one of them counts.",
        Shallow "shallow-clone" "History is cut off, and tags with it.",
        NoTags "no-tags" "A clone without tags.",
        LeftLock "left-lock" "A lock file was left behind by a process that was stopped.",
        LeftGuard "left-guard" "A remote repository has refs that older versions of gto made for their pushes.",
        UnusableObjects "unusable-objects" "A pack or an alternate that Git cannot use.",
        GrownFolder "grown-folder" "A folder of loose tags takes far more space than what is in it.",
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
        PolicyMisnamed "policy-misnamed" "A file that is meant to be the promotion policy has another name.",
        PolicyViolated "policy-violated" "An event violates the policy.",
        PolicyUnjudged "policy-not-judged" "Whether an event keeps the policy is not known.",
        StageWithoutRule "stage-without-rule" "No rule of the policy is about a stage that is in use.",
        PolicyTrusts "policy-trusts-unsigned" "A rule takes the tagger's address for who it is.",
        PolicyUnguarded "policy-without-guard" "The policy does not say who may change it.",
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
    /// Commands that fix it, in this order; none if the user has to decide.
    pub fix: Vec<Command>,
    /// Commands for when something else was meant, or the others do not help.
    pub otherwise: Vec<Command>,
}

impl Finding {
    pub(super) fn new(check: Check, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { check, message, tags: Vec::new(), commits: Vec::new(), fix: Vec::new(), otherwise: Vec::new() }
    }

    /// With the tags of these events, and their commits.
    pub(super) fn events<'a>(mut self, events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut seen: HashSet<ObjectId> = HashSet::new();
        for event in events {
            self.tags.push(event.tag.clone());
            if seen.insert(event.commit) {
                self.commits.push(event.commit);
            }
        }
        self
    }

    pub(super) fn tags<'a>(mut self, tags: impl IntoIterator<Item = &'a str>) -> Self {
        self.tags.extend(tags.into_iter().map(str::to_owned));
        self
    }

    pub(super) fn fix(mut self, commands: impl IntoIterator<Item = Command>) -> Self {
        self.fix.extend(commands);
        self
    }

    pub(super) fn otherwise(mut self, commands: impl IntoIterator<Item = Command>) -> Self {
        self.otherwise.extend(commands);
        self
    }
}

/// `'a'`, `'a' and 'b'`, `'a', 'b', 'c' and 4 more`.
pub(super) fn quoted<T: std::fmt::Display>(items: &[T]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = items.iter().take(SHOWN).map(|item| format!("'{item}'")).collect();
    match (items.len(), shown.as_slice()) {
        (more, _) if more > SHOWN => format!("{} and {} more", shown.join(", "), more - SHOWN),
        (_, [first @ .., last]) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => shown.concat(),
    }
}

/// `tag 'a'` or `tags 'a' and 'b'`, and the verb that fits.
pub(super) fn tags_that<T: std::fmt::Display>(tags: &[T], one: &str, several: &str) -> String {
    match tags.len() {
        1 => format!("tag {} {one}", quoted(tags)),
        _ => format!("tags {} {several}", quoted(tags)),
    }
}
