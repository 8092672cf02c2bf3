//! What the tests of this module share.

use std::path::Path;
use std::time::SystemTime;

use gto_testkit::{RefFormat, Repo, RepoOptions, Sandbox};

use crate::environment::Environment;
use crate::git::{OpenError, Repository};
use crate::object_id::ObjectId;
use crate::signature::Signature;
use crate::time::Timestamp;

pub(crate) fn open(repo: &Repo) -> Repository {
    discover(repo.path()).unwrap()
}

/// The repository of a folder, as a process finds it that has the variables of this one.
pub(crate) fn discover(folder: &Path) -> Result<Repository, OpenError> {
    Repository::discover(folder, &environment())
}

/// The variables of this process, and its clock.
pub(crate) fn environment() -> Environment {
    let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let now = || {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Timestamp::new(i64::try_from(now.as_secs()).unwrap(), 0).unwrap()
    };
    Environment::with_clock(variables, now)
}

pub(crate) fn id(hex: &str) -> ObjectId {
    hex.parse().unwrap()
}

pub(crate) fn ann() -> Signature {
    Signature {
        name: "Ann".into(),
        email: "ann@example.com".into(),
        time: Timestamp::new(1_700_000_000, 19_800).unwrap(),
    }
}

/// An empty repository of each way to keep refs that the installed git can make.
pub(crate) fn each_storage() -> Vec<Repo> {
    let mut storages = vec![RefFormat::Files];
    if Repo::reftable_works() {
        storages.push(RefFormat::Reftable);
    } else {
        gto_testkit::skip("this git has no reftables");
    }
    storages
        .into_iter()
        .map(|refs| Sandbox::new().repo_with("repo", RepoOptions { refs, ..RepoOptions::default() }))
        .collect()
}
