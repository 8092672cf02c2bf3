//! Applying a plan: here, or on a remote and here.
//!
//! Owns the order of the two. The remote comes first, because it is the one that can refuse, stop half-way or be changed
//! by others: a push that fails, or a process that is killed while it pushes, leaves no tag here that is not there. The tag
//! objects are written before, and everything is checked here that can be checked.

use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::git::{ApplyError, GitError, PushedTag, Remote, RemoteTag, TagEdit};
use crate::object_id::ObjectId;
use crate::plan::{Plan, Step, Warning};
use crate::registry::remote::push::{Existing, InTheWay, in_the_way};
use crate::registry::{PartialPush, Registry, Sight};
use crate::tag::{Action, TagName};

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// What whoever asked should know.
    pub warnings: Vec<Warning>,
    /// The tags that were made or deleted on the remote as well. It cannot delete what it does not have.
    pub pushed: Vec<String>,
    /// Why not all is done: some of the tags are not on the remote, or nobody knows. What the remote is not known to have is
    /// not made here either.
    pub failure: Option<PartialPush>,
    /// What Git, hooks and the remote said beside that, line by line; mostly nothing.
    pub said: String,
}

impl Applied {
    /// Whether the remote has made the change of this tag; `None` if that is not known.
    pub fn is_pushed(&self, tag: &str) -> Option<bool> {
        let is_among = |tags: &[String]| tags.iter().any(|other| other == tag);
        let is_unknown = self.failure.as_ref().is_some_and(|failure| is_among(&failure.unknown));
        (!is_unknown).then(|| is_among(&self.pushed))
    }

    /// Whether the change of this tag was made here.
    pub fn is_done(&self, tag: &str) -> bool {
        self.failure.as_ref().is_none_or(|failure| !failure.is_undone(tag))
    }
}

impl Registry {
    /// Does what a plan says, or nothing if a part of it is refused: here, or with `pushed_to` on that remote and here.
    ///
    /// # Errors
    /// [`Error::Conflict`] if a tag is not what it was when the plan was made; [`Error::RemoteMoved`] and [`Error::RemoteLocked`] if the artifact is not
    /// on the remote; or what keeps Git from writing. Nothing was changed then, unless the error says so:
    /// [`Error::Stopped`], [`Error::MadeThereOnly`], [`Error::DeletedThereOnly`]. Where only a part was done,
    /// [`Applied::failure`] says so.
    pub fn apply(&self, plan: &Plan, pushed_to: Option<&Sight>) -> Result<Applied> {
        let edits: Vec<TagEdit> = in_order(&plan.steps).into_iter().map(edit).collect();
        let Some(Sight { remote }) = pushed_to else {
            self.repository.apply_signed(&edits, plan.signing.as_ref(), || self.is_current(plan))?;
            return Ok(Applied::default());
        };
        let ids = self.repository.prepare(&edits, plan.signing.as_ref())?;
        let changes = self.changes(remote, &edits, &ids)?;
        let pushed = self.push(remote, &changes, Existing::Overtaken)?;
        let (edits, ids) = match &pushed.failure {
            Some(failure) => landed(edits, ids, failure),
            None => (edits, ids),
        };
        match self.repository.update_refs(&edits, &ids, || Ok(true)) {
            Err(error) if !self.missing_here(&edits, &ids).is_empty() => {
                Err(there_only(plan, self.missing_here(&edits, &ids), remote, error))
            }
            _ => Ok(Applied {
                warnings: Vec::new(),
                pushed: pushed.landed,
                failure: pushed.failure,
                said: pushed.said,
            }),
        }
    }

    /// What [`Registry::apply`] would do, without doing it: of the tags to be pushed to the remote that was looked at, those that
    /// are not gone there already.
    ///
    /// # Errors
    /// [`Error::Fetch`] if the remote does not answer; [`Error::InTheWay`].
    pub fn rehearse(&self, plan: &Plan, pushed_to: Option<&Sight>) -> Result<Applied> {
        let Some(pushed_to) = pushed_to else { return Ok(Applied::default()) };
        let remote = &pushed_to.remote;
        let creates = plan.steps.iter().filter(|step| matches!(step, Step::Create(_))).map(Step::tag);
        let is_empty = plan.steps.is_empty();
        let there = if is_empty { Vec::new() } else { self.remote_tags(remote, &[String::new()])? };
        if let Some(InTheWay { tag, by }) = in_the_way(creates, &there) {
            return Err(Error::InTheWay { remote: remote.shown(), tag, by });
        }
        let there: HashSet<&str> = there.iter().map(|tag| tag.name.as_str()).collect();
        let is_changed = |step: &&Step| matches!(step, Step::Create(_)) || there.contains(step.tag());
        let pushed = plan.steps.iter().filter(is_changed).map(|step| step.tag().to_owned()).collect();
        let warnings = many_addresses(remote).into_iter().collect();
        Ok(Applied { warnings, pushed, ..Applied::default() })
    }

