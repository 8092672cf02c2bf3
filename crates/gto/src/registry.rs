//! The registry of a repository: the façade that front ends use.
//!
//! Owns which tags, commits and files are read for which question, each once. What they mean is decided by the
//! pure modules; how they are read, by `git`.

mod alone;
mod annotate;
mod annotate_error;
mod annotation_place;
mod annotations;
mod artifact_path;
mod cache;
mod carry_out;
mod changes;
mod checked_out;
mod clones;
mod config_file;
mod contents;
mod damage;
mod describe;
mod examine;
mod files;
mod migrate;
mod push;
mod raw;
mod reading;
mod remote;
mod verify;
mod write;
mod writing;

use std::collections::{BTreeSet, HashSet};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

pub use annotate::{Annotating, AnnotationPlan, FileEdit};
pub use annotate_error::{AnnotateError, Bring};
pub use cache::CacheReport;
pub use carry_out::{AnnotationApplied, Committing, is_editing};
pub use changes::{ArtifactChange, Change};
pub use clones::{KeptClone, KeptClones};
pub use describe::{Description, Located};
pub use migrate::MigrationPlan;
pub use push::PartialPush;
pub use raw::{AnnotatedTag, clone_with_files};
pub use remote::{Comparison, Difference, Sent, Sight, TagDifference};
pub use write::Applied;
pub use writing::Manner;

use crate::annotation::{self, Sourced};
use crate::config::Config;
use crate::damage::DamagedTag;
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::git::{self, Repository, SeenHead, TagObject, TagRef, TagRefs, UnreadableTag, Want};
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::plan::{Plan, SeenTags, Warning};
use crate::query::{self, AnnotatedAt, HistoryOptions, ShowOptions};
use crate::reference::Reference;
use crate::report::{ArtifactSummary, EventReport, History, HistoryReport, RegistryReport, VersionReport};
use crate::rules::{self, AssignTarget, Refusal, Registering, Rules, TagInventory, TagWish, Undo, Writer};
use crate::signing::Sign;
use crate::state::{Artifact, Enrichment, State, VersionView};
use crate::tag::{Action, TagName};
use crate::time::Timestamp;
use crate::version::{Version, VersionLabel};
use annotations::CommitFiles;
use clones::Clone;
use reading::Annotated;

/// The registry that the tags of a Git repository add up to.
///
/// Every question reads the repository anew: an answer is never older than the question.
pub struct Registry {
    pub(crate) repository: Repository,
    pub(crate) config: Config,
    pub(crate) environment: Environment,
    remote: Option<Clone>,
}

/// An answer, and what whoever asked should know beside it.
#[derive(Debug, ::core::clone::Clone, PartialEq)]
pub struct Answer<T> {
    /// The answer.
    pub value: T,
    /// Why it may be less than expected.
    pub warnings: Vec<Warning>,
}

impl<T> Answer<T> {
    /// An answer with nothing to say beside it.
    fn of(value: T) -> Self {
        Self { value, warnings: Vec::new() }
    }
}

/// The versions of one artifact.
#[derive(Debug, ::core::clone::Clone, PartialEq)]
pub struct VersionsReport {
    /// Whether the artifact has any tag; if not, it is only annotated.
    pub registered: bool,
    /// Whether the artifact is in use: not deprecated.
    pub active: bool,
    /// The versions, highest first.
    pub versions: Vec<VersionReport>,
}

/// How much of each version is read.
#[derive(Debug, ::core::clone::Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What a table shows: commits are read only where no tag has the date.
    Brief,
    /// Everything: the commit of each version and its annotation.
    Full,
}

/// Which stages are asked for.
#[derive(Debug, ::core::clone::Clone, Copy, PartialEq, Eq)]
pub enum StagesWanted {
    /// Those that the configuration allows.
    Allowed,
    /// Those that were ever used.
    Used,
    /// The allowed ones, or if the configuration has none, those in use.
    Known,
}

/// What `check-ref` found.
#[derive(Debug, ::core::clone::Clone, PartialEq, Eq)]
pub enum CheckedRef {
    /// The tag is this event.
    Event(Box<EventReport>),
    /// There is no such tag.
    NoTag,
    /// The tag is none of the registry's.
    Foreign,
    /// The tag has a registry name, but is no annotated tag (decision D22).
    Lightweight,
    /// The tag has a registry name, but cannot be read as an event.
    NoEvent {
        /// Why.
        reason: String,
    },
}

