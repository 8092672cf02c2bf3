//! Plans: what a write will do, before it does it.
//!
//! A plan is a value. It can be printed, kept as JSON, and applied later: it says which tags and texts it was made from, so
//! that it is refused once these have changed. Building one is `rules`' job, applying it `registry`'s.

use serde::{Deserialize, Serialize};

use crate::annotation::Source;
use crate::author::Author;
use crate::damage::{self, DamagedTag};
use crate::event::EventKind;
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::policy::{Check, Judgement, Outcome};
use crate::signature::Signature;
use crate::signing::Signing;
use crate::version::{Version, VersionLabel};

/// What a write will do to the tags of a repository, or to its annotation files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The changes, in the order of the output.
    pub steps: Vec<Step>,
    /// Warnings for the caller, before or after.
    pub warnings: Vec<Warning>,
    /// Whether its artifact has no event yet.
    pub is_new_artifact: bool,
    /// The highest version that is in use before it; `None` if there is none, or the plan is of several artifacts.
    pub latest: Option<VersionLabel>,
    /// The stage to assign, if no event of the artifact has named it yet.
    pub new_stage: Option<StageName>,
    /// How its new tags will be signed; `None` if they will not be.
    pub signing: Option<Signing>,
    /// Artifacts that are what they were at a version, so that nothing is done about them.
    pub unchanged: Vec<Unchanged>,
    /// What is so already as it was asked for, in sentences without an end.
    #[serde(default)]
    pub already: Vec<String>,
    /// The stages that get another version than they showed, where the question was about the stage.
    #[serde(default)]
    pub moves: Vec<Move>,
    /// The tags that the remote would get or lose, where that was asked for.
    pub to_push: Vec<String>,
    /// The change of annotation files, if that is what is to be done.
    pub files: Option<AnnotationPlan>,
    /// The tags that it was made from.
    pub seen: Vec<SeenTags>,
    /// What the policy says; `None` without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyVerdict>,
}

/// That a plan keeps the policy, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyVerdict {
    /// The commit that the policy is in.
    pub commit: ObjectId,
    /// What named it.
    pub source: String,
    /// The conditions that were held against the new tags.
    pub checks: Vec<PolicyCheck>,
    /// Why rules are not kept, by somebody who may say so.
    pub overridden: Option<String>,
    /// Whether the tags will be signed, and are judged again then.
    pub is_signature_open: bool,
}

/// A condition that holds, or that was overridden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyCheck {
    /// The rule, as `.gto-policy.yaml:12`.
    pub rule: String,
    /// What it asks for.
    pub wanted: String,
    /// What was found.
    pub found: String,
}

impl PolicyVerdict {
    pub(crate) fn add(&mut self, judgement: Judgement) {
        self.overridden = self.overridden.take().or(judgement.overridden);
        let check = |check: Check| PolicyCheck {
            rule: check.rule.to_string(),
            wanted: check.wanted,
            found: match check.outcome {
                Outcome::Fulfilled(found) | Outcome::Violated(found, _) | Outcome::Unknown(found) => found,
            },
        };
        self.checks.extend(judgement.checks.into_iter().map(check));
    }
}

/// The new texts of annotation files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnnotationPlan {
    /// The files that change; none if everything is as it should be already.
    pub edits: Vec<FileEdit>,
    /// What a commit of them is called.
    pub message: String,
    /// Who commits them.
    pub author: Author,
    /// The artifacts that move from one file to another.
    pub moved: Vec<ArtifactName>,
    /// The entries that were to move and cannot, without control characters, and why: artifacts, and what has the place of one.
    pub stays: Vec<Stay>,
    /// Whether nothing may be done while some stay.
    pub must_be_whole: bool,
    /// What it is about, whether that changes or not.
    pub(crate) planned: Vec<Planned>,
}

/// An entry of an annotation file that cannot move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// Its name.
    pub name: String,
    /// Why, in one clause.
    pub reason: String,
}

/// Which entries of a file a plan is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Planned {
    pub file: String,
    pub source: Source,
    /// The text of the file now.
    pub text: Option<String>,
    /// Their names, as the file has them.
    pub entries: Vec<String>,
}

/// The change of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEdit {
    /// The file, from the root of the repository.
    pub file: String,
    /// Its text now; `None` if there is no file.
    pub before: Option<String>,
    /// Its text to be; `None` if there is to be no file.
    pub after: Option<String>,
}

impl FileEdit {
    /// What is done with the file, as a message begins: it is new, goes, or stays with another text.
    pub fn done(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, Some(_)) => "Created",
            (_, None) => "Removed",
            (Some(_), Some(_)) => "Updated",
        }
    }
}

