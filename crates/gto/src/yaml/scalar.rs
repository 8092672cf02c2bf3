//! Which text without quotes is null, a flag, a number or a time, by the rules of ruamel.yaml for YAML 1.2.
//!
//! Owns the conversion to what JSON can hold. Where JSON has no such value the text stays a text: integers beyond 64 bits keep
//! their digits, infinities and NaN become `Infinity`, `-Infinity` and `NaN` (which is how Python's `json` spells them, without
//! quotes), a date stays as it is and a time takes the ISO form.

use serde_json::Number;

use super::node::Value;

/// The value of plain text.
pub(crate) fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => float(text)
            .or_else(|| int(text))
            .unwrap_or_else(|| Value::Text(time(text).unwrap_or_else(|| text.to_owned()))),
    }
}

/// The value of text with the tag `!!name`, if it fits.
pub(crate) fn tagged(text: &str, name: &str) -> Option<Value> {
    match name {
        "str" => Some(Value::Text(text.to_owned())),
        "null" => Some(Value::Null),
        "bool" => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" | "on" => Some(Value::Bool(true)),
            "false" | "no" | "n" | "off" => Some(Value::Bool(false)),
            _ => None,
        },
        "int" => int(text),
        "float" => float(text).or_else(|| text.replace('_', "").parse().ok().map(from_f64)),
        "timestamp" => Some(Value::Text(time(text).unwrap_or_else(|| text.to_owned()))),
        _ => None,
    }
}

fn from_f64(number: f64) -> Value {
    match Number::from_f64(number) {
        Some(number) => Value::Number(number),
        None if number.is_nan() => Value::Text("NaN".to_owned()),
        None if number > 0.0 => Value::Text("Infinity".to_owned()),
        None => Value::Text("-Infinity".to_owned()),
    }
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

fn int(text: &str) -> Option<Value> {
    let (negative, rest) = split_sign(text);
    // Without a sign the first character must be a digit: `_1` is a text.
    if rest.len() == text.len() && !rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (radix, digits) = match rest.get(..2) {
        Some("0b") => (2, &rest[2..]),
        Some("0o") => (8, &rest[2..]),
        Some("0x") => (16, &rest[2..]),
        _ => (10, rest),
    };
    let digits = digits.replace('_', "");
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let number = u64::from_str_radix(&digits, radix).ok().and_then(|size| {
        if negative { 0_i64.checked_sub_unsigned(size).map(Number::from) } else { Some(size.into()) }
    });
    Some(number.map_or_else(|| Value::Text(text.to_owned()), Value::Number))
}

fn float(text: &str) -> Option<Value> {
    let (negative, rest) = split_sign(text);
    match rest {
        ".inf" | ".Inf" | ".INF" => {
            return Some(from_f64(if negative { f64::NEG_INFINITY } else { f64::INFINITY }));
        }
        ".nan" | ".NaN" | ".NAN" if rest.len() == text.len() => return Some(from_f64(f64::NAN)),
        _ => {}
    }
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_point = mantissa.len() != whole.len();
    let starts_well = whole.starts_with(|c: char| c.is_ascii_digit()) || (whole.is_empty() && has_point);
    let has_digit = mantissa.bytes().any(|b| b.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        // ruamel's pattern wants the sign after `.5e`.
        let has_sign = digits.len() != exponent.len();
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && (has_sign || !whole.is_empty())
    });
    if !(has_point || exponent.is_some())
        || !(starts_well && has_digit && exponent_fits && is_digits(whole) && is_digits(fraction))
    {
        return None;
    }
    text.replace('_', "").parse().ok().map(from_f64)
}

