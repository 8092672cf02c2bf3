//! The byte positions of the parts of a YAML text, for edits that keep the rest.
//!
//! Owns the positions only. What the parts mean is read by [`crate::yaml::parse`], which must have taken the text before: it
//! refuses what is nested too deeply.

use std::ops::Range;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span, StrInput, StructureStyle, options};

/// A value of the text.
#[derive(Debug)]
pub(super) struct Item {
    pub kind: Kind,
    /// Where its content stands. Of a block mapping or list only the start counts; a text in a block has its header before.
    pub span: Range<usize>,
    /// The position of its anchor and tag, before the content.
    pub properties: Option<Range<usize>>,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// Text on a line, or over several.
    Scalar {
        text: String,
        style: ScalarStyle,
    },
    /// `*name`, as it is written.
    Alias(String),
    Map {
        is_flow: bool,
        entries: Vec<Entry>,
    },
    List {
        is_flow: bool,
        items: Vec<Item>,
    },
}

#[derive(Debug)]
pub(super) struct Entry {
    pub key: Item,
    pub value: Item,
}

/// The one document of a text.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// What is in it; `None` if there are only comments.
    pub root: Option<Item>,
    /// Where the line `...` begins that ends it.
    pub end: Option<usize>,
    /// The positions of the comments, from the `#` to the end of the line.
    pub comments: Vec<Range<usize>>,
}

impl Item {
    /// Where it begins, its anchor and tag included.
    pub fn start(&self) -> usize {
        self.properties.as_ref().map_or(self.span.start, |properties| properties.start.min(self.span.start))
    }

    /// Whether nothing is written.
    pub fn is_nothing(&self) -> bool {
        matches!(self.kind, Kind::Scalar { style: ScalarStyle::Plain, .. }) && self.span.is_empty()
    }

    /// Whether the last thing in it is a text in a block.
    pub fn ends_with_block_text(&self) -> bool {
        match &self.kind {
            Kind::Map { is_flow: false, entries } => {
                entries.last().is_some_and(|entry| entry.value.ends_with_block_text())
            }
            Kind::List { is_flow: false, items } => items.last().is_some_and(Self::ends_with_block_text),
            _ => self.is_block_text(),
        }
    }

    /// Whether it is in brackets.
    pub fn is_flow(&self) -> bool {
        matches!(self.kind, Kind::Map { is_flow: true, .. } | Kind::List { is_flow: true, .. })
    }

    /// A part of a collection: the value of an entry, or an item.
    pub fn part(&self, place: usize) -> Option<&Self> {
        match &self.kind {
            Kind::Map { entries, .. } => entries.get(place).map(|entry| &entry.value),
            Kind::List { items, .. } => items.get(place),
            _ => None,
        }
    }

    /// How many parts there are.
    pub fn parts(&self) -> usize {
        match &self.kind {
            Kind::Map { entries, .. } => entries.len(),
            Kind::List { items, .. } => items.len(),
            _ => 0,
        }
    }

    /// The text that it is.
    pub fn text(&self) -> Option<&str> {
        if let Kind::Scalar { text, .. } = &self.kind { Some(text) } else { None }
    }

    /// Whether both have the same value, in any style.
    pub fn is_like(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Scalar { text, style }, Kind::Scalar { text: other, style: other_style }) => {
                text == other && (*style == ScalarStyle::Plain) == (*other_style == ScalarStyle::Plain)
            }
            (Kind::Alias(name), Kind::Alias(other)) => name == other,
            (Kind::Map { entries, .. }, Kind::Map { entries: others, .. }) => {
                let is_like = |(a, b): (&Entry, &Entry)| a.key.is_like(&b.key) && a.value.is_like(&b.value);
                entries.len() == others.len() && entries.iter().zip(others).all(is_like)
            }
            (Kind::List { items, .. }, Kind::List { items: others, .. }) => {
                items.len() == others.len() && items.iter().zip(others).all(|(a, b)| a.is_like(b))
            }
            _ => false,
        }
    }

    pub fn is_block_text(&self) -> bool {
        matches!(self.kind, Kind::Scalar { style: ScalarStyle::Literal | ScalarStyle::Folded, .. })
    }
}

