//! What the judge says: of each condition of each rule that fits, whether it holds, and what would make it hold.

use std::fmt;

use crate::name::StageName;

use super::rule::Place;
use super::span::shown_time;

/// The judgement on one event: all conditions, in the order of the policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// The conditions that were held against the event; none if no rule fits.
    pub checks: Vec<Check>,
    /// Whether it was there before the policy, so that no rule is about it.
    pub is_baseline: bool,
    /// Why the rules were not kept, by somebody who may say so (`break_glass`): the event is valid then.
    pub overridden: Option<String>,
}

/// What an event is, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All rules hold.
    Valid,
    /// These do not: this is proven, whatever else is not known.
    Violations(Vec<Violation>),
    /// It is neither: this is not known.
    CannotJudge(Vec<Missing>),
}

/// One condition of a rule, held against one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The rule.
    pub rule: Place,
    /// The stage that the event changes; `None` if the rule is about the event itself.
    pub stage: Option<StageName>,
    /// Which condition.
    pub condition: Condition,
    /// What it asks for, in one clause.
    pub wanted: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It holds, because of this.
    Fulfilled(String),
    /// It does not hold: what was found, and what would make it hold.
    Violated(String, Remedy),
    /// Whether it holds is not known, for this reason.
    Unknown(String),
}

/// A condition: the key of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Condition {
    /// The version is registered, as other conditions need it.
    Registered,
    /// `from`
    From,
    /// `from_all`
    FromAll,
    /// `soak`
    Soak,
    /// `branches`
    Branches,
    /// `version`
    Version,
    /// `freeze`
    Freeze,
    /// `signature`
    Signature,
    /// `by`
    By,
    /// `approvals`
    Approvals,
    /// `event: delete`
    Delete,
    /// The tag's time, against the server's clock.
    Clock,
    /// The artifact's name.
    Name,
    /// The events before it.
    History,
}

impl Condition {
    /// Its word in JSON: the key of the policy where it has one.
    pub fn word(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::From => "from",
            Self::FromAll => "from_all",
            Self::Soak => "soak",
            Self::Branches => "branches",
            Self::Version => "version",
            Self::Freeze => "freeze",
            Self::Signature => "signature",
            Self::By => "by",
            Self::Approvals => "approvals",
            Self::Delete => "delete",
            Self::Clock => "clock",
            Self::Name => "name",
            Self::History => "history",
        }
    }
}

impl serde::Serialize for Condition {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// What would satisfy a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Register a version on the commit.
    Register,
    /// Assign the version to one of these stages first.
    AssignFirst(Vec<StageName>),
    /// Assign the version to one of these stages, and wait for so many seconds.
    AssignAndWait(Vec<StageName>, i64),
    /// Do it at this second since 1970, or later.
    WaitUntil(i64),
    /// Bring the commit into one of these branches.
    Merge(Vec<String>),
    /// Choose a version that fits.
    OtherVersion,
    /// Sign the tag, as a member of one of these groups; none: with any key of the policy.
    Sign(Vec<String>),
    /// Sign the tag, with this in a line of its message.
    SignWithTrailer(String),
    /// Get so many approvals more, of members of these groups; none: with any key of the policy. Where some may not be here, the
    /// command that fetches them.
    Approve(usize, Vec<String>, Option<String>),
    /// Let one of these push it.
    PushAs(Vec<String>),
    /// Make the tag anew, with the time of now.
    MakeAnew,
    /// Nothing: this is not allowed.
    Nothing,
}

impl Remedy {
    /// The command that fetches approvals which may not be here.
    pub fn fetch(&self) -> Option<&str> {
        if let Self::Approve(_, _, fetch) = self { fetch.as_deref() } else { None }
    }
}

