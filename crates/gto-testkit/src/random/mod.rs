//! Owns registries made from a seed: what is in them ([`RegistrySpec`]) and writing them with `git fast-import`.
//! Must not use the crates under test, and no source of chance but the seed.
//!
//! # What is valid here
//!
//! The differential test compares our binary with the Python tool, so a history made here must not run into one of
//! the decisions D1 to D24 of the specification, where the two differ on purpose. By construction:
//!
//! - every event and commit has a second of its own, and a tag is newer than its commit (D2, D3);
//! - a commit carries one version of an artifact, ever, and a version one commit (D4); a version is registered
//!   once and deregistered at most once (D6), and nothing is assigned to it afterwards (D7);
//! - no two versions of an artifact differ in build metadata alone: the specification gives them no order;
//! - a stage is unassigned only while it is assigned (D8);
//! - a commit without a version gets one assignment and no unassignment, and is not annotated at HEAD too: the
//!   Python tool keeps a version for each of these, and no way of folding them would give ours (D9);
//! - `stages` in `.gto` names every stage that is used (D10);
//! - what follows a deprecation is a registration or an assignment; an artifact that ends deprecated is annotated
//!   at HEAD only if HEAD is older than the deprecation (D17);
//! - a simple tag name is used once; a taken one gets a counter (D23);
//! - lightweight tags with GTO names are rare and far away from every version that a write could choose (D22).
//!
//! Long versions (D1), commits assigned without a version (listed twice, D9), more stages on a version than `--av` asks
//! for (D11), stages no longer in use (D12) and unregistered versions (D13) do occur: [`RegistrySpec`] says so, and the
//! test decides.

mod generate;
mod import;
mod large;
mod splitmix;
mod words;

use std::collections::{BTreeMap, BTreeSet};

pub use large::{Large, large};
pub use splitmix::SplitMix;

/// A person in a commit or tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: &'static str,
    /// The address.
    pub email: &'static str,
}

/// When and by whom something was made.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// Seconds since 1970.
    pub time: i64,
    /// The time zone as Git writes it: `+0530`.
    pub offset: &'static str,
    /// Who.
    pub person: Person,
}

/// A commit. Its index in [`RegistrySpec::commits`] is its name in everything else.
#[derive(Clone, Debug)]
pub struct CommitSpec {
    /// The branch it is made on.
    pub branch: &'static str,
    /// None for the first, two for a merge.
    pub parents: Vec<usize>,
    /// The committer.
    pub committer: Stamp,
    /// The author.
    pub author: Person,
    /// The message, without the line that makes its id a suitable one.
    pub message: String,
    /// The annotation file as YAML, if the commit has one.
    pub annotations: Option<String>,
    /// The artifacts that it annotates.
    pub annotated: BTreeSet<String>,
}

/// A GTO tag.
#[derive(Clone, Debug)]
pub struct EventSpec {
    /// The tag's name.
    pub tag: String,
    /// The commit it points to.
    pub commit: usize,
    /// Tagger and time.
    pub stamp: Stamp,
    /// The message.
    pub message: String,
}

/// A tag that is not GTO's.
#[derive(Clone, Debug)]
pub struct ForeignTag {
    /// The tag's name.
    pub tag: String,
    /// The commit it points to.
    pub commit: usize,
    /// Tagger and time; `None` makes it lightweight.
    pub stamp: Option<Stamp>,
}

/// A version and what became of it.
#[derive(Clone, Debug)]
pub struct VersionSpec {
    /// The version with its `v`.
    pub version: String,
    /// The commit it is registered on.
    pub commit: usize,
    /// Whether it has not been deregistered.
    pub active: bool,
    /// Every stage it was ever in, and whether it still is.
    pub stages: BTreeMap<String, bool>,
}

/// An artifact and what its tags add up to.
#[derive(Clone, Debug)]
pub struct ArtifactSpec {
    /// The full name, with a colon.
    pub name: String,
    /// Its versions in the order of registration.
    pub versions: Vec<VersionSpec>,
    /// The stage of each assigned commit without a version.
    pub unregistered: BTreeMap<usize, String>,
    /// Whether the newest event is a deprecation, and if so its time.
    pub deprecated: Option<i64>,
    /// The highest counter.
    pub counter: u32,
    /// How many tags it has.
    pub events: usize,
}

/// `.gto`, which every commit has or none has.
#[derive(Clone, Debug, Default)]
pub struct ConfigSpec {
    /// The text of the file.
    pub text: String,
    /// The allowed stages.
    pub stages: Option<Vec<String>>,
}

