//! Writes: the engine decides what is valid; this parses the arguments and makes a request of them.

use gto::compat::EventJson;
use gto::name::{ArtifactName, StageName};
use gto::plan::{Plan, Step};
use gto::query::ShowOptions;
use gto::reference::Reference;
use gto::request::Target;
use gto::rules::{Counter, Refusal, Registering, TagWish, Undo};
use gto::signing::Sign;
use gto::version::{Bump, Version};
use gto::{Applied, Author, AuthorFault, Detail, Registry, Request, WriteOptions, Written};
use gto_frontend::advice;
use gto_frontend::reports::written::{WriteReport, lines};
use pyo3::prelude::*;
use serde::Serialize;

use crate::call::{Asides, Place, Value, Work, ask_all};
use crate::error::{Argument, Problem};
use crate::questions::event_of;

/// How a write is to be made: what all writes have in common.
struct How {
    wish: TagWish,
    author: Author,
    push: Option<bool>,
    fetch: bool,
    dry_run: bool,
}

/// The arguments that all writes have in common, as a value of that.
macro_rules! how {
    ($message:ident $simple:ident $force:ident $push:ident $fetch:ident $dry_run:ident
     $author:ident $author_email:ident $sign:ident $local_user:ident $override_reason:ident) => {
        How {
            wish: TagWish {
                message: $message,
                counter: counter($simple),
                force: $force,
                ..TagWish::default()
            },
            author: Author {
                name: $author,
                email: $author_email,
                sign: sign($sign, $local_user),
                override_reason: $override_reason,
                ..Author::default()
            },
            push: $push,
            fetch: $fetch,
            dry_run: $dry_run,
        }
    };
}

fn counter(simple: Option<bool>) -> Counter {
    match simple {
        None => Counter::Auto,
        Some(true) => Counter::Omit,
        Some(false) => Counter::Force,
    }
}

fn sign(wanted: Option<bool>, key: Option<String>) -> Sign {
    match (wanted, key) {
        (Some(false), _) => Sign::Never,
        (_, Some(key)) => Sign::Always(Some(key)),
        (Some(true), None) => Sign::Always(None),
        (None, None) => Sign::AsConfigured,
    }
}

/// What was done.
struct Done {
    plan: Plan,
    applied: Applied,
    events: Vec<EventJson>,
    remote: Option<String>,
    lines: Vec<String>,
    dry_run: bool,
}

impl Serialize for Done {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Report<'a> {
            #[serde(flatten)]
            report: WriteReport<'a>,
            remote: Option<&'a str>,
            events: &'a [EventJson],
            lines: &'a [String],
        }
        Report {
            report: WriteReport::new(&self.plan, &self.applied, self.dry_run),
            remote: self.remote.as_deref(),
            events: &self.events,
            lines: &self.lines,
        }
        .serialize(serializer)
    }
}

impl How {
    /// What Git would leave out of a tag without a word is refused.
    fn check(&self) -> Work<()> {
        let complaint = match self.author.fault() {
            None => return Ok(()),
            Some(AuthorFault::Name) => "`author` cannot be empty",
            Some(AuthorFault::Email) => "`author_email` cannot contain '<', '>' or a line break",
        };
        Err(Problem::Arguments(complaint.to_owned()))
    }

    /// Carries out a request unless this is a dry run.
    fn write(&self, registry: &Registry, asides: &mut Asides, request: &Request) -> Work<Done> {
        self.check()?;
        let options = WriteOptions { push: self.push, fetch: self.fetch, ..WriteOptions::default() };
        let mut warnings = Vec::new();
        let written = if self.dry_run {
            registry.plan_with(request, &options).map(|plan| {
                warnings.clone_from(&plan.warnings);
                let applied = Applied { pushed: plan.to_push.clone(), ..Applied::default() };
                Written { plan, applied }
            })
        } else {
            registry.write_and_note(request, &options, &mut warnings)
        };
        for warning in &warnings {
            asides.say(&advice::warning(warning, registry, "fetch=True"));
        }
        self.done(registry, asides, written?, registry.pushes(&options)?)
    }

