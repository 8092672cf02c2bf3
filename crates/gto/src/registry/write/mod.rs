//! A write from beginning to end: look at the remote if asked to, plan, apply; and again if others were faster.
//!
//! Owns that order. What is planned is the caller's business, applying `write`'s, and trying again `alone`'s.

pub(super) mod apply;
mod author;
mod lock;
mod plan;

pub use apply::Applied;
pub use author::{Author, AuthorFault};

use crate::error::Error;
use crate::name::ArtifactName;
use crate::plan::Plan;
use crate::registry::Registry;
use crate::registry::remote::{no_bundle, one_address};

/// How a write is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manner {
    /// The remote gets the tags as well, all or none.
    pub push: bool,
    /// The artifact's tags that only the remote has are fetched before. With `push` they are in any case.
    pub fetch: bool,
    /// Nothing is written: only the plan is wanted.
    pub dry_run: bool,
}

/// Whose error it is: only after one of ours there is sense in trying again.
enum Failure<E> {
    Ours(Error),
    Theirs(E),
}

impl<E> Failure<E> {
    fn ours(&self) -> Option<&Error> {
        match self {
            Self::Ours(error) => Some(error),
            Self::Theirs(_) => None,
        }
    }
}

impl<E> From<Error> for Failure<E> {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl Registry {
    /// Carries out what `plan` gives for the artifact, or for any that the current commit annotates (`None`), while no other
    /// process writes. If others were faster all the same, it is planned anew, a few times. `before` sees each plan before it is applied, which may fail for what the
    /// plan warns of.
    ///
    /// Where a push landed in part, [`Applied::failure`] says so.
    ///
    /// # Errors
    /// Those of `plan`, of [`Registry::look`], and of [`Registry::apply`].
    pub fn write<E: From<Error>>(
        &self,
        artifact: Option<&ArtifactName>,
        manner: Manner,
        mut plan: impl FnMut() -> Result<Plan, E>,
        mut before: impl FnMut(&Plan),
    ) -> Result<(Plan, Applied), E> {
        let mut attempt = || -> Result<(Plan, Applied), Failure<E>> {
            let names = match artifact {
                _ if !manner.push && !manner.fetch => Vec::new(),
                Some(artifact) => vec![artifact.clone()],
                None => self.annotated_now()?,
            };
            if manner.push && !manner.dry_run {
                one_address(self.remote()?)?;
            } else if manner.push {
                no_bundle(&self.remote()?)?;
            }
            let sight = if names.is_empty() { None } else { Some(self.look(&names)?) };
            let plan = plan().map_err(Failure::Theirs)?;
            before(&plan);
            let sight = sight.as_ref().filter(|_| manner.push);
            let applied =
                if manner.dry_run { self.rehearse(&plan, sight)? } else { self.apply(&plan, sight)? };
            Ok((plan, applied))
        };
        let done = if manner.dry_run { attempt() } else { self.alone(Failure::ours, attempt) };
        done.map_err(|failure| match failure {
            Failure::Ours(error) => error.into(),
            Failure::Theirs(error) => error,
        })
    }
}
