//! What is remarkable about what is shown: signatures, and what the policy says.
//!
//! Judged beside the looks at repositories, since it may take long: the pages show it when it is known.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

use gto::name::ArtifactName;
use gto::policy::Verdict;
use gto::registry::PolicyInForce;
use gto::signing::Verified;
use gto::{Registry, TagsToCheck};
use serde::Serialize;

use crate::state::facts::FRESH;
use crate::state::picture::Picture;
use crate::state::row::Row;

/// Of a registry that shows more tags, only what pages ask for is judged.
const MOST_TAGS: usize = 20_000;
/// Of those, so many artifacts are kept.
const MOST_KEPT: usize = 5000;

/// Something remarkable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// In a word or two.
    pub text: String,
    pub is_bad: bool,
    pub why: String,
}

/// The marks of the tags that are shown.
#[derive(Default)]
pub struct Marks {
    /// The state of the repository that they are of.
    serial: u64,
    policy_state: Option<u64>,
    artifacts: BTreeMap<ArtifactName, Judged>,
    /// Whether some of the tags are signed: where none is, that is not remarkable.
    some_are_signed: bool,
}

/// What was found about one artifact.
#[derive(Clone)]
struct Judged {
    since: Instant,
    row: Arc<Row>,
    signatures: HashMap<String, (Verified, Option<String>)>,
    violations: HashMap<String, Vec<Mark>>,
}

impl Marks {
    /// Whether they are of that state of the repository.
    pub fn are_of(&self, picture: &Picture) -> bool {
        self.serial == picture.serial
    }

    /// Whether an artifact of this picture has been judged as it is there, by the policy as it is there.
    pub fn know(&self, picture: &Picture, row: &Arc<Row>) -> bool {
        let judged = self.artifacts.get(&row.name);
        self.policy_state == picture.policy_state
            && judged.is_some_and(|judged| Arc::ptr_eq(&judged.row, row))
    }

    /// Whether an artifact was judged long ago: keys expire, and lists of signers change without the repository.
    pub fn are_old(&self, name: &ArtifactName) -> bool {
        self.artifacts.get(name).is_some_and(|judged| judged.since.elapsed() > FRESH)
    }

    /// Whether a registry is judged unasked.
    fn is_small(picture: &Picture) -> bool {
        picture.rows.values().map(|row| tags(row).count()).sum::<usize>() <= MOST_TAGS
    }

    /// The marks of a tag of an artifact.
    pub fn of(&self, name: &ArtifactName, tag: &str) -> Vec<Mark> {
        let Some(judged) = self.artifacts.get(name) else { return Vec::new() };
        let signature =
            judged.signatures.get(tag).and_then(|(result, reason)| self.signature(*result, reason.as_ref()));
        signature.into_iter().chain(judged.violations.get(tag).into_iter().flatten().cloned()).collect()
    }

    fn signature(&self, result: Verified, reason: Option<&String>) -> Option<Mark> {
        let is_remarkable = match result {
            Verified::Good => false,
            Verified::Unsigned => self.some_are_signed,
            _ => true,
        };
        let why = reason.cloned().unwrap_or_else(|| "Other tags here are signed".to_owned());
        let text = if result == Verified::Unsigned {
            "unsigned".to_owned()
        } else {
            format!("signature {}", result.word())
        };
        is_remarkable.then(|| Mark { text, is_bad: result.is_bad(), why })
    }

    /// Judges what is shown, with this registry: all of it, or what is wanted and what was before. What is the same as before is not
    /// judged again.
    pub fn judge(
        picture: &Picture,
        registry: Option<&Registry>,
        before: &Self,
        wanted: &BTreeSet<ArtifactName>,
    ) -> Self {
        let mut marks =
            Self { serial: picture.serial, policy_state: picture.policy_state, ..Self::default() };
        let Some(registry) = registry else { return marks };
        let is_small = Self::is_small(picture);
        let is_kept = before.artifacts.len() <= MOST_KEPT;
        let is_judged = |name: &ArtifactName| {
            is_small || wanted.contains(name) || is_kept && before.artifacts.contains_key(name)
        };
        let policy = registry.policy_in_force().map_err(|error| crate::error::with_causes(&error));
        let policy = policy.as_ref().map(Option::as_ref);
        let is_same_policy = before.policy_state == picture.policy_state;
        for (name, row) in picture.rows.iter().filter(|(name, _)| is_judged(name)) {
            let is_new = wanted.contains(name) && before.are_old(name);
            let known = before.artifacts.get(name).filter(|known| Arc::ptr_eq(&known.row, row) && !is_new);
            let judged = match known {
                Some(known) if is_same_policy => known.clone(),
                Some(known) => Judged { violations: violations(registry, policy, row), ..known.clone() },
                None => judge(registry, policy, row),
            };
            marks.some_are_signed |=
                judged.signatures.values().any(|(result, _)| *result != Verified::Unsigned);
            marks.artifacts.insert(name.clone(), judged);
        }
        marks
    }
}

/// The tags that a row stands on.
fn tags(row: &Row) -> impl Iterator<Item = &str> {
    let placed = row.stages.iter().map(|found| &found.placed).chain(&row.latest);
    placed.filter_map(|placed| placed.tag.as_deref())
}

/// The policy in force, if there is one; or why that is not known.
type Policy<'a> = Result<Option<&'a PolicyInForce>, &'a String>;

fn judge(registry: &Registry, policy: Policy<'_>, row: &Arc<Row>) -> Judged {
    let found = registry.verify_tags(tags(row)).map(|answer| answer.value).unwrap_or_default();
    let signatures = found.into_iter().map(|found| (found.tag, (found.result, found.reason))).collect();
    Judged {
        since: Instant::now(),
        row: Arc::clone(row),
        signatures,
        violations: violations(registry, policy, row),
    }
}

fn violations(registry: &Registry, policy: Policy<'_>, row: &Row) -> HashMap<String, Vec<Mark>> {
    let mut violations = HashMap::new();
    let policy = match policy {
        Ok(policy) => policy,
        Err(why) => {
            let mark = Mark { text: "policy unknown".to_owned(), is_bad: false, why: why.clone() };
            let tags = row.stages.iter().filter(|_| row.active).filter_map(|found| found.placed.tag.clone());
            return tags.map(|tag| (tag, vec![mark.clone()])).collect();
        }
    };
    if let Some(policy) = policy.filter(|_| row.active) {
        for tag in row.stages.iter().filter_map(|found| found.placed.tag.as_ref()) {
            let marks = violations_of(registry, policy, &row.name, tag);
            if !marks.is_empty() {
                violations.insert(tag.clone(), marks);
            }
        }
    }
    violations
}

fn violations_of(registry: &Registry, policy: &PolicyInForce, name: &ArtifactName, tag: &str) -> Vec<Mark> {
    let report = registry.check_policy(policy, std::slice::from_ref(name), &TagsToCheck::Named(tag));
    let Ok(report) = report else { return Vec::new() };
    let verdicts = report.tags.iter().map(|judged| judged.judgement.verdict());
    let marks = verdicts.filter_map(|verdict| match verdict {
        Verdict::Valid => None,
        Verdict::Violations(violations) => {
            let why: Vec<String> = violations.iter().map(ToString::to_string).collect();
            Some(Mark { text: "violates the policy".to_owned(), is_bad: true, why: why.join("; ") })
        }
        Verdict::CannotJudge(missing) => {
            let why: Vec<String> = missing.iter().map(ToString::to_string).collect();
            Some(Mark { text: "policy unknown".to_owned(), is_bad: false, why: why.join("; ") })
        }
    });
    marks.collect()
}
