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

/// The table, without a line break at its end. A missing cell prints as `-`; a cell is one line.
pub fn render(style: Style, headers: &[&str], rows: &[Vec<Option<String>>]) -> String {
    let columns: Vec<Column> =
        headers.iter().enumerate().map(|(index, header)| Column::new(header, index, rows)).collect();
    let header = columns.iter().map(|column| column.pad(column.header)).collect::<Vec<_>>();
    let body = (0..rows.len())
        .map(|row| columns.iter().map(|column| column.pad(&column.cells[row])).collect::<Vec<_>>());
    let lines: Vec<String> = match style {
        Style::Plain => {
            let line = |cells: Vec<String>| cells.join("  ").trim_end().to_owned();
            std::iter::once(header).chain(body).map(line).collect()
        }
        Style::FancyOutline => {
            let line = |cells: Vec<String>| format!("│ {} │", cells.join(" │ "));
            let rule = |left: &str, middle: &str, right: &str| {
                let bars: Vec<String> = columns.iter().map(|column| "═".repeat(column.width + 2)).collect();
                format!("{left}{}{right}", bars.join(middle))
            };
            let mut lines = vec![rule("╒", "╤", "╕"), line(header), rule("╞", "╪", "╡")];
            lines.extend(body.map(line));
            lines.push(rule("╘", "╧", "╛"));
            lines
        }
    };
    lines.join("\n")
}

struct Column<'a> {
    header: &'a str,
    cells: Vec<String>,
    width: usize,
    is_right_aligned: bool,
}

impl<'a> Column<'a> {
    fn new(header: &'a str, index: usize, rows: &[Vec<Option<String>>]) -> Self {
        let present = |row: &'_ Vec<Option<String>>| row.get(index).cloned().flatten();
        let cells: Vec<String> = rows
            .iter()
            .map(|row| present(row).map_or_else(|| "-".to_owned(), |cell| one_line(&cell)))
            .collect();
        // tabulate takes whatever Python's `float` reads for a number and prints it anew: an abbreviated commit `12e4567` or a
        // name `1e5` or `inf` would be changed or move. To us only integers are numbers, which tabulate prints as they are.
        let mut known = rows.iter().filter_map(present).filter(|cell| !cell.is_empty()).peekable();
        let is_right_aligned = known.peek().is_some() && known.all(|cell| is_integer(&cell));
        let widest = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or_default();
        let width = widest.max(header.chars().count() + 2);
        Self { header, cells, width, is_right_aligned }
    }

    fn pad(&self, cell: &str) -> String {
        let width = self.width;
        if self.is_right_aligned { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    }
}

/// A line break would tear the table apart.
fn one_line(cell: &str) -> String {
    cell.trim().replace(['\n', '\t', '\r'], " ")
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
        render(style, headers, &rows).replace(' ', "·")
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
