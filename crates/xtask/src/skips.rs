//! The tests that skipped themselves, from the file that they write their reasons to.
//!
//! `cargo test` swallows what a passing test prints, and a test that skips itself passes. So
//! `cargo xtask test` names a file in `GTO_SKIP_LOG`, `gto-testkit` appends one line to it for each skip
//! (`TEST <tab> REASON`), and this module reads them back.

use std::collections::BTreeMap;
use std::path::Path;

/// The environment variable that names the file.
pub const VARIABLE: &str = "GTO_SKIP_LOG";

/// What was skipped: the tests for each reason, in the order of their names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Skips(BTreeMap<String, Vec<String>>);

impl Skips {
    /// Reads the file; one that is not there means that nothing was skipped.
    pub fn read(path: &Path) -> Self {
        let log = std::fs::read(path).unwrap_or_default();
        Self::parse(&String::from_utf8_lossy(&log))
    }

    fn parse(log: &str) -> Self {
        let mut by_reason: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in log.lines() {
            let (test, reason) = line.split_once('\t').unwrap_or(("?", line));
            by_reason.entry(reason.to_owned()).or_default().push(test.to_owned());
        }
        for tests in by_reason.values_mut() {
            tests.sort();
        }
        Self(by_reason)
    }

    /// How many skips there were.
    pub fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

/// One line a reason, with the tests indented below it.
impl std::fmt::Display for Skips {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (reason, tests) in &self.0 {
            writeln!(f, "SKIPPED {}: {reason}", tests.len())?;
            for test in tests {
                writeln!(f, "    {test}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_are_counted_and_grouped_by_reason() {
        let skips = Skips::parse(
            "show_is_equal\tno oracle\nfat_is_read\tno reftable in this git\ncheck_is_equal\tno oracle\n",
        );
        assert_eq!(skips.count(), 3);
        assert_eq!(
            skips.to_string(),
            "SKIPPED 2: no oracle\n    check_is_equal\n    show_is_equal\nSKIPPED 1: no reftable in this git\n    fat_is_read\n"
        );
    }

    #[test]
    fn a_log_that_was_never_written_means_that_nothing_was_skipped() {
        assert_eq!(Skips::read(Path::new("/nonexistent/log")), Skips::default());
    }
}
