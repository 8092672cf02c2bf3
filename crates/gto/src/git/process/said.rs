//! Messages of git, hooks and remotes, made safe to show: complete within limits, without control sequences and without
//! the passwords of addresses.
//!
//! Owns functions on text alone. All of it is written by strangers.

use crate::git::remote::url::without_passwords;

/// Up to this many short lines are put into one, joined by `; `.
const JOINED: usize = 4;

/// The maximum length of a line that is joined with others, in characters.
const SHORT: usize = 300;

/// The maximum length of a line, in characters.
const LINE: usize = 1000;

/// The maximum number of lines, and of bytes in them, of the beginning and of the end of a long text: 200 lines and 16 KiB
/// in all.
const HALF: (usize, usize) = (100, 8 * 1024);

/// Git's last line about a failed push.
pub(in crate::git) const FAILED: &str = "error: failed to push some refs";

/// Git's lines other than the reason.
const NOISE: [&str; 5] =
    [FAILED, "error: atomic push failed for ref", "To ", "From ", "Everything up-to-date"];

/// The reason of a failure, from the output of git and the remote: one line if that is short, otherwise all lines as
/// git showed them. Never empty if there was any output.
pub(in crate::git) fn words(said: &str) -> String {
    let reason = words_beside(said);
    // It may be the only output.
    if reason.is_empty() {
        reason_of_line(said.trim_end().lines().next_back().unwrap_or_default())
    } else {
        reason
    }
}

/// Whether git's message reports that it could not log in to the remote.
pub(crate) fn is_about_login(said: &str) -> bool {
    ["could not read Username for", "could not read Password for", "Authentication failed for"]
        .iter()
        .any(|words| said.contains(words))
}

/// The same without a known reason: empty if there was no other output.
pub(in crate::git) fn words_beside(said: &str) -> String {
    reason(lines(said).filter(|line| !line.trim_start().starts_with("hint:")))
}

/// The same for a local hook, which may print hints. Empty without output.
pub(in crate::git) fn words_of_hook(said: &str) -> String {
    reason(lines(said))
}

/// Messages of git, hooks and the remote, line by line as git showed them; usually none.
pub(in crate::git) fn remarks(said: &str) -> String {
    let is_worth_it = |line: &&str| progress_in(line.as_bytes()).is_none() && !line.starts_with("hint:");
    block(lines(said).filter(is_worth_it))
}

/// A line of bounded length without control characters and without the passwords of addresses in it.
pub(in crate::git) fn clean(line: &str) -> String {
    let plain: String = without_sequences(line)
        .chars()
        .map(|c| match c {
            '\t' => ' ',
            c if c.is_control() => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect();
    // An address would be whole again without the control character in it.
    shortened(without_passwords(&plain), LINE)
}

/// What a line of git's says of its progress, if that is what it does. Servers write such lines too.
pub(in crate::git) fn progress_in(line: &[u8]) -> Option<String> {
    const TASKS: [&str; 6] = ["Enumerating", "Counting", "Compressing", "Receiving", "Resolving", "Updating"];
    let line = std::str::from_utf8(line).ok()?.trim();
    let line = line.strip_prefix("remote: ").unwrap_or(line).trim();
    let is_one = line.len() < 100 && TASKS.iter().any(|task| line.starts_with(task)) && line.contains(": ");
    (is_one && !line.contains(|c: char| !c.is_ascii() || c.is_ascii_control())).then(|| line.to_owned())
}

fn reason_of_line(line: &str) -> String {
    clean(without_labels(line))
}

fn reason<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<&str> = lines.collect();
    let mut joined: Vec<String> = Vec::new();
    for line in all.iter().map(|line| reason_of_line(line)).filter(|line| !line.is_empty()) {
        if !joined.contains(&line) {
            joined.push(line);
        }
    }
    if joined.len() <= JOINED && joined.iter().all(|line| line.chars().count() <= SHORT) {
        return joined.join("; ");
    }
    block(all.into_iter())
}

/// The lines that are not git's own about the push as a whole.
fn lines(said: &str) -> impl Iterator<Item = &str> {
    said.lines().filter(|line| !NOISE.iter().any(|noise| line.trim_start().starts_with(noise)))
}

/// The line without the prefix of its source.
fn without_labels(line: &str) -> &str {
    let line = line.trim();
    let line = line.strip_prefix("remote:").unwrap_or(line).trim();
    ["fatal:", "error:"].iter().find_map(|word| line.strip_prefix(word)).unwrap_or(line).trim()
}

/// All lines, or the first and the last of many.
fn block<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut lines: Vec<String> = lines.map(|line| clean(line.trim_end())).collect();
    let is_empty = |line: &String| matches!(line.trim(), "" | "remote:");
    while lines.last().is_some_and(is_empty) {
        lines.pop();
    }
    let first = lines.iter().position(|line| !is_empty(line)).unwrap_or(lines.len());
    lines.drain(..first);
    let head = fitting(lines.iter());
    let tail = fitting(lines[head..].iter().rev());
    let left_out = lines.len() - head - tail;
    if left_out > 0 {
        lines.splice(head..head + left_out, [format!("[… {left_out} lines left out …]")]);
    }
    lines.join("\n")
}