    fn done(&self, registry: &Registry, asides: &mut Asides, written: Written, push: bool) -> Work<Done> {
        let Written { plan, applied } = written;
        asides.pass_on(&applied.said);
        if let Some(failure) = applied.failure {
            return Err(gto::Error::PartialPush(Box::new(failure)).into());
        }
        let remote = registry.remote_name();
        Ok(Done {
            lines: lines(&plan, &applied, &remote, push, self.dry_run),
            events: if self.dry_run { Vec::new() } else { events(registry, &plan)? },
            remote: push.then_some(remote),
            dry_run: self.dry_run,
            plan,
            applied,
        })
    }
}

/// The events that the new tags are.
fn events(registry: &Registry, plan: &Plan) -> Work<Vec<EventJson>> {
    let mut events = Vec::new();
    for step in &plan.steps {
        if let Step::Create(tag) = step {
            events.extend(event_of(registry.check_ref(&tag.name)?.value));
        }
    }
    Ok(events)
}

/// Which version a write is about: one and only one of the two is given.
enum Which {
    Version(Version),
    On(String),
}

impl Which {
    fn read(version: Option<String>, revision: Option<String>) -> Work<Self> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        match (given(version), given(revision)) {
            (Some(version), None) => Ok(Self::Version(existing(version)?)),
            (None, Some(revision)) => Ok(Self::On(revision)),
            _ => {
                // The words of the Python tool, which had other names for its own methods.
                let complaint = "One and only one of (version, rev) must be specified.";
                let hint =
                    "give the version, or the commit that it is on (as `ref`; as `rev` to GitRegistry)";
                Err(Problem::Advised(complaint.to_owned(), hint))
            }
        }
    }

    /// The version that is meant: the one on the commit, if that is what was given.
    fn find(&self, registry: &Registry, asides: &mut Asides, name: &ArtifactName) -> Work<Version> {
        let revision = match self {
            Self::Version(version) => return Ok(version.clone()),
            Self::On(revision) => revision,
        };
        let commit = registry.resolve(revision)?;
        asides.add(registry.ambiguity(revision).as_slice());
        let all = ShowOptions { deprecated: true, ..ShowOptions::default() };
        let reference = Reference { name: name.to_string(), selector: None };
        let found = registry.show_versions(&reference, &all, Detail::Brief)?.value.versions;
        let there = found.iter().filter(|version| version.commit == commit);
        let there: Vec<&Version> = there.filter_map(|version| version.version.number()).collect();
        match there.as_slice() {
            [] => Err(Problem::Of("VersionRequired", vec![name.to_string().into()])),
            [version] => Ok((*version).clone()),
            several => {
                let several = several.iter().map(ToString::to_string).collect();
                Err(Problem::Of("ManyVersions", vec![name.to_string().into(), Argument::List(several)]))
            }
        }
    }
}

/// Reads a version where one must exist already.
fn existing(text: String) -> Work<Version> {
    text.parse().map_err(|_| Refusal::InvalidVersion { version: text }.into())
}

fn artifact(name: &str) -> Work<ArtifactName> {
    Ok(ArtifactName::from_user(name).map_err(gto::Error::Name)?)
}

fn allowed_stage(registry: &Registry, stage: Option<&str>, which: &Work<Which>) -> Work<StageName> {
    let Some(stage) = stage else {
        // The Python tool complains about a contradiction before it does about what is missing.
        return match which {
            Err(Problem::Advised(complaint, hint)) => Err(Problem::Advised(complaint.clone(), hint)),
            _ => Err(Problem::Of("MissingArg", vec!["stage".to_owned().into()])),
        };
    };
    let stage = stage.parse().map_err(gto::Error::Name)?;
    registry.check_stage(&stage)?;
    Ok(stage)
}

