//! Files that Git has and the work tree has not: `.gto` and annotations are read from where Git reads `.gitattributes` then.

use std::fs;

use gto_testkit::Repo;

use crate::common::{gto, hints_at, refused};

/// A clone with nothing checked out.
fn clone() -> Repo {
    let repo = Repo::new();
    let dvc = "artifacts:\n  n:\n    path: data\n";
    let files = [
        (".gto", "stages: [prod]\n"),
        ("artifacts.yaml", "m:\n  type: model\n"),
        ("a/b/dvc.yaml", dvc),
        ("z/file", "z"),
    ];
    repo.commit(&files, "first");
    let to = repo.sandbox().path().join("clone");
    let (from, path) = (repo.path().to_string_lossy().into_owned(), to.to_string_lossy().into_owned());
    repo.git_ok(&["clone", "-q", "--no-checkout", &from, &path]);
    Repo::at(repo.sandbox(), to, false)
}

/// What the files say, which are those of the first commit.
fn reads_all(repo: &Repo) {
    assert_eq!(gto(repo, "stages --allowed").ok().out(), "prod\n");
    assert_eq!(gto(repo, "describe m --type").ok().out(), "model\n");
    assert_eq!(gto(repo, "describe a/b:n --path").ok().out(), "a/b/data\n");
}

fn allowed(repo: &Repo) -> String {
    gto(repo, "stages --allowed").ok().out().clone()
}

/// D27: a stage that `.gto` forbids was assigned wherever a sparse checkout leaves `.gto` out.
#[test]
fn nothing_is_checked_out() {
    let repo = clone();
    reads_all(&repo);
    refused(&repo, "assign m HEAD --stage dev", "Allowed stages are: '['prod']'");
    let run =
        refused(&repo, "annotate m --type data", "'artifacts.yaml' is not edited: nothing is checked out");
    hints_at(&run, "`git checkout BRANCH`");
}

#[test]
fn a_sparse_checkout_by_folders_leaves_files_out() {
    for index in [&["sparse-checkout", "reapply"][..], &["sparse-checkout", "reapply", "--sparse-index"]] {
        let repo = clone();
        repo.git_ok(&["sparse-checkout", "set", "z"]);
        repo.git_ok(&["checkout", "-q", "main"]);
        repo.git_ok(index);
        assert!(!repo.path().join("a").exists());
        reads_all(&repo);
        let error = "'a/b/dvc.yaml' is not edited: the sparse checkout leaves it out";
        let run = refused(&repo, "annotate a/b:n --type data", error);
        hints_at(&run, "`git sparse-checkout add a/b`");
        repo.git_ok(&["sparse-checkout", "add", "a/b"]);
        gto(&repo, "annotate a/b:n --type data").ok();
    }
}

#[test]
fn a_sparse_checkout_by_patterns_leaves_the_root_out() {
    let repo = clone();
    repo.git_ok(&["sparse-checkout", "set", "--no-cone", "/z/"]);
    repo.git_ok(&["checkout", "-q", "main"]);
    assert!(!repo.path().join(".gto").exists());
    reads_all(&repo);
    let run = refused(
        &repo,
        "annotate m --type data",
        "'artifacts.yaml' is not edited: the sparse checkout leaves it out",
    );
    hints_at(&run, "`git sparse-checkout add /artifacts.yaml`");
    // However the index is stored.
    for how in [&["--index-version", "4"][..], &["--split-index"]] {
        repo.git_ok(&[&["update-index"], how].concat());
        reads_all(&repo);
    }
    repo.git_ok(&["sparse-checkout", "add", "/artifacts.yaml"]);
    gto(&repo, "annotate m --type data").ok();
}

