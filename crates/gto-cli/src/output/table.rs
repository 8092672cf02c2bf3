//! Tables as the Python tool prints them, which is as the Python package `tabulate` lays them out.
//!
//! Owns widths, alignment and borders; prints nothing and knows nothing of what the cells mean. Our own because neither comfy-table
//! nor tabled has tabulate's rules (a column is its header plus two wide at least, integers go right, lines lose trailing space).
//! Widths count characters, as `tabulate` does without the optional `wcwidth`.

use std::fmt::{Display, Write as _};
use std::panic::resume_unwind;
use std::thread;

use gto::processors;
use gto_frontend::text::clean;

/// So many rows are made by one thread at a time.
const ROWS: usize = 4096;

/// So many rows are looked at before their lines are made: few enough to stay in the processor's own memory.
const LOOK_AHEAD: usize = 64;

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
    /// where its rows lie, most of the time is waiting for memory; looked at row after row it comes for many at once.
    pub look: fn(&R) -> u8,
    /// Makes the cells of a row.
    pub cells: F,
}

impl<R: Sync, F: Fn(&R, &mut Cells) + Sync> Table<'_, R, F> {
    /// Gives the table to `print`, some lines at a time. Nothing in them can harm a terminal.
    pub fn print<E>(&self, mut print: impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        let columns = self.columns();
        print(&self.head(&columns))?;
        let processors = processors();
        // The same memory for all lines: the system takes its time for new memory.
        let mut buffers = vec![String::new(); processors];
        for rows in self.rows.chunks(ROWS * processors) {
            let work = rows.chunks(ROWS).zip(&mut buffers);
            on_all_processors(work, |(rows, lines)| self.lines(&columns, rows, lines));
            for lines in &mut buffers {
                print(lines)?;
                lines.clear();
            }
        }
        if self.style == Style::FancyOutline { print(&rule(&columns, ["╘", "╧", "╛"])) } else { Ok(()) }
    }

    fn columns(&self) -> Vec<Column> {
        let rows = if self.unordered.is_empty() { self.rows } else { self.unordered };
        let part = rows.len().div_ceil(processors()).max(ROWS);
        let parts = on_all_processors(rows.chunks(part), |rows| {
            let mut columns = vec![Column::default(); self.headers.len()];
            let mut cells = Cells { is_for_widths: true, ..Cells::default() };
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

    fn head(&self, columns: &[Column]) -> String {
        let mut headers = Cells::default();
        self.headers.iter().for_each(|header| headers.push(header));
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

    fn lines(&self, columns: &[Column], rows: &[R], lines: &mut String) {
        let mut cells = Cells::default();
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
    let bars: Vec<String> = columns.iter().map(|column| "═".repeat(column.width + 2)).collect();
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
#[derive(Debug, Default)]
pub struct Cells {
    text: String,
    shapes: Vec<Shape>,
    /// Whether they are made for their widths alone.
    is_for_widths: bool,
}

#[derive(Debug, Clone, Copy)]
struct Shape {
    end: usize,
    width: usize,
    is_missing: bool,
}

struct Cell<'c> {
    text: &'c str,
    width: usize,
    is_missing: bool,
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

    /// A cell with what a value prints: so many printable characters of ASCII, and no integer. For its width it need not
    /// be printed.
    pub fn push_known(&mut self, width: usize, value: &impl Display) {
        if !self.is_for_widths {
            return self.push_value(value);
        }
        self.text.push('?');
        self.shapes.push(Shape { end: self.text.len(), width, is_missing: false });
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
        self.shapes.push(Shape { end: self.text.len(), width, is_missing });
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
            Cell { text, width: shape.width, is_missing: shape.is_missing }
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
        for (place, (column, cell)) in columns.iter().zip(cells.iter()).enumerate() {
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
    /// Whether there is any cell with something in it, and all of those are integers.
    holds_integers: Option<bool>,
}

impl Column {
    fn new(header: &str) -> Self {
        Self { width: header.chars().count() + 2, holds_integers: None }
    }

    fn make_room_for(&mut self, cell: &Cell<'_>) {
        // tabulate takes whatever Python's `float` reads for a number and prints it anew: an abbreviated commit `12e4567` or a
        // name `1e5` or `inf` would be changed or move. To us only integers are numbers, which tabulate prints as they are.
        if !cell.is_missing && !cell.text.is_empty() {
            self.holds_integers = Some(self.holds_integers != Some(false) && is_integer(cell.text));
        }
        self.width = self.width.max(cell.width);
    }

    /// Takes in what another part of the same column needs.
    fn merge(&mut self, other: Self) {
        self.width = self.width.max(other.width);
        self.holds_integers = match (self.holds_integers, other.holds_integers) {
            (Some(a), Some(b)) => Some(a && b),
            (a, b) => a.or(b),
        };
    }

    fn pad(&self, line: &mut String, cell: &Cell<'_>) {
        let blanks = self.width.saturating_sub(cell.width);
        if self.holds_integers == Some(true) {
            push_blanks(line, blanks);
            line.push_str(cell.text);
        } else {
            line.push_str(cell.text);
            push_blanks(line, blanks);
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
        let printed: Result<(), ()> = Table { style, headers, rows, unordered: &[], look: |_| 0, cells }
            .print(|some| {
                lines.push_str(some);
                Ok(())
            });
        assert_eq!(printed, Ok(()));
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
