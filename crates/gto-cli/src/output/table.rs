//! Tables as the Python tool prints them, which is as the Python package `tabulate` lays them out.
//!
//! Owns widths, alignment and borders; prints nothing and knows nothing of what the cells mean. Our own because neither comfy-table
//! nor tabled has tabulate's rules (a column is its header plus two wide at least, integers go right, lines lose trailing space).
//! Widths count characters, as `tabulate` does without the optional `wcwidth`.

use std::fmt::{Display, Write as _};
use std::panic::resume_unwind;
use std::thread;

use anstyle::{AnsiColor, Style as Color};
use gto::processors;
use gto::time::Timestamp;
use gto_frontend::local_time::LocalTime;
use gto_frontend::text::clean;

use super::screen::Screen;

/// So many rows are made by one thread at a time.
const ROWS: usize = 4096;

/// The number of rows that are measured before they are printed: few enough to stay in the processor's own memory.
const LOOK_AHEAD: usize = 64;

/// The colour of stages, and of what is in them.
pub const STAGE: Color = AnsiColor::Cyan.on_default();

/// How a table looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// With a frame of box-drawing characters.
    FancyOutline,
    /// Columns set apart by spaces, nothing else: for people who cut and grep.
    Plain,
}

/// A table: rows of anything, and how the cells of a row are made, one for each header.
///
/// Each row is made twice, for the widths and for its line, so that a table of a million rows needs no memory; and a
/// long table on all processors.
pub struct Table<'a, R, F> {
    /// How it looks.
    pub style: Style,
    /// The headers.
    pub headers: &'a [&'a str],
    /// The rows.
    pub rows: &'a [R],
    /// The same rows in an order in which they are quickly read, for the widths; or nothing, if there is no better order.
    pub unordered: &'a [R],
    /// Looks at the memory that the cells of a row will be made of. In a table that is sorted by something else than
    /// where its rows lie, most of the time is waiting for memory; looked at row after row it comes for many at once. Without it,
    /// `history` of 100,000 events takes 14 % more.
    pub look: fn(&R) -> u8,
    /// Makes the cells of a row.
    pub cells: F,
}

impl<'a, R: Sync, F: Fn(&R, &mut Cells) + Sync> Table<'a, R, F> {
    /// Gives the table to `print`, some lines at a time. Nothing in them can harm a terminal.
    ///
    /// On a screen it is made to fit: times are local and without seconds, and if it is still too wide, the columns with the headers
    /// `first_to_go` are left out one after the other. Gives the headers of those that were.
    pub fn print<E>(
        &self,
        screen: &Screen,
        first_to_go: &[&str],
        mut print: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<Vec<&'a str>, E> {
        let empty = Cells {
            local_time: screen.local_time.clone(),
            is_colored: screen.is_colored,
            ..Cells::default()
        };
        let mut columns = self.columns(&empty);
        let left_out = match screen.columns {
            Some(width) if self.style == Style::FancyOutline => self.fit(&mut columns, width, first_to_go),
            _ => Vec::new(),
        };
        let columns = columns;
        print(&self.head(&columns, &empty))?;
        let processors = processors();
        // The same memory for all lines: the system takes its time for new memory.
        let mut buffers = vec![String::new(); processors];
        for rows in self.rows.chunks(ROWS * processors) {
            let work = rows.chunks(ROWS).zip(&mut buffers);
            on_all_processors(work, |(rows, lines)| self.lines(&columns, rows, &empty, lines));
            for lines in &mut buffers {
                print(lines)?;
                lines.clear();
            }
        }
        if self.style == Style::FancyOutline {
            print(&rule(&columns, ["╘", "╧", "╛"]))?;
        }
        Ok(left_out)
    }

