//! How long a program that holds a snapshot takes to bring it up to date: the example `follow` of the library.
//!
//! Owns the talk with it. It says itself how long it took, since it does not end in between.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStderr, Stdio};
use std::time::Duration;

use crate::Result;
use crate::measure::{Measured, Start};

/// The name in the table.
pub const NAME: &str = "a refresh after one more tag";

/// Lets the program take a snapshot, and look again after each of `runs` new tags, of each of which it reads one object.
pub fn measure(follow: &Path, runs: usize, start: Start) -> Result<Measured> {
    let mut command = start(follow);
    command.args([".", "-"]).env("GTO_CACHE", "off");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let times = talk(&mut child, runs, start);
    // It ends when its input does.
    drop(child.stdin.take());
    child.wait()?;
    Ok(Measured::new(times?, None))
}

fn talk(child: &mut Child, runs: usize, start: Start) -> Result<Vec<Duration>> {
    let mut lines = BufReader::new(child.stderr.take().ok_or("the program has no stderr")?);
    cost(&mut lines, "snapshot: ")?;
    let mut times = Vec::new();
    for run in 0..=runs {
        let name = format!("model-00001@v99.0.{run}");
        let tagged = start(Path::new("git")).args(["tag", "-a", "-m", "new", &name]).status()?;
        if !tagged.success() {
            return Err(format!("git tag {name} failed ({tagged})").into());
        }
        writeln!(child.stdin.as_mut().ok_or("the program has no stdin")?)?;
        let (time, objects) = cost(&mut lines, "refresh: ")?;
        if objects != 1 {
            return Err(format!("a refresh after one more tag read {objects} objects, not 1").into());
        }
        times.push(time);
    }
    // The first one warms up.
    Ok(times.split_off(1))
}

/// The next `refresh: 1234 us, 1 objects read` of the program.
fn cost(lines: &mut BufReader<ChildStderr>, what: &str) -> Result<(Duration, usize)> {
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            return Err(format!("the program ended without `{what}`").into());
        }
        if let Some(cost) = line.strip_prefix(what) {
            return read(cost).ok_or_else(|| format!("`{}` says no time", line.trim()).into());
        }
    }
}

fn read(cost: &str) -> Option<(Duration, usize)> {
    let (time, objects) = cost.trim().split_once(" us, ")?;
    Some((Duration::from_micros(time.parse().ok()?), objects.strip_suffix(" objects read")?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_is_read_from_the_line_of_the_program() {
        assert_eq!(read("1234 us, 1 objects read\n"), Some((Duration::from_micros(1234), 1)));
        assert_eq!(read("soon"), None);
    }
}
