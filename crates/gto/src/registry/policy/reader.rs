//! Readers that want the policy: what violates it counts as absent, and what cannot be judged is an error.
//!
//! Owns which events count. What a reader makes of them is decided by `read`.

use std::sync::PoisonError;

use crate::error::{Error, Result};
use crate::event::{Event, EventKind};
use crate::git::Want;
use crate::name::StageName;
use crate::needed::{self, Tags};
use crate::object_id::ObjectId;
use crate::plan::Warning;
use crate::policy::{Facts, Judge, Verdict, Violation, fetch_of};
use crate::registry::Registry;
use crate::registry::policy::PolicyInForce;
use crate::registry::policy::in_force::LeftOut;
use crate::registry::read::damage;
use crate::registry::read::scan::Scan;
use crate::state::Artifact;
use crate::version::Version;

impl Registry {
    /// The policy that answers obey; `None` if they obey none.
    ///
    /// # Errors
    /// [`Error::NoPolicy`], or those of [`Registry::policy_in_force`].
    pub fn enforced_policy(&self) -> Result<Option<&PolicyInForce>> {
        let Some(enforcement) = &self.enforcement else { return Ok(None) };
        if let Some(known) = enforcement.in_force.get() {
            return Ok(Some(known));
        }
        let found = self.policy_to_enforce()?.ok_or(Error::NoPolicy)?;
        Ok(Some(enforcement.in_force.get_or_init(|| found)))
    }

    /// The tags that answers left out so far since they violate the policy.
    pub fn violating_tags(&self) -> Option<Warning> {
        let enforcement = self.enforcement.as_ref()?;
        let source = match enforcement.in_force.get() {
            Some(found) => found.source.clone(),
            None => enforcement.source.get()?.clone(),
        };
        let left_out = enforcement.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        let tags: Vec<_> = left_out.iter().map(|(tag, left)| (tag.clone(), left.why.clone())).collect();
        let fetch = left_out.values().find_map(|left| left.fetch.clone());
        (!tags.is_empty()).then_some(Warning::ViolatingTags { source, tags, fetch })
    }

    /// As [`Registry::valid_events`], of tags of which each must be known then: it may decide.
    pub(in crate::registry) fn valid_of_scan(&self, scan: &mut Scan) -> Result<Vec<Event>> {
        self.refuse_unknown_if_enforced(scan)?;
        self.valid_events(std::mem::take(&mut scan.events))
    }

    /// As [`Registry::refuse_unknown`], if answers are to obey the policy.
    pub(in crate::registry) fn refuse_unknown_if_enforced(&self, scan: &Scan) -> Result<()> {
        if self.enforced_policy()?.is_some() { self.refuse_unknown(scan) } else { Ok(()) }
    }

    /// Refuses tags of which it is not known what they say, and which may decide: damaged ones, and the one that a pipeline has
    /// checked out and made lightweight by that.
    pub(in crate::registry) fn refuse_unknown(&self, scan: &Scan) -> Result<()> {
        damage::refuse(self.damaged(scan))?;
        if scan.lightweight.is_empty() || !self.may_lack_tags() || self.head_branch().is_some() {
            return Ok(());
        }
        let Some(head) = self.repository.head_commit()? else { return Ok(()) };
        for tag in &scan.lightweight {
            if self.repository.tag_ref(tag)?.is_some_and(|found| found.target == head) {
                return Err(Error::lightweight_here(tag));
            }
        }
        Ok(())
    }

    /// Whether the tags of another repository count, and those here may be fewer or others: a checkout of a pipeline has few of
    /// them, and may have made the one that started it a lightweight one.
    pub(in crate::registry) fn may_lack_tags(&self) -> bool {
        self.repository.work_dir().is_some() && self.url().is_none() && self.has_remote()
    }

    /// Those of an artifact's events that comply with the policy, if answers are to obey it.
    ///
    /// # Errors
    /// [`Error::PolicyUnknown`] if that of one of them is not known.
    pub(in crate::registry) fn valid_events(&self, events: Vec<Event>) -> Result<Vec<Event>> {
        match self.enforced_policy()? {
            Some(in_force) => ValidTags::new(self, in_force, events).select(|_| true),
            None => Ok(events),
        }
    }
}

/// The tags of one artifact that comply with the policy. No more of them are judged than a question is about.
pub(in crate::registry) struct ValidTags<'r> {
    registry: &'r Registry,
    in_force: &'r PolicyInForce,
    judge: Judge<'r>,
    facts: Facts,
}

