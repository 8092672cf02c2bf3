//! `approvals`: how many people approved of a version for a stage, and whether who makes the tag is one of them.

use crate::name::StageName;
use crate::policy::facts::{Approval, Need, OtherApprovals};
use crate::policy::judgement::{Outcome, Remedy};
use crate::policy::people::Person;
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
            Ok(approvals) => &approvals.here,
            Err(reason) => return Some(Outcome::Unknown(reason.clone())),
        };
        let counts =
            |approval: &&Approval| approval.commit == version.commit && approval.seconds <= self.seconds;
        let mut people: Vec<Person> = Vec::new();
        let (mut withdrawn, mut unknown, mut is_pending) = (Vec::<Person>::new(), None, false);
        for approval in approvals.iter().filter(counts) {
            let Some(person) = self.approver(approval, wanted, trusts, demands) else {
                is_pending = true;
                continue;
            };
            match person {
                Ok(Some(person)) if approval.is_withdrawal => withdrawn.push(person),
                Ok(Some(person)) if people.iter().any(|known| known.is(&person)) => {}
                Ok(Some(person)) => people.push(person),
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
        let is_out = |person: &Person| withdrawn.iter().chain(&me).any(|other| other.is(person));
        people.retain(|person| !is_out(person));
        if people.len() >= wanted.count {
            let mut people: Vec<String> = people.iter().map(ToString::to_string).collect();
            people.sort();
            return Some(Outcome::Fulfilled(format!("approved by {}", people.join(", "))));
        }
        if let Some(reason) = unknown {
            return Some(Outcome::Unknown(reason));
        }
        let found = match people.len() {
            0 => "nobody has approved".to_owned(),
            count => format!("{count} of {} have approved", wanted.count),
        };
        let fetch = match fact.as_ref().map(|approvals| &approvals.others) {
            Ok(OtherApprovals::Unknown(reason)) => {
                return Some(Outcome::Unknown(format!("{found} by the tags that are here, but {reason}")));
            }
            Ok(OtherApprovals::Unlikely(fetch)) => Some(fetch.clone()),
            _ => None,
        };
        let remedy = Remedy::Approve(wanted.count - people.len(), wanted.by.clone(), fetch);
        Some(Outcome::Violated(found, remedy))
    }

    /// Who approved: by key. `Ok(None)` if it does not count; nothing while the signature is not known.
    fn approver(
        &self,
        approval: &Approval,
        wanted: &Approvals,
        trusts: bool,
        demands: &mut Demands,
    ) -> Option<Result<Option<Person>, String>> {
        let signature = match self.signature(&approval.tag, approval.id, demands)? {
            Ok(signature) => signature,
            Err(reason) => return Some(Err(reason.clone())),
        };
        Some(match (self.signer(signature, &wanted.by), self.policy.person(signature)) {
            (Outcome::Fulfilled(_), Some(person)) => Ok(Some(person)),
            (Outcome::Unknown(reason), _) if !trusts => Err(reason),
            _ if trusts && (wanted.by.is_empty() || self.policy.has_address(&wanted.by, &approval.email)) => {
                Ok(Some(Person::Address(approval.email.clone())))
            }
            _ => Ok(None),
        })
    }

    /// Who makes the tag, to be told from those who approve. One that is not signed, or with a key that the policy does not have,
    /// could be of an approver.
    fn maker(&self, trusts: bool, demands: &mut Demands) -> Option<Result<Option<Person>, Outcome>> {
        let Some(event) = self.event else { return Some(Ok(None)) };
        if let Some(planned) = self.facts.planned.get(&event.tag) {
            let actor = planned.actor.clone().filter(|_| self.policy.service.is_some());
            return Some(Ok(actor.map(Person::Address)));
        }
        Some(match self.signature(&event.tag, event.tag_id, demands)? {
            Err(reason) => Err(Outcome::Unknown(reason.clone())),
            Ok(signature) => match (self.signer(signature, &[]), self.policy.person(signature)) {
                (Outcome::Fulfilled(_), Some(person)) => Ok(Some(person)),
                _ if trusts => Ok(Some(Person::Address(event.tagger.email.to_string()))),
                (Outcome::Violated(found, remedy), _) => {
                    Err(Outcome::Violated(format!("who makes the tag is not known: {found}"), remedy))
                }
                (outcome, _) => Err(outcome),
            },
        })
    }
}
