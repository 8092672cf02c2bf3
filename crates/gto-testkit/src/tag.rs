//! The contents of a tag object: bytes to write, and the parsed form. Must not run Git.

/// Who made a tag, and when.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tagger {
    /// The name before the address.
    pub name: String,
    /// The address without its angle brackets.
    pub email: String,
    /// Seconds since 1970 (UTC).
    pub time: i64,
    /// The time zone as Git writes it: `+0530`.
    pub offset: String,
}

/// The parts of an annotated tag to make. What is `None` is filled in by the repository.
#[derive(Clone, Debug, Default)]
pub struct TagSpec {
    /// Seconds since 1970; `None` takes the next second of the repository's clock.
    pub time: Option<i64>,
    /// The time zone as Git writes it; `None` is `+0000`.
    pub offset: Option<String>,
    /// The message; `None` is the tag's name. A final newline is added.
    pub message: Option<String>,
    /// The tagger's name and address; `None` is `Ada Tester <ada@example.com>`.
    pub tagger: Option<(String, String)>,
}

impl TagSpec {
    /// A tag made at this second.
    pub fn at(time: i64) -> Self {
        Self { time: Some(time), ..Self::default() }
    }

    /// With this message.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// With this time zone, as Git writes it (`+0530`).
    #[must_use]
    pub fn offset(mut self, offset: impl Into<String>) -> Self {
        self.offset = Some(offset.into());
        self
    }

    /// By this person.
    #[must_use]
    pub fn by(mut self, name: impl Into<String>, email: impl Into<String>) -> Self {
        self.tagger = Some((name.into(), email.into()));
        self
    }
}

/// A tag in a repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TagRecord {
    /// The name without `refs/tags/`.
    pub name: String,
    /// What the ref points to: a tag object's id, or for a lightweight tag the commit's.
    pub object_id: String,
    /// `tag` for an annotated tag, otherwise the type of the object itself.
    pub object_type: String,
    /// What the tag object points to; the object itself for a lightweight tag. Not peeled further.
    pub target: String,
    /// Who made it: `None` if it is lightweight or has no tagger.
    pub tagger: Option<Tagger>,
    /// The message with its newlines, bytes that are not UTF-8 replaced; empty if it is lightweight.
    pub message: String,
}

impl TagRecord {
    /// Whether there is a tag object.
    pub fn is_annotated(&self) -> bool {
        self.object_type == "tag"
    }

    /// Reads the record of a ref from the object behind it.
    ///
    /// The format is that of `git cat-file tag`: header lines, an empty line, the message.
    pub(crate) fn parse(name: &str, object_id: &str, object_type: &str, content: &[u8]) -> Self {
        let mut record = Self {
            name: name.to_owned(),
            object_id: object_id.to_owned(),
            object_type: object_type.to_owned(),
            target: object_id.to_owned(),
            tagger: None,
            message: String::new(),
        };
        if record.is_annotated() {
            let text = String::from_utf8_lossy(content);
            let (headers, message) = text.split_once("\n\n").unwrap_or((&text, ""));
            message.clone_into(&mut record.message);
            for line in headers.lines() {
                match line.split_once(' ') {
                    Some(("object", id)) => id.clone_into(&mut record.target),
                    Some(("tagger", rest)) => record.tagger = Tagger::parse(rest),
                    _ => {}
                }
            }
        }
        record
    }
}

impl Tagger {
    /// Reads `Name <address> seconds zone`.
    fn parse(line: &str) -> Option<Self> {
        let (name, rest) = line.split_once('<')?;
        let (email, when) = rest.rsplit_once('>')?;
        let (time, offset) = when.trim().split_once(' ')?;
        Some(Self {
            name: name.trim_end().to_owned(),
            email: email.to_owned(),
            time: time.parse().ok()?,
            offset: offset.to_owned(),
        })
    }
}
