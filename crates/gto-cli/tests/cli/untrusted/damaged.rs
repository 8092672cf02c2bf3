//! The differential test against Git on damaged repositories (decision D27): random damage to the files of a
//! repository, and then Git's view of its tags against our answers.
//!
//! What `git for-each-ref` with contents refuses or warns about is never answered with status 0 and a silent stderr, a
//! command that picks or writes something fails, and what Git finds healthy is answered as in an intact repository with
//! the same tags. Commands about the whole registry are compared with all tags, those about an artifact with its own.
//!
//! The seed determines everything, so that a case can be replayed alone; the report shows how.
//!
//! | variable | does |
//! |---|---|
//! | `GTO_DAMAGE_CASES` | how many damaged repositories (300) |
//! | `GTO_DAMAGE_SEED` | the seed of the first; the next ones follow |
//! | `GTO_DAMAGE_KINDS` | the kinds of files that are damaged, with commas between them: `config,pack` (all) |
//! | `GTO_DAMAGE_BIN` | another binary in our place |
//! | `GTO_DAMAGE_KEEP` | a folder in which the repositories with a mismatch are kept, each in one named by its seed |
//! | `GTO_DAMAGE_ENOUGH` | after how many mismatches it stops (20) |

mod case;
mod damage;
mod template;
mod view;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use case::Bench;

/// Half of the time goes into starting processes, which two threads do better than one.
const THREADS: u64 = 2;

#[test]
fn damaged_repositories_are_refused_or_told_of_as_git_does() {
    let first = variable("GTO_DAMAGE_SEED").unwrap_or(1);
    let count = variable("GTO_DAMAGE_CASES").unwrap_or(300);
    let enough = variable("GTO_DAMAGE_ENOUGH").unwrap_or(20);
    let started = Instant::now();
    let bench = Bench::new();
    let next = AtomicU64::new(first);
    let tally = Mutex::new(case::Tally::default());
    let work = || {
        let mut worker = bench.worker();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let found = tally.lock().expect("no thread panics while it holds the list").mismatches.len();
            if seed >= first.saturating_add(count) || found as u64 >= enough {
                break;
            }
            let done = worker.run(seed);
            tally.lock().expect("no thread panics while it holds the list").add(done);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS.min(count) {
            scope.spawn(work);
        }
    });
    let tally = tally.into_inner().expect("no thread panics while it holds the list");
    println!(
        "damaged: {} cases from seed {first} ({} that git refuses or warns about), {} commands, {} equal answers, {} \
         mismatches, {:.1} s",
        tally.cases,
        tally.complained,
        tally.commands,
        tally.equal,
        tally.mismatches.len(),
        started.elapsed().as_secs_f64(),
    );
    assert!(tally.mismatches.is_empty(), "{}", tally.mismatches.join("\n"));
}

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    let number = text.parse();
    assert!(number.is_ok(), "{name} must be a number, not `{text}`");
    number.ok()
}
