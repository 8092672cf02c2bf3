//! What is found out beside the looks at repositories, since it may take long. Pages show it when it is known.
//!
//! Owns in which order. Threads of its own, so that no answer and no look waits.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::state::repository::ServedRepository;

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

/// The tasks of a thread, each once.
#[derive(Default)]
pub struct Queue {
    now: Mutex<Now>,
    changed: Condvar,
}

#[derive(Default)]
struct Now {
    tasks: BTreeSet<Task>,
    is_over: bool,
}

impl Queue {
    /// Adds a task.
    pub fn add(&self, task: Task) {
        self.lock().tasks.insert(task);
        self.changed.notify_one();
    }

    /// Ends the thread after the task that it has.
    pub fn end(&self) {
        self.lock().is_over = true;
        self.changed.notify_all();
    }

    fn next(&self) -> Option<Task> {
        let now = self.lock();
        let now = self.changed.wait_while(now, |now| !now.is_over && now.tasks.is_empty());
        let mut now = now.unwrap_or_else(PoisonError::into_inner);
        if now.is_over { None } else { now.tasks.pop_first() }
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the thread.
    pub fn start(
        self: &Arc<Self>,
        name: &str,
        repositories: &[Arc<ServedRepository>],
    ) -> std::io::Result<JoinHandle<()>> {
        let (queue, repositories) = (Arc::clone(self), repositories.to_vec());
        let run = move || {
            while let Some(task) = queue.next() {
                let (Task::Versions(id) | Task::Marks(id) | Task::Findings(id)) = &task;
                if let Some(repository) = repositories.iter().find(|repository| repository.id == *id) {
                    queue.run(&task, repository);
                }
            }
        };
        thread::Builder::new().name(name.to_owned()).spawn(run)
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
