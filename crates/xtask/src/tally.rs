//! Adds up the closing lines of `cargo test`, one for each test binary, while they pass by.

use std::io::{BufRead, Write};

/// The sums over all `test result:` lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that ended well, those that skipped themselves included.
    pub passed: usize,
    /// Tests that did not.
    pub failed: usize,
    /// Tests marked `#[ignore]`.
    pub ignored: usize,
}

impl Tally {
    /// Copies `output` line by line, unchanged, and counts on the way.
    pub fn while_copying(mut output: impl BufRead, mut to: impl Write) -> std::io::Result<Self> {
        let mut tally = Self::default();
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line)? > 0 {
            to.write_all(&line)?;
            to.flush()?;
            tally.add(&String::from_utf8_lossy(&line));
            line.clear();
        }
        Ok(tally)
    }

    /// `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s`
    fn add(&mut self, line: &str) {
        let Some(result) = line.trim_start().strip_prefix("test result: ") else { return };
        let words: Vec<&str> = result.split([' ', ';']).collect();
        for pair in words.windows(2) {
            let Ok(count) = pair[0].parse::<usize>() else { continue };
            match pair[1] {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_added_up_and_copied_as_they_are() {
        let output = b"running 1 test\n\xff\ntest result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.02s\n\
            test result: FAILED. 2 passed; 5 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s\nno newline";
        let mut copy = Vec::new();
        let tally = Tally::while_copying(output.as_slice(), &mut copy).unwrap();
        assert_eq!(tally, Tally { passed: 14, failed: 5, ignored: 1 });
        assert_eq!(copy, output);
    }
}
