//! Keeps a snapshot of a registry fresh in a loop, and prints what changes, one JSON object a line.
//!
//!     cargo run --release -p gto --example follow -- REPOSITORY [SECONDS [LOOKS]]
//!
//! It looks every SECONDS (1), or where that is `-` at each line of stdin. After LOOKS it ends; without them it does not. What
//! it costs goes to stderr: a line about the snapshot, and one about each look that found something.

#![allow(clippy::disallowed_methods, reason = "it is a program")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program")]

use std::env;
use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use gto::query::{HistoryOptions, ShowOptions};
use gto::{Environment, Registry, Timestamp};

fn main() -> ExitCode {
    match follow() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("follow: {error}");
            ExitCode::FAILURE
        }
    }
}

fn follow() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let path = arguments.next().ok_or("name a repository: follow REPOSITORY [SECONDS [LOOKS]]")?;
    let between = match arguments.next().as_deref() {
        Some("-") => None,
        seconds => Some(Duration::try_from_secs_f64(seconds.unwrap_or("1").parse()?)?),
    };
    let looks: Option<usize> = arguments.next().map(|text| text.parse()).transpose()?;
    let registry = open(&path)?;

    let start = Instant::now();
    let mut snapshot = registry.snapshot()?;
    report("snapshot", start, registry.objects_read());
    for warning in snapshot.warnings() {
        eprintln!("warning: {warning}");
    }
    // What a page of a dashboard asks, without a look at the repository.
    let start = Instant::now();
    let artifacts = snapshot.show(&ShowOptions::default()).artifacts.len();
    let last = snapshot.history(&HistoryOptions { limit: Some(50), ..HistoryOptions::default() });
    let micros = start.elapsed().as_micros();
    eprintln!("{artifacts} artifacts and the last {} events in {micros} us", last.iter().count());

    for _ in 0..looks.unwrap_or(usize::MAX) {
        match between {
            Some(time) => thread::sleep(time),
            None if io::stdin().read_line(&mut String::new())? == 0 => break,
            None => {}
        }
        let (start, read) = (Instant::now(), registry.objects_read());
        let (next, changes) = registry.refresh(&snapshot)?;
        if !changes.is_empty() {
            report("refresh", start, registry.objects_read() - read);
        }
        for change in &changes {
            println!("{}", serde_json::to_string(change)?);
        }
        snapshot = next;
    }
    Ok(())
}

/// The library reads neither the environment nor the clock: both are handed in.
fn open(path: &str) -> Result<Registry, Box<dyn Error>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let now = Timestamp::new(i64::try_from(now)?, 0).ok_or("the clock is out of order")?;
    let variables = env::vars().filter(|(name, _)| name.starts_with("GTO_") || name.starts_with("GIT_"));
    Ok(Registry::open(path, Environment::new(variables, now))?)
}

fn report(what: &str, start: Instant, objects: usize) {
    eprintln!("{what}: {} us, {objects} objects read", start.elapsed().as_micros());
}
