//! The questions that a registry answers.
//!
//! Owns which tags, commits and files are read for which question, each once.

mod approvals;
mod commits;
pub(super) mod damage;
mod examine;
mod pipeline;
pub(super) mod scan;
mod some;
mod verify;
pub(super) mod whole;

pub use commits::CommitRange;
pub use pipeline::{FetchTags, Trigger};

use std::collections::BTreeSet;

use crate::annotation::{self, Sourced};
use crate::approval::ApprovalName;
use crate::error::{Error, Result};
use crate::git::{self, TagRef, TagRefs, Want};
use crate::name::{ArtifactName, StageName};
use crate::needed;
use crate::object_id::ObjectId;
use crate::plan::Warning;
use crate::query::{self, AnnotatedAt, HistoryOptions, ShowOptions};
use crate::reference::{Reference, Selector};
use crate::registry::annotations::commits::CommitFiles;
use crate::registry::read::scan::{Scan, renamed_warning};
use crate::registry::read::some::SomeTags;
use crate::registry::read::whole::Annotated;
use crate::registry::{Answer, Registry};
use crate::report::{
    ArtifactSummary, ComparedVersions, EventReport, History, RegistryReport, Schema, VersionReport,
    VersionsReport,
};
use crate::rules::{self, Refusal};
use crate::state::{Artifact, Enrichment, StageView, State, VersionView};
use crate::tag::TagName;
use crate::time::Timestamp;
use crate::version::VersionLabel;

/// How much of each version is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What a table shows: commits are read only where no tag has the date.
    Brief,
    /// Everything: the commit of each version and its annotation.
    Full,
}

/// The requested stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StagesWanted {
    /// Those that the configuration allows.
    Allowed,
    /// Those that were ever used.
    Used,
    /// The allowed ones, or if the configuration has none, those in use.
    Known,
}

/// What `check-ref` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckedRef {
    /// The tag is this event.
    Event(Box<EventReport>),
    /// There is no such tag.
    NoTag,
    /// The tag is none of the registry's.
    Foreign,
    /// The tag has a registry name, but is no annotated tag (decision D22).
    Lightweight,
    /// The tag is an event that violates the policy, which the answer was to obey.
    Violating,
    /// The tag has a registry name, but cannot be read as an event.
    NoEvent {
        /// Why.
        reason: String,
    },
}

impl Registry {
    /// The state of the whole registry, with the commit and the annotation of every version; unregistered commits count
    /// where they are annotated at `annotated_at`.
    pub fn state(&self, annotated_at: AnnotatedAt) -> Result<Answer<State>> {
        let mut files = self.files()?;
        let (artifacts, warnings) =
            self.each_artifact(Want::Everything, Annotated::Too(&mut files, annotated_at), |artifact| {
                artifact
            })?;
        let mut state: State = artifacts.into_iter().collect();
        if annotated_at != AnnotatedAt::Head {
            for (name, commits) in files.annotated_commits(annotated_at)? {
                state.annotate_at(&name, commits);
            }
        }
        self.enrich(&mut state, &mut files, |_| true);
        Ok(Answer { value: state, warnings: self.also_unfetched(warnings) })
    }

    /// The state of one artifact: empty if there is no such artifact. With [`Detail::Full`] every version comes with its commit
    /// and its annotation.
    pub fn state_of(
        &self,
        name: &ArtifactName,
        detail: Detail,
        annotated_at: AnnotatedAt,
    ) -> Result<Answer<State>> {
        let mut files = self.files()?;
        let (mut state, warnings) = self.read(name, &mut files)?;
        annotate(&mut state, &mut files, name, annotated_at)?;
        self.enrich(&mut state, &mut files, |version| detail == Detail::Full || !version.is_registered());
        Ok(Answer { value: state, warnings: self.also_unfetched(warnings) })
    }

    /// The registry: one row for each artifact.
    pub fn show(&self, options: &ShowOptions) -> Result<Answer<RegistryReport>> {
        let summary = |artifact| ArtifactSummary::new(&artifact, options);
        let mut files = self.files()?;
        let annotated = Annotated::Too(&mut files, options.annotated_at);
        let (artifacts, warnings) = self.each_artifact(Want::NoMessages, annotated, summary)?;
        let mut value = RegistryReport::new(artifacts, self.config()?.stages.as_deref(), options);
        if options.annotations || options.annotation.is_set() {
            for artifact in &mut value.artifacts {
                artifact.annotation = annotation::nearest(&files.of_newest(&artifact.name)).cloned();
            }
            let fits = |sourced: &Sourced| options.annotation.fits(Some(&sourced.annotation));
            let is_set = options.annotation.is_set();
            value.artifacts.retain(|artifact| !is_set || artifact.annotation.as_ref().is_some_and(fits));
        }
        Ok(Answer { value, warnings: self.also_unfetched(warnings) })
    }

