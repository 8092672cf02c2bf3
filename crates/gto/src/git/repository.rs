//! An open repository, and the small questions about it.
//!
//! Owns what every other file of this module works on.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use gix::objs::Kind;
use gix::odb::Header as _;

use crate::git::objects::{promisor, stored};
use crate::git::open::{inherited, linked_head};
use crate::git::refs::writer_lock;
use crate::git::{GitError, ObjectKind};
use crate::object_id::ObjectId;

/// An open repository. Cheap to open; objects and refs are read when needed.
pub(crate) struct Repository {
    pub(super) gix: gix::Repository,
    pub(super) work_dir: Option<PathBuf>,
    pub(super) refs: RefStorage,
    /// The number of objects read.
    pub(super) reads: Cell<usize>,
    /// Whether this process has the lock that keeps other writers away.
    pub(super) locked: Cell<bool>,
    /// What of that is the system's.
    pub(super) system_lock: Cell<writer_lock::SystemLock>,
    /// What became of fetching what a partial clone left out.
    pub(super) fetches: promisor::Fetches,
    /// Additional arguments of every `git` that uses it.
    pub(super) variables: Arc<[(String, String)]>,
    /// How long a `git` may be silent; `None` for no limit.
    pub(super) silence: Option<Duration>,
    /// What the variables of Git select here.
    pub(super) inherited: Arc<inherited::Inherited>,
    /// The packs that git would refuse, once an object of any pack was read.
    pub(super) bad_packs: Arc<OnceLock<Vec<stored::BadPack>>>,
    /// What gix has opened in its place.
    pub(super) stand_in: Option<Arc<linked_head::StandIn>>,
}

/// How the repository keeps its refs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefStorage {
    /// Loose files and `packed-refs`: gix reads and writes them.
    Files,
    /// Tables. gix would show no ref at all, so everything about refs goes through the user's `git`.
    Reftable,
}

impl Repository {
    /// Lets every `git` ask for a password on the terminal or not, by a value of `GIT_TERMINAL_PROMPT`.
    pub fn set_prompt(&mut self, prompt: String) {
        let variable = ("GIT_TERMINAL_PROMPT".to_owned(), prompt);
        self.variables = self.variables.iter().cloned().chain([variable]).collect();
    }

    /// Sets how long every `git` may be silent before it is killed; `None` for no limit.
    pub fn set_silence(&mut self, silence: Option<Duration>) {
        self.silence = silence;
    }

    /// A value of Git's configuration, as text: the last one counts, of the repository, the user and the system.
    pub fn setting(&self, key: &str) -> Option<String> {
        let value = self.gix.config_snapshot().string(key)?;
        String::from_utf8(value.into()).ok()
    }

    /// The root of the work tree; `None` in a bare repository.
    pub fn work_dir(&self) -> Option<&Path> {
        self.work_dir.as_deref()
    }

    /// The folder with `HEAD`, private to a linked work tree.
    pub fn git_dir(&self) -> &Path {
        self.stand_in.as_ref().map_or_else(|| self.gix.git_dir(), |stand_in| &stand_in.git_dir)
    }

    /// The folder with refs and objects, shared by all work trees.
    pub fn common_dir(&self) -> &Path {
        self.gix.common_dir()
    }

    /// The folder that a message names: the work tree, or the repository itself if it is bare.
    pub fn root(&self) -> &Path {
        self.work_dir().unwrap_or_else(|| self.git_dir())
    }

    /// Whether history was cut off by a shallow clone, so that tags of older commits may be absent.
    pub fn is_shallow(&self) -> bool {
        // Read here rather than through gix, which would follow `GIT_SHALLOW_FILE`. Git truncates the file before it
        // removes it.
        std::fs::metadata(self.common_dir().join("shallow")).is_ok_and(|file| file.len() > 0)
    }

    /// Whether all refs have reflogs, as `core.logAllRefUpdates=always` wants it.
    pub(super) fn logs_all_refs(&self) -> bool {
        let value = self.gix.config_snapshot().string("core.logAllRefUpdates");
        value.is_some_and(|value| value.eq_ignore_ascii_case(b"always"))
    }

    /// Whether the object is in the repository.
    pub fn has_object(&self, id: ObjectId) -> bool {
        self.to_gix(id).is_some_and(|gix_id| {
            self.gix.has_object(gix_id) || self.fetch_promised(&[id]) && self.gix.has_object(gix_id)
        })
    }

    /// What kind of object it is; `None` if it is not there or cannot be read.
    pub fn kind_of(&self, id: ObjectId) -> Option<ObjectKind> {
        self.header(id).ok().map(|(kind, _)| kind.into())
    }

    /// The number of objects read so far, including missing ones: the cost of a query.
    pub fn objects_read(&self) -> usize {
        self.reads.get()
    }

    pub(super) fn count_read(&self, objects: usize) {
        self.reads.set(self.reads.get() + objects);
    }

    /// The kind and size of an object, without reading its content.
    pub(super) fn header(&self, id: ObjectId) -> Result<(Kind, u64), GitError> {
        self.count_read(1);
        let gix_id = self.to_gix(id).ok_or(GitError::Missing { id })?;
        let mut header = self.gix.objects.try_header(&gix_id);
        if matches!(header, Ok(None)) && self.fetch_promised(&[id]) {
            header = self.gix.objects.try_header(&gix_id);
        }
        match header {
            Ok(Some(header)) => Ok((header.kind(), header.size())),
            Ok(None) => Err(self.missing(id)),
            Err(error) => Err(GitError::broken_object(id, error)),
        }
    }

    /// The id for gix; `None` if this repository uses the other hash, so that nothing in it can have that id.
    pub(super) fn to_gix(&self, id: ObjectId) -> Option<gix::ObjectId> {
        let id = gix::ObjectId::try_from(id.as_bytes()).ok()?;
        (id.kind() == self.gix.object_hash()).then_some(id)
    }
}