/// Who writes, if not who Git is configured for.
#[derive(Debug, ::core::clone::Clone, Default, PartialEq, Eq)]
pub struct Author {
    /// The tagger's name.
    pub name: Option<String>,
    /// The tagger's address.
    pub email: Option<String>,
    /// Whether the new tags are signed.
    pub sign: Sign,
}

/// What Git would leave out of a tag without a word.
#[derive(Debug, ::core::clone::Clone, Copy, PartialEq, Eq)]
pub enum AuthorFault {
    /// The name is empty.
    Name,
    /// The address has a `<`, a `>` or a line break.
    Email,
}

impl Author {
    /// What of it no tag can have, if anything.
    pub fn fault(&self) -> Option<AuthorFault> {
        if self.name.as_deref().is_some_and(|name| name.trim().is_empty()) {
            return Some(AuthorFault::Name);
        }
        let is_impossible = |email: &str| email.contains(['<', '>', '\n', '\r']);
        self.email.as_deref().is_some_and(is_impossible).then_some(AuthorFault::Email)
    }
}

/// What the tags of a repository, or of one artifact, say.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub events: Vec<Event>,
    pub lightweight: Vec<String>,
    pub unreadable: Vec<(TagRef, UnreadableTag)>,
    pub creations: Vec<String>,
    /// Tags that have another name inside, each with its object.
    pub renamed: Vec<(String, ObjectId)>,
    /// Refs without an object id.
    pub broken: Vec<String>,
}

impl Registry {
    /// Opens the registry of the repository at `path`, or of the folder above it that is one.
    ///
    /// # Errors
    /// [`Error::NoRepository`], [`Error::Open`] or [`Error::Config`].
    pub fn open(path: impl AsRef<Path>, environment: Environment) -> Result<Self> {
        let (repository, remote) = Self::discover(path.as_ref())?;
        Self::new(repository, environment, remote)
    }

    /// Opens the registry of the repository whose folder with `HEAD` this is, as Git does for `GIT_DIR`: the folders
    /// above are not searched, and whose it is does not matter.
    ///
    /// # Errors
    /// Those of [`Registry::open`].
    pub fn open_git_dir(git_dir: impl AsRef<Path>, environment: Environment) -> Result<Self> {
        Self::new(Self::repository_at(git_dir.as_ref())?, environment, None)
    }

    fn repository_at(path: &Path) -> Result<Repository> {
        Repository::open(path).map_err(|error| Error::from_open(&path.display().to_string(), error))
    }

    /// Opens the registry of a remote repository: a bare clone that is kept for the next time ([`KeptClones`]), or where
    /// none can be kept lives as long as the value does. It is as the remote is now. What is written there is pushed back.
    ///
    /// Git asks for no password on the terminal, unless `GIT_TERMINAL_PROMPT` of the environment is 1. While the value
    /// lives, nobody waits for it who opens the same address or writes there, in this process or another; what they fetch
    /// it sees, too. Only [`KeptClones::clear`] waits.
    ///
    /// # Errors
    /// [`Error::Clone`] with what Git said, or those of [`Registry::open`].
    pub fn open_url(url: &str, environment: Environment) -> Result<Self> {
        let (repository, clone) = Clone::open(url, &environment)?;
        Self::new(repository, environment, Some(clone))
    }

    /// Opens the registry of a remote repository to edit its annotations: in a clone with the files of its current branch, which
    /// goes with the registry. What is edited there is committed and pushed. Tags are not fetched.
    ///
    /// # Errors
    /// As [`Registry::open_url`].
    pub fn open_url_to_edit(url: &str, environment: Environment) -> Result<Self> {
        let (repository, clone) = Clone::to_edit(url, &environment)?;
        Self::new(repository, environment, Some(clone))
    }

    /// As [`Registry::open_url`], without asking the remote what is new: the clone as it was left the last time. `None` if
    /// none is kept, or another process is changing it: this never waits.
    ///
    /// # Errors
    /// As [`Registry::open`].
    pub fn open_kept(url: &str, environment: Environment) -> Result<Option<Self>> {
        let Some((repository, clone)) = Clone::open_kept(url, &environment) else { return Ok(None) };
        Self::new(repository, environment, Some(clone)).map(Some)
    }

