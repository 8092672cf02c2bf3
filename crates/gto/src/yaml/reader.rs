//! From text to values, within limits.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag, options};

use super::node::{Node, Problem, Style, Value, Written};
use super::scalar;
use crate::text::printable;

/// Deeper nesting is refused: no real file has it, and readers of the tree recurse.
const MAX_DEPTH: usize = 100;
/// What the values of one file may take in memory, aliases expanded.
const MAX_MEMORY: usize = 128 << 20;

#[cfg(test)]
thread_local! {
    /// How many texts this thread has read.
    pub(crate) static PARSED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Reads one document. `None`: there is nothing in it, or only comments.
pub(crate) fn parse(bytes: &[u8], max_size: usize) -> Result<Option<Node>, Problem> {
    #[cfg(test)]
    PARSED.set(PARSED.get() + 1);
    let nowhere = |message: String| Problem { message, line: 0, column: 0 };
    if bytes.len() > max_size {
        return Err(nowhere(format!("larger than {} MiB", max_size >> 20)));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        problem_at_end_of(&good, "not valid UTF-8".to_owned())
    })?;
    if let Some((index, bad)) = text.char_indices().find(|(_, c)| is_forbidden(*c)) {
        let message = format!("character U+{:04X} is not allowed", u32::from(bad));
        return Err(problem_at_end_of(&text[..index], message));
    }
    let options = options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        // As ruamel.yaml reads the last line of a file that does not end with a line feed.
        block_scalar_eof_without_line_feed: true,
    };
    let parser = Parser::new_from_str_with_options(text, options);
    Loader { parser, anchors: HashMap::new(), memory: 0 }.document()
}

/// What the Python tool's reader refuses anywhere in a file.
fn is_forbidden(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}')
}

fn problem_at_end_of(text: &str, message: String) -> Problem {
    let last = text.rsplit('\n').next().unwrap_or_default();
    Problem { message, line: text.matches('\n').count() + 1, column: last.chars().count() + 1 }
}

struct Loader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Node>,
    memory: usize,
}

