//! Signals that end this process: what it has started ends with it.
//!
//! Owns nothing else about them: wherever a write is stopped, nothing is half done.

use std::fs::{self, File};
use std::sync::mpsc::sync_channel;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// From here on a signal that ends us ends the `git` at work too, and what that has started.
pub fn end_with_children() {
    // What is typed at a terminal, and its end, goes to all of them by itself.
    let has_terminal = File::open("/dev/tty").is_ok();
    let signals: &[_] = if has_terminal {
        &[SIGTERM]
    } else if cfg!(target_os = "linux") {
        &[SIGTERM, SIGINT, SIGHUP, SIGQUIT]
    } else {
        // Elsewhere nobody tells whether it is `nohup` that has started us.
        &[SIGTERM, SIGINT]
    };
    let ignored = ignored();
    let heard = signals.iter().filter(|signal| ignored & (1 << (**signal - 1)) == 0);
    // Where they cannot be heard they do what they always do: so there must be somebody who listens first.
    let (sender, listening) = sync_channel::<Signals>(1);
    let listen = move || {
        for signal in listening.recv().iter_mut().flat_map(Signals::forever) {
            gto::end_children();
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

/// The signals that whoever started us wants us to ignore, as after `trap '' TERM` in a script, one bit each. Only Linux tells
/// without `unsafe`.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
