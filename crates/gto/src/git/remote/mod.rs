//! Other repositories: which one is meant, what tags it has, fetching from it, and pushing to it. Always by
//! the user's own `git`, so that their ssh, credential helpers, proxies and `insteadOf` work.
//!
//! Must not decide what to do about a refusal.

pub(super) mod login;
pub(super) mod mirror;
pub(super) mod porcelain;
pub(super) mod reach;
pub(super) mod replace;
pub(super) mod some_tags;
pub(super) mod url;

use std::time::Duration;

use gix::bstr::ByteSlice as _;

use self::porcelain::{Outcome, PushReport};
use crate::git::process::said::{remarks, words};
use crate::git::refs::TAGS;
use crate::git::remote::url::without_passwords;
use crate::git::{GitError, RefStorage, Repository, is_bundle, lossy};
use crate::object_id::ObjectId;

/// The length of arguments, in bytes, that every system accepts together with an environment.
const MAX_ARGUMENTS: usize = if cfg!(windows) { 24 * 1024 } else { 640 * 1024 };

/// With more prefixes all refs are listed, since the system limits the length of a command.
const MAX_PATTERNS: usize = 100;

/// Fetches what the refspecs say and nothing else, whatever is configured: no other tags, no removal of tags that are
/// only here, no overwriting by another refspec, no submodules.
const FETCH: [&str; 9] = [
    "fetch",
    "--quiet",
    "--no-tags",
    "--refmap=",
    "--no-prune",
    "--no-prune-tags",
    "--no-write-fetch-head",
    "--no-recurse-submodules",
    "--no-auto-maintenance",
];

/// A remote that the user has configured. Repository content can never add one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remote {
    /// Its name, or its address where Git's configuration has that instead.
    name: String,
    /// The addresses that pushes go to, if these are others than that which fetches come from, or several.
    pushed_to: Vec<String>,
    /// The bundle that it is, which no push changes.
    bundle: Option<String>,
}

/// Which tags of a remote `git fetch` fetches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FetchedTags {
    /// All.
    All,
    /// Those on commits that are here, or that it fetches.
    OfCommits,
    /// None.
    None,
}

/// A tag of a remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RemoteTag {
    /// The name without `refs/tags/`.
    pub name: String,
    /// What the ref points to.
    pub target: ObjectId,
    /// What the tag object is on in the end; `None` if there is no tag object.
    pub peeled: Option<ObjectId>,
}

/// What a push does to one tag of the remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PushedTag<'a> {
    /// Makes the tag, which must not be there.
    Create(&'a str, ObjectId),
    /// Removes the tag, which must be this one.
    Delete(&'a str, ObjectId),
}

/// A branch that was pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PushedBranch {
    /// Its short name.
    pub branch: String,
    /// Other messages of Git, hooks and the remote, line by line; usually none.
    pub said: String,
}

/// Git's refusal of a push or a fetch.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoteError {
    /// The other side, or the way there, refused.
    #[error("{0}")]
    Refused(String),
    /// The push was aborted, and the remote cannot be reached to check its result.
    #[error("{0}")]
    Unknown(String),
    /// More tags than fit into one command.
    #[error("these are more tags than one `git push` takes")]
    TooMany,
    /// `git` could not be run.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Remote {
    /// The name, for messages.
    pub fn shown(&self) -> String {
        without_passwords(&self.name)
    }

    /// The URL to list the tags from, for messages.
    pub fn source_shown(&self) -> String {
        without_passwords(self.source())
    }

    /// How many addresses a push goes to.
    pub fn addresses(&self) -> usize {
        self.pushed_to.len().max(1)
    }

    /// The file that it is, if it is a bundle, which can be fetched from and not pushed to.
    pub fn bundle(&self) -> Option<&str> {
        self.bundle.as_deref()
    }

    /// What to ask for the tags: what is pushed must fit what is there, and not what a mirror for fetching has.
    fn source(&self) -> &str {
        self.pushed_to.first().unwrap_or(&self.name)
    }
}

impl Repository {
    /// The names of the configured remotes, in alphabetical order.
    pub fn remotes(&self) -> Vec<String> {
        self.gix().remote_names().iter().map(|name| lossy(name)).collect()
    }