/// A whole registry: what to write, and what it adds up to.
#[derive(Clone, Debug)]
pub struct RegistrySpec {
    /// What it was made from.
    pub seed: u64,
    /// Oldest first.
    pub commits: Vec<CommitSpec>,
    /// Oldest first.
    pub events: Vec<EventSpec>,
    /// Other people's tags, annotated and lightweight.
    pub foreign: Vec<ForeignTag>,
    /// The artifacts that tags name (with or without events).
    pub artifacts: Vec<ArtifactSpec>,
    /// The configuration file.
    pub config: Option<ConfigSpec>,
    /// The name of the annotation file.
    pub index: &'static str,
    /// The commit that HEAD names.
    pub head: usize,
    /// Whether HEAD is detached.
    pub detached: bool,
    /// Whether refs are in `packed-refs`.
    pub packed: bool,
    /// Whether objects are loose, not in a pack.
    pub loose_objects: bool,
}

impl ArtifactSpec {
    /// The version that was ever registered on a commit.
    pub fn version_at(&self, commit: usize) -> Option<&VersionSpec> {
        self.versions.iter().find(|version| version.commit == commit)
    }

    /// The version of this name.
    pub fn version(&self, version: &str) -> Option<&VersionSpec> {
        self.versions.iter().find(|known| known.version == version)
    }
}

impl RegistrySpec {
    /// Every stage that a tag ever named, sorted.
    pub fn used_stages(&self) -> BTreeSet<String> {
        let registered = |artifact: &ArtifactSpec| -> Vec<String> {
            artifact.versions.iter().flat_map(|version| version.stages.keys().cloned()).collect()
        };
        self.artifacts
            .iter()
            .flat_map(|artifact| {
                registered(artifact).into_iter().chain(artifact.unregistered.values().cloned())
            })
            .collect()
    }

    /// Whether some version does not fit in the seven characters of the Python tool's table (D1).
    pub fn has_long_versions(&self) -> bool {
        self.artifacts.iter().flat_map(|artifact| &artifact.versions).any(|version| version.version.len() > 7)
    }

    /// The greatest number of stages that a version is in.
    pub fn most_stages(&self) -> usize {
        let of = |version: &VersionSpec| version.stages.values().filter(|assigned| **assigned).count();
        self.artifacts.iter().flat_map(|artifact| &artifact.versions).map(of).max().unwrap_or(0)
    }

    /// Whether the artifact has a version that is a bare commit: assigned, or annotated at HEAD (D13).
    pub fn has_unregistered(&self, artifact: &ArtifactSpec) -> bool {
        let annotated = self.commits[self.head].annotated.contains(&artifact.name);
        !artifact.unregistered.is_empty() || (annotated && artifact.version_at(self.head).is_none())
    }

    /// Whether the artifact has a tag or is annotated at HEAD.
    pub fn exists(&self, artifact: &ArtifactSpec) -> bool {
        artifact.events > 0 || self.commits[self.head].annotated.contains(&artifact.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Oracle, Sandbox};

    #[test]
    fn what_a_registry_adds_up_to_is_what_the_oracle_says() {
        let Some(mut oracle) = Oracle::or_skip() else { return };
        for seed in 0..12 {
            let spec = RegistrySpec::generate(seed);
            let (repo, ids) = spec.write(&Sandbox::new(), "r");
            let shown = oracle.run(&repo, &["show", "--json", "-d", "--vs", "-1"]).ok().json();
            for artifact in spec.artifacts.iter().filter(|artifact| spec.exists(artifact)) {
                let theirs = &shown[&artifact.name];
                assert_eq!(theirs["active"], artifact.deprecated.is_none(), "seed {seed}, {}", artifact.name);
                for (stage, versions) in theirs["stage"].as_object().expect("it is an object") {
                    let versions: BTreeSet<&str> =
                        versions.as_str().map(|list| list.split(", ").collect()).unwrap_or_default();
                    let expected = in_stage(artifact, stage, &ids);
                    assert_eq!(versions, expected, "seed {seed}, {}#{stage}", artifact.name);
                }
            }
        }
    }

    fn in_stage<'a>(artifact: &'a ArtifactSpec, stage: &str, ids: &'a [String]) -> BTreeSet<&'a str> {
        let registered = artifact
            .versions
            .iter()
            .filter(|version| version.active && version.stages.get(stage) == Some(&true));
        let unregistered = artifact.unregistered.iter().filter(|(_, assigned)| *assigned == stage);
        registered
            .map(|version| version.version.as_str())
            .chain(unregistered.map(|(commit, _)| ids[*commit].as_str()))
            .collect()
    }
}