impl fmt::Display for Remedy {
    /// A clause that follows "to satisfy it, ".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register => f.write_str("register a version on that commit first"),
            Self::AssignFirst(stages) => write!(f, "assign the version to stage {} first", one_of(stages)),
            Self::AssignAndWait(stages, seconds) => {
                let span = super::Span::seconds(*seconds);
                write!(f, "assign the version to stage {} and leave it there for {span}", one_of(stages))
            }
            Self::WaitUntil(seconds) => write!(f, "wait until {}", shown_time(*seconds)),
            Self::Merge(branches) => write!(f, "merge the commit into {}", one_of(branches)),
            Self::OtherVersion => f.write_str("choose a version that fits"),
            Self::Sign(groups) if groups.is_empty() => f.write_str("sign the tag with a key of the policy"),
            Self::Sign(groups) => write!(f, "let a member of {} sign the tag", one_of(groups)),
            Self::SignWithTrailer(line) => write!(f, "sign a tag with the line '{line}'"),
            Self::Approve(count, groups, fetch) => {
                let plural = if *count == 1 { "" } else { "s" };
                write!(f, "get {count} approval{plural}")?;
                if !groups.is_empty() {
                    write!(f, " from {}", one_of(groups))?;
                }
                fetch.iter().try_for_each(|fetch| write!(f, ", or fetch what may not be here: `{fetch}`"))
            }
            Self::PushAs(pushers) => write!(f, "let {} push it", one_of(pushers)),
            Self::MakeAnew => f.write_str("make the tag anew"),
            Self::Nothing => f.write_str("it is not allowed"),
        }
    }
}

/// `'a'`, or `'a', 'b' or 'c'`.
pub(super) fn one_of<T: fmt::Display>(names: &[T]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// A condition that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Place,
    /// The stage, if it is about one.
    pub stage: Option<StageName>,
    /// Which condition.
    pub condition: Condition,
    /// What it asks for.
    pub wanted: String,
    /// What was found.
    pub found: String,
    /// What would satisfy it.
    pub remedy: Remedy,
}

/// The command that fetches approvals which may not be here, if nothing else is wrong.
pub fn fetch_of(violations: &[Violation]) -> Option<&str> {
    let mut all = violations.iter().map(|violation| violation.remedy.fetch());
    let first = all.next().flatten();
    first.filter(|_| all.all(|fetch| fetch.is_some()))
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} wants {}, but {}", self.rule, self.wanted, self.found)
    }
}

/// Something that is not known, so that a condition cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The rule.
    pub rule: Place,
    /// The stage, if it is about one.
    pub stage: Option<StageName>,
    /// Which condition.
    pub condition: Condition,
    /// What it asks for.
    pub wanted: String,
    /// What is missing, and why.
    pub reason: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} wants {}, which cannot be judged: {}", self.rule, self.wanted, self.reason)
    }
}

impl Judgement {
    /// What it comes to.
    pub fn verdict(&self) -> Verdict {
        if self.overridden.is_some() {
            return Verdict::Valid;
        }
        let (mut violations, mut missing) = (Vec::new(), Vec::new());
        for check in &self.checks {
            let (rule, stage, condition) = (check.rule, check.stage.clone(), check.condition);
            let wanted = check.wanted.clone();
            match &check.outcome {
                Outcome::Fulfilled(_) => {}
                Outcome::Violated(found, remedy) => {
                    let (found, remedy) = (found.clone(), remedy.clone());
                    violations.push(Violation { rule, stage, condition, wanted, found, remedy });
                }
                Outcome::Unknown(reason) => {
                    missing.push(Missing { rule, stage, condition, wanted, reason: reason.clone() });
                }
            }
        }
        match (violations.is_empty(), missing.is_empty()) {
            (false, _) => Verdict::Violations(violations),
            (true, false) => Verdict::CannotJudge(missing),
            (true, true) => Verdict::Valid,
        }
    }

    /// Whether all rules hold.
    pub fn is_valid(&self) -> bool {
        self.verdict() == Verdict::Valid
    }
}