    /// The versions of one artifact, or those of them that a shortcut picks.
    ///
    /// # Errors
    /// [`Refusal::ArtifactNotFound`], or [`Error::DamagedTags`] if none of its tags can be read.
    pub fn show_versions(
        &self,
        reference: &Reference,
        options: &ShowOptions,
        detail: Detail,
    ) -> Result<Answer<VersionsReport>> {
        let not_found = || Refusal::ArtifactNotFound { name: reference.name.clone() };
        let name: ArtifactName = reference.name.parse().map_err(|_| not_found())?;
        let mut files = self.files()?;
        let (mut state, warnings) = self.read(&name, &mut files)?;
        annotate(&mut state, &mut files, &name, options.annotated_at)?;
        let is_full = detail == Detail::Full || options.annotations || options.annotation.is_set();
        self.enrich(&mut state, &mut files, |version| is_full || !version.is_registered());
        let Some(artifact) = state.artifact(name.as_str()) else {
            damage::refuse(damage::damaged_in(&warnings).to_vec())?;
            return Err(not_found().into());
        };
        let versions = query::select(artifact, reference.selector.as_ref(), options);
        let versions = versions.iter().map(|(version, stages)| version_report(*version, stages, detail));
        let versions = versions.filter(|version| options.annotation.fits(version.annotation())).collect();
        let (registered, active) = (artifact.is_registered(), artifact.is_active());
        let value = VersionsReport { schema: Schema, registered, active, versions };
        Ok(Answer { value, warnings: self.also_unfetched(warnings) })
    }

    /// The versions of every artifact on the commit that `revision` names.
    pub fn show_at(
        &self,
        revision: &str,
        options: &ShowOptions,
        detail: Detail,
    ) -> Result<Answer<VersionsReport>> {
        let commit = self.repository.resolve(revision)?;
        let ambiguity = self.ambiguity(revision);
        let is_there = |version: VersionView<'_>| version.commit() == commit;
        let mut answer = self.show_where(is_there, None, options, detail)?;
        answer.warnings.extend(ambiguity);
        Ok(answer)
    }

    /// Two versions of an artifact, with what their commits say of it.
    ///
    /// # Errors
    /// [`Refusal::NotRegistered`] and [`Error::NoVersion`] where one is not there, or those of [`Registry::show_versions`].
    pub fn compare_versions(
        &self,
        name: &ArtifactName,
        from: &Selector,
        to: &Selector,
    ) -> Result<Answer<ComparedVersions>> {
        let options = ShowOptions { registered_only: false, ..ShowOptions::default() };
        let find = |selector: &Selector| -> Result<Answer<VersionReport>> {
            let reference = Reference { name: name.to_string(), selector: Some(selector.clone()) };
            let Answer { value, warnings } =
                self.show_versions(&reference, &options, Detail::Full)?.unless_damaged()?;
            let found = value.versions.into_iter().next();
            let value = found.ok_or_else(|| match selector {
                Selector::Version(version) => {
                    Refusal::NotRegistered { artifact: name.clone(), version: version.clone() }.into()
                }
                Selector::Latest => Error::NoVersion { artifact: name.clone(), stage: None },
                Selector::Stage(stage) => {
                    Error::NoVersion { artifact: name.clone(), stage: Some(stage.clone()) }
                }
            })?;
            Ok(Answer { value, warnings })
        };
        let (from, to) = (find(from)?, find(to)?);
        Ok(Answer {
            value: ComparedVersions { schema: Schema, from: from.value, to: to.value },
            warnings: to.warnings,
        })
    }

    /// What every artifact has in a stage (decision D30).
    pub fn show_stage(
        &self,
        stage: &StageName,
        options: &ShowOptions,
        detail: Detail,
    ) -> Result<Answer<VersionsReport>> {
        let is_in_it = |version: VersionView<'_>| version.stage(stage).is_some_and(|stage| stage.is_active());
        self.show_where(is_in_it, Some(&Selector::Stage(stage.clone())), options, detail)
    }

