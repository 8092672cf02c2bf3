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

/// A program to measure, under the name that the table shows.
pub struct Contender {
    /// The name in the table.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

impl Contender {
    /// The words of the command line, without the program.
    pub fn new(name: impl Into<String>, program: impl Into<PathBuf>, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        Self { name: name.into(), program: program.into(), arguments }
    }
}

/// Makes a command for a program, in the folder and environment in which all contenders run.
pub type Start<'a> = &'a dyn Fn(&Path) -> Command;

/// What was measured of one contender.
pub struct Measured {
    /// The times of all runs, shortest first; never empty.
    times: Vec<Duration>,
    /// Peak resident memory in KiB, where the machine has a tool that tells.
    pub peak_kib: Option<u64>,
}

impl Measured {
    fn new(mut times: Vec<Duration>, peak_kib: Option<u64>) -> Self {
        times.sort();
        Self { times, peak_kib }
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
/// When a contender cannot be started or fails: the time of a failure would say nothing.
pub fn side_by_side(contenders: &[Contender], runs: usize, start: Start) -> Result<Vec<Measured>> {
    let run = |contender: &Contender| time(start(&contender.program).args(&contender.arguments));
    for contender in contenders {
        run(contender)?;
    }
    let mut times = vec![Vec::with_capacity(runs); contenders.len()];
    for _ in 0..runs {
        for (contender, times) in contenders.iter().zip(&mut times) {
            times.push(run(contender)?);
        }
    }
    let peaks = contenders.iter().map(|contender| peak_kib(contender, start));
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
fn peak_kib(contender: &Contender, start: Start) -> Option<u64> {
    let gnu_time = Path::new("/usr/bin/time");
    let report = tempfile::NamedTempFile::new().ok().filter(|_| gnu_time.exists())?;
    let mut timed = start(gnu_time);
    timed.args(["--quiet", "--format=%M", "--output"]).arg(report.path());
    time(timed.arg(&contender.program).args(&contender.arguments)).ok()?;
    std::fs::read_to_string(report.path()).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(milliseconds: &[u64]) -> Measured {
        Measured::new(milliseconds.iter().copied().map(Duration::from_millis).collect(), None)
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
}
