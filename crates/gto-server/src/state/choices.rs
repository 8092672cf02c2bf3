//! What the artifacts of a repository have in common: found when its picture is taken, so that no page goes through all of them for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::state::row::Row;

/// More types or labels are not offered.
const MOST: usize = 200;

/// What artifacts can be chosen by, and how many are in use.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// How many artifacts are not deprecated.
    pub active: usize,
    pub types: BTreeSet<String>,
    pub labels: BTreeSet<String>,
}

impl Choices {
    /// Of these artifacts.
    pub fn of<'r>(rows: impl Iterator<Item = &'r Arc<Row>>) -> Self {
        let mut choices = Self::default();
        for row in rows {
            choices.active += usize::from(row.active);
            add(&mut choices.types, &row.kind);
            add(&mut choices.labels, &row.labels);
        }
        choices
    }

    /// Those of another repository, too.
    pub fn join(&mut self, other: &Self) {
        self.active += other.active;
        add(&mut self.types, &other.types);
        add(&mut self.labels, &other.labels);
    }
}

fn add<'t>(known: &mut BTreeSet<String>, texts: impl IntoIterator<Item = &'t String>) {
    for text in texts {
        if known.len() < MOST && !known.contains(text) {
            known.insert(text.clone());
        }
    }
}
