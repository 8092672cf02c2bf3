//! What to do next, where the command line and Python say it in the same words.

use gto::Registry;

use crate::text::shell_quote;

/// The command that fetches the tags that this repository may lack; `None` if nothing is elsewhere.
#[must_use]
pub fn fetch_tags(registry: &Registry) -> Option<String> {
    if registry.url().is_some() || !registry.has_remote() {
        return None;
    }
    let unshallow = if registry.is_shallow() { " --unshallow" } else { "" };
    let from = registry.fetched_from().map_or_else(String::new, |from| format!(" {}", shell_quote(&from)));
    Some(format!("git fetch --tags --force{unshallow}{from}"))
}
