//! The program in which a person turns the pages of a long table: the one that Git would start.
//!
//! Owns choosing, starting and ending it. Must not know what is shown.

use std::io::{self, Write};
use std::process::{Child, Command, Stdio};

#[cfg(unix)]
use gto_frontend::signals;

/// Text that goes to stdout, or to the pager once it is longer than the screen.
pub struct Paged<'o, W: Write> {
    stdout: &'o mut W,
    pager: Option<String>,
    /// Lines that still fit on the screen.
    room: usize,
    waiting: Vec<u8>,
    child: Option<Child>,
}

impl<'o, W: Write> Paged<'o, W> {
    /// For a screen with this number of lines. Without a pager, all goes to stdout.
    pub fn new(stdout: &'o mut W, pager: Option<String>, rows: usize) -> Self {
        // The shell's prompt needs a line, too.
        Self { stdout, pager, room: rows.saturating_sub(1), waiting: Vec::new(), child: None }
    }

    /// Waits until the person has read enough.
    pub fn finish(mut self) -> io::Result<()> {
        self.stdout.write_all(&self.waiting)?;
        if let Some(mut child) = self.child.take() {
            drop(child.stdin.take());
            child.wait()?;
        }
        Ok(())
    }

    fn start(&mut self) {
        let Some(pager) = self.pager.take() else { return };
        // What was printed before belongs above it.
        let _ = self.stdout.flush();
        #[cfg(unix)]
        signals::leave_interrupts_to_pager();
        self.child = command(&pager).stdin(Stdio::piped()).spawn().ok();
    }
}

impl<W: Write> Write for Paged<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.pager.is_some() {
            self.waiting.extend_from_slice(bytes);
            let lines = self.waiting.split(|byte| *byte == b'\n').count() - 1;
            if lines <= self.room {
                return Ok(bytes.len());
            }
            self.start();
            let waiting = std::mem::take(&mut self.waiting);
            self.write_all(&waiting)?;
            return Ok(bytes.len());
        }
        match self.child.as_mut().and_then(|child| child.stdin.as_mut()) {
            Some(pager) => pager.write(bytes),
            None => self.stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The pager that Git would start, by its own order: `GIT_PAGER`, `core.pager`, `PAGER`, `less`. `None` if none is wanted.
pub fn choose(variable: impl Fn(&str) -> Option<String>, core_pager: Option<String>) -> Option<String> {
    let wanted = variable("GIT_PAGER").or(core_pager).or_else(|| variable("PAGER"));
    Some(wanted.unwrap_or_else(|| "less".to_owned())).filter(|pager| !pager.is_empty() && pager != "cat")
}

/// The pager's command line is one for the shell, and it gets Git's settings for `less` and `lv` (git-config, `core.pager`).
fn command(pager: &str) -> Command {
    let mut command = if cfg!(unix) {
        let mut shell = Command::new("sh");
        shell.args(["-c", pager]);
        shell
    } else {
        let mut words = pager.split_whitespace();
        let mut program = Command::new(words.next().unwrap_or(pager));
        program.args(words);
        program
    };
    for (name, value) in [("LESS", "FRX"), ("LV", "-c")] {
        if std::env::var_os(name).is_none() {
            command.env(name, value);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pager_is_chosen_in_the_order_of_git() {
        let with = |variables: &'static [(&str, &str)], core: Option<&str>| {
            let variable = |name: &str| {
                variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
            };
            choose(variable, core.map(str::to_owned))
        };
        assert_eq!(with(&[], None).as_deref(), Some("less"));
        assert_eq!(with(&[("PAGER", "more")], None).as_deref(), Some("more"));
        assert_eq!(with(&[("PAGER", "more")], Some("most")).as_deref(), Some("most"));
        assert_eq!(
            with(&[("GIT_PAGER", "bat -p"), ("PAGER", "more")], Some("most")).as_deref(),
            Some("bat -p")
        );
        assert_eq!(with(&[("GIT_PAGER", "cat"), ("PAGER", "more")], None), None);
        assert_eq!(with(&[("PAGER", "")], None), None);
    }

    #[test]
    fn what_fits_on_the_screen_goes_to_stdout_alone() {
        let mut out = Vec::new();
        let mut paged = Paged::new(&mut out, Some("exit 1".to_owned()), 3);
        paged.write_all(b"one\ntwo\n").unwrap();
        paged.finish().unwrap();
        assert_eq!(out, b"one\ntwo\n");
    }
}