    /// The versions of every artifact that are `there`, and selected.
    fn show_where(
        &self,
        is_there: impl Fn(VersionView<'_>) -> bool + Sync,
        selector: Option<&Selector>,
        options: &ShowOptions,
        detail: Detail,
    ) -> Result<Answer<VersionsReport>> {
        let there = |artifact: Artifact| {
            let found = artifact.versions().any(&is_there);
            found.then_some(artifact)
        };
        let mut files = self.files()?;
        let annotated = Annotated::Too(&mut files, AnnotatedAt::Head);
        let (artifacts, warnings) = self.each_artifact(Want::Everything, annotated, there)?;
        let mut state: State = artifacts.into_iter().flatten().collect();
        let is_full = detail == Detail::Full || options.annotations || options.annotation.is_set();
        self.enrich(&mut state, &mut files, |version| {
            is_there(version) && (is_full || !version.is_registered())
        });
        let artifacts = state.artifacts_by_name().into_iter();
        let versions = artifacts.flat_map(|artifact| query::select(artifact, selector, options));
        let versions = versions.filter(|(version, _)| is_there(*version));
        let versions = versions.map(|(version, stages)| version_report(version, &stages, detail));
        let versions = versions.filter(|version| options.annotation.fits(version.annotation())).collect();
        let value = VersionsReport { schema: Schema, registered: true, active: true, versions };
        Ok(Answer { value, warnings: self.also_unfetched(warnings) })
    }

    /// The journal of the registry. Without `messages` those are empty, and need no memory.
    pub fn history(&self, options: &HistoryOptions, messages: bool) -> Result<Answer<History>> {
        let want = if messages { Want::Everything } else { Want::NoMessages };
        let (mut entries, warnings) = if let Some(name) = &options.artifact {
            let mut scan = self.scan(name, want)?;
            let artifact = Artifact::from_events(name.clone(), self.valid_of_scan(&mut scan)?);
            (vec![EventReport::of(artifact, options)], self.warnings_of(&scan))
        } else {
            self.each_artifact(want, Annotated::Not, |artifact| EventReport::of(artifact, options))?
        };
        if !options.annotations && !options.annotation.is_set() {
            return Ok(Answer { value: History::new(entries, options), warnings });
        }
        let mut files = self.files()?;
        if options.annotation.is_set() {
            self.fetch_annotations(&files, entries.iter().flatten());
            let fits = |files: &mut CommitFiles<'_>, entry: &EventReport| {
                let found = files.of(entry.commit, &entry.artifact);
                options.annotation.fits(annotation::nearest(&found).map(|found| &found.annotation))
            };
            for entries in &mut entries {
                entries.retain(|entry| fits(&mut files, entry));
            }
        }
        let mut value = History::new(entries, options);
        if options.annotations {
            self.fetch_annotations(&files, value.iter());
            value.annotate(|entry| annotation::nearest(&files.of(entry.commit, &entry.artifact)).cloned());
        }
        Ok(Answer { value, warnings: self.also_unfetched(warnings) })
    }

