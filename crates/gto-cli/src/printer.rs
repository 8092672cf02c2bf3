//! The one owner of stdout and stderr. stdout is data, everything else goes to stderr.
//!
//! Nothing from a repository reaches a terminal raw: all text passes through [`clean`].

use std::error::Error;
use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Instant;

use anstyle::{AnsiColor, Style};
use gto::GitRun;
use gto::progress::Progress;
use gto_files::Transfer;
use gto_frontend::local_time::LocalTime;
use gto_frontend::text::{clean, clean_inset, shell_quote, without_log_commands};

use crate::error::CommandError;
use crate::output::screen::Screen;
use crate::output::table::{Cells, Table};
use crate::pager::Paged;
use crate::place::Place;
use crate::progress::{PATIENCE, ProgressLine, transfer_line};

/// Prints a `git` that was run, with its time and its messages. Threads of the library call it, which have no printer.
pub fn debug_git(run: &GitRun) {
    let words: Vec<_> = run.words.iter().map(|word| shell_quote(word)).collect();
    let milliseconds = run.took.as_millis();
    let text = format!("ran `{}` ({milliseconds} ms, {})", words.join(" "), run.ended);
    let said = if run.said.is_empty() { String::new() } else { format!("\n{}", run.said) };
    let dimmed = Style::new().dimmed();
    let _ = writeln!(anstream::stderr(), "{dimmed}debug:{dimmed:#} {}", clean_inset(&(text + &said)));
}

/// Prints for a person or a program.
pub struct Printer {
    stdout: BufWriter<io::Stdout>,
    /// Whether emoji are wanted (`EMOJIS`).
    pub emojis: bool,
    verbose: bool,
    /// Whether the log of a pipeline is what reads stderr: it obeys commands in it.
    pub in_pipeline: bool,
    /// What a long table is shown in on a terminal, if anything.
    pub pager: Option<String>,
    /// Where the commands in hints are typed.
    pub place: Place,
    local_time: LocalTime,
    /// The line that any other output takes away.
    progress: Option<ProgressLine>,
}

impl Printer {
    /// A printer on the process's stdout and stderr.
    pub fn new(emojis: bool, verbose: bool, local_time: LocalTime) -> Self {
        Self {
            stdout: BufWriter::new(io::stdout()),
            emojis,
            verbose,
            in_pipeline: false,
            pager: None,
            place: Place::default(),
            local_time,
            progress: None,
        }
    }

    /// What stdout is.
    pub fn screen(&self) -> Screen {
        Screen::of_stdout(&self.local_time)
    }

    /// Shows on a terminal how far a long reading has come, until anything else is printed.
    pub fn show_progress(&mut self, progress: &Arc<Progress>) {
        if io::stderr().is_terminal() {
            self.progress = Some(ProgressLine::start(Arc::clone(progress), io::stderr(), PATIENCE));
        }
    }

    /// Shows on a terminal how far the getting of files has come, until anything else is printed.
    pub fn show_transfer(&mut self, transfer: &Arc<Transfer>) {
        if io::stderr().is_terminal() {
            let (transfer, begun) = (Arc::clone(transfer), Instant::now());
            let line = move || transfer_line(&transfer, begun);
            self.progress = None;
            self.progress = Some(ProgressLine::start_with(line, io::stderr(), PATIENCE));
        }
    }

    /// stdout, for bytes as they are.
    pub fn stdout(&mut self) -> &mut dyn io::Write {
        self.progress = None;
        &mut self.stdout
    }

    /// Prints a line of data.
    pub fn line(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        self.progress = None;
        writeln!(self.stdout, "{}", clean(text.as_ref()))
    }

    /// Prints a line that begins with an emoji, if those are wanted.
    pub fn line_with_emoji(&mut self, emoji: &str, text: impl AsRef<str>) -> io::Result<()> {
        // Without the emoji one blank stays, as in the Python tool.
        let emoji = if self.emojis { emoji } else { "" };
        self.line(format!("{emoji} {}", text.as_ref()))
    }

    /// Prints a table. On a terminal it is made to fit, without the columns named first if need be, and shown in the pager if it is long.
    pub fn table<R: Sync>(
        &mut self,
        table: &Table<'_, R, impl Fn(&R, &mut Cells) + Sync>,
        first_to_go: &[&str],
    ) -> io::Result<()> {
        self.progress = None;
        let screen = self.screen();
        let pager = self.pager.take().filter(|_| screen.rows.is_some());
        let mut paged = Paged::new(&mut self.stdout, pager, screen.rows.unwrap_or_default());
        let printed = table.print(&screen, first_to_go, |lines| paged.write_all(lines.as_bytes()));
        let left_out = match printed {
            // The person has read enough, and closed the pager.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe && screen.rows.is_some() => Vec::new(),
            printed => printed?,
        };
        paged.finish()?;
        self.left_out(&left_out);
        Ok(())
    }

