//! Measures programs side by side: wall-clock times in interleaved runs, their median and spread, and peak
//! memory.
//!
//! Interleaved (A, B, A, B, …) because a machine gets slower and faster while it works: what is compared must
//! have met the same weather. Knows nothing of gto.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;
use crate::workspace::display;

/// Stands for the number of the run, in the arguments of a contender and in what is done before it.
const RUN: &str = "{run}";

/// A program to measure, under the name that the table shows.
pub struct Contender {
    /// The name in the table.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments. `{run}` in them is the number of the run, so that each run can make something new.
    pub arguments: Vec<String>,
    environment: Vec<(&'static str, &'static str)>,
    before: Vec<String>,
}

impl Contender {
    /// The words of the command line, without the program.
    pub fn new(name: impl Into<String>, program: impl Into<PathBuf>, arguments: &[&str]) -> Self {
        Self {
            name: name.into(),
            program: program.into(),
            arguments: strings(arguments),
            environment: Vec::new(),
            before: Vec::new(),
        }
    }

    /// With this variable set.
    pub fn env(mut self, key: &'static str, value: &'static str) -> Self {
        self.environment.push((key, value));
        self
    }

    /// With this git command run before each run, outside of the measured time.
    pub fn after_git(mut self, arguments: &[&str]) -> Self {
        self.before = strings(arguments);
        self
    }

    /// One run: the preparation, which is not measured, and the program, under `wrapper` if there is one.
    fn run(&self, number: usize, wrapper: &[&str], start: Start) -> Result<Duration> {
        let words = |words: &[String]| -> Vec<String> {
            words.iter().map(|word| word.replace(RUN, &number.to_string())).collect()
        };
        if !self.before.is_empty() {
            time(start(Path::new("git")).args(words(&self.before)))?;
        }
        let mut command = match wrapper.split_first() {
            Some((program, arguments)) => {
                let mut command = start(Path::new(program));
                command.args(arguments).arg(&self.program);
                command
            }
            None => start(&self.program),
        };
        time(command.envs(self.environment.iter().copied()).args(words(&self.arguments)))
    }
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

/// Makes a command for a program, in the folder and environment in which all contenders run.
pub type Start<'a> = &'a dyn Fn(&Path) -> Command;

/// What was measured of one contender.
pub struct Measured {
    /// The times of all runs, shortest first; never empty.
    times: Vec<Duration>,
    /// Peak resident memory in KiB, if the machine has a tool that measures it.
    pub peak_kib: Option<u64>,
}

impl Measured {
    /// The times of at least one run.
    pub fn new(mut times: Vec<Duration>, peak_kib: Option<u64>) -> Self {
        times.sort();
        Self { times, peak_kib }
    }

    /// For tests of what is made of the times.
    #[cfg(test)]
    pub fn of_milliseconds(milliseconds: &[u64], peak_kib: Option<u64>) -> Self {
        Self::new(milliseconds.iter().copied().map(Duration::from_millis).collect(), peak_kib)
    }

    /// The middle run; of an even number of runs, the mean of the middle two.
    pub fn median(&self) -> Duration {
        let middle = self.times.len() / 2;
        if self.times.len().is_multiple_of(2) {
            (self.times[middle - 1] + self.times[middle]) / 2
        } else {
            self.times[middle]
        }
    }

    /// The shortest run.
    pub fn shortest(&self) -> Duration {
        self.times[0]
    }

    /// The longest run.
    pub fn longest(&self) -> Duration {
        self.times[self.times.len() - 1]
    }
}

/// Runs every contender once to warm up, then `runs` times in turn. The results are in the order of the
/// contenders.
///
/// # Errors
/// When a contender cannot be started or fails: the time of a failure would be meaningless.
pub fn side_by_side(contenders: &[Contender], runs: usize, start: Start) -> Result<Vec<Measured>> {
    for contender in contenders {
        contender.run(0, &[], start)?;
    }
    let mut times = vec![Vec::with_capacity(runs); contenders.len()];
    for number in 1..=runs {
        for (contender, times) in contenders.iter().zip(&mut times) {
            times.push(contender.run(number, &[], start)?);
        }
    }
    let peaks = contenders.iter().map(|contender| peak_kib(contender, runs + 1, start));
    Ok(times.into_iter().zip(peaks).map(|(times, peak)| Measured::new(times, peak)).collect())
}

/// The wall-clock time of one run, from before the start of the process to its end. Its streams lead nowhere.
fn time(command: &mut Command) -> Result<Duration> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let status = command.status().map_err(|error| format!("cannot start {}: {error}", display(command)))?;
    let elapsed = started.elapsed();
    if status.success() { Ok(elapsed) } else { Err(format!("{} failed ({status})", display(command)).into()) }
}

/// One more run, under GNU time, where that is installed: the standard library cannot ask for the memory of a
/// child.
fn peak_kib(contender: &Contender, number: usize, start: Start) -> Option<u64> {
    let gnu_time = "/usr/bin/time";
    let report = tempfile::NamedTempFile::new().ok().filter(|_| Path::new(gnu_time).exists())?;
    let wrapper = [gnu_time, "--quiet", "--format=%M", "--output", report.path().to_str()?];
    contender.run(number, &wrapper, start).ok()?;
    std::fs::read_to_string(report.path()).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(milliseconds: &[u64]) -> Measured {
        Measured::of_milliseconds(milliseconds, None)
    }

    #[test]
    fn the_median_does_not_follow_an_outlier() {
        let measured = measured(&[900, 10, 11]);
        assert_eq!(measured.median(), Duration::from_millis(11));
        assert_eq!(
            (measured.shortest(), measured.longest()),
            (Duration::from_millis(10), Duration::from_millis(900))
        );
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!(measured(&[40, 10, 20, 30]).median(), Duration::from_millis(25));
    }

    #[test]
    fn a_contender_that_fails_is_an_error_not_a_time() {
        let contender = Contender::new("bad", "git", &["no-such-command"]);
        let error =
            side_by_side(&[contender], 1, &|program| Command::new(program)).err().unwrap().to_string();
        assert!(error.starts_with("`git no-such-command` failed"), "{error}");
    }

    #[test]
    fn every_contender_is_run_as_often_as_asked() {
        let contenders = [Contender::new("git --version", "git", &["--version"])];
        let measured = side_by_side(&contenders, 3, &|program| Command::new(program)).unwrap();
        assert_eq!(measured[0].times.len(), 3);
    }

    #[test]
    fn each_run_has_a_number_of_its_own_and_what_is_done_before_it_is_not_measured() {
        let sandbox = gto_testkit::Sandbox::new();
        let repo = sandbox.repo("r");
        repo.commit(&[("a", "a")], "a");
        let contenders =
            [Contender::new("a", "git", &["tag", "timed-{run}"]).after_git(&["tag", "before-{run}"])];
        let measured = side_by_side(&contenders, 1, &|program| repo.command(program)).unwrap();
        assert_eq!(measured[0].times.len(), 1);
        let tags = repo.tag_names();
        for tag in ["before-0", "timed-0", "before-1", "timed-1"] {
            assert!(tags.iter().any(|found| found == tag), "{tag} in {tags:?}");
        }
    }
}
