//! What the policy says, as JSON and as lines for a person.

use gto::Error;
use gto::policy::{Check, Judgement, Missing, Outcome, Reason, Refused, Verdict, Violation};
use gto::{JudgedTag, PolicyReport};
use serde_json::{Value, json};

/// The word for a verdict.
pub fn word(judgement: &Judgement) -> &'static str {
    match judgement.verdict() {
        Verdict::Valid => "valid",
        Verdict::Violations(_) => "violated",
        Verdict::CannotJudge(_) => "unknown",
    }
}

/// The verdict and each condition.
pub fn judgement(judgement: &Judgement) -> Value {
    json!({
        "verdict": word(judgement),
        "baseline": judgement.is_baseline,
        "override": judgement.overridden,
        "conditions": judgement.checks.iter().map(condition).collect::<Vec<_>>(),
    })
}

fn condition(check: &Check) -> Value {
    let (is_fulfilled, found, remedy) = match &check.outcome {
        Outcome::Fulfilled(found) => (Some(true), found, None),
        Outcome::Violated(found, remedy) => (Some(false), found, Some(remedy.to_string())),
        Outcome::Unknown(reason) => (None, reason, None),
    };
    json!({
        "condition": check.condition.word(),
        "rule": check.rule.to_string(),
        "line": (check.rule.line > 0).then_some(check.rule.line),
        "stage": check.stage,
        "wanted": check.wanted,
        "found": found,
        "fulfilled": is_fulfilled,
        "remedy": remedy,
    })
}

/// The report of a write that the policy refuses, with its verdict; `None` for another error.
pub fn refusal(error: &Error, dry_run: bool) -> Option<Value> {
    let (verdict, tag, checks): (_, _, Vec<Check>) = match error {
        Error::PolicyViolated { tag, violations } => {
            let check = |violation: &Violation| {
                let Violation { rule, stage, condition, wanted, found, remedy } = violation.clone();
                Check { rule, stage, condition, wanted, outcome: Outcome::Violated(found, remedy) }
            };
            ("violated", tag, violations.iter().map(check).collect())
        }
        Error::PolicyUnknown { tag, missing } => {
            let check = |missing: &Missing| {
                let Missing { rule, stage, condition, wanted, reason } = missing.clone();
                Check { rule, stage, condition, wanted, outcome: Outcome::Unknown(reason) }
            };
            ("unknown", tag, missing.iter().map(check).collect())
        }
        _ => return None,
    };
    let conditions: Vec<Value> = checks.iter().map(condition).collect();
    Some(json!({
        "dry_run": dry_run,
        "pushed": false,
        "tags": [],
        "policy": {"verdict": verdict, "tag": tag, "conditions": conditions},
    }))
}

/// Many tags.
pub fn report(report: &PolicyReport) -> Value {
    let tag = |JudgedTag { tag, judgement: found }: &JudgedTag| {
        let mut value = judgement(found);
        value["tag"] = json!(tag);
        value
    };
    json!({
        "schema": 1,
        "policy": report.source,
        "tags": report.tags.iter().map(tag).collect::<Vec<_>>(),
    })
}

/// Why a branch must not change so.
pub fn changes(refused: Option<&Refused>) -> Value {
    let reason = |reason: &Reason| {
        json!({
            "rule": reason.rule.to_string(),
            "wanted": reason.wanted,
            "found": reason.found,
            "fulfilled": (!reason.is_unknown).then_some(false),
            "remedy": reason.fix,
        })
    };
    json!(refused.iter().flat_map(|refused| refused.reasons.iter().map(reason)).collect::<Vec<_>>())
}

/// A condition for a person: whether it holds, and what would make it hold.
pub fn lines(check: &Check) -> Vec<String> {
    let Check { rule, condition, wanted, outcome, .. } = check;
    let condition = condition.word();
    match outcome {
        Outcome::Fulfilled(found) => vec![format!("yes  {condition}: {wanted} ({rule}); {found}")],
        Outcome::Violated(found, remedy) => vec![
            format!("no   {condition}: {wanted} ({rule}), but {found}"),
            format!("     to satisfy it, {remedy}"),
        ],
        Outcome::Unknown(reason) => {
            vec![format!("?    {condition}: {wanted} ({rule}), and that is not known: {reason}")]
        }
    }
}
