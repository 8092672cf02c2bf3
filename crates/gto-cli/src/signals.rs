//! Signals that end this process: what it has started ends with it.
//!
//! Owns nothing else about them: wherever a write is stopped, nothing is half done.

use std::fs::File;
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// From here on a signal that ends us ends the `git` at work too, and what that has started.
pub fn end_with_children() {
    // Control-C at a terminal goes to all of them by itself.
    let has_terminal = File::open("/dev/tty").is_ok();
    let signals = if has_terminal { &[SIGTERM][..] } else { &[SIGTERM, SIGINT] };
    // Where they cannot be heard they do what they always do.
    let Ok(mut signals) = Signals::new(signals) else { return };
    thread::spawn(move || {
        for signal in signals.forever() {
            gto::end_children();
            // What fails here cannot be helped, and a second signal is heard again.
            let _ = emulate_default_handler(signal);
        }
    });
}
