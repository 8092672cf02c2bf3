//! Objects that a partial clone left with its remote.
//!
//! Owns bringing them here when they are needed, as git does and gix does not: by the user's `git`, as many as are known to
//! be needed in one process. Must not start any where nothing was promised, nor go on asking a remote that does not answer.

use std::collections::{BTreeSet, HashSet};
use std::time::Instant;

use gix::bstr::ByteSlice as _;

use crate::git::objects::text::Parts;
use crate::git::objects::tree::EntryKind;
use crate::git::{GitError, Repository, lossy};
use crate::object_id::ObjectId;

/// A remote that has what is missing here.
#[derive(Debug, PartialEq, Eq)]
struct Promisor {
    remote: String,
    /// What the clone leaves out.
    filter: String,
}

impl Repository {
    /// Fetches objects that are missing here and were promised. Whether any may be here now.
    pub(in crate::git) fn fetch_promised(&self, ids: &[ObjectId]) -> bool {
        let mut fetched = false;
        if ids.is_empty() || self.fetches.state().is_hopeless(Instant::now()) {
            return fetched;
        }
        for promisor in self.promisors() {
            let result = self.fetch_objects(&promisor, ids);
            match result.or_else(|reason| self.fetch_everything_once().unwrap_or(Err(reason))) {
                Ok(()) => {
                    fetched = true;
                    break;
                }
                Err(reason) => self.fetches.state().failed(reason, Instant::now()),
            }
        }
        fetched
    }

    /// `None` if that may not be, or was tried.
    fn fetch_everything_once(&self) -> Option<Result<(), String>> {
        let is_due = std::mem::take(&mut self.fetches.state().everything);
        is_due.then(|| self.fetch_everything())
    }

    /// Fetches what a reading of the file at `path` in each of these commits will miss, in two processes at most for a file
    /// at the top. What does not come is missed when it is read.
    pub fn fetch_files(&self, commits: &BTreeSet<ObjectId>, path: &str) {
        if commits.len() < 2 || self.promisors().is_empty() {
            return;
        }
        let tree_of = |commit: &ObjectId| Parts::of(&self.commit_data(*commit).ok()?).id("tree");
        let mut level: HashSet<ObjectId> = commits.iter().filter_map(tree_of).collect();
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            self.fetch_missing(&level);
            let is_last = parts.peek().is_none();
            let below = level.into_iter().filter_map(|tree| self.entry(tree, part).ok()?);
            let wanted = if is_last { EntryKind::File } else { EntryKind::Folder };
            level = below.filter(|(_, kind)| *kind == wanted).map(|(id, _)| id).collect();
        }
        self.fetch_missing(&level);
    }

    /// Git's message when it could not fetch a promised object, if that happened.
    pub fn unfetched(&self) -> Option<String> {
        self.fetches.state().reason.clone()
    }

    /// The error for an object that is not here, and did not come if it was promised.
    pub(in crate::git) fn missing(&self, id: ObjectId) -> GitError {
        match self.unfetched() {
            Some(reason) => GitError::Unfetched { id, reason },
            None => GitError::Missing { id },
        }
    }

    /// Fetches those of these objects that are not here.
    pub fn fetch_missing(&self, ids: &HashSet<ObjectId>) {
        let is_missing = |id: &&ObjectId| self.to_gix(**id).is_some_and(|id| !self.gix().has_object(id));
        let missing: Vec<ObjectId> = ids.iter().filter(is_missing).copied().collect();
        self.fetch_promised(&missing);
    }

    /// Whether some remote has promised what is missing here.
    pub fn is_partial(&self) -> bool {
        !self.promisors().is_empty()
    }

    /// The remotes that promised what is missing here, by git's rules; none where the user has switched them off for git.
    fn promisors(&self) -> Vec<Promisor> {
        let off = self.environment.variable_os("GIT_NO_LAZY_FETCH");
        if off.is_some_and(|off| gix::config::Boolean::try_from(off.to_owned()).is_ok_and(|off| off.0)) {
            return Vec::new();
        }
        let snapshot = self.gix().config_snapshot();
        let config = snapshot.plumbing();
        let named = |name: &gix::bstr::BStr| {
            let filter = config.string_by("remote", Some(name), "partialCloneFilter");
            Promisor { remote: lossy(name), filter: filter.map(|text| lossy(&text)).unwrap_or_default() }
        };
        let promises = |name: &gix::bstr::BStr| {
            config.boolean_by("remote", Some(name), "promisor").is_ok_and(|promises| promises == Some(true))
        };
        let sections = config.sections_by_name("remote").into_iter().flatten();
        let names: BTreeSet<_> = sections.filter_map(|section| section.header().subsection_name()).collect();
        let mut found: Vec<Promisor> = names.into_iter().filter(|name| promises(name)).map(named).collect();
        if let Some(name) = config.string("extensions.partialClone")
            && found.iter().all(|other| other.remote.as_bytes() != name.as_bytes())
        {
            found.push(named(name.as_ref()));
        }
        found
    }

    /// As git's `promisor-remote.c` does it.
    fn fetch_objects(&self, promisor: &Promisor, ids: &[ObjectId]) -> Result<(), String> {
        // Where trees were left out they come one by one, and not with everything below them.
        let filter =
            if promisor.filter.starts_with("tree:") { "--filter=tree:0" } else { "--filter=blob:none" };
        let args = ["-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", "--no-tags"];
        let more = ["--no-write-fetch-head", "--no-prune", "--no-prune-tags", "--recurse-submodules=no"];
        let last = ["--no-auto-maintenance", filter, "--stdin", "--", &promisor.remote];
        let wanted = ids.iter().map(|id| format!("{id}\n")).collect::<Vec<_>>().concat();
        let args = args.into_iter().chain(more).chain(last);
        let output = self
            .run_git_as("fetching what a partial clone left out", args, wanted.as_bytes(), |git| {
                // Or git starts one fetch within the other without end, where the remote does not send what it should.
                git.env("GIT_NO_LAZY_FETCH", "1");
            })
            .map_err(|error| {
                if matches!(error, GitError::Silent { .. }) {
                    self.fetches.state().give_up();
                }
                error.to_string()
            })?;
        if output.status.success() {
            return Ok(());
        }
        Err(crate::git::process::said::words(&lossy(&output.stderr)))
    }
}
