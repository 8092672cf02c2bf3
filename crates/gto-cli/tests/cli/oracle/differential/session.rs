//! Owns asking both tools the same, and the report of what they answered differently. Must not decide what is asked
//! or what is equal.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use gto::tag::TagName;
use gto_testkit::random::{RegistrySpec, SplitMix};
use gto_testkit::{Gto, Oracle, Repo, Run, Sandbox};

use super::case::Case;
use super::report::Report;
use super::{compare, reads, report, writes};

/// Sets the choice of commands apart from the choice of registries, which starts from the same seed.
const COMMANDS: u64 = 0x636F_6D6D_616E_6473;

/// What becomes of our cache of tags between two commands: of each registry one, in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cache {
    /// It is not used.
    Off,
    /// It stays as the command before left it.
    On,
    /// Something happens to it: it is cut, turned into noise, or one bit of it turns over.
    Damaged,
}

impl Cache {
    fn of(seed: u64) -> Self {
        [Self::Off, Self::On, Self::Damaged][usize::try_from(seed % 3).unwrap_or_default()]
    }

    fn variable(self) -> &'static str {
        if self == Self::Off { "off" } else { "always" }
    }

    fn damage(self, repo: &Repo, chance: &mut SplitMix) {
        let path = repo.git_dir().join("gto/tags.cache");
        if self != Self::Damaged {
            return;
        }
        let Ok(mut bytes) = std::fs::read(&path) else { return };
        let at = chance.below(bytes.len().max(1));
        match chance.below(3) {
            0 => bytes.truncate(at),
            1 => bytes.fill_with(|| u8::try_from(chance.below(256)).unwrap_or_default()),
            _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (at % 8)),
        }
        std::fs::write(path, bytes).expect("the folder of a test can be written to");
    }
}

/// The two tools, and how long they took.
pub struct Session {
    oracle: Oracle,
    binary: PathBuf,
    /// The binary is the oracle's own, and what the decisions forbid is right if it is equal.
    is_self_check: bool,
    cache: Cache,
    /// How to damage the cache.
    chance: SplitMix,
    theirs: Watch,
    ours: Watch,
}

#[derive(Default)]
struct Watch {
    runs: u32,
    total: Duration,
}

/// One copy of the registry for each tool to write in. They are made once: copying is what takes longest.
struct Copies {
    theirs: Repo,
    ours: Repo,
    /// The fingerprint of the original's refs.
    refs: String,
}

impl Session {
    pub fn new(oracle: Oracle) -> Self {
        let binary = std::env::var_os("GTO_DIFF_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_gto").into());
        let is_self_check = std::env::var_os("GTO_DIFF_SELF").is_some();
        Self {
            oracle,
            binary: binary.into(),
            is_self_check,
            cache: Cache::Off,
            chance: SplitMix::new(0),
            theirs: Watch::default(),
            ours: Watch::default(),
        }
    }

    /// How often each tool ran, and for how long on average.
    pub fn timing(&self) -> String {
        format!("oracle {}, ours {}", self.theirs, self.ours)
    }

    /// Makes the registry of this seed and compares everything that is to be compared in it.
    pub fn compare_registry(&mut self, seed: u64) -> Report {
        let spec = RegistrySpec::generate(seed);
        let sandbox = Sandbox::new();
        let (repo, commits) = spec.write(&sandbox, "repo");
        let mut chance = SplitMix::new(seed ^ COMMANDS);
        let mut found = Report::new(seed);
        (self.cache, self.chance) = (Cache::of(seed), SplitMix::new(seed));
        for case in reads::choose(&spec, &mut chance) {
            self.compare_read(&repo, &case, &mut found);
        }
        let is_kept = repo.git_dir().join("gto/tags.cache").exists();
        // A lightweight tag with the name of an event is read, too.
        let mut names = repo.tag_names().into_iter();
        let is_read = !self.is_self_check && names.any(|name| name.parse::<TagName>().is_ok());
        assert_eq!(is_kept, is_read && self.cache != Cache::Off, "the cache of registry {seed}");
        let copies = Copies { theirs: repo.copy(), ours: repo.copy(), refs: repo.refs_fingerprint() };
        for case in writes::choose(&spec, &commits, &mut chance) {
            self.compare_write(&copies, &case, &mut found);
            for copy in [&copies.theirs, &copies.ours] {
                if copies.is_changed(copy) {
                    copy.restore_refs(&repo);
                }
            }
        }
        if !found.mismatches.is_empty() {
            report::keep(&repo, seed);
        }
        found
    }

    fn compare_read(&mut self, repo: &Repo, case: &Case, found: &mut Report) {
        let (theirs, ours) = (self.ask_theirs(repo, case), self.ask_ours(repo, case));
        found.compared += 1;
        if let Some(what) = self.difference(case, &theirs, &ours) {
            found.add(case, what, &theirs, &ours);
        }
    }

    fn compare_write(&mut self, copies: &Copies, case: &Case, found: &mut Report) {
        let (theirs, ours) = (self.ask_theirs(&copies.theirs, case), self.ask_ours(&copies.ours, case));
        found.compared += 1;
        if let Some(what) = self.difference(case, &theirs, &ours) {
            found.add(case, what, &theirs, &ours);
            return;
        }
        let (their_tags, our_tags) = (copies.essence(&copies.theirs), copies.essence(&copies.ours));
        if their_tags != our_tags {
            found.add_tags(case, (&theirs, &their_tags), (&ours, &our_tags));
        } else if ours.status == 0 && !ours.stdout.is_empty() && found.mismatches.is_empty() {
            // The oracle reads what we wrote, as we do. One of the two ways is enough each time.
            let how =
                if found.compared.is_multiple_of(2) { &["history", "--json"][..] } else { &["print-state"] };
            self.compare_read(&copies.ours, &Case::new(how.iter().copied()), found);
        }
    }

    fn difference(&self, case: &Case, theirs: &Run, ours: &Run) -> Option<&'static str> {
        let is_same =
            theirs.status == ours.status && theirs.stdout == ours.stdout && theirs.stderr == ours.stderr;
        if self.is_self_check && is_same { None } else { compare::difference(case, theirs, ours) }
    }

    fn ask_theirs(&mut self, repo: &Repo, case: &Case) -> Run {
        let started = Instant::now();
        let run = self.oracle.run_in(repo.sandbox(), repo.path(), &case.words(), &case.env);
        self.theirs.add(started);
        run
    }

    fn ask_ours(&mut self, repo: &Repo, case: &Case) -> Run {
        // Only the oracle minds the width, when it is put in our place.
        let mut gto = Gto::new(&self.binary).env("COLUMNS", "100000").env("GTO_CACHE", self.cache.variable());
        self.cache.damage(repo, &mut self.chance);
        for (key, value) in &case.env {
            gto = gto.env(key, value);
        }
        let started = Instant::now();
        let run = gto.run(repo, &case.words());
        self.ours.add(started);
        run
    }
}

impl Copies {
    fn is_changed(&self, copy: &Repo) -> bool {
        copy.refs_fingerprint() != self.refs
    }

    /// The tags of a copy, if they are not those of the original any more.
    fn essence(&self, copy: &Repo) -> Vec<String> {
        if self.is_changed(copy) { compare::essence(&copy.tags()) } else { Vec::new() }
    }
}

impl Watch {
    fn add(&mut self, started: Instant) {
        self.runs += 1;
        self.total += started.elapsed();
    }
}

impl std::fmt::Display for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let each = self.total.as_secs_f64() * 1000.0 / f64::from(self.runs.max(1));
        write!(f, "{} runs of {each:.1} ms", self.runs)
    }
}