#[pyfunction]
#[pyo3(signature = (
    repo, name, r#ref="HEAD", *, version=None, bump_major=false, bump_minor=false, bump_patch=false,
    message=None, simple=None, force=false, push=None, fetch=false, dry_run=false, author=None, author_email=None,
    sign=None, local_user=None, override_reason=None
))]
pub fn register<'py>(
    py: Python<'py>,
    repo: Option<Place>,
    name: String,
    r#ref: Option<&str>,
    version: Option<String>,
    bump_major: bool,
    bump_minor: bool,
    bump_patch: bool,
    message: Option<String>,
    simple: Option<bool>,
    force: bool,
    push: Option<bool>,
    fetch: bool,
    dry_run: bool,
    author: Option<String>,
    author_email: Option<String>,
    sign: Option<bool>,
    local_user: Option<String>,
    override_reason: Option<String>,
) -> Value<'py> {
    let how =
        how!(message simple force push fetch dry_run author author_email sign local_user override_reason);
    let bumps = [(bump_major, Bump::Major), (bump_minor, Bump::Minor), (bump_patch, Bump::Patch)];
    ask_all(py, repo, move |registry, asides| {
        let name = artifact(&name)?;
        let wish = Registering {
            version: version.filter(|version| !version.is_empty()),
            bumps: bumps.into_iter().filter_map(|(wanted, bump)| wanted.then_some(bump)).collect(),
            message: how.wish.message.clone(),
            counter: how.wish.counter,
            force: how.wish.force,
            ..Registering::default()
        };
        if r#ref.is_none() && !how.dry_run {
            return Err(Problem::Arguments("`ref` is required".to_owned()));
        }
        let Some(revision) = r#ref else {
            how.check()?;
            let plan = registry.plan_register_next_commit(&name, &wish, &how.author)?;
            asides.add(&plan.warnings);
            let push = registry.pushes(&WriteOptions { push: how.push, ..WriteOptions::default() })?;
            return how.done(registry, asides, Written { plan, applied: Applied::default() }, push);
        };
        let request = Request::Register {
            artifact: name,
            revision: revision.to_owned(),
            new: wish,
            if_changed: false,
            author: how.author.clone(),
        };
        how.write(registry, asides, &request)
    })
}

#[pyfunction]
#[pyo3(signature = (
    repo, name, stage, *, version=None, r#ref=None, name_version=None, skip_registration=false, message=None,
    simple=None, force=false, push=None, fetch=false, dry_run=false, author=None, author_email=None, sign=None,
    local_user=None, override_reason=None
))]
pub fn assign(
    py: Python<'_>,
    repo: Option<Place>,
    name: String,
    stage: Option<String>,
    version: Option<String>,
    r#ref: Option<String>,
    name_version: Option<String>,
    skip_registration: bool,
    message: Option<String>,
    simple: Option<bool>,
    force: bool,
    push: Option<bool>,
    fetch: bool,
    dry_run: bool,
    author: Option<String>,
    author_email: Option<String>,
    sign: Option<bool>,
    local_user: Option<String>,
    override_reason: Option<String>,
) -> Value<'_> {
    let how =
        how!(message simple force push fetch dry_run author author_email sign local_user override_reason);
    ask_all(py, repo, move |registry, asides| {
        let name = artifact(&name)?;
        let which = Which::read(version, r#ref);
        let stage = allowed_stage(registry, stage.as_deref(), &which)?;
        let which = which?;
        let new = name_version.filter(|version| !version.is_empty()).map(existing).transpose()?;
        if new.is_some() && skip_registration {
            return Err(Refusal::VersionAndSkip.into());
        }
        let target = match which {
            Which::Version(version) => Target::Version(version),
            Which::On(revision) => Target::Commit { revision, version: new, skip_registration },
        };
        let (tag, author) = (how.wish.clone(), how.author.clone());
        let request = Request::Assign { artifact: name, stage, target, tag, author };
        how.write(registry, asides, &request)
    })
}

