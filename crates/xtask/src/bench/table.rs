//! The tables that are printed: what was measured, and how it grows. Measures nothing.

use std::fmt::Write as _;
use std::time::Duration;

use super::part::Target;
use crate::measure::Measured;

/// What was measured of one command in one registry.
pub struct Row {
    /// The tags of the registry.
    pub tags: usize,
    /// Whether its refs are in files of their own.
    pub loose: bool,
    /// The command.
    pub name: String,
    /// What it took.
    pub measured: Measured,
    /// What it is compared with, if with anything.
    pub compared: Option<Compared>,
    /// What is wanted of it.
    pub target: Option<Target>,
}

/// A command beside its baseline.
pub struct Compared {
    /// The name of the baseline.
    pub with: String,
    /// Its median time, as a part of the baseline's.
    pub time: f64,
    /// Its peak memory relative to the baseline's, if the machine measures it.
    pub memory: Option<f64>,
}

impl Compared {
    /// Sets a command beside its baseline.
    pub fn new(measured: &Measured, with: &str, baseline: &Measured) -> Self {
        let memory = measured.peak_kib.zip(baseline.peak_kib);
        Self {
            with: with.to_owned(),
            time: measured.median().as_secs_f64() / baseline.median().as_secs_f64(),
            memory: memory.map(|(ours, theirs)| as_f64(ours) / as_f64(theirs)),
        }
    }
}

/// All that was measured, one command a line.
pub fn results(rows: &[Row]) -> String {
    let mut table =
        "| tags | command | median ms | min..max | compared with | its time × | peak MiB | its memory × | wanted |\n\
                     |---:|---|---:|---:|---|---:|---:|---:|---|\n"
            .to_owned();
    for row in rows {
        let tags = format!("{}{}", thousands(row.tags), if row.loose { " loose" } else { "" });
        let (with, time, memory) = match &row.compared {
            Some(compared) => {
                let memory = compared.memory.map(|memory| format!("{memory:.2}")).unwrap_or_default();
                (compared.with.as_str(), format!("{:.2}", compared.time), memory)
            }
            None => ("", String::new(), String::new()),
        };
        let peak = row.measured.peak_kib.map_or_else(|| "-".to_owned(), |kib| kib.div_ceil(1024).to_string());
        writeln!(
            table,
            "| {tags} | {} | {:.1} | {:.1}..{:.1} | {with} | {time} | {peak} | {memory} | {} |",
            row.name,
            milliseconds(row.measured.median()),
            milliseconds(row.measured.shortest()),
            milliseconds(row.measured.longest()),
            wanted(row),
        )
        .expect("a String takes every write");
    }
    table
}

/// What is wanted, and whether it was met; in parentheses where the registry is smaller than those that the wish
/// is about.
fn wanted(row: &Row) -> String {
    let (Some(target), Some(compared)) = (row.target, &row.compared) else { return String::new() };
    let wish = |name: &str, limit: f64, found: f64| {
        format!("{name} ≤ {limit} {}", if found <= limit { "✓" } else { "✗" })
    };
    let mut wishes = vec![wish("time", target.time, compared.time)];
    if let Some((limit, found)) = target.memory.zip(compared.memory) {
        wishes.push(wish("memory", limit, found));
    }
    let wishes = wishes.join(", ");
    if row.tags < target.from { format!("({wishes})") } else { wishes }
}

/// The commands that were measured in several registries, in rows from the smallest registry to the largest: time for
/// a tag in each, and how much longer the largest took than the smallest. `None` if there was one size only.
pub fn growth(rows: &[Row]) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        if !names.contains(&row.name.as_str()) {
            names.push(&row.name);
        }
    }
    let mut lines = String::new();
    let mut sizes = Vec::new();
    for name in names {
        let mut series: Vec<&Row> = rows.iter().filter(|row| row.name == name).collect();
        // G is in more than one part.
        series.dedup_by_key(|row| row.tags);
        let (Some(first), Some(last)) = (series.first(), series.last()) else { continue };
        if series.len() < 2 {
            continue;
        }
        sizes = series.iter().map(|row| row.tags).collect();
        let microseconds = |row: &&Row| row.measured.median().as_secs_f64() * 1e6 / as_f64(row.tags);
        let cells: Vec<String> = series.iter().map(|row| format!("{:.2}", microseconds(row))).collect();
        let times = last.measured.median().as_secs_f64() / first.measured.median().as_secs_f64();
        writeln!(lines, "| {name} | {} | {times:.1} |", cells.join(" | "))
            .expect("a String takes every write");
    }
    let (first, last) = (sizes.first()?, sizes.last()?);
    let heads: Vec<String> = sizes.iter().map(|tags| format!("µs a tag of {}", thousands(*tags))).collect();
    let tags = as_f64(*last) / as_f64(*first);
    Some(format!(
        "| command | {} | times longer with {tags:.1} times the tags |\n|---|{}---:|\n{lines}",
        heads.join(" | "),
        "---:|".repeat(sizes.len()),
    ))
}

/// Counts of tags and of KiB, which are exact in an `f64` up to 2^53.
#[allow(clippy::cast_precision_loss, reason = "no machine has as much of either")]
pub fn as_f64(count: impl TryInto<u64>) -> f64 {
    count.try_into().unwrap_or(u64::MAX) as f64
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(tags: usize, name: &str, milliseconds: u64, baseline: Option<u64>) -> Row {
        let measured = Measured::of_milliseconds(&[milliseconds], Some(2048));
        let compared = baseline
            .map(|time| Compared::new(&measured, "G", &Measured::of_milliseconds(&[time], Some(8192))));
        let target = compared.is_some().then_some(Target { time: 0.6, memory: Some(0.2), from: 1000 });
        Row { tags, loose: false, name: name.to_owned(), measured, compared, target }
    }

    #[test]
    fn a_line_tells_the_baseline_the_ratio_and_whether_the_wish_was_met() {
        let table = results(&[row(100_000, "G", 100, None), row(100_000, "gto show", 60, Some(100))]);
        let lines: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(lines[0], "| 100,000 | G | 100.0 | 100.0..100.0 |  |  | 2 |  |  |");
        assert_eq!(
            lines[1],
            "| 100,000 | gto show | 60.0 | 60.0..60.0 | G | 0.60 | 2 | 0.25 | time ≤ 0.6 ✓, memory ≤ 0.2 ✗ |"
        );
    }

    #[test]
    fn a_wish_about_larger_registries_stands_in_parentheses() {
        assert_eq!(wanted(&row(999, "gto show", 70, Some(100))), "(time ≤ 0.6 ✗, memory ≤ 0.2 ✗)");
    }

    #[test]
    fn growth_compares_the_largest_with_the_smallest() {
        let rows = [(100, "a", 10), (100, "b", 1), (100, "a", 11), (1000, "a", 50), (1000, "a", 51)];
        let rows = rows.map(|(tags, name, time)| row(tags, name, time, None));
        let table = growth(&rows).unwrap();
        assert!(table.contains("| times longer with 10.0 times the tags |"), "{table}");
        assert!(table.ends_with("| a | 100.00 | 50.00 | 5.0 |\n"), "{table}");
        assert_eq!(growth(&rows[3..]), None);
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([100, 1000, 1_028_627].map(thousands), ["100", "1,000", "1,028,627"]);
    }
}
