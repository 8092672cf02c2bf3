//! What a write did, or would do: the JSON and the lines about it.

use gto::plan::{Move, NewTag, Plan, Step};
use gto::signing::Signing;
use gto::{Applied, Timestamp};
use serde::Serialize;

use crate::reports::deleted::Deleted;
use crate::text::shell_quote;

/// What a write did, or would do.
#[derive(Debug, Serialize)]
pub struct WriteReport<'a> {
    dry_run: bool,
    /// Whether what was to be pushed is on the remote; null if that is not known of some.
    pushed: Option<bool>,
    signing: Option<&'a Signing>,
    tags: Vec<TagReport<'a>>,
    /// The stages that were the question, with what they showed and show now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    moves: Vec<MoveReport<'a>>,
    /// What was so already.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    already: &'a [String],
    /// The commands for tags that were deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<Deleted<'a>>,
}

#[derive(Debug, Serialize)]
struct MoveReport<'a> {
    artifact: &'a str,
    stage: &'a str,
    from: Option<String>,
    to: String,
}

impl<'a> MoveReport<'a> {
    fn new(Move { artifact, stage, from, to }: &'a Move) -> Self {
        let from = from.as_ref().map(ToString::to_string);
        Self { artifact: artifact.as_str(), stage: stage.as_str(), from, to: to.to_string() }
    }
}

impl<'a> WriteReport<'a> {
    /// The report of a plan, and of what was done of it.
    pub fn new(plan: &'a Plan, applied: &Applied, dry_run: bool) -> Self {
        Self {
            dry_run,
            pushed: if dry_run { Some(false) } else { is_all_pushed(applied) },
            signing: plan.signing.as_ref(),
            tags: plan
                .steps
                .iter()
                .map(|step| {
                    let pushed = if dry_run { Some(false) } else { applied.is_pushed(step.tag()) };
                    TagReport::new(step, pushed)
                })
                .collect(),
            moves: plan.moves.iter().map(MoveReport::new).collect(),
            already: &plan.already,
            deleted: None,
        }
    }

    /// The same with what to do about deleted tags.
    #[must_use]
    pub fn with(self, deleted: Option<Deleted<'a>>) -> Self {
        Self { deleted, ..self }
    }
}

fn is_all_pushed(applied: &Applied) -> Option<bool> {
    match &applied.failure {
        None => Some(!applied.pushed.is_empty()),
        Some(failure) if failure.unknown.is_empty() => Some(false),
        Some(_) => None,
    }
}

#[derive(Debug, Serialize)]
struct TagReport<'a> {
    action: &'static str,
    tag: &'a str,
    /// The commit of a new tag; what a deleted tag's ref pointed to.
    target: String,
    #[serde(flatten)]
    event: Option<EventFields<'a>>,
    pushed: Option<bool>,
}

#[derive(Debug, Serialize)]
struct EventFields<'a> {
    event: String,
    artifact: &'a str,
    version: Option<String>,
    stage: Option<&'a str>,
    message: &'a str,
    author: &'a str,
    author_email: &'a str,
    created_at: Timestamp,
}

impl<'a> TagReport<'a> {
    fn new(step: &'a Step, pushed: Option<bool>) -> Self {
        match step {
            Step::Create(tag) => Self {
                action: "create",
                tag: &tag.name,
                target: tag.commit.to_string(),
                event: Some(EventFields::new(tag)),
                pushed,
            },
            Step::Delete(tag) => {
                Self { action: "delete", tag: &tag.name, target: tag.target.to_string(), event: None, pushed }
            }
        }
    }
}

impl<'a> EventFields<'a> {
    fn new(tag: &'a NewTag) -> Self {
        Self {
            event: tag.kind.to_string(),
            artifact: tag.artifact.as_str(),
            version: tag.version.as_ref().map(ToString::to_string),
            stage: tag.stage.as_ref().map(gto::name::StageName::as_str),
            message: &tag.message,
            author: &tag.tagger.name,
            author_email: &tag.tagger.email,
            created_at: tag.tagger.time,
        }
    }
}

/// What became of a tag on the remote.
#[derive(Clone, Copy)]
enum Push {
    /// It was not requested.
    No,
    /// It would be pushed.
    Would,
    Done,
    /// There was nothing to do.
    Nothing,
}

/// The lines that report a write; `push` if it was meant to be pushed to `remote`.
pub fn lines(plan: &Plan, applied: &Applied, remote: &str, push: bool, dry_run: bool) -> Vec<String> {
    let remote = shell_quote(remote);
    let tell = |step: &Step| {
        let push = match (push, applied.is_pushed(step.tag()) == Some(true), dry_run) {
            (false, ..) => Push::No,
            (true, true, true) => Push::Would,
            (true, true, false) => Push::Done,
            (true, false, _) => Push::Nothing,
        };
        let moved = plan.moves.iter().find(|moved| is_made_by(moved, step));
        let moved = moved.map(|moved| sentence(moved, dry_run));
        moved.into_iter().chain(lines_of(step, &remote, push, dry_run))
    };
    plan.steps.iter().filter(|step| applied.is_done(step.tag())).flat_map(tell).collect()
}

/// Whether the tag is the assignment of a move.
fn is_made_by(moved: &Move, step: &Step) -> bool {
    let Step::Create(tag) = step else { return false };
    tag.artifact == moved.artifact && tag.stage.as_ref() == Some(&moved.stage)
}

fn sentence(Move { artifact, stage, from, to }: &Move, dry_run: bool) -> String {
    let (word, to) = (if dry_run { "Would roll" } else { "Rolled" }, to.short());
    let from = from.as_ref().map(|from| format!("from {} ", from.short())).unwrap_or_default();
    format!("{word} back stage '{stage}' of '{artifact}' {from}to {to}")
}

fn lines_of(step: &Step, remote: &str, push: Push, dry_run: bool) -> Vec<String> {
    let tag = step.tag();
    let delete = if matches!(step, Step::Delete(_)) { "--delete " } else { "" };
    let mut lines = vec![match (step, dry_run) {
        (Step::Create(new), false) => format!("Created git tag '{tag}' {}", new.effect()),
        (Step::Create(new), true) => {
            format!("Would create git tag '{tag}' on commit {} {}", new.commit.short(), new.effect())
        }
        (Step::Delete(_), false) => format!("Deleted git tag '{tag}'"),
        (Step::Delete(_), true) => format!("Would delete git tag '{tag}'"),
    }];
    match push {
        Push::Done => {
            let done = if delete.is_empty() { "pushed" } else { "deleted" };
            lines.push(format!("Running `git push {delete}{remote} {tag}`"));
            lines.push(format!("Successfully {done} git tag {tag} on remote."));
        }
        Push::Nothing => lines.push(format!("There is no git tag {tag} on {remote} to delete.")),
        Push::Would => lines.push(format!("Would run `git push {delete}{remote} {tag}`")),
        Push::No if !dry_run => {
            lines.push("To push the changes upstream, run:".to_owned());
            lines.push(format!("    git push {delete}{remote} {}", shell_quote(tag)));
        }
        Push::No => {}
    }
    lines
}
