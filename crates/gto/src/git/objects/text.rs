//! The text of commit and tag objects: header lines, a blank line, a message.
//!
//! Owns taking it apart. Follows git, which reads more than it writes: nothing here fails where git would go on.
//! Must not read objects.

use gix::bstr::ByteSlice as _;

use crate::object_id::ObjectId;
use crate::signature::Signature;
use crate::time::Timestamp;

/// The beginnings of the lines that start a signature, as in git's `gpg-interface.c`.
const SIGNATURES: [&[u8]; 4] = [
    b"-----BEGIN PGP SIGNATURE-----",
    b"-----BEGIN PGP MESSAGE-----",
    b"-----BEGIN SSH SIGNATURE-----",
    b"-----BEGIN SIGNED MESSAGE-----",
];

/// A commit or tag object in parts.
pub(in crate::git) struct Parts<'a> {
    header: &'a [u8],
    /// Everything after the blank line, signature included.
    pub body: &'a [u8],
}

impl<'a> Parts<'a> {
    pub fn of(data: &'a [u8]) -> Self {
        let mut start = 0;
        while let Some(len) = data[start..].find_byte(b'\n') {
            let end = start + len + 1;
            if data.get(end) == Some(&b'\n') {
                return Self { header: &data[..end], body: &data[end + 1..] };
            }
            start = end;
        }
        Self { header: data, body: &[] }
    }

    /// The value of the first header line `name value`.
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        let mut rest = self.header;
        loop {
            let end = rest.find_byte(b'\n').unwrap_or(rest.len());
            let (line, after) = rest.split_at(end);
            if let Some(value) = line.strip_prefix(name.as_bytes()).and_then(|value| value.strip_prefix(b" "))
            {
                return Some(value);
            }
            rest = after.get(1..)?;
        }
    }

    /// The header line `name` as an object id.
    pub fn id(&self, name: &str) -> Option<ObjectId> {
        ObjectId::from_hex(self.field(name)?)
    }
}

/// The message of a tag without the signature at its end.
pub(in crate::git) fn without_signature(body: &[u8]) -> &[u8] {
    split_signature(body).0
}

/// A tag or its body without the signature at its end, and that signature, which is empty if there is none.
pub(in crate::git) fn split_signature(body: &[u8]) -> (&[u8], &[u8]) {
    let mut end = body.len();
    let mut offset = 0;
    for line in body.lines_with_terminator() {
        // The last such line counts: a message may quote a signature.
        if line.starts_with(b"-----") && SIGNATURES.iter().any(|begin| line.starts_with(begin)) {
            end = offset;
        }
        offset += line.len();
    }
    body.split_at(end)
}

/// `Name <address> seconds +hhmm` in parts.
pub(in crate::git) struct Ident<'a> {
    pub name: &'a [u8],
    pub email: &'a [u8],
    pub time: Option<Timestamp>,
}

impl<'a> Ident<'a> {
    /// `None` without the angle brackets.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let open = line.iter().position(|&byte| byte == b'<')?;
        let close = line.iter().rposition(|&byte| byte == b'>').filter(|close| *close > open)?;
        Some(Self {
            name: line[..open].trim_ascii(),
            email: line[open + 1..close].trim_ascii(),
            time: parse_time(&line[close + 1..]),
        })
    }

    /// Whether this is the same person.
    pub fn is_by(&self, other: &Signature) -> bool {
        self.name == other.name.as_bytes() && self.email == other.email.as_bytes()
    }

    pub fn signature(&self, time: Timestamp) -> Signature {
        Signature {
            name: crate::git::lossy(self.name).into(),
            email: crate::git::lossy(self.email).into(),
            time,
        }
    }
}

/// `1700000000 +0530`; a zone that is not there counts as UTC, as for git.
fn parse_time(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    let mut words = text.split_ascii_whitespace();
    let seconds = words.next()?.parse().ok()?;
    let offset = words.next().map_or(Some(0), parse_zone)?;
    Timestamp::new(seconds, offset)
}

fn parse_zone(zone: &str) -> Option<i32> {
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    let (hours, minutes) = (number / 100, number % 100);
    (minutes < 60).then_some(sign * (hours * 60 + minutes) * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Option<(i64, i32)> {
        parse_time(text.as_bytes()).map(|time| (time.seconds(), time.offset()))
    }

    #[test]
    fn times_are_read_with_their_zone() {
        assert_eq!(time(" 1700000000 +0530"), Some((1_700_000_000, 19_800)));
        assert_eq!(time(" 1700000000 -0800"), Some((1_700_000_000, -28_800)));
        assert_eq!(time(" 1700000000"), Some((1_700_000_000, 0)));
    }

    #[test]
    fn a_time_that_nobody_can_mean_is_none() {
        for text in [
            "",
            " ",
            " yesterday",
            " 99999999999999999999 +0000",
            " 999999999999999 +0000",
            " 1 +9999",
            " 1 +0060",
            " 1 0530",
            " 1 +",
            " 1 ++10",
            " 1 é",
        ] {
            assert_eq!(time(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_ident_is_read_even_if_git_would_not_write_it() {
        let parts = |line: &'static str| Ident::parse(line.as_bytes()).map(|ident| (ident.name, ident.email));
        assert_eq!(parts("Ann <a@b> 1 +0000"), Some((&b"Ann"[..], &b"a@b"[..])));
        assert_eq!(parts("<> 1 +0000"), Some((&b""[..], &b""[..])));
        assert_eq!(parts("A <a <b> c> 1 +0000"), Some((&b"A"[..], &b"a <b> c"[..])));
        for line in ["", "Ann", "Ann <a@b", "Ann > a@b <"] {
            assert_eq!(parts(line), None, "{line:?}");
        }
    }

    #[test]
    fn a_signature_at_the_end_is_not_part_of_the_message() {
        let message = b"text\n-----BEGIN PGP SIGNATURE-----\nquoted\n";
        for begin in SIGNATURES {
            let signed = [message, begin, b"\nAAAA\n-----END-----\n"].concat();
            assert_eq!(without_signature(&signed), message);
        }
        assert_eq!(without_signature(b"- ----BEGIN PGP SIGNATURE-----\n").len(), 31);
    }
}
