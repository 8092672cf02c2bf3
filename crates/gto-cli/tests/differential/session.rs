//! Owns asking both tools the same, and the report of what they answered differently. Must not decide what is asked
//! or what is equal.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gto_testkit::random::{RegistrySpec, SplitMix};
use gto_testkit::{Gto, Oracle, Repo, Run, Sandbox};

use crate::case::Case;
use crate::{compare, reads, writes};

/// Sets the choice of commands apart from the choice of registries, which starts from the same seed.
const COMMANDS: u64 = 0x636F_6D6D_616E_6473;

/// The two tools, and how long they took.
pub struct Session {
    oracle: Oracle,
    binary: PathBuf,
    /// The binary is the oracle's own, and what the decisions forbid is right if it is equal.
    is_self_check: bool,
    theirs: Watch,
    ours: Watch,
}

/// What came of one registry.
#[derive(Default)]
pub struct Report {
    /// How many commands were compared.
    pub compared: usize,
    /// A text for each that came out differently.
    pub mismatches: Vec<String>,
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
        let mut report = Report::default();
        for case in reads::choose(&spec, &mut chance) {
            self.compare_read(&repo, &case, &mut report);
        }
        let copies = Copies { theirs: repo.copy(), ours: repo.copy(), refs: repo.refs_fingerprint() };
        for case in writes::choose(&spec, &commits, &mut chance) {
            self.compare_write(&copies, &case, &mut report);
            for copy in [&copies.theirs, &copies.ours] {
                if copies.is_changed(copy) {
                    copy.restore_refs(&repo);
                }
            }
        }
        for mismatch in &mut report.mismatches {
            *mismatch = format!("seed {seed}: {mismatch}{}", reproduce(seed));
        }
        if !report.mismatches.is_empty() {
            keep(&repo, seed);
        }
        report
    }

    fn compare_read(&mut self, repo: &Repo, case: &Case, report: &mut Report) {
        let (theirs, ours) = (self.ask_theirs(repo, case), self.ask_ours(repo, case));
        report.compared += 1;
        if let Some(what) = self.difference(case, &theirs, &ours) {
            report.mismatches.push(describe(case, what, &theirs, &ours));
        }
    }

    fn compare_write(&mut self, copies: &Copies, case: &Case, report: &mut Report) {
        let (theirs, ours) = (self.ask_theirs(&copies.theirs, case), self.ask_ours(&copies.ours, case));
        report.compared += 1;
        if let Some(what) = self.difference(case, &theirs, &ours) {
            report.mismatches.push(describe(case, what, &theirs, &ours));
            return;
        }
        let (their_tags, our_tags) = (copies.essence(&copies.theirs), copies.essence(&copies.ours));
        if their_tags != our_tags {
            let mut text = describe(case, "the tags afterwards", &theirs, &ours);
            for (sign, tags, others) in [("-", &their_tags, &our_tags), ("+", &our_tags, &their_tags)] {
                for tag in tags.iter().filter(|tag| !others.contains(tag)) {
                    // Writing to a String cannot fail.
                    let _ = writeln!(text, "{sign} {tag}");
                }
            }
            report.mismatches.push(text);
        } else if ours.status == 0 && !ours.stdout.is_empty() {
            // The oracle reads what we wrote, as we do.
            for after in [Case::new(["history", "--json"]), Case::new(["print-state"])] {
                self.compare_read(&copies.ours, &after, report);
            }
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
        let mut gto = Gto::new(&self.binary).env("COLUMNS", "100000");
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

fn describe(case: &Case, what: &str, theirs: &Run, ours: &Run) -> String {
    let indent = |run: &Run| {
        run.to_string().lines().skip(1).fold(String::new(), |text, line| {
            text + "    "
                + line
                + "
"
        })
    };
    format!("{what} differs in `{case}`\n  oracle:\n{}  ours:\n{}", indent(theirs), indent(ours))
}

fn reproduce(seed: u64) -> String {
    format!(
        "  again: GTO_DIFF_SEED={seed} GTO_DIFF_REGISTRIES=1 GTO_DIFF_KEEP=/tmp/gto-diff cargo test -p gto-cli --test differential\n"
    )
}

/// Leaves a copy of the repository behind, if that is wanted.
fn keep(repo: &Repo, seed: u64) {
    if let Some(folder) = std::env::var_os("GTO_DIFF_KEEP") {
        std::fs::create_dir_all(&folder).expect("GTO_DIFF_KEEP is writable");
        let to = Path::new(&folder).join(seed.to_string());
        let copied = repo.command("cp").arg("-a").arg(repo.path()).arg(to).status();
        assert!(copied.is_ok_and(|status| status.success()), "the repository can be copied to GTO_DIFF_KEEP");
    }
}