impl AnnotationPlan {
    /// The files that it is about.
    pub(crate) fn files(&self) -> Vec<&str> {
        self.planned.iter().map(|planned| planned.file.as_str()).collect()
    }

    /// Whether it may be carried out: nothing stays that must not.
    pub fn is_whole(&self) -> bool {
        !self.must_be_whole || self.stays.is_empty()
    }
}

/// A stage of an artifact that gets another version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The artifact.
    pub artifact: ArtifactName,
    /// The stage.
    pub stage: StageName,
    /// What it showed; `None` if nothing.
    pub from: Option<VersionLabel>,
    /// What it will show.
    pub to: VersionLabel,
}

/// An artifact that is what it was at a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unchanged {
    /// The artifact.
    pub artifact: ArtifactName,
    /// The version.
    pub version: VersionLabel,
    /// Whether it was deregistered: such a version is not registered again.
    pub withdrawn: bool,
}

/// The tags of an artifact as they were when a plan was made, in short: what was chosen from others must not be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenTags {
    /// The artifact.
    pub artifact: ArtifactName,
    /// How many tags it had.
    pub tags: usize,
    /// A digest of their names and of what they point to. It need not be safe from people who try to make other tags alike: who
    /// can do that can make the tags.
    pub digest: String,
    /// A digest of their names alone, which is found sooner. It holds within one process.
    #[serde(skip)]
    pub(crate) names: Option<u64>,
}

impl SeenTags {
    /// Tags with what each points to; in any order.
    pub(crate) fn of<'a>(
        artifact: ArtifactName,
        names: u64,
        tags: impl Iterator<Item = (&'a str, Option<ObjectId>)>,
    ) -> Self {
        let mut count = 0;
        let digest = tags.fold(0u64, |sum, (name, target)| {
            count += 1;
            sum.wrapping_add(fnv(&[name.as_bytes(), &[0], target.as_ref().map_or(&[], ObjectId::as_bytes)]))
        });
        Self { artifact, tags: count, digest: format!("{digest:016x}"), names: Some(names) }
    }

    /// Whether these are the same tags.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (&self.artifact, self.tags, &self.digest) == (&other.artifact, other.tags, &other.digest)
    }
}

/// The hash FNV-1a of these bytes: unlike those of the standard library it is the same for every build.
fn fnv(parts: &[&[u8]]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.iter());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Plan {
    /// Takes in what another plan does, to another artifact.
    pub(crate) fn join(&mut self, other: Self) {
        self.steps.extend(other.steps);
        for warning in other.warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        self.unchanged.extend(other.unchanged);
        self.moves.extend(other.moves);
        self.already.extend(other.already);
        self.signing = self.signing.take().or(other.signing);
        self.seen.extend(other.seen);
    }

    /// The stage that the plan assigns, if it does.
    pub(crate) fn assigned_stage(&self) -> Option<&StageName> {
        self.created().find(|tag| tag.kind == EventKind::Assignment)?.stage.as_ref()
    }

    /// Whether the plan registers a version.
    pub fn registers(&self) -> bool {
        self.created().any(|tag| tag.kind == EventKind::Registration)
    }

    fn created(&self) -> impl Iterator<Item = &NewTag> {
        self.steps.iter().filter_map(|step| match step {
            Step::Create(tag) => Some(tag),
            Step::Delete(_) | Step::Approve(_) => None,
        })
    }
}

/// One change of one tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Step {
    /// Makes a tag that must not exist.
    Create(NewTag),
    /// Removes a tag that must be as it was read.
    Delete(OldTag),
    /// Makes the tag of an approval, or of its withdrawal, that must not exist.
    Approve(NewApproval),
}

impl Step {
    /// The tag's name.
    pub fn tag(&self) -> &str {
        match self {
            Self::Create(tag) => &tag.name,
            Self::Delete(tag) => &tag.name,
            Self::Approve(tag) => &tag.name,
        }
    }
}

/// A tag to make: an event to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTag {
    /// The tag's name.
    pub name: String,
    /// Whose event.
    pub artifact: ArtifactName,
    /// What happens.
    pub kind: EventKind,
    /// To which version; `None` for a deprecation.
    pub version: Option<VersionLabel>,
    /// In which stage, if it is about one.
    pub stage: Option<StageName>,
    /// The commit that the tag will be on.
    pub commit: ObjectId,
    /// The tag's message.
    pub message: String,
    /// Who makes it, and when.
    pub tagger: Signature,
}

