//! What MLflow may change: aliases, which are stages.

use gto::name::StageName;
use gto::request::{Request, Target};
use gto::rules::{TagWish, Undo};
use gto::{Author, WriteOptions};
use serde_json::{Value, json};

use crate::app::App;
use crate::auth::actor::Actor;
use crate::mlflow::answer::{Error, Result};
use crate::mlflow::{names, read};
use crate::state::repository::ServedRepository;
use crate::write::plans;

fn text<'b>(body: &'b Value, name: &str) -> Result<&'b str> {
    let missing = || Error::invalid(format!("Missing value for required parameter '{name}'"));
    body[name].as_str().filter(|text| !text.is_empty()).ok_or_else(missing)
}

fn stage(alias: &str) -> Result<StageName> {
    let wrong = || Error::invalid(format!("'{}' cannot be the name of a stage", alias.escape_debug()));
    alias.parse().ok().filter(|_| names::is_alias(alias)).ok_or_else(wrong)
}

/// Assigns a stage.
pub fn set_alias(app: &App, actor: &Actor, repository: &ServedRepository, body: &Value) -> Result {
    let found = read::model(&repository.picture(), text(body, "name")?)?;
    let stage = stage(text(body, "alias")?)?;
    let number = body["version"].as_str().map_or_else(|| body["version"].to_string(), ToOwned::to_owned);
    let version = read::version(&found.artifact, &number)?;
    let Some(version) = version.label().number().cloned() else { return Err(Error::invalid("No version")) };
    // It is so already: MLflow's client takes that for done.
    let tag = TagWish { exist_ok: true, ..TagWish::default() };
    let artifact = found.artifact.name().clone();
    let target = Target::Version(version);
    write(app, actor, repository, Request::Assign { artifact, stage, target, tag, author: Author::default() })
}

/// Unassigns a stage.
pub fn delete_alias(app: &App, actor: &Actor, repository: &ServedRepository, body: &Value) -> Result {
    let found = read::model(&repository.picture(), text(body, "name")?)?;
    let stage = stage(text(body, "alias")?)?;
    let tag = TagWish { exist_ok: true, ..TagWish::default() };
    let artifact = found.artifact.name().clone();
    let (version, undo, author) = (None, Undo::ByTag, Author::default());
    write(app, actor, repository, Request::Unassign { artifact, version, stage, undo, tag, author })
}

fn write(app: &App, actor: &Actor, repository: &ServedRepository, request: Request) -> Result {
    plans::check(app, repository, &request)?;
    plans::answers(repository)?;
    let registry = repository.open()?;
    let request = plans::in_name_of(app, actor, &registry, request)?;
    let written = registry.write(&request, &WriteOptions::default())?;
    plans::see(app, repository);
    plans::whole(written.applied)?;
    Ok(json!({}))
}
