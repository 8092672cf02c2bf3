//! The threads that look at repositories.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use gto::environment::Environment;
use tokio::sync::watch as signal;

use crate::state::beside::{Queue, Task};
use crate::state::live::Live;
use crate::state::repository::{Look, ServedRepository};
use crate::state::schedule::Schedule;
use crate::state::watch::Watch;
use crate::state::workers::Workers;

/// Looks at local repositories take turns on so many threads: they are short.
const LOCAL_THREADS: usize = 2;
/// Remote ones wait for networks; so many of one host are asked at once.
const REMOTE_THREADS: usize = 8;
/// More hosts share the threads of the last one.
const HOSTS: usize = 16;
/// Who does not come back from a look for so long gets a stand-in.
const LATE: Duration = Duration::from_millis(500);
/// More threads are not started for one group.
const MOST_THREADS: usize = 256;
/// How often to look for threads that do not come back.
const ROUND: Duration = Duration::from_millis(250);
/// A local repository that takes longer for a look does not answer, and nothing is read of it meanwhile.
const STUCK: Duration = Duration::from_secs(10);
/// So long answers wait for the first looks, and threads are waited for at the end.
const FIRST_LOOKS: Duration = Duration::from_secs(10);
const LAST_LOOKS: Duration = Duration::from_secs(2);

/// Keeps what is known of repositories current.
pub struct Refresher {
    /// The local ones, and those of each host: one that does not answer keeps no other waiting.
    groups: Vec<Group>,
    /// What is found out of each state, and what open pages want to know.
    judged: Arc<Queue>,
    asked: Arc<Queue>,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
    environment: Environment,
    /// How many local repositories were not looked at yet.
    unseen: signal::Receiver<usize>,
    /// When waiting for the first looks ends: one that hangs must not keep answers about the others.
    until: Instant,
    end: Arc<End>,
}

/// The end, for who sleeps until then.
#[derive(Default)]
struct End {
    is_here: Mutex<bool>,
    changed: Condvar,
}

impl End {
    /// Sleeps, and returns whether the end is here.
    fn sleep(&self, time: Duration) -> bool {
        let is_here = self.is_here.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(is_here, time, |is_here| !*is_here);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn come(&self) {
        *self.is_here.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }
}

/// Repositories that are looked at by the same threads.
struct Group {
    repositories: Arc<Vec<Arc<ServedRepository>>>,
    schedule: Arc<Schedule>,
    workers: Arc<Workers>,
}

impl Group {
    fn new(
        repositories: Vec<Arc<ServedRepository>>,
        interval: Duration,
        threads: usize,
        budget: Option<u64>,
    ) -> Self {
        let schedule = Arc::new(Schedule::new(repositories.len(), interval, budget));
        let workers = Arc::new(Workers::new(threads.min(repositories.len()), LATE, MOST_THREADS));
        Self { repositories: Arc::new(repositories), schedule, workers }
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.repositories.iter().position(|repository| *repository.id == *id)
    }
}

impl Refresher {
    /// Starts the threads.
    pub fn start(
        repositories: &[Arc<ServedRepository>],
        (interval, budget): (Duration, u64),
        live: &Arc<Live>,
        environment: &Environment,
    ) -> std::io::Result<Self> {
        let (remote, local): (Vec<_>, Vec<_>) =
            repositories.iter().cloned().partition(|repository| repository.is_remote());
        let local = Group::new(local, interval, LOCAL_THREADS, None);
        let remote =
            by_host(remote).into_iter().map(|one| Group::new(one, interval, REMOTE_THREADS, Some(budget)));
        let hinted = Arc::clone(&local.schedule);
        let watch = Arc::new(Mutex::new(Watch::new(move |place| hinted.hint(place))));
        let (sender, unseen) = signal::channel(local.repositories.len());
        let sender = Arc::new(sender);
        let judged = Arc::new(Queue::new("gto-judge", repositories));
        let asked = Arc::new(Queue::new("gto-versions", repositories));
        let groups: Vec<Group> = std::iter::once(local).chain(remote).collect();
        let worker = |group: &Group| Worker {
            repositories: Arc::clone(&group.repositories),
            schedule: Arc::clone(&group.schedule),
            workers: Arc::clone(&group.workers),
            watch: Arc::clone(&watch),
            live: Arc::clone(live),
            environment: environment.clone(),
            unseen: Arc::clone(&sender),
            judged: Arc::clone(&judged),
        };
        let mut threads = Vec::new();
        for (place, group) in groups.iter().enumerate() {
            let most = if place == 0 { LOCAL_THREADS } else { REMOTE_THREADS };
            for _ in 0..most.min(group.repositories.len()) {
                threads.push(worker(group).start()?);
            }
        }
        let (local, end) = (worker(&groups[0]), Arc::<End>::default());
        threads.push(judged.start()?);
        threads.push(asked.start()?);
        let threads = Arc::new(Mutex::new(threads));
        local.stand_in_beside(&end, &threads, [Arc::clone(&judged), Arc::clone(&asked)])?;
        let until = Instant::now() + FIRST_LOOKS;
        Ok(Self { groups, judged, asked, threads, environment: environment.clone(), unseen, until, end })
    }