impl NewTag {
    /// What the tag does, to follow "Created git tag 'x'".
    pub fn effect(&self) -> String {
        let version = self.version.as_ref().map(ToString::to_string).unwrap_or_default();
        match self.kind {
            EventKind::Registration => "that registers version".to_owned(),
            EventKind::Deregistration => "that deregisters version".to_owned(),
            EventKind::Assignment => format!("that assigns stage to version '{version}'"),
            EventKind::Unassignment => format!("that unassigns stage from version '{version}'"),
            EventKind::Deprecation => "that deprecates artifact".to_owned(),
        }
    }
}

/// An approval to make, or its withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewApproval {
    /// The tag's name.
    pub name: String,
    /// The artifact.
    pub artifact: ArtifactName,
    /// The version that is approved.
    pub version: Version,
    /// The stage that it is approved for.
    pub stage: StageName,
    /// Whether an approval is taken back.
    pub is_withdrawal: bool,
    /// The commit of the version.
    pub commit: ObjectId,
    /// The tag's message.
    pub message: String,
    /// Who approves, and when.
    pub tagger: Signature,
}

impl NewApproval {
    /// What the tag does, to follow "Created git tag 'x'".
    pub fn effect(&self) -> String {
        let Self { version, stage, .. } = self;
        let what = if self.is_withdrawal { "that withdraws the approval of" } else { "that approves" };
        format!("{what} version '{version}' for stage '{stage}'")
    }
}

/// A tag to remove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldTag {
    /// The tag's name.
    pub name: String,
    /// What its ref points to now.
    pub target: ObjectId,
}

/// A warning for the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "about", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Warning {
    /// Tags that have registry names and are no annotated tags, so that they are no events (decision D22).
    LightweightTags(Vec<String>),
    /// Tags that have another name inside than that of their ref: copies, or renamed.
    RenamedTags(Vec<String>),
    /// Tags that violate the promotion policy, so that they count as absent for a reader that obeys it.
    ViolatingTags {
        /// What named the commit that the policy is in.
        source: String,
        /// The tags, and what of each is not as the policy wants it.
        tags: Vec<(String, String)>,
        /// The command that fetches approvals which may not be here, if they would change that.
        fetch: Option<String>,
    },
    /// Tags of the registry that cannot be read, so that an answer may be the one of before (decision D27).
    DamagedTags(Vec<DamagedTag>),
    /// Stages show this version, and will show another or nothing.
    LeavesStages {
        /// The artifact.
        artifact: ArtifactName,
        /// The version that is taken out of use.
        version: VersionLabel,
        /// The stages, with what they will show.
        stages: Vec<(StageName, Option<VersionLabel>)>,
    },
    /// The artifact is in stages, which will show nothing of it.
    EmptiesStages {
        /// The artifact that is taken out of use.
        artifact: ArtifactName,
        /// The stages, with what they show.
        stages: Vec<(StageName, VersionLabel)>,
    },
    /// A version number that is passed over, because a tag that is no event has its name (decision D28).
    VersionHeld {
        /// The number.
        version: Version,
        /// The tag.
        tag: String,
    },
    /// The event clock is ahead of the real one by this number of seconds (decision D3).
    ClockAhead {
        /// The tag that gets a time in the future.
        tag: String,
        /// How far ahead, in seconds.
        seconds: i64,
    },
    /// A partial clone lacks files that its remote did not give, so that annotations may be absent.
    Unfetched {
        /// Git's message.
        reason: String,
    },
    /// Places of objects cannot be used. What was asked for was found elsewhere, unless another warning says so.
    ObjectStore {
        /// What is wrong with each, in Git's words.
        faults: Vec<String>,
    },
    /// A part of an annotation that is shown cannot be used.
    Annotation {
        /// Which, and why.
        text: String,
    },
    /// More than one ref has the name that a revision begins with (decision D29).
    AmbiguousRef {
        /// The name.
        name: String,
        /// What it may mean: first what it was taken for. None if only Git knows.
        candidates: Vec<String>,
    },
    /// `GIT_COMMITTER_DATE` puts the event before others of its artifact, which then count more.
    DatedBack {
        /// The tag.
        tag: String,
    },
    /// This clone lacks tags, so that a version may be registered which exists already on the remote, or a wrong one chosen.
    LackingTags {
        /// Whether its history is cut off; else it has no tags at all.
        is_shallow: bool,
    },
    /// GitHub starts no workflow for a push of so many tags.
    NoWorkflows {
        /// The remote.
        remote: String,
        /// How many tags go in one push.
        tags: usize,
    },
    /// Only planned: Git pushes to several addresses for the remote, and carrying it out is refused.
    ManyAddresses {
        /// The remote.
        remote: String,
        /// How many addresses.
        addresses: usize,
    },
}