impl Entry {
    pub fn is_named(&self, name: &str) -> bool {
        matches!(&self.key.kind, Kind::Scalar { text, .. } if text == name)
    }
}

/// Reads the positions of a text that [`crate::yaml::parse`] has taken; `None` if a position cannot be determined.
pub(super) fn read(text: &str) -> Option<Document> {
    let options = options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        block_scalar_eof_without_line_feed: true,
    };
    let mut reader = Reader { text, parser: Parser::new_from_str_with_options(text, options), held: None };
    let mut document = Document::default();
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamEnd => break,
            Event::DocumentEnd => {
                let range = span.byte_range()?;
                document.end = text.get(range.clone())?.starts_with("...").then_some(range.start);
            }
            Event::StreamStart | Event::DocumentStart(..) => {}
            event => document.root = Some(reader.item(event, span)?),
        }
    }
    document.root = document.root.filter(|root| !root.is_nothing());
    document.comments = comments(text)?;
    Some(document)
}

/// Reads where the comments are; apart from the values, whose positions are not to depend on them.
fn comments(text: &str) -> Option<Vec<Range<usize>>> {
    let mut options = options! {
        emit_comments: true,
        emit_unresolved_aliases: true,
        block_scalar_eof_without_line_feed: true,
    };
    // How many there may be in a row: the size of the text bounds them.
    options.max_buffered_comment_events = usize::MAX;
    let mut comments = Vec::new();
    for event in Parser::new_from_str_with_options(text, options) {
        if let (Event::Comment(..), span) = event.ok()? {
            comments.push(span.byte_range()?);
        }
    }
    comments.sort_by_key(|comment: &Range<usize>| comment.start);
    Some(comments)
}

struct Reader<'a> {
    text: &'a str,
    parser: Parser<'a, StrInput<'a>>,
    /// An event that was looked at.
    held: Option<(Event<'a>, Span)>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<(Event<'a>, Span)> {
        match self.held.take() {
            Some(held) => Some(held),
            None => self.parser.next_event()?.ok(),
        }
    }

    fn item(&mut self, event: Event<'a>, span: Span) -> Option<Item> {
        let mut range = span.byte_range()?;
        let tag = span.tag_span().and_then(|tag| tag.byte_range());
        self.look_ahead()?;
        let properties = union(self.anchor(), tag);
        let kind = match event {
            Event::Scalar(text, style, ..) => Kind::Scalar { text: text.into_owned(), style },
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                Kind::Alias(self.text.get(range.clone())?.to_owned())
            }
            Event::SequenceStart(style, ..) => {
                let mut items = Vec::new();
                let end = loop {
                    match self.next()? {
                        (Event::SequenceEnd, span) => break span.byte_range()?.end,
                        (event, span) => items.push(self.item(event, span)?),
                    }
                };
                range.end = end;
                Kind::List { is_flow: style == StructureStyle::Flow, items }
            }
            Event::MappingStart(style, ..) => {
                let mut entries = Vec::new();
                let end = loop {
                    let key = match self.next()? {
                        (Event::MappingEnd, span) => break span.byte_range()?.end,
                        (event, span) => self.item(event, span)?,
                    };
                    let (event, span) = self.next()?;
                    entries.push(Entry { key, value: self.item(event, span)? });
                };
                range.end = end;
                Kind::Map { is_flow: style == StructureStyle::Flow, entries }
            }
            _ => return None,
        };
        Some(Item { kind, span: range, properties })
    }

    fn look_ahead(&mut self) -> Option<()> {
        self.held = Some(self.next()?);
        Some(())
    }

    /// The anchor of the value whose event was the last one, which the parser tells after it.
    fn anchor(&mut self) -> Option<Range<usize>> {
        let (_, span) = self.held.take_if(|(event, _)| matches!(event, Event::Anchor(..)))?;
        span.byte_range()
    }
}

fn union(a: Option<Range<usize>>, b: Option<Range<usize>>) -> Option<Range<usize>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.start.min(b.start)..a.end.max(b.end)),
        (a, b) => a.or(b),
    }
}
