//! Who asks.

use std::sync::Arc;

/// The longest name of a user.
const LONGEST: usize = 256;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Whoever has the token.
    Holder,
    /// The user that the proxy names.
    User(Arc<str>),
    /// Anybody at this machine.
    Anybody,
}

/// By what it is known who asks. What a browser adds by itself is added to the writes of strangers' pages, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// By what only a program sends; or it need not be known.
    Program,
    /// By a cookie: it is a browser.
    Cookie,
    /// By the word of a proxy, which gives it for browsers and programs.
    Proxy,
}

impl Actor {
    /// The user of a proxy; `None` for a name that cannot be one.
    pub fn user(name: &[u8]) -> Option<Self> {
        let name = std::str::from_utf8(name).ok()?.trim();
        let is_name = !name.is_empty()
            && name.len() <= LONGEST
            && !name.contains(|c| gto::text::is_dangerous(c) || c.is_control());
        is_name.then(|| Self::User(name.into()))
    }

    /// The name, if there is one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::User(name) => Some(name),
            Self::Holder | Self::Anybody => None,
        }
    }
}
