//! Tables as the Python tool prints them, which is as the Python package `tabulate` lays them out.
//!
//! Owns widths, alignment and borders; prints nothing and knows nothing of what the cells mean. Our own because neither comfy-table
//! nor tabled has tabulate's rules (a column is its header plus two wide at least, integers go right, lines lose trailing space).
//! Widths count characters, as `tabulate` does without the optional `wcwidth`.

use std::borrow::Cow;

/// How a table looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// With a frame of box-drawing characters.
    FancyOutline,
    /// Columns set apart by spaces, nothing else: for people who cut and grep.
    Plain,
}

/// What a cell holds; a missing one prints as `-`.
pub type Cell<'r> = Option<Cow<'r, str>>;

/// A table: rows of anything, and how the cells of a row are made, one for each header.
///
/// Each row is made twice, for the widths and for its line, so that a table of a million rows needs no memory.
pub struct Table<'a, I, F> {
    /// How it looks.
    pub style: Style,
    /// The headers.
    pub headers: &'a [&'a str],
    /// The rows.
    pub rows: I,
    /// Makes the cells of a row.
    pub cells: F,
}

impl<'r, R: 'r, I, F> Table<'_, I, F>
where
    I: Iterator<Item = &'r R> + Clone,
    F: Fn(&'r R) -> Vec<Cell<'r>>,
{
    /// Gives each line of the table to `print`.
    pub fn print<E>(self, mut print: impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        let mut columns: Vec<Column> = self.headers.iter().map(|header| Column::new(header)).collect();
        for row in self.rows.clone() {
            for (column, cell) in columns.iter_mut().zip((self.cells)(row)) {
                column.make_room_for(cell);
            }
        }
        let is_framed = self.style == Style::FancyOutline;
        let rule = |left: &str, middle: &str, right: &str| {
            let bars: Vec<String> = columns.iter().map(|column| "═".repeat(column.width + 2)).collect();
            format!("{left}{}{right}", bars.join(middle))
        };
        if is_framed {
            print(&rule("╒", "╤", "╕"))?;
        }
        let mut line = String::new();
        self.style.fill(&mut line, &columns, self.headers.iter().map(|header| Some((*header).into())));
        print(&line)?;
        if is_framed {
            print(&rule("╞", "╪", "╡"))?;
        }
        for row in self.rows {
            self.style.fill(&mut line, &columns, (self.cells)(row));
            print(&line)?;
        }
        if is_framed {
            print(&rule("╘", "╧", "╛"))?;
        }
        Ok(())
    }
}

impl Style {
    /// Makes a line of cells.
    fn fill<'c>(self, line: &mut String, columns: &[Column], cells: impl IntoIterator<Item = Cell<'c>>) {
        let (left, between, right) = match self {
            Self::Plain => ("", "  ", ""),
            Self::FancyOutline => ("│ ", " │ ", " │"),
        };
        line.clear();
        line.push_str(left);
        for (place, (column, cell)) in columns.iter().zip(cells).enumerate() {
            if place > 0 {
                line.push_str(between);
            }
            column.pad(line, &one_line(cell));
        }
        line.push_str(right);
        if self == Self::Plain {
            line.truncate(line.trim_end().len());
        }
    }
}

struct Column {
    width: usize,
    /// Whether there is any cell with something in it, and all of those are integers.
    holds_integers: Option<bool>,
}

impl Column {
    fn new(header: &str) -> Self {
        Self { width: width(header) + 2, holds_integers: None }
    }

    fn make_room_for(&mut self, cell: Cell<'_>) {
        // tabulate takes whatever Python's `float` reads for a number and prints it anew: an abbreviated commit `12e4567` or a
        // name `1e5` or `inf` would be changed or move. To us only integers are numbers, which tabulate prints as they are.
        if let Some(text) = cell.as_deref().filter(|text| !text.is_empty()) {
            self.holds_integers = Some(self.holds_integers != Some(false) && is_integer(text));
        }
        self.width = self.width.max(width(&one_line(cell)));
    }

    fn pad(&self, line: &mut String, cell: &str) {
        let blanks = std::iter::repeat_n(' ', self.width.saturating_sub(width(cell)));
        if self.holds_integers == Some(true) {
            line.extend(blanks);
            line.push_str(cell);
        } else {
            line.push_str(cell);
            line.extend(blanks);
        }
    }
}

/// How many characters wide a text is.
fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// A missing cell is a dash. A line break would tear the table apart.
fn one_line(cell: Cell<'_>) -> Cow<'_, str> {
    let Some(cell) = cell else { return Cow::Borrowed("-") };
    if cell.trim().len() == cell.len() && !cell.contains(['\n', '\t', '\r']) {
        return cell;
    }
    Cow::Owned(cell.trim().replace(['\n', '\t', '\r'], " "))
}

/// What Python's `int` reads, in ASCII.
fn is_integer(cell: &str) -> bool {
    let digits = cell.trim();
    let digits = digits.strip_prefix(['-', '+']).unwrap_or(digits);
    digits.split('_').all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(style: Style, headers: &[&str], rows: &[&[Option<&str>]]) -> String {
        fn cells<'r>(row: &'r &[Option<&str>]) -> Vec<Cell<'r>> {
            row.iter().map(|cell| cell.map(Cow::from)).collect()
        }
        let mut lines: Vec<String> = Vec::new();
        let table = Table { style, headers, rows: rows.iter(), cells };
        let printed: Result<(), ()> = table.print(|line| {
            lines.push(line.to_owned());
            Ok(())
        });
        assert_eq!(printed, Ok(()));
        lines.join("\n").replace(' ', "·")
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
}
