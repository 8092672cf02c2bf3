//! Tables as the Python tool prints them, which is as the Python package `tabulate` lays them out.
//!
//! Owns widths, alignment and borders; prints nothing and knows nothing of what the cells mean. Our own because neither comfy-table
//! nor tabled has tabulate's rules (a column is its header plus two wide at least, integers go right, lines lose trailing space).
//! Widths count characters, as `tabulate` does without the optional `wcwidth`.

/// How a table looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// With a frame of box-drawing characters.
    FancyOutline,
    /// Columns set apart by spaces, nothing else: for people who cut and grep.
    Plain,
}

/// The lines of a table. `cells` makes the cells of a row, one for each header; a missing one prints as `-`.
///
/// Each row is made twice, for the widths and for the line, so that a table of a million rows needs no memory.
pub fn lines<'a, R>(
    style: Style,
    headers: &'a [&'a str],
    rows: &'a [R],
    cells: impl Fn(&R) -> Vec<Option<String>> + 'a,
) -> impl Iterator<Item = String> + 'a {
    let mut columns: Vec<Column> = headers.iter().map(|header| Column::new(header)).collect();
    for row in rows {
        for (column, cell) in columns.iter_mut().zip(cells(row)) {
            column.make_room_for(cell);
        }
    }
    let rule = |left: &str, middle: &str, right: &str| {
        let bars: Vec<String> = columns.iter().map(|column| "═".repeat(column.width + 2)).collect();
        format!("{left}{}{right}", bars.join(middle))
    };
    let (top, middle, bottom) = match style {
        Style::Plain => (None, None, None),
        Style::FancyOutline => {
            (Some(rule("╒", "╤", "╕")), Some(rule("╞", "╪", "╡")), Some(rule("╘", "╧", "╛")))
        }
    };
    let line = move |cells: Vec<Option<String>>| {
        let padded = columns.iter().zip(cells).map(|(column, cell)| column.pad(&one_line(cell)));
        let padded: Vec<String> = padded.collect();
        match style {
            Style::Plain => padded.join("  ").trim_end().to_owned(),
            Style::FancyOutline => format!("│ {} │", padded.join(" │ ")),
        }
    };
    let header = line(headers.iter().map(|header| Some((*header).to_owned())).collect());
    let body = rows.iter().map(move |row| line(cells(row)));
    top.into_iter().chain([header]).chain(middle).chain(body).chain(bottom)
}

struct Column {
    width: usize,
    /// Whether there is any cell with something in it, and all of those are integers.
    holds_integers: Option<bool>,
}

impl Column {
    fn new(header: &str) -> Self {
        Self { width: header.chars().count() + 2, holds_integers: None }
    }

    fn make_room_for(&mut self, cell: Option<String>) {
        // tabulate takes whatever Python's `float` reads for a number and prints it anew: an abbreviated commit `12e4567` or a
        // name `1e5` or `inf` would be changed or move. To us only integers are numbers, which tabulate prints as they are.
        if let Some(text) = cell.as_deref().filter(|text| !text.is_empty()) {
            self.holds_integers = Some(self.holds_integers.unwrap_or(true) && is_integer(text));
        }
        self.width = self.width.max(one_line(cell).chars().count());
    }

    fn pad(&self, cell: &str) -> String {
        let width = self.width;
        if self.holds_integers == Some(true) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    }
}

/// A missing cell is a dash. A line break would tear the table apart.
fn one_line(cell: Option<String>) -> String {
    cell.map_or_else(|| "-".to_owned(), |cell| cell.trim().replace(['\n', '\t', '\r'], " "))
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
        let rows: Vec<Vec<Option<String>>> =
            rows.iter().map(|row| row.iter().map(|cell| cell.map(str::to_owned)).collect()).collect();
        let lines: Vec<String> = lines(style, headers, &rows, Vec::clone).collect();
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
