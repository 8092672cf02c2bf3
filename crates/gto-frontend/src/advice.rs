//! Advice that the command line and Python give in the same words.

use gto::Registry;
use gto::plan::Plan;

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

/// The warning that a version may be registered which exists already, where this copy lacks tags: it is shallow, or a
/// clone without any. `option` fetches from the remote first.
pub fn lacking_tags(plan: &Plan, registry: &Registry, option: &str) -> Option<String> {
    if !plan.registers() {
        return None;
    }
    let fetch = fetch_tags(registry)?;
    let is_new = plan.is_new_artifact || plan.new_stage.is_some();
    let state = if registry.is_shallow() {
        "is shallow"
    } else if is_new && !registry.has_many_tags() && has_no_tags(registry) && registry.is_clone() {
        "has no tags"
    } else {
        return None;
    };
    Some(format!(
        "this clone {state}: versions that exist on the remote alone are not seen; \
         look there first with {option}, or fetch all tags: `{fetch}`"
    ))
}

fn has_no_tags(registry: &Registry) -> bool {
    registry.tag_names().is_ok_and(|tags| tags.is_empty())
}
