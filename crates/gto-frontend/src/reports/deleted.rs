//! What deleted tags were, with the command that pushes the deletion of all of them and the one that brings them back.

use gto::plan::{OldTag, Plan, Step};
use gto::{Applied, Registry};
use serde::Serialize;

use crate::text::shell_quote;

/// The tags that a write deleted here. Their objects stay until Git collects what nothing refers to.
#[derive(Debug, Serialize)]
pub struct Deleted<'a> {
    #[serde(skip)]
    tags: Vec<&'a OldTag>,
    /// Deletes them on the remote too; `None` if that is done.
    push: Option<String>,
    /// Brings them back; `None` if nothing keeps their objects.
    restore: Option<String>,
}

impl<'a> Deleted<'a> {
    /// What was done of a plan in the repository that the user calls `repository`, and pushed if `pushes`. `None` if nothing was
    /// deleted.
    pub fn of(
        plan: &'a Plan,
        applied: &Applied,
        registry: &Registry,
        (repository, pushes): (&str, bool),
    ) -> Option<Self> {
        let is_done = |step: &&Step| applied.is_done(step.tag());
        let tags: Vec<&OldTag> = plan.steps.iter().filter(is_done).filter_map(deleted).collect();
        if tags.is_empty() {
            return None;
        }
        let remote = shell_quote(&registry.remote_name());
        let refs = |pushed: bool| -> Vec<String> {
            let is_meant = |tag: &&&OldTag| !pushed || applied.is_pushed(&tag.name) == Some(true);
            tags.iter().filter(is_meant).map(|tag| shell_quote(&format!("refs/tags/{}", tag.name))).collect()
        };
        if registry.url().is_some() {
            let restore = registry.kept_clone().map(|clone| {
                let edits =
                    tags.iter().map(|tag| shell_quote(&format!("{}:refs/tags/{}", tag.target, tag.name)));
                let clone = shell_quote(&clone.display().to_string());
                format!(
                    "git --git-dir={clone} push --atomic {remote} {}",
                    edits.collect::<Vec<_>>().join(" ")
                )
            });
            return Some(Self { tags, push: None, restore });
        }
        let git = match repository {
            "." => "git".to_owned(),
            repository => format!("git -C {}", shell_quote(repository)),
        };
        let pushed = refs(true);
        let push =
            (!pushes).then(|| format!("{git} push --atomic --delete {remote} {}", refs(false).join(" ")));
        let edits = tags.iter().map(|tag| format!("{} {}", shell_quote(&tag.name), tag.target));
        let edits = edits.collect::<Vec<_>>().join(" ");
        let restore = format!(r"printf 'create refs/tags/%s %s\n' {edits} | {git} update-ref --stdin");
        let restore = if pushed.is_empty() {
            restore
        } else {
            format!("{restore} && {git} push --atomic {remote} {}", pushed.join(" "))
        };
        Some(Self { tags, push, restore: Some(restore) })
    }

    /// What each tag was, for a place where the lines about it are the Python tool's.
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.tags.iter().map(|tag| line(tag)).collect();
        let push = self.push.iter().filter(|_| self.tags.len() > 1);
        notes.extend(push.map(|push| format!("to push the deletion of all of them: `{push}`")));
        notes
            .extend(self.restore.iter().map(|restore| format!("to bring {} back: `{restore}`", self.them())));
        notes
    }

    /// All lines for a user at a terminal.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.tags.iter().map(|tag| line(tag)).collect();
        match &self.push {
            Some(push) => {
                lines.extend(["To push the deletion upstream, run:".to_owned(), format!("    {push}")]);
            }
            None => lines.push("The remote has deleted what it had of that, too.".to_owned()),
        }
        if let Some(restore) = &self.restore {
            lines.extend([format!("To bring {} back, run:", self.them()), format!("    {restore}")]);
        }
        lines
    }

    fn them(&self) -> &'static str {
        if self.tags.len() == 1 { "it" } else { "them" }
    }
}

fn line(tag: &OldTag) -> String {
    format!("Deleted git tag '{}' (was {})", tag.name, tag.target.short())
}

fn deleted(step: &Step) -> Option<&OldTag> {
    match step {
        Step::Delete(tag) => Some(tag),
        Step::Create(_) | Step::Approve(_) => None,
    }
}
