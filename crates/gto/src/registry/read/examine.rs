//! Reads all input of `gto doctor`, in one pass over refs and tag objects.
//!
//! Owns opening a registry whose configuration is wrong, and gathering the evidence. What that shows is decided by
//! `doctor`.

use std::collections::HashSet;

use crate::annotation::FileProblem;
use crate::damage::Damage;
use crate::doctor::{self, BrokenRef, DamagedFile, Evidence, Examination, PolicyEvidence};
use crate::error::{Error, Result};
use crate::git::{GitError, ObjectKind, TagObject, TagRef, TagRefs, UnreadableTag, Want};
use crate::name::ArtifactName;
use crate::object_id::ObjectId;
use crate::policy::Verdict;
use crate::registry::Registry;
use crate::registry::read::scan::Scan;
use crate::registry::read::whole::artifact_part;
use crate::state::State;
use crate::tag::TagName;

/// So many tags are read by one thread at a time.
const READ_AT_ONCE: usize = 1024;

impl Registry {
    /// Everything that is wrong with the registry; `wrong_config` is what opening it leniently left out.
    pub fn examine(&self, wrong_config: &[Error]) -> Result<Examination> {
        let (listed, packed_refs) = match self.repository.tag_refs("") {
            Err(GitError::PackedRefs(damaged)) => {
                let salvage = self.repository.salvage_of_packed_refs();
                (TagRefs::default(), Some(DamagedFile { reason: damaged.reason, salvage }))
            }
            listed => (listed?, None),
        };
        let names = listed.refs.iter().map(|tag| tag.name.clone()).collect();
        let parse = |tag: TagRef| tag.name.parse::<TagName>().ok().map(|name| (tag, name));
        let (refs, parsed): (Vec<_>, Vec<_>) = listed.refs.into_iter().filter_map(parse).unzip();
        let progress = self.environment.progress();
        progress.expect(refs.len());
        let read =
            self.repository.on_all_processors(refs.chunks(READ_AT_ONCE).collect(), |repository, tags| {
                progress.advance(tags.len());
                repository.read_tags(tags, Want::Everything)
            });
        let mut scan = Scan::default();
        let mut lightweight = Vec::new();
        let mut last_counters = Vec::new();
        for ((tag, name), object) in refs.into_iter().zip(parsed).zip(read.into_iter().flatten()) {
            if name.counter == Some(u64::MAX) {
                last_counters.push(tag.name.clone());
            }
            match object {
                TagObject::Lightweight { target } => match self.repository.kind_of(target) {
                    Some(ObjectKind::Commit) => lightweight.push((tag.name.clone(), target)),
                    Some(kind) => {
                        let why = UnreadableTag::NotACommit { kind, target };
                        scan.unreadable.push((tag, why));
                    }
                    None => scan.unreadable.push((tag, UnreadableTag::Missing)),
                },
                object => scan.add(tag, name, object),
            }
        }
        let is_shallow = self.repository.is_shallow();
        // In a shallow clone they are absent by intention.
        let missing_commits = if is_shallow { HashSet::new() } else { self.missing_commits(&scan) };
        let (annotation_problems, annotated_twice) = self.annotation_problems();
        let object_files = self.object_files(&scan);
        let state = State::from_events(std::mem::take(&mut scan.events));
        // Where refs cannot be listed it is not known which policy is in force, which is no second problem.
        let policy = if packed_refs.is_some() {
            PolicyEvidence::None
        } else {
            self.policy_evidence(&state, &self.artifacts_with_damage(&scan, &listed.broken))
        };
        let config = self.config()?;
        Ok(doctor::diagnose(&Evidence {
            now: self.environment.now(),
            wrong_config,
            unknown_to_python: &config.unknown_to_python,
            allowed_stages: config.stages.as_deref(),
            index: &config.index,
            annotation_problems,
            annotated_twice,
            is_shallow,
            left_locks: self.repository.left_locks(),
            grown_folders: self.repository.grown_folders(),
            object_faults: self.repository.object_faults(),
            remotes: self.repository.remotes(),
            left_guards: self.url().map(|url| (url, self.repository.left_guards())),
            names,
            not_utf8: listed.not_utf8,
            broken: listed.broken.into_iter().map(|name| self.broken_ref(name)).collect(),
            packed_refs,
            state,
            lightweight,
            unreadable: scan.unreadable.into_iter().map(|(tag, why)| (tag.name, why)).collect(),
            object_files,
            creations: scan.creations,
            renamed: scan
                .renamed
                .into_iter()
                .map(|(tag, id)| (tag, self.repository.name_inside(id).unwrap_or_default()))
                .collect(),
            last_counters,
            missing_commits,
            policy,
        }))
    }

