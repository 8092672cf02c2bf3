//! Text that is safe to show on a page.

use std::fmt::{self, Write};

use askama::filters::{Escaper, Html};
use gto_frontend::text::clean;

/// Escapes HTML, and makes control characters and those that turn the direction of text visible: a name must not look like
/// another one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Visible;

impl Escaper for Visible {
    fn write_escaped_str<W: Write>(&self, dest: W, string: &str) -> fmt::Result {
        Html.write_escaped_str(dest, &clean(string))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_control_characters_are_shown_and_do_nothing() {
        let mut shown = String::new();
        Visible.write_escaped_str(&mut shown, "<script>\"'&\u{1b}[31m\u{202e}é").unwrap();
        assert_eq!(shown, "&#60;script&#62;&#34;&#39;&#38;\\u{1b}[31m\\u{202e}é");
    }
}
