//! What to do where this clone may lack tags that its remote has.

use gto::Registry;
use gto::plan::Warning;

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

/// A warning, with what to do about it where that depends on the registry: `option` fetches from the remote first.
#[must_use]
pub fn warning(warning: &Warning, registry: &Registry, option: &str) -> String {
    match (warning, fetch_tags(registry)) {
        (Warning::LackingTags { .. }, Some(fetch)) => {
            format!("{warning}; look there first with {option}, or fetch all tags: `{fetch}`")
        }
        _ => warning.to_string(),
    }
}
