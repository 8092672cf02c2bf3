//! The threads that look at repositories.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use gto::environment::Environment;
use tokio::sync::watch as signal;

use crate::state::live::Live;
use crate::state::repository::ServedRepository;
use crate::state::schedule::Schedule;
use crate::state::watch::Watch;

/// Looks at local repositories take turns on so many threads: they are short.
const LOCAL_THREADS: usize = 2;
/// Remote ones wait for networks.
const REMOTE_THREADS: usize = 8;

/// Keeps what is known of repositories current.
pub struct Refresher {
    local: Group,
    remote: Group,
    threads: Vec<JoinHandle<()>>,
    environment: Environment,
    /// How many local repositories were not looked at yet.
    unseen: signal::Receiver<usize>,
}

/// Repositories that are looked at by the same threads.
struct Group {
    repositories: Arc<Vec<Arc<ServedRepository>>>,
    schedule: Arc<Schedule>,
}

impl Group {
    fn new(all: &[Arc<ServedRepository>], is_remote: bool, interval: Duration) -> Self {
        let mine = all.iter().filter(|repository| repository.is_remote() == is_remote).cloned();
        let repositories: Arc<Vec<_>> = Arc::new(mine.collect());
        let schedule = Arc::new(Schedule::new(repositories.len(), interval));
        Self { repositories, schedule }
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.repositories.iter().position(|repository| *repository.id == *id)
    }
}

impl Refresher {
    /// Starts the threads.
    pub fn start(
        repositories: &[Arc<ServedRepository>],
        interval: Duration,
        live: &Arc<Live>,
        environment: &Environment,
    ) -> std::io::Result<Self> {
        let local = Group::new(repositories, false, interval);
        let remote = Group::new(repositories, true, interval);
        let hinted = Arc::clone(&local.schedule);
        let watch = Arc::new(Mutex::new(Watch::new(move |place| hinted.hint(place))));
        let (sender, unseen) = signal::channel(local.repositories.len());
        let sender = Arc::new(sender);
        let (judges, to_judge) = mpsc::channel();
        let mut threads = Vec::new();
        for (group, most) in [(&local, LOCAL_THREADS), (&remote, REMOTE_THREADS)] {
            for _ in 0..most.min(group.repositories.len()) {
                let worker = Worker {
                    repositories: Arc::clone(&group.repositories),
                    schedule: Arc::clone(&group.schedule),
                    watch: Arc::clone(&watch),
                    live: Arc::clone(live),
                    environment: environment.clone(),
                    unseen: Arc::clone(&sender),
                    judges: judges.clone(),
                };
                threads.push(thread::Builder::new().name("gto-look".to_owned()).spawn(move || worker.run())?);
            }
        }
        drop(judges);
        threads.push(judge_beside(repositories.to_vec(), to_judge)?);
        Ok(Self { local, remote, threads, environment: environment.clone(), unseen })
    }

    /// Looks at a repository now.
    pub fn hint(&self, id: &str) {
        for group in [&self.local, &self.remote] {
            if let Some(place) = group.place(id) {
                group.schedule.hint(place);
            }
        }
    }

    /// Waits until every local repository was looked at once, at most that long.
    pub async fn first_look(&self, at_most: Duration) {
        let mut unseen = self.unseen.clone();
        if *unseen.borrow() > 0 {
            let _ = tokio::time::timeout(at_most, unseen.wait_for(|unseen| *unseen == 0)).await;
        }
    }

    /// Whether every local repository was looked at.
    pub fn is_ready(&self) -> bool {
        *self.unseen.borrow() == 0
    }
}

impl Drop for Refresher {
    fn drop(&mut self) {
        for group in [&self.local, &self.remote] {
            group.schedule.end();
        }
        self.environment.cancellation().cancel();
        for thread in self.threads.drain(..) {
            // It has nothing that anybody waits for.
            let _ = thread.join();
        }
    }
}

/// Judges repositories one after the other, which may take longer than a look. Ends with those that look.
fn judge_beside(
    repositories: Vec<Arc<ServedRepository>>,
    to_judge: mpsc::Receiver<Arc<str>>,
) -> std::io::Result<JoinHandle<()>> {
    let judge = move || {
        for id in to_judge {
            if let Some(repository) = repositories.iter().find(|repository| repository.id == id) {
                repository.judge();
            }
        }
    };
    thread::Builder::new().name("gto-judge".to_owned()).spawn(judge)
}

/// One thread.
struct Worker {
    repositories: Arc<Vec<Arc<ServedRepository>>>,
    schedule: Arc<Schedule>,
    watch: Arc<Mutex<Option<Watch>>>,
    live: Arc<Live>,
    environment: Environment,
    unseen: Arc<signal::Sender<usize>>,
    /// Where the ids of repositories go that are to be judged anew.
    judges: mpsc::Sender<Arc<str>>,
}

impl Worker {
    fn run(&self) {
        while let Some((place, look)) = self.schedule.next() {
            let repository = &self.repositories[place];
            let is_first = !repository.mark_looked_at();
            let was_seen = repository.picture().serial > 0;
            let looked = repository.look(look);
            if !looked.changes.is_empty() {
                self.live.tell(&repository.id, self.environment.now(), looked.changes);
            }
            if !was_seen && !looked.has_failed {
                self.begin_watching(place, repository);
            }
            if is_first && !repository.is_remote() {
                self.unseen.send_modify(|unseen| *unseen = unseen.saturating_sub(1));
            }
            self.schedule.done(place, looked.has_failed);
            if !repository.marks().are_of(&repository.picture()) {
                // It is gone at the end alone.
                let _ = self.judges.send(Arc::clone(&repository.id));
            }
        }
    }

    fn begin_watching(&self, place: usize, repository: &ServedRepository) {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        let folders = repository.ref_folders();
        let is_watched = watch.as_mut().is_some_and(|watch| watch.add(place, &folders));
        repository.set_watched(is_watched);
        drop(watch);
        // What changed between the look and the watch.
        if is_watched {
            self.schedule.hint(place);
        }
    }
}