/// The first tags, in quotes, and how many more there are.
fn first_three(tags: &[String]) -> String {
    let shown = tags.iter().take(3).map(String::as_str).collect::<Vec<_>>().join("', '");
    if tags.len() > 3 { format!("'{shown}' and {} more", tags.len() - 3) } else { format!("'{shown}'") }
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::LightweightTags(tags) => write!(
                f,
                "skipped lightweight tags, only annotated tags are events: {} \
                 (a CI checkout often makes them; `gto doctor` shows how to fix it)",
                first_three(tags)
            ),
            Self::RenamedTags(tags) => write!(
                f,
                "tags that were made under another name, and copied or renamed: {} (`gto doctor` shows that name)",
                first_three(tags)
            ),
            Self::ViolatingTags { source, tags, fetch } => {
                match tags.as_slice() {
                    [(tag, why)] => {
                        write!(f, "tag '{tag}' violates the policy of {source} and counts as absent: {why}")?;
                    }
                    tags => {
                        let names: Vec<String> = tags.iter().map(|(tag, _)| tag.clone()).collect();
                        write!(
                            f,
                            "{} tags violate the policy of {source} and count as absent: {} (`gto policy check` shows why)",
                            names.len(),
                            first_three(&names)
                        )?;
                    }
                }
                fetch.iter().try_for_each(|fetch| {
                    write!(f, "; approvals may be missing here: `{fetch}` fetches them")
                })
            }
            Self::DamagedTags(tags) => {
                let what = if tags.len() == 1 { "what it says" } else { "what they say" };
                write!(f, "{}; {what} is left out (`gto doctor` shows the fix)", damage::sentence(tags))
            }
            Self::LeavesStages { artifact, version, stages } => {
                let will_show = |(stage, next): &(StageName, Option<VersionLabel>)| {
                    let next = next.as_ref().map_or_else(|| "nothing".to_owned(), VersionLabel::short);
                    format!("stage '{stage}', which will show {next}")
                };
                let stages = stages.iter().map(will_show).collect::<Vec<_>>().join(", and in ");
                write!(f, "version '{}' of '{artifact}' is in {stages}", version.short())
            }
            Self::EmptiesStages { artifact, stages } => {
                let shows =
                    |(stage, shown): &(StageName, VersionLabel)| format!("'{stage}' ({})", shown.short());
                let stages = stages.iter().map(shows).collect::<Vec<_>>().join(", ");
                write!(f, "artifact '{artifact}' is in stage {stages}, which will show nothing of it")
            }
            Self::VersionHeld { version, tag } => {
                write!(f, "version '{version}' is passed over: the tag '{tag}' has its name and is no event")
            }
            Self::ManyAddresses { remote, addresses } => write!(
                f,
                "Git pushes to {addresses} addresses for the remote '{remote}': without --dry-run this is refused, since some \
                 could take a tag that others refuse"
            ),
            Self::NoWorkflows { remote, tags } => write!(
                f,
                "{tags} tags go to {remote} in one push, and GitHub starts no workflow for more than three: push three at a time \
                 (--push-batch 3), or let a scheduled workflow ask `gto ci pending`"
            ),
            Self::LackingTags { is_shallow } => write!(
                f,
                "this clone {}: versions and assignments that exist on the remote alone are not seen",
                if *is_shallow { "is shallow" } else { "has no tags" }
            ),
            Self::Unfetched { reason } => write!(
                f,
                "annotations may be absent: this clone leaves files with its remote, and they cannot be fetched ({reason})"
            ),
            Self::ObjectStore { faults } => {
                let shown = faults.iter().take(3).map(String::as_str).collect::<Vec<_>>().join("; ");
                let more = faults.len().saturating_sub(3);
                let more = if more > 0 { format!("; and {more} more") } else { String::new() };
                write!(f, "objects may be missing: {shown}{more} (`git fsck` shows what is lost)")
            }
            Self::Annotation { text } => f.write_str(text),
            Self::AmbiguousRef { name, candidates } => {
                write!(f, "refname '{name}' is ambiguous")?;
                let Some((taken, others)) = candidates.split_first() else { return Ok(()) };
                write!(f, ": '{taken}' is taken, and there is '{}' too", others.join("', '"))
            }
            Self::DatedBack { tag } => write!(
                f,
                "tag '{tag}' is dated before the newest event of its artifact, as GIT_COMMITTER_DATE asks: \
                 it may have no effect"
            ),
            Self::ClockAhead { tag, seconds } => write!(
                f,
                "tag '{tag}' gets a time {seconds} s in the future, to come after the newest event of its artifact \
                 (the clock of whoever made that one was wrong; `gto doctor` shows it)"
            ),
        }
    }
}
