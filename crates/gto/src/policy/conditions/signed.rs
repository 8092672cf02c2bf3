//! What is asked about who made a tag: `signature`, `by`, and who may do without the rules.

use crate::event::Event;
use crate::object_id::ObjectId;
use crate::policy::facts::{Need, TagSignature};
use crate::policy::judgement::{Outcome, Remedy};
use crate::policy::people::Person;
use crate::policy::rule::Policy;
use crate::signing::Verified;

use super::subject::{Demands, Subject};

impl Subject<'_> {
    /// Whether the tag is signed by a member of one of the groups; of none: with any key of the policy.
    pub(super) fn signed(
        &self,
        event: &Event,
        groups: &[String],
        trusts: bool,
        demands: &mut Demands,
    ) -> Option<Outcome> {
        if let Some(planned) = self.facts.planned.get(&event.tag) {
            let actor = planned.actor.as_ref().filter(|_| self.policy.service.is_some());
            if let Some(actor) =
                actor.filter(|actor| !groups.is_empty() && !self.policy.has_address(groups, actor))
            {
                let found = format!("it will be signed for '{}'", crate::text::printable(actor));
                return Some(Outcome::Violated(found, Remedy::Sign(groups.to_vec())));
            }
            return Some(Outcome::Fulfilled("it will be signed, and that is checked then".to_owned()));
        }
        let signature = self.signature(&event.tag, event.tag_id, demands)?;
        Some(match signature {
            Err(reason) => Outcome::Unknown(reason.clone()),
            Ok(signature) => {
                let outcome = self.signer(signature, groups);
                let address = &event.tagger.email;
                if trusts
                    && !matches!(outcome, Outcome::Fulfilled(_))
                    && self.policy.has_address(groups, address)
                {
                    Outcome::Fulfilled(format!("the tagger is '{address}' (unsigned: trust)"))
                } else {
                    outcome
                }
            }
        })
    }

    pub(super) fn signature(
        &self,
        tag: &str,
        id: ObjectId,
        demands: &mut Demands,
    ) -> Option<&Result<TagSignature, String>> {
        let fact = self.facts.signatures.get(&(tag.to_owned(), id));
        if fact.is_none() {
            demands.needs.insert(Need::Signature { tag: tag.to_owned(), id });
        }
        fact
    }

    /// Whether a signature counts for a member of one of the groups.
    pub(super) fn signer(&self, signature: &TagSignature, groups: &[String]) -> Outcome {
        let remedy = || Remedy::Sign(groups.to_vec());
        let with_reason = |text: &str| {
            let reason = signature.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("{text}{reason}")
        };
        match (signature.result, &signature.key) {
            (Verified::Good, Some(key)) => {
                if let Some(violated) = self.of_other_registry(signature) {
                    return violated;
                }
                let found = match self.policy.person(signature) {
                    Some(Person::Address(actor)) => {
                        format!("it is signed with {key} for '{}'", crate::text::printable(&actor))
                    }
                    _ => format!("it is signed with {key}"),
                };
                let is_member = |person: Person| self.policy.has_person(groups, &person);
                if groups.is_empty() || self.policy.person(signature).is_some_and(is_member) {
                    Outcome::Fulfilled(found)
                } else {
                    Outcome::Violated(found, remedy())
                }
            }
            (Verified::Unsigned, _) => Outcome::Violated("the tag is not signed".to_owned(), remedy()),
            (Verified::Unknown | Verified::Untrusted, Some(key)) => {
                // A key that a group names can be looked for; any other proves that it is none of theirs.
                if self.policy.is_in(groups, key, &[]) {
                    let missing = format!("the public key {key} is not in '{}'", Policy::KEYS_FOLDER);
                    Outcome::Unknown(if signature.result == Verified::Untrusted {
                        with_reason(&format!("{key} is not trusted"))
                    } else {
                        missing
                    })
                } else {
                    Outcome::Violated(
                        format!("it is signed with {key}, which is no key of the policy"),
                        remedy(),
                    )
                }
            }
            (Verified::Good | Verified::Unknown | Verified::Untrusted, _) => {
                Outcome::Unknown(with_reason("its signature cannot be checked"))
            }
            (Verified::Expired, _) => Outcome::Violated(with_reason("its signature has expired"), remedy()),
            (Verified::Revoked, _) => Outcome::Violated(with_reason("its key was revoked"), remedy()),
            (Verified::Bad, _) => Outcome::Violated(with_reason("its signature is bad"), remedy()),
        }
    }

    /// Signed for another registry: the tag of a fork, say.
    fn of_other_registry(&self, signature: &TagSignature) -> Option<Outcome> {
        let wanted = self.policy.registry.as_ref()?;
        let found = signature.trailers.registry.as_ref();
        if found == Some(wanted) {
            return None;
        }
        let found = found.map_or_else(
            || "it names no registry".to_owned(),
            |found| format!("it was made for registry '{}'", crate::text::printable(found)),
        );
        Some(Outcome::Violated(found, Remedy::SignWithTrailer(format!("Gto-Registry: {wanted}"))))
    }

    /// Why the rules need not be kept: a reason in a tag that is signed by somebody who may say so.
    pub fn override_reason(&self, demands: &mut Demands) -> Option<Result<String, String>> {
        let (glass, event) = (self.policy.break_glass.as_ref()?, self.event?);
        if let Some(planned) = self.facts.planned.get(&event.tag) {
            return planned.override_reason.clone().map(Ok);
        }
        let signature = match self.signature(&event.tag, event.tag_id, demands)? {
            Ok(signature) => signature,
            Err(reason) => return Some(Err(reason.clone())),
        };
        let reason = signature.trailers.override_reason.as_ref()?;
        match self.signer(signature, &glass.by) {
            Outcome::Fulfilled(_) => Some(Ok(reason.clone())),
            Outcome::Unknown(reason) => Some(Err(reason)),
            Outcome::Violated(..) => None,
        }
    }
}
