//! Signals that end this process: what it has started ends with it, and files that wait for their commit are put back first.
//!
//! Owns nothing else about them: wherever another write is stopped, nothing is half done.

use std::fs::{self, File};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use gto::Cancellation;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// The signal that ends us once an edit is put back, or 0.
static HEARD: AtomicI32 = AtomicI32::new(0);

/// Whether a pager is before the person, for whom Ctrl-C is.
static PAGING: AtomicBool = AtomicBool::new(false);

/// So long an edit may take to be put back.
const LONGEST: Duration = Duration::from_secs(10);

/// Whoever sends a signal once more after this has no time left: git is killed, and the third time we are. Before that it may be
/// the same one, to us and to our group.
const PATIENCE: Duration = Duration::from_secs(1);

/// So long an edit is waited for after that.
const LAST: Duration = Duration::from_secs(5);

/// The polling interval. A running git gets this long to finish, since most do, and a killed one leaves files to clean
/// up.
const BETWEEN_LOOKS: Duration = Duration::from_millis(300);

/// From here on a signal that ends us ends the `git` at work too, and what that has started.
pub fn end_with_children(cancellation: &Cancellation) {
    // What is typed at a terminal, and its end, goes to all of them by itself.
    let has_terminal = File::open("/dev/tty").is_ok();
    let signals: &[_] = if cfg!(target_os = "linux") {
        &[SIGTERM, SIGINT, SIGHUP, SIGQUIT]
    } else {
        // On other systems, we cannot know whether `nohup` started us.
        &[SIGTERM, SIGINT]
    };
    let ignored = ignored();
    let heard = signals.iter().filter(|signal| ignored & (1 << (**signal - 1)) == 0);
    // Without a handler, a signal has its default effect, so the listener must start first.
    let (sender, listening) = sync_channel::<Signals>(1);
    let cancellation = cancellation.clone();
    let listen = move || {
        let Ok(mut signals) = listening.recv() else { return };
        loop {
            let Some(signal) = signals.wait().next() else { continue };
            if is_for_pager(signal) {
                continue;
            }
            if cancellation.is_editing() {
                HEARD.store(signal, Ordering::SeqCst);
                wait_for_the_edit(&mut signals, &cancellation);
            } else if signal == SIGTERM || !has_terminal {
                cancellation.cancel();
            }
            // What fails here cannot be helped, and a second signal is heard again.
            let _ = emulate_default_handler(signal);
        }
    };
    if thread::Builder::new().spawn(listen).is_ok()
        && let Ok(signals) = Signals::new(heard)
    {
        // It goes nowhere else, and there is room for it.
        let _ = sender.send(signals);
    }
}

/// Ctrl-C and Ctrl-\ go to the pager from here on: if they ended us, two programs would read from the terminal at once.
pub fn leave_interrupts_to_pager() {
    PAGING.store(true, Ordering::SeqCst);
    for signal in [SIGINT, SIGQUIT] {
        // A flag that is never read: without a handler, the signal would end the process. On failure, the signal keeps
        // its default effect.
        let _ = signal_hook::flag::register(signal, Arc::default());
    }
}

fn is_for_pager(signal: i32) -> bool {
    PAGING.load(Ordering::SeqCst) && matches!(signal, SIGINT | SIGQUIT)
}

/// The main thread restores edited files, reports, and exits, unless that takes too long.
fn wait_for_the_edit(signals: &mut Signals, cancellation: &Cancellation) {
    let begun = Instant::now();
    let mut hurry: Option<Instant> = None;
    while begun.elapsed() < LONGEST && hurry.is_none_or(|since| since.elapsed() < LAST) {
        thread::sleep(BETWEEN_LOOKS);
        if signals.pending().count() > 0 && hurry.unwrap_or(begun).elapsed() > PATIENCE {
            if hurry.is_some() {
                return;
            }
            hurry = Some(Instant::now());
        }
        // Also those that were started after the last time.
        if hurry.is_some() { cancellation.kill() } else { cancellation.cancel() }
    }
}

/// Whether the process is to end by a signal, and goes on for an edit alone.
pub fn is_to_end() -> bool {
    HEARD.load(Ordering::SeqCst) != 0
}

/// Ends the process by the signal that it has heard, if it has.
pub fn end_if_heard() {
    let signal = HEARD.load(Ordering::SeqCst);
    if signal != 0 {
        let _ = emulate_default_handler(signal);
    }
}

/// The signals that the parent process wants us to ignore, as after `trap '' TERM` in a script, one bit each. Only
/// Linux reports this without `unsafe`.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
