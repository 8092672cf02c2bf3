//! The threads that look at repositories.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use gto::environment::Environment;
use tokio::sync::watch as signal;

use crate::state::live::Live;
use crate::state::repository::ServedRepository;
use crate::state::schedule::Schedule;
use crate::state::watch::Watch;

/// Looks at local repositories take turns on so many threads: they are short.
const LOCAL_THREADS: usize = 2;
/// Remote ones wait for networks; so many of one host are asked at once.
const REMOTE_THREADS: usize = 8;
/// More hosts share the threads of the last one.
const HOSTS: usize = 16;

/// Keeps what is known of repositories current.
pub struct Refresher {
    /// The local ones, and those of each host: one that does not answer keeps no other waiting.
    groups: Vec<Group>,
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
    fn new(repositories: Vec<Arc<ServedRepository>>, interval: Duration) -> Self {
        let repositories = Arc::new(repositories);
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
        let (remote, local): (Vec<_>, Vec<_>) =
            repositories.iter().cloned().partition(|repository| repository.is_remote());
        let local = Group::new(local, interval);
        let remote = by_host(remote).into_iter().map(|one| Group::new(one, interval));
        let hinted = Arc::clone(&local.schedule);
        let watch = Arc::new(Mutex::new(Watch::new(move |place| hinted.hint(place))));
        let (sender, unseen) = signal::channel(local.repositories.len());
        let sender = Arc::new(sender);
        let (judges, to_judge) = mpsc::channel();
        let mut threads = Vec::new();
        let groups: Vec<Group> = std::iter::once(local).chain(remote).collect();
        let most = std::iter::once(LOCAL_THREADS).chain(std::iter::repeat(REMOTE_THREADS));
        for (group, most) in groups.iter().zip(most) {
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
        Ok(Self { groups, threads, environment: environment.clone(), unseen })
    }

    /// Looks at a repository now.
    pub fn hint(&self, id: &str) {
        for group in &self.groups {
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
        for group in &self.groups {
            group.schedule.end();
        }
        self.environment.cancellation().cancel();
        for thread in self.threads.drain(..) {
            // It has nothing that anybody waits for.
            let _ = thread.join();
        }
    }
}

/// Repositories by the host that has them.
fn by_host(remote: Vec<Arc<ServedRepository>>) -> Vec<Vec<Arc<ServedRepository>>> {
    let mut hosts: Vec<(String, Vec<Arc<ServedRepository>>)> = Vec::new();
    for repository in remote {
        let host = host_of(&repository.shown_source()).to_owned();
        let known = hosts.iter().position(|(known, _)| *known == host);
        match known.or_else(|| hosts.len().checked_sub(1).filter(|_| hosts.len() >= HOSTS)) {
            Some(place) => hosts[place].1.push(repository),
            None => hosts.push((host, vec![repository])),
        }
    }
    hosts.into_iter().map(|(_, repositories)| repositories).collect()
}

/// The host in an address.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
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
            let start = Instant::now();
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
            repository.set_due(self.schedule.done(place, looked.has_failed, start.elapsed()));
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
