//! What the library may know of the process it runs in: variables and the clock, both given from outside.

use std::collections::HashMap;

use crate::time::Timestamp;

/// The variables and the time of whoever asks. The library reads neither by itself.
#[derive(Debug, Clone)]
pub struct Environment {
    variables: HashMap<String, String>,
    now: Timestamp,
}

impl Environment {
    /// An environment with these variables, at this time. The offset of `now` is the one that new tags get.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>, now: Timestamp) -> Self {
        Self { variables: variables.into_iter().collect(), now }
    }

    /// The value of a variable, if it is set.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.now
    }
}