    /// Whether the artifacts' tags are those that the plan was made from. Writers of this library wait for each other, but
    /// not where the system has no locks; nor do git and others.
    fn is_current(&self, plan: &Plan) -> std::result::Result<bool, GitError> {
        for seen in &plan.seen {
            let name = seen.artifact.in_tag();
            let digest = self.repository.digest_of_names(&[&format!("{name}#"), &format!("{name}@")])?;
            // To be sure: what is no ref may look like one by its name.
            if digest != seen.digest && self.tags_of(&seen.artifact)?.digest_of_names() != seen.digest {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The tags whose changes have not been made here. Git makes them itself after a push if `remote.<name>.fetch` covers
    /// tags, as it does in a mirror.
    fn missing_here(&self, edits: &[TagEdit], ids: &[ObjectId]) -> Vec<String> {
        let mut ids = ids.iter().copied();
        let is_missing = |edit: &&TagEdit| {
            let expected = if matches!(edit, TagEdit::Create { .. }) { ids.next() } else { None };
            let found = self.repository.tag_ref(edit.name());
            found.map_or(true, |tag| tag.map(|tag| tag.target) != expected)
        };
        edits.iter().filter(is_missing).map(|edit| edit.name().to_owned()).collect()
    }

    /// What the remote must change. It cannot delete what it does not have.
    fn changes<'a>(
        &self,
        remote: &Remote,
        edits: &'a [TagEdit],
        ids: &[ObjectId],
    ) -> Result<Vec<PushedTag<'a>>> {
        let deletes = edits.iter().any(|edit| matches!(edit, TagEdit::Delete { .. }));
        let there = if deletes { self.tags_on(remote, edits.iter().map(TagEdit::name))? } else { Vec::new() };
        let mut ids = ids.iter();
        let change = |edit: &'a TagEdit| match edit {
            TagEdit::Create { name, .. } => ids.next().map(|id| PushedTag::Create(name, *id)),
            TagEdit::Delete { name, expected } => {
                there.iter().any(|tag| tag.name == *name).then_some(PushedTag::Delete(name, *expected))
            }
        };
        Ok(edits.iter().filter_map(change).collect())
    }

    /// Those of the tags that the remote has.
    pub(in crate::registry) fn tags_on<'a>(
        &self,
        remote: &Remote,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<RemoteTag>> {
        let names: HashSet<&str> = names.collect();
        let mut tags = self.remote_tags(remote, &[String::new()])?;
        tags.retain(|tag| names.contains(tag.name.as_str()));
        Ok(tags)
    }
}

/// The remote is changed, and here these tags are not.
fn there_only(plan: &Plan, tags: Vec<String>, remote: &Remote, error: ApplyError) -> Error {
    let error = match error {
        // The tags say which part.
        ApplyError::Stopped { source, .. } => *source,
        error => error,
    };
    let source = Box::new(Error::from(error));
    if plan.steps.iter().any(|step| matches!(step, Step::Create(_))) {
        Error::MadeThereOnly { remote: remote.source_shown(), tags, source }
    } else {
        Error::DeletedThereOnly { remote: remote.shown(), tags, source }
    }
}

/// The steps in an order of which each beginning is a valid registry, from which the same command goes on.
///
/// New tags come as planned, registrations before assignments. Of those that are deleted the stages' come before the
/// versions', the older before the newer, so that no stage falls back to what it showed before. A deprecation goes first, or
/// last if the artifact is deprecated: on the way it is neither revived nor deprecated again.
fn in_order(steps: &[Step]) -> Vec<&Step> {
    let action = |step: &Step| step.tag().parse::<TagName>().ok().map(|name| name.action);
    let is_deprecation = |action: &Option<Action>| matches!(action, Some(Action::Deprecate));
    let is_deprecated = steps.last().is_some_and(|step| is_deprecation(&action(step)));
    let mut ordered: Vec<&Step> = steps.iter().collect();
    ordered.sort_by_key(|step| match (step, action(step)) {
        (Step::Create(_), _) => 0,
        (_, action) if is_deprecation(&action) => {
            if is_deprecated {
                3
            } else {
                0
            }
        }
        (_, Some(Action::Assign(_) | Action::Unassign(_))) => 1,
        _ => 2,
    });
    ordered
}

