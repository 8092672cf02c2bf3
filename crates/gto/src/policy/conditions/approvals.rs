//! `approvals`: how many people approved of a version for a stage, and whether who makes the tag is one of them.

use std::collections::BTreeSet;

use crate::name::StageName;
use crate::policy::facts::{Approval, Need};
use crate::policy::judgement::{Outcome, Remedy};
use crate::policy::rule::Approvals;
use crate::policy::timeline::Shown;
use crate::version::VersionLabel;

use super::subject::{Demands, Subject};

impl Subject<'_> {
    /// Whether enough people approved of the version for the stage, until the event.
    pub(super) fn approvals(
        &self,
        wanted: &Approvals,
        trusts: bool,
        stage: &StageName,
        version: &Shown,
        demands: &mut Demands,
    ) -> Option<Outcome> {
        let VersionLabel::Number(number) = &version.label else { return None };
        let key = (self.artifact.clone(), number.to_string(), stage.clone());
        let Some(fact) = self.facts.approvals.get(&key) else {
            demands.needs.insert(Need::approvals(self.artifact, &version.label, stage));
            return None;
        };
        let approvals = match fact {
            Ok(approvals) => approvals,
            Err(reason) => return Some(Outcome::Unknown(reason.clone())),
        };
        let counts =
            |approval: &&Approval| approval.commit == version.commit && approval.seconds <= self.seconds;
        let mut people = BTreeSet::new();
        let (mut withdrawn, mut unknown, mut is_pending) = (BTreeSet::new(), None, false);
        for approval in approvals.iter().filter(counts) {
            let Some(person) = self.approver(approval, wanted, trusts, demands) else {
                is_pending = true;
                continue;
            };
            match person {
                Ok(Some(person)) if approval.is_withdrawal => _ = withdrawn.insert(person),
                Ok(Some(person)) => _ = people.insert(person),
                Ok(None) => {}
                Err(reason) => unknown = Some(reason),
            }
        }
        let me = if wanted.not_self { self.maker(trusts, demands) } else { Some(Ok(None)) };
        let me = match me? {
            Err(outcome) => return Some(outcome),
            Ok(me) => me,
        };
        if is_pending {
            return None;
        }
        people.retain(|person| !withdrawn.contains(person) && me.as_ref() != Some(person));
        if people.len() >= wanted.count {
            let people: Vec<String> = people.into_iter().collect();
            return Some(Outcome::Fulfilled(format!("approved by {}", people.join(", "))));
        }
        if let Some(reason) = unknown {
            return Some(Outcome::Unknown(reason));
        }
        let found = match people.len() {
            0 => "nobody has approved".to_owned(),
            count => format!("{count} of {} have approved", wanted.count),
        };
        let remedy = Remedy::Approve(wanted.count - people.len(), wanted.by.clone());
        Some(Outcome::Violated(found, remedy))
    }

    /// Who approved: by key. `Ok(None)` if it does not count; nothing while the signature is not known.
    fn approver(
        &self,
        approval: &Approval,
        wanted: &Approvals,
        trusts: bool,
        demands: &mut Demands,
    ) -> Option<Result<Option<String>, String>> {
        let signature = match self.signature(&approval.tag, approval.id, demands)? {
            Ok(signature) => signature,
            Err(reason) => return Some(Err(reason.clone())),
        };
        Some(match (self.signer(signature, &wanted.by), &signature.key) {
            (Outcome::Fulfilled(_), Some(key)) => Ok(Some(key.to_string())),
            (Outcome::Unknown(reason), _) if !trusts => Err(reason),
            _ if trusts && (wanted.by.is_empty() || self.policy.has_address(&wanted.by, &approval.email)) => {
                Ok(Some(format!("email:{}", approval.email)))
            }
            _ => Ok(None),
        })
    }

    /// Who makes the tag, to be told from those who approve. One that is not signed, or with a key that the policy does not have,
    /// could be of an approver.
    fn maker(&self, trusts: bool, demands: &mut Demands) -> Option<Result<Option<String>, Outcome>> {
        let Some(event) = self.event.filter(|event| !self.facts.planned.contains_key(&event.tag)) else {
            return Some(Ok(None));
        };
        Some(match self.signature(&event.tag, event.tag_id, demands)? {
            Err(reason) => Err(Outcome::Unknown(reason.clone())),
            Ok(signature) => match (self.signer(signature, &[]), &signature.key) {
                (Outcome::Fulfilled(_), Some(key)) => Ok(Some(key.to_string())),
                _ if trusts => Ok(Some(format!("email:{}", event.tagger.email))),
                (Outcome::Violated(found, remedy), _) => {
                    Err(Outcome::Violated(format!("who makes the tag is not known: {found}"), remedy))
                }
                (outcome, _) => Err(outcome),
            },
        })
    }
}