    /// Makes columns narrower, and hides some, until a line is no wider than this or none is left that may go.
    fn fit(&self, columns: &mut [Column], width: usize, first_to_go: &[&str]) -> Vec<&'a str> {
        let fits = |columns: &[Column]| {
            let shown = columns.iter().filter(|column| !column.is_hidden);
            shown.map(|column| column.width + 3).sum::<usize>() < width
        };
        let mut left_out = Vec::new();
        if !fits(columns) {
            for column in columns.iter_mut() {
                column.width = column.needed;
            }
        }
        for header in first_to_go {
            if fits(columns) {
                break;
            }
            if let Some(place) = self.headers.iter().position(|other| other == header) {
                columns[place].is_hidden = true;
                left_out.push(self.headers[place]);
            }
        }
        left_out
    }

    fn columns(&self, empty: &Cells) -> Vec<Column> {
        let rows = if self.unordered.is_empty() { self.rows } else { self.unordered };
        let part = rows.len().div_ceil(processors()).max(ROWS);
        let parts = on_all_processors(rows.chunks(part), |rows| {
            let mut columns = vec![Column::default(); self.headers.len()];
            let mut cells = Cells { is_for_widths: true, ..empty.clone() };
            for row in rows {
                cells.clear();
                (self.cells)(row, &mut cells);
                columns.iter_mut().zip(cells.iter()).for_each(|(column, cell)| column.make_room_for(&cell));
            }
            columns
        });
        let mut columns: Vec<Column> = self.headers.iter().map(|header| Column::new(header)).collect();
        for part in parts {
            columns.iter_mut().zip(part).for_each(|(column, other)| column.merge(other));
        }
        columns
    }

    fn head(&self, columns: &[Column], empty: &Cells) -> String {
        let mut headers = empty.clone();
        self.headers.iter().for_each(|header| headers.push_colored(header, Color::new().bold()));
        let mut lines = String::new();
        if self.style == Style::FancyOutline {
            lines.push_str(&rule(columns, ["╒", "╤", "╕"]));
        }
        self.style.add_line(&mut lines, columns, &headers);
        if self.style == Style::FancyOutline {
            lines.push_str(&rule(columns, ["╞", "╪", "╡"]));
        }
        lines
    }

    fn lines(&self, columns: &[Column], rows: &[R], empty: &Cells, lines: &mut String) {
        let mut cells = empty.clone();
        for rows in rows.chunks(LOOK_AHEAD) {
            std::hint::black_box(rows.iter().map(self.look).fold(0, |all, one| all ^ one));
            for row in rows {
                cells.clear();
                (self.cells)(row, &mut cells);
                self.style.add_line(lines, columns, &cells);
            }
        }
    }
}

/// A line between others.
fn rule(columns: &[Column], [left, middle, right]: [&str; 3]) -> String {
    let shown = columns.iter().filter(|column| !column.is_hidden);
    let bars: Vec<String> = shown.map(|column| "═".repeat(column.width + 2)).collect();
    format!("{left}{}{right}\n", bars.join(middle))
}

/// Does each piece of work, all at once; the results come in the order of the work.
fn on_all_processors<W: Send, T: Send>(
    work: impl ExactSizeIterator<Item = W>,
    todo: impl Fn(W) -> T + Sync,
) -> Vec<T> {
    if work.len() < 2 {
        return work.map(todo).collect();
    }
    thread::scope(|scope| {
        let todo = &todo;
        let workers: Vec<_> = work.map(|piece| scope.spawn(move || todo(piece))).collect();
        // Nothing in it panics; if it does, so do we, rather than print a table without its part.
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|e| resume_unwind(e))).collect()
    })
}

/// The cells of a row, as they are printed.
#[derive(Debug, Clone, Default)]
pub struct Cells {
    text: String,
    shapes: Vec<Shape>,
    /// Whether they are made for their widths alone.
    is_for_widths: bool,
    /// The user's time zone, for a terminal.
    local_time: Option<LocalTime>,
    /// Whether colours are shown.
    is_colored: bool,
}

