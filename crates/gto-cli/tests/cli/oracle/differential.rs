//! The differential test: random registries, shown and written by the Python tool and by us, must come out equal.
//!
//! A third of the registries is read without our cache of tags, a third with it, and a third with one that is damaged
//! before each command.
//!
//! The seed determines everything, so that a mismatch can be reproduced alone; the report shows how. What is equal is
//! said in `compare`, which commands are asked in `reads` and `writes`, and what the registries may contain in
//! `gto_testkit::random`. The decisions D1 to D24, where the two tools differ on purpose, are kept out by these three,
//! and have tests of their own.
//!
//! | variable | does |
//! |---|---|
//! | `GTO_DIFF_REGISTRIES` | how many registries (25) |
//! | `GTO_DIFF_SEED` | the seed of the first; the next ones follow |
//! | `GTO_DIFF_BIN` | another binary in our place |
//! | `GTO_DIFF_SELF` | set, with the oracle's own command in `GTO_DIFF_BIN`: tests the test, which must find nothing |
//! | `GTO_DIFF_KEEP` | a folder in which registries with a mismatch are kept, each in one named by its seed |
//! | `GTO_REQUIRE_ORACLE` | `1`: no oracle is a failure, not a skip |

mod case;
mod compare;
mod duplicates;
mod reads;
mod report;
mod session;
mod writes;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use gto_testkit::Oracle;

use session::Session;

/// The seed of the first registry, if none is asked for.
const FIRST_SEED: u64 = 1;
/// The maximum number of mismatches.
const ENOUGH: usize = 20;
/// Each has its own oracle.
const THREADS: usize = 2;

#[test]
fn random_registries_are_read_and_written_as_the_oracle_does() {
    let Some(first_oracle) = Oracle::or_skip() else { return };
    let first = variable("GTO_DIFF_SEED").unwrap_or(FIRST_SEED);
    let count = variable("GTO_DIFF_REGISTRIES").unwrap_or(25);

    let started = Instant::now();
    let next = AtomicU64::new(first);
    let compared = AtomicUsize::new(0);
    let mismatches: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let work = |oracle: Oracle| {
        let mut session = Session::new(oracle);
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let found = mismatches.lock().expect("no thread panics while it holds the list").len();
            if seed >= first.saturating_add(count) || found >= ENOUGH {
                break;
            }
            let report = session.compare_registry(seed);
            compared.fetch_add(report.compared, Ordering::Relaxed);
            mismatches.lock().expect("no thread panics while it holds the list").extend(report.mismatches);
        }
        session.timing()
    };
    let timings = std::thread::scope(|scope| {
        let mut threads = vec![scope.spawn(|| work(first_oracle))];
        for _ in 1..THREADS.min(usize::try_from(count).unwrap_or(THREADS)) {
            threads.push(scope.spawn(|| work(Oracle::start().expect("it started a moment ago"))));
        }
        threads
            .into_iter()
            .map(|thread| thread.join().expect("the thread says why it panicked"))
            .collect::<Vec<_>>()
    });

    let mismatches = mismatches.into_inner().expect("no thread panics while it holds the list");
    println!(
        "differential: {count} registries from seed {first}, {} comparisons, {} mismatches, {:.1} s; {}",
        compared.into_inner(),
        mismatches.len(),
        started.elapsed().as_secs_f64(),
        timings.join("; "),
    );
    assert!(mismatches.is_empty(), "{} mismatches\n\n{}", mismatches.len(), mismatches.join("\n"));
}

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    let number = text.parse();
    assert!(number.is_ok(), "{name} must be a number, not `{text}`");
    number.ok()
}