    /// Tells what a table lacks to fit the terminal.
    pub fn left_out(&mut self, what: &[&str]) {
        if !what.is_empty() {
            let what = what.join(", ");
            self.hint(format!("the terminal is too narrow for {what}; --plain and --json have everything"));
        }
    }

    /// Prints bytes as they are: generated files, scripts for shells.
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.progress = None;
        self.stdout.write_all(bytes)
    }

    /// Prints everything that waits.
    pub fn flush(&mut self) -> io::Result<()> {
        self.stdout.flush()
    }

    /// Tells something that is no failure.
    pub fn warning(&mut self, text: impl AsRef<str>) {
        let text = self.place.typeable(text.as_ref()).into_owned();
        self.note(AnsiColor::Yellow.on_default().bold(), "warning", &text);
    }

    /// Tells why the answer is what it is, or what to type next.
    pub fn hint(&mut self, text: impl AsRef<str>) {
        let text = self.place.typeable(text.as_ref()).into_owned();
        self.note(AnsiColor::Cyan.on_default().bold(), "hint", &text);
    }

    /// Tells what is being done, if that is wanted.
    pub fn debug(&mut self, text: impl AsRef<str>) {
        if self.verbose {
            self.note(Style::new().dimmed(), "debug", text.as_ref());
        }
    }

    /// Whether a person reads what is printed and can answer: all three are a terminal.
    pub fn can_ask() -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal() && io::stderr().is_terminal()
    }

    /// Whether stdout is read by a person.
    pub fn is_terminal() -> bool {
        io::stdout().is_terminal()
    }

    /// Asks the person at the terminal. Anything but a yes is a no.
    pub fn ask(&mut self, what: &str) -> io::Result<bool> {
        self.progress = None;
        self.stdout.flush()?;
        let mut stderr = anstream::stderr();
        write!(stderr, "{}\nGo on? [y/N] ", clean_inset(&self.place.typeable(what)))?;
        stderr.flush()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    /// Passes on the messages of Git, hooks or a remote, as Git shows them.
    pub fn remarks(&mut self, said: &str) {
        if said.is_empty() {
            return;
        }
        self.progress = None;
        let _ = self.stdout.flush();
        let _ = writeln!(anstream::stderr(), "{}", self.harmless(&clean(said)));
    }

    /// The text, without what a log of a pipeline would obey.
    fn harmless(&self, text: &str) -> String {
        if self.in_pipeline { without_log_commands(text) } else { text.to_owned() }
    }

    fn note(&mut self, style: Style, word: &str, text: &str) {
        self.progress = None;
        // In order with what was printed before; and a closed stderr is nothing to fail for.
        let _ = self.stdout.flush();
        let text = self.harmless(&clean_inset(text));
        let _ = writeln!(anstream::stderr(), "{style}{word}:{style:#} {text}");
    }

    /// Tells what went wrong, why, and what to type next.
    pub fn error(&mut self, error: &CommandError, hints: &[String]) {
        self.progress = None;
        let _ = self.stdout.flush();
        let red = AnsiColor::Red.on_default();
        let emoji = if self.emojis { "❌ " } else { "" };
        let mut stderr = anstream::stderr();
        // The message of a remote or a hook can be long. Its lines must not look like ours.
        let text = error.to_string();
        let message = if error.has_lines_of_ours() { clean(&text).into_owned() } else { clean_inset(&text) };
        let message = self.harmless(&message);
        let (first, rest) = message.split_at(message.find('\n').unwrap_or(message.len()));
        let _ = writeln!(stderr, "{emoji}{red}{first}{red:#}{rest}");
        let mut source = error.source();
        let mut said = text;
        while let Some(cause) = source {
            let text = cause.to_string();
            if !said.contains(&text) {
                let _ = writeln!(stderr, "  caused by: {}", self.harmless(&clean_inset(&text)));
                said = text;
            }
            source = cause.source();
        }
        if !hints.is_empty() {
            let _ = writeln!(stderr);
        }
        for hint in hints {
            self.hint(hint);
        }
    }
}
