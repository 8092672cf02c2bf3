//! What the parameters of the API have in common: how much is wanted, and from where on.
//!
//! A cursor says after which entry to go on, so that nothing is shown twice or left out where entries come and go. It is opaque to
//! clients, and a stranger's text to us.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::view::params::Params;

/// So much is answered unless `limit` asks for something else.
pub const DEFAULT_LIMIT: usize = 100;
/// The most that it can ask for.
pub const MOST: usize = 1000;

/// How many entries are wanted.
pub fn limit(params: &Params) -> Result<usize, Failure> {
    let Some(text) = params.get("limit") else { return Ok(DEFAULT_LIMIT) };
    let number = text.parse().ok().filter(|number| (1..=MOST).contains(number));
    number.ok_or_else(|| {
        Failure::invalid(format!("'{}' is no limit", text.escape_debug()))
            .hint(format!("a limit is a number from 1 to {MOST}"))
    })
}

/// Where to go on, if the parameter is set.
pub fn cursor<T: DeserializeOwned>(params: &Params, name: &str) -> Result<Option<T>, Failure> {
    let Some(text) = params.get(name) else { return Ok(None) };
    let read = || {
        let bytes: Option<Vec<u8>> = (0..text.len())
            .step_by(2)
            .map(|place| u8::from_str_radix(text.get(place..place + 2)?, 16).ok())
            .collect();
        serde_json::from_slice(&bytes?).ok()
    };
    read().map(Some).ok_or_else(|| {
        Failure::invalid(format!("`{name}` is no cursor of this server"))
            .hint("take it as the answer before had it, or leave it out to begin at the start")
    })
}

/// The text of a cursor.
pub fn to_text(cursor: &impl Serialize) -> String {
    let json = serde_json::to_vec(cursor).unwrap_or_default();
    crate::auth::secret::hex(&json)
}

/// The answer to a cursor whose entry is gone.
pub fn is_gone() -> Failure {
    Failure::invalid("The entry of this cursor is gone").hint("leave the cursor out to begin at the start")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_anything_else_is_refused() {
        let text = to_text(&(7, "repo", "nlp:m"));
        let of = |text: &str| {
            let params = Params::of(Some(&format!("cursor={text}&limit={text}")));
            (cursor::<(i64, String, String)>(&params, "cursor"), limit(&params))
        };
        assert_eq!(of(&text).0.unwrap(), Some((7, "repo".into(), "nlp:m".into())));
        for wrong in ["x", "5b", "zz", "%C3%A4", "5b5d0", "0", "1001", "1e3"] {
            let (cursor, limit) = of(wrong);
            assert!(cursor.is_err() && limit.is_err(), "{wrong}");
        }
        assert_eq!(limit(&Params::default()).unwrap(), DEFAULT_LIMIT);
    }
}
