//! Hints as sentences of a page: what is to be typed stands out.

/// A piece of a hint.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    pub text: String,
    /// Whether it is to be typed as it is.
    pub is_code: bool,
}

/// The pieces of a hint: it begins with a capital letter, and what was between back-ticks is code.
pub fn parts(hint: &str) -> Vec<Part> {
    let is_whole = hint.matches('`').count().is_multiple_of(2);
    let pieces: Vec<&str> = if is_whole { hint.split('`').collect() } else { vec![hint] };
    let part = |(place, piece): (usize, &str)| {
        let text = if place == 0 { capitalized(piece) } else { piece.to_owned() };
        Part { text, is_code: place % 2 == 1 }
    };
    pieces.into_iter().enumerate().map(part).filter(|part| !part.text.is_empty()).collect()
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_becomes_a_sentence_with_code_in_it() {
        let shown = |hint: &str| {
            let show = |part: Part| if part.is_code { format!("[{}]", part.text) } else { part.text };
            parts(hint).into_iter().map(show).collect::<String>()
        };
        assert_eq!(shown("open `/`, or type `gto show`"), "Open [/], or type [gto show]");
        assert_eq!(shown("`gto show` lists them"), "[gto show] lists them");
        assert_eq!(shown("an odd ` stays"), "An odd ` stays");
        assert_eq!(shown(""), "");
    }
}