#[pyfunction]
#[pyo3(signature = (
    repo, name, stage, *, version=None, r#ref=None, shown=false, delete=false, message=None, simple=None, force=false,
    push=None, fetch=false, dry_run=false, author=None, author_email=None, sign=None, local_user=None, override_reason=None
))]
pub fn unassign(
    py: Python<'_>,
    repo: Option<Place>,
    name: String,
    stage: Option<String>,
    version: Option<String>,
    r#ref: Option<String>,
    shown: bool,
    delete: bool,
    message: Option<String>,
    simple: Option<bool>,
    force: bool,
    push: Option<bool>,
    fetch: bool,
    dry_run: bool,
    author: Option<String>,
    author_email: Option<String>,
    sign: Option<bool>,
    local_user: Option<String>,
    override_reason: Option<String>,
) -> Value<'_> {
    let how =
        how!(message simple force push fetch dry_run author author_email sign local_user override_reason);
    let is_shown = shown && version.is_none() && r#ref.is_none();
    ask_all(py, repo, move |registry, asides| {
        let name = artifact(&name)?;
        let which = Which::read(version, r#ref);
        let stage = allowed_stage(registry, stage.as_deref(), &which)?;
        let version = if is_shown { None } else { Some(which?.find(registry, asides, &name)?) };
        let (undo, tag, author) = (undo(delete), how.wish.clone(), how.author.clone());
        let request = Request::Unassign { artifact: name, version, stage, undo, tag, author };
        how.write(registry, asides, &request)
    })
}

#[pyfunction]
#[pyo3(signature = (
    repo, name, *, version=None, r#ref=None, delete=false, message=None, simple=None, force=false, push=None,
    fetch=false, dry_run=false, author=None, author_email=None, sign=None, local_user=None, override_reason=None
))]
pub fn deregister(
    py: Python<'_>,
    repo: Option<Place>,
    name: String,
    version: Option<String>,
    r#ref: Option<String>,
    delete: bool,
    message: Option<String>,
    simple: Option<bool>,
    force: bool,
    push: Option<bool>,
    fetch: bool,
    dry_run: bool,
    author: Option<String>,
    author_email: Option<String>,
    sign: Option<bool>,
    local_user: Option<String>,
    override_reason: Option<String>,
) -> Value<'_> {
    let how =
        how!(message simple force push fetch dry_run author author_email sign local_user override_reason);
    ask_all(py, repo, move |registry, asides| {
        let name = artifact(&name)?;
        let which = Which::read(version, r#ref)?;
        let version = which.find(registry, asides, &name)?;
        let (undo, tag, author) = (undo(delete), how.wish.clone(), how.author.clone());
        let request = Request::Deregister { artifact: name, version, undo, tag, author };
        how.write(registry, asides, &request)
    })
}

#[pyfunction]
#[pyo3(signature = (
    repo, name, *, r#ref=None, delete=false, message=None, simple=None, force=false, push=None, fetch=false,
    dry_run=false, author=None, author_email=None, sign=None, local_user=None, override_reason=None
))]
pub fn deprecate(
    py: Python<'_>,
    repo: Option<Place>,
    name: String,
    r#ref: Option<String>,
    delete: bool,
    message: Option<String>,
    simple: Option<bool>,
    force: bool,
    push: Option<bool>,
    fetch: bool,
    dry_run: bool,
    author: Option<String>,
    author_email: Option<String>,
    sign: Option<bool>,
    local_user: Option<String>,
    override_reason: Option<String>,
) -> Value<'_> {
    let how =
        how!(message simple force push fetch dry_run author author_email sign local_user override_reason);
    ask_all(py, repo, move |registry, asides| {
        let name = artifact(&name)?;
        let revision = r#ref.filter(|revision| !revision.is_empty());
        let (undo, tag, author) = (undo(delete), how.wish.clone(), how.author.clone());
        let request = Request::Deprecate { artifact: name, revision, undo, tag, author };
        how.write(registry, asides, &request)
    })
}