    fn discover(path: &Path) -> Result<(Repository, Option<Clone>)> {
        let repository = Repository::discover(path)
            .map_err(|error| Error::from_open(&path.display().to_string(), error))?;
        Ok((repository, None))
    }

    /// Lets Git ask for a password where the environment does; of a clone of ours that was said when it was made.
    fn let_git_ask(repository: &mut Repository, environment: &Environment, remote: Option<&Clone>) {
        let prompt = environment.variable("GIT_TERMINAL_PROMPT").filter(|_| remote.is_none());
        if let Some(prompt) = prompt {
            repository.set_prompt(prompt);
        }
    }

    fn new(mut repository: Repository, environment: Environment, remote: Option<Clone>) -> Result<Self> {
        Self::let_git_ask(&mut repository, &environment, remote.as_ref());
        repository.set_silence(environment.git_timeout()?);
        let config = read_config(&repository, &environment)?;
        Ok(Self { repository, config, environment, remote })
    }

    /// The configuration in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The folder that messages name: the work tree, or the repository itself if it is bare.
    pub fn root(&self) -> PathBuf {
        self.repository.root().to_owned()
    }

    /// The folder with `HEAD`, private to a linked work tree.
    pub fn git_dir(&self) -> &Path {
        self.repository.git_dir()
    }

    /// How many Git objects were looked at so far: what the answers cost.
    pub fn objects_read(&self) -> usize {
        self.repository.objects_read()
    }

    /// The address, if this is a clone of a remote repository.
    pub fn url(&self) -> Option<&str> {
        self.remote.as_ref().map(|clone| clone.url.as_str())
    }

