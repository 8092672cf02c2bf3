//! Revisions that more than one ref matches (decision D29).
//!
//! Owns when Git warns that a name is ambiguous, and what it takes then. See `revision` for the commit that a revision
//! names.

use gix::bstr::ByteSlice as _;

use crate::git::{RefStorage, Repository, lossy};

/// Where Git looks for a ref, and in this order.
const RULES: [(&str, &str); 6] = [
    ("", ""),
    ("refs/", ""),
    ("refs/tags/", ""),
    ("refs/heads/", ""),
    ("refs/remotes/", ""),
    ("refs/remotes/", "/HEAD"),
];

/// What the name in a revision may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ambiguity {
    /// The name, as in the revision.
    pub name: String,
    /// What it means first, and so is taken; empty if only Git knows.
    pub candidates: Vec<String>,
}

/// What of a revision is a name.
enum Base<'r> {
    Name(&'r str),
    /// Something with `@{…}`.
    Reflog,
    None,
}

impl Repository {
    /// Whether Git warns that the name in `revision` is ambiguous, as it does unless `core.warnAmbiguousRefs` is off.
    pub fn ambiguity(&self, revision: &str) -> Option<Ambiguity> {
        if self.gix().config_snapshot().boolean("core.warnAmbiguousRefs") == Some(false) {
            return None;
        }
        match base(revision) {
            Base::Name(name) => self.ambiguous_name(name),
            Base::Reflog => self.ambiguity_by_git(revision),
            Base::None => None,
        }
    }

    fn ambiguous_name(&self, name: &str) -> Option<Ambiguity> {
        let searched = if name == "@" { "HEAD" } else { name };
        let mut candidates = self.refs_called(searched);
        if candidates.is_empty() {
            return None;
        }
        let is_hex = name.len() >= 4 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hex && name.len() == self.gix().object_hash().len_in_hex() {
            // Always the object, whether it is there or not.
            candidates.insert(0, "the object of that id".to_owned());
        } else if is_hex && self.is_one_object(name) {
            candidates.push("the object of that id".to_owned());
        }
        (candidates.len() > 1).then(|| Ambiguity { name: name.to_owned(), candidates })
    }

    fn is_one_object(&self, prefix: &str) -> bool {
        let prefix = gix::hash::Prefix::from_hex(prefix).ok();
        let found = prefix.and_then(|prefix| self.gix().objects.lookup_prefix(prefix, None).ok().flatten());
        matches!(found, Some(Ok(_)))
    }

    /// The refs that a name matches, in Git's order.
    fn refs_called(&self, name: &str) -> Vec<String> {
        let names = full_names(name);
        match self.refs {
            RefStorage::Files => {
                names.into_iter().filter(|name| self.ref_target(name).is_ok_and(|id| id.is_some())).collect()
            }
            RefStorage::Reftable => {
                let options = ["for-each-ref", "--include-root-refs", "--format=%(refname)"];
                let output = self.run_git(
                    "a repository with reftables",
                    options.into_iter().chain(names.iter().map(String::as_str)),
                    &[],
                );
                let listed = output.map(|output| lossy(&output.stdout)).unwrap_or_default();
                let listed: Vec<&str> = listed.lines().collect();
                names.into_iter().filter(|name| listed.contains(&name.as_str())).collect()
            }
        }
    }

    /// What Git warns of.
    fn ambiguity_by_git(&self, revision: &str) -> Option<Ambiguity> {
        let args = ["rev-parse", "--verify", "--end-of-options", revision];
        let output = self.run_git("a revision by its time", args, &[]).ok()?;
        let warning = output.stderr.lines().find_map(|line| {
            line.strip_prefix(b"warning: refname '")?.strip_suffix(b"' is ambiguous.").map(lossy)
        });
        warning.map(|name| Ambiguity { name, candidates: Vec::new() })
    }
}

/// The full names of the refs that a name may mean, in Git's order.
pub(super) fn full_names(name: &str) -> Vec<String> {
    let names = RULES.iter().map(|(before, after)| format!("{before}{name}{after}"));
    // A file in the Git folder is no ref, unless it is named as one.
    let is_ref =
        |name: &String| name.starts_with("refs/") || !name.bytes().any(|byte| byte.is_ascii_lowercase());
    names.filter(is_ref).collect()
}

