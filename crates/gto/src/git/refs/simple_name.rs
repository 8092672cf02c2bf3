//! Names of tags of which there can be no doubt, as nearly all are.
//!
//! Owns telling them from the others at a glance: Git's rules (git-check-ref-format(1)) take ten times as long.

/// Whether a tag may certainly have this name, which is that of the ref without `refs/tags/`.
pub(super) fn is_simple(name: &[u8]) -> bool {
    let is_allowed =
        |(place, byte): (usize, &u8)| byte.is_ascii_alphanumeric() || is_mark(name, place, *byte);
    !name.is_empty() && name.iter().enumerate().all(is_allowed)
}

/// Whether this is no letter and no digit, and has a right to be where it is.
fn is_mark(name: &[u8], place: usize, byte: u8) -> bool {
    let at = |place: Option<usize>| place.and_then(|place| name.get(place)).copied().unwrap_or_default();
    let (before, after) = (at(place.checked_sub(1)), at(Some(place + 1)));
    match byte {
        b'.' => before.is_ascii_digit() && after.is_ascii_digit(),
        b'/' => before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric(),
        b'@' | b'#' | b'_' | b'=' | b'!' | b'+' | b'-' => place > 0,
        _ => false,
    }
}
