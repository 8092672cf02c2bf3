//! `cargo xtask bench --instructions`: how many instructions questions about one artifact take, by valgrind's callgrind, and
//! the budget of each.
//!
//! Unlike times they are the same in each run and on each machine of a kind, so that a change of a percent can be seen. The kernel's
//! work is not counted.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use gto_testkit::random::Large;

use super::registry::{ARTIFACT, Registry};
use crate::Result;
use crate::workspace::display;

/// A tag that all of the registries have, and the version that it registers.
const TAG: &str = "model-00001@v0.0.5";

/// A registry of the table, and the questions about it.
struct Section {
    name: &'static str,
    size: Large,
    /// How many tags of no artifact are in files of their own, beside the packed ones.
    loose: usize,
    questions: Vec<Question>,
}

/// A command and its budget.
struct Question {
    program: Program,
    words: &'static [&'static str],
    /// In millions; `None` for what is only there to compare with.
    budget: Option<f64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Program {
    Gto,
    Git,
}

/// What was counted.
struct Row {
    registry: String,
    command: String,
    instructions: u64,
    budget: Option<f64>,
}

/// Counts all of the table and prints it.
pub fn run(gto: &Path) -> Result<()> {
    check_valgrind(OsStr::new("valgrind"))?;
    let mut rows = Vec::new();
    for section in sections() {
        rows.extend(section.count(gto)?);
    }
    print!("{}", table(&rows));
    Ok(())
}

fn sections() -> Vec<Section> {
    let about_one = |scale: f64, show: f64| {
        vec![
            gto(&["check-ref", TAG], 3.5 * scale),
            gto(&["show", "model-00001@latest", "--ref"], 4.0 * scale),
            gto(&["resolve", TAG], 4.0 * scale),
            gto(&["show", ARTIFACT], show),
        ]
    };
    let whole = Large { artifacts: 550, versions: 100, noise: 5000, ..Large::default() };
    let fresh = Large { artifacts: 5, versions: 10, noise: 5, ..Large::default() };
    let mut of_whole = about_one(1.0, 12.0);
    of_whole.extend([gto(&["--version"], 0.8), git(&["--version"]), git(&["cat-file", "-p", TAG])]);
    let mut of_million = about_one(1.0, 12.0);
    for question in &mut of_million {
        question.budget = Some(5.0);
    }
    of_million.retain(|question| question.words != ["show", ARTIFACT]);
    let mut of_many = about_one(1.5, 12.0);
    of_many.retain(|question| question.words != ["show", ARTIFACT]);
    let assign = || {
        let words = &["assign", ARTIFACT, "--version", "v0.0.5", "--stage", "fresh"];
        vec![git(&["tag", "-a", "-m", "x", "by-git"]), gto(words, 3.0)]
    };
    vec![
        Section { name: "tags", size: whole, loose: 0, questions: of_whole },
        Section {
            name: "tags, of artifacts with 10,000 versions",
            size: Large { artifacts: 5, versions: 10_000, ..whole },
            loose: 0,
            questions: of_many,
        },
        Section {
            name: "tags",
            size: Large { artifacts: 5500, noise: 50_000, ..whole },
            loose: 0,
            questions: of_million,
        },
        Section { name: "tags, fresh", size: fresh, loose: 0, questions: assign() },
        Section { name: "tags, fresh, 300 of them loose", size: fresh, loose: 300, questions: assign() },
    ]
}

fn gto(words: &'static [&'static str], budget: f64) -> Question {
    Question { program: Program::Gto, words, budget: Some(budget) }
}

fn git(words: &'static [&'static str]) -> Question {
    Question { program: Program::Git, words, budget: None }
}

