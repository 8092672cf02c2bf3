//! What the tests of this module share.

use gto_testkit::{RefFormat, Repo, RepoOptions, Sandbox};

use crate::git::Repository;
use crate::object_id::ObjectId;
use crate::signature::Signature;
use crate::time::Timestamp;

pub(crate) fn open(repo: &Repo) -> Repository {
    Repository::discover(repo.path()).unwrap()
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