/// The edits that the remote has made too, or had no part in, with the ids of the new tags among them.
fn landed(edits: Vec<TagEdit>, ids: Vec<ObjectId>, failure: &PartialPush) -> (Vec<TagEdit>, Vec<ObjectId>) {
    let mut ids = ids.into_iter();
    let with_ids = edits.into_iter().map(|edit| {
        let id = if matches!(edit, TagEdit::Create { .. }) { ids.next() } else { None };
        (edit, id)
    });
    let (edits, ids): (Vec<_>, Vec<_>) = with_ids.filter(|(edit, _)| !failure.is_undone(edit.name())).unzip();
    (edits, ids.into_iter().flatten().collect())
}

/// The warning for a plan that would be refused if it were carried out.
pub(in crate::registry) fn many_addresses(remote: &Remote) -> Option<Warning> {
    let addresses = remote.addresses();
    (addresses > 1).then(|| Warning::ManyAddresses { remote: remote.shown(), addresses })
}

fn edit(step: &Step) -> TagEdit {
    match step {
        Step::Create(tag) => TagEdit::Create {
            name: tag.name.clone(),
            commit: tag.commit,
            tagger: tag.tagger.clone(),
            message: tag.message.clone(),
        },
        Step::Delete(tag) => TagEdit::Delete { name: tag.name.clone(), expected: tag.target },
    }
}

#[cfg(test)]
mod tests {
    use gto_testkit::{Repo, TagSpec};

    use super::*;
    use crate::rules::{AssignTarget, TagWish};
    use crate::{Author, Environment, Timestamp};

    #[test]
    fn a_plan_that_somebody_elses_tag_overtook_is_not_applied() {
        let repo = Repo::new();
        repo.commit(&[], "first");
        repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
        let now = Timestamp::new(1_900_000_000, 0).unwrap();
        let registry = Registry::open(repo.path(), Environment::new([], now)).unwrap();
        let author = Author {
            name: Some("Ann".to_owned()),
            email: Some("ann@example.com".to_owned()),
            ..Author::default()
        };
        let target = AssignTarget::Version("v1.0.0".parse().unwrap());
        let plan = || {
            let (name, stage) = ("m".parse().unwrap(), "prod".parse().unwrap());
            registry.plan_assign(&name, &stage, &target, &TagWish::default(), &author).unwrap()
        };
        // The counter 1 is this tag's now.
        let overtaken = plan();
        repo.tag("m#dev#1", "HEAD", &TagSpec::default());
        let refused = registry.apply(&overtaken, None);
        assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
        assert_eq!(repo.tag_names(), ["m#dev#1", "m@v1.0.0"]);
        // What others do to other artifacts does not matter.
        let plan = plan();
        repo.tag("m-x@v1.0.0", "HEAD", &TagSpec::default());
        registry.apply(&plan, None).unwrap();
        assert_eq!(repo.tag_names(), ["m#dev#1", "m#prod#2", "m-x@v1.0.0", "m@v1.0.0"]);
    }

    #[test]
    fn for_a_deprecation_each_tag_is_read_once() {
        let repo = Repo::new();
        repo.commit(&[], "first");
        let now = Timestamp::new(1_900_000_000, 0).unwrap();
        let author = Author {
            name: Some("Ann".to_owned()),
            email: Some("ann@example.com".to_owned()),
            ..Author::default()
        };
        let reads_for = |tags: &[&str]| {
            for tag in tags {
                repo.tag(tag, "HEAD", &TagSpec::default());
            }
            let registry = Registry::open(repo.path(), Environment::new([], now)).unwrap();
            let plan = registry.plan_deprecate(
                &"m".parse().unwrap(),
                None,
                crate::rules::Undo::ByTag,
                &TagWish::default(),
                &author,
            );
            assert_eq!(plan.unwrap().steps.len(), 1);
            registry.objects_read()
        };
        let one = reads_for(&["m@v1.0.0"]);
        assert_eq!(reads_for(&["m#a#1", "m#b#2", "m#c#3", "m#d#4"]), one + 4);
    }
}