#[pyfunction]
#[pyo3(signature = (
    repo, name, stage, *, to=None, message=None, simple=None, force=false, push=None, fetch=false, dry_run=false,
    author=None, author_email=None, sign=None, local_user=None, override_reason=None
))]
pub fn rollback(
    py: Python<'_>,
    repo: Option<Place>,
    name: String,
    stage: String,
    to: Option<String>,
    message: Option<String>,
    simple: Option<bool>,
    force: bool,
    push: Option<bool>,
    fetch: bool,
    dry_run: bool,
    author: Option<String>,
    author_email: Option<String>,
    sign: Option<bool>,
    local_user: Option<String>,
    override_reason: Option<String>,
) -> Value<'_> {
    let how =
        how!(message simple force push fetch dry_run author author_email sign local_user override_reason);
    ask_all(py, repo, move |registry, asides| {
        let (artifact, stage) = (artifact(&name)?, stage.parse().map_err(gto::Error::Name)?);
        let to = to.map(existing).transpose()?;
        let request =
            Request::Rollback { artifact, stage, to, tag: how.wish.clone(), author: how.author.clone() };
        how.write(registry, asides, &request)
    })
}

#[pyfunction]
#[pyo3(signature = (
    repo, names, from_stage, to_stage, *, message=None, simple=None, force=false, push=None, fetch=false,
    dry_run=false, author=None, author_email=None, sign=None, local_user=None, override_reason=None
))]
pub fn promote(
    py: Python<'_>,
    repo: Option<Place>,
    names: Vec<String>,
    from_stage: String,
    to_stage: String,
    message: Option<String>,
    simple: Option<bool>,
    force: bool,
    push: Option<bool>,
    fetch: bool,
    dry_run: bool,
    author: Option<String>,
    author_email: Option<String>,
    sign: Option<bool>,
    local_user: Option<String>,
    override_reason: Option<String>,
) -> Value<'_> {
    let how =
        how!(message simple force push fetch dry_run author author_email sign local_user override_reason);
    ask_all(py, repo, move |registry, asides| {
        let artifacts = names.iter().map(|name| artifact(name)).collect::<Work<_>>()?;
        let from = from_stage.parse().map_err(gto::Error::Name)?;
        let to = to_stage.parse().map_err(gto::Error::Name)?;
        let (tag, author) = (how.wish.clone(), how.author.clone());
        how.write(registry, asides, &Request::Promote { artifacts, from, to, tag, author })
    })
}

#[pyfunction]
#[pyo3(signature = (
    repo, name, version, stage, *, withdraw=false, exist_ok=false, message=None, push=None, fetch=false, dry_run=false,
    author=None, author_email=None, sign=None, local_user=None
))]
pub fn approve(
    py: Python<'_>,
    repo: Option<Place>,
    name: String,
    version: String,
    stage: String,
    withdraw: bool,
    exist_ok: bool,
    message: Option<String>,
    push: Option<bool>,
    fetch: bool,
    dry_run: bool,
    author: Option<String>,
    author_email: Option<String>,
    sign: Option<bool>,
    local_user: Option<String>,
) -> Value<'_> {
    let (simple, force, override_reason) = (None, false, None);
    let how =
        how!(message simple force push fetch dry_run author author_email sign local_user override_reason);
    ask_all(py, repo, move |registry, asides| {
        let (artifact, stage) = (artifact(&name)?, stage.parse().map_err(gto::Error::Name)?);
        let version = Target::Version(existing(version)?);
        let (tag, author) = (TagWish { exist_ok, ..how.wish.clone() }, how.author.clone());
        how.write(registry, asides, &Request::Approve { artifact, version, stage, withdraw, tag, author })
    })
}

fn undo(delete: bool) -> Undo {
    if delete { Undo::ByDeletion } else { Undo::ByTag }
}