    /// The remote of this name, if it is configured. An address is no name.
    pub fn remote(&self, name: &str) -> Option<Remote> {
        self.remotes().into_iter().find(|known| known == name).map(|name| self.with_addresses(name))
    }

    /// Whether `git fetch` fetches all branches of a remote, and to where they usually go.
    pub fn fetches_all_branches(&self, remote: &str) -> bool {
        let config = self.gix().config_snapshot();
        let configured = config.plumbing().strings(&format!("remote.{remote}.fetch")).unwrap_or_default();
        let all = format!("refs/heads/*:refs/remotes/{remote}/*");
        let mut has_all = false;
        for refspec in configured.iter().map(|refspec| lossy(refspec)) {
            // One that begins with `^` takes branches out.
            if refspec.starts_with('^') {
                return false;
            }
            has_all |= refspec.trim_start_matches('+') == all;
        }
        has_all
    }

    /// Whether Git has fetched something here in that time.
    pub fn was_fetched_within(&self, time: Duration) -> bool {
        let note = std::fs::metadata(self.git_dir().join("FETCH_HEAD"));
        let Ok(fetched) = note.and_then(|note| note.modified()) else { return false };
        self.environment.system_time().duration_since(fetched).map_or(true, |age| age < time)
    }

    /// Which of the tags whose names begin so `git fetch` fetches from a remote.
    pub fn fetched_tags(&self, remote: &str, prefix: &str) -> FetchedTags {
        let config = self.gix().config_snapshot();
        let configured = config.plumbing().strings(&format!("remote.{remote}.fetch")).unwrap_or_default();
        let refspecs: Vec<String> = configured.iter().map(|refspec| lossy(refspec)).collect();
        let takes_out = |refspec: &String| refspec.starts_with('^');
        let has_all = |refspec: &String| {
            let (from, to) = refspec.trim_start_matches('+').split_once(':').unwrap_or_default();
            let begin = from.strip_suffix('*');
            from == to && begin.is_some_and(|begin| format!("{TAGS}{prefix}").starts_with(begin))
        };
        let option = config.string(&format!("remote.{remote}.tagOpt")).map(|option| lossy(&option));
        let is_all = option.as_deref() == Some("--tags") || refspecs.iter().any(has_all);
        match option.as_deref() {
            _ if is_all && !refspecs.iter().any(takes_out) => FetchedTags::All,
            Some("--no-tags") => FetchedTags::None,
            _ => FetchedTags::OfCommits,
        }
    }

    /// The remote that `git push` would choose: the one of the branch, the one for all branches, the only one, or
    /// `origin`; see git-config(1) on `branch.<name>.pushRemote`. `None` if there is none of these.
    pub fn push_remote(&self) -> Option<Remote> {
        let config = self.gix().config_snapshot();
        // To find the branch can take a process of its own.
        let are_branches_configured = config.plumbing().sections_by_name("branch").is_some();
        let branch = are_branches_configured.then(|| self.current_branch()).flatten();
        let of_branch = |key: &str| config.string(&format!("branch.{}.{key}", branch.as_ref()?));
        let configured = of_branch("pushRemote")
            .or_else(|| config.string("remote.pushDefault"))
            .or_else(|| of_branch("remote"))
            .map(|name| lossy(&name));
        // A branch can follow another one of the same repository, which is called `.`.
        if let Some(name) = configured.filter(|name| name != "." && !name.is_empty()) {
            return Some(self.with_addresses(name));
        }
        match self.remotes().as_slice() {
            [only] => Some(self.with_addresses(only.clone())),
            _ => self.remote("origin"),
        }
    }

