//! Applying a plan: here, or on a remote and here.
//!
//! Owns the order of the two. The remote comes first, because it is the one that can refuse, stop half-way or be changed
//! by others: a push that fails, or a process that is killed while it pushes, leaves no tag here that is not there. The tag
//! objects are written before, and everything is checked here that can be checked.

use std::collections::HashSet;

use crate::approval::ApprovalName;
use crate::error::{Error, Result};
use crate::event::EventKind;
use crate::git::{
    ApplyError, GitError, ObjectKind, PushedTag, Remote, RemoteTag, TagEdit, TagRefs, is_valid_tag_name,
};
use crate::name::ArtifactName;
use crate::object_id::ObjectId;
use crate::outcome::{Applied, PartialPush};
use crate::plan::{NewApproval, NewTag, Plan, SeenTags, Step};
use crate::registry::Registry;
use crate::registry::remote::push::{Existing, InTheWay, in_the_way};
use crate::request::WriteOptions;
use crate::tag::{Action, TagName};
use crate::text::printable;

impl Registry {
    /// Carries out a plan that was kept, if what it was made from is still so: here, or where the options, or the
    /// configuration, say so also on the remote.
    ///
    /// This does not plan again. For that, see [`Registry::write`].
    ///
    /// # Errors
    /// [`Error::Outdated`] or [`Error::Conflict`] if a tag is not what it was when the plan was made, and
    /// [`AnnotateError::Changed`](crate::AnnotateError::Changed) if a file is not; or what keeps Git from writing. Nothing was
    /// changed then, unless the error says so: [`Error::Stopped`], [`Error::MadeThereOnly`], [`Error::DeletedThereOnly`]. Where
    /// only a part was done, [`Applied::failure`] says so.
    pub fn apply(&self, plan: &Plan, options: &WriteOptions) -> Result<Applied> {
        let _lock = self.wait_for_writers()?;
        if let Some(files) = &plan.files {
            check_alone(plan)?;
            self.check_files(files)?;
            return self.apply_files(files, options);
        }
        self.check_tags(plan)?;
        let names: Vec<ArtifactName> = plan.seen.iter().map(|seen| seen.artifact.clone()).collect();
        let remote = self.look_first(&names, options)?;
        for seen in &plan.seen {
            if !seen.is_same(&seen_tags(&seen.artifact, &self.tags_of(&seen.artifact)?)) {
                return Err(Error::Outdated { artifact: seen.artifact.clone() });
            }
        }
        // A plan that was kept may have been made under another policy, or changed.
        let mut plan = plan.clone();
        self.obey_policy(&mut plan, None)?;
        self.apply_tags(&plan, remote.as_ref(), options.push_batch)
    }

    /// Whether the tags of a plan are such as this library plans, of artifacts whose tags it was made from: a plan that was kept
    /// may have been changed.
    fn check_tags(&self, plan: &Plan) -> Result<()> {
        for step in &plan.steps {
            let is_seen = |artifact: &ArtifactName| plan.seen.iter().any(|seen| seen.artifact == *artifact);
            let is_planned = match step {
                Step::Approve(tag) => is_seen(&tag.artifact) && is_named_right(tag),
                step => step
                    .tag()
                    .parse::<TagName>()
                    .is_ok_and(|name| is_seen(&name.artifact) && is_told_right(step, &name)),
            };
            if !is_planned || !is_valid_tag_name(step.tag()) {
                return Err(invalid(format!("'{}' is none of its tags", printable(step.tag()))));
            }
            let commit = match step {
                Step::Create(NewTag { commit, .. }) | Step::Approve(NewApproval { commit, .. }) => commit,
                Step::Delete(_) => continue,
            };
            if self.repository.kind_of(*commit) != Some(ObjectKind::Commit) {
                return Err(invalid(format!("there is no commit {commit}")));
            }
        }
        Ok(())
    }

