//! Owns what equal means. Must not run anything.
//!
//! Equal are: the exit status; stdout byte by byte, JSON by value and by the order of keys; the first line of an
//! error; and after a write the tags. Wrong usage (status 2) has to be refused by both, in whatever words. Where the
//! oracle gives up with `Unexpected error`, we refuse too, with an error that is none (D18). What the oracle lists
//! twice is listed once (D9). What else we say on stderr is ours to choose.

use gto_testkit::{Run, TagRecord};
use serde_json::Value;

use super::case::{Allow, Case};
use super::duplicates;

/// How many characters of a version the oracle shows in the registry table (D1).
const CUT: usize = 7;
/// What an error begins with.
const MARK: &str = "❌ ";

/// What differs between the answers, if anything does.
pub fn difference(case: &Case, theirs: &Run, ours: &Run) -> Option<&'static str> {
    if theirs.status != ours.status {
        return Some("exit status");
    }
    if theirs.status == 2 {
        return None;
    }
    if !same_output(case, theirs, ours) {
        return Some("stdout");
    }
    (!same_error(theirs, ours)).then_some("error")
}

fn same_output(case: &Case, theirs: &Run, ours: &Run) -> bool {
    match &case.allow {
        Allow::EveryUsedStage(stages) => {
            let listed: Option<Vec<String>> = if case.has("--json") {
                serde_json::from_slice(&ours.stdout).ok()
            } else {
                Some(ours.out().lines().map(str::to_owned).collect())
            };
            listed.as_ref() == Some(stages)
        }
        Allow::CutVersions => cells(&theirs.out()) == cells(&ours.out()),
        Allow::Nothing if case.is_json() && theirs.status == 0 => same_json(&theirs.stdout, &ours.stdout),
        Allow::Nothing if case.args[0] == "show" => duplicates::drop_rows(&theirs.out()) == ours.out(),
        Allow::Nothing => theirs.stdout == ours.stdout,
    }
}

/// By value, and the keys in the same order: `serde_json` keeps it, but compares without it.
fn same_json(theirs: &[u8], ours: &[u8]) -> bool {
    let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
    match (read(theirs), read(ours)) {
        (Some(mut theirs), Some(ours)) => {
            duplicates::drop_versions(&mut theirs);
            theirs == ours && format!("{theirs}") == format!("{ours}")
        }
        _ => theirs == ours,
    }
}

/// Everything that the oracle prints on stderr is an error.
fn same_error(theirs: &Run, ours: &Run) -> bool {
    let (theirs, ours) = (theirs.err(), ours.err());
    let Some(line) = theirs.lines().next() else { return true };
    let is_marked = line.starts_with(MARK);
    // Without the mark (`GTO_EMOJIS=false`) an error cannot be told from a warning before it.
    let mut candidates = ours.lines().filter(|ours| !is_marked || ours.starts_with(MARK));
    if line.contains("Unexpected error: ") {
        candidates.next().is_some() && !ours.contains("Unexpected error")
    } else if is_marked {
        candidates.next() == Some(line)
    } else {
        candidates.any(|ours| ours == line)
    }
}

/// A table as its rows of cells, versions cut as the oracle cuts them, without the frame.
fn cells(table: &str) -> Vec<Vec<String>> {
    let framed = table.contains('│');
    let cut = |cell: &str| {
        let versions = cell
            .split(", ")
            .map(|word| if word.starts_with('v') { word.get(..CUT).unwrap_or(word) } else { word });
        versions.collect::<Vec<_>>().join(", ")
    };
    table
        .lines()
        .filter(|line| !framed || line.contains('│'))
        .map(|line| {
            line.split(if framed { "│" } else { "  " })
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .map(cut)
                .collect()
        })
        .collect()
}

/// What two tools must agree on in the tags that they leave behind: all but the time and the id that follows
/// from it.
pub fn essence(tags: &[TagRecord]) -> Vec<String> {
    tags.iter()
        .map(|tag| {
            let who = tag.tagger.as_ref().map(|tagger| format!("{} <{}>", tagger.name, tagger.email));
            let message = tag.message.strip_suffix('\n').unwrap_or(&tag.message);
            format!("{} ({}) -> {} by {who:?}: {message:?}", tag.name, tag.object_type, tag.target)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_versions_are_equal_to_whole_ones_in_either_kind_of_table() {
        let cut = "│ m  │ v1.10.1 │ v1.10.1, v0.0.1 │\n";
        let whole = "│ m  │ v1.10.100 │ v1.10.100, v0.0.1 │\n";
        assert_eq!(cells(cut), cells(whole));
        assert_eq!(cells("m  v1.10.1  -\n"), cells("m  v1.10.100  -\n"));
        assert_ne!(cells("m  v1.10.1  -\n"), cells("m  v1.11.100  -\n"));
    }

    #[test]
    fn json_with_keys_in_another_order_is_not_equal() {
        assert!(same_json(b"{\"a\": 1, \"b\": [2]}", b"{\"a\":1,\"b\":[2]}\n"));
        assert!(!same_json(b"{\"a\": 1, \"b\": 2}", b"{\"b\": 2, \"a\": 1}"));
    }
}
