//! The stack of a stage: what it shows, below that what it goes back to, and so on down.
//!
//! Owns that order, as a pure function of an artifact's events. An assignment puts a version on top; one that is in the stack
//! already takes off all above it. An unassignment takes a version out, wherever it is. A deregistered version stays where it is
//! and is passed over, until it is registered again. What the stage shows is on top at any time: where the top goes, and an
//! assignment that was taken off before is uncovered, that one is put on top again.

use std::collections::{BTreeMap, HashMap};

use crate::event::EventKind;
use crate::name::StageName;
use crate::state::{Artifact, VersionView};

/// The active versions in the stack of `stage`, from the one that it shows down.
pub fn stack<'a>(artifact: &'a Artifact, stage: &StageName) -> Vec<VersionView<'a>> {
    let mut fold = Fold::default();
    for (index, event) in artifact.events().iter().enumerate() {
        let Some(version) = artifact.owner_index(index) else { continue };
        let is_here = event.stage() == Some(stage);
        match event.kind() {
            EventKind::Assignment if is_here => fold.assign(version, index),
            EventKind::Unassignment if is_here => fold.unassign(version),
            EventKind::Registration => fold.set_active(version, true),
            EventKind::Deregistration => fold.set_active(version, false),
            _ => continue,
        }
        fold.raise_what_is_shown(index);
    }
    fold.stack.active.values().rev().filter_map(|&version| artifact.version_at(version)).collect()
}

/// A stage while the events of its artifact are folded; versions by their index.
#[derive(Default)]
struct Fold {
    /// The versions that are in the stage, by their newest assignments: the last active one is shown.
    assigned: Line,
    stack: Line,
    inactive: std::collections::HashSet<usize>,
}

impl Fold {
    fn assign(&mut self, version: usize, event: usize) {
        self.assigned.remove(version);
        self.assigned.push(version, event, !self.inactive.contains(&version));
        if !self.stack.cut_above(version) {
            self.stack.push(version, event, !self.inactive.contains(&version));
        }
    }

    fn unassign(&mut self, version: usize) {
        self.assigned.remove(version);
        self.stack.remove(version);
    }

    fn set_active(&mut self, version: usize, is_active: bool) {
        if is_active {
            self.inactive.remove(&version);
        } else {
            self.inactive.insert(version);
        }
        self.assigned.set_active(version, is_active);
        self.stack.set_active(version, is_active);
    }

    fn raise_what_is_shown(&mut self, event: usize) {
        let Some(shown) = self.assigned.last_active() else { return };
        if self.stack.last_active() != Some(shown) && !self.stack.cut_above(shown) {
            self.stack.push(shown, event, true);
        }
    }
}

/// Versions in an order, each at a place of its own. No step costs more for a long line.
#[derive(Default)]
struct Line {
    places: HashMap<usize, usize>,
    all: BTreeMap<usize, usize>,
    active: BTreeMap<usize, usize>,
}

impl Line {
    /// Puts a version at a place after all others.
    fn push(&mut self, version: usize, place: usize, is_active: bool) {
        self.places.insert(version, place);
        self.all.insert(place, version);
        if is_active {
            self.active.insert(place, version);
        }
    }

    fn remove(&mut self, version: usize) {
        if let Some(place) = self.places.remove(&version) {
            self.all.remove(&place);
            self.active.remove(&place);
        }
    }

    /// Removes all after a version; `false` if it is not in the line.
    fn cut_above(&mut self, version: usize) -> bool {
        let Some(&place) = self.places.get(&version) else { return false };
        for above in self.all.split_off(&(place + 1)).into_values() {
            self.places.remove(&above);
        }
        self.active.split_off(&(place + 1));
        true
    }

    fn set_active(&mut self, version: usize, is_active: bool) {
        let Some(&place) = self.places.get(&version) else { return };
        if is_active {
            self.active.insert(place, version);
        } else {
            self.active.remove(&place);
        }
    }

