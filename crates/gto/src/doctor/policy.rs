//! Problems of the promotion policy: one that cannot be used, that nobody can fulfil, or that holds less than it seems to.

use std::collections::BTreeSet;

use semver::{Comparator, Prerelease as Pre, Version};

use super::command::{Command, Program};
use super::evidence::{Evidence, PolicyEvidence};
use super::finding::{Check, Finding, quoted, tags_that};
use crate::name::StageName;
use crate::policy::{Member, Policy, Prerelease, Rule, VersionRule};
use crate::state::Artifact;

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    let (policy, violating, unknown) = match &evidence.policy {
        PolicyEvidence::None => return,
        PolicyEvidence::Unusable(reason) => {
            let message = format!("the promotion policy cannot be used, so writes are refused: {reason}");
            return findings.push(Finding::new(Check::PolicyUnusable, message));
        }
        PolicyEvidence::Misnamed(name) => {
            let message = format!("'{name}' is no promotion policy: that is called '{}'", Policy::FILE_NAME);
            return findings.push(Finding::new(Check::PolicyMisnamed, message));
        }
        PolicyEvidence::OutOfForce(why) => {
            let fix = why.meant.as_ref().map(|branch| {
                Command::new(Program::Git, &["symbolic-ref", "HEAD", &format!("refs/heads/{branch}")])
            });
            return findings.push(Finding::new(Check::PolicyOutOfForce, why.to_string()).fix(fix));
        }
        PolicyEvidence::InForce { policy, violating, unknown } => (policy, violating, unknown),
    };
    if !violating.is_empty() {
        let message = tags_that(violating, "violates the promotion policy", "violate the promotion policy");
        findings
            .push(Finding::new(Check::PolicyViolated, message).tags(violating.iter().map(String::as_str)));
    }
    if !unknown.is_empty() {
        let message = tags_that(unknown, "cannot be judged by the policy", "cannot be judged by the policy");
        findings.push(Finding::new(Check::PolicyUnjudged, message).tags(unknown.iter().map(String::as_str)));
    }
    findings
        .extend(unfulfillable(policy).into_iter().map(|why| Finding::new(Check::PolicyUnfulfillable, why)));
    let trusting = policy.rules.iter().filter(|rule| rule.trusts_unsigned).map(|rule| rule.place.to_string());
    let trusting: Vec<String> = trusting.collect();
    if !trusting.is_empty() {
        let message =
            format!("{} trusts unsigned tags: anyone can write any address into one", trusting.join(", "));
        findings.push(Finding::new(Check::PolicyTrusts, message));
    }
    if policy.guard.is_none() {
        let message =
            "the policy has no `policy: {by: …}`: whoever may push the default branch may change it";
        findings.push(Finding::new(Check::PolicyUnguarded, message));
    }
    let used: BTreeSet<StageName> = evidence
        .state
        .artifacts()
        .iter()
        .flat_map(Artifact::events)
        .filter_map(|event| event.stage().cloned())
        .collect();
    let is_covered = |stage: &StageName| {
        policy.rules.iter().any(|rule| rule.stage.as_ref().is_none_or(|known| known == stage))
    };
    let open: Vec<StageName> = used.into_iter().filter(|stage| !is_covered(stage)).collect();
    if !open.is_empty() {
        let stages = if open.len() == 1 { "stage" } else { "stages" };
        let message = format!("no rule of the policy is about {stages} {}", quoted(&open));
        findings.push(Finding::new(Check::StageWithoutRule, message));
    }
}

/// Why rules can be fulfilled by nobody.
fn unfulfillable(policy: &Policy) -> Vec<String> {
    let mut found = Vec::new();
    for rule in &policy.rules {
        let place = rule.place;
        if let Some(wanted) = &rule.approvals
            && let Some(people) = people_of(policy, &wanted.by)
            && people < wanted.count
        {
            found.push(format!(
                "{place} wants {} approvals, and there are {people} people in its groups",
                wanted.count
            ));
        }
        if !rule.by.is_empty() && people_of(policy, &rule.by) == Some(0) {
            found
                .push(format!("{place} wants a member of {} to sign, and there is none", rule.by.join(", ")));
        }
        if let Some(version) = &rule.version
            && excludes_all(version)
        {
            found.push(format!("{place} allows no version at all"));
        }
    }
    let stages: BTreeSet<&StageName> = policy.rules.iter().filter_map(|rule| rule.stage.as_ref()).collect();
    let open = with_way_in(policy, &stages);
    for stage in stages.into_iter().filter(|stage| !open.contains(*stage)) {
        found
            .push(format!("nothing can come into stage '{stage}': the stages before it wait for each other"));
    }
    found
}

