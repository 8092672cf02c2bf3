//! `cargo xtask bench --pipeline`: how long `gto ci` takes for the checkout of a job, beside the `git fetch` commands that it needs.
//!
//! The job has one commit, and a tag that the checkout made lightweight, as actions/checkout and GitLab's runner leave it. The
//! server is a folder, so that the network hides nothing.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gto_testkit::Repo;
use gto_testkit::random::Large;

use super::part::Target;
use super::registry::{ARTIFACT, Registry, STAGE};
use super::table::{self, Compared, Row};
use crate::Result;
use crate::measure::Measured;
use crate::workspace::display;

/// Measures and prints the table: `runs` jobs of each kind in turn, after one of each that warms up.
pub fn run(gto: &Path, runs: usize) -> Result<()> {
    let registry =
        Registry::of_size(Large { artifacts: 550, versions: 100, noise: 5000, ..Large::default() })?;
    let jobs = Jobs::of(&registry.repo, gto)?;
    let kinds = [Kind::ByHand, Kind::First, Kind::Second];
    let mut times = kinds.map(|_| Vec::with_capacity(runs));
    for run in 0..=runs {
        for (kind, times) in kinds.iter().zip(&mut times) {
            let time = jobs.time(*kind)?;
            if run > 0 {
                times.push(time);
            }
        }
    }
    let [by_hand, first, second] = times.map(|times| Measured::new(times, None));
    let beside = |measured: &Measured, time| {
        let compared = Compared::new(measured, Kind::ByHand.name(), &by_hand);
        (Some(compared), Some(Target { time, memory: None, from: 0 }))
    };
    // "At most 1.5 times the git fetch commands", and "0.7 times that" for one that keeps its cache.
    let (of_first, of_second) = (beside(&first, 1.5), beside(&second, 0.7));
    let row = |kind: Kind, measured, (compared, target)| Row {
        tags: registry.tags,
        loose: false,
        name: kind.name().to_owned(),
        measured,
        compared,
        target,
    };
    println!("{runs} interleaved jobs of each kind:\n");
    print!(
        "{}",
        table::results(&[
            row(Kind::ByHand, by_hand, (None, None)),
            row(Kind::First, first, of_first),
            row(Kind::Second, second, of_second)
        ])
    );
    Ok(())
}

#[derive(Clone, Copy)]
enum Kind {
    /// The tags of the artifact into an empty clone, and the tag object into the checkout.
    ByHand,
    /// On a runner that keeps nothing.
    First,
    /// On one that has the clone of the job before.
    Second,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::ByHand => "the two git fetch",
            Self::First => "gto ci, the first call",
            Self::Second => "gto ci, the next on the same runner",
        }
    }
}

/// What all jobs begin with.
struct Jobs<'a> {
    gto: &'a Path,
    checkout: Repo,
    url: String,
    tag: String,
}

impl<'a> Jobs<'a> {
    fn of(server: &Repo, gto: &'a Path) -> Result<Self> {
        for key in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
            server.git_ok(&["config", key, "true"]);
        }
        let wanted = format!("{ARTIFACT}#{STAGE}#");
        let tag = server.tag_names().into_iter().find(|tag| tag.starts_with(&wanted));
        let tag = tag.ok_or("the registry has no tag of the stage")?;
        let url = format!("file://{}", server.path().display());
        let folder = server.sandbox().path().join("checkout");
        server.git_ok(&["init", "-q", "--template=", &folder.to_string_lossy()]);
        let checkout = Repo::at(server.sandbox(), folder, false);
        checkout.git_ok(&["remote", "add", "origin", &url]);
        let commit = server.git_ok(&["rev-parse", &format!("refs/tags/{tag}^{{commit}}")]);
        let refspec = format!("+{commit}:refs/tags/{tag}");
        checkout.git_ok(&["fetch", "-q", "--no-tags", "--depth=1", "origin", &refspec]);
        checkout.git_ok(&["checkout", "-q", &format!("refs/tags/{tag}")]);
        Ok(Self { gto, checkout, url, tag })
    }

    /// The time of one job, in a checkout of its own.
    fn time(&self, kind: Kind) -> Result<Duration> {
        let checkout = self.checkout.copy();
        let cache = checkout.sandbox().path().join("cache");
        let time = match kind {
            Kind::ByHand => self.by_hand(&checkout),
            Kind::First => self.gto_ci(&checkout, &cache),
            Kind::Second => {
                // The job before, whose clone is kept.
                let before = self.checkout.copy();
                self.gto_ci(&before, &cache)?;
                before.remove();
                self.gto_ci(&checkout, &cache)
            }
        };
        if cache.exists() {
            fs::remove_dir_all(cache)?;
        }
        checkout.remove();
        time
    }

    fn gto_ci(&self, checkout: &Repo, cache: &Path) -> Result<Duration> {
        timed(checkout.command(self.gto).env("GTO_CACHE_DIR", cache).args(["ci", &self.tag]))
    }

    fn by_hand(&self, checkout: &Repo) -> Result<Duration> {
        let clone = checkout.path().join(".git/by-hand");
        let clone = clone.to_string_lossy();
        checkout.git_ok(&["init", "-q", "--bare", "--template=", &clone]);
        let git_dir = format!("--git-dir={clone}");
        let tags = ["#", "@"].map(|sign| format!("+refs/tags/{ARTIFACT}{sign}*:refs/tags/{ARTIFACT}{sign}*"));
        let mut all = checkout.command("git");
        all.args([&git_dir, "fetch", "-q", "--no-tags", "--depth=1", "--filter=tree:0", &self.url])
            .args(tags);
        let one = format!("+refs/tags/{0}:refs/tags/{0}", self.tag);
        let mut exact = checkout.command("git");
        exact.args(["fetch", "-q", "--no-tags", "--depth=1", "origin", &one]);
        Ok(timed(&mut all)? + timed(&mut exact)?)
    }
}

/// From the start of the process to its end; a failure is an error.
fn timed(command: &mut Command) -> Result<Duration> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let started = Instant::now();
    let output = command.output()?;
    let elapsed = started.elapsed();
    if output.status.success() {
        return Ok(elapsed);
    }
    Err(format!("{} failed: {}", display(command), String::from_utf8_lossy(&output.stderr).trim()).into())
}
