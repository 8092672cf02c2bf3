//! What is known of versions beside their tags: how many commits each has since the one below it, and what its signature is worth.
//!
//! Both run `git`, for a page of versions a hundred times. So a page asks, and shows what is known; a thread finds it out.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gto::Registry;
use gto::object_id::ObjectId;
use gto::signing::Verification;
use serde::Serialize;
use utoipa::ToSchema;

/// So much is kept, and so much may be wanted at once.
const MOST: usize = 50_000;
/// Signatures are verified again after that: keys expire, and lists of signers change without the repository.
pub const FRESH: Duration = Duration::from_secs(600);
/// What could not be found out is looked for again after that.
const RETRY: Duration = Duration::from_secs(20);

/// What the signature of a tag is worth.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Signature {
    #[schema(value_type = String)]
    pub result: &'static str,
    #[schema(required)]
    pub signer: Option<String>,
    #[schema(required)]
    pub reason: Option<String>,
}

impl From<Verification> for Signature {
    fn from(found: Verification) -> Self {
        Self { result: found.result.word(), signer: found.signer, reason: found.reason }
    }
}

impl Signature {
    /// Verifies the tag with this name.
    pub fn of(registry: &Registry, tag: &str) -> Option<Self> {
        registry.verify_tags([tag]).ok()?.value.into_iter().next().map(Self::from)
    }

    /// Whether it proves something false.
    pub fn is_bad(&self) -> bool {
        matches!(self.result, "bad" | "revoked")
    }
}

/// What is known of something.
#[derive(Debug, Clone)]
pub enum Fact<T> {
    /// Nothing yet: it is wanted from now on.
    NotYet,
    Is(T),
    /// It could not be found out.
    Unknown,
}

impl<T> Fact<T> {
    fn new(found: Option<T>) -> Self {
        found.map_or(Self::Unknown, Self::Is)
    }

    fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether it is known later.
    pub fn is_coming(&self) -> bool {
        matches!(self, Self::NotYet)
    }

    /// What is known.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::NotYet | Self::Unknown => None,
        }
    }
}

/// What a page wants to know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    /// The number of commits from one to the other.
    Commits(ObjectId, ObjectId),
    /// What the signature is worth of the tag with this object and name.
    Signature(ObjectId, String),
}

/// What is known of the versions of a repository.
#[derive(Default)]
pub struct Facts(Mutex<Known>);

#[derive(Default)]
struct Known {
    commits: HashMap<(ObjectId, ObjectId), (Instant, Fact<usize>)>,
    signatures: HashMap<ObjectId, (Instant, Fact<Signature>)>,
    wanted: BTreeSet<Wanted>,
}

impl Known {
    fn want(&mut self, wanted: Wanted) {
        if self.wanted.len() < MOST {
            self.wanted.insert(wanted);
        }
    }
}

impl Facts {
    /// How many commits are from one to the other.
    pub fn commits(&self, from: ObjectId, to: ObjectId) -> Fact<usize> {
        let mut known = self.lock();
        let found = known.commits.get(&(from, to)).cloned();
        if found.as_ref().is_none_or(|(since, fact)| fact.is_unknown() && since.elapsed() > RETRY) {
            known.want(Wanted::Commits(from, to));
        }
        found.map_or(Fact::NotYet, |(_, commits)| commits)
    }

    /// What the signature of a tag is worth.
    pub fn signature(&self, tag: &str, id: ObjectId) -> Fact<Signature> {
        let mut known = self.lock();
        let found = known.signatures.get(&id).cloned();
        let limit = |fact: &Fact<Signature>| if fact.is_unknown() { RETRY } else { FRESH };
        if found.as_ref().is_none_or(|(since, fact)| since.elapsed() > limit(fact)) {
            known.want(Wanted::Signature(id, tag.to_owned()));
        }
        found.map_or(Fact::NotYet, |(_, signature)| signature)
    }

    /// Whether anything is wanted that is not known.
    pub fn are_wanted(&self) -> bool {
        !self.lock().wanted.is_empty()
    }

    /// Finds out what is wanted.
    pub fn find(&self, registry: &Registry) {
        loop {
            // Still wanted while it is being found out, so that pages know that it comes.
            let Some(wanted) = self.lock().wanted.first().cloned() else { return };
            match &wanted {
                Wanted::Commits(from, to) => {
                    // What a shallow clone lacks is not counted.
                    let is_whole = !registry.is_shallow();
                    let count = is_whole.then(|| registry.count_commits_between(*from, *to).ok());
                    let count = Fact::new(count.flatten());
                    let mut known = self.lock();
                    if known.commits.len() >= MOST {
                        known.commits.clear();
                    }
                    known.commits.insert((*from, *to), (Instant::now(), count));
                }
                Wanted::Signature(id, tag) => {
                    let found = Fact::new(Signature::of(registry, tag));
                    let mut known = self.lock();
                    if known.signatures.len() >= MOST {
                        known.signatures.clear();
                    }
                    known.signatures.insert(*id, (Instant::now(), found));
                }
            }
            self.lock().wanted.remove(&wanted);
        }
    }

    /// Forgets what is wanted: it cannot be found out now.
    pub fn give_up(&self) {
        self.lock().wanted.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
