//! JSON as the Python tool prints it: byte for byte what `json.dumps(value, indent=4)` gives.
//!
//! Owns layout, escapes and the spelling of numbers; `serde_json` does the rest.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{Formatter, PrettyFormatter};

/// The value as JSON in ASCII, indented by four spaces, without a line break at its end.
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::new();
    let formatter = PythonFormatter(PrettyFormatter::with_indent(b"    "));
    value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter))?;
    Ok(String::from_utf8(bytes).expect("serde_json and the formatter write text"))
}

struct PythonFormatter(PrettyFormatter<'static>);

/// What only passes the call on to the pretty formatter.
macro_rules! as_pretty {
    ($($name:ident($($argument:ident: $kind:ty),*);)*) => {$(
        fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $argument: $kind)*) -> io::Result<()> {
            self.0.$name(writer $(, $argument)*)
        }
    )*};
}

impl Formatter for PythonFormatter {
    as_pretty! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let is_plain = |c: char| c.is_ascii() && c != '\u{7f}';
        let mut rest = fragment;
        while let Some(start) = rest.find(|c| !is_plain(c)) {
            let (plain, tail) = rest.split_at(start);
            writer.write_all(plain.as_bytes())?;
            let mut chars = tail.chars();
            for unit in chars.next().into_iter().flat_map(|c| c.encode_utf16(&mut [0; 2]).to_vec()) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        // The shortest digits that read back, of two equally near ones the even one, as in Python. `serde_json` finds them, but
        // goes without an exponent down to 1e-5 where Python and Rust stop at 1e-4.
        let text = if (1e-5..1e-4).contains(&value.abs()) {
            format!("{value:?}")
        } else {
            let mut text = Vec::new();
            self.0.write_f64(&mut text, value)?;
            String::from_utf8_lossy(&text).into_owned()
        };
        let text = text.replace("e+", "e");
        match text.split_once('e') {
            None => writer.write_all(text.as_bytes()),
            Some((digits, exponent)) => {
                let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |size| ('-', size));
                write!(writer, "{digits}e{sign}{exponent:0>2}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::to_string;

    /// Expected: the output of Python 3.11.
    #[test]
    fn json_is_laid_out_as_python_does() {
        let value = json!({"a": [1, {"b": null}], "c": [], "d": {}, "e": true, "f": [[]]});
        assert_eq!(
            to_string(&value).unwrap(),
            "{\n    \"a\": [\n        1,\n        {\n            \"b\": null\n        }\n    ],\n    \
             \"c\": [],\n    \"d\": {},\n    \"e\": true,\n    \"f\": [\n        []\n    ]\n}"
        );
        assert_eq!(to_string(&json!([])).unwrap(), "[]");
    }

    #[test]
    fn text_is_escaped_to_ascii_as_python_does() {
        assert_eq!(
            to_string("a\"\\/\n\r\t\u{8}\u{c}\u{1b}\u{7f}\u{80}é\u{2028}日😀b").unwrap(),
            r#""a\"\\/\n\r\t\b\f\u001b\u007f\u0080\u00e9\u2028\u65e5\ud83d\ude00b""#
        );
        assert_eq!(to_string(&json!({"é": 1})).unwrap(), "{\n    \"\\u00e9\": 1\n}");
    }

    #[test]
    fn floats_are_spelled_as_python_does() {
        for (float, expected) in [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (-0.0, "-0.0"),
            (1e15, "1000000000000000.0"),
            (123_456_789.123_456_79, "123456789.12345679"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-2.5e-10, "-2.5e-10"),
            (5e-324, "5e-324"),
            (2_181_071_787_658_426.2, "2181071787658426.2"),
        ] {
            assert_eq!(to_string(&Value::from(float)).unwrap(), expected);
        }
    }
}
