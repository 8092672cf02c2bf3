//! What a person sees on a terminal: tables that fit, colours, the pager. What is piped is the Python tool's by the byte, which the
//! differential tests compare.

use gto_testkit::{Gto, Repo, Terminal, skip};

use crate::common::binary;

/// A registry whose journal has more lines than a terminal, and more columns.
fn registry() -> Repo {
    let repo = Repo::new();
    let gto = binary();
    for number in 1..=12 {
        repo.commit(&[], "train");
        gto.run(&repo, &["register", "churn-model"]).ok();
        let version = format!("v0.0.{number}");
        gto.run(&repo, &["assign", "churn-model", "--version", &version, "--stage", "staging-eu"]).ok();
    }
    repo
}

fn terminal(columns: u16) -> Terminal {
    Terminal { columns, ..Terminal::USUAL }
}

fn is_there() -> bool {
    if !Terminal::is_available() {
        skip("there is no `script` of util-linux");
    }
    Terminal::is_available()
}

#[test]
fn tables_fit_the_terminal_and_what_is_left_out_is_named() {
    if !is_there() {
        return;
    }
    let repo = registry();
    for (args, columns, left_out) in [
        (&["history", "--no-pager"][..], 80, "commit, ref"),
        (&["history", "--no-pager"], 100, "commit"),
        (&["history", "--no-pager"], 160, ""),
        (&["show", "churn-model"], 60, "ref"),
        (&["show", "churn-model"], 80, ""),
        (&["show"], 30, "#staging-eu"),
        (&["show"], 80, ""),
    ] {
        let run = binary().run_on(terminal(columns), &repo, args, "").ok();
        let out = run.out();
        let (hints, table): (Vec<&str>, Vec<&str>) = out.lines().partition(|line| line.starts_with("hint: "));
        let widths: Vec<usize> = table.iter().map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|width| *width == widths[0] && *width <= columns.into()), "{run}");
        let said =
            format!("hint: the terminal is too narrow for {left_out}; --plain and --json have everything");
        assert_eq!(hints, if left_out.is_empty() { vec![] } else { vec![&*said] }, "{run}");
    }
}

/// The text without the colours in it.
fn plain(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, text)| text));
    }
    plain
}

#[test]
fn every_table_fits_at_80_100_and_160_columns_with_and_without_colours_and_in_the_pager() {
    if !is_there() {
        return;
    }
    let repo = registry();
    for args in [
        &["history"][..],
        &["history", "--wide"],
        &["history", "churn-model#staging-eu"],
        &["show"],
        &["show", "churn-model"],
        &["show", "#staging-eu"],
        &["show", "churn-model", "--wide"],
        &["compare", "churn-model", "v0.0.1", "latest"],
        &["verify"],
    ] {
        let table = [args, &["--plain"]].concat();
        let whole = binary().run(&repo, &table);
        let is_cell = |cell: &str| whole.out().lines().any(|line| line.contains(cell));
        for columns in [80, 100, 160] {
            let gto = || binary().env("TERM", "xterm-256color").env("PAGER", "cat");
            let on =
                |gto: Gto, more: &[&str]| gto.run_on(terminal(columns), &repo, &[args, more].concat(), "");
            let colored = on(gto(), &["--no-pager"]).out();
            let colorless = on(gto(), &["--no-pager", "--color", "never"]);
            let out = colorless.out();
            assert!(!out.contains('\u{1b}') && plain(&colored) == out, "{colorless}");
            assert_eq!(plain(&on(gto(), &[]).out()), out, "the pager shows the same");
            for line in out.lines().filter(|line| line.starts_with(['│', '╒', '╞', '╘'])) {
                assert!(line.chars().count() <= columns.into(), "{columns}: {colorless}");
                let cells = line.split('│').map(str::trim).filter(|cell| !cell.is_empty());
                let is_time = |cell: &str| cell.starts_with("20") && cell.len() == "2026-11-30 03:08".len();
                for cell in cells.filter(|_| line.starts_with('│')) {
                    assert!(is_cell(cell) || is_time(cell), "'{cell}' was cut: {colorless}");
                }
            }
            let others: Vec<&str> =
                out.lines().filter(|line| !line.starts_with(['│', '╒', '╞', '╘'])).collect();
            assert!(others.iter().all(|line| line.starts_with("hint: ")), "{colorless}");
        }
    }
}

