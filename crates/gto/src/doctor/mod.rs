//! Problems of a registry, and their fixes: `gto doctor` (decision D20).
//!
//! Owns the list of checks and what each finds. Functions on values: what there is to look at is read by `registry` and
//! handed in as `Evidence`. Every check sees everything, so that no problem hides another.

mod artifacts;
mod command;
mod evidence;
mod finding;
mod meant;
mod policy;
mod stages;
mod surroundings;
mod tags;

pub use command::{Command, Program};
pub(crate) use evidence::{BrokenRef, DamagedFile, Evidence, PolicyEvidence};
pub use finding::{Check, Finding, Severity};

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

/// Runs every check.
pub(crate) fn diagnose(evidence: &Evidence<'_>) -> Examination {
    let mut findings = Vec::new();
    surroundings::check(evidence, &mut findings);
    tags::check(evidence, &mut findings);
    artifacts::check(evidence, &mut findings);
    stages::check(evidence, &mut findings);
    policy::check(evidence, &mut findings);
    findings.sort_by_key(|finding| finding.check);
    Examination { findings }
}
