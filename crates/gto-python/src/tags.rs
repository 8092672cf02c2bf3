//! Tags as such: listing them, making and deleting them by name, pushing them.

use gto::name::ArtifactName;
use gto::rules::Refusal;
use gto::tag::{Action, TagName};
use gto::{AnnotatedTag, Author, Difference, Timestamp};
use pyo3::prelude::*;
use serde::Serialize;

use crate::call::{Place, Value, Work, ask_all};
use crate::error::Problem;
use crate::value::to_python;

#[pyfunction]
#[pyo3(signature = (repo=None))]
pub fn tag_names(py: Python<'_>, repo: Option<Place>) -> Value<'_> {
    ask_all(py, repo, |registry, _| Ok(registry.tag_names()?))
}

/// The fields of `scmrepo.git.GitTag`.
#[derive(Serialize)]
struct Tag {
    name: String,
    hexsha: String,
    target: String,
    tagger_name: String,
    tagger_email: String,
    tag_time: i64,
    tag_time_offset: i32,
    tag_datetime: Timestamp,
    message: String,
}

impl From<AnnotatedTag> for Tag {
    fn from(tag: AnnotatedTag) -> Self {
        Self {
            name: tag.name,
            hexsha: tag.id.to_string(),
            target: tag.commit.to_string(),
            tagger_name: tag.tagger.name.to_string(),
            tagger_email: tag.tagger.email.to_string(),
            tag_time: tag.tagger.time.seconds(),
            tag_time_offset: tag.tagger.time.offset(),
            tag_datetime: tag.tagger.time,
            message: tag.message,
        }
    }
}

#[pyfunction]
#[pyo3(signature = (repo=None, names=None))]
pub fn tags(py: Python<'_>, repo: Option<Place>, names: Option<Vec<String>>) -> Value<'_> {
    ask_all(py, repo, move |registry, _| {
        let tags = registry.annotated_tags(names.as_deref())?;
        Ok(tags.into_iter().map(Tag::from).collect::<Vec<_>>())
    })
}

/// The action of that word.
fn action(word: &str, version: Option<String>, stage: Option<String>) -> Work<Action> {
    let missing = |what: &str| Problem::Of("MissingArg", vec![what.to_owned().into()]);
    let version = || {
        let text = version.ok_or_else(|| missing("version"))?;
        text.parse().map_err(|error| Problem::from(Refusal::UnreadableVersion(error)))
    };
    let stage = || {
        let text = stage.ok_or_else(|| missing("stage"))?;
        text.parse().map_err(|error| Problem::from(gto::Error::Name(error)))
    };
    Ok(match word {
        "deprecate" => Action::Deprecate,
        "register" => Action::Register(version()?),
        "deregister" => Action::Deregister(version()?),
        "assign" => Action::Assign(stage()?),
        "unassign" => Action::Unassign(stage()?),
        other => return Err(Problem::Of("UnknownAction", vec![other.to_owned().into()])),
    })
}

#[pyfunction]
#[pyo3(signature = (repo, action, artifact, *, version=None, stage=None, simple=false))]
pub fn name_tag<'py>(
    py: Python<'py>,
    repo: Option<Place>,
    action: &str,
    artifact: &str,
    version: Option<String>,
    stage: Option<String>,
    simple: bool,
) -> Value<'py> {
    let named = || -> Work<TagName> {
        let artifact: ArtifactName = artifact.parse().map_err(gto::Error::Name)?;
        Ok(TagName::simple(artifact, self::action(action, version, stage)?))
    };
    let mut name = named().map_err(|problem| problem.raise(py))?;
    if simple {
        return to_python(py, &name.to_string());
    }
    ask_all(py, repo, move |registry, _| {
        let counters = registry.tag_names()?.into_iter().filter_map(|tag| {
            let tag: TagName = tag.parse().ok()?;
            tag.counter.filter(|_| tag.artifact == name.artifact)
        });
        let next = counters.max().unwrap_or_default().checked_add(1);
        let none_left = || Refusal::NoCounterLeft { artifact: name.artifact.clone() };
        name.counter = Some(next.ok_or_else(none_left)?);
        Ok(name.to_string())
    })
}

#[pyfunction]
#[pyo3(signature = (repo, name, rev, message, *, author=None, author_email=None))]
pub fn create_tag(
    py: Python<'_>,
    repo: Option<Place>,
    name: String,
    rev: String,
    message: String,
    author: Option<String>,
    author_email: Option<String>,
) -> Value<'_> {
    let author = Author { name: author, email: author_email, ..Author::default() };
    ask_all(py, repo, move |registry, _| Ok(registry.create_tag(&name, &rev, &message, &author)?))
}

#[pyfunction]
pub fn delete_tag(py: Python<'_>, repo: Option<Place>, name: String) -> Value<'_> {
    ask_all(py, repo, move |registry, _| Ok(registry.delete_tag(&name)?))
}

#[pyfunction]
#[pyo3(signature = (repo, name, *, delete=false, remote=None))]
pub fn push_tag(
    py: Python<'_>,
    repo: Option<Place>,
    name: String,
    delete: bool,
    remote: Option<String>,
) -> Value<'_> {
    ask_all(py, repo, move |registry, asides| {
        asides.pass_on(&registry.push_tag(&name, delete, remote.as_deref())?);
        Ok(())
    })
}

#[pyfunction]
#[pyo3(signature = (repo=None, artifact=None, *, remote=None, dry_run=false))]
pub fn push(
    py: Python<'_>,
    repo: Option<Place>,
    artifact: Option<String>,
    remote: Option<String>,
    dry_run: bool,
) -> Value<'_> {
    #[derive(Serialize)]
    struct Pushed {
        dry_run: bool,
        remote: String,
        pushed: bool,
        tags: Vec<String>,
    }
    ask_all(py, repo, move |registry, asides| {
        let artifact =
            artifact.map(|name| ArtifactName::from_user(&name)).transpose().map_err(gto::Error::Name)?;
        let comparison = registry.compare(remote.as_deref(), artifact.as_ref())?;
        asides.add(comparison.damage_warning().as_slice());
        if dry_run {
            comparison.check_free()?;
            asides.add(comparison.warning().as_slice());
        } else {
            let sent = registry.push_missing(&comparison, None, |_, _| {})?;
            asides.pass_on(&sent.said);
            if let Some(failure) = sent.failure {
                return Err(gto::Error::PartialPush(Box::new(failure)).into());
            }
        }
        let tags = comparison.of_kind(Difference::OnlyHere).map(|tag| tag.tag.clone()).collect();
        Ok(Pushed { dry_run, remote: comparison.remote, pushed: !dry_run, tags })
    })
}
