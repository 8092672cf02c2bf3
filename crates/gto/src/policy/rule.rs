//! The policy as values: what `.gto-policy.yaml` says.

use semver::VersionReq;

use crate::event::EventKind;
use crate::name::{ArtifactName, StageName};

use super::baseline::Baseline;
use super::facts::TagSignature;
use super::glob::Glob;
use super::people::{Group, Key, Person};
use super::span::{Moment, Span};

/// Where something is in the policy's file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Place {
    /// The line, from 1; 0 for what holds without being written.
    pub line: usize,
}

impl Place {
    /// What holds wherever there is a policy.
    pub const DEFAULT: Self = Self { line: 0 };
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => f.pad(Policy::FILE_NAME),
            line => write!(f, "{}:{line}", Policy::FILE_NAME),
        }
    }
}

/// A promotion policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// What signed tags must name, so that none can be used in a fork.
    pub registry: Option<String>,
    /// The people that rules name.
    pub groups: Vec<Group>,
    /// Who may change the policy itself.
    pub guard: Option<Guard>,
    /// All rules that fit must hold.
    pub rules: Vec<Rule>,
    /// Who may do without the rules.
    pub break_glass: Option<BreakGlass>,
    /// Who may say for whom a tag is made.
    pub service: Option<Service>,
    /// How far behind the server's clock a pushed tag may be.
    pub max_age: Span,
    /// The tags that were there before the policy, from `.gto-policy/baseline`.
    pub baseline: Baseline,
}

impl Policy {
    /// The file, at the root of the repository.
    pub const FILE_NAME: &str = ".gto-policy.yaml";
    /// The folder with the public keys.
    pub const KEYS_FOLDER: &str = ".gto-policy/keys";
    /// The file with the baseline.
    pub const BASELINE_FILE: &str = ".gto-policy/baseline";
    /// Larger files are refused.
    pub const MAX_SIZE: usize = 1 << 20;
    /// How far ahead of the server's clock a pushed tag may be.
    pub const MAX_AHEAD: i64 = 600;

    /// The group of that name. The reader has checked that those in rules exist.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// Whether a key, or an address that is bound to it, is in one of these groups.
    pub(super) fn is_in(&self, groups: &[String], key: &Key, addresses: &[String]) -> bool {
        groups.iter().filter_map(|name| self.group(name)).any(|group| group.has(key, addresses))
    }

    /// For whom a key signed: itself, or whom a service names.
    pub(super) fn person(&self, signature: &TagSignature) -> Option<Person> {
        let (key, addresses) = (signature.key.clone()?, signature.addresses.clone());
        let is_service =
            self.service.as_ref().is_some_and(|service| self.is_in(&service.by, &key, &addresses));
        match &signature.trailers.actor {
            Some(actor) if is_service => Some(Person::Address(actor.clone())),
            _ => Some(Person::Key(key, addresses)),
        }
    }

    /// Whether somebody is in one of these groups.
    pub(super) fn has_person(&self, groups: &[String], person: &Person) -> bool {
        match person {
            Person::Key(key, addresses) => self.is_in(groups, key, addresses),
            Person::Address(address) => self.has_address(groups, address),
        }
    }

    /// Whether one of these groups names an address like this one.
    pub(super) fn has_address(&self, groups: &[String], address: &str) -> bool {
        groups.iter().filter_map(|name| self.group(name)).any(|group| group.has_address(address))
    }

    /// Whether somebody with this key may change the policy, or with an address that is bound to it.
    pub fn may_change(&self, guard: &Guard, key: &Key, addresses: &[String]) -> bool {
        self.is_in(&guard.by, key, addresses)
    }

    /// Whether somebody with this key may say for whom a tag is made.
    pub fn may_serve(&self, service: &Service, key: &Key, addresses: &[String]) -> bool {
        self.is_in(&service.by, key, addresses)
    }

    /// The rules of a stage of an artifact; those for one kind of event included.
    pub fn rules_of_stage<'a>(
        &'a self,
        artifact: &ArtifactName,
        stage: &'a StageName,
    ) -> impl Iterator<Item = &'a Rule> {
        let name = artifact.as_str().to_owned();
        self.rules
            .iter()
            .filter(move |rule| rule.stage.as_ref() == Some(stage) && rule.artifact.matches(&name))
    }
}

/// Who may change the policy, its keys and its baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// The line.
    pub place: Place,
    /// Groups.
    pub by: Vec<String>,
}