    /// The remote with the addresses that git pushes to, if they are others: see git-config(1) on
    /// `remote.<name>.pushurl` and `url.<base>.pushInsteadOf`. What else Git does to an address it does when it gets it.
    fn with_addresses(&self, name: String) -> Remote {
        let config = self.gix().config_snapshot();
        let configured = |key: &str| {
            let values = config.plumbing().strings(&format!("remote.{name}.{key}")).unwrap_or_default();
            // An empty one takes back those before it.
            let from = values.iter().rposition(|value| value.is_empty()).map_or(0, |at| at + 1);
            values[from..].iter().map(|value| lossy(value)).collect::<Vec<_>>()
        };
        let mut pushed_to = configured("pushurl");
        let mut urls = configured("url");
        if urls.is_empty() {
            urls.push(name.clone());
        }
        if pushed_to.is_empty() {
            pushed_to = urls.iter().filter_map(|url| self.pushed_instead_of(url)).collect();
            // Git fetches from the first one, and pushes to all.
            if pushed_to.is_empty() && urls.len() > 1 {
                pushed_to.clone_from(&urls);
            }
        }
        let is_file = |url: &String| is_bundle(&self.root().join(url));
        let bundle = pushed_to.first().or(urls.first()).filter(|url| is_file(url)).cloned();
        Remote { name, pushed_to, bundle }
    }

    /// The address that git pushes to in the place of this one, if it is another one: that of the longest match.
    fn pushed_instead_of(&self, url: &str) -> Option<String> {
        let config = self.gix().config_snapshot();
        let mut longest: Option<(usize, String)> = None;
        for section in config.plumbing().sections_by_name("url").into_iter().flatten() {
            let Some(base) = section.header().subsection_name() else { continue };
            for start in section.values("pushInsteadOf") {
                if let Some(rest) = url.as_bytes().strip_prefix(start.as_bytes())
                    && longest.as_ref().is_none_or(|(len, _)| start.len() > *len)
                {
                    longest = Some((start.len(), lossy(base) + &lossy(rest)));
                }
            }
        }
        longest.map(|(_, instead)| instead)
    }

    /// The address that tags are listed at and fetched from: a path from the root, if it is one.
    pub fn source_url(&self, remote: &Remote) -> String {
        let configured = || {
            let config = self.gix().config_snapshot();
            let urls =
                config.plumbing().strings(&format!("remote.{}.url", remote.source())).unwrap_or_default();
            let from = urls.iter().rposition(|url| url.is_empty()).map_or(0, |at| at + 1);
            urls.get(from).map(|url| lossy(url))
        };
        let url = configured().unwrap_or_else(|| remote.source().to_owned());
        let path = self.root().join(&url);
        if path.exists() && !url.contains("://") { path.to_string_lossy().into_owned() } else { url }
    }

    /// Whether pushes go to GitHub, or to its service for enterprises.
    pub fn is_on_github(&self, remote: &Remote) -> bool {
        // Git says what it would make of the address, without asking anyone.
        let output =
            self.run_git("finding an address", ["ls-remote", "--get-url", "--", remote.source()], b"");
        output.is_ok_and(|output| url::is_github(lossy(output.stdout.trim_ascii()).as_str()))
    }

    /// Pushes the current branch, and nothing else, to the one of the same name. Git's fast-forward rule holds. `None`:
    /// there is no branch. After a failure, this checks whether the remote has the commit.
    pub fn push_branch(&self, remote: &Remote) -> Result<Option<PushedBranch>, RemoteError> {
        let Some(branch) = self.current_branch() else { return Ok(None) };
        let full_name = format!("refs/heads/{branch}");
        let refspec = format!("{full_name}:{full_name}");
        let args = ["push", "--quiet", "--no-follow-tags", "--", &remote.name, &refspec];
        let said = match self.run_git("pushing a branch", args, b"") {
            Ok(output) => {
                let said = format!("{}\n{}", lossy(&output.stderr), lossy(&output.stdout));
                if output.status.success() {
                    return Ok(Some(PushedBranch { branch, said: remarks(&said) }));
                }
                words(&said)
            }
            // It may have been about to end.
            Err(error @ GitError::Silent { .. }) => error.to_string(),
            Err(error) => return Err(error.into()),
        };
        let here = self.head_commit()?;
        match self.branch_on(remote, &full_name) {
            Ok(there) if there == here => Ok(Some(PushedBranch { branch, said })),
            Ok(_) => Err(RemoteError::Refused(said)),
            Err(_) => Err(RemoteError::Unknown(said)),
        }
    }

