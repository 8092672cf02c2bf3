//! Draws the contents of a random registry. The parent module describes what it may contain; it must not touch Git.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{self, ARTIFACTS, FOREIGN, MESSAGES, OFFSETS, ONLY_ANNOTATED, PEOPLE, STAGES};
use super::{
    ArtifactSpec, CommitSpec, ConfigSpec, EventSpec, ForeignTag, RegistrySpec, SplitMix, Stamp, VersionSpec,
};

/// Times are between this (2020-09-13) and about a year later.
const EPOCH: usize = 1_600_000_000;
/// The number of attempts to draw an event that is possible.
const TRIES: usize = 4;

impl RegistrySpec {
    /// The registry of a seed.
    pub fn generate(seed: u64) -> Self {
        let mut maker = Maker::new(seed);
        maker.tell_the_story();
        maker.choose_head();
        maker.configure();
        maker.annotate();
        maker.spec
    }
}

/// A registry in the making.
struct Maker {
    chance: SplitMix,
    clock: usize,
    /// Whether versions may be longer than seven characters.
    long_versions: bool,
    /// Whether commits without a version are assigned.
    unregistered: bool,
    stages: Vec<&'static str>,
    /// Every tag name taken.
    names: BTreeSet<String>,
    spec: RegistrySpec,
}

impl Maker {
    fn new(seed: u64) -> Self {
        let mut chance = SplitMix::new(seed);
        let count = chance.between(1, 6);
        let artifacts = chance.sample(ARTIFACTS, count).into_iter().map(ArtifactSpec::named).collect();
        let stages = chance.between(1, 4);
        Self {
            long_versions: chance.one_in(3),
            unregistered: chance.one_in(3),
            stages: chance.sample(STAGES, stages),
            clock: EPOCH,
            names: BTreeSet::new(),
            spec: RegistrySpec {
                seed,
                commits: Vec::new(),
                events: Vec::new(),
                foreign: Vec::new(),
                artifacts,
                config: None,
                index: "artifacts.yaml",
                head: 0,
                detached: chance.one_in(8),
                packed: chance.one_in(2),
                loose_objects: chance.one_in(5),
            },
            chance,
        }
    }

    fn stamp(&mut self) -> Stamp {
        self.clock += self.chance.between(1, 200_000);
        Stamp {
            time: i64::try_from(self.clock).expect("it is a time of this century"),
            offset: self.chance.pick(OFFSETS),
            person: self.chance.pick(PEOPLE),
        }
    }

    /// Commits and tags in the order of time.
    fn tell_the_story(&mut self) {
        let mut commits = self.chance.between(1, 12) - 1;
        let mut events = if self.chance.one_in(12) { 0 } else { self.chance.between(1, 40) };
        let mut foreign = if self.chance.one_in(3) { 0 } else { self.chance.between(1, 5) };
        self.commit();
        while commits + events + foreign > 0 {
            let drawn = self.chance.below(commits + events + foreign);
            if drawn < commits {
                commits -= 1;
                self.commit();
            } else if drawn < commits + events {
                events -= 1;
                self.event();
            } else {
                foreign -= 1;
                self.foreign();
            }
        }
    }

    /// A commit on main, on the side, or one that merges the side.
    fn commit(&mut self) {
        let last_on = |branch: &str| self.spec.commits.iter().rposition(|commit| commit.branch == branch);
        let (main, side) = (last_on("main"), last_on("side"));
        let (branch, parents) = match (main, side) {
            (None, _) => ("main", Vec::new()),
            (Some(main), side) if self.chance.one_in(6) => ("side", vec![side.unwrap_or(main)]),
            (Some(main), Some(side)) if self.chance.one_in(4) => ("main", vec![main, side]),
            (Some(main), _) => ("main", vec![main]),
        };
        let commit = CommitSpec {
            branch,
            parents,
            committer: self.stamp(),
            author: self.chance.pick(PEOPLE),
            message: format!(
                "{}\n",
                self.chance.pick(&["Train", "Größe geprüft", "Train\n\nwith a body\nof two lines"])
            ),
            annotations: None,
            annotated: BTreeSet::new(),
        };
        self.spec.commits.push(commit);
    }

    fn foreign(&mut self) {
        let mut commit = self.chance.below(self.spec.commits.len());
        let (mut tag, annotated) = self.chance.pick(FOREIGN);
        let lightweight_gto;
        let mut annotated = annotated;
        if self.chance.one_in(12) {
            // D22: not an event, since there is no tag object.
            lightweight_gto = format!("{}@v99.0.0", in_tag(&self.chance.pick(&self.spec.artifacts).name));
            (tag, annotated, commit) = (&lightweight_gto, false, 0);
        }
        if self.names.insert(tag.to_owned()) {
            let stamp = annotated.then(|| self.stamp());
            self.spec.foreign.push(ForeignTag { tag: tag.to_owned(), commit, stamp });
        }
    }

