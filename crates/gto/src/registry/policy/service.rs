//! Whether what is signed here may say for whom it is made: known before anything is planned for somebody.

use crate::author::Author;
use crate::error::Result;
use crate::git::TagEdit;
use crate::policy::{Need, Service};
use crate::registry::Registry;
use crate::registry::policy::PolicyInForce;
use crate::signature::Signature;
use crate::signing::{Sign, Verified};

/// What is signed to see with which key: no event, and no ref leads to it.
const PROBE: &str = "gto-service-probe";

impl Registry {
    /// Why nobody would believe `Gto-Actor:` in a tag that is signed here; `None` if the key is in a group of `service:`.
    ///
    /// # Errors
    /// That nothing can be signed here, and what keeps Git from writing objects.
    pub fn distrust_of_service(&self, in_force: &PolicyInForce, service: &Service) -> Result<Option<String>> {
        let writer = self.writer(&Author::default())?;
        let signing = self.repository.signing(&Sign::Always(None))?;
        let tagger = Signature { name: writer.name.into(), email: writer.email.into(), time: writer.now };
        let message = "Which key signs here\n".to_owned();
        let probe = TagEdit::Create { name: PROBE.to_owned(), commit: in_force.commit, tagger, message };
        let ids = self.repository.write_objects(&[probe], signing.as_ref())?;
        let Some(id) = ids.first().copied() else { return Ok(None) };
        let mut facts = self.no_facts();
        self.gather(in_force, &[Need::Signature { tag: PROBE.to_owned(), id }], &mut facts);
        let found = match facts.signatures.remove(&(PROBE.to_owned(), id)) {
            Some(Ok(found)) => found,
            Some(Err(why)) => return Ok(Some(why)),
            None => return Ok(Some("its signature cannot be checked".to_owned())),
        };
        let reason = found.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        Ok(match (found.result, &found.key) {
            (Verified::Good, Some(key)) if in_force.policy.may_serve(service, key, &found.addresses) => None,
            (Verified::Good, Some(key)) => {
                Some(format!("{key}, which signs here, is in no group of `service: by`"))
            }
            (result, Some(key)) => {
                Some(format!("the signature of {key}, which signs here, is {}{reason}", result.word()))
            }
            (result, None) => Some(format!("what is signed here is {}{reason}", result.word())),
        })
    }
}
