//! What the README and the pages in `docs` show is what the commands print.
//!
//! A page is run from its top to its end in one shell, in an empty folder, so that a reader can do the same. Nothing is run that a
//! reader does not see. Two things in it count:
//!
//! ````text
//! <!-- typed -->
//! ```sh
//! git init --quiet registry && cd registry         set-up, of which no output is shown; must succeed
//! ```
//!
//! ```console
//! $ gto register model                             a command, and below it
//! Created git tag …                                all that it prints, stdout and stderr
//! ```
//! ````
//!
//! A command may go on in lines that begin with `> `. Before each command the clock goes on by an hour (in
//! `GIT_AUTHOR_DATE` and `GIT_COMMITTER_DATE`), and the person is Ada, so that ids and times are always the same. The
//! sandbox's folder is shown as `/home/ada`. Blocks of other kinds (`sh`, `yaml`) are not run.
//!
//! `UPDATE_DOCS=1 cargo test -p gto-cli --test cli readme::` writes what is printed now into the pages.

#![cfg(unix)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use gto_testkit::Sandbox;

/// 2024-03-04 09:00:00 UTC, a Monday.
const MORNING: u32 = 1_709_542_800;
const HOUR: u32 = 3600;
/// ASCII's record separator, between the outputs of two commands.
const SEPARATOR: char = '\u{1e}';

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the crate lies in the workspace")
}

/// The README, and all pages but the generated one.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md")];
    for folder in ["docs", "docs/guides"] {
        let entries = std::fs::read_dir(root().join(folder)).expect("the folder is there");
        pages.extend(entries.map(|entry| entry.expect("the folder can be read").path()));
    }
    pages.retain(|page| page.extension().is_some_and(|e| e == "md") && !page.ends_with("docs/reference.md"));
    pages.sort();
    pages
}

#[test]
fn the_pages_show_what_the_commands_print() {
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let mut commands = 0;
    let mut stale = String::new();
    for path in pages() {
        let text = std::fs::read_to_string(&path).unwrap();
        let page = Page::parse(&text);
        commands += page.commands();
        let fresh = page.with_outputs(&run(&page));
        if fresh == text {
            continue;
        }
        if update {
            std::fs::write(&path, &fresh).unwrap();
        } else {
            let at = text.lines().zip(fresh.lines()).position(|(a, b)| a != b).unwrap_or_default();
            let line = |text: &str| text.lines().nth(at).unwrap_or_default().to_owned();
            let (shown, printed) = (line(&text), line(&fresh));
            let _ = writeln!(stale, "{}:{}\n  shows   {shown}\n  printed {printed}", path.display(), at + 1);
        }
    }
    assert!(commands > 50, "only {commands} commands were found in the pages");
    assert!(stale.is_empty(), "stale pages; UPDATE_DOCS=1 makes them fresh:\n{stale}");
}