    /// The artifacts of which not all tags can be read.
    fn artifacts_with_damage(&self, scan: &Scan, broken: &[String]) -> HashSet<ArtifactName> {
        let objects = self.damaged(scan).into_iter().map(|tag| tag.name);
        let tags = objects.chain(self.damaged_refs(broken).map(|tag| tag.name));
        tags.filter_map(|tag| artifact_part(&tag).and_then(ArtifactName::from_tag)).collect()
    }

    /// The policy in force, and what it says about each tag, but for those of artifacts that are damaged: what they are is not known,
    /// and damage has findings of its own.
    fn policy_evidence(&self, state: &State, damaged: &HashSet<ArtifactName>) -> PolicyEvidence {
        let in_force = match self.policy_in_force() {
            Ok(Some(in_force)) => in_force,
            Ok(None) => return self.no_policy(),
            Err(error) => return PolicyEvidence::Unusable(error.to_string()),
        };
        let (mut violating, mut unknown) = (Vec::new(), Vec::new());
        for artifact in state.artifacts().iter().filter(|artifact| !damaged.contains(artifact.name())) {
            for tag in self.judged_events(&in_force, artifact.events().to_vec()) {
                match tag.judgement.verdict() {
                    Verdict::Valid => {}
                    Verdict::Violations(_) => violating.push(tag.tag),
                    Verdict::CannotJudge(_) => unknown.push(tag.tag),
                }
            }
        }
        PolicyEvidence::InForce { policy: Box::new(in_force.policy), violating, unknown }
    }

    /// Whether there was meant to be a policy: a server's repository whose `HEAD` leads to no branch judges no push, though a branch
    /// has one.
    fn no_policy(&self) -> PolicyEvidence {
        let is_server = self.repository.work_dir().is_none() && self.url().is_none();
        let unjudged = is_server.then(|| self.unjudged().ok().flatten()).flatten();
        if let Some(why) = unjudged.filter(|why| !why.is_there && why.is_meant_with_policy) {
            return PolicyEvidence::OutOfForce(why);
        }
        self.misnamed_policy().map_or(PolicyEvidence::None, PolicyEvidence::Misnamed)
    }

    /// The commits of events that are not in the repository. Each is looked up once, and none is read.
    fn missing_commits(&self, scan: &Scan) -> HashSet<ObjectId> {
        let commits: HashSet<ObjectId> = scan.events.iter().map(|event| event.commit).collect();
        commits.into_iter().filter(|commit| !self.repository.has_object(*commit)).collect()
    }

    /// What is wrong with the annotation files of the current commit, each problem with its file; and the artifacts that two
    /// of them name.
    fn annotation_problems(&self) -> (Vec<(String, FileProblem)>, Vec<ArtifactName>) {
        let head = self.repository.head_commit().ok().flatten();
        head.zip(self.files().ok()).map(|(head, mut files)| files.problems(head)).unwrap_or_default()
    }

    /// The file of a loose ref, if its name is one that cannot lead anywhere else.
    fn broken_ref(&self, name: String) -> BrokenRef {
        let file = self.ref_file(&name).filter(|path| path.is_absolute());
        let file = file.and_then(|path| path.to_str().map(str::to_owned));
        BrokenRef { name, file }
    }

    /// The files of damaged objects, to be removed before Git fetches these anew.
    fn object_files(&self, scan: &Scan) -> Vec<String> {
        let files = self.damaged(scan).into_iter().filter_map(|tag| match tag.damage {
            Damage::Object { file, .. } => file,
            _ => None,
        });
        let absolute = files.filter(|path| path.is_absolute());
        let mut files: Vec<String> = absolute.filter_map(|path| path.to_str().map(str::to_owned)).collect();
        files.sort_unstable();
        files.dedup();
        files
    }
}
