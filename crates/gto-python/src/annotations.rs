//! Changing annotations: the plan is the engine's, and so is what may be in it.

use gto::annotation::Source;
use gto::annotation::json::from_json;
use gto::name::ArtifactName;
use gto::{Annotating, AnnotationPlan, Applied, Author, Error, Registry, Request, WriteOptions, Written};
use pyo3::prelude::*;
use serde::Serialize;

use crate::call::{Asides, Place, Value, Work, ask, work};
use crate::error::Problem;

/// What was done.
#[derive(Serialize)]
struct Edited {
    files: Vec<String>,
    commit: Option<String>,
    lines: Vec<String>,
}

fn edit(
    registry: &Registry,
    asides: &mut Asides,
    request: &Request,
    options: &WriteOptions,
    dry_run: bool,
) -> Work<Edited> {
    if dry_run {
        let plan = registry.plan_with(request, options)?.files.unwrap_or_default();
        return Ok(Edited { files: files(&plan), commit: None, lines: Vec::new() });
    }
    let Written { plan, applied } = registry.write(request, options)?;
    let plan = plan.files.unwrap_or_default();
    asides.pass_on(&applied.said);
    Ok(Edited {
        lines: lines(&plan, options, &applied),
        files: files(&plan),
        commit: applied.commit.map(|commit| commit.to_string()),
    })
}

fn files(plan: &AnnotationPlan) -> Vec<String> {
    plan.edits.iter().map(|edit| edit.file.clone()).collect()
}

/// The command's message about it.
fn lines(plan: &AnnotationPlan, options: &WriteOptions, applied: &Applied) -> Vec<String> {
    let edits = plan.edits.iter().map(|edit| format!("{} `{}`", edit.done(), edit.file));
    let message = options.message.as_ref().unwrap_or(&plan.message);
    let subject = message.lines().next().unwrap_or_default();
    let commit = applied.commit.map(|commit| format!("Created commit {}: {subject}", commit.short()));
    let pushed = applied.pushed_branch.as_ref();
    let pushed = pushed.map(|(branch, remote)| format!("Successfully pushed branch {branch} to {remote}."));
    edits.chain(commit).chain(pushed).collect()
}

/// Reads the name of an artifact.
fn named(name: &str) -> Work<ArtifactName> {
    Ok(ArtifactName::from_user(name).map_err(Error::Name)?)
}

/// The kind of file: `gto` or `dvc`, or whichever has the artifact.
fn file(word: Option<&str>) -> Work<Option<Source>> {
    match word {
        None => Ok(None),
        Some("gto") => Ok(Some(Source::Gto)),
        Some("dvc") => Ok(Some(Source::Dvc)),
        Some(other) => Err(Problem::Arguments(format!("`file` must be 'gto' or 'dvc', not '{other}'"))),
    }
}

/// What counts of what is said of an artifact; nothing where there is none, and no error.
#[pyfunction]
pub fn describe(py: Python<'_>, repo: Option<Place>, name: String, rev: String) -> Value<'_> {
    ask(py, repo, move |registry, asides| {
        let Ok(name) = ArtifactName::from_user(&name) else { return Ok(None) };
        match registry.describe(&name.to_string(), Some(&rev)) {
            Ok(found) => Ok(Some(asides.take(found).annotation().clone())),
            Err(Error::NotAnnotated { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    })
}

#[pyfunction]
#[pyo3(signature = (
    repo, name, *, r#type=None, path=None, must_exist=false, allow_same_path=false, labels=None, remove_labels=None,
    description=None, custom=None, update=true, file=None, commit=false, commit_message=None, push=false, dry_run=false,
    author=None, author_email=None
))]
pub fn annotate<'py>(
    py: Python<'py>,
    repo: Option<Place>,
    name: String,
    r#type: Option<String>,
    path: Option<String>,
    must_exist: bool,
    allow_same_path: bool,
    labels: Option<Vec<String>>,
    remove_labels: Option<Vec<String>>,
    description: Option<String>,
    custom: Option<String>,
    update: bool,
    file: Option<String>,
    commit: bool,
    commit_message: Option<String>,
    push: bool,
    dry_run: bool,
    author: Option<String>,
    author_email: Option<String>,
) -> Value<'py> {
    work(py, repo, move |repo, asides| {
        let not_taken = |fault| Problem::Arguments(format!("`custom` {fault}"));
        let wish = Annotating {
            clear_labels: false,
            kind: r#type,
            path,
            add_labels: labels.unwrap_or_default(),
            remove_labels: remove_labels.unwrap_or_default(),
            description,
            custom: custom.as_deref().map(from_json).transpose().map_err(not_taken)?,
            file: self::file(file.as_deref())?,
            must_exist,
            allow_same_path,
            must_be_new: !update,
        };
        let (registry, name) = (repo.open_to_edit()?, named(&name)?);
        let author = Author { name: author, email: author_email, ..Author::default() };
        let request = Request::Annotate { artifact: name, annotation: wish, author };
        let options = WriteOptions {
            push: Some(push),
            fetch: false,
            commit,
            message: commit_message,
            push_batch: None,
        };
        edit(&registry, asides, &request, &options, dry_run)
    })
}

#[pyfunction]
#[pyo3(signature = (
    repo, name, *, file=None, commit=false, commit_message=None, push=false, dry_run=false, author=None,
    author_email=None
))]
pub fn remove(
    py: Python<'_>,
    repo: Option<Place>,
    name: String,
    file: Option<String>,
    commit: bool,
    commit_message: Option<String>,
    push: bool,
    dry_run: bool,
    author: Option<String>,
    author_email: Option<String>,
) -> Value<'_> {
    work(py, repo, move |repo, asides| {
        let (registry, name, file) = (repo.open_to_edit()?, named(&name)?, self::file(file.as_deref())?);
        let author = Author { name: author, email: author_email, ..Author::default() };
        let request = Request::RemoveAnnotation { artifact: name, file, author };
        let options = WriteOptions {
            push: Some(push),
            fetch: false,
            commit,
            message: commit_message,
            push_batch: None,
        };
        edit(&registry, asides, &request, &options, dry_run)
    })
}