#[test]
fn the_links_of_the_pages_lead_somewhere() {
    let mut dead = Vec::new();
    let others = ["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"].map(|name| root().join(name));
    for path in pages().into_iter().chain(others) {
        let text = std::fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.with_file_name(file) };
            let found = file.contains("://")
                || target.exists() && (anchor.is_empty() || anchors(&target).contains(&anchor.to_owned()));
            if !found {
                dead.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert_eq!(dead, Vec::<String>::new());
}

#[test]
fn the_messages_of_the_troubleshooting_page_are_those_of_the_sources() {
    let mut sources = String::new();
    let mut folders = vec![root().join("crates")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") && path.iter().any(|part| part == "src") {
                sources.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let page = std::fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let messages: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    // What stands for a name is written in another way there: the longest part between two of these must be the same.
    let longest = |message: &str| {
        let parts = message.split('…').map(|part| part.trim_matches([' ', '\'', '"', ':']));
        parts.max_by_key(|part| part.len()).unwrap_or_default().to_owned()
    };
    let unknown: Vec<&&str> =
        messages.iter().filter(|message| !sources.contains(&longest(message))).collect();
    assert!(messages.len() > 20, "only {} messages were found", messages.len());
    assert_eq!(unknown, Vec::<&&str>::new());
}

#[test]
fn every_decision_has_a_row_and_a_test() {
    let decisions = 1..=30;
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let (page, tests) = (read("docs/compatibility.md"), read("crates/gto-cli/tests/cli/oracle/decisions.rs"));
    let named = |number: u8| {
        page.contains(&format!("`d{number:02}_…`")) && tests.contains(&format!("\nfn d{number:02}_"))
    };
    let missing: Vec<u8> = decisions.filter(|&number| !named(number)).collect();
    assert_eq!(missing, Vec::<u8>::new());
}

/// The anchors of a page's headlines, as GitHub makes them.
fn anchors(page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(page).unwrap_or_default();
    let headlines = text.lines().filter(|line| line.starts_with('#'));
    let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
    let anchor =
        |line: &str| line.to_lowercase().chars().filter(kept).collect::<String>().trim().replace(' ', "-");
    headlines.map(anchor).collect()
}

/// A page, cut into what is run and what is not.
struct Page(Vec<Part>);

enum Part {
    /// Lines that nothing is done with.
    Text(String),
    /// Lines of set-up. They stand in the page as they are.
    Setup(String),
    /// A command as written in the page.
    Command(String),
    /// The output of the command before, according to the page.
    Output,
}

impl Page {
    fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut lines = text.split_inclusive('\n').peekable();
        while let Some(line) = lines.next() {
            parts.push(Part::Text(line.to_owned()));
            match line.trim_end() {
                "<!-- typed -->" => {
                    let fence = lines.next().expect("a block follows");
                    assert_eq!(fence.trim_end(), "```sh", "what is typed is seen");
                    parts.push(Part::Text(fence.to_owned()));
                    while let Some(line) = lines.next_if(|line| line.trim_end() != "```") {
                        parts.push(Part::Setup(line.to_owned()));
                    }
                }
                "```console" => {
                    while let Some(line) = lines.next_if(|line| line.trim_end() != "```") {
                        if !line.starts_with("$ ") {
                            assert!(
                                matches!(parts.last(), Some(Part::Output)),
                                "output without a command: {line}"
                            );
                            continue;
                        }
                        let mut command = line.to_owned();
                        while let Some(more) = lines.next_if(|line| line.starts_with("> ")) {
                            command.push_str(more);
                        }
                        parts.extend([Part::Command(command), Part::Output]);
                    }
                }
                _ => {}
            }
        }
        Self(parts)
    }

    fn commands(&self) -> usize {
        self.0.iter().filter(|part| matches!(part, Part::Command(_))).count()
    }

    /// The script that runs the page: a separator and the exit status come after each command, and end a set-up that fails.
    fn script(&self) -> String {
        let mut script = "exec 2>&1\n".to_owned();
        let mut now = MORNING;
        for part in &self.0 {
            let (command, after) = match part {
                Part::Setup(line) => (line.clone(), ">/dev/null || exit 1"),
                Part::Command(lines) => {
                    let typed: Vec<_> = lines.lines().map(|line| &line[2..]).collect();
                    (typed.join("\n"), "; printf '\\036'")
                }
                Part::Text(_) | Part::Output => continue,
            };
            // Making a repository takes no time.
            let takes_time = !matches!(part, Part::Setup(line) if line.starts_with("git init"));
            now += if takes_time { HOUR } else { 0 };
            let date = format!("export GIT_AUTHOR_DATE='{now} +0000' GIT_COMMITTER_DATE='{now} +0000'");
            let _ = writeln!(script, "{date}\n{{ {}\n}} {after}", command.trim_end());
        }
        script
    }

    /// The page with these outputs in place of its own.
    fn with_outputs(&self, outputs: &[String]) -> String {
        let mut outputs = outputs.iter();
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(lines) | Part::Setup(lines) | Part::Command(lines) => text.push_str(lines),
                Part::Output => text.push_str(outputs.next().map_or("", String::as_str)),
            }
        }
        text
    }
}

/// Runs a page; returns what each of its commands printed.
fn run(page: &Page) -> Vec<String> {
    let script = page.script();
    let sandbox = Sandbox::new();
    let bin = Path::new(env!("CARGO_BIN_EXE_gto")).parent().expect("the binary lies in a folder");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("PATH finds git"));
    let output = sandbox
        .command("sh")
        .args(["-c", &script])
        .env("PATH", path)
        .stdin(Stdio::null())
        .output()
        .expect("sh is installed");
    let said = String::from_utf8(output.stdout).expect("a page prints UTF-8");
    assert!(output.status.success(), "the set-up of a page failed:\n{said}\n{script}");
    let said = said.replace(&sandbox.path().display().to_string(), "/home/ada");
    said.split(SEPARATOR).map(str::to_owned).collect()
}