    /// One event of an artifact. Not every kind that is drawn is possible at that time, hence the tries.
    fn event(&mut self) {
        let before = self.spec.events.len();
        for _ in 0..TRIES {
            self.try_event();
            if self.spec.events.len() > before {
                break;
            }
        }
    }

    fn try_event(&mut self) {
        let artifact = self.chance.below(self.spec.artifacts.len());
        // After a deprecation only these two, which bring the artifact back (D17).
        let kinds = if self.spec.artifacts[artifact].deprecated.is_some() { 10 } else { 16 };
        match self.chance.below(kinds) {
            0..4 => self.register(artifact),
            4..10 => self.assign(artifact),
            10..13 => self.unassign(artifact),
            13..15 => self.deregister(artifact),
            _ => self.deprecate(artifact),
        }
    }

    fn register(&mut self, artifact: usize) {
        let commit = self.chance.below(self.spec.commits.len());
        let version = words::version(&mut self.chance, self.long_versions);
        let known = &mut self.spec.artifacts[artifact];
        let precedence = |version: &str| version.split('+').next().map(str::to_owned);
        let taken = known.versions.iter().any(|other| precedence(&other.version) == precedence(&version));
        if taken || known.version_at(commit).is_some() {
            return;
        }
        // What was assigned before belongs to the version from here on.
        let stages = known.unregistered.remove(&commit).map(|stage| (stage, true)).into_iter().collect();
        known.versions.push(VersionSpec { version: version.clone(), commit, active: true, stages });
        let text = format!("Registering artifact {} version {version}", known.name);
        self.record(artifact, &format!("@{version}"), commit, &text, 5);
    }

    fn deregister(&mut self, artifact: usize) {
        let active = |version: &VersionSpec| version.active;
        let Some(found) = self.draw_version(artifact, active) else { return };
        let known = &mut self.spec.artifacts[artifact].versions[found];
        known.active = false;
        let (version, commit) = (known.version.clone(), known.commit);
        let text = format!("Deregistering artifact {} version {version}", self.spec.artifacts[artifact].name);
        self.record(artifact, &format!("@{version}!"), commit, &text, 5);
    }

    fn assign(&mut self, artifact: usize) {
        let stage = self.chance.pick(&self.stages);
        let name = self.spec.artifacts[artifact].name.clone();
        if self.unregistered && self.chance.one_in(3) {
            let commit = self.chance.below(self.spec.commits.len());
            let known = &mut self.spec.artifacts[artifact];
            if known.version_at(commit).is_none() && !known.unregistered.contains_key(&commit) {
                known.unregistered.insert(commit, stage.to_owned());
                let text = format!("Assigning stage {stage} to artifact {name} version unregistered");
                self.record(artifact, &format!("#{stage}"), commit, &text, 0);
            }
            return;
        }
        let Some(found) = self.draw_version(artifact, |version| version.active) else { return };
        let known = &mut self.spec.artifacts[artifact].versions[found];
        known.stages.insert(stage.to_owned(), true);
        let (version, commit) = (known.version.clone(), known.commit);
        let text = format!("Assigning stage {stage} to artifact {name} version {version}");
        self.record(artifact, &format!("#{stage}"), commit, &text, 0);
    }

    fn unassign(&mut self, artifact: usize) {
        let assigned = |version: &VersionSpec| version.active && version.stages.values().any(|on| *on);
        let Some(found) = self.draw_version(artifact, assigned) else { return };
        let known = &mut self.spec.artifacts[artifact].versions[found];
        let stages: Vec<String> =
            known.stages.iter().filter(|(_, on)| **on).map(|(stage, _)| stage.clone()).collect();
        let stage = self.chance.pick(&stages);
        known.stages.insert(stage.clone(), false);
        let (version, commit) = (known.version.clone(), known.commit);
        let name = &self.spec.artifacts[artifact].name;
        let text = format!("Unassigning stage '{stage}' to artifact '{name}' version '{version}'");
        self.record(artifact, &format!("#{stage}!"), commit, &text, 0);
    }

    fn deprecate(&mut self, artifact: usize) {
        if self.spec.artifacts[artifact].events == 0 {
            return;
        }
        let commit = self.chance.below(self.spec.commits.len());
        let text = format!("Deprecating artifact '{}'", self.spec.artifacts[artifact].name);
        self.record(artifact, "@deprecated", commit, &text, 5);
        self.spec.artifacts[artifact].deprecated = self.spec.events.last().map(|event| event.stamp.time);
    }

