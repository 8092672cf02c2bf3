//! The journal of a registry.
//!
//! Owns the order of the entries of several artifacts.

use std::collections::HashMap;
use std::thread;

use serde::{Serialize, Serializer};

use super::event::EventReport;
use super::schema::Schema;
use crate::annotation::{Annotation, Sourced};
use crate::name::ArtifactName;
use crate::object_id::ObjectId;
use crate::query::HistoryOptions;

/// The journal: the entries of all artifacts in order. There may be a million of them, so that they stay where they
/// were made, artifact by artifact, and only their places are sorted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    artifacts: Vec<Vec<EventReport>>,
    order: Vec<(u32, u32)>,
    /// What the commit of an entry says of its artifact, if that was asked for.
    annotations: HashMap<(ObjectId, ArtifactName), Option<Sourced>>,
}

impl History {
    /// The journal of these artifacts, each with its entries oldest first, in the order that `options` want.
    pub fn new(artifacts: Vec<Vec<EventReport>>, options: &HistoryOptions) -> Self {
        // By time; within a second events stay together by artifact, in the artifact's own order. The keys hold all that
        // decides, since looking up a million entries in this order costs more than sorting them.
        let mut by_name: Vec<u32> = (0..).zip(&artifacts).map(|(i, _)| i).collect();
        by_name.sort_by_key(|&i| artifacts[i as usize].first().map(|entry| &entry.artifact));
        let mut keys = Vec::with_capacity(artifacts.iter().map(Vec::len).sum());
        for (rank, i) in (0_u32..).zip(by_name) {
            let entries = (0_u32..).zip(&artifacts[i as usize]);
            keys.extend(entries.map(|(k, entry)| (entry.created_at.seconds(), rank, k, i)));
        }
        sort_in_halves(&mut keys);
        if !options.ascending {
            keys.reverse();
        }
        let order = keys.into_iter().take(options.limit.unwrap_or(usize::MAX)).map(|(_, _, k, i)| (i, k));
        Self { order: order.collect(), artifacts, annotations: HashMap::new() }
    }

    /// Takes in what the commits of the entries say of their artifacts; each is asked for once.
    pub(crate) fn annotate(&mut self, mut find: impl FnMut(&EventReport) -> Option<Sourced>) {
        let mut annotations = std::mem::take(&mut self.annotations);
        for entry in self.iter() {
            annotations.entry((entry.commit, entry.artifact.clone())).or_insert_with(|| find(entry));
        }
        self.annotations = annotations;
    }

    /// What the commit of an entry says of its artifact, if [`HistoryOptions::annotations`] asked for it.
    pub fn annotation(&self, entry: &EventReport) -> Option<&Annotation> {
        let found = self.annotations.get(&(entry.commit, entry.artifact.clone()))?;
        found.as_ref().map(|sourced| &sourced.annotation)
    }

    fn entry(&self, (artifact, place): (u32, u32)) -> &EventReport {
        &self.artifacts[artifact as usize][place as usize]
    }

    /// The entries.
    pub fn iter(&self) -> impl Iterator<Item = &EventReport> + Clone {
        self.order.iter().map(|&place| self.entry(place))
    }

    /// The entries, in an order in which they are quickly read.
    pub fn iter_unordered(&self) -> impl Iterator<Item = &EventReport> {
        let is_whole = self.order.len() == self.artifacts.iter().map(Vec::len).sum::<usize>();
        let all = is_whole.then(|| self.artifacts.iter().flatten()).into_iter().flatten();
        let some = (!is_whole).then(|| self.iter()).into_iter().flatten();
        all.chain(some)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

/// Sorts on two processors, which is worth while for some ten thousand.
fn sort_in_halves<T: Ord + Send>(all: &mut [T]) {
    let (one, other) = all.split_at_mut(all.len() / 2);
    thread::scope(|scope| {
        scope.spawn(|| one.sort_unstable());
        other.sort_unstable();
    });
    // A stable sort sees that these are two sorted runs, and merges them.
    all.sort();
}

/// An object with the events in a list.
impl Serialize for History {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Report<'a> {
            schema: Schema,
            events: Vec<&'a EventReport>,
        }
        Report { schema: Schema, events: self.iter().collect() }.serialize(serializer)
    }
}
