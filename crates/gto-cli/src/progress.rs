//! The line on a terminal that shows the progress of a long read.
//!
//! Owns the thread that watches, and taking the line away again. Whoever prints anything else stops it first.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gto_files::Transfer;
use gto_frontend::text::human_size;

/// Shorter waits show no progress.
pub const PATIENCE: Duration = Duration::from_millis(500);

/// How often the line is updated.
const PERIOD: Duration = Duration::from_millis(100);

/// A thread that shows progress until it is stopped.
pub struct ProgressLine {
    is_over: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl ProgressLine {
    /// Shows on `out` how far `progress` has come, once `patience` is over.
    pub fn start(
        progress: Arc<gto::progress::Progress>,
        out: impl Write + Send + 'static,
        patience: Duration,
    ) -> Self {
        Self::start_with(move || line(&progress), out, patience)
    }

    /// Shows on `out` what `line` gives, once `patience` is over.
    pub fn start_with(
        line: impl Fn() -> Option<String> + Send + 'static,
        mut out: impl Write + Send + 'static,
        patience: Duration,
    ) -> Self {
        let is_over = Arc::new((Mutex::new(false), Condvar::new()));
        let watched = Arc::clone(&is_over);
        let watch = move || {
            let (over, changed) = &*watched;
            let mut over = over.lock().unwrap_or_else(PoisonError::into_inner);
            let mut pause = patience;
            let mut shown = 0;
            while !*over {
                let woken = changed.wait_timeout_while(over, pause, |over| !*over);
                over = woken.unwrap_or_else(PoisonError::into_inner).0;
                pause = PERIOD;
                if let (false, Some(line)) = (*over, line()) {
                    shown = shown.max(line.len());
                    // A terminal that takes nothing is no reason to fail.
                    let _ = write!(out, "\r{line:shown$}").and_then(|()| out.flush());
                }
            }
            if shown > 0 {
                let _ = write!(out, "\r{:shown$}\r", "").and_then(|()| out.flush());
            }
        };
        // Without a thread there is no line.
        let thread = std::thread::Builder::new().spawn(watch).ok();
        Self { is_over, thread }
    }
}

impl Drop for ProgressLine {
    /// Takes the line away.
    fn drop(&mut self) {
        let (over, changed) = &*self.is_over;
        *over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn line(progress: &gto::progress::Progress) -> Option<String> {
    if let Some(task) = progress.task() {
        return Some(format!("cloning: {task}"));
    }
    let (done, total) = progress.counts();
    (total > 0).then(|| format!("reading tags: {} of {}", in_thousands(done), in_thousands(total)))
}

/// How far the getting of files has come: files, bytes, the rate, and the time that is left.
pub fn transfer_line(transfer: &Transfer, begun: Instant) -> Option<String> {
    let gto_files::Progress { files, total_files, bytes, found_bytes, total_bytes } = transfer.progress();
    if total_files == 0 {
        return None;
    }
    let seconds = begun.elapsed().as_secs().max(1);
    // What was here came at no rate.
    let rate = bytes.saturating_sub(found_bytes) / seconds;
    let of = if total_bytes > bytes { format!(" of {}", human_size(total_bytes)) } else { String::new() };
    let left = total_bytes.saturating_sub(bytes).checked_div(rate).filter(|left| *left > 0);
    let left = left.map(|left| format!(", {}:{:02} left", left / 60, left % 60)).unwrap_or_default();
    let counts = format!("{} of {}", in_thousands(files), in_thousands(total_files));
    Some(format!("getting files: {counts}, {}{of}, {}/s{left}", human_size(bytes), human_size(rate)))
}

/// The number with commas: `1,028,627`.
fn in_thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use gto::progress::Progress;

    use super::*;

    /// What a terminal would have been sent.
    #[derive(Clone, Default)]
    struct Terminal(Arc<Mutex<Vec<u8>>>);

    impl Write for Terminal {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Terminal {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    #[test]
    fn a_long_reading_is_shown_and_nothing_of_it_stays() {
        let (progress, terminal) = (Arc::new(Progress::default()), Terminal::default());
        progress.expect(1_028_627);
        progress.advance(312_000);
        let line = ProgressLine::start(progress, terminal.clone(), Duration::ZERO);
        while terminal.text().is_empty() {
            std::thread::yield_now();
        }
        drop(line);
        let text = terminal.text();
        assert!(text.starts_with("\rreading tags: 312,000 of 1,028,627"), "{text:?}");
        let cleared = format!("\r{}\r", " ".repeat("reading tags: 312,000 of 1,028,627".len()));
        assert!(text.ends_with(&cleared), "{text:?}");
    }

    #[test]
    fn a_short_reading_and_one_of_nothing_show_nothing() {
        let (progress, terminal) = (Arc::new(Progress::default()), Terminal::default());
        drop(ProgressLine::start(Arc::clone(&progress), terminal.clone(), Duration::ZERO));
        progress.expect(1_000);
        drop(ProgressLine::start(progress, terminal.clone(), Duration::from_secs(600)));
        assert_eq!(terminal.text(), "");
    }

    #[test]
    fn numbers_have_commas() {
        let shown = [0, 999, 1_000, 1_028_627].map(in_thousands);
        assert_eq!(shown, ["0", "999", "1,000", "1,028,627"]);
    }
}