    /// Looks at a repository now.
    pub fn hint(&self, id: &str) {
        for group in &self.groups {
            if let Some(place) = group.place(id) {
                group.schedule.hint(place);
            }
        }
    }

    /// Judges what is wanted of a repository, beside.
    pub fn judge(&self, repository: &ServedRepository) {
        self.judged.add(Task::Marks(Arc::clone(&repository.id)));
    }

    /// Looks for what is wrong in a repository, beside.
    pub fn examine(&self, repository: &ServedRepository) {
        self.judged.add(Task::Findings(Arc::clone(&repository.id)));
    }

    /// Finds out what is wanted to know of its versions, beside.
    pub fn find_facts(&self, repository: &ServedRepository) {
        self.asked.add(Task::Versions(Arc::clone(&repository.id)));
    }

    /// Waits until every local repository was looked at once, or that takes too long.
    pub async fn first_look(&self) {
        let mut unseen = self.unseen.clone();
        let left = self.until.saturating_duration_since(Instant::now());
        if *unseen.borrow() > 0 && !left.is_zero() {
            let _ = tokio::time::timeout(left, unseen.wait_for(|unseen| *unseen == 0)).await;
        }
    }

    /// Whether every local repository was looked at, or will not be so soon.
    pub fn is_ready(&self) -> bool {
        *self.unseen.borrow() == 0 || self.until <= Instant::now()
    }
}

impl Drop for Refresher {
    fn drop(&mut self) {
        self.end.come();
        for group in &self.groups {
            group.schedule.end();
        }
        self.judged.end();
        self.asked.end();
        self.environment.cancellation().cancel();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let start = Instant::now();
        for thread in threads {
            while !thread.is_finished() && start.elapsed() < LAST_LOOKS {
                thread::sleep(Duration::from_millis(5));
            }
            // It has nothing that anybody waits for; what hangs goes with the process.
            if thread.is_finished() {
                let _ = thread.join();
            }
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

/// One thread.
#[derive(Clone)]
struct Worker {
    repositories: Arc<Vec<Arc<ServedRepository>>>,
    schedule: Arc<Schedule>,
    workers: Arc<Workers>,
    watch: Arc<Mutex<Option<Watch>>>,
    live: Arc<Live>,
    environment: Environment,
    unseen: Arc<signal::Sender<usize>>,
    judged: Arc<Queue>,
}

impl Worker {
    fn start(self) -> std::io::Result<JoinHandle<()>> {
        thread::Builder::new().name("gto-look".to_owned()).spawn(move || self.run())
    }

    /// Starts threads in the place of those that do not come back, and says of which repositories nothing can be read.
    fn stand_in_beside(
        self,
        end: &Arc<End>,
        threads: &Arc<Mutex<Vec<JoinHandle<()>>>>,
        queues: [Arc<Queue>; 2],
    ) -> std::io::Result<()> {
        let (end, kept) = (Arc::clone(end), Arc::clone(threads));
        let stand_in = move || {
            while !end.sleep(ROUND) {
                let looks = (0..self.workers.missing()).map(|_| self.clone().start());
                let beside = queues.iter().flat_map(|queue| (0..queue.missing()).map(|_| queue.start()));
                for thread in looks.chain(beside).flatten() {
                    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    kept.retain(|thread| !thread.is_finished());
                    kept.push(thread);
                }
                for repository in self.workers.stuck(STUCK).into_iter().map(|place| &self.repositories[place])
                {
                    let before = repository.picture();
                    repository.give_up_reading();
                    if repository.picture().failing != before.failing {
                        self.live.tell_of_state(&repository.id);
                    }
                }
            }
        };
        let thread = thread::Builder::new().name("gto-stand-in".to_owned()).spawn(stand_in)?;
        threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    fn run(&self) {
        while let Some((place, look)) = self.schedule.next() {
            self.workers.begin(place);
            self.look(place, look);
            if !self.workers.end(place) {
                return;
            }
        }
    }

    fn look(&self, place: usize, look: Look) {
        let repository = &self.repositories[place];
        let is_first = !repository.mark_looked_at();
        let before = repository.picture();
        let was_away = before.serial == 0 || before.failing.is_some();
        let start = Instant::now();
        let looked = repository.look(look);
        let after = repository.picture();
        if !looked.changes.is_empty() {
            self.live.tell(&repository.id, self.environment.now(), looked.changes);
        } else if after.serial != before.serial || after.failing != before.failing {
            self.live.tell_of_state(&repository.id);
        }
        // A folder that comes back is another one than that which was watched.
        if !looked.has_failed && (was_away || look == Look::Whole && self.is_another(place, repository)) {
            self.begin_watching(place, repository);
        }
        if is_first && !repository.is_remote() {
            self.unseen.send_modify(|unseen| *unseen = unseen.saturating_sub(1));
        }
        repository.set_due(self.schedule.done(place, looked.has_failed, start.elapsed(), looked.bytes));
        if !repository.marks().are_of(&repository.picture()) {
            self.judged.add(Task::Marks(Arc::clone(&repository.id)));
        }
    }

    /// Whether other folders have the names of those that are watched.
    fn is_another(&self, place: usize, repository: &ServedRepository) -> bool {
        let folders = repository.ref_folders();
        let watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        watch.as_ref().is_some_and(|watch| !folders.is_empty() && !watch.has(place, &folders))
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
