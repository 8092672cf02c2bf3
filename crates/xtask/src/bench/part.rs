//! The parts of the benchmark: in each, commands that are measured side by side, what each is compared with, and
//! how fast it is wanted to be.
//!
//! The targets are those under which the work on speed was ordered. A part is measured apart from the others
//! because it changes the registry, or because its commands take milliseconds where those of another take seconds.

use std::path::{Path, PathBuf};

use super::registry::{ARTIFACT, STAGE, TAG};
use crate::measure::Contender;

/// What git prints in G: every tag with its target, time, tagger and message.
const FORMAT: &str =
    "--format=%(refname) %(objectname) %(*objectname) %(taggerdate:unix) %(taggername) %(contents)";

/// The name in the table of `gto show` without a cache.
pub const UNCACHED_SHOW: &str = "gto show, no cache";

/// Commands to measure side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The whole registry, without a cache and with one.
    Whole,
    /// The whole registry, one tag after the cache was written.
    More,
    /// A snapshot that is held, and one that is brought up to date.
    Snapshot,
    /// Questions about one artifact.
    One,
    /// Writes. They leave tags behind, and are the last.
    Write,
    /// What needs no repository.
    Start,
    /// The whole registry, with loose refs.
    Loose,
    /// Annotations in a history that changes them in each commit.
    Annotated,
    /// The Python tool, in a small registry.
    Oracle,
}

/// What a command is wanted to be.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its time, as a part of its baseline's.
    pub time: f64,
    /// Its peak memory, as a part of its baseline's.
    pub memory: Option<f64>,
    /// The wish holds for registries of as many tags, and more.
    pub from: usize,
}

/// The programs that are measured.
pub struct Programs {
    /// The command.
    pub gto: PathBuf,
    /// The library's example that holds a snapshot.
    pub follow: Option<PathBuf>,
    /// The Python tool.
    pub oracle: Option<PathBuf>,
}

/// A command of a part, and what is wanted of it.
pub type Entry = (Contender, Option<Target>);

impl Part {
    /// All parts, in the order in which they are measured.
    pub const ALL: [Self; 9] = [
        Self::Whole,
        Self::More,
        Self::Snapshot,
        Self::One,
        Self::Write,
        Self::Start,
        Self::Loose,
        Self::Annotated,
        Self::Oracle,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::More => "more",
            Self::Snapshot => "snapshot",
            Self::One => "one",
            Self::Write => "write",
            Self::Start => "start",
            Self::Loose => "loose",
            Self::Annotated => "annotated",
            Self::Oracle => "oracle",
        }
    }

    /// The number of tags (of commits, for [`Part::Annotated`]) that it is always measured with; `None` if it is measured with every number asked for.
    pub fn own_size(self) -> Option<usize> {
        match self {
            Self::Loose | Self::Annotated => Some(10_000),
            // It takes about a millisecond for a tag, and more than that for many.
            Self::Oracle => Some(1000),
            _ => None,
        }
    }

    /// How often its commands run where those of a whole registry run `runs` times: a time of a millisecond or
    /// two needs more runs to be trusted.
    pub fn runs(self, runs: usize) -> usize {
        match self {
            Self::One | Self::Write | Self::Start => runs * 5,
            Self::Oracle => runs.min(3),
            Self::Whole | Self::More | Self::Snapshot | Self::Loose | Self::Annotated => runs,
        }
    }

    /// The commands; the first is what the others are compared with. Of the `programs` some are needed by one part only.
    pub fn entries(self, programs: &Programs) -> Vec<Entry> {
        let gto = &programs.gto;
        match self {
            Self::Whole => whole(gto),
            Self::More => more(gto),
            Self::Snapshot => {
                programs.follow.as_deref().map(|follow| snapshot(gto, follow)).unwrap_or_default()
            }
            Self::One => one(gto),
            Self::Write => write(gto),
            Self::Start => start(gto),
            Self::Loose => loose(gto),
            Self::Annotated => annotated(gto),
            Self::Oracle => programs.oracle.as_deref().map(|oracle| python(gto, oracle)).unwrap_or_default(),
        }
    }
}

fn whole(gto: &Path) -> Vec<Entry> {
    let commands = ["show", "history", "stages"];
    let first = Target { time: 0.6, memory: Some(0.5), from: 100_000 };
    let again = Target { time: 0.15, memory: None, from: 100_000 };
    let mut entries = vec![(g(), None)];
    entries.extend(commands.map(|command| (uncached(gto, command), Some(first))));
    entries.extend(
        commands
            .map(|command| (Contender::new(format!("gto {command}, again"), gto, &[command]), Some(again))),
    );
    entries
}

fn more(gto: &Path) -> Vec<Entry> {
    // Always the same name with a new message: always one tag that is not in the cache.
    let tag = ["tag", "--force", "-a", "-m", "run {run}", "benchmark@v0.0.1"];
    let show = Contender::new("gto show, after one more tag", gto, &["show"]).after_git(&tag);
    vec![(g(), None), (show, Some(Target { time: 0.2, memory: None, from: 100_000 }))]
}