#[derive(Debug, Clone, Copy)]
struct Shape {
    end: usize,
    width: usize,
    is_missing: bool,
    color: Color,
}

struct Cell<'c> {
    text: &'c str,
    width: usize,
    is_missing: bool,
    color: Color,
}

impl Cells {
    /// A cell with this text.
    pub fn push(&mut self, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.end(start, false);
    }

    /// A cell with what a value prints.
    pub fn push_value(&mut self, value: &impl Display) {
        let start = self.text.len();
        let _ = write!(self.text, "{value}");
        self.end(start, false);
    }

    /// A cell with this text, in this colour where colours are shown.
    pub fn push_colored(&mut self, text: &str, color: Color) {
        self.push(text);
        self.color(color);
    }

    /// Gives the last cell a colour, which is seen where colours are shown.
    pub fn color(&mut self, color: Color) {
        if let Some(shape) = self.shapes.last_mut().filter(|_| self.is_colored) {
            shape.color = color;
        }
    }

    /// A cell with a time: to the second and with its zone, or on a screen in local minutes.
    pub fn push_time(&mut self, time: Timestamp) {
        match &self.local_time {
            Some(local_time) => {
                let minute = local_time.minute(time);
                self.push(&minute);
            }
            None => self.push_known(time.printed_len(), &time),
        }
    }

    /// A cell with what a value prints: so many printable characters of ASCII, and no integer. For its width it need not
    /// be printed.
    pub fn push_known(&mut self, width: usize, value: &impl Display) {
        if !self.is_for_widths {
            return self.push_value(value);
        }
        self.text.push('?');
        self.shapes.push(Shape { end: self.text.len(), width, is_missing: false, color: Color::new() });
    }

    /// A cell without content, which prints as `-`.
    pub fn push_missing(&mut self) {
        let start = self.text.len();
        self.text.push('-');
        self.end(start, true);
    }

    /// A cell with this text, if there is any.
    pub fn push_option(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.push(text),
            None => self.push_missing(),
        }
    }

    fn end(&mut self, start: usize, is_missing: bool) {
        let cell = &self.text[start..];
        // All bytes, rather than up to the first that is not: many are compared at once then.
        let is_printable = cell.bytes().fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
        let is_plain = is_printable && !cell.starts_with(' ') && !cell.ends_with(' ');
        let mut width = cell.len();
        if !is_plain {
            // A line break would tear the table apart.
            let cell = clean(&cell.trim().replace(['\n', '\t', '\r'], " ")).into_owned();
            self.text.truncate(start);
            self.text.push_str(&cell);
            width = cell.chars().count();
        }
        self.shapes.push(Shape { end: self.text.len(), width, is_missing, color: Color::new() });
    }

    fn clear(&mut self) {
        self.text.clear();
        self.shapes.clear();
    }

    fn iter(&self) -> impl Iterator<Item = Cell<'_>> {
        let mut start = 0;
        self.shapes.iter().map(move |shape| {
            let text = &self.text[start..shape.end];
            start = shape.end;
            Cell { text, width: shape.width, is_missing: shape.is_missing, color: shape.color }
        })
    }
}