impl<'a> Loader<'a> {
    fn document(mut self) -> Result<Option<Node>, Problem> {
        let mut root: Option<Node> = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => {
                    return Ok(root.filter(|node| !matches!(node.value, Value::Null)));
                }
                Event::DocumentStart(..) if root.is_some() => {
                    let node = Self::leaf(span, Value::Null);
                    return Err(node.complain("more than one document"));
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event => root = Some(self.node(event, span, 0)?),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(Problem {
                message: printable(&error.info()),
                line: error.marker().line(),
                column: error.marker().col() + 1,
            }),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn leaf(span: Span, value: Value) -> Node {
        Node { value, line: span.start.line(), column: span.start.col() + 1, written: None }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Problem> {
        if depth > MAX_DEPTH {
            return Err(Self::leaf(span, Value::Null).complain(too_deep()));
        }
        let anchor = event.anchor_id();
        let written = written(&event, span);
        let value = match event {
            Event::Scalar(text, style, _, tag) => scalar(text, style, tag.as_deref()),
            Event::SequenceStart(_, _, tag) => collection(self.list(depth)?, tag.as_deref(), "seq"),
            Event::MappingStart(_, _, tag) => collection(self.map(depth)?, tag.as_deref(), "map"),
            Event::Alias(id) => return self.alias(id, span, depth),
            Event::UnresolvedAlias(name) => Value::Invalid(format!("unknown alias '*{}'", printable(&name))),
            _ => Value::Invalid("an unexpected end".to_owned()),
        };
        let node = Node { written, ..Self::leaf(span, value) };
        self.charge(&node, own_size(&node))?;
        if let Some(id) = anchor.filter(|id| *id != 0) {
            self.charge(&node, measure(&node).0)?;
            self.anchors.insert(id, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd | Event::StreamEnd, _) => return Ok(Value::List(items)),
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut entries = Vec::new();
        let mut merged: Option<Node> = None;
        loop {
            let (event, span) = match self.next()? {
                (Event::MappingEnd | Event::StreamEnd, _) => break,
                next => next,
            };
            let is_merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
            let key = self.node(event, span, depth + 1)?;
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            if is_merge && merged.is_none() {
                merged = Some(value);
            } else {
                entries.push((key, value));
            }
        }
        Ok(match merged {
            Some(from) => merge(from, entries),
            None => Value::Map(entries),
        })
    }

    fn alias(&mut self, id: usize, span: Span, depth: usize) -> Result<Node, Problem> {
        let Some(node) = self.anchors.get(&id) else {
            return Ok(Self::leaf(span, Value::Invalid("an alias of a value inside itself".to_owned())));
        };
        let (size, height) = measure(node);
        let node = Node { value: Value::Null, ..Self::leaf(span, Value::Null) };
        self.charge(&node, size)?;
        if depth + height > MAX_DEPTH {
            return Err(node.complain(too_deep()));
        }
        let anchored = self.anchors.get(&id);
        let value = anchored.map_or(Value::Null, |anchored| anchored.value.clone());
        Ok(Node { value, written: anchored.and_then(|anchored| anchored.written), ..node })
    }

    fn charge(&mut self, node: &Node, size: usize) -> Result<(), Problem> {
        self.memory += size;
        if self.memory > MAX_MEMORY {
            return Err(node.complain("the values, aliases expanded, take too much memory"));
        }
        Ok(())
    }
}

fn too_deep() -> String {
    format!("nested deeper than {MAX_DEPTH} levels")
}

fn own_size(node: &Node) -> usize {
    let text = match &node.value {
        Value::Text(text) | Value::Invalid(text) => text.len(),
        _ => 0,
    };
    size_of::<Node>() + text
}

/// Bytes and levels of a tree.
fn measure(node: &Node) -> (usize, usize) {
    let children: Vec<(usize, usize)> = match &node.value {
        Value::List(items) => items.iter().map(measure).collect(),
        Value::Map(entries) => entries.iter().flat_map(|(k, v)| [measure(k), measure(v)]).collect(),
        _ => Vec::new(),
    };
    let (size, height) =
        children.into_iter().fold((0, 0), |(size, height), child| (size + child.0, height.max(child.1 + 1)));
    (size + own_size(node), height)
}

fn written(event: &Event<'_>, span: Span) -> Option<Written> {
    let Event::Scalar(_, style, _, tag) = event else { return None };
    let style = match (tag, style) {
        (Some(_), _) => Style::Tagged,
        (None, ScalarStyle::Plain) => Style::Plain,
        (None, _) => Style::Quoted,
    };
    let range = span.byte_range()?;
    Some(Written { style, start: range.start, end: range.end })
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    // `! text` requests no specific kind.
    if let Some(tag) = tag.filter(|tag| tag.original() != "!") {
        let name = tag.suffix_in_namespace("tag:yaml.org,2002:").unwrap_or_default();
        return scalar::tagged(&text, &name).unwrap_or_else(|| Value::Invalid(unknown_tag(tag)));
    }
    if style == ScalarStyle::Plain { scalar::plain(&text) } else { Value::Text(text.into_owned()) }
}

fn collection(value: Value, tag: Option<&Tag>, expected: &str) -> Value {
    match tag {
        Some(tag) if !tag.is_yaml_core_schema_tag(expected) => Value::Invalid(unknown_tag(tag)),
        _ => value,
    }
}

fn unknown_tag(tag: &Tag) -> String {
    format!("the tag '{}' does not fit here", printable(&tag.original()))
}

/// `<<: *defaults`: what is merged in comes first, and the mapping's own entries win.
fn merge(from: Node, own: Vec<(Node, Node)>) -> Value {
    let sources = match from.value {
        Value::List(items) => items,
        _ => vec![from],
    };
    let mut entries: Vec<(Node, Node)> = Vec::new();
    let mut place: HashMap<String, usize> = HashMap::new();
    // Of several sources the first wins, but the last comes first.
    for source in sources.into_iter().rev() {
        let Value::Map(inherited) = source.value else {
            return Value::Invalid("'<<' needs a mapping or a list of mappings".to_owned());
        };
        for (key, value) in inherited {
            let Ok(text) = key.key().map(Cow::into_owned) else { continue };
            if let Some(&index) = place.get(&text) {
                entries[index] = (key, value);
            } else {
                place.insert(text, entries.len());
                entries.push((key, value));
            }
        }
    }
    for (key, value) in own {
        // Taken out of `place`, so that a key repeated in the mapping itself stays repeated and is reported.
        match key.key().ok().and_then(|text| place.remove(text.as_ref())) {
            Some(index) => entries[index] = (key, value),
            None => entries.push((key, value)),
        }
    }
    Value::Map(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &[u8]) -> String {
        match parse(text, 1 << 20) {
            Ok(node) => {
                let problem = node.and_then(|node| node.problem()).unwrap();
                format!("{}:{} {}", problem.line, problem.column, problem.message)
            }
            Err(problem) => format!("{}:{} {}", problem.line, problem.column, problem.message),
        }
    }

    #[test]
    fn text_that_is_no_yaml_is_an_error_with_its_place() {
        assert_eq!(fault(b"a: [b\n"), "1:4 unclosed bracket '['");
        assert_eq!(fault(b"a: b: c"), "1:5 mapping values are not allowed in this context");
        assert_eq!(fault(b"a: 1\nb: \xff"), "2:4 not valid UTF-8");
        assert_eq!(fault(b"a: \0"), "1:4 character U+0000 is not allowed");
        assert_eq!(fault(b"a: '\x1b[31m'"), "1:5 character U+001B is not allowed");
        assert_eq!(fault(b"a: 1\n---\nb: 1\n"), "2:1 more than one document");
        assert_eq!(fault(&vec![b' '; (1 << 20) + 1]), "0:0 larger than 1 MiB");
    }

    #[test]
    fn a_value_that_cannot_be_used_keeps_its_place() {
        assert_eq!(fault(b"a: 1\nb: {c: 1, c: 2}"), "2:11 repeated key 'c'");
        assert_eq!(fault(b"a: !secret x"), "1:12 the tag '!secret' does not fit here");
        assert_eq!(fault(b"a: &x [*x]"), "1:8 an alias of a value inside itself");
        assert_eq!(fault(b"a: *x"), "1:4 unknown alias '*x'");
        assert_eq!(fault(b"{[a]: b}"), "1:2 a key must be a text or a number");
    }

    #[test]
    fn nesting_and_aliases_cannot_exhaust_memory_or_stack() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(nested(MAX_DEPTH + 1).as_bytes(), 1 << 20).is_ok());
        assert!(fault(nested(MAX_DEPTH + 2).as_bytes()).contains("nested deeper than 100 levels"));
        assert!(fault("[".repeat(500_000).as_bytes()).contains("recursion limit"));

        let chain: Vec<String> = (1..500).map(|n| format!("a{n}: &a{n} [*a{}]", n - 1)).collect();
        assert!(fault(format!("a0: &a0 x\n{}", chain.join("\n")).as_bytes()).contains("nested deeper"));

        let copies = |n: usize| format!("*a{n}, ").repeat(9);
        let bomb: Vec<String> = (1..20).map(|n| format!("a{n}: &a{n} [{}]", copies(n - 1))).collect();
        assert!(fault(format!("a0: &a0 x\n{}", bomb.join("\n")).as_bytes()).contains("too much memory"));
    }

    #[test]
    fn merged_entries_come_first_and_own_ones_win() {
        let json = |text: &str| parse(text.as_bytes(), 1 << 20).unwrap().unwrap().to_json().to_string();
        assert_eq!(json("{z: 1, <<: {a: 2, z: 3}}"), r#"{"a":2,"z":1}"#);
        assert_eq!(json("{<<: [{a: 1}, {a: 2, b: 3}], c: 4}"), r#"{"a":1,"b":3,"c":4}"#);
    }

    #[test]
    fn what_a_message_quotes_is_short_and_printable() {
        assert_eq!(printable("a\u{1b}[31m\n\u{202e}b"), "a\u{fffd}[31m\u{fffd}\u{fffd}b");
        assert_eq!(printable(&"x".repeat(100)).chars().count(), 61);
    }
}