    /// Fetches the annotations of these events' commits that a partial clone lacks.
    pub(in crate::registry) fn fetch_annotations<'e>(
        &self,
        files: &CommitFiles<'_>,
        entries: impl Iterator<Item = &'e EventReport>,
    ) {
        if self.repository.is_partial() {
            files.fetch(entries.map(|entry| (&entry.artifact, entry.commit)));
        }
    }

    /// What a tag, given as `x` or `refs/tags/x`, did.
    ///
    /// # Errors
    /// [`Error::DamagedTags`] if the tag cannot be read, or if it could be about a version whose tag cannot. If answers are to obey
    /// the policy, [`Error::NoEvent`] or [`Error::RefNotFound`] where the remote may have an annotated tag of that name.
    pub fn check_ref(&self, reference: &str) -> Result<Answer<CheckedRef>> {
        let name = reference.strip_prefix("refs/tags/").unwrap_or(reference);
        let Ok(parsed) = name.parse::<TagName>() else {
            return self.check_foreign_ref(name);
        };
        let answer = self.check_tag(name, &parsed)?;
        if self.enforced_policy()?.is_some() && self.may_lack_tags() {
            match answer.value {
                CheckedRef::Lightweight => return Err(Error::lightweight_here(name)),
                CheckedRef::NoTag => return Err(Error::RefNotFound { revision: reference.to_owned() }),
                _ => {}
            }
        }
        Ok(answer)
    }

    fn check_tag(&self, name: &str, parsed: &TagName) -> Result<Answer<CheckedRef>> {
        let mut tags = SomeTags::of(self, &parsed.artifact);
        let Some(tag) = tags.exact(name)? else {
            let broken = self.tags_of(&parsed.artifact)?.broken;
            damage::refuse(self.damaged_refs(&broken).filter(|damaged| damaged.name == name).collect())?;
            return self.check_foreign_ref(name);
        };
        let events = tags.read(TagRefs { refs: vec![tag], ..TagRefs::default() });
        let Some(event) = events.into_iter().next() else {
            return self.check_no_event(tags.scan());
        };
        let renamed = renamed_warning(tags.scan().renamed.iter().map(|(tag, _)| tag.clone()).collect());
        let (artifact, damaged) = if self.enforced_policy()?.is_some() {
            let Some(artifact) = self.valid_around(event)? else {
                return Ok(Answer::of(CheckedRef::Violating));
            };
            (artifact, Vec::new())
        } else if let Some(artifact) = needed::for_event(event, &mut tags)? {
            (artifact, self.damaged(tags.scan()))
        } else {
            let mut scan = self.scan(&parsed.artifact, Want::Everything)?;
            let events = std::mem::take(&mut scan.events);
            (Artifact::from_events(parsed.artifact.clone(), events), self.damaged(&scan))
        };
        let damaged = damage::damage_warning(damaged).into_iter().chain(self.store_warning());
        let warnings = damaged.chain(renamed).collect();
        let found = artifact.events_with_owners().find(|(event, _)| event.tag == name);
        // A tag that is deleted while it is read counts as missing.
        let value = found.map_or(CheckedRef::NoTag, |(event, owner)| {
            let version = owner.map(|version| version.shared_label());
            CheckedRef::Event(Box::new(EventReport::new(event.clone(), version)))
        });
        let is_unregistered = matches!(&value, CheckedRef::Event(event) if matches!(event.version.as_deref(), Some(VersionLabel::Commit(_))));
        let answer = Answer { value, warnings };
        // The tag that registered its version may be one of the damaged.
        if is_unregistered { answer.unless_damaged() } else { Ok(answer) }
    }

    /// What a tag with a name of the registry is that is no event.
    fn check_no_event(&self, scan: &Scan) -> Result<Answer<CheckedRef>> {
        damage::refuse(self.damaged(scan))?;
        let reason = match scan.unreadable.first() {
            Some((_, why)) => why.to_string(),
            None if !scan.lightweight.is_empty() => return Ok(Answer::of(CheckedRef::Lightweight)),
            None => "the format reserves `@created`".to_owned(),
        };
        Ok(Answer::of(CheckedRef::NoEvent { reason }))
    }

    /// What a tag is that is not among those of an artifact.
    pub(in crate::registry) fn check_foreign_ref(&self, name: &str) -> Result<Answer<CheckedRef>> {
        match self.repository.tag_ref(name) {
            Ok(Some(_)) => Ok(Answer::of(CheckedRef::Foreign)),
            Ok(None) => Ok(Answer::of(CheckedRef::NoTag)),
            Err(error @ git::GitError::BrokenRef { .. }) => {
                Ok(Answer::of(CheckedRef::NoEvent { reason: error.to_string() }))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The stages of the registry; `None` if they were requested from the configuration, which sets none.
    pub fn stages(&self, wanted: StagesWanted) -> Result<Answer<Option<Vec<StageName>>>> {
        let allowed = self.config()?.stages.clone();
        if wanted == StagesWanted::Allowed || (wanted == StagesWanted::Known && allowed.is_some()) {
            return Ok(Answer { value: allowed, warnings: Vec::new() });
        }
        let find = if wanted == StagesWanted::Used { query::used_stages } else { query::active_stages };
        let (stages, warnings) =
            self.each_artifact(Want::NoMessages, Annotated::Not, |artifact| find(&artifact))?;
        let stages: BTreeSet<StageName> = stages.into_iter().flatten().collect();
        let stages = stages.into_iter().collect();
        Ok(Answer { value: Some(stages), warnings })
    }

    /// Reads a date by Git's rules: `2026-11-24`, `2 weeks ago`.
    ///
    /// # Errors
    /// [`Error::InvalidDate`].
    pub fn date(&self, text: &str) -> Result<Timestamp> {
        let invalid = || Error::InvalidDate { text: text.to_owned() };
        git::parse_date(text, &self.environment).ok_or_else(invalid)
    }

    /// As [`Registry::date`], of the end of a span: a day without a time (`2026-11-24`) is over at its last second, so that
    /// what happened on it counts.
    ///
    /// # Errors
    /// [`Error::InvalidDate`].
    pub fn end_date(&self, text: &str) -> Result<Timestamp> {
        let is_day = text.len() == "2026-11-24".len()
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let end = is_day.then(|| format!("{text} 23:59:59"));
        let invalid = || Error::InvalidDate { text: text.to_owned() };
        git::parse_date(end.as_deref().unwrap_or(text), &self.environment).ok_or_else(invalid)
    }

    /// Refuses a stage that the configuration does not allow.
    ///
    /// # Errors
    /// [`Refusal::StageNotAllowed`].
    pub fn check_stage(&self, stage: &StageName) -> Result<()> {
        Ok(rules::check_stage(self.config()?.stages.as_deref(), stage)?)
    }

    /// Names of commits: `HEAD`, the branches, and the tags that are not the registry's. Sorted.
    pub fn revision_names(&self) -> Result<Vec<String>> {
        let is_foreign =
            |name: &str| name.parse::<TagName>().is_err() && name.parse::<ApprovalName>().is_err();
        let foreign = |tag: TagRef| is_foreign(&tag.name).then_some(tag.name);
        let mut names = self.repository.branch_names();
        names.extend(self.repository.tag_refs("")?.refs.into_iter().filter_map(foreign));
        names.push("HEAD".to_owned());
        names.sort();
        Ok(names)
    }

    /// The commit that the user means by `revision`. See [`Registry::ambiguity`], too.
    ///
    /// # Errors
    /// [`Error::RefNotFound`] and the like.
    pub fn resolve(&self, revision: &str) -> Result<ObjectId> {
        Ok(self.repository.resolve(revision)?)
    }

    /// That the name in a revision is ambiguous, where Git warns of it. [`Registry::resolve`] takes what Git takes (decision
    /// D29).
    pub fn ambiguity(&self, revision: &str) -> Option<Warning> {
        let found = self.repository.ambiguity(revision);
        found.map(|git::Ambiguity { name, candidates }| Warning::AmbiguousRef { name, candidates })
    }

    /// The state of one artifact, with what the current commit's annotation file adds to it.
    pub(in crate::registry) fn read(
        &self,
        name: &ArtifactName,
        files: &mut CommitFiles<'_>,
    ) -> Result<(State, Vec<Warning>)> {
        let tags = self.tags_of(name)?;
        let head = tags.head;
        let mut scan = self.read_scan(name, tags, Want::Everything);
        let warnings = self.warnings_of(&scan);
        let mut state = State::from_events(self.valid_of_scan(&mut scan)?);
        // Where the commit has a version of the artifact, its annotation adds none.
        let has_version = |commit: ObjectId| {
            state
                .artifact(name.as_str())
                .is_some_and(|it| it.versions().any(|version| version.commit() == commit))
        };
        if let Ok(Some(head)) = self.repository.head_commit_seen(head)
            && !has_version(head)
            && !files.of(head, name).is_empty()
        {
            state.annotate(head, [name.clone()]);
        }
        Ok((state, warnings))
    }

    /// The annotation files of commits, each read once.
    pub(in crate::registry) fn files(&self) -> Result<CommitFiles<'_>> {
        Ok(CommitFiles::new(&self.repository, &self.config()?.index))
    }

    /// With the warning of what a partial clone left out and could not fetch: annotations may be absent for that.
    pub(in crate::registry) fn also_unfetched(&self, mut warnings: Vec<Warning>) -> Vec<Warning> {
        warnings.extend(self.repository.unfetched().map(|reason| Warning::Unfetched { reason }));
        warnings
    }

    /// Reads the commits of the wanted versions and their annotations, each once.
    pub(in crate::registry) fn enrich(
        &self,
        state: &mut State,
        files: &mut CommitFiles<'_>,
        wanted: impl Fn(VersionView<'_>) -> bool,
    ) {
        if self.repository.is_partial() {
            let versions = state.artifacts_by_name().into_iter().flat_map(Artifact::versions);
            let versions = versions.filter(|version| wanted(*version));
            files.fetch(versions.map(|version| (version.artifact().name(), version.commit())));
        }
        state.enrich(wanted, |name, id| {
            let commit = files.commit(id)?.clone();
            Some(Enrichment { commit, annotations: files.of(id, name) })
        });
    }
}

/// Adds the commits of the branches that annotate an artifact; that of `HEAD` is there already.
pub(in crate::registry) fn annotate(
    state: &mut State,
    files: &mut CommitFiles<'_>,
    name: &ArtifactName,
    annotated_at: AnnotatedAt,
) -> Result<()> {
    if annotated_at != AnnotatedAt::Head {
        let commits = files.commits_at(annotated_at)?.into_iter().map(|found| found.commit);
        let commits: Vec<_> = commits.filter(|commit| !files.of(*commit, name).is_empty()).collect();
        state.annotate_at(name, commits);
    }
    Ok(())
}

/// The report of a version; with its events, if everything is asked for.
fn version_report(version: VersionView<'_>, stages: &[StageView<'_>], detail: Detail) -> VersionReport {
    let report = VersionReport::new(version, stages);
    if detail == Detail::Full { report.with_events(version) } else { report }
}
