//! Text that is safe to show, and words that are safe to paste into a shell.
//!
//! Every front end shows text of repositories and remotes, which is untrusted, through this. Prints nothing.

use std::borrow::Cow;
use std::fmt::Write as _;

use gto::text::is_dangerous;

/// Makes control characters visible (`\u{1b}`), so that nothing from a repository drives a terminal. Line feeds and tabs stay.
pub fn clean(text: &str) -> Cow<'_, str> {
    // Most text is ASCII, and that is told by its bytes.
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    if text.bytes().all(is_plain) || !text.contains(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_dangerous(c) {
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// As [`clean`], with all lines but the first set in: no line of somebody else's begins as ours do.
pub fn clean_inset(text: &str) -> String {
    clean(text).replace('\n', "\n    ")
}

/// Text in which the log of a pipeline has no command: GitHub looks for `::` at the beginning of a line and for `##[` anywhere, Azure
/// for `##vso[` anywhere.
pub fn without_log_commands(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let is_command = line.trim_start().starts_with("::");
        shown.push_str(if is_command { "| " } else { "" });
        shown.push_str(line);
    }
    shown.replace("##", "# #")
}

/// Whether a shell takes the text for one word as it stands, wherever it is put in, and no command for an option. A stage
/// (`m#prod!`) has characters that only the beginning of a word, or an interactive shell, would mind.
pub fn is_plain_word(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || "@%+=:,./-_#!^".contains(c);
    !text.is_empty() && !text.starts_with(['-', '#', '=', '!', '^']) && text.chars().all(is_plain)
}

/// The text as one word of a POSIX shell, quoted only where needed; equal to Python's `shlex.quote`.
pub fn shell_quote(text: &str) -> String {
    let is_safe = |b: u8| b.is_ascii_alphanumeric() || b"@%+=:,./-_".contains(&b);
    if !text.is_empty() && text.bytes().all(is_safe) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r#"'"'"'"#))
    }
}

/// A number of bytes for people: `1.2 MB`.
pub fn human_size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    let (mut whole, mut unit) = (bytes, None);
    let mut tenths = 0;
    for name in UNITS {
        if whole < 1000 {
            break;
        }
        (tenths, whole) = (whole % 1000 / 100, whole / 1000);
        unit = Some(name);
    }
    match unit {
        None => format!("{bytes} B"),
        Some(unit) if whole < 10 => format!("{whole}.{tenths} {unit}"),
        Some(unit) => format!("{whole} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_visible() {
        assert_eq!(
            clean("a\u{1b}[31m\u{7f}\u{9b}\r\u{202e}\u{2066}é\n\t"),
            "a\\u{1b}[31m\\u{7f}\\u{9b}\\u{d}\\u{202e}\\u{2066}é\n\t"
        );
        assert_eq!(clean("\u{2028}\u{200f}\u{61c}\u{200d}"), "\\u{2028}\\u{200f}\\u{61c}\u{200d}");
        assert_eq!(clean_inset("a\nhint: \u{1b}"), "a\n    hint: \\u{1b}");
        assert!(matches!(clean("plain 日本\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn no_line_is_a_command_to_a_log() {
        assert_eq!(
            without_log_commands("a::b\n  ::set-output name=x::y\n##[error]x ####vso[task.complete]\n"),
            "a::b\n|   ::set-output name=x::y\n# #[error]x # ## #vso[task.complete]\n"
        );
        assert_eq!(without_log_commands("m#prod#1"), "m#prod#1");
    }

    #[test]
    fn sizes_are_for_people() {
        let sizes = [0, 999, 1000, 1999, 12_345, 3_400_000, u64::MAX].map(human_size);
        assert_eq!(sizes, ["0 B", "999 B", "1.0 kB", "1.9 kB", "12 kB", "3.4 MB", "18446 PB"]);
    }

    #[test]
    fn a_plain_word_means_nothing_to_a_shell() {
        for word in ["m", "m@v1.0.0", "cv:m#prod!#5", "feature/x", "main^", "é"] {
            assert!(is_plain_word(word), "{word}");
        }
        for word in [
            "", "-x", "#x", "=ls", "!x", "$(x)", "`x`", "a;b", "a b", "a\nb", "a'b", "a|b", "a>b", "\u{1b}",
            "~x", "{a,b}",
        ] {
            assert!(!is_plain_word(word), "{word}");
        }
    }

    #[test]
    fn words_are_quoted_only_where_a_shell_needs_it() {
        for (text, expected) in [
            ("nn@v1.2.3", "nn@v1.2.3"),
            ("a/b=m@v1.0.0-rc.1+x", "a/b=m@v1.0.0-rc.1+x"),
            ("nn#prod", "'nn#prod'"),
            ("nn@v1.2.3!", "'nn@v1.2.3!'"),
            ("", "''"),
            ("it's", r#"'it'"'"'s'"#),
            ("é", "'é'"),
        ] {
            assert_eq!(shell_quote(text), expected);
        }
    }
}
