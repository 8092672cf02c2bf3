//! What of a policy a host can hold that runs no hooks: patterns of tags that only some may push.

use std::collections::BTreeSet;

use crate::name::StageName;

use super::rule::{Policy, Rule};

/// Whether a rule has a key.
type IsUsed = fn(&Rule) -> bool;

impl Policy {
    /// The stages that rules are about.
    pub fn stages(&self) -> Vec<&StageName> {
        self.rules
            .iter()
            .filter_map(|rule| rule.stage.as_ref())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }

    /// Patterns of all tags that change what these stages show, whatever the artifact: assignments and unassignments, with a
    /// counter and without, deregistrations, deprecations; and the approvals. `any` is how the host writes any name, folders
    /// included.
    pub fn tag_patterns(&self, any: &str) -> Vec<String> {
        let of_stages = self
            .stages()
            .into_iter()
            .flat_map(|stage| ["", "#*", "!", "!#*"].map(|end| format!("{any}#{stage}{end}")));
        let of_all = ["@v*!", "@v*!#*", "@deprecated", "@deprecated#*"].map(|end| format!("{any}{end}"));
        let deep = if any.contains("**") { "gto-approval/**/*" } else { "gto-approval/*" };
        of_stages.chain(of_all).chain([deep.to_owned()]).collect()
    }

    /// What rules ask for that no host can hold, by its key: each once.
    pub fn beyond_patterns(&self) -> Vec<&'static str> {
        let conditions: [(&str, IsUsed); 9] = [
            ("from", |rule| !rule.from.is_empty()),
            ("from_all", |rule| !rule.from_all.is_empty()),
            ("soak", |rule| rule.soak.is_some()),
            ("branches", |rule| !rule.branches.is_empty()),
            ("version", |rule| rule.version.is_some()),
            ("freeze", |rule| rule.freeze.is_some()),
            ("approvals", |rule| rule.approvals.is_some()),
            ("by", |rule| !rule.by.is_empty()),
            ("signature", |rule| rule.signature),
        ];
        let used = conditions.into_iter().filter(|(_, is_used)| self.rules.iter().any(is_used));
        used.map(|(key, _)| key).collect()
    }
}
