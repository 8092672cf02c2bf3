//! Untrusted text in messages.
//!
//! Owns the one list of characters that can drive or deceive a terminal or a page; front ends use it too.

/// Whether showing the character as it is could drive a terminal, or deceive its reader: C0 (line feed and tab aside), DEL,
/// C1, what ends a line elsewhere (U+2028, U+2029), and what reorders or marks the text around it.
pub fn is_dangerous(c: char) -> bool {
    let is_control = c.is_control() && !matches!(c, '\n' | '\t');
    is_control
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

/// Untrusted text for a message: short, on one line, without control characters.
pub(crate) fn printable(text: &str) -> String {
    const MAX: usize = 60;
    let mut shown: String = text
        .chars()
        .take(MAX)
        .map(|c| if is_dangerous(c) || matches!(c, '\n' | '\t') { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    if text.chars().nth(MAX).is_some() {
        shown.push('…');
    }
    shown
}

/// Lets values be read that serialise as text.
macro_rules! read_as_text {
    ($($name:ty),*) => {$(
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
pub(crate) use read_as_text;