impl Style {
    fn add_line(self, lines: &mut String, columns: &[Column], cells: &Cells) {
        let (left, between, right) = match self {
            Self::Plain => ("", "  ", ""),
            Self::FancyOutline => ("│ ", " │ ", " │"),
        };
        let start = lines.len();
        lines.push_str(left);
        let shown = columns.iter().zip(cells.iter()).filter(|(column, _)| !column.is_hidden);
        for (place, (column, cell)) in shown.enumerate() {
            if place > 0 {
                lines.push_str(between);
            }
            column.pad(lines, &cell);
        }
        lines.push_str(right);
        if self == Self::Plain {
            lines.truncate(start + lines[start..].trim_end().len());
        }
        lines.push('\n');
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Column {
    width: usize,
    /// What its header and its cells need: tabulate gives a short one more.
    needed: usize,
    /// Whether there is any cell with something in it, and all of those are integers.
    holds_integers: Option<bool>,
    /// Whether there is no room for it.
    is_hidden: bool,
}

impl Column {
    fn new(header: &str) -> Self {
        let needed = header.chars().count();
        Self { width: needed + 2, needed, ..Self::default() }
    }

    fn make_room_for(&mut self, cell: &Cell<'_>) {
        // tabulate takes whatever Python's `float` reads for a number and prints it anew: an abbreviated commit `12e4567` or a
        // name `1e5` or `inf` would be changed or move. To us only integers are numbers, which tabulate prints as they are.
        if !cell.is_missing && !cell.text.is_empty() {
            self.holds_integers = Some(self.holds_integers != Some(false) && is_integer(cell.text));
        }
        self.width = self.width.max(cell.width);
        self.needed = self.needed.max(cell.width);
    }

    /// Takes in what another part of the same column needs.
    fn merge(&mut self, other: Self) {
        self.width = self.width.max(other.width);
        self.needed = self.needed.max(other.needed);
        self.holds_integers = match (self.holds_integers, other.holds_integers) {
            (Some(a), Some(b)) => Some(a && b),
            (a, b) => a.or(b),
        };
    }

    fn pad(&self, line: &mut String, cell: &Cell<'_>) {
        let blanks = self.width.saturating_sub(cell.width);
        if self.holds_integers == Some(true) {
            push_blanks(line, blanks);
            cell.push_to(line);
        } else {
            cell.push_to(line);
            push_blanks(line, blanks);
        }
    }
}

impl Cell<'_> {
    fn push_to(&self, line: &mut String) {
        if self.color == Color::new() || self.text.is_empty() {
            line.push_str(self.text);
        } else {
            let _ = write!(line, "{}{}{:#}", self.color, self.text, self.color);
        }
    }
}

fn push_blanks(line: &mut String, mut count: usize) {
    const BLANKS: &str = "                                ";
    while count > 0 {
        let some = count.min(BLANKS.len());
        line.push_str(&BLANKS[..some]);
        count -= some;
    }
}

/// What Python's `int` reads, in ASCII.
fn is_integer(cell: &str) -> bool {
    let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    digits.split('_').all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(style: Style, headers: &[&str], rows: &[&[Option<&str>]]) -> String {
        let cells = |row: &&[Option<&str>], cells: &mut Cells| row.iter().for_each(|c| cells.push_option(*c));
        let mut lines = String::new();
        let table = Table { style, headers, rows, unordered: &[], look: |_| 0, cells };
        let printed: Result<_, ()> = table.print(&Screen::default(), headers, |some| {
            lines.push_str(some);
            Ok(())
        });
        assert_eq!(printed, Ok(Vec::new()));
        lines.trim_end_matches('\n').replace(' ', "·")
    }

    /// Expected: the output of tabulate 0.10.0, with `·` for each space.
    fn equals_tabulate(headers: &[&str], rows: &[&[Option<&str>]], fancy: &[&str], plain: &[&str]) {
        assert_eq!(table(Style::FancyOutline, headers, rows), fancy.join("\n"));
        assert_eq!(table(Style::Plain, headers, rows), plain.join("\n"));
    }

    #[test]
    fn columns_are_as_wide_as_tabulate_makes_them() {
        equals_tabulate(
            &["name", "latest", "#dev"],
            &[
                &[Some("m"), Some("v1.0.0"), None],
                &[Some("a/long-name"), Some("v0.10.0-rc.1"), Some("v0.1.0")],
                &[Some("*é"), None, Some("")],
            ],
            &[
                "╒═════════════╤══════════════╤════════╕",
                "│·name········│·latest·······│·#dev···│",
                "╞═════════════╪══════════════╪════════╡",
                "│·m···········│·v1.0.0·······│·-······│",
                "│·a/long-name·│·v0.10.0-rc.1·│·v0.1.0·│",
                "│·*é··········│·-············│········│",
                "╘═════════════╧══════════════╧════════╛",
            ],
            &[
                "name·········latest········#dev",
                "m············v1.0.0········-",
                "a/long-name··v0.10.0-rc.1··v0.1.0",
                "*é···········-",
            ],
        );
    }

    #[test]
    fn integers_and_their_header_go_right() {
        equals_tabulate(
            &["n", "x"],
            &[
                &[Some("1"), Some("7")],
                &[Some("-20"), Some("a")],
                &[None, Some("3")],
                &[Some("1_0"), Some("")],
            ],
            &[
                "╒═════╤═════╕",
                "│···n·│·x···│",
                "╞═════╪═════╡",
                "│···1·│·7···│",
                "│·-20·│·a···│",
                "│···-·│·3···│",
                "│·1_0·│·····│",
                "╘═════╧═════╛",
            ],
            &["··n··x", "··1··7", "-20··a", "··-··3", "1_0"],
        );
    }

    #[test]
    fn a_column_without_values_goes_left_and_cells_are_trimmed() {
        equals_tabulate(
            &["a", "b"],
            &[&[None, Some("x y")], &[None, Some(" pad ")]],
            &[
                "╒═════╤═════╕",
                "│·a···│·b···│",
                "╞═════╪═════╡",
                "│·-···│·x·y·│",
                "│·-···│·pad·│",
                "╘═════╧═════╛",
            ],
            &["a····b", "-····x·y", "-····pad"],
        );
    }

    #[test]
    fn widths_count_characters_and_no_rows_leave_the_header() {
        equals_tabulate(
            &["a much longer header"],
            &[&[Some("x")], &[Some("日本")]],
            &[
                "╒════════════════════════╕",
                "│·a·much·longer·header···│",
                "╞════════════════════════╡",
                "│·x······················│",
                "│·日本·····················│",
                "╘════════════════════════╛",
            ],
            &["a·much·longer·header", "x", "日本"],
        );
        equals_tabulate(
            &["name", "x"],
            &[],
            &["╒════════╤═════╕", "│·name···│·x···│", "╞════════╪═════╡", "╘════════╧═════╛"],
            &["name····x"],
        );
    }

    #[test]
    fn an_abbreviated_commit_that_python_takes_for_a_number_is_text() {
        assert_eq!(table(Style::Plain, &["v"], &[&[Some("12e4")], &[Some("1e5")]]), "v\n12e4\n1e5");
    }

    #[test]
    fn a_line_break_in_a_cell_does_not_tear_the_table() {
        assert_eq!(table(Style::Plain, &["v", "w"], &[&[Some("a\nb"), Some("c")]]), "v····w\na·b··c");
    }

    #[test]
    fn what_could_harm_a_terminal_is_shown_and_measured_as_it_is_shown() {
        assert_eq!(
            table(Style::Plain, &["v", "w"], &[&[Some("a\u{1b}[m"), Some("c")]]),
            "v··········w\na\\u{1b}[m··c"
        );
    }

    #[test]
    fn a_long_table_that_many_threads_make_has_its_rows_in_order_and_the_same_widths() {
        let numbers: Vec<String> = (0..=3 * ROWS).map(|n| n.to_string()).collect();
        let rows: Vec<[Option<&str>; 2]> = numbers.iter().map(|n| [Some(n.as_str()), None]).collect();
        let rows: Vec<&[Option<&str>]> = rows.iter().map(<[_; 2]>::as_slice).collect();
        let lines = table(Style::Plain, &["n", "x"], &rows);
        let expected = numbers.iter().map(|n| format!("{}··-", "·".repeat(5 - n.len()) + n));
        assert!(lines.lines().skip(1).eq(expected));
    }
}
