//! What is remarkable about what is shown: signatures, and what the policy says.
//!
//! Judged beside the looks at repositories, since it may take long: the pages show it when it is known.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use gto::name::ArtifactName;
use gto::object_id::ObjectId;
use gto::policy::Verdict;
use gto::registry::PolicyInForce;
use gto::signing::Verified;
use gto::{Registry, TagsToCheck};
use serde::Serialize;

use crate::state::picture::Picture;
use crate::state::row::Row;

/// Registries that show more tags are not judged.
const MOST: usize = 20_000;

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
    head: Option<ObjectId>,
    artifacts: BTreeMap<ArtifactName, Judged>,
    /// Whether some of the tags are signed: where none is, that is not remarkable.
    some_are_signed: bool,
}

/// What was found about one artifact.
#[derive(Clone)]
struct Judged {
    row: Arc<Row>,
    signatures: HashMap<String, (Verified, Option<String>)>,
    violations: HashMap<String, Vec<Mark>>,
}

impl Marks {
    /// Whether they are of that state of the repository.
    pub fn are_of(&self, picture: &Picture) -> bool {
        self.serial == picture.serial
    }

    /// Whether a registry is judged at all.
    fn is_small(picture: &Picture) -> bool {
        picture.rows.values().map(|row| tags(row).count()).sum::<usize>() <= MOST
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

    /// Judges what is shown, with this registry; what is the same as before is not judged again.
    pub fn judge(picture: &Picture, registry: Option<&Registry>, before: &Self) -> Self {
        let mut marks = Self { serial: picture.serial, head: picture.head, ..Self::default() };
        let Some(registry) = registry.filter(|_| Self::is_small(picture)) else { return marks };
        let policy = registry.policy_in_force().ok().flatten();
        let is_same_policy = before.head == picture.head;
        for (name, row) in &*picture.rows {
            let known =
                before.artifacts.get(name).filter(|known| is_same_policy && Arc::ptr_eq(&known.row, row));
            let judged = known.cloned().unwrap_or_else(|| judge(registry, policy.as_ref(), row));
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

fn judge(registry: &Registry, policy: Option<&PolicyInForce>, row: &Arc<Row>) -> Judged {
    let found = registry.verify_tags(tags(row)).map(|answer| answer.value).unwrap_or_default();
    let signatures = found.into_iter().map(|found| (found.tag, (found.result, found.reason))).collect();
    let mut violations = HashMap::new();
    if let Some(policy) = policy.filter(|_| row.active) {
        for tag in row.stages.iter().filter_map(|found| found.placed.tag.as_ref()) {
            let marks = violations_of(registry, policy, &row.name, tag);
            if !marks.is_empty() {
                violations.insert(tag.clone(), marks);
            }
        }
    }
    Judged { row: Arc::clone(row), signatures, violations }
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