#[test]
fn times_on_a_terminal_are_local_minutes_and_elsewhere_what_the_tag_has() {
    if !is_there() {
        return;
    }
    let mut repo = Repo::new();
    repo.commit(&[], "train");
    binary().env("GIT_COMMITTER_DATE", "2026-11-29 21:38:44 +0000").run(&repo, &["register", "m"]).ok();
    repo.sandbox_mut().set_env("TZ", "Asia/Kolkata");
    let shown = binary().run_on(terminal(120), &repo, &["show", "m"], "").ok();
    assert!(shown.out().contains("│ 2026-11-30 03:08 │"), "{shown}");
    let piped = binary().run(&repo, &["show", "m"]).ok();
    assert!(piped.out().contains("│ 2026-11-29 21:38:44+00:00 │"), "{piped}");
    let plain = binary().run_on(terminal(20), &repo, &["show", "m", "--plain"], "").ok();
    assert!(plain.out().contains("m@v0.0.1"), "--plain has everything: {plain}");
}

#[test]
fn colours_are_an_addition_on_a_terminal_and_nowhere_else() {
    if !is_there() {
        return;
    }
    let repo = registry();
    let on = |gto: Gto, args: &[&str]| gto.run_on(terminal(160), &repo, args, "").ok().out();
    let has_color = |text: &str| text.contains("\u{1b}[");
    let history = &["history", "--no-pager"][..];
    let xterm = || binary().env("TERM", "xterm-256color");
    let colored = on(xterm(), history);
    assert!(colored.contains("\u{1b}[32massignment\u{1b}[0m"), "{colored}");
    assert!(!has_color(&on(xterm(), &["history", "--no-pager", "--color", "never"])));
    assert!(!has_color(&on(xterm().env("NO_COLOR", "1"), history)));
    assert!(!has_color(&on(binary().env("TERM", "dumb"), history)));
    let piped = xterm().run(&repo, history).ok().out();
    assert!(!has_color(&piped));
    let always = xterm().run(&repo, &["history", "--color", "always"]).ok().out();
    assert!(has_color(&always));
    assert_eq!(plain(&always), piped, "without its colours it is what is piped");
}

#[test]
fn a_long_table_is_shown_in_the_pager_that_git_would_use() {
    if !is_there() {
        return;
    }
    let mut repo = registry();
    let on = |gto: Gto, repo: &Repo, args: &[&str]| gto.run_on(terminal(160), repo, args, "").ok().out();
    let with = |pager: &str| binary().env("PAGER", pager);
    // The pager numbers the lines: 24 events between three lines of the head and one of the foot.
    let numbered = on(with("cat -n"), &repo, &["history"]);
    assert!(numbered.contains("    28\t╘═"), "{numbered}");
    assert!(!on(with("cat -n"), &repo, &["show", "churn-model"]).contains('\t'), "16 lines fit in 24");
    assert!(!on(with("cat -n"), &repo, &["history", "--no-pager"]).contains('\t'));
    assert!(!on(with("cat -n"), &repo, &["history", "--json"]).contains('\t'), "only tables");
    assert!(!on(with("cat -n").env("GIT_PAGER", "cat"), &repo, &["history"]).contains('\t'));
    assert!(!with("cat -n").run(&repo, &["history"]).ok().out().contains('\t'), "never in a pipe");
    // One that is not there: git shows the text itself.
    assert!(on(with("no-such-pager-here"), &repo, &["history"]).contains("no-such-pager-here"));
    // Whoever has read enough closes it, and that is no failure.
    assert!(on(with("head -n 2"), &repo, &["history"]).lines().count() < 10);
    // Ctrl-C is for the pager: gto waits, and the rest is still shown.
    let interrupted = on(with("kill -INT $PPID; cat -n"), &repo, &["history"]);
    assert!(interrupted.contains("    28\t╘═"), "{interrupted}");
    repo.sandbox_mut().set_git_config("[core]\n\tpager = sed s/assignment/ASSIGNED/\n");
    assert!(on(with("cat -n"), &repo, &["history"]).contains("ASSIGNED"), "core.pager comes before PAGER");
}
