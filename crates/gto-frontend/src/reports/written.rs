//! What a write did, or would do: the JSON and the lines about it.

use gto::plan::{Move, NewApproval, NewTag, Plan, PolicyVerdict, Step};
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
    /// What the policy says; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<Allowed<'a>>,
    /// The commands for tags that were deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<Deleted<'a>>,
}

/// What the policy says of a plan; see [`crate::reports::policy::refusal`] for those that there are none of.
#[derive(Debug, Serialize)]
struct Allowed<'a> {
    verdict: &'static str,
    #[serde(flatten)]
    found: &'a PolicyVerdict,
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
            policy: plan.policy.as_ref().map(|found| Allowed { verdict: "valid", found }),
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
            Step::Approve(tag) => Self {
                action: "create",
                tag: &tag.name,
                target: tag.commit.to_string(),
                event: Some(EventFields::of_approval(tag)),
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

    fn of_approval(tag: &'a NewApproval) -> Self {
        Self {
            event: if tag.is_withdrawal { "withdrawal" } else { "approval" }.to_owned(),
            artifact: tag.artifact.as_str(),
            version: Some(tag.version.to_string()),
            stage: Some(tag.stage.as_str()),
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
    /// It goes with others in one push, which has its lines below all of them.
    Together,
}

/// The lines that report a write; `push` if it was meant to be pushed to `remote`.
///
/// About one tag they are the Python tool's. That one runs a push for each of several tags; ours is one, and is shown as it is run.
pub fn lines(plan: &Plan, applied: &Applied, remote: &str, push: bool, dry_run: bool) -> Vec<String> {
    let remote = shell_quote(remote);
    let done: Vec<&Step> = plan.steps.iter().filter(|step| applied.is_done(step.tag())).collect();
    let is_pushed = |step: &&Step| push && applied.is_pushed(step.tag()) == Some(true);
    let pushed: Vec<&Step> = done.iter().copied().filter(is_pushed).collect();
    let sent: Vec<&Step> = plan.steps.iter().filter(|step| push && is_sent(applied, step.tag())).collect();
    let tell = |step: &&Step| {
        let push = match (push, is_pushed(step)) {
            (false, _) => Push::No,
            (true, false) => Push::Nothing,
            (true, true) if sent.len() > 1 => Push::Together,
            (true, true) if dry_run => Push::Would,
            (true, true) => Push::Done,
        };
        let moved = plan.moves.iter().find(|moved| is_made_by(moved, step));
        let moved = moved.map(|moved| sentence(moved, dry_run));
        moved.into_iter().chain(lines_of(step, &remote, push, dry_run))
    };
    let mut lines: Vec<String> = done.iter().flat_map(tell).collect();
    if sent.len() > 1 && !pushed.is_empty() {
        // Behind a push that failed there were no others.
        for sent in sent.chunks(applied.batch.unwrap_or(sent.len()).max(1)) {
            let is_sent = |step: &&Step| sent.iter().any(|sent| sent.tag() == step.tag());
            let pushed: Vec<&Step> = pushed.iter().copied().filter(is_sent).collect();
            if !pushed.is_empty() {
                lines.extend(lines_of_push(sent, &pushed, &remote, dry_run));
            }
        }
    }
    lines
}

/// Whether the tag was part of the push, whatever became of it.
fn is_sent(applied: &Applied, tag: &str) -> bool {
    let is_missing = |failure: &gto::PartialPush| failure.missing.iter().any(|other| other == tag);
    applied.is_pushed(tag) != Some(false) || applied.failure.as_ref().is_some_and(is_missing)
}

/// The lines about one push of several tags, of which these are on the remote now.
fn lines_of_push(sent: &[&Step], pushed: &[&Step], remote: &str, dry_run: bool) -> Vec<String> {
    let tags = sent.iter().map(|step| shell_quote(step.tag())).collect::<Vec<_>>().join(" ");
    let command = format!("`git push --atomic {}{remote} {tags}`", delete(sent[0]));
    if dry_run {
        return vec![format!("Would run {command}")];
    }
    let done = pushed.iter().map(|step| successfully(step));
    std::iter::once(format!("Running {command}")).chain(done).collect()
}

fn delete(step: &Step) -> &'static str {
    if matches!(step, Step::Delete(_)) { "--delete " } else { "" }
}

fn successfully(step: &Step) -> String {
    let done = if matches!(step, Step::Delete(_)) { "deleted" } else { "pushed" };
    format!("Successfully {done} git tag {} on remote.", step.tag())
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
    let delete = delete(step);
    let mut lines = vec![match (step, dry_run) {
        (Step::Create(new), false) => format!("Created git tag '{tag}' {}", new.effect()),
        (Step::Create(new), true) => {
            format!("Would create git tag '{tag}' on commit {} {}", new.commit.short(), new.effect())
        }
        (Step::Approve(new), false) => format!("Created git tag '{tag}' {}", new.effect()),
        (Step::Approve(new), true) => {
            format!("Would create git tag '{tag}' on commit {} {}", new.commit.short(), new.effect())
        }
        (Step::Delete(_), false) => format!("Deleted git tag '{tag}'"),
        (Step::Delete(_), true) => format!("Would delete git tag '{tag}'"),
    }];
    match push {
        Push::Done => {
            lines.push(format!("Running `git push {delete}{remote} {tag}`"));
            lines.push(successfully(step));
        }
        Push::Nothing => lines.push(format!("There is no git tag {tag} on {remote} to delete.")),
        Push::Would => lines.push(format!("Would run `git push {delete}{remote} {tag}`")),
        Push::No if !dry_run => {
            lines.push("To push the changes upstream, run:".to_owned());
            lines.push(format!("    git push {delete}{remote} {}", shell_quote(tag)));
        }
        Push::No | Push::Together => {}
    }
    lines
}
