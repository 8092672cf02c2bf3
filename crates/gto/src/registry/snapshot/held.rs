//! What a snapshot holds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::git::SeenRefs;
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::plan::Warning;
use crate::registry::snapshot::kept::Kept;

/// A registry as it was at one moment: immutable, cheap to share between threads, and asked without a look at the
/// repository.
///
/// Made by [`Registry::snapshot`](crate::Registry::snapshot), and brought up to date by
/// [`Registry::refresh`](crate::Registry::refresh). It has all that tags say but their messages
/// ([`Registry::message`](crate::Registry::message) reads one), and which artifacts the files of the current commit
/// annotate. What else commits say is not in it, so that options about annotations change no answer.
#[derive(Debug, Default, PartialEq)]
pub struct Snapshot {
    pub(super) artifacts: BTreeMap<ArtifactName, Arc<Kept>>,
    pub(super) annotated: Arc<Annotated>,
    /// Refs without an object id.
    pub(super) broken: Vec<String>,
    /// The stages that the configuration allows.
    pub(super) stages: Option<Vec<StageName>>,
    pub(super) warnings: Vec<Warning>,
    pub(super) seen: Seen,
}

/// The files of refs that it was made of, as far as that is known. The same registry may be in others.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<Option<Arc<SeenRefs>>>);

impl Seen {
    pub fn get(&self) -> Option<Arc<SeenRefs>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set(&self, seen: Option<SeenRefs>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = seen.map(Arc::new);
    }
}

impl PartialEq for Seen {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// What the files of the current commit annotate.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Annotated {
    /// The current commit.
    pub head: Option<ObjectId>,
    /// The file of the configuration that was read.
    pub index: String,
    /// The artifacts that the files name, in their order.
    pub names: Vec<ArtifactName>,
}
