//! What to do about what the promotion policy forbids, or cannot judge.

use gto::policy::{Remedy, Violation};
use gto::tag::TagName;
use gto::{Error, FetchedBranches};

use super::value::{Advice, Part, Step, advice, either};
use crate::text::shell_quote;

/// The trailer with the reason why rules are not kept.
const OVERRIDE: &str = "Gto-Override";

pub(super) fn of(error: &Error) -> Vec<Advice> {
    match error {
        Error::PolicyViolated { tag, violations } => {
            let name: Option<TagName> = tag.parse().ok();
            let mut all: Vec<Advice> = Vec::new();
            for violation in violations {
                let advice = of_violation(violation, name.as_ref());
                all.extend(advice.filter(|advice| !all.contains(advice)));
            }
            all
        }
        Error::PolicyUnknown { .. } => {
            vec!["`gto policy check` shows what is missing".into()]
        }
        Error::Policy(_) => {
            vec!["fix the file and push it to the default branch: nothing is written while the policy cannot be used".into()]
        }
        Error::NoDefaultBranch { remote, known: FetchedBranches::All } => {
            vec![format!("`{}` asks the remote", ask(remote)).into()]
        }
        Error::NoDefaultBranch { remote, known: FetchedBranches::None } => {
            vec![
                format!(
                    "`{}` asks the remote, which has a default branch once one was pushed to it",
                    ask(remote)
                )
                .into(),
            ]
        }
        Error::NoDefaultBranch { remote, known: FetchedBranches::Some } => {
            let remote = shell_quote(remote);
            // A checkout of a pipeline has one tag, or one branch. What is configured says later on that no approvals are missing.
            let fetch = format!(
                "git remote set-branches {remote} '*' && git config remote.{remote}.tagOpt --tags && git fetch --force {remote}"
            );
            vec![format!("`{fetch} && git remote set-head {remote} --auto` fetches it").into()]
        }
        Error::ReservedTrailer { trailer } if *trailer != OVERRIDE => vec!["leave the line out".into()],
        Error::ReservedTrailer { .. } => {
            vec![advice![
                "leave the line out; ",
                either("--override REASON", "the policy"),
                " is how a reason is given"
            ]]
        }
        Error::ViolatingTag { tag } => {
            vec![format!("`gto policy check {}` shows why", shell_quote(tag)).into()]
        }
        Error::NoPolicy => {
            vec!["`gto policy init` writes one; it is in force once it is on the default branch".into()]
        }
        Error::NothingToOverride => vec![advice!["leave out ", either("--override", "the reason")]],
        _ => Vec::new(),
    }
}

/// What notes the remote's default branch in a clone of all of it.
fn ask(remote: &str) -> String {
    let remote = shell_quote(remote);
    format!("git fetch {remote} && git remote set-head {remote} --auto")
}

fn of_violation(violation: &Violation, tag: Option<&TagName>) -> Option<Advice> {
    if violation.remedy == Remedy::Nothing {
        return None;
    }
    let satisfy = format!("to satisfy {}, {}", violation.rule, violation.remedy);
    let stages = match &violation.remedy {
        Remedy::AssignFirst(stages) | Remedy::AssignAndWait(stages, _) => stages.as_slice(),
        _ => &[],
    };
    let (Some(tag), [stage, ..]) = (tag, stages) else { return Some(satisfy.into()) };
    let (artifact, stage) = (tag.artifact.to_string(), stage.to_string());
    let version = violation.found.split(' ').next().filter(|word| word.starts_with('v')).map(str::to_owned);
    let step = Part::Step(Step::Assign { artifact, stage, version });
    Some(advice![format!("{satisfy}: "), step])
}
