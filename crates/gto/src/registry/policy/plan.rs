//! The policy at the door of writes: a plan that violates it is refused before anything is made.

use std::collections::BTreeMap;

use crate::author::Author;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::git::TagEdit;
use crate::name::ArtifactName;
use crate::object_id::ObjectId;
use crate::plan::{NewTag, Plan, PolicyVerdict, Step};
use crate::policy::{Change, Facts, Judge, Judgement, TagSignature, Trailers, Verdict, judge};
use crate::registry::Registry;
use crate::registry::policy::PolicyInForce;
use crate::tag::TagName;

impl Registry {
    /// Refuses a plan of tags that violates the policy, or that cannot be judged; notes in the others what the policy says, and
    /// in the messages of tags to be signed what they must say. Without a policy nothing else is read.
    pub(in crate::registry) fn obey_policy(&self, plan: &mut Plan, author: Option<&Author>) -> Result<()> {
        if plan.steps.is_empty() {
            return Ok(());
        }
        let Some(in_force) = self.policy_in_force()? else {
            return match author {
                Some(Author { override_reason: Some(_), .. }) => Err(Error::NothingToOverride),
                // Nobody would believe it.
                Some(Author { actor: Some(_), .. }) => Err(Error::NoPolicy),
                _ => Ok(()),
            };
        };
        add_trailers(plan, &in_force, author);
        let mut facts = self.no_facts();
        let new = plan.steps.iter().filter_map(|step| match step {
            Step::Create(tag) if plan.signing.is_some() => {
                Some((tag.name.clone(), Trailers::of(&tag.message)))
            }
            _ => None,
        });
        facts.planned = new.collect();
        if plan.signing.is_none() {
            let created = plan.steps.iter().filter(|step| matches!(step, Step::Create(_)));
            let unsigned =
                created.map(|step| ((step.tag().to_owned(), ObjectId::NONE), Ok(TagSignature::unsigned())));
            facts.signatures.extend(unsigned);
        }
        let is_signed_later = !facts.planned.is_empty();
        let judgements = self.judge_plan(&in_force, plan, &mut facts, &[])?;
        let mut verdict = PolicyVerdict {
            commit: in_force.commit,
            source: in_force.source.clone(),
            checks: Vec::new(),
            overridden: None,
            is_signature_open: is_signed_later,
        };
        for judgement in judgements {
            verdict.add(judgement);
        }
        plan.policy = Some(verdict);
        Ok(())
    }

    /// The same once the tag objects are there, for what their signatures are worth.
    pub(in crate::registry) fn obey_policy_signed(
        &self,
        plan: &Plan,
        edits: &[TagEdit],
        ids: &[ObjectId],
    ) -> Result<()> {
        if !plan.policy.as_ref().is_some_and(|verdict| verdict.is_signature_open) {
            return Ok(());
        }
        let Some(in_force) = self.policy_in_force()? else { return Ok(()) };
        let created = edits.iter().filter(|edit| matches!(edit, TagEdit::Create { .. }));
        let made: Vec<(&str, ObjectId)> = created.map(TagEdit::name).zip(ids.iter().copied()).collect();
        self.judge_plan(&in_force, plan, &mut self.no_facts(), &made).map(drop)
    }

    fn judge_plan(
        &self,
        in_force: &PolicyInForce,
        plan: &Plan,
        facts: &mut Facts,
        made: &[(&str, ObjectId)],
    ) -> Result<Vec<Judgement>> {
        let mut judgements = Vec::new();
        let mut by_artifact: BTreeMap<ArtifactName, Vec<&Step>> = BTreeMap::new();
        for step in &plan.steps {
            if let Ok(name) = step.tag().parse::<TagName>() {
                by_artifact.entry(name.artifact).or_default().push(step);
            }
        }
        for (artifact, steps) in by_artifact {
            let mut events = self.events_of(&artifact)?;
            for step in steps {
                if let Step::Delete(tag) = step {
                    let change = Change::Delete(tag.name.clone());
                    let judgement = loop {
                        match judge(&in_force.policy, &events, &change, facts) {
                            Ok(judgement) => break judgement,
                            Err(needs) => self.gather(in_force, &needs, facts),
                        }
                    };
                    events.retain(|event| event.tag != tag.name);
                    judgements.push(obeyed(&tag.name, judgement)?);
                    continue;
                }
                let Step::Create(tag) = step else { continue };
                let Some(event) = event_of(tag, made) else { continue };
                events.push(event);
                let mut court = Judge::new(&in_force.policy, events.clone());
                if let Some(index) = court.place_of(&tag.name) {
                    judgements.push(obeyed(&tag.name, self.judged(in_force, &mut court, index, facts))?);
                }
            }
        }
        Ok(judgements)
    }
}

/// The judgement, if the tag may be made.
fn obeyed(tag: &str, judgement: Judgement) -> Result<Judgement> {
    let tag = tag.to_owned();
    match judgement.verdict() {
        Verdict::Valid => Ok(judgement),
        Verdict::Violations(violations) => Err(Error::PolicyViolated { tag, violations }),
        Verdict::CannotJudge(missing) => Err(Error::PolicyUnknown { tag, missing }),
    }
}

fn event_of(tag: &NewTag, made: &[(&str, ObjectId)]) -> Option<Event> {
    let id = made.iter().find(|(name, _)| *name == tag.name).map_or(ObjectId::NONE, |(_, id)| *id);
    Some(Event {
        tag: tag.name.clone(),
        tag_id: id,
        name: tag.name.parse().ok()?,
        commit: tag.commit,
        tagger: tag.tagger.clone(),
        message: tag.message.clone(),
    })
}

/// Every signed tag names the registry, so that none can be used in a fork; an override gives its reason, a service for whom it
/// writes.
fn add_trailers(plan: &mut Plan, in_force: &PolicyInForce, author: Option<&Author>) {
    if plan.signing.is_none() {
        return;
    }
    let registry = in_force.policy.registry.as_ref().map(|name| format!("Gto-Registry: {name}"));
    // In one line: another could be one of those that only gto writes.
    let one_line = |text: &String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let reason = author.and_then(|author| author.override_reason.as_ref());
    let reason = reason.map(|reason| format!("Gto-Override: {}", one_line(reason)));
    let actor = author.and_then(|author| author.actor.as_ref());
    let actor = actor.map(|actor| format!("Gto-Actor: {}", one_line(actor)));
    for step in &mut plan.steps {
        let message = match step {
            Step::Create(tag) => &mut tag.message,
            Step::Approve(tag) => &mut tag.message,
            Step::Delete(_) => continue,
        };
        let new: Vec<&String> = registry
            .iter()
            .chain(&reason)
            .chain(&actor)
            .filter(|line| !message.lines().any(|known| known == *line))
            .collect();
        if !new.is_empty() {
            let lines = new.into_iter().map(String::as_str).collect::<Vec<_>>().join("\n");
            *message = format!("{}\n\n{lines}", message.trim_end());
        }
    }
}