    /// The commit that a branch of the remote is on.
    fn branch_on(&self, remote: &Remote, full_name: &str) -> Result<Option<ObjectId>, RemoteError> {
        let args = ["ls-remote", "--quiet", "--heads", "--", remote.source(), full_name];
        let output = self.run_git("asking a remote", args, b"")?;
        if !output.status.success() {
            return Err(RemoteError::Refused(words(&lossy(&output.stderr))));
        }
        let listed = lossy(&output.stdout);
        let mut lines = listed.lines().filter_map(|line| line.split_once('\t'));
        let found = lines.find(|(_, name)| *name == full_name);
        Ok(found.and_then(|(id, _)| id.parse().ok()))
    }

    /// The branch that `HEAD` is on, which need not have a commit.
    pub fn current_branch(&self) -> Option<String> {
        match self.refs {
            RefStorage::Files => Some(lossy(self.gix().head_name().ok()??.shorten())),
            RefStorage::Reftable => {
                let args = ["symbolic-ref", "--quiet", "--short", "HEAD"];
                let output = self.run_git("finding the current branch", args, b"").ok()?;
                output.status.success().then(|| lossy(output.stdout.trim_ascii()))
            }
        }
    }

    /// The full name of the ref that this one stands for, if it is a symbolic one: the last of a chain of them.
    pub fn ref_behind(&self, name: &str) -> Option<String> {
        let output = self.run_git("reading a symbolic ref", ["symbolic-ref", "--quiet", name], b"").ok()?;
        output.status.success().then(|| lossy(output.stdout.trim_ascii()))
    }

    /// The tags of the remote whose names begin with one of the prefixes, in no order. What is not UTF-8 is left out.
    pub fn remote_tags(&self, remote: &Remote, prefixes: &[String]) -> Result<Vec<RemoteTag>, RemoteError> {
        // Git shows only those that match; of the remote it gets all tags.
        let patterns = prefixes.iter().map(|prefix| format!("{TAGS}{prefix}*"));
        let patterns = patterns.filter(|_| prefixes.len() <= MAX_PATTERNS);
        let fixed = ["ls-remote", "--quiet", "--tags", "--", remote.source()];
        let args = fixed.map(str::to_owned).into_iter().chain(patterns);
        let output = self.run_git("asking a remote", args, b"")?;
        if !output.status.success() {
            return Err(RemoteError::Refused(words(&lossy(&output.stderr))));
        }
        let mut tags = read_listing(&output.stdout);
        tags.retain(|tag| prefixes.iter().any(|prefix| tag.name.starts_with(prefix.as_str())));
        Ok(tags)
    }

    /// Fetches the tags whose names begin with one of the prefixes, and a branch. A tag that is here already is never changed. `false` if
    /// some tags could not be made here: mostly because there is another one of that name.
    pub fn fetch_tags(
        &self,
        remote: &Remote,
        prefixes: &[String],
        branch: Option<&str>,
    ) -> Result<bool, RemoteError> {
        let tags = prefixes.iter().map(|prefix| format!("{TAGS}{prefix}*:{TAGS}{prefix}*\n"));
        let to = &remote.name;
        let branch = branch.map(|branch| format!("+refs/heads/{branch}:refs/remotes/{to}/{branch}\n"));
        let refspecs: String = tags.chain(branch).collect();
        let args = FETCH.into_iter().chain(["--stdin", "--", remote.source()]);
        let output = self.run_git("fetching", args, refspecs.as_bytes())?;
        match output.status.code() {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(RemoteError::Refused(words(&lossy(&output.stderr)))),
        }
    }

    /// Fetches these tags, and of the history before their commits as much as `git fetch` would, or with `alone` nothing.
    pub fn fetch_exactly(&self, remote: &Remote, tags: &[&str], alone: bool) -> Result<(), RemoteError> {
        if tags.is_empty() {
            return Ok(());
        }
        let depth = alone.then_some("--depth=1");
        let args = FETCH.into_iter().chain(depth).chain(["--stdin", "--", remote.source()]);
        let refspecs: Vec<String> = tags.iter().map(|tag| format!("{TAGS}{tag}:{TAGS}{tag}\n")).collect();
        let output = self.run_git("fetching", args, refspecs.concat().as_bytes())?;
        if output.status.success() {
            return Ok(());
        }
        Err(RemoteError::Refused(words(&lossy(&output.stderr))))
    }

