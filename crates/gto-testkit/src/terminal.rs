//! A program on a terminal, as a person sees it.
//!
//! Owns the pseudo-terminal, which `script` of util-linux makes. Must not know the tool under test.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// A pseudo-terminal of a certain size.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Characters in a line.
    pub columns: u16,
    /// Lines.
    pub rows: u16,
}

impl Terminal {
    /// As wide as most terminals are when they open.
    pub const USUAL: Self = Self { columns: 80, rows: 24 };

    /// Whether this machine has what makes one: `script` and `stty`, the ones of Linux.
    pub fn is_available() -> bool {
        let output = Command::new("script").arg("--version").output();
        cfg!(target_os = "linux")
            && output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("util-linux"))
    }

    /// Runs the command with the terminal as its stdin, stdout and stderr. `typed` is what a person types, from the start on.
    ///
    /// Gives all that was on the terminal, with `\n` at the ends of lines and without what was typed, and the exit status.
    ///
    /// # Panics
    /// If the terminal cannot be made; ask [`Terminal::is_available`] first.
    pub fn run(self, command: &Command, typed: &str) -> (String, i32) {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words: Vec<String> =
            words.map(|word| format!("'{}'", word.to_string_lossy().replace('\'', r"'\''"))).collect();
        let line = format!("stty rows {} cols {}; exec {}", self.rows, self.columns, words.join(" "));
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--echo", "never", "--command", &line, "/dev/null"]).env_clear();
        script
            .envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))))
            .env("SHELL", "/bin/sh");
        if let Some(folder) = command.get_current_dir() {
            script.current_dir(folder);
        }
        script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut script = script.spawn().expect("script can be started");
        let mut keyboard = script.stdin.take().expect("it is piped");
        keyboard.write_all(typed.as_bytes()).expect("the terminal takes what is typed");
        // A terminal that is left open goes on waiting; closed, it is Ctrl-D.
        drop(keyboard);
        let output = script.wait_with_output().expect("script comes to an end");
        let shown = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
        (shown, output.status.code().unwrap_or(-1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Sandbox, skip};

    #[test]
    fn a_program_finds_a_terminal_of_the_size_and_reads_what_is_typed() {
        if !Terminal::is_available() {
            return skip("there is no `script` of util-linux");
        }
        let sandbox = Sandbox::new();
        let mut command = sandbox.command("sh");
        command.args([
            "-c",
            "test -t 0 && test -t 1 && test -t 2 && stty size; read -r line; echo \"it's $line\"; exit 7",
        ]);
        let (shown, status) = Terminal { columns: 100, rows: 30 }.run(&command, "here\n");
        assert_eq!((shown.as_str(), status), ("30 100\nit's here\n", 7));
    }
}
