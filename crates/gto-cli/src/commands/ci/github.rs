//! GitHub Actions: outputs of the step, and its summary.
//!
//! docs.github.com/actions/reference/workflows-and-actions/workflow-commands; how the runner reads the file is in
//! `FileCommandManager.cs` of actions/runner.

use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use super::values::{Value, Values};

/// The most that is shown of a value.
const SHOWN: usize = 300;

/// The lines for `$GITHUB_OUTPUT`: each value between two lines that it does not have.
pub fn outputs(values: &[Value]) -> String {
    let mut lines = String::new();
    for Value { name, text, .. } in values {
        let delimiter = delimiter(text);
        // Writing to a String cannot fail.
        let _ = write!(lines, "{name}<<{delimiter}\n{text}\n{delimiter}\n");
    }
    lines
}

/// A line that nobody can guess, and that is not in the text.
fn delimiter(text: &str) -> String {
    loop {
        // Its keys are random.
        let number = || RandomState::new().build_hasher().finish();
        let delimiter = format!("gto_{:016x}{:016x}", number(), number());
        if !text.contains(&delimiter) {
            return delimiter;
        }
    }
}

/// A table for `$GITHUB_STEP_SUMMARY`, which is Markdown with HTML in it.
pub fn summary(values: &Values) -> String {
    let mut table = format!("### {}\n\n| | |\n|---|---|\n", literal(values.sentence()));
    for Value { name, text, .. } in values.all() {
        if !text.is_empty() && text != "[]" {
            let _ = writeln!(table, "| {name} | {} |", literal(&text));
        }
    }
    table + "\n"
}

/// The text as Markdown that means nothing but itself, on one line.
fn literal(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars().take(SHOWN) {
        match c {
            c if c.is_alphanumeric() || c == ' ' => shown.push(c),
            c if gto::text::is_dangerous(c) || c.is_whitespace() => shown.push(' '),
            c => {
                let _ = write!(shown, "&#{};", u32::from(c));
            }
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markdown() {
        assert_eq!(
            literal("a|b\n<b> [x](y) `é` &amp; v1.0"),
            "a&#124;b &#60;b&#62; &#91;x&#93;&#40;y&#41; &#96;é&#96; &#38;amp&#59; v1&#46;0"
        );
        assert_eq!(literal(&"x".repeat(400)).chars().count(), 301);
    }
}
