//! Owns tests that skip themselves, so that this stays in sight. Must not decide what is worth a skip.

use std::io::Write as _;

/// Says that the running test skips itself, and why.
///
/// A test that returns early passes, and `cargo test` swallows what it prints. So the line also goes to the file that
/// `GTO_SKIP_LOG` names, as `TEST <tab> REASON`, where `cargo xtask test` counts it.
#[allow(clippy::print_stderr, reason = "the output of a test")]
pub fn skip(reason: &str) {
    let reason = reason.replace(['\n', '\t'], " ");
    eprintln!("SKIPPED: {reason}");
    if let Some(log) = std::env::var_os("GTO_SKIP_LOG") {
        let thread = std::thread::current();
        // One write, so that tests running side by side do not mix their lines.
        let line = format!("{}\t{reason}\n", thread.name().unwrap_or("?"));
        let file = std::fs::OpenOptions::new().create(true).append(true).open(log);
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the log of skips is writable");
    }
}