impl Section {
    fn count(&self, gto: &Path) -> Result<Vec<Row>> {
        let registry = Registry::of_size(self.size)?;
        for n in 0..self.loose {
            registry.repo.git_ok(&["tag", "-a", "-m", "x", &format!("loose-{n:03}")]);
        }
        let tags = super::table::thousands(registry.tags + self.loose);
        let rows = self.questions.iter().map(|question| {
            let (program, name) = match question.program {
                Program::Gto => (gto, "gto"),
                Program::Git => (Path::new("git"), "git"),
            };
            let mut command = registry.repo.command("valgrind");
            command.env("GTO_CACHE", "off");
            command.args(callgrind()).arg(program).args(question.words);
            Ok(Row {
                registry: format!("{tags} {}", self.name),
                command: format!("{name} {}", question.words.join(" ")),
                instructions: count(&mut command)?,
                budget: question.budget,
            })
        });
        rows.collect()
    }
}

/// Fails where there is no valgrind.
fn check_valgrind(program: &OsStr) -> Result<()> {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    match version {
        Ok(status) if status.success() => Ok(()),
        _ => Err("`valgrind` counts the instructions, and cannot be started: install it \
                  (`apt-get install valgrind`)"
            .into()),
    }
}

/// The arguments that make valgrind count, and keep nothing.
fn callgrind() -> [&'static str; 2] {
    ["--tool=callgrind", "--callgrind-out-file=/dev/null"]
}

/// Runs a command under callgrind to its end.
fn count(command: &mut Command) -> Result<u64> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot start {}: {error}", display(command)))?;
    let report = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{} failed ({}):\n{report}", display(command), output.status).into());
    }
    collected(&report).ok_or_else(|| format!("{} counted nothing:\n{report}", display(command)).into())
}

/// The number of a line `==123== Collected : 456`.
fn collected(report: &str) -> Option<u64> {
    let line = report.lines().find_map(|line| line.split_once("Collected :"))?;
    line.1.trim().parse().ok()
}

fn table(rows: &[Row]) -> String {
    let mut table = "| registry | command | million instructions | budget |\n|---|---|---:|---|\n".to_owned();
    for Row { registry, command, instructions, budget } in rows {
        let hundredths = instructions.div_ceil(10_000);
        let budget = budget.map(|budget| {
            let is_met = super::table::as_f64(*instructions) <= budget * 1e6;
            format!("≤ {budget} {}", if is_met { "✓" } else { "✗" })
        });
        writeln!(
            table,
            "| {registry} | {command} | {}.{:02} | {} |",
            hundredths / 100,
            hundredths % 100,
            budget.unwrap_or_default()
        )
        .expect("a String takes every write");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_found_in_what_callgrind_reports() {
        let report = "==7== Callgrind, a call-graph generating cache profiler\n==7== Collected : 351662\n";
        assert_eq!(collected(report), Some(351_662));
        assert_eq!(collected("valgrind: fatal error\n"), None);
    }

    #[test]
    fn without_valgrind_the_task_says_what_to_install() {
        let error = check_valgrind(OsStr::new("no-such-valgrind")).unwrap_err().to_string();
        assert!(error.contains("apt-get install valgrind"), "{error}");
    }

    #[test]
    fn instructions_are_counted_and_a_command_that_fails_is_an_error() {
        if check_valgrind(OsStr::new("valgrind")).is_err() {
            gto_testkit::skip("valgrind is not installed");
            return;
        }
        let of = |words: &[&str]| count(Command::new("valgrind").args(callgrind()).args(words));
        assert!(of(&["git", "--version"]).unwrap() > 10_000);
        let error = of(&["git", "no-such-command"]).unwrap_err().to_string();
        assert!(error.contains("failed"), "{error}");
    }

    #[test]
    fn a_budget_that_is_not_met_is_marked() {
        let row = |instructions| Row {
            registry: "10 tags".to_owned(),
            command: "gto show".to_owned(),
            instructions,
            budget: Some(3.5),
        };
        let table = table(&[row(3_500_000), row(3_500_001)]);
        assert!(table.contains("| 3.50 | ≤ 3.5 ✓ |\n"), "{table}");
        assert!(table.contains("| 3.51 | ≤ 3.5 ✗ |\n"), "{table}");
    }
}