/// The ISO form of a date with a time, as Python's `isoformat` prints it; `None` for anything else.
fn time(text: &str) -> Option<String> {
    let split = text.find(['T', 't', ' ', '\t'])?;
    let mut date = text[..split].split('-');
    let (year, month, day) = (date.next()?, number(date.next()?, 1)?, number(date.next()?, 1)?);
    if date.next().is_some() || year.len() != 4 {
        return None;
    }
    let clock = text[split..].strip_prefix(['T', 't']).unwrap_or_else(|| text[split..].trim_start());
    let end = clock.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.')).unwrap_or(clock.len());
    let (clock, zone) = (&clock[..end], clock[end..].trim_start_matches([' ', '\t']));
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut parts = clock.split(':');
    let (hour, minute, second) =
        (number(parts.next()?, 1)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    if parts.next().is_some() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let civil = jiff::civil::DateTime::new(year.parse().ok()?, month, day, hour, minute, second, 0).ok()?;
    let mut iso = civil.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let micros = format!("{fraction:0<6.6}");
    if micros != "000000" {
        iso = format!("{iso}.{micros}");
    }
    iso.push_str(&offset(zone)?);
    Some(iso)
}

/// One or two digits, at least `min`.
fn number(text: &str, min: usize) -> Option<i8> {
    let fits = (min..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

fn offset(zone: &str) -> Option<String> {
    match zone {
        "" => return Some(String::new()),
        "Z" => return Some("+00:00".to_owned()),
        _ => {}
    }
    let (negative, rest) = split_sign(zone);
    if rest.len() == zone.len() {
        return None;
    }
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "00"));
    let (hours, minutes) = (number(hours, 1)?, number(minutes, 2)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let sign = if negative && (hours, minutes) != (0, 0) { '-' } else { '+' };
    Some(format!("{sign}{hours:02}:{minutes:02}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    fn read(text: &str) -> serde_json::Value {
        crate::yaml::parse(text.as_bytes(), 1 << 20).unwrap().unwrap().to_json()
    }

    #[test]
    fn numbers_are_those_of_ruamel_yaml() {
        for (text, expected) in [
            ("[1, +12, -0, 08, 017, 0o17, 0x1F, 0b11]", json!([1, 12, 0, 8, 17, 15, 31, 3])),
            ("[1_000, 1__0, _1, __, 0o, 0xg]", json!([1000, 10, "_1", "__", "0o", "0xg"])),
            ("[1.5, 1., 1e3, 1.e3, .5, -.5, .5e+3]", json!([1.5, 1.0, 1000.0, 1000.0, 0.5, -0.5, 500.0])),
            ("[.5e3, 1e5_0, ._, 1:30, 1.2.3]", json!([".5e3", "1e5_0", "._", "1:30", "1.2.3"])),
            ("[18446744073709551615, -9223372036854775808]", json!([u64::MAX, i64::MIN])),
            ("[!!str 1, !!int '3', !!float 3, '1', ! 1]", json!(["1", 3, 3.0, "1", 1])),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn only_true_and_false_are_flags() {
        assert_eq!(read("[true, TRUE, False, yes, on, n]"), json!([true, true, false, "yes", "on", "n"]));
        assert_eq!(read("[null, ~, NULL, nULL]"), json!([null, null, null, "nULL"]));
    }

    #[test]
    fn numbers_that_json_cannot_hold_are_texts() {
        assert_eq!(read("[.inf, -.INF, .nan, 1e400]"), json!(["Infinity", "-Infinity", "NaN", "Infinity"]));
        assert_eq!(read("[123456789012345678901234]"), json!(["123456789012345678901234"]));
    }

    #[test]
    fn times_take_the_iso_form_and_dates_stay() {
        for (text, expected) in [
            ("2024-01-02", "2024-01-02"),
            ("2024-01-02 10:00:00", "2024-01-02T10:00:00"),
            ("2024-1-2 1:00:00.5", "2024-01-02T01:00:00.500000"),
            ("2024-01-02t10:00:00.123Z", "2024-01-02T10:00:00.123000+00:00"),
            ("2024-01-02 10:00:00 +5:30", "2024-01-02T10:00:00+05:30"),
            ("2024-02-30 10:00:00", "2024-02-30 10:00:00"),
            ("2024-01-02 and more", "2024-01-02 and more"),
        ] {
            assert_eq!(read(text), json!(expected));
        }
    }
}
