//! An open repository, and the small questions about it.
//!
//! Owns what every other file of this module works on.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use thread_local::ThreadLocal;

use crate::environment::Environment;
use crate::git::objects::fetches::Fetches;
use crate::git::objects::packs::Pack;
use crate::git::open::inherited::{Inherited, QUARANTINE};
use crate::git::open::linked_head;
use crate::git::refs::system_lock::SystemLock;
use crate::object_id::ObjectId;

/// An open repository. Cheap to open; objects and refs are read when needed.
pub(crate) struct Repository {
    pub(super) gix: Handles,
    pub(super) work_dir: Option<PathBuf>,
    pub(super) refs: RefStorage,
    /// How many objects were looked at.
    pub(super) reads: AtomicUsize,
    /// What this thread has of the lock that keeps other writers away.
    pub(super) locked: ThreadLocal<Cell<SystemLock>>,
    /// The variables, the clock and the folder of the caller.
    pub(super) environment: Environment,
    /// What became of fetching what a partial clone left out.
    pub(super) fetches: Fetches,
    /// What every `git` that works on it is told beside its arguments.
    pub(super) variables: Arc<[(String, String)]>,
    /// How long a `git` may be silent; `None` for no limit.
    pub(super) silence: Option<Duration>,
    /// What the variables of Git select here.
    pub(super) inherited: Arc<Inherited>,
    /// The packs, once an object was read.
    pub(super) packs: Arc<OnceLock<Vec<Pack>>>,
    /// Whether many objects are read, so that it pays that gix opens the packs.
    pub(super) reads_many: AtomicBool,
    /// What gix has opened in its place.
    pub(super) stand_in: Option<Arc<linked_head::StandIn>>,
}

/// The number of objects beyond which it pays that gix opens the packs.
const FEW: usize = 4;

/// How the repository keeps its refs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefStorage {
    /// Loose files and `packed-refs`: gix reads and writes them.
    Files,
    /// Tables. gix would show no ref at all, so everything about refs goes through the user's `git`.
    Reftable,
}

/// gix's own handles on it, one for each thread: they cannot be shared.
pub(super) struct Handles {
    of_threads: ThreadLocal<gix::Repository>,
    template: Mutex<gix::Repository>,
}

impl Handles {
    pub fn new(gix: gix::Repository) -> Self {
        let template = Mutex::new(gix.clone());
        let of_threads = ThreadLocal::new();
        of_threads.get_or(|| gix);
        Self { of_threads, template }
    }

    fn get(&self) -> &gix::Repository {
        let make = || self.template.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.of_threads.get_or(make)
    }
}

impl Repository {
    /// gix's view of it, for this thread.
    pub(super) fn gix(&self) -> &gix::Repository {
        self.gix.get()
    }

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
        let value = self.gix().config_snapshot().string(key)?;
        String::from_utf8(value.into()).ok()
    }

    /// The root of the work tree; `None` in a bare repository.
    pub fn work_dir(&self) -> Option<&Path> {
        self.work_dir.as_deref()
    }

    /// The folder with `HEAD`, private to a linked work tree.
    pub fn git_dir(&self) -> &Path {
        self.stand_in.as_ref().map_or_else(|| self.gix().git_dir(), |stand_in| &stand_in.git_dir)
    }

    /// The folder with refs and objects, shared by all work trees.
    pub fn common_dir(&self) -> &Path {
        self.gix().common_dir()
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
        let value = self.gix().config_snapshot().string("core.logAllRefUpdates");
        value.is_some_and(|value| value.eq_ignore_ascii_case(b"always"))
    }

    /// How many objects were looked at so far, those that are not there included: what an answer costs.
    pub fn objects_read(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }

    /// Takes note that as many objects are about to be read.
    pub(super) fn expect_reads(&self, objects: usize) {
        if self.objects_read() + objects > FEW {
            self.reads_many.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn count_read(&self, objects: usize) {
        self.reads.fetch_add(objects, Ordering::Relaxed);
    }

    /// The id for gix; `None` if this repository uses the other hash, so that nothing in it can have that id.
    pub(super) fn to_gix(&self, id: ObjectId) -> Option<gix::ObjectId> {
        let id = gix::ObjectId::try_from(id.as_bytes()).ok()?;
        (id.kind() == self.gix().object_hash()).then_some(id)
    }

    /// Whether objects are kept elsewhere than in the repository.
    pub(super) fn has_objects_elsewhere(&self) -> bool {
        self.inherited.objects.is_some()
    }

    /// Where objects are written to.
    pub(super) fn objects_dir(&self) -> &Path {
        let elsewhere = self.inherited.objects.as_ref().map(|objects| objects.main.as_path());
        elsewhere.unwrap_or_else(|| self.gix().objects.store_ref().path())
    }

    /// Whether Git refuses to change refs here: it has yet to decide whether to take in the objects that were pushed.
    pub(super) fn is_quarantined(&self) -> bool {
        self.inherited.counts && self.environment.variable_os(QUARANTINE).is_some()
    }
}