    /// The names of all artifacts that have tags, sorted. Reads no tag object.
    pub fn artifact_names(&self) -> Result<Vec<ArtifactName>> {
        let mut names = Vec::new();
        for tag in self.repository.tag_refs("")?.refs {
            if let Ok(parsed) = tag.name.parse::<TagName>() {
                names.push(parsed.artifact);
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// The names of all tags, the registry's and others, sorted. Reads no tag object.
    pub fn tag_names(&self) -> Result<Vec<String>> {
        Ok(self.repository.tag_refs("")?.refs.into_iter().map(|tag| tag.name).collect())
    }

    /// Whether listing all tags would take longer than the rest of a write does: some milliseconds.
    pub fn has_many_tags(&self) -> bool {
        // About ten thousand tags.
        self.repository.packed_refs_len() > 1 << 20
    }

    /// Whether history is cut off, so that tags of older commits may be absent.
    pub fn is_shallow(&self) -> bool {
        self.repository.is_shallow()
    }

    /// The state of the whole registry, with the commit and the annotation of every version; unregistered commits count
    /// where they are annotated at `annotated_at`.
    pub fn state(&self, annotated_at: AnnotatedAt) -> Result<Answer<State>> {
        let mut files = self.files();
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
        let mut files = self.files();
        let (mut state, warnings) = self.read(name, &mut files)?;
        annotate(&mut state, &mut files, name, annotated_at)?;
        self.enrich(&mut state, &mut files, |version| detail == Detail::Full || !version.is_registered());
        Ok(Answer { value: state, warnings: self.also_unfetched(warnings) })
    }

    /// The registry: one row for each artifact.
    pub fn show(&self, options: &ShowOptions) -> Result<Answer<RegistryReport>> {
        let summary = |artifact| ArtifactSummary::new(&artifact, options);
        let mut files = self.files();
        let annotated = Annotated::Too(&mut files, options.annotated_at);
        let (artifacts, warnings) = self.each_artifact(Want::NoMessages, annotated, summary)?;
        let mut value = RegistryReport::new(artifacts, self.config.stages.as_deref(), options);
        if options.annotations || options.annotation.is_any() {
            for artifact in &mut value.artifacts {
                artifact.annotation = annotation::nearest(&files.of_newest(&artifact.name)).cloned();
            }
            let fits = |sourced: &Sourced| options.annotation.fits(Some(&sourced.annotation));
            let is_any = options.annotation.is_any();
            value.artifacts.retain(|artifact| !is_any || artifact.annotation.as_ref().is_some_and(fits));
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
        let mut files = self.files();
        let (mut state, warnings) = self.read(&name, &mut files)?;
        annotate(&mut state, &mut files, &name, options.annotated_at)?;
        let is_full = detail == Detail::Full || options.annotations || options.annotation.is_any();
        self.enrich(&mut state, &mut files, |version| is_full || !version.is_registered());
        let Some(artifact) = state.artifact(name.as_str()) else {
            damage::refuse(damage::damaged_in(&warnings).to_vec())?;
            return Err(not_found().into());
        };
        let versions = query::select(artifact, reference.selector.as_ref(), options);
        let versions = versions.iter().map(|(version, stages)| VersionReport::new(*version, stages));
        let versions = versions.filter(|version| options.annotation.fits(version.annotation())).collect();
        let value =
            VersionsReport { registered: artifact.is_registered(), active: artifact.is_active(), versions };
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
        let is_there = |version: VersionView| version.commit() == commit;
        let there = |artifact: Artifact| {
            let found = artifact.versions().any(is_there);
            found.then_some(artifact)
        };
        let mut files = self.files();
        let annotated = Annotated::Too(&mut files, AnnotatedAt::Head);
        let (artifacts, mut warnings) = self.each_artifact(Want::Everything, annotated, there)?;
        warnings.extend(ambiguity);
        let mut state: State = artifacts.into_iter().flatten().collect();
        let is_full = detail == Detail::Full || options.annotations || options.annotation.is_any();
        self.enrich(&mut state, &mut files, |version| {
            is_there(version) && (is_full || !version.is_registered())
        });
        let versions = state.artifacts_by_name().into_iter().flat_map(|a| query::select(a, None, options));
        let versions = versions.filter(|(version, _)| is_there(*version));
        let versions = versions.map(|(version, stages)| VersionReport::new(version, &stages));
        let versions = versions.filter(|version| options.annotation.fits(version.annotation())).collect();
        let value = VersionsReport { registered: true, active: true, versions };
        Ok(Answer { value, warnings: self.also_unfetched(warnings) })
    }

    /// The journal of the registry. Without `messages` those are empty, and need no memory.
    pub fn history(&self, options: &HistoryOptions, messages: bool) -> Result<Answer<History>> {
        let want = if messages { Want::Everything } else { Want::NoMessages };
        let (mut entries, warnings) = if let Some(name) = &options.artifact {
            let mut scan = self.scan(name, want)?;
            let artifact = Artifact::from_events(name.clone(), std::mem::take(&mut scan.events));
            (vec![HistoryReport::of(artifact, options)], self.warnings_of(&scan))
        } else {
            self.each_artifact(want, Annotated::Not, |artifact| HistoryReport::of(artifact, options))?
        };
        if !options.annotations && !options.annotation.is_any() {
            return Ok(Answer { value: History::new(entries, options), warnings });
        }
        let mut files = self.files();
        if options.annotation.is_any() {
            self.bring(&files, entries.iter().flatten());
            let fits = |files: &mut CommitFiles<'_>, entry: &HistoryReport| {
                let found = files.of(entry.commit, &entry.artifact);
                options.annotation.fits(annotation::nearest(&found).map(|found| &found.annotation))
            };
            for entries in &mut entries {
                entries.retain(|entry| fits(&mut files, entry));
            }
        }
        let mut value = History::new(entries, options);
        if options.annotations {
            self.bring(&files, value.iter());
            value.annotate(|entry| annotation::nearest(&files.of(entry.commit, &entry.artifact)).cloned());
        }
        Ok(Answer { value, warnings: self.also_unfetched(warnings) })
    }

    /// Fetches what is needed to know what these events' commits say, where a partial clone left it out.
    fn bring<'e>(&self, files: &CommitFiles<'_>, entries: impl Iterator<Item = &'e HistoryReport>) {
        if self.repository.is_partial() {
            files.bring(entries.map(|entry| (&entry.artifact, entry.commit)));
        }
    }

    /// What a tag, given as `x` or `refs/tags/x`, did.
    ///
    /// # Errors
    /// [`Error::DamagedTags`] if the tag cannot be read, or if it could be about a version whose tag cannot.
    pub fn check_ref(&self, reference: &str) -> Result<Answer<CheckedRef>> {
        let name = reference.strip_prefix("refs/tags/").unwrap_or(reference);
        let Ok(parsed) = name.parse::<TagName>() else {
            return self.check_foreign_ref(name);
        };
        // With the tag come those that say what it was about.
        let tags = self.tags_of(&parsed.artifact)?;
        damage::refuse(self.damaged_refs(&tags.broken).filter(|damaged| damaged.name == name).collect())?;
        let Some(tag) = tags.refs.iter().find(|tag| tag.name == name) else {
            return self.check_foreign_ref(name);
        };
        match self.repository.read_tag(tag) {
            TagObject::Lightweight { .. } => return Ok(Answer::of(CheckedRef::Lightweight)),
            TagObject::Unreadable(why) => {
                let damage = self.damage(tag, why).map(|damage| DamagedTag { name: name.to_owned(), damage });
                damage::refuse(damage.into_iter().collect())?;
                return Ok(Answer::of(CheckedRef::NoEvent { reason: why.to_string() }));
            }
            TagObject::Annotated { .. } if parsed.action == Action::Create => {
                let reason = "the format reserves `@created`".to_owned();
                return Ok(Answer::of(CheckedRef::NoEvent { reason }));
            }
            TagObject::Annotated { .. } => {}
        }
        let scan = self.read_scan(&parsed.artifact, tags, Want::Everything);
        let is_it = |(tag, _): &&(String, _)| tag == name;
        let renamed =
            renamed_warning(scan.renamed.iter().filter(is_it).map(|(tag, _)| tag.clone()).collect());
        let warnings = damage::damage_warning(self.damaged(&scan)).into_iter().chain(renamed).collect();
        let artifact = Artifact::from_events(parsed.artifact, scan.events);
        let found = artifact.events_with_owners().find(|(event, _)| event.tag == name);
        // A tag that goes while it is looked at is as good as none.
        let value = found.map_or(CheckedRef::NoTag, |(event, owner)| {
            CheckedRef::Event(Box::new(EventReport::checked(event, owner)))
        });
        let is_unregistered = matches!(&value, CheckedRef::Event(event) if matches!(event.version, Some(VersionLabel::Commit(_))));
        let answer = Answer { value, warnings };
        // The tag that registered its version may be one of the damaged.
        if is_unregistered { answer.unless_damaged() } else { Ok(answer) }
    }

    /// What a tag is that is not among those of an artifact.
    fn check_foreign_ref(&self, name: &str) -> Result<Answer<CheckedRef>> {
        match self.repository.tag_ref(name) {
            Ok(Some(_)) => Ok(Answer::of(CheckedRef::Foreign)),
            Ok(None) => Ok(Answer::of(CheckedRef::NoTag)),
            Err(error @ git::GitError::BrokenRef { .. }) => {
                Ok(Answer::of(CheckedRef::NoEvent { reason: error.to_string() }))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The stages of the registry; `None` where the configuration is asked for them and has none.
    pub fn stages(&self, wanted: StagesWanted) -> Result<Answer<Option<Vec<StageName>>>> {
        let allowed = self.config.stages.clone();
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
        Ok(rules::check_stage(self.config.stages.as_deref(), stage)?)
    }

    /// Names that stand for commits: `HEAD`, the branches, and the tags that are not the registry's. Sorted.
    pub fn revision_names(&self) -> Result<Vec<String>> {
        let foreign = |tag: TagRef| tag.name.parse::<TagName>().is_err().then_some(tag.name);
        let mut names = self.repository.branch_names();
        names.extend(self.repository.tag_refs("")?.refs.into_iter().filter_map(foreign));
        names.push("HEAD".to_owned());
        names.sort();
        Ok(names)
    }

    /// Plans to register a version of `name` on the commit that `revision` names.
    ///
    /// # Errors
    /// [`Error::Refused`] with the reason, or that the repository, the name or the revision is none.
    pub fn plan_register(
        &self,
        name: &ArtifactName,
        revision: &str,
        wish: &Registering,
        author: &Author,
    ) -> Result<Plan> {
        if wish.bumps.len() + usize::from(wish.version.is_some()) > 1 {
            return Err(Refusal::VersionAndBump.into());
        }
        let commit = self.repository.resolve(revision)?;
        let mut plan = self.plan(name, Some(author), |rules, _| Ok(rules.register(commit, wish)?))?;
        plan.warnings.extend(self.ambiguity(revision));
        Ok(plan)
    }

    /// As [`Registry::plan_register`] on a commit that is yet to be made: tells whether it can be registered then, and is
    /// not to be carried out.
    ///
    /// # Errors
    /// As [`Registry::plan_register`].
    pub fn plan_register_next_commit(
        &self,
        name: &ArtifactName,
        wish: &Registering,
        author: &Author,
    ) -> Result<Plan> {
        self.plan(name, Some(author), |rules, _| Ok(rules.register(ObjectId::NONE, wish)?))
    }

    /// Plans to assign `stage` to the version of `name` that `target` names.
    ///
    /// # Errors
    /// As [`Registry::plan_register`].
    pub fn plan_assign(
        &self,
        name: &ArtifactName,
        stage: &StageName,
        target: &AssignTarget,
        wish: &TagWish,
        author: &Author,
    ) -> Result<Plan> {
        self.plan(name, Some(author), |rules, _| Ok(rules.assign(stage, target, wish)?))
    }

    /// Plans to take `version` of `name` out of `stage`, by a tag or by deleting those about it.
    ///
    /// # Errors
    /// As [`Registry::plan_register`].
    pub fn plan_unassign(
        &self,
        name: &ArtifactName,
        version: &Version,
        stage: &StageName,
        undo: Undo,
        wish: &TagWish,
        author: &Author,
    ) -> Result<Plan> {
        let author = (undo == Undo::ByTag).then_some(author);
        self.plan(name, author, |rules, _| Ok(rules.unassign(stage, version, undo, wish)?))
    }

    /// Plans to take `version` of `name` out of use, by a tag or by deleting its tags.
    ///
    /// # Errors
    /// As [`Registry::plan_register`].
    pub fn plan_deregister(
        &self,
        name: &ArtifactName,
        version: &Version,
        undo: Undo,
        wish: &TagWish,
        author: &Author,
    ) -> Result<Plan> {
        let author = (undo == Undo::ByTag).then_some(author);
        self.plan(name, author, |rules, _| Ok(rules.deregister(version, undo, wish)?))
    }

    /// Plans to deprecate `name`, by a tag on the commit of its newest event unless `revision` names another, or by
    /// deleting all its tags.
    ///
    /// # Errors
    /// As [`Registry::plan_register`].
    pub fn plan_deprecate(
        &self,
        name: &ArtifactName,
        revision: Option<&str>,
        undo: Undo,
        wish: &TagWish,
        author: &Author,
    ) -> Result<Plan> {
        let author = (undo == Undo::ByTag).then_some(author);
        let mut plan = self.plan(name, author, |rules, head| {
            if undo == Undo::ByDeletion {
                return Ok(rules.delete(wish)?);
            }
            let commit = match revision {
                Some(revision) => Some(self.repository.resolve(revision)?),
                None => self.newest_commit(name, rules.artifact, head)?,
            };
            let commit = commit.ok_or_else(|| Refusal::ArtifactNotFound { name: name.to_string() })?;
            Ok(rules.deprecate(commit, wish)?)
        })?;
        plan.warnings.extend(revision.and_then(|revision| self.ambiguity(revision)));
        Ok(plan)
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

    /// Plans what `build` does to an artifact. Without `author` nothing is written that would need one.
    fn plan(
        &self,
        name: &ArtifactName,
        author: Option<&Author>,
        build: impl FnOnce(&Rules<'_>, SeenHead) -> Result<Plan>,
    ) -> Result<Plan> {
        let tags = self.tags_of(name)?;
        let seen = SeenTags { artifact: name.clone(), digest: tags.digest_of_names() };
        // A ref that cannot be read is no event, yet its name and its counter are taken.
        let mut inventory = TagInventory::default();
        for tag in tags.refs.iter().map(|tag| &tag.name).chain(&tags.broken) {
            if let Ok(parsed) = tag.parse() {
                inventory.add(tag, &parsed);
            }
        }
        let head = tags.head;
        let scan = self.read_scan(name, tags, Want::NoMessages);
        // First of all: what is planned from a part of the tags may undo what the others say (decision D27).
        damage::refuse(self.damaged(&scan))?;
        for (tag, name) in scan.not_events() {
            inventory.hold(tag, &name);
        }
        let warnings = self.warnings_of(&scan);
        let events = scan.events;
        let is_new_artifact = events.is_empty();
        let known_stages: HashSet<StageName> =
            events.iter().filter_map(|event| event.stage().cloned()).collect();
        let artifact = if is_new_artifact && self.annotated_at(name, head).is_none() {
            None
        } else {
            Some(Artifact::from_events(name.clone(), events))
        };
        let writer = match author {
            Some(author) => self.writer(author)?,
            None => Writer::nobody(self.environment.now()),
        };
        let rules = Rules {
            name,
            artifact: artifact.as_ref(),
            inventory: &inventory,
            allowed_stages: self.config.stages.as_deref(),
            writer: &writer,
            is_valid_tag: git::is_valid_tag_name,
        };
        let mut plan = build(&rules, head)?;
        if let Some(author) = author {
            plan.signing = self.repository.signing(&author.sign)?;
        }
        plan.warnings.extend(self.also_unfetched(warnings));
        plan.seen = vec![seen];
        plan.is_new_artifact = is_new_artifact;
        plan.new_stage = plan.assigned_stage().filter(|stage| !known_stages.contains(*stage)).cloned();
        Ok(plan)
    }

    fn writer(&self, author: &Author) -> Result<Writer> {
        let variable = |name: &str| match name {
            "GIT_COMMITTER_NAME" if author.name.is_some() => author.name.clone(),
            "GIT_COMMITTER_EMAIL" if author.email.is_some() => author.email.clone(),
            _ => self.environment.variable(name),
        };
        let (name, email) = self.repository.committer(&variable)?;
        let now = self.environment.now();
        let date = self.environment.variable("GIT_COMMITTER_DATE").filter(|text| !text.is_empty());
        let date = match date {
            Some(text) => {
                let read = self.repository.committer_date(&text)?;
                Some(read.ok_or(Error::InvalidCommitterDate { text })?)
            }
            None => None,
        };
        Ok(Writer { name, email, now, date })
    }

    /// The commit of whatever was said of an artifact last, its commits and its current annotation included.
    fn newest_commit(
        &self,
        name: &ArtifactName,
        artifact: Option<&Artifact>,
        head: SeenHead,
    ) -> Result<Option<ObjectId>> {
        let Some(artifact) = artifact else { return Ok(self.repository.head_commit_seen(head)?) };
        let events = artifact.events().iter().map(|event| (event.tagger.time.seconds(), event.commit));
        let annotated = self.annotated_at(name, head);
        let commits = artifact.versions().map(|version| version.commit()).chain(annotated);
        let commits =
            commits.collect::<BTreeSet<_>>().into_iter().filter_map(|id| self.repository.commit(id).ok());
        let commits = commits.map(|commit| (commit.committer.time.seconds(), commit.id));
        // `max_by_key` gives the last of equals: an event rather than a commit of the same second.
        let newest = commits.chain(events).max_by_key(|(seconds, _)| *seconds);
        Ok(newest.map(|(_, commit)| commit))
    }

    /// The current commit, if it annotates the artifact.
    fn annotated_at(&self, name: &ArtifactName, head: SeenHead) -> Option<ObjectId> {
        let head = self.repository.head_commit_seen(head).ok().flatten()?;
        (!self.files().of(head, name).is_empty()).then_some(head)
    }

    /// The state of one artifact, with what the current commit's annotation file adds to it.
    fn read(&self, name: &ArtifactName, files: &mut CommitFiles<'_>) -> Result<(State, Vec<Warning>)> {
        let tags = self.tags_of(name)?;
        let head = tags.head;
        let scan = self.read_scan(name, tags, Want::Everything);
        let warnings = self.warnings_of(&scan);
        let mut state = State::from_events(scan.events);
        if let Ok(Some(head)) = self.repository.head_commit_seen(head)
            && !files.of(head, name).is_empty()
        {
            state.annotate(head, [name.clone()]);
        }
        Ok((state, warnings))
    }

    /// Reads the tags of one artifact.
    fn scan(&self, name: &ArtifactName, want: Want) -> Result<Scan> {
        Ok(self.read_scan(name, self.tags_of(name)?, want))
    }

    /// Reads these tags of one artifact.
    fn read_scan(&self, name: &ArtifactName, tags: TagRefs, want: Want) -> Scan {
        let TagRefs { refs, broken, .. } = tags;
        Scan { broken, ..Scan::of(name, refs, |tags| self.repository.read_tags(tags, want)) }
    }

    /// The tags of one artifact, found by prefix.
    fn tags_of(&self, name: &ArtifactName) -> std::result::Result<TagRefs, git::GitError> {
        let name = name.in_tag();
        self.repository.tag_refs_with(&[&format!("{name}#"), &format!("{name}@")])
    }

    /// The annotation files of commits, each read once.
    fn files(&self) -> CommitFiles<'_> {
        CommitFiles::new(&self.repository, &self.config.index)
    }

    /// With the warning of what a partial clone left out and could not fetch: annotations may be absent for that.
    fn also_unfetched(&self, mut warnings: Vec<Warning>) -> Vec<Warning> {
        warnings.extend(self.repository.unfetched().map(|reason| Warning::Unfetched { reason }));
        warnings
    }

    /// Reads the commits of the wanted versions and what the annotation files in them say, each once.
    fn enrich(
        &self,
        state: &mut State,
        files: &mut CommitFiles<'_>,
        wanted: impl Fn(VersionView<'_>) -> bool,
    ) {
        if self.repository.is_partial() {
            let versions = state.artifacts_by_name().into_iter().flat_map(Artifact::versions);
            let versions = versions.filter(|version| wanted(*version));
            files.bring(versions.map(|version| (version.artifact().name(), version.commit())));
        }
        state.enrich(wanted, |name, id| {
            let commit = files.commit(id)?.clone();
            Some(Enrichment { commit, annotations: files.of(id, name) })
        });
    }
}

impl Scan {
    /// The tags with registry names that are no events, although Git can read them (decisions D5 and D22).
    fn not_events(&self) -> impl Iterator<Item = (&str, TagName)> {
        let unreadable = self.unreadable.iter().map(|(tag, _)| tag.name.as_str());
        let names = self.lightweight.iter().map(String::as_str).chain(unreadable);
        names.filter_map(|tag| Some((tag, tag.parse().ok()?)))
    }

    fn add(&mut self, tag: TagRef, name: TagName, object: TagObject) {
        match object {
            TagObject::Annotated { .. } if name.action == Action::Create => self.creations.push(tag.name),
            TagObject::Annotated { tag_id, commit, tagger, message, name_sum } => {
                if name_sum != git::name_sum(tag.name.as_bytes()) {
                    self.renamed.push((tag.name.clone(), tag_id));
                }
                self.events.push(Event {
                    tag: tag.name,
                    tag_id,
                    name,
                    commit,
                    tagger,
                    message: message.trim().to_owned(),
                });
            }
            TagObject::Lightweight { .. } => self.lightweight.push(tag.name),
            TagObject::Unreadable(why) => self.unreadable.push((tag, why)),
        }
    }
}

/// The warning of tags that are no events, if there are any (decision D22).
fn lightweight_warning(tags: Vec<String>) -> Vec<Warning> {
    if tags.is_empty() { Vec::new() } else { vec![Warning::LightweightTags(tags)] }
}

/// The warning of tags that have another name inside, if there are any.
fn renamed_warning(tags: Vec<String>) -> Option<Warning> {
    (!tags.is_empty()).then_some(Warning::RenamedTags(tags))
}

fn read_config(repository: &Repository, environment: &Environment) -> Result<Config> {
    let file = config_file::read(repository)?;
    let file = file.as_ref().map(|(path, bytes)| (path.as_str(), bytes.as_slice()));
    Ok(Config::read(file, &|name| environment.variable(name))?)
}

/// Adds the commits of the branches that annotate an artifact; that of `HEAD` is there already.
fn annotate(
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

/// The content of a file, which must be one if it is there. A link may not lead out of the repository. One byte more than `max_size` is read at
/// most, so that the reader can tell that the file is too large.
fn read_file_inside(root: &Path, path: &Path, max_size: usize) -> Result<Option<Vec<u8>>> {
    let unreadable = |source: io::Error| Error::UnreadableFile { path: path.to_owned(), source };
    let real = match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        real => real.map_err(unreadable)?,
    };
    if !real.starts_with(root.canonicalize().map_err(unreadable)?) {
        let outside = "it is a link that leads out of the repository";
        return Err(unreadable(io::Error::new(io::ErrorKind::PermissionDenied, outside)));
    }
    // Nobody may come to read from the other end of a pipe.
    if !real.is_file() {
        let why = if real.is_dir() { "it is a folder" } else { "it is not a regular file" };
        return Err(unreadable(io::Error::new(io::ErrorKind::InvalidInput, why)));
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(max_size).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::open(real)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    Ok(Some(bytes))
}
