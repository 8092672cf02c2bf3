//! The conditions of a rule, each held against one change.

mod approvals;
mod history;
mod signed;
mod subject;

use std::sync::Arc;

use crate::version::{Version, VersionLabel};

use super::facts::{BranchFact, Need};
use super::judgement::{Check, Condition, Outcome, Remedy, one_of};
use super::rule::{Prerelease, Rule, VersionRule};
use super::span::shown_time;
use super::timeline::Shown;

pub(super) use subject::{Demands, Subject};

impl Subject<'_> {
    /// Holds all conditions of a rule against the change.
    pub fn check(&self, rule: &Rule, demands: &mut Demands, checks: &mut Vec<Check>) {
        let mut add = |condition: Condition, wanted: String, outcome: Option<Outcome>| {
            if let Some(outcome) = outcome {
                checks.push(Check {
                    rule: rule.place,
                    stage: self.stage.cloned(),
                    condition,
                    wanted,
                    outcome,
                });
            }
        };
        if let Some(version) = self.version {
            match (&version.label, rule.wants_version()) {
                (VersionLabel::Commit(commit), true) => {
                    let found = format!("commit {} has no version", commit.short());
                    let wanted = "a registered version".to_owned();
                    add(Condition::Registered, wanted, Some(Outcome::Violated(found, Remedy::Register)));
                }
                (VersionLabel::Number(number), _) => {
                    self.check_version(rule, version, number, demands, &mut add);
                }
                (VersionLabel::Commit(_), false) => {}
            }
            if !rule.branches.is_empty() {
                let wanted = format!("a commit in the history of {}", one_of(&rule.branches));
                add(Condition::Branches, wanted, self.branches(rule, version, demands));
            }
        }
        if let Some(freeze) = &rule.freeze {
            let wanted =
                format!("no change from {} to {}", shown_time(freeze.from.first), shown_time(freeze.to.last));
            add(Condition::Freeze, wanted, self.freeze(rule, freeze, demands));
        }
        if let Some(event) = self.event {
            if rule.signature {
                add(
                    Condition::Signature,
                    "a good signature".to_owned(),
                    self.signed(event, &[], false, demands),
                );
            }
            if !rule.by.is_empty() {
                let wanted = format!("a tag signed by a member of {}", one_of(&rule.by));
                add(Condition::By, wanted, self.signed(event, &rule.by, rule.trusts_unsigned, demands));
            }
        }
    }

    fn check_version(
        &self,
        rule: &Rule,
        version: &Arc<Shown>,
        number: &Version,
        demands: &mut Demands,
        add: &mut impl FnMut(Condition, String, Option<Outcome>),
    ) {
        if let Some(wanted) = &rule.version {
            add(Condition::Version, version_wanted(wanted), Some(fits(wanted, number)));
        }
        for (condition, outcome) in self.history(rule, version, demands) {
            let stages = if condition == Condition::FromAll { &rule.from_all } else { &rule.from };
            let soak = rule.soak.map(|soak| format!(" for {soak}")).unwrap_or_default();
            let wanted = match condition {
                Condition::FromAll => format!("a version that was in each of the stages {}", all_of(stages)),
                Condition::Soak if rule.from.is_empty() => {
                    format!("a version that was in each of the stages {}{soak}", all_of(&rule.from_all))
                }
                Condition::Soak if !rule.from_all.is_empty() => {
                    let each = all_of(&rule.from_all);
                    format!("a version that was in stage {}{soak}, and in each of {each}", one_of(stages))
                }
                Condition::Soak => format!("a version that was in stage {}{soak}", one_of(stages)),
                _ => format!("a version that was in stage {}", one_of(stages)),
            };
            add(condition, wanted, outcome);
        }
        if let (Some(wanted), Some(stage)) = (&rule.approvals, self.stage) {
            let of = if wanted.by.is_empty() {
                String::new()
            } else {
                format!(" by members of {}", one_of(&wanted.by))
            };
            let not_self = if wanted.not_self { ", not by who makes the tag" } else { "" };
            let s = if wanted.count == 1 { "" } else { "s" };
            let text = format!("{} approval{s}{of}{not_self}", wanted.count);
            let outcome = self.approvals(wanted, rule.trusts_unsigned, stage, version, demands);
            add(Condition::Approvals, text, outcome);
        }
    }

    fn branches(&self, rule: &Rule, version: &Shown, demands: &mut Demands) -> Option<Outcome> {
        let key = (version.commit, rule.branches.clone());
        let Some(fact) = self.facts.branches.get(&key) else {
            demands.needs.insert(Need::Branch { commit: key.0, branches: key.1 });
            return None;
        };
        Some(match fact {
            Ok(BranchFact { on: Some(branch), .. }) => Outcome::Fulfilled(format!("it is in '{branch}'")),
            Ok(BranchFact { on: None, looked_at }) => {
                let found = if looked_at.is_empty() {
                    "there is no such branch".to_owned()
                } else {
                    format!("commit {} is not in {}", version.commit.short(), one_of(looked_at))
                };
                let branches = rule.branches.iter().map(ToString::to_string).collect();
                Outcome::Violated(found, Remedy::Merge(branches))
            }
            Err(reason) => Outcome::Unknown(reason.clone()),
        })
    }
}

fn all_of<T: std::fmt::Display>(names: &[T]) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

fn version_wanted(rule: &VersionRule) -> String {
    let range = rule.range.as_ref().map(|range| format!("a version that matches '{range}'"));
    let deny = (rule.prerelease == Prerelease::Deny).then(|| "no pre-release".to_owned());
    range.into_iter().chain(deny).collect::<Vec<_>>().join(", and ")
}

fn fits(rule: &VersionRule, number: &Version) -> Outcome {
    let is_denied = rule.prerelease == Prerelease::Deny && number.pre_release().is_some();
    let is_in_range = rule.range.as_ref().is_none_or(|range| number.matches(range));
    if is_in_range && !is_denied {
        Outcome::Fulfilled(format!("it is {number}"))
    } else {
        Outcome::Violated(format!("it is {number}"), Remedy::OtherVersion)
    }
}
