//! The promotion policy: its language, its reader, and the judge.
//!
//! Pure: no I/O, no Git, no clock. Front ends and hooks gather [`Facts`] (signatures, branches, approvals) elsewhere and hand
//! them in. [`Judge`] says which facts it [needs](Need), so that nothing else is read:
//!
//! ```text
//! let mut judge = Judge::new(&policy, events);          // all events of one artifact, the new ones included
//! let judgement = loop {
//!     match judge.judge(index, &facts) {
//!         Ok(judgement) => break judgement,
//!         Err(needs) => gather(&needs, &mut facts),     // each need once; what cannot be had is a fact too
//!     }
//! };
//! match judgement.verdict() { Verdict::Valid => …, Verdict::Violations(violations) => …, Verdict::CannotJudge(missing) => … }
//! ```
//!
//! # What is judged
//!
//! An event is judged at its place in the artifact's order of events, by what it changes there: each stage that shows another
//! version afterwards, and the stage that it assigns, must satisfy the rules of that stage for that version. Earlier events
//! count only if they are valid themselves; an event on which the answer depends is judged first, and no other. So writes, the
//! hook, `gto policy check` and readers give one verdict, whatever they asked before.

mod baseline;
mod clock;
mod conditions;
mod deletion;
mod export;
mod facts;
mod glob;
mod judge;
mod judgement;
mod people;
mod push;
mod read;
mod rule;
mod span;
#[cfg(test)]
mod tests;
mod timeline;
mod unjudged;

pub use baseline::{Baseline, InvalidBaseline};
pub use deletion::deletion_checks;
pub use facts::{Approval, BranchFact, Facts, KnownApprovals, Need, OtherApprovals, TagSignature, Trailers};
pub use glob::{Glob, InvalidGlob};
pub use judge::{Change, Judge, judge, needs};
pub use judgement::{Check, Condition, Judgement, Missing, Outcome, Remedy, Verdict, Violation, fetch_of};
pub use people::{Group, Key, KeyKind, Member};
pub use push::{InvalidUpdate, Reason, RefUpdate, Refused};
pub use read::PolicyError;
pub use rule::{
    Approvals, BreakGlass, EventWord, Freeze, Guard, Place, Policy, Prerelease, Rule, Service, VersionRule,
};
pub use span::{Moment, Span};
pub use timeline::{Shown, StageChange, Timeline};
pub use unjudged::Unjudged;
