//! What happens while the server runs, for pages that are open: a stream of changes, and the last of them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use gto::snapshot::{Change, ChangeKind};
use gto::time::Timestamp;
use serde::Serialize;
use tokio::sync::broadcast;

/// So many changes a page that comes back is told of.
const REMEMBERED: usize = 1000;

/// A tag that came, went or moved.
#[derive(Debug, Clone, Serialize)]
pub struct LiveEvent {
    /// Its place in the stream of this server.
    pub id: u64,
    /// The repository's id.
    pub repo: Arc<str>,
    /// When the server saw it.
    pub seen_at: Timestamp,
    #[serde(flatten)]
    pub change: Change,
}

impl LiveEvent {
    /// What became of the tag, in a word.
    pub fn word(&self) -> &'static str {
        match self.change.kind {
            ChangeKind::Gone => "deleted",
            ChangeKind::Moved => "moved",
            _ => "new",
        }
    }
}

/// The stream.
pub struct Live {
    sender: broadcast::Sender<Arc<LiveEvent>>,
    /// The repositories of which something else than a tag is another now.
    states: broadcast::Sender<Arc<str>>,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    id: u64,
    events: VecDeque<Arc<LiveEvent>>,
}

/// The stream from some change on.
pub struct Listening {
    /// The id of that change.
    pub from: u64,
    pub missed: Vec<Arc<LiveEvent>>,
    pub coming: broadcast::Receiver<Arc<LiveEvent>>,
    /// Whether that is the one that was asked for.
    pub is_known: bool,
}

impl Last {
    /// Whether all changes after that with this id are kept.
    fn is_kept(&self, id: u64) -> bool {
        id <= self.id && self.events.front().is_none_or(|first| id + 1 >= first.id)
    }

    fn after(&self, id: u64) -> Option<Vec<Arc<LiveEvent>>> {
        let is_after = |event: &&Arc<LiveEvent>| event.id > id;
        self.is_kept(id).then(|| self.events.iter().filter(is_after).cloned().collect())
    }
}

impl Default for Live {
    fn default() -> Self {
        Self { sender: broadcast::channel(256).0, states: broadcast::channel(256).0, last: Mutex::default() }
    }
}

impl Live {
    /// Tells that a repository cannot be read any more, or can be again, or that its files or its policy are others.
    pub fn tell_of_state(&self, repo: &Arc<str>) {
        // Nobody may be listening.
        let _ = self.states.send(Arc::clone(repo));
    }

    /// The repositories of which that is told from here on.
    pub fn states(&self) -> broadcast::Receiver<Arc<str>> {
        self.states.subscribe()
    }

    /// Tells of changes.
    pub fn tell(&self, repo: &Arc<str>, seen_at: Timestamp, changes: Vec<Change>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            last.id += 1;
            let event = Arc::new(LiveEvent { id: last.id, repo: Arc::clone(repo), seen_at, change });
            last.events.push_back(Arc::clone(&event));
            if last.events.len() > REMEMBERED {
                last.events.pop_front();
            }
            // Nobody may be listening.
            let _ = self.sender.send(event);
        }
    }

    /// What comes from here on, and what came after the change with this id.
    pub fn listen(&self, after: Option<u64>) -> Listening {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let after = after.filter(|after| last.is_kept(*after));
        let missed = after.and_then(|after| last.after(after)).unwrap_or_default();
        Listening {
            from: after.unwrap_or(last.id),
            missed,
            coming: self.sender.subscribe(),
            is_known: after.is_some(),
        }
    }

    /// The id of the newest change.
    pub fn newest(&self) -> u64 {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).id
    }

    /// The changes after that with this id; `None` if some of them are not kept.
    pub fn after(&self, id: u64) -> Option<Vec<Arc<LiveEvent>>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).after(id)
    }

    /// The tags that went or moved while the server ran, newest first: what no tag says any more.
    pub fn lost(&self) -> Vec<Arc<LiveEvent>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.events.iter().rev().filter(|event| event.change.kind != ChangeKind::New).cloned().collect()
    }
}