/// How many of the lines are shown of one half.
fn fitting<'a>(lines: impl Iterator<Item = &'a String>) -> usize {
    let mut bytes = 0;
    lines
        .take(HALF.0)
        .take_while(|line| {
            bytes += line.len() + 1;
            bytes <= HALF.1
        })
        .count()
}

pub(in crate::git) fn shortened(line: String, limit: usize) -> String {
    match line.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The text as a terminal would show it: without colours, titles and moves of the cursor, and without what a carriage
/// return has overwritten.
fn without_sequences(line: &str) -> String {
    let line = line.trim_end_matches('\r');
    let line = line.rsplit('\r').find(|part| !part.is_empty()).unwrap_or_default();
    let mut shown = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            shown.push(c);
            continue;
        }
        match chars.next() {
            Some('[') => {
                // Parameters, then the letter that ends it.
                while chars.next_if(|c| (' '..='?').contains(c)).is_some() {}
                chars.next_if(|c| ('@'..='~').contains(c));
            }
            Some(']') => {
                while chars.next_if(|c| !matches!(c, '\u{7}' | '\u{1b}')).is_some() {}
                if chars.next() == Some('\u{1b}') {
                    chars.next_if_eq(&'\\');
                }
            }
            _ => {}
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_reason_is_one_line_and_a_long_one_is_shown_whole() {
        assert_eq!(
            words("remote: \nremote: not today        \nerror: failed to push some refs to 'x'\n"),
            "not today"
        );
        assert_eq!(words("0\n1\n2\n3\nhint: pull first\n"), "0; 1; 2; 3");
        let checks = (1..=20).map(|n| format!("remote: check {n} ok\n")).collect::<Vec<_>>().concat();
        let said =
            format!("{checks}remote: \nremote: the reason\nTo x\nerror: failed to push some refs to 'x'\n");
        let told = words(&said);
        assert!(told.starts_with("remote: check 1 ok\nremote: check 2 ok\n"), "{told}");
        assert!(told.ends_with("remote: check 20 ok\nremote:\nremote: the reason"), "{told}");
        assert_eq!(words("error: failed to push some refs to 'x'\n"), "failed to push some refs to 'x'");
        assert_eq!(words(""), "");
        assert_eq!(words_of_hook("hint: run the formatter\n"), "hint: run the formatter");
    }

    #[test]
    fn of_what_is_too_long_the_beginning_and_the_end_are_kept() {
        let many = (1..=1000).map(|n| format!("line {n}\n")).collect::<Vec<_>>().concat();
        let told = words(&many);
        assert_eq!(told.lines().count(), 201);
        assert!(told.starts_with("line 1\n") && told.ends_with("\nline 1000"), "{told}");
        assert!(told.contains("line 100\n[… 800 lines left out …]\nline 901\n"), "{told}");
        let wide = (1..=100).map(|n| format!("{n} {}\n", "x".repeat(2000))).collect::<Vec<_>>().concat();
        assert!(words(&wide).len() < 17 * 1024);
    }

    #[test]
    fn what_is_shown_has_no_password_and_no_control_sequence() {
        assert_eq!(
            words("fatal: unable to access 'https://me:secret@host/x.git/': no\u{1b}[31m route\n"),
            "unable to access 'https://host/x.git/': no route"
        );
        assert_eq!(words("https://me:se\u{1b}[0mcret@host"), "https://host");
        assert_eq!(words("a\u{1b}[1;31mb\u{1b}[0m\u{1b}]0;title\u{7}c\u{7}d\te\u{1b}"), "abc\u{fffd}d e");
        assert_eq!(words("10%\r50%\rdone\r\n"), "done");
    }

    #[test]
    fn remarks_are_what_is_said_beside_a_success() {
        let said = "remote: Resolving deltas: 100% (1/1), done.        \nremote: \n\
                    remote: Bypassed rule violations for refs/tags/m@v1:        \nremote: \nremote: - Cannot create        \n\
                    To x\n";
        let expected =
            "remote: Bypassed rule violations for refs/tags/m@v1:\nremote:\nremote: - Cannot create";
        assert_eq!(remarks(said), expected);
        assert_eq!(remarks("To x\n"), "");
    }

    proptest! {
        #[test]
        fn any_text_is_shown_within_bounds(said in "(.|\n|\u{1b}\\[|\r)*") {
            for told in [words(&said), words_of_hook(&said), remarks(&said)] {
                prop_assert!(told.len() <= 17 * 1024);
                prop_assert!(told.lines().count() <= 201);
                prop_assert!(!told.contains(|c: char| c.is_control() && c != '\n'), "{told:?}");
            }
        }
    }
}