    fn draw_version(&mut self, artifact: usize, fits: impl Fn(&VersionSpec) -> bool) -> Option<usize> {
        let versions = &self.spec.artifacts[artifact].versions;
        let found: Vec<usize> = (0..versions.len()).filter(|index| fits(&versions[*index])).collect();
        self.chance.maybe_pick(&found)
    }

    /// Adds the tag: simple `simple` times out of six if that name is free, else with the next counter.
    fn record(&mut self, artifact: usize, suffix: &str, commit: usize, text: &str, simple: usize) {
        let known = &mut self.spec.artifacts[artifact];
        let mut tag = format!("{}{suffix}", in_tag(&known.name));
        // Simple assignments are possible too (`--simple true`), if rare.
        let simple = if simple == 0 { self.chance.one_in(5) } else { self.chance.below(6) < simple };
        if !simple || self.names.contains(&tag) {
            known.counter += if self.chance.one_in(10) { 7 } else { 1 };
            tag = format!("{tag}#{}", known.counter);
        }
        known.events += 1;
        known.deprecated = None;
        self.names.insert(tag.clone());
        let message = match self.chance.pick(MESSAGES) {
            "" => text.to_owned(),
            drawn => drawn.to_owned(),
        };
        let stamp = self.stamp();
        self.spec.events.push(EventSpec { tag, commit, stamp, message: format!("{message}\n") });
    }

    fn choose_head(&mut self) {
        let on_main = self.spec.commits.iter().rposition(|commit| commit.branch == "main");
        self.spec.head = on_main.expect("the first commit is on main");
        if self.spec.detached {
            self.spec.head = self.chance.below(self.spec.commits.len());
        }
    }

    fn configure(&mut self) {
        if self.chance.below(3) > 0 {
            return;
        }
        let mut config = ConfigSpec { text: "# Settings of gto\n".to_owned(), stages: None };
        if self.chance.one_in(2) {
            config.text.push_str("types: [model, dataset, x/y_z]\n");
        }
        if self.chance.one_in(2) {
            // D10: every used stage, in an order of their own, and perhaps one that nobody uses.
            let used: Vec<String> = self.spec.used_stages().into_iter().chain(["spare".to_owned()]).collect();
            let stages = self.chance.sample(&used, used.len());
            config.text.push_str("stages:\n");
            for stage in &stages {
                config.text.extend(["  - ", stage, "\n"]);
            }
            config.stages = Some(stages);
        }
        if self.chance.one_in(4) {
            self.spec.index = "models.yaml";
            config.text.push_str("INDEX: models.yaml\n");
        }
        self.spec.config = Some(config);
    }

    /// Annotations in some commits, different ones from commit to commit.
    fn annotate(&mut self) {
        if self.chance.one_in(2) {
            return;
        }
        let names: Vec<String> = ONLY_ANNOTATED
            .iter()
            .map(|name| (*name).to_owned())
            .chain(self.spec.artifacts.iter().map(|artifact| artifact.name.clone()))
            .filter(|name| !name.contains(':'))
            .collect();
        for index in 0..self.spec.commits.len() {
            if self.chance.one_in(3) {
                continue;
            }
            let count = self.chance.below(5);
            let mut chosen: BTreeMap<String, String> = BTreeMap::new();
            for name in self.chance.sample(&names, count) {
                if index != self.spec.head || self.may_be_annotated_at_head(&name) {
                    let yaml = words::annotation(&mut self.chance, &name);
                    chosen.insert(name, yaml);
                }
            }
            let commit = &mut self.spec.commits[index];
            let text: String = chosen.values().cloned().collect();
            commit.annotations = Some(if text.is_empty() { "{}\n".to_owned() } else { text });
            commit.annotated = chosen.into_keys().collect();
        }
    }

    /// Not where the Python tool would see two versions in one commit (D9) or revive a deprecated artifact (D17).
    fn may_be_annotated_at_head(&self, name: &str) -> bool {
        let made = self.spec.commits[self.spec.head].committer.time;
        self.spec.artifacts.iter().filter(|artifact| artifact.name == name).all(|artifact| {
            !artifact.unregistered.contains_key(&self.spec.head)
                && artifact.deprecated.is_none_or(|deprecated| made < deprecated)
        })
    }
}

impl ArtifactSpec {
    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            versions: Vec::new(),
            unregistered: BTreeMap::new(),
            deprecated: None,
            counter: 0,
            events: 0,
        }
    }
}

/// The name as written in a tag.
pub(super) fn in_tag(name: &str) -> String {
    name.replace(':', "=")
}
