//! A bare clone with some tags of a remote repository and the commits that they are on: no files, and no history but that of
//! branches that are asked for.
//!
//! Owns making it and fetching into it. Must not decide which tags, nor where it is kept.

use std::fs;
use std::io;
use std::path::Path;

use crate::git::process::command::git_elsewhere;
use crate::git::refs::TAGS;
use crate::git::remote::mirror::{Access, MirrorError, REMOTE, add_fetch, note_packs};
use crate::git::remote::reach::TagsWanted;

/// Where Git would clean up by itself.
const MANY_PACKS: usize = 50;

impl TagsWanted {
    /// The ref that the clone's `HEAD` leads to. Among branches of the remote it has a name that none of them has.
    fn head(&self) -> &'static str {
        if self.branches.is_empty() { "refs/heads/main" } else { "refs/gto/HEAD" }
    }
}

impl Access<'_> {
    /// Makes the clone in the empty folder: as `git init --bare`, without a process.
    pub(super) fn make_with_tags(&self, folder: &Path, tags: &TagsWanted) -> Result<(), MirrorError> {
        let made = || -> io::Result<()> {
            for name in ["objects/pack", "objects/info", "refs/heads", "refs/tags"] {
                fs::create_dir_all(folder.join(name))?;
            }
            fs::write(folder.join("HEAD"), format!("ref: {}\n", tags.head()))?;
            let url = quoted(self.address.plain());
            let format = if tags.is_sha256 { "\tobjectFormat = sha256\n" } else { "" };
            fs::write(
                folder.join("config"),
                format!(
                    "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tpartialClone = {REMOTE}\n{format}\
                     [remote \"{REMOTE}\"]\n\turl = {url}\n\tpromisor = true\n\tpartialclonefilter = tree:0\n"
                ),
            )
        };
        made().map_err(|error| MirrorError::Remote(error.to_string()))?;
        self.fetch_tags_into(folder, tags)
    }

    /// Makes these tags in the clone the same as those of the remote. No other process may write to it meanwhile.
    pub(super) fn fetch_tags_into(&self, folder: &Path, tags: &TagsWanted) -> Result<(), MirrorError> {
        match self.fetch_as_little(folder, tags, tags.has_head) {
            Err(MirrorError::Remote(_)) if !self.is_intact(folder) => return Err(MirrorError::Damaged),
            fetched => fetched?,
        }
        note_packs(folder).map_err(|_| MirrorError::Damaged)
    }

    fn fetch_as_little(&self, folder: &Path, tags: &TagsWanted, head: bool) -> Result<(), MirrorError> {
        let least = ["--filter=tree:0", "--depth=1"];
        let least = if tags.branches.is_empty() { &least[..] } else { &least[..1] };
        let fetched = match self.fetch_some(folder, tags, head, least) {
            // A web server without a program of Git's behind it sends whole packs alone.
            Err(MirrorError::Remote(said)) if said.contains("does not support shallow") => {
                self.fetch_some(folder, tags, head, &[])
            }
            // With a depth, git fails without a word where nothing is there to fetch.
            Err(MirrorError::Remote(said)) if said.is_empty() => {
                self.fetch_some(folder, tags, head, &least[..1])
            }
            fetched => fetched,
        };
        match fetched {
            // It names a branch that is not there.
            Err(MirrorError::Remote(said)) if head && said.contains("find remote ref HEAD") => {
                self.open(folder)?.run_git("following HEAD", ["update-ref", "-d", tags.head()], b"")?;
                self.fetch_as_little(folder, tags, false)
            }
            fetched => fetched,
        }
    }

    fn fetch_some(
        &self,
        folder: &Path,
        tags: &TagsWanted,
        head: bool,
        less: &[&str],
    ) -> Result<(), MirrorError> {
        // Not one that syncs each ref to the disk: what is lost here is fetched again.
        let mut git = git_elsewhere();
        git.envs(self.variables()).arg("--git-dir").arg(folder);
        add_fetch(&mut git, less);
        if fs::read_dir(folder.join("objects/pack")).map_or(0, Iterator::count) < 2 * MANY_PACKS {
            git.arg("--no-auto-maintenance");
        }
        git.args(["--", REMOTE]).args(head.then(|| format!("+HEAD:{}", tags.head())));
        let refspec = |kind: &str, prefix: &String| format!("+{kind}{prefix}*:{kind}{prefix}*");
        git.args(tags.branches.iter().map(|prefix| refspec("refs/heads/", prefix)));
        git.args(tags.prefixes.iter().map(|prefix| refspec(TAGS, prefix)));
        self.run("fetching", "fetch", git)
    }

    fn is_intact(&self, folder: &Path) -> bool {
        let listed =
            || self.open(folder).ok()?.run_git("looking at a clone", ["for-each-ref", "--count=1"], b"").ok();
        listed().is_some_and(|output| output.status.success())
    }
}

/// A value of a configuration file.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