/// Who may do without the rules, by a tag with a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakGlass {
    /// The line.
    pub place: Place,
    /// Groups.
    pub by: Vec<String>,
}

/// Services that make tags for others: in a tag that one of them signed, who acts is the one that `Gto-Actor:` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The line.
    pub place: Place,
    /// Groups.
    pub by: Vec<String>,
}

/// An event in a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventWord {
    /// A tag of this kind is made.
    Made(EventKind),
    /// A tag is deleted, or moved to another object.
    Delete,
}

impl EventWord {
    /// All words, as a policy writes them.
    pub const ALL: [(&str, Self); 6] = [
        ("register", Self::Made(EventKind::Registration)),
        ("deregister", Self::Made(EventKind::Deregistration)),
        ("assign", Self::Made(EventKind::Assignment)),
        ("unassign", Self::Made(EventKind::Unassignment)),
        ("deprecate", Self::Made(EventKind::Deprecation)),
        ("delete", Self::Delete),
    ];
}

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Where it begins.
    pub place: Place,
    /// For artifacts whose full names match.
    pub artifact: Glob,
    /// For changes of what this stage shows; `None` if the rule is for `events`.
    pub stage: Option<StageName>,
    /// Only for these events; empty for all.
    pub events: Vec<EventWord>,
    /// The version was shown in one of these stages.
    pub from: Vec<StageName>,
    /// The version was shown in each of these stages.
    pub from_all: Vec<StageName>,
    /// For how long, in all.
    pub soak: Option<Span>,
    /// Its commit is in the history of one of these branches; empty for any.
    pub branches: Vec<Glob>,
    /// Groups of people, one of whom signed; empty for anyone.
    pub by: Vec<String>,
    /// Whether the tag must be signed.
    pub signature: bool,
    /// Whether the tagger's address is taken for who signed.
    pub trusts_unsigned: bool,
    /// The approvals that are wanted.
    pub approvals: Option<Approvals>,
    /// The versions that may be shown.
    pub version: Option<VersionRule>,
    /// When nothing may change.
    pub freeze: Option<Freeze>,
    /// Whether what was shown in the stage before may come back without `from`, `soak` and `freeze`.
    pub rollback: bool,
    /// Who may push a deletion; `None` if the rule is for none.
    pub pusher: Vec<String>,
}

impl Rule {
    /// A rule that asks for nothing, for changes of this stage.
    pub fn of_stage(stage: StageName) -> Self {
        Self {
            place: Place::DEFAULT,
            artifact: Glob::everything(),
            stage: Some(stage),
            events: Vec::new(),
            from: Vec::new(),
            from_all: Vec::new(),
            soak: None,
            branches: Vec::new(),
            by: Vec::new(),
            signature: false,
            trusts_unsigned: false,
            approvals: None,
            version: None,
            freeze: None,
            rollback: false,
            pusher: Vec::new(),
        }
    }

    /// Whether the rule is about deletions and moves of tags.
    pub fn is_about_deletion(&self) -> bool {
        self.events.contains(&EventWord::Delete)
    }

    /// Whether it asks anything of the version.
    pub(super) fn is_about_version(&self) -> bool {
        self.wants_version() || !self.branches.is_empty()
    }

    /// Whether the version must be a registered one.
    pub(super) fn wants_version(&self) -> bool {
        !self.from.is_empty()
            || !self.from_all.is_empty()
            || self.version.is_some()
            || self.approvals.is_some()
    }
}

/// The approvals that a rule wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvals {
    /// By how many people.
    pub count: usize,
    /// Of these groups; empty for anyone with a key of the policy.
    pub by: Vec<String>,
    /// Whether the one who makes the tag counts for nothing.
    pub not_self: bool,
}

/// The versions that a rule allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRule {
    /// As cargo reads it: `>=1.0.0, <3`. Pre-releases match only a range that names one of the same three numbers.
    pub range: Option<VersionReq>,
    /// Whether pre-releases are allowed.
    pub prerelease: Prerelease,
}

/// Whether pre-releases are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prerelease {
    /// As the range says.
    #[default]
    Allow,
    /// Never.
    Deny,
}

/// A time in which nothing may change: both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freeze {
    /// Its beginning.
    pub from: Moment,
    /// Its end.
    pub to: Moment,
}

impl Freeze {
    /// Whether that second is in it.
    pub fn has(&self, seconds: i64) -> bool {
        (self.from.first..=self.to.last).contains(&seconds)
    }
}
