//! The parameters of an address, which are a stranger's text.

use std::collections::BTreeMap;

use form_urlencoded::parse;

/// Longer values are cut: nobody types them.
const LONGEST: usize = 500;

/// The parameters; of several with one name the first counts, and empty ones do not.
#[derive(Debug, Clone, Default)]
pub struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads what follows `?`.
    pub fn of(query: Option<&str>) -> Self {
        Self::read(query.unwrap_or_default().as_bytes(), LONGEST)
    }

    /// Reads a form that is sent: nothing in it is cut.
    pub fn form(body: &[u8]) -> Self {
        Self::read(body, usize::MAX)
    }

    fn read(text: &[u8], longest: usize) -> Self {
        let mut params = BTreeMap::new();
        for (name, value) in parse(text).take(100) {
            let value: String = value.trim().chars().take(longest).collect();
            if !value.is_empty() {
                params.entry(name.into_owned()).or_insert(value);
            }
        }
        Self(params)
    }

    /// The value of one.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether a box is ticked.
    pub fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !matches!(value, "0" | "false" | "no"))
    }

    /// A number, within limits.
    pub fn number(&self, name: &str, default: usize, most: usize) -> usize {
        self.get(name).and_then(|value| value.parse().ok()).unwrap_or(default).clamp(1, most)
    }

    /// What follows `?` with one parameter changed, or left out.
    pub fn with(&self, name: &str, value: Option<&str>) -> String {
        let mut text = form_urlencoded::Serializer::new(String::new());
        let others = self
            .0
            .iter()
            .filter(|(known, _)| *known != name && !matches!(known.as_str(), "page" | "token" | "wrote"));
        for (name, value) in others {
            text.append_pair(name, value);
        }
        if let Some(value) = value {
            text.append_pair(name, value);
        }
        let text = text.finish();
        if text.is_empty() { String::new() } else { format!("?{text}") }
    }
}
