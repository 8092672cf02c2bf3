//! What is found out beside the looks at repositories, since it may take long. Pages show it when it is known.
//!
//! Owns in which order, and that what takes long about one repository keeps no other waiting. Threads of its own, so that no answer and
//! no look waits.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::state::repository::ServedRepository;
use crate::state::workers::Workers;

/// What is to be found out about the repository with this id. The earlier kinds come first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// What open pages want to know of versions.
    Versions(Arc<str>),
    /// What is remarkable about what is shown.
    Marks(Arc<str>),
    /// What `gto doctor` finds.
    Findings(Arc<str>),
}

impl Task {
    fn repository(&self) -> &Arc<str> {
        let (Self::Versions(id) | Self::Marks(id) | Self::Findings(id)) = self;
        id
    }
}

/// Who does not come back for so long gets a stand-in: one repository that hangs, or is large, must not keep the others waiting.
const LATE: Duration = Duration::from_secs(2);
/// More threads are not started.
const MOST: usize = 16;

/// Tasks, each once. One thread does them, or more while it does not come back; of one repository only one at a time.
pub struct Queue {
    name: &'static str,
    repositories: Vec<Arc<ServedRepository>>,
    workers: Workers,
    now: Mutex<Now>,
    changed: Condvar,
}

#[derive(Default)]
struct Now {
    tasks: BTreeSet<Task>,
    /// The places of the repositories of which a task is being done.
    busy: BTreeSet<usize>,
    is_over: bool,
}

impl Queue {
    /// Of tasks about these repositories, for threads of this name.
    pub fn new(name: &'static str, repositories: &[Arc<ServedRepository>]) -> Self {
        Self {
            name,
            repositories: repositories.to_vec(),
            workers: Workers::new(1, LATE, MOST),
            now: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Adds a task.
    pub fn add(&self, task: Task) {
        self.lock().tasks.insert(task);
        self.changed.notify_one();
    }

    /// Ends the threads after the tasks that they have.
    pub fn end(&self) {
        self.lock().is_over = true;
        self.changed.notify_all();
    }

    /// How many threads to start now.
    pub fn missing(&self) -> usize {
        self.workers.missing()
    }

    /// Starts a thread.
    pub fn start(self: &Arc<Self>) -> std::io::Result<JoinHandle<()>> {
        let queue = Arc::clone(self);
        thread::Builder::new().name(self.name.to_owned()).spawn(move || queue.work())
    }

    fn work(&self) {
        while let Some((task, place)) = self.next() {
            self.workers.begin(place);
            self.run(&task, &self.repositories[place]);
            self.lock().busy.remove(&place);
            // What waited for this repository may be another thread's.
            self.changed.notify_one();
            if !self.workers.end(place) {
                return;
            }
        }
    }

    /// The next task, and the place of its repository.
    fn next(&self) -> Option<(Task, usize)> {
        let mut now = self.lock();
        while !now.is_over {
            let free = |task: &Task| {
                let place = self.repositories.iter().position(|known| known.id == *task.repository())?;
                (!now.busy.contains(&place)).then(|| (task.clone(), place))
            };
            if let Some((task, place)) = now.tasks.iter().find_map(free) {
                now.tasks.remove(&task);
                now.busy.insert(place);
                return Some((task, place));
            }
            now = self.changed.wait(now).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, task: &Task, repository: &ServedRepository) {
        match task {
            Task::Versions(_) => repository.find_facts(),
            Task::Findings(_) => repository.examine(),
            Task::Marks(id) => {
                repository.judge();
                if repository.is_examined_unasked() {
                    self.add(Task::Findings(Arc::clone(id)));
                }
            }
        }
    }
}
