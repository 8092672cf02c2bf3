//! The commits of the branches.
//!
//! Owns walking history: each commit once, in no order that means anything, from git's commit-graph where there is one. Must not
//! read the files of commits.

use gix::objs::{CommitRefIter, Kind};

use crate::git::{GitError, Repository, from_gix};
use crate::object_id::ObjectId;

/// A commit, its tree, and when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CommitTree {
    pub commit: ObjectId,
    pub tree: ObjectId,
    /// In seconds since 1970; 0 if the commit has no time.
    pub time: i64,
}

impl Repository {
    /// The commits that the branches and `HEAD` are at, each once.
    pub fn branch_commits(&self) -> Vec<ObjectId> {
        let args = ["for-each-ref", "--format=%(objectname)", "refs/heads"];
        let listed = self.run_git("listing branches", args, b"");
        let listed = listed.map(|output| crate::git::lossy(&output.stdout)).unwrap_or_default();
        let mut commits: Vec<ObjectId> = listed.lines().filter_map(|id| id.parse().ok()).collect();
        commits.extend(self.head_commit().ok().flatten());
        commits.sort_unstable();
        commits.dedup();
        commits
    }

    /// These commits and all before them. What a shallow clone lacks is passed over.
    pub fn history_of(&self, tips: &[ObjectId]) -> Result<Vec<CommitTree>, GitError> {
        // It only makes things faster: git, too, goes on without one that it cannot read.
        let graph = self.gix().commit_graph_if_enabled().ok().flatten();
        let mut seen: foldhash::HashSet<gix::ObjectId> =
            tips.iter().filter_map(|id| self.to_gix(*id)).collect();
        let mut todo: Vec<gix::ObjectId> = seen.iter().copied().collect();
        let mut found = Vec::new();
        let mut data = Vec::new();
        while let Some(id) = todo.pop() {
            self.count_read(1);
            if let Some(graph) = &graph
                && let Some(commit) = graph.commit_by_id(id)
            {
                let time = i64::try_from(commit.committer_timestamp()).unwrap_or_default();
                let tree = from_gix(commit.root_tree_id());
                found.push(CommitTree { commit: from_gix(&id), tree, time });
                for parent in commit.iter_parents() {
                    let Ok(position) = parent else { continue };
                    let parent = graph.id_at(position).to_owned();
                    if seen.insert(parent) {
                        todo.push(parent);
                    }
                }
                continue;
            }
            let kind = match self.read_object(&id, &mut data) {
                Ok(Some(kind)) => kind,
                Ok(None) => continue,
                Err(error) => return Err(GitError::broken_object(from_gix(&id), error)),
            };
            if kind != Kind::Commit {
                continue;
            }
            let mut tokens = CommitRefIter::from_bytes(&data, id.kind());
            let Ok(tree) = tokens.tree_id() else { continue };
            let time = CommitRefIter::from_bytes(&data, id.kind()).committer();
            let time = time.map_or(0, |committer| committer.seconds());
            found.push(CommitTree { commit: from_gix(&id), tree: from_gix(&tree), time });
            for parent in CommitRefIter::from_bytes(&data, id.kind()).parent_ids() {
                if seen.insert(parent) {
                    todo.push(parent);
                }
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use crate::git::test_repo::{each_storage, id, open};

    #[test]
    fn every_commit_of_every_branch_is_found_once_with_its_tree_with_a_commit_graph_or_without() {
        for repo in each_storage() {
            repo.commit(&[("a", "1")], "first");
            repo.git_ok(&["checkout", "-q", "-b", "side"]);
            repo.commit(&[("b", "1")], "side");
            repo.git_ok(&["checkout", "-q", "main"]);
            repo.commit(&[("c", "1")], "second");
            repo.git_ok(&["merge", "-q", "--no-edit", "side"]);
            repo.git_ok(&["commit-graph", "write", "--reachable"]);
            repo.commit(&[("d", "1")], "not in the graph");
            repo.git_ok(&["checkout", "-q", "--detach"]);
            repo.commit(&[("e", "1")], "on no branch");
            let log = repo.git_ok(&["log", "--branches", "HEAD", "--format=%H %T %ct"]);
            let commit = |line: &str| match line.split(' ').collect::<Vec<_>>()[..] {
                [commit, tree, time] => (id(commit), id(tree), time.parse::<i64>().unwrap()),
                _ => panic!("{line}"),
            };
            let mut expected: Vec<_> = log.lines().map(commit).collect();
            expected.sort_unstable();
            let repository = open(&repo);
            assert_eq!(repository.branch_commits().len(), 3);
            let found = repository.history_of(&repository.branch_commits()).unwrap();
            let mut found: Vec<_> =
                found.into_iter().map(|found| (found.commit, found.tree, found.time)).collect();
            found.sort_unstable();
            assert_eq!(found, expected);
            // A damaged one made `show -A` fail.
            let graph = repo.git_dir().join("objects/info/commit-graph");
            std::fs::remove_file(&graph).unwrap();
            for damage in ["", "CGPH", "noise that is no graph at all, and long enough to be looked at"] {
                std::fs::write(&graph, damage).unwrap();
                let repository = open(&repo);
                let found = repository.history_of(&repository.branch_commits()).unwrap();
                assert_eq!(found.len(), expected.len(), "{damage:?}");
            }
        }
    }
}