    /// Does what a plan of tags says, or nothing if a part of it is refused: here, or also on a remote.
    ///
    /// With a `batch`, so many new tags go in one push.
    pub(in crate::registry) fn apply_tags(
        &self,
        plan: &Plan,
        pushed_to: Option<&Remote>,
        batch: Option<usize>,
    ) -> Result<Applied> {
        let edits: Vec<TagEdit> = in_order(&plan.steps).into_iter().map(edit).collect();
        let is_judged_signed = plan.policy.as_ref().is_some_and(|verdict| verdict.is_signature_open);
        let Some(remote) = pushed_to else {
            if is_judged_signed {
                let ids = self.repository.prepare(&edits, plan.signing.as_ref())?;
                self.obey_policy_signed(plan, &edits, &ids)?;
                self.repository.update_refs(&edits, &ids, || self.is_current(plan))?;
            } else {
                self.repository.apply_signed(&edits, plan.signing.as_ref(), || self.is_current(plan))?;
            }
            return Ok(Applied::default());
        };
        let ids = self.repository.prepare(&edits, plan.signing.as_ref())?;
        self.obey_policy_signed(plan, &edits, &ids)?;
        // They are not held while git pushes, which may make the tags here itself: see `missing_here`.
        self.repository.try_locks(&edits)?;
        let changes = self.changes(remote, &edits, &ids)?;
        let batch = batch.filter(|_| changes.iter().all(|change| matches!(change, PushedTag::Create(..))));
        let pushed = match batch {
            None => self.push(remote, &changes, Existing::Overtaken)?,
            Some(batch) => {
                self.push_in_batches(remote, &changes, (batch.max(1), Existing::Overtaken), |_, _| {})?
            }
        };
        let (edits, ids) = match &pushed.failure {
            Some(failure) => landed(edits, ids, failure),
            None => (edits, ids),
        };
        match self.repository.update_refs(&edits, &ids, || Ok(true)) {
            Err(error) if !self.missing_here(&edits, &ids).is_empty() => {
                Err(there_only(plan, self.missing_here(&edits, &ids), remote, error))
            }
            _ => Ok(Applied {
                pushed: pushed.landed,
                batch,
                failure: pushed.failure,
                said: pushed.said,
                ..Applied::default()
            }),
        }
    }

    /// The tags that a push of a plan would make or delete on the remote: it cannot delete what it does not have.
    ///
    /// # Errors
    /// [`Error::Fetch`] if the remote does not answer; [`Error::InTheWay`].
    pub(in crate::registry) fn to_push(&self, plan: &Plan, remote: &Remote) -> Result<Vec<String>> {
        if plan.steps.is_empty() {
            return Ok(Vec::new());
        }
        let creates = plan.steps.iter().filter(|step| !matches!(step, Step::Delete(_))).map(Step::tag);
        let there = self.remote_tags(remote, &[String::new()])?;
        if let Some(InTheWay { tag, by }) = in_the_way(creates, &there) {
            return Err(Error::InTheWay { remote: remote.shown(), tag, by });
        }
        let there: HashSet<&str> = there.iter().map(|tag| tag.name.as_str()).collect();
        let is_changed = |step: &&Step| !matches!(step, Step::Delete(_)) || there.contains(step.tag());
        Ok(plan.steps.iter().filter(is_changed).map(|step| step.tag().to_owned()).collect())
    }

