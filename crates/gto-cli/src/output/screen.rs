//! What stdout is: a terminal with a person before it, or anything else.

use std::env;
use std::io::{self, IsTerminal as _};

use anstream::{AutoStream, ColorChoice};
use gto_frontend::local_time::LocalTime;
use terminal_size::{Height, Width, terminal_size_of};

/// How a terminal is, of which nothing is known.
const USUAL: (u16, u16) = (80, 24);

/// How tables are shown. The default is for everything that is no terminal: whole, and as the Python tool prints them.
#[derive(Debug, Clone, Default)]
pub struct Screen {
    /// How many characters a line has. `None` if nothing need fit.
    pub columns: Option<usize>,
    /// How many lines are seen at once. `None` if it is no terminal.
    pub rows: Option<usize>,
    /// The zone in which a person reads times.
    pub local_time: Option<LocalTime>,
    /// Whether colours are wanted.
    pub is_colored: bool,
}

impl Screen {
    /// What this process prints on, for a person in this time zone. `COLUMNS` and `LINES` count before what the terminal says, as for Git.
    pub fn of_stdout(local_time: &LocalTime) -> Self {
        let stdout = io::stdout();
        if !stdout.is_terminal() {
            // What a program reads is as it always was, also where `CLICOLOR_FORCE` is set for other tools.
            let is_colored = ColorChoice::global() == ColorChoice::AlwaysAnsi;
            return Self { is_colored, ..Self::default() };
        }
        let is_colored = AutoStream::choice(&stdout) != ColorChoice::Never;
        let said = |name: &str| env::var(name).ok()?.parse().ok().filter(|number| *number > 0);
        let (Width(width), Height(height)) =
            terminal_size_of(stdout).unwrap_or((Width(USUAL.0), Height(USUAL.1)));
        Self {
            columns: Some(said("COLUMNS").unwrap_or(width.into())),
            rows: Some(said("LINES").unwrap_or(height.into())),
            local_time: Some(local_time.clone()),
            is_colored,
        }
    }
}