    fn last_active(&self) -> Option<usize> {
        self.active.values().next_back().copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::Event;
    use crate::event::tests::event;
    use crate::query::shown_in;

    /// What is done to the versions v1 to v4, each on the commit of its number, in the stage `prod`.
    #[derive(Debug, Clone, Copy)]
    enum Step {
        Assign(u8),
        Unassign(u8),
        Deregister(u8),
        Register(u8),
    }
    use Step::{Assign, Deregister, Register, Unassign};

    fn artifact(steps: &[Step]) -> Artifact {
        let registered = (1..=4).map(|n| event(&format!("m@v{n}.0.0"), n, i64::from(n)));
        let made = |(i, step): (i64, &Step)| -> Event {
            let time = 10 + i;
            match *step {
                Assign(n) => event(&format!("m#prod#{time}"), n, time),
                Unassign(n) => event(&format!("m#prod!#{time}"), n, time),
                Deregister(n) => event(&format!("m@v{n}.0.0!#{time}"), n, time),
                Register(n) => event(&format!("m@v{n}.0.0#{time}"), n, time),
            }
        };
        let events = registered.chain((1..).zip(steps).map(made)).collect();
        Artifact::from_events("m".parse().unwrap(), events)
    }

    /// The numbers of the versions in the stack, the shown one first.
    fn numbers(steps: &[Step]) -> Vec<u8> {
        let artifact = artifact(steps);
        let stack = stack(&artifact, &"prod".parse().unwrap());
        stack.iter().map(|version| version.commit().as_bytes()[0]).collect()
    }

    #[test]
    fn assigning_a_version_that_is_in_the_stack_takes_off_all_above_it() {
        let three = [Assign(1), Assign(2), Assign(3)];
        assert_eq!(numbers(&three), [3, 2, 1]);
        let back = [&three[..], &[Assign(2)]].concat();
        assert_eq!(numbers(&back), [2, 1]);
        assert_eq!(numbers(&[&back[..], &[Assign(1)]].concat()), [1]);
        assert_eq!(numbers(&[&back[..], &[Assign(4)]].concat()), [4, 2, 1]);
    }

    #[test]
    fn an_inactive_version_is_passed_over_and_comes_back_with_its_registration() {
        let steps = [Assign(1), Assign(2), Assign(3), Deregister(2)];
        assert_eq!(numbers(&steps), [3, 1]);
        assert_eq!(numbers(&[&steps[..], &[Register(2)]].concat()), [3, 2, 1]);
        assert_eq!(numbers(&[&steps[..], &[Deregister(3)]].concat()), [1]);
    }

    #[test]
    fn what_an_unassignment_uncovers_is_on_top() {
        assert_eq!(numbers(&[Assign(1), Assign(2), Unassign(2)]), [1]);
        assert_eq!(numbers(&[Assign(1), Assign(2), Assign(3), Unassign(2)]), [3, 1]);
        // The stage shows v3 again, which a rollback to v1 had taken off.
        assert_eq!(numbers(&[Assign(1), Assign(2), Assign(3), Assign(1), Unassign(1)]), [3]);
        let steps = [Assign(1), Assign(2), Assign(3), Assign(1), Unassign(1), Assign(4)];
        assert_eq!(numbers(&steps), [4, 3]);
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = (0..8u8, 1..=4u8).prop_map(|(kind, n)| match kind {
            0..=4 => Assign(n),
            5 => Unassign(n),
            6 => Deregister(n),
            _ => Register(n),
        });
        prop::collection::vec(step, 0..24)
    }

    proptest! {
        #[test]
        fn the_top_is_what_the_stage_shows_and_nothing_is_in_it_twice(steps in steps()) {
            let artifact = artifact(&steps);
            let prod = "prod".parse().unwrap();
            let stack = stack(&artifact, &prod);
            let label = |version: Option<&VersionView>| version.map(|version| version.label().clone());
            prop_assert_eq!(label(stack.first()), label(shown_in(&artifact, &prod).as_ref()));
            for (place, version) in stack.iter().enumerate() {
                prop_assert!(version.is_active() && version.stage(&prod).is_some_and(|stage| stage.is_active()));
                prop_assert!(stack[..place].iter().all(|other| !other.is_same(version)));
            }
        }

        #[test]
        fn each_rollback_makes_the_stack_shorter_by_its_top(steps in steps()) {
            let before = numbers(&steps);
            prop_assume!(before.len() > 1);
            let after = numbers(&[&steps[..], &[Assign(before[1])]].concat());
            prop_assert_eq!(&after[..], &before[1..]);
        }
    }
}