    /// Whether the artifacts' tags are those that the plan was made from. Writers of this library wait for each other, but
    /// not where the system has no locks; nor do git and others.
    fn is_current(&self, plan: &Plan) -> std::result::Result<bool, GitError> {
        for seen in &plan.seen {
            let name = seen.artifact.in_tag();
            let digest = self.repository.digest_of_names(&[&format!("{name}#"), &format!("{name}@")])?;
            // To be sure: what is no ref may look like one by its name.
            if seen.names != Some(digest)
                && !seen.is_same(&seen_tags(&seen.artifact, &self.tags_of(&seen.artifact)?))
            {
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
        // The tags show which part.
        ApplyError::Stopped { source, .. } => *source,
        error => error,
    };
    let source = Box::new(Error::from(error));
    if plan.steps.iter().any(|step| !matches!(step, Step::Delete(_))) {
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
        (Step::Create(_) | Step::Approve(_), _) => 0,
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

/// A plan's record of the tags that it is made from.
pub(in crate::registry) fn seen_tags(artifact: &ArtifactName, tags: &TagRefs) -> SeenTags {
    let unread = tags.not_utf8.iter().chain(&tags.broken).map(|name| (name.as_str(), None));
    let read = tags.refs.iter().map(|tag| (tag.name.as_str(), Some(tag.target)));
    SeenTags::of(artifact.clone(), tags.digest_of_names(), read.chain(unread))
}

/// Whether the description of a tag matches its name.
fn is_told_right(step: &Step, name: &TagName) -> bool {
    let Step::Create(tag) = step else { return true };
    let (kind, stage) = match &name.action {
        Action::Create => return false,
        Action::Register(_) => (EventKind::Registration, None),
        Action::Deregister(_) => (EventKind::Deregistration, None),
        Action::Assign(stage) => (EventKind::Assignment, Some(stage)),
        Action::Unassign(stage) => (EventKind::Unassignment, Some(stage)),
        Action::Deprecate => (EventKind::Deprecation, None),
    };
    (&tag.artifact, tag.kind, tag.stage.as_ref()) == (&name.artifact, kind, stage)
}

/// The same of an approval.
fn is_named_right(tag: &NewApproval) -> bool {
    tag.name.parse::<ApprovalName>().is_ok_and(|name| {
        (&name.artifact, &name.version, &name.stage, name.is_withdrawal)
            == (&tag.artifact, &tag.version, &tag.stage, tag.is_withdrawal)
    })
}

/// Whether a plan about files is about nothing else.
fn check_alone(plan: &Plan) -> Result<()> {
    if plan.steps.is_empty() { Ok(()) } else { Err(invalid("it is about files and about tags".to_owned())) }
}

pub(in crate::registry) fn invalid(reason: String) -> Error {
    Error::InvalidPlan { reason }
}

fn edit(step: &Step) -> TagEdit {
    match step {
        Step::Create(tag) => TagEdit::Create {
            name: tag.name.clone(),
            commit: tag.commit,
            tagger: tag.tagger.clone(),
            message: tag.message.clone(),
        },
        Step::Approve(tag) => TagEdit::Create {
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
    use crate::{Environment, Request, Timestamp};

    fn open(repo: &Repo) -> Registry {
        let now = Timestamp::new(1_900_000_000, 0).unwrap();
        Registry::open(repo.path(), Environment::new([], now)).unwrap()
    }

    /// A request in Ann's name.
    fn request(text: &str) -> Request {
        let mut json: serde_json::Value = serde_json::from_str(text).unwrap();
        json["author"] = serde_json::json!({"name": "Ann", "email": "ann@example.com"});
        serde_json::from_value(json).unwrap()
    }

    fn to_prod() -> Request {
        request(r#"{"action": "assign", "artifact": "m", "stage": "prod", "target": {"version": "v1.0.0"}}"#)
    }

    fn with_a_version() -> Repo {
        let repo = Repo::new();
        repo.commit(&[], "first");
        repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
        repo
    }

    #[test]
    fn a_plan_that_somebody_elses_tag_overtook_is_not_applied() {
        let repo = with_a_version();
        let registry = open(&repo);
        let plan = || registry.plan(&to_prod()).unwrap();
        // The counter 1 is this tag's now.
        let overtaken = plan();
        repo.tag("m#dev#1", "HEAD", &TagSpec::default());
        let refused = registry.apply_tags(&overtaken, None, None);
        assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
        assert_eq!(repo.tag_names(), ["m#dev#1", "m@v1.0.0"]);
        // What others do to other artifacts does not matter.
        let plan = plan();
        repo.tag("m-x@v1.0.0", "HEAD", &TagSpec::default());
        registry.apply_tags(&plan, None, None).unwrap();
        assert_eq!(repo.tag_names(), ["m#dev#1", "m#prod#2", "m-x@v1.0.0", "m@v1.0.0"]);
    }

    /// A plan that is kept is JSON for hours, in another process: nothing but the same tags lets it be carried out.
    #[test]
    fn a_plan_that_was_kept_is_applied_if_its_artifact_has_the_same_tags_with_the_same_targets() {
        let repo = with_a_version();
        let kept = serde_json::to_string(&open(&repo).plan(&to_prod()).unwrap()).unwrap();
        let apply = |kept: &str| {
            let plan: Plan = serde_json::from_str(kept).unwrap();
            open(&repo).apply(&plan, &WriteOptions::default())
        };
        // The same names, and another version under one of them.
        repo.commit(&[], "second");
        repo.git_ok(&["tag", "-d", "m@v1.0.0"]);
        repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
        let refused = apply(&kept);
        assert!(
            matches!(&refused, Err(Error::Outdated { artifact }) if artifact.as_str() == "m"),
            "{refused:?}"
        );
        let kept = serde_json::to_string(&open(&repo).plan(&to_prod()).unwrap()).unwrap();
        repo.tag("m-x@v1.0.0", "HEAD", &TagSpec::default());
        apply(&kept).unwrap();
        assert_eq!(repo.tag_names(), ["m#prod#1", "m-x@v1.0.0", "m@v1.0.0"]);
        assert!(matches!(apply(&kept), Err(Error::Outdated { .. })));
    }

    #[test]
    fn a_plan_that_was_changed_by_hand_makes_no_tag_of_another_kind() {
        let repo = with_a_version();
        let kept = serde_json::to_string(&open(&repo).plan(&to_prod()).unwrap()).unwrap();
        let head = repo.head();
        for (of, by) in [
            ("m#prod#1", "other#prod#1"),
            ("m#prod#1", "../../config"),
            ("m#prod#1", "m@v2.0.0"),
            ("m#prod#1", "m#dev#1"),
            (head.as_str(), "1111111111111111111111111111111111111111"),
        ] {
            let plan: Plan = serde_json::from_str(&kept.replace(of, by)).unwrap();
            let refused = open(&repo).apply(&plan, &WriteOptions::default());
            assert!(matches!(refused, Err(Error::InvalidPlan { .. })), "{by}: {refused:?}");
        }
        assert_eq!(repo.tag_names(), ["m@v1.0.0"]);
        assert!(serde_json::from_str::<Plan>(&kept.replacen("steps", "stepz", 1)).is_err());
    }

    #[test]
    fn a_plan_of_files_that_was_kept_changes_annotation_files_as_it_saw_them_and_no_others() {
        let repo = Repo::new();
        repo.commit(&[("train.py", "print()")], "first");
        let annotate = request(r#"{"action": "annotate", "artifact": "m", "annotation": {"type": "model"}}"#);
        let kept = serde_json::to_string(&open(&repo).plan(&annotate).unwrap()).unwrap();
        let apply = |kept: &str| {
            let plan: Plan = serde_json::from_str(kept).unwrap();
            open(&repo).apply(&plan, &WriteOptions::default())
        };
        let refused = apply(&kept.replace("artifacts.yaml", "train.py"));
        assert!(matches!(refused, Err(Error::InvalidPlan { .. })), "{refused:?}");
        apply(&kept).unwrap();
        let written = std::fs::read_to_string(repo.path().join("artifacts.yaml")).unwrap();
        assert_eq!(written, "m:\n  type: model\n");
        let refused = apply(&kept);
        assert!(matches!(refused, Err(Error::Annotate(crate::AnnotateError::Changed { .. }))), "{refused:?}");
    }

    #[test]
    fn for_a_deprecation_each_tag_is_read_once() {
        let repo = Repo::new();
        repo.commit(&[], "first");
        let reads_for = |tags: &[&str]| {
            for tag in tags {
                repo.tag(tag, "HEAD", &TagSpec::default());
            }
            let registry = open(&repo);
            let plan = registry.plan(&request(r#"{"action": "deprecate", "artifact": "m"}"#));
            assert_eq!(plan.unwrap().steps.len(), 1);
            registry.objects_read()
        };
        let one = reads_for(&["m@v1.0.0"]);
        assert_eq!(reads_for(&["m#a#1", "m#b#2", "m#c#3", "m#d#4"]), one + 4);
    }
}
