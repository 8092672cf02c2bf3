//! Owns the text about what differs: enough to see it at once, and how to see it again. Must not judge.

use std::fmt::Write as _;
use std::path::Path;

use gto_testkit::{Repo, Run};

use super::case::Case;

/// Outputs of more lines are shown where they differ only.
const LINES: usize = 40;
/// How many equal lines are shown before the first that differs.
const BEFORE: usize = 12;

/// What came of one registry.
pub struct Report {
    seed: u64,
    /// How many commands were compared.
    pub compared: usize,
    /// A text for each that came out differently.
    pub mismatches: Vec<String>,
}

impl Report {
    /// Nothing yet, of the registry of this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, compared: 0, mismatches: Vec::new() }
    }

    /// Adds a mismatch.
    pub fn add(&mut self, case: &Case, what: &str, theirs: &Run, ours: &Run) {
        let text = self.describe(case, what, theirs, ours, "");
        self.mismatches.push(text);
    }

    /// Adds a mismatch of the tags that were left behind.
    pub fn add_tags(&mut self, case: &Case, theirs: (&Run, &[String]), ours: (&Run, &[String])) {
        let mut tags = String::new();
        for (sign, these, others) in [("oracle", theirs.1, ours.1), ("ours", ours.1, theirs.1)] {
            for tag in these.iter().filter(|tag| !others.contains(tag)) {
                // Writing to a String cannot fail.
                let _ = writeln!(tags, "  only {sign}: {tag}");
            }
        }
        let text = self.describe(case, "the tags afterwards", theirs.0, ours.0, &tags);
        self.mismatches.push(text);
    }

    fn describe(&self, case: &Case, what: &str, theirs: &Run, ours: &Run, more: &str) -> String {
        let seed = self.seed;
        let (their_lines, our_lines) = (lines(theirs), lines(ours));
        let common = their_lines.iter().zip(&our_lines).take_while(|(theirs, ours)| theirs == ours).count();
        let (theirs, ours) = (excerpt(&their_lines, common), excerpt(&our_lines, common));
        format!(
            "seed {seed}: {what} differs in `{case}`\n  oracle:\n{theirs}  ours:\n{ours}{more}  \
             again: GTO_DIFF_SEED={seed} GTO_DIFF_REGISTRIES=1 GTO_DIFF_KEEP=/tmp/gto-diff \
             cargo test -p gto-cli --test cli differential::\n"
        )
    }
}

/// Status, stdout and stderr; JSON is reformatted, so that the lines of both tools can be compared.
fn lines(run: &Run) -> Vec<String> {
    let mut run = run.clone();
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(&run.stdout) {
        run.stdout = format!("{value:#}\n").into_bytes();
    }
    run.to_string().lines().skip(1).map(str::to_owned).collect()
}

fn excerpt(lines: &[String], common: usize) -> String {
    let first = if lines.len() > LINES { common.saturating_sub(BEFORE) } else { 0 };
    let shown = lines.iter().skip(first).take(LINES);
    let mut text = if first > 0 { format!("    ({first} lines)\n") } else { String::new() };
    text.extend(shown.map(|line| format!("    {line}\n")));
    if lines.len() > first + LINES {
        text.push_str("    (and more lines)\n");
    }
    text
}

/// Leaves a copy of the repository behind, if that is wanted.
pub fn keep(repo: &Repo, seed: u64) {
    if let Some(folder) = std::env::var_os("GTO_DIFF_KEEP") {
        std::fs::create_dir_all(&folder).expect("GTO_DIFF_KEEP is writable");
        let to = Path::new(&folder).join(seed.to_string());
        // A copy that an earlier run left would take this one in.
        let _ = std::fs::remove_dir_all(&to);
        let copied = repo.command("cp").arg("-a").arg(repo.path()).arg(to).status();
        assert!(copied.is_ok_and(|status| status.success()), "the repository can be copied to GTO_DIFF_KEEP");
    }
}
