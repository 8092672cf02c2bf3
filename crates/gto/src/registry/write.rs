//! Applying a plan: here, or on a remote and here.
//!
//! Owns the order of the two. The remote comes first, because it is the one that can refuse, stop half-way or be changed
//! by others: a push that fails, or a process that is killed while it pushes, leaves no tag here that is not there. The tag
//! objects are written before, and everything is checked here that can be checked.

use super::{Registry, Sight};
use crate::error::{Error, Result};
use crate::git::{ApplyError, GitError, Outcome, PushedTag, Remote, RemoteError, RemoteTag, TagEdit};
use crate::object_id::ObjectId;
use crate::plan::{Plan, Step, Warning};
use crate::tag::{Action, TagName};

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// What whoever asked should know.
    pub warnings: Vec<Warning>,
    /// The tags that were made or deleted on the remote as well. It cannot delete what it does not have.
    pub pushed: Vec<String>,
}

impl Registry {
    /// Does what a plan says, or nothing if a part of it is refused: here, or with `pushed_to` on that remote and here.
    ///
    /// # Errors
    /// [`Error::Conflict`] if a tag is not what it was when the plan was made; [`Error::RemoteMoved`] and [`Error::RemoteLocked`] if the artifact is not
    /// on the remote; or what keeps Git from writing. Nothing was changed then, unless the error says so:
    /// [`Error::Stopped`], [`Error::InDoubt`], [`Error::MadeThereOnly`], [`Error::DeletedThereOnly`].
    pub fn apply(&self, plan: &Plan, pushed_to: Option<&Sight>) -> Result<Applied> {
        let edits: Vec<TagEdit> = in_order(&plan.steps).into_iter().map(edit).collect();
        let Some(Sight { remote }) = pushed_to else {
            self.repository.apply_signed(&edits, plan.signing.as_ref(), || self.is_current(plan))?;
            return Ok(Applied::default());
        };
        let ids = self.repository.prepare(&edits, plan.signing.as_ref())?;
        let changes = self.changes(remote, &edits, &ids)?;
        self.push(remote, &changes)?;
        match self.repository.update_refs(&edits, &ids, || Ok(true)) {
            Err(error) if !self.missing_here(&edits, &ids).is_empty() => {
                Err(there_only(plan, self.missing_here(&edits, &ids), remote, error))
            }
            _ => Ok(Applied {
                warnings: Vec::new(),
                pushed: changes.iter().map(|change| change.name().to_owned()).collect(),
            }),
        }
    }

    /// What [`Registry::apply`] would do, without doing it: of the tags to be pushed to the remote that was looked at, those that
    /// are not gone there already.
    ///
    /// # Errors
    /// [`Error::Fetch`] if the remote does not answer.
    pub fn rehearse(&self, plan: &Plan, pushed_to: Option<&Sight>) -> Result<Applied> {
        let Some(pushed_to) = pushed_to else { return Ok(Applied::default()) };
        let names = || plan.steps.iter().map(Step::tag);
        let deletes = plan.steps.iter().any(|step| matches!(step, Step::Delete(_)));
        let there = if deletes { self.tags_on(&pushed_to.remote, names())? } else { Vec::new() };
        let is_changed =
            |step: &&Step| matches!(step, Step::Create(_)) || there.iter().any(|tag| tag.name == step.tag());
        let pushed = plan.steps.iter().filter(is_changed).map(|step| step.tag().to_owned()).collect();
        Ok(Applied { warnings: Vec::new(), pushed })
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

    /// Pushes: all of it or nothing.
    pub(super) fn push(&self, remote: &Remote, changes: &[PushedTag<'_>]) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let names = || changes.iter().map(|tag| tag.name().to_owned()).collect::<Vec<_>>();
        let refused = |reason| Error::Push {
            remote: remote.shown(),
            address: remote.source_shown(),
            tags: names(),
            reason,
        };
        let send = |atomic| match self.repository.push(remote, changes, atomic) {
            Ok(outcome) => Ok(outcome),
            Err(RemoteError::TooMany) => {
                Err(Error::TooManyTags { remote: remote.shown(), tags: changes.len() })
            }
            // It may have been about to end.
            Err(RemoteError::Git(error @ GitError::Silent { .. })) => Ok(Outcome::Unclear(error.to_string())),
            Err(error) => Err(refused(error.to_string())),
        };
        let mut outcome = send(true)?;
        // One tag is all of it or nothing by itself.
        if outcome == Outcome::NotAtomic && changes.len() == 1 {
            outcome = send(false)?;
        }
        match outcome {
            Outcome::Done => Ok(()),
            Outcome::Moved(reason) => Err(Error::RemoteMoved { remote: remote.shown(), reason }),
            Outcome::Locked(reason) => Err(Error::RemoteLocked { remote: remote.shown(), reason }),
            Outcome::Refused(reason) => Err(refused(reason)),
            Outcome::NotAtomic => Err(Error::NotAtomic { remote: remote.shown(), tags: names() }),
            Outcome::Held(reason) if self.arrived(remote, changes) == Some(false) => {
                Err(Error::PrePush { remote: remote.shown(), tags: names(), reason })
            }
            Outcome::Unclear(reason) | Outcome::Held(reason) => match self.arrived(remote, changes) {
                Some(true) => Ok(()),
                Some(false) => Err(refused(reason)),
                None => Err(Error::InDoubt { remote: remote.shown(), tags: names(), reason }),
            },
        }
    }

    /// Whether the remote has made the changes. `None` if it made some, or cannot be asked.
    fn arrived(&self, remote: &Remote, changes: &[PushedTag<'_>]) -> Option<bool> {
        let there = self.tags_on(remote, changes.iter().map(PushedTag::name)).ok()?;
        let is_there =
            |name: &str, id: ObjectId| there.iter().any(|tag| tag.name == name && tag.target == id);
        let is_made = |change: &PushedTag<'_>| match *change {
            PushedTag::Create(name, id) => is_there(name, id),
            PushedTag::Delete(name, id) => !is_there(name, id),
        };
        let made = changes.iter().filter(|change| is_made(change)).count();
        if made == changes.len() { Some(true) } else { (made == 0).then_some(false) }
    }

    /// Those of the tags that the remote has.
    pub(super) fn tags_on<'a>(
        &self,
        remote: &Remote,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<RemoteTag>> {
        let names: std::collections::HashSet<&str> = names.collect();
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
