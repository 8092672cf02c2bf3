//! The reader and the judge: what a rule means, and what holds for all policies, registries and events.

mod language;
mod random;
mod rules;

use crate::event::{Event, tests::event};
use crate::object_id::ObjectId;
use crate::signing::Verified;

use super::*;

fn policy(rules: &str) -> Policy {
    Policy::read(format!("version: 1\n{rules}").as_bytes()).unwrap_or_else(|error| panic!("{error}\n{rules}"))
}

fn key(name: &str) -> Key {
    Key::new(KeyKind::Ssh, &format!("SHA256:{name:A<43}"))
}

/// What the tests say about the repository around the tags.
#[derive(Default, Clone)]
struct World {
    /// Who signed which tag; `None` for nobody.
    signers: std::collections::HashMap<String, &'static str>,
    trailers: std::collections::HashMap<String, Trailers>,
    /// Commits in the history of `main`.
    merged: std::collections::HashSet<ObjectId>,
    approvals: Vec<(String, Approval)>,
    pusher: Option<String>,
}

impl World {
    fn answer(&self, needs: &[Need], facts: &mut Facts) {
        for need in needs {
            assert!(!facts.has(need), "{need:?} was asked for twice");
            match need.clone() {
                Need::Signature { tag, id } => {
                    let signed = |who: &&str| TagSignature {
                        result: Verified::Good,
                        key: Some(key(who)),
                        addresses: vec![format!("{who}@x.org")],
                        fingerprint: None,
                        reason: None,
                        trailers: self.trailers.get(&tag).cloned().unwrap_or_default(),
                    };
                    let fact = self.signers.get(&tag).map_or_else(TagSignature::unsigned, signed);
                    facts.signatures.insert((tag, id), Ok(fact));
                }
                Need::Branch { commit, branches } => {
                    let on = self.merged.contains(&commit).then(|| "main".to_owned());
                    let fact = BranchFact { on, looked_at: vec!["main".to_owned()] };
                    facts.branches.insert((commit, branches), Ok(fact));
                }
                Need::Approvals { artifact, version, stage } => {
                    let name = format!("{artifact}@{version}/{stage}");
                    let those =
                        self.approvals.iter().filter(|(of, _)| *of == name).map(|(_, found)| found.clone());
                    facts
                        .approvals
                        .insert((artifact, version, stage), Ok(KnownApprovals::all(those.collect())));
                }
            }
        }
    }

    fn facts(&self) -> Facts {
        Facts { pusher: self.pusher.clone(), ..Facts::default() }
    }

    fn judge(&self, policy: &Policy, before: &[Event], change: &Change) -> Judgement {
        let mut facts = self.facts();
        for _ in 0..10_000 {
            match judge(policy, before, change, &facts) {
                Ok(judgement) => return judgement,
                Err(needs) => {
                    assert!(!needs.is_empty());
                    self.answer(&needs, &mut facts);
                }
            }
        }
        panic!("no end of needs");
    }

    fn approve(&mut self, of: &str, who: &'static str, commit: u8, seconds: i64, is_withdrawal: bool) {
        let tag = format!("gto-approval/{of}/-/{who}{}", if is_withdrawal { "!" } else { "" });
        self.signers.insert(tag.clone(), who);
        let approval = Approval {
            tag,
            id: ObjectId::NONE,
            approver: who.to_owned(),
            commit: ObjectId::from_bytes(&[commit; 20]).unwrap(),
            is_withdrawal,
            email: format!("{who}@x.org"),
            seconds,
        };
        self.approvals.push((of.to_owned(), approval));
    }
}

fn events(of: &[(&str, u8, i64)]) -> Vec<Event> {
    of.iter().map(|(tag, commit, seconds)| event(tag, *commit, *seconds)).collect()
}

fn created(tag: &str, commit: u8, seconds: i64) -> Change {
    Change::Create(event(tag, commit, seconds))
}

/// The violations, as `condition: found`; `?` for what cannot be judged.
fn found(judgement: &Judgement) -> Vec<String> {
    match judgement.verdict() {
        Verdict::Valid => Vec::new(),
        Verdict::Violations(violations) => {
            violations.iter().map(|it| format!("{}: {}", it.condition.word(), it.found)).collect()
        }
        Verdict::CannotJudge(missing) => missing.iter().map(|it| format!("? {}", it.reason)).collect(),
    }
}
