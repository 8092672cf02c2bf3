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
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    id: u64,
    events: VecDeque<Arc<LiveEvent>>,
}

impl Default for Live {
    fn default() -> Self {
        Self { sender: broadcast::channel(256).0, last: Mutex::default() }
    }
}

impl Live {
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
    pub fn listen(&self, after: Option<u64>) -> (Vec<Arc<LiveEvent>>, broadcast::Receiver<Arc<LiveEvent>>) {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let missed =
            after.map(|after| last.events.iter().filter(|event| event.id > after).cloned().collect());
        (missed.unwrap_or_default(), self.sender.subscribe())
    }
    /// The tags that went or moved while the server ran, newest first: what no tag says any more.
    pub fn lost(&self) -> Vec<Arc<LiveEvent>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.events.iter().rev().filter(|event| event.change.kind != ChangeKind::New).cloned().collect()
    }
}