    /// Changes the tags of the remote: with `atomic` all of them or none, and deletes a tag only if it is
    /// that one.
    pub fn push(
        &self,
        remote: &Remote,
        tags: &[PushedTag<'_>],
        atomic: bool,
    ) -> Result<PushReport, RemoteError> {
        // Only what was planned: with `push.followTags` git would push every tag on the way there.
        let fixed = ["push", "--porcelain", "--no-follow-tags", "--no-progress"].map(str::to_owned);
        let atomically = atomic.then(|| "--atomic".to_owned());
        let end = ["--".to_owned(), remote.name.clone()];
        let leases = tags.iter().filter_map(PushedTag::lease).filter(|_| atomic);
        let options = fixed.into_iter().chain(atomically).chain(leases);
        let refspecs = tags.iter().map(PushedTag::refspec);
        let args: Vec<String> = options.chain(end).chain(refspecs).collect();
        if args.iter().map(|arg| size_of_argument(arg)).sum::<usize>() > MAX_ARGUMENTS {
            return Err(RemoteError::TooMany);
        }
        let output = self.run_git("pushing", &args, b"")?;
        let refs: Vec<String> = tags.iter().map(|tag| format!("{TAGS}{}", tag.name())).collect();
        let (printed, said) = (lossy(&output.stdout), lossy(&output.stderr));
        let report = porcelain::report(output.status.success(), &printed, &said, &refs);
        Ok(match report.outcome {
            Outcome::Held(_) if !self.has_hook("pre-push") => {
                PushReport { outcome: Outcome::Unclear(words(&said)), ..report }
            }
            _ => report,
        })
    }
}

impl PushedTag<'_> {
    /// The tag's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Create(name, _) | Self::Delete(name, _) => name,
        }
    }

    /// The refspecs to push.
    fn refspec(&self) -> String {
        match self {
            Self::Create(name, id) => format!("{id}:{TAGS}{name}"),
            Self::Delete(name, _) => format!(":{TAGS}{name}"),
        }
    }

    /// What the ref must be now. A new tag needs none: without `--force` git changes no tag that is there.
    fn lease(&self) -> Option<String> {
        match self {
            Self::Create(..) => None,
            Self::Delete(name, id) => Some(format!("--force-with-lease={TAGS}{name}:{id}")),
        }
    }
}

/// The tags in pushes that are not too long for a command, none with more than `limit`.
pub(crate) fn batches<'a, 't>(tags: &'a [PushedTag<'t>], limit: usize) -> Vec<&'a [PushedTag<'t>]> {
    let mut batches = Vec::new();
    let mut rest = tags;
    while !rest.is_empty() {
        let mut size = 0;
        let fitting = rest.iter().take(limit).take_while(|tag| {
            size +=
                size_of_argument(&tag.refspec()) + tag.lease().map_or(0, |lease| size_of_argument(&lease));
            // The options and the remote take some, too.
            size <= MAX_ARGUMENTS - 4096
        });
        let (batch, others) = rest.split_at(fitting.count().max(1));
        batches.push(batch);
        rest = others;
    }
    batches
}

/// How much of the space for arguments an argument takes.
fn size_of_argument(argument: &str) -> usize {
    argument.len() + 1 + size_of::<usize>()
}

/// Reads the lines `ID <tab> refs/tags/NAME`, where a server may have put any text that it likes for a name, each followed by `ID <tab> refs/tags/NAME^{}` if that is a tag object.
pub(in crate::git) fn read_listing(output: &[u8]) -> Vec<RemoteTag> {
    let mut tags: Vec<RemoteTag> = Vec::new();
    for line in output.lines().filter_map(|line| line.to_str().ok()) {
        let Some((id, name)) = line.split_once('\t') else { continue };
        if !is_ref(name.strip_suffix("^{}").unwrap_or(name)) {
            continue;
        }
        let (Ok(id), Some(name)) = (id.parse(), name.strip_prefix(TAGS)) else { continue };
        match (name.strip_suffix("^{}"), tags.last_mut()) {
            (Some(name), Some(last)) if last.name == name => last.peeled = Some(id),
            (Some(_), _) => {}
            (None, _) => tags.push(RemoteTag { name: name.to_owned(), target: id, peeled: None }),
        }
    }
    tags
}

/// Whether Git allows a ref of this full name.
fn is_ref(name: &str) -> bool {
    gix::refs::FullName::try_from(name).is_ok()
}