/// D27: what DVC does not look at was described where the sparse checkout leaves `.dvcignore` out.
#[test]
fn what_dvcignore_leaves_out_is_left_out_where_it_is_not_checked_out() {
    let repo = Repo::new();
    let dvc = "artifacts:\n  n:\n    path: data\n";
    repo.commit(&[(".dvcignore", "b\n"), ("a/b/dvc.yaml", dvc), ("a/c/dvc.yaml", dvc)], "first");
    for patterns in [&["/*"][..], &["/a/"]] {
        repo.git_ok(&[&["sparse-checkout", "set", "--no-cone"], patterns].concat());
        assert_eq!(repo.path().join(".dvcignore").exists(), patterns == ["/*"]);
        gto(&repo, "describe a/b:n").fails(1);
        assert_eq!(gto(&repo, "describe a/c:n --path").ok().out(), "a/c/data\n");
    }
}

#[test]
fn a_file_that_is_skipped_by_hand_is_read_from_the_index() {
    let repo = clone();
    repo.git_ok(&["checkout", "-q", "main"]);
    repo.git_ok(&["update-index", "--skip-worktree", ".gto", "artifacts.yaml"]);
    fs::remove_file(repo.path().join(".gto")).unwrap();
    fs::remove_file(repo.path().join("artifacts.yaml")).unwrap();
    reads_all(&repo);
    let run = refused(
        &repo,
        "annotate m --type data",
        "'artifacts.yaml' is not edited: Git skips it in the work tree",
    );
    hints_at(&run, "`git update-index --no-skip-worktree artifacts.yaml && git checkout -- artifacts.yaml`");
}

/// As git takes `.gitattributes` from the index until its removal is staged; what describes an artifact is a change like any.
#[test]
fn a_configuration_that_is_only_deleted_counts_until_that_is_staged() {
    let repo = clone();
    repo.git_ok(&["checkout", "-q", "main"]);
    for file in [".gto", "artifacts.yaml"] {
        fs::remove_file(repo.path().join(file)).unwrap();
    }
    assert_eq!(allowed(&repo), "prod\n");
    gto(&repo, "describe m").fails(1);
    repo.git_ok(&["rm", "-q", "--cached", ".gto"]);
    assert_eq!(allowed(&repo), "");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_in_the_place_of_one_is_an_error() {
    use std::os::unix::fs::symlink;

    let repo = Repo::new();
    repo.commit(&[("a/file", "stages: [linked]\n")], "first");
    let outside = repo.sandbox().home().join("gto");
    fs::write(&outside, "stages: [outside]\n").unwrap();
    for (file, command) in [(".gto", "show"), ("artifacts.yaml", "describe m")] {
        let path = repo.path().join(file);
        let says = |what: &str| {
            let run = gto(&repo, command).fails(1);
            assert!(run.err().contains(what), "{file}: {run}");
        };
        fs::create_dir(&path).unwrap();
        says("it is a folder");
        fs::remove_dir(&path).unwrap();
        assert!(repo.command("mkfifo").arg(file).status().unwrap().success());
        says("it is not a regular file");
        fs::remove_file(&path).unwrap();
        symlink("nowhere", &path).unwrap();
        says("it is a link that leads to no file");
        fs::remove_file(&path).unwrap();
        symlink(&outside, &path).unwrap();
        says("it is a link that leads out of the repository");
        fs::remove_file(&path).unwrap();
    }
    symlink("a/file", repo.path().join(".gto")).unwrap();
    assert_eq!(allowed(&repo), "linked\n");
}

#[test]
fn what_is_in_a_submodule_is_of_another_repository() {
    let repo = Repo::new();
    repo.commit(&[], "outer");
    let inner = repo.sandbox().repo("inner");
    inner.commit(&[("dvc.yaml", "artifacts:\n  m:\n    path: data\n")], "inner");
    let path = inner.path().to_string_lossy().into_owned();
    repo.git_ok(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &path, "sub"]);
    let run = refused(&repo, "describe sub:m", "Artifact 'sub:m' is not annotated in the work tree");
    hints_at(&run, "'sub' is another repository");
    refused(&repo, "annotate sub:m --type x", "'sub/dvc.yaml' is not edited: 'sub' is another repository");
    let inside = Repo::at(repo.sandbox(), repo.path().join("sub"), false);
    assert_eq!(gto(&inside, "describe m --path").ok().out(), "data\n");
}
