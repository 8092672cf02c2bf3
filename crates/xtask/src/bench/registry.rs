//! The registries to measure on: how large they are, and what in them is asked for.

use std::io::Write as _;

use gto_testkit::random::{Large, large};
use gto_testkit::{Repo, Sandbox};

use crate::Result;

/// The artifact that is asked for: it has no folder in its name, so that it is spelt the same in tags and
/// commands, and is not deprecated.
pub const ARTIFACT: &str = "model-00001";
/// Its first version.
pub const TAG: &str = "model-00001@v0.0.1";
/// A stage that it has.
pub const STAGE: &str = "prod";

/// A registry on the disk. It goes away with this.
pub struct Registry {
    /// The repository.
    pub repo: Repo,
    /// How many tags it has, those of others among them.
    pub tags: usize,
}

impl Registry {
    /// Makes a registry of about `wanted` tags.
    pub fn make(wanted: usize, loose: bool) -> Result<Self> {
        Self::of_size(size(wanted, loose))
    }

    /// Makes a registry of this size.
    pub fn of_size(size: Large) -> Result<Self> {
        let refs = if size.loose { "loose" } else { "packed" };
        eprintln!(
            "making a registry, {refs}: {} artifacts, {} versions each, {} other tags",
            size.artifacts, size.versions, size.noise
        );
        let sandbox = Sandbox::new();
        let folder = sandbox.path().join("registry");
        std::fs::create_dir(&folder)?;
        let tags = large(&folder, size)? + size.noise;
        let repo = Repo::at(&sandbox, folder, false);
        // Nothing may begin to pack in the background while something else is timed.
        for key in ["gc.auto", "maintenance.auto"] {
            repo.git_ok(&["config", key, "0"]);
        }
        Ok(Self { repo, tags })
    }
}

impl Registry {
    /// Makes a history of this number of commits, each of which changes one of five entries of `artifacts.yaml`.
    pub fn of_commits(commits: usize) -> Result<Self> {
        const ENTRIES: usize = 5;
        eprintln!("making a history of {commits} commits");
        let sandbox = Sandbox::new();
        let repo = sandbox.repo("history");
        let mut paths: Vec<String> = (0..ENTRIES).map(|n| format!("models/{n}.pkl")).collect();
        let mut import = Vec::new();
        for commit in 0..commits {
            paths[commit % ENTRIES] = format!("models/{commit}.pkl");
            let entry = |(n, path): (usize, &String)| {
                format!(
                    "model-{n}:\n  type: model\n  path: {path}\n  labels: [a, b]\n  description: Model {n}\n"
                )
            };
            let text: Vec<String> = paths.iter().enumerate().map(entry).collect();
            let text = text.concat();
            let time = 1_700_000_000 + commit;
            write!(
                import,
                "commit refs/heads/main\ncommitter A <a@example.com> {time} +0000\ndata 2\nx\n\
                 M 100644 inline artifacts.yaml\ndata {}\n{text}\nM 100644 inline src/{}\ndata 2\nx\n",
                text.len(),
                commit % 50
            )?;
        }
        repo.git_stdin(&["fast-import", "--quiet"], &import);
        for key in ["gc.auto", "maintenance.auto"] {
            repo.git_ok(&["config", key, "0"]);
        }
        // A pack of fast-import is made the other way round than those of every other repository: the oldest text is whole.
        repo.git_ok(&["repack", "-adfq"]);
        repo.git_ok(&["commit-graph", "write", "--reachable"]);
        Ok(Self { repo, tags: commits })
    }
}

/// The shape of a registry of about `tags` tags. Of a million: 5,500 artifacts of 100 versions, and 50,000 tags
/// that are not GTO's. The smallest have two artifacts with fewer versions.
fn size(tags: usize, loose: bool) -> Large {
    let versions_of_all = tags * 55 / 100;
    let artifacts = (versions_of_all / 100).max(2);
    let versions = (versions_of_all / artifacts).clamp(3, 100);
    Large { artifacts, versions, noise: tags / 20, loose, yaml: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_has_about_as_many_tags_as_were_wanted() {
        let million = size(1_000_000, false);
        assert_eq!((million.artifacts, million.versions, million.noise), (5500, 100, 50_000));
        for wanted in [100, 1000] {
            let registry = Registry::make(wanted, false).unwrap();
            assert_eq!(registry.repo.tag_names().len(), registry.tags);
            assert!(registry.tags.abs_diff(wanted) <= wanted / 5, "{} for {wanted}", registry.tags);
        }
    }

    #[test]
    fn what_is_asked_for_is_in_the_smallest_registry() {
        let tags = Registry::make(1, false).unwrap().repo.tag_names();
        let stage = format!("{ARTIFACT}#{STAGE}#");
        for wanted in [TAG, stage.as_str()] {
            assert!(tags.iter().any(|tag| tag.starts_with(wanted)), "{wanted} in {tags:?}");
        }
    }

    #[test]
    fn loose_tags_are_not_packed() {
        let registry = Registry::make(1, true).unwrap();
        assert!(registry.repo.git_dir().join("refs/tags").join(TAG).is_file());
        assert!(!registry.repo.git_dir().join("packed-refs").exists());
    }
}