/// Whether the name in a revision looks like the output of `git describe`. Git takes a ref of that name, and else the commit
/// at its end; gix takes any ref that has the name of that end.
pub(in crate::git) fn is_like_describe(revision: &str) -> bool {
    let Base::Name(name) = base(revision) else { return false };
    let end = name.rsplit_once("-g").map(|(_, end)| end);
    end.is_some_and(|end| end.len() >= 4 && end.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The name that a revision begins with.
fn base(revision: &str) -> Base<'_> {
    if revision.contains('\0') {
        return Base::None;
    }
    let end = revision.find(['~', '^', ':']).unwrap_or(revision.len());
    match &revision[..end] {
        "" => Base::None,
        name if name.contains("@{") => Base::Reflog,
        name => Base::Name(name),
    }
}

#[cfg(test)]
mod tests {
    use gto_testkit::{Repo, TagSpec};

    use crate::git::test_repo::{each_storage, open};

    /// Every kind of ref with the names of other kinds, each on its own commit.
    fn ambiguous(repo: &Repo) -> Vec<String> {
        let commits: Vec<String> = (0..12).map(|n| repo.commit(&[], &n.to_string())).collect();
        let (full, short) = (&commits[1], &commits[1][..7]);
        let refs = [
            "refs/heads/x",
            "refs/tags/x",
            "refs/remotes/x",
            "refs/remotes/o/x",
            "refs/heads/heads/x",
            "refs/heads/tags/x",
            "refs/tags/tags/x",
            "refs/heads/one",
            "refs/tags/t",
            "refs/remotes/o/HEAD",
            "refs/heads/o",
            "refs/heads/HEAD",
            "refs/heads/a",
            "refs/remotes/a/HEAD",
            "refs/refs/heads/x",
            "refs/odd",
            "refs/heads/m@v1.0.0",
            "refs/tags/m@v1.0.0",
            "refs/tags/odd",
            "refs/heads/config",
        ];
        let described = format!("v1-0-g{short}");
        let hashes = [
            format!("refs/heads/{short}"),
            format!("refs/tags/{}", &commits[2][..8]),
            format!("refs/heads/{described}"),
            format!("refs/heads/{full}"),
            format!("refs/heads/{}", "abcdef"),
        ];
        let all = refs.into_iter().chain(hashes.iter().map(String::as_str));
        for (name, commit) in all.zip(commits.iter().cycle()) {
            repo.git_ok(&["update-ref", "--create-reflog", name, commit]);
        }
        repo.tag("annotated", &commits[3], &TagSpec::default());
        repo.git_ok(&["branch", "annotated", &commits[4]]);
        repo.git_ok(&["switch", "-q", "x"]);
        repo.git_ok(&["switch", "-q", "one"]);
        let mut names: Vec<String> = [
            "x",
            "heads/x",
            "tags/x",
            "remotes/x",
            "o/x",
            "one",
            "t",
            "o",
            "a",
            "HEAD",
            "@",
            "-",
            "odd",
            "refs/odd",
            "refs/heads/x",
            "refs/tags/x",
            "m@v1.0.0",
            "annotated",
            "config",
            "abcdef",
            "nothing",
            "refs/heads/nothing",
            "x@{0}",
            "one@{0}",
            "t@{0}",
            "@{0}",
            "@{-1}",
            "HEAD@{0}",
            "@{u}",
            "x@{9}",
            "",
            " ",
            "x y",
        ]
        .map(str::to_owned)
        .into();
        names.extend([short.to_owned(), commits[2][..8].to_owned(), commits[3][..7].to_owned(), described]);
        names.extend([
            full.clone(),
            commits[5].clone(),
            full.to_uppercase(),
            format!("none-3-g{short}"),
            "1".repeat(40),
        ]);
        names
    }

    /// The commit that Git selects, and the name that it reports as ambiguous.
    fn by_git(repo: &Repo, revision: &str, config: &[&str]) -> (Option<String>, Option<String>) {
        let commit = format!("{revision}^{{commit}}");
        let args = [config, &["rev-parse", "--verify", "--end-of-options", &commit]].concat();
        let output = repo.git(&args);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let name = stderr
            .lines()
            .find_map(|line| line.strip_prefix("warning: refname '")?.strip_suffix("' is ambiguous."));
        let id = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        (output.status.success().then_some(id), name.map(str::to_owned))
    }

    #[test]
    fn d29_a_revision_is_what_git_rev_parse_takes_and_is_ambiguous_where_it_warns() {
        let mut warned = 0;
        for repo in each_storage() {
            let names = ambiguous(&repo);
            let repository = open(&repo);
            for revision in
                names.iter().flat_map(|name| [name.clone(), format!("{name}~0"), format!("{name}^0")])
            {
                let (commit, ambiguous) = by_git(&repo, &revision, &[]);
                let found = repository.resolve(&revision).ok().map(|id| id.to_string());
                // What Git has no name for may be a branch of a remote, as in the Python tool.
                if commit.is_some() || !["x", "HEAD"].contains(&revision.as_str()) {
                    assert_eq!(found, commit, "{revision}");
                }
                let ours = repository.ambiguity(&revision);
                if commit.is_some() {
                    assert_eq!(ours.as_ref().map(|found| &found.name), ambiguous.as_ref(), "{revision}");
                }
                if let Some(first) = ours.and_then(|found| found.candidates.into_iter().next())
                    && first.starts_with("refs/")
                {
                    warned += 1;
                    assert_eq!(
                        by_git(&repo, &first, &["-c", "core.warnAmbiguousRefs=false"]).0,
                        commit,
                        "{revision}"
                    );
                }
            }
            repo.git_ok(&["config", "core.warnAmbiguousRefs", "false"]);
            assert_eq!(open(&repo).ambiguity("x"), None);
            assert_eq!(open(&repo).resolve("x").ok().map(|id| id.to_string()), by_git(&repo, "x", &[]).0);
        }
        assert!(warned > 20, "{warned}");
    }
}