impl<'r> ValidTags<'r> {
    /// Of all events of the artifact.
    pub fn new(registry: &'r Registry, in_force: &'r PolicyInForce, events: Vec<Event>) -> Self {
        let facts = registry.no_facts();
        Self { registry, in_force, judge: Judge::new(&in_force.policy, events), facts }
    }

    /// Those of these events that comply.
    pub fn select(&mut self, is_wanted: impl Fn(&Event) -> bool) -> Result<Vec<Event>> {
        let events = self.judge.events().iter().enumerate();
        let wanted: Vec<usize> =
            events.filter(|(_, event)| is_wanted(event)).map(|(index, _)| index).collect();
        // All at once: signatures are checked side by side.
        let needs = self.judge.needs_of(&wanted, &self.facts);
        self.registry.gather(self.in_force, &needs, &mut self.facts);
        let mut valid = Vec::new();
        for index in wanted {
            let judgement = self.registry.judged(self.in_force, &mut self.judge, index, &mut self.facts);
            let event = &self.judge.events()[index];
            match judgement.verdict() {
                Verdict::Valid => valid.push(event.clone()),
                Verdict::Violations(violations) => self.registry.leave_out(&event.tag, &violations),
                Verdict::CannotJudge(missing) => {
                    return Err(Error::PolicyUnknown { tag: event.tag.clone(), missing });
                }
            }
        }
        Ok(valid)
    }
}

impl Registry {
    /// Of an event's artifact as much as tells to which version it belongs, if only what complies counts. `None` if the event
    /// does not.
    pub(in crate::registry) fn valid_around(&self, event: Event) -> Result<Option<Artifact>> {
        let Some(in_force) = self.enforced_policy()? else { return Ok(None) };
        let name = event.artifact().clone();
        let scan = self.scan(&name, Want::Everything)?;
        self.refuse_unknown(&scan)?;
        let mut tags = ValidTags::new(self, in_force, scan.events);
        if tags.select(|other| other.tag == event.tag)?.is_empty() {
            return Ok(None);
        }
        Ok(Some(match needed::for_event(event, &mut tags)? {
            Some(artifact) => artifact,
            None => Artifact::from_events(name, tags.select(|_| true)?),
        }))
    }

    fn leave_out(&self, tag: &str, violations: &[Violation]) {
        if let (Some(enforcement), Some(first)) = (&self.enforcement, violations.first()) {
            let mut left_out = enforcement.left_out.lock().unwrap_or_else(PoisonError::into_inner);
            let fetch = fetch_of(violations).map(str::to_owned);
            left_out.insert(tag.to_owned(), LeftOut { why: first.to_string(), fetch });
        }
    }

    /// Remembers what another registry left out, which was asked in the place of this one.
    pub(in crate::registry) fn adopt_left_out(&self, other: &Self) {
        let (Some(ours), Some(theirs)) = (&self.enforcement, &other.enforcement) else { return };
        let left_out = std::mem::take(&mut *theirs.left_out.lock().unwrap_or_else(PoisonError::into_inner));
        ours.left_out.lock().unwrap_or_else(PoisonError::into_inner).extend(left_out);
        // Of the same remote, and so the same.
        let theirs = theirs.in_force.get().map(|found| found.source.clone());
        ours.source.get_or_init(|| theirs.unwrap_or_default());
    }
}

impl Tags for ValidTags<'_> {
    type Error = Error;

    fn has_deprecation(&mut self) -> Result<bool> {
        Ok(self.judge.events().iter().any(|event| event.kind() == EventKind::Deprecation))
    }

    fn highest(&mut self) -> Result<Vec<Version>> {
        let mut versions = self.versions()?;
        let highest = versions.iter().max_by(|a, b| a.cmp_precedence(b)).cloned();
        versions.retain(|version| {
            highest.as_ref().is_some_and(|highest| version.cmp_precedence(highest).is_eq())
        });
        Ok(versions)
    }

    fn versions(&mut self) -> Result<Vec<Version>> {
        Ok(self.judge.events().iter().filter_map(|event| event.version().cloned()).collect())
    }

    fn of_version(&mut self, version: &Version) -> Result<Vec<Event>> {
        self.select(|event| event.version() == Some(version))
    }

    fn of_stage(&mut self, stage: &StageName) -> Result<Vec<Event>> {
        self.select(|event| event.stage() == Some(stage))
    }

    fn of_versions_on(&mut self, commits: &[ObjectId]) -> Result<Vec<Event>> {
        self.select(|event| event.version().is_some() && commits.contains(&event.commit))
    }
}