fn snapshot(gto: &Path, follow: &Path) -> Vec<Entry> {
    let held = Contender::new("a snapshot, taken and held", follow, &[".", "0", "0"]).env("GTO_CACHE", "off");
    let target = Target { time: 0.6, memory: Some(0.35), from: 1_000_000 };
    vec![(g(), None), (uncached(gto, "show"), None), (held, Some(target))]
}

fn one(gto: &Path) -> Vec<Entry> {
    let version = format!("{ARTIFACT}#{STAGE}");
    let target = Some(Target { time: 3.0, memory: None, from: 1_000_000 });
    vec![
        (Contender::new("git cat-file -p TAG", "git", &["cat-file", "-p", TAG]), None),
        (named(gto, &["show", ARTIFACT]), target),
        (named(gto, &["check-ref", TAG]), target),
        (named(gto, &["show", &version, "--ref"]), target),
    ]
}

fn write(gto: &Path) -> Vec<Entry> {
    let target = Some(Target { time: 2.5, memory: None, from: 0 });
    // A commit has one version of an artifact.
    let commit = ["commit", "--quiet", "--allow-empty", "-m", "run {run}"];
    // What was registered just before.
    let assign = |name: &str, stage| {
        let words = ["assign", ARTIFACT, "HEAD", "--stage", stage];
        Contender::new(format!("gto assign {ARTIFACT}{name}"), gto, &words)
    };
    let tag = ["tag", "-a", "-m", "x"];
    let synced = [&["-c", "core.fsync=loose-object,reference"], &tag[..], &["synced-{run}"]].concat();
    // As durable as git makes it: gto syncs these files too, their folders, and the commit.
    let synced = Contender::new("git tag -a, with core.fsync=loose-object,reference", "git", &synced);
    let unsynced = Contender::new("git tag -a", "git", &[&tag[..], &["git-{run}"]].concat());
    vec![
        // Else each round would find more loose tags of the artifact than the one before.
        (synced.after_git(&["pack-refs", "--all"]), None),
        (unsynced, None),
        (named(gto, &["register", ARTIFACT]).after_git(&commit), target),
        (assign("", STAGE), target),
        (assign(", a stage new to the registry", "stage-{run}"), target),
    ]
}

fn start(gto: &Path) -> Vec<Entry> {
    let target = Some(Target { time: 2.0, memory: None, from: 0 });
    vec![
        (named("git", &["--version"]), None),
        (named(gto, &["--version"]), target),
        (named(gto, &["parse-tag", TAG]), target),
    ]
}

fn loose(gto: &Path) -> Vec<Entry> {
    vec![(g(), None), (uncached(gto, "show"), Some(Target { time: 0.6, memory: None, from: 0 }))]
}

fn annotated(gto: &Path) -> Vec<Entry> {
    let log = ["log", "--format=", "--raw", "--", "artifacts.yaml"];
    let target = Target { time: 1.0, memory: None, from: 0 };
    vec![(named("git", &log), None), (named(gto, &["show", "-A"]), Some(target))]
}

fn python(gto: &Path, oracle: &Path) -> Vec<Entry> {
    vec![
        (uncached(gto, "show"), None),
        (Contender::new("the Python tool: gto show", oracle, &["show"]), None),
    ]
}

/// G, the measure of whole registries.
fn g() -> Contender {
    Contender::new("G", "git", &["for-each-ref", FORMAT, "refs/tags"])
}

fn uncached(gto: &Path, command: &str) -> Contender {
    Contender::new(format!("gto {command}, no cache"), gto, &[command]).env("GTO_CACHE", "off")
}

/// Under the name of what is typed.
fn named(program: impl AsRef<Path>, words: &[&str]) -> Contender {
    let program = program.as_ref();
    let name = program.file_stem().unwrap_or_default().to_string_lossy();
    Contender::new(format!("{name} {}", words.join(" ")), program, words)
}

#[cfg(test)]
mod tests {
    use super::super::registry::Registry;
    use super::*;

    fn programs(name: &str) -> Programs {
        let program = || PathBuf::from(name);
        Programs { gto: program(), follow: Some(program()), oracle: Some(program()) }
    }

    #[test]
    fn nothing_is_wanted_of_what_the_others_are_compared_with() {
        for part in Part::ALL {
            let entries = part.entries(&programs("gto"));
            assert!(entries.len() > 1 && entries[0].1.is_none(), "{part:?}");
        }
    }

    #[test]
    fn the_commands_of_git_work_in_the_smallest_registry() {
        let registry = Registry::make(1, false).unwrap();
        let programs = Programs { oracle: None, ..programs("true") };
        let entries = Part::ALL.into_iter().flat_map(|part| part.entries(&programs));
        let contenders: Vec<Contender> = entries.map(|(contender, _)| contender).collect();
        crate::measure::side_by_side(&contenders, 1, &|program| registry.repo.command(program)).unwrap();
    }
}