/// How many people are in these groups; `None` if addresses may be those of any number.
fn people_of(policy: &Policy, groups: &[String]) -> Option<usize> {
    if groups.is_empty() {
        return None;
    }
    let mut keys = BTreeSet::new();
    for group in groups.iter().filter_map(|name| policy.group(name)) {
        for member in &group.members {
            match member {
                Member::Key(key) => _ = keys.insert(key),
                Member::Email(_) => return None,
            }
        }
    }
    Some(keys.len())
}

/// The stages that a version can come into, as far as `from` and `from_all` go.
fn with_way_in<'a>(policy: &'a Policy, stages: &BTreeSet<&'a StageName>) -> BTreeSet<&'a StageName> {
    let mut open: BTreeSet<&StageName> = BTreeSet::new();
    loop {
        let is_open = |stage: &StageName| open.contains(stage) || !stages.contains(stage);
        let lets_in = |rule: &Rule| {
            (rule.from.is_empty() || rule.from.iter().any(is_open)) && rule.from_all.iter().all(is_open)
        };
        let is_new = |stage: &StageName| {
            let mut rules = policy.rules.iter().filter(|rule| rule.stage.as_ref() == Some(stage));
            !open.contains(stage) && rules.all(|rule| !rule.events.is_empty() || lets_in(rule))
        };
        let new: Vec<&StageName> = stages.iter().copied().filter(|stage| is_new(stage)).collect();
        if new.is_empty() {
            return open;
        }
        open.extend(new);
    }
}

/// Whether no version fits. Those near the bounds are tried: if any fits, one of them does.
fn excludes_all(rule: &VersionRule) -> bool {
    let Some(range) = &rule.range else { return false };
    let fits = |version: &Version| {
        range.matches(version) && (rule.prerelease == Prerelease::Allow || version.pre.is_empty())
    };
    !range.comparators.iter().flat_map(near).chain([Version::new(0, 0, 0)]).any(|version| fits(&version))
}

fn near(bound: &Comparator) -> Vec<Version> {
    let (major, minor, patch) = (bound.major, bound.minor.unwrap_or(0), bound.patch.unwrap_or(0));
    let mut versions = vec![
        Version::new(major, minor, patch),
        Version::new(major, minor, patch.saturating_add(1)),
        Version::new(major, minor.saturating_add(1), 0),
        Version::new(major.saturating_add(1), 0, 0),
        Version::new(0, 0, 0),
    ];
    versions.extend(patch.checked_sub(1).map(|patch| Version::new(major, minor, patch)));
    versions.extend(minor.checked_sub(1).map(|minor| Version::new(major, minor, 0)));
    versions.extend(major.checked_sub(1).map(|major| Version::new(major, 0, 0)));
    if !bound.pre.is_empty() {
        versions.push(Version { pre: bound.pre.clone(), ..Version::new(major, minor, patch) });
        let next = Pre::new(&format!("{}.0", bound.pre)).unwrap_or_default();
        versions.push(Version { pre: next, ..Version::new(major, minor, patch) });
    }
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(text: &str) -> Vec<String> {
        unfulfillable(&Policy::read(text.as_bytes()).unwrap())
    }

    #[test]
    fn what_nobody_can_fulfil_is_found_and_nothing_else() {
        for range in [">=2, <1", ">1, <=1.0.0", "=1.0.0, =2.0.0"] {
            let text = format!("version: 1\nrules:\n- {{stage: prod, version: {{range: '{range}'}}}}\n");
            assert_eq!(reasons(&text), [".gto-policy.yaml:3 allows no version at all"], "{range}");
        }
        for range in [">=1.0.0", ">=1, <2", ">1.2.3, <1.2.5", "1.2.*", "=1.0.0", "<1", "*"] {
            let text = format!("version: 1\nrules:\n- {{stage: prod, version: {{range: '{range}'}}}}\n");
            assert_eq!(reasons(&text), [""; 0], "{range}");
        }
        let circle = "version: 1\nrules:\n- {stage: a, from: [b]}\n- {stage: b, from: [a]}\n- {stage: c, from: [a, dev]}\n";
        let found = reasons(circle);
        assert!(
            found.len() == 2 && found[0].contains("stage 'a'") && found[1].contains("stage 'b'"),
            "{found:?}"
        );
    }
}
