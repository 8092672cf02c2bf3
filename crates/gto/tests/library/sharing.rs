//! Several registries in one process, and several threads in one registry, as in a server.

use std::sync::Barrier;
use std::thread;

use gto::rules::Registering;
use gto::{Author, Environment, OpenOptions, Registry, Request, Timestamp, WriteOptions};
use gto_testkit::{Repo, RepoOptions};

fn environment() -> Environment {
    Environment::new([], Timestamp::new(1_900_000_000, 0).expect("a time of this century"))
}

#[test]
fn a_registry_can_be_shared_by_threads() {
    const fn is_shared<T: Send + Sync>() {}
    const { is_shared::<Registry>() };

    let repo = Repo::new();
    repo.commit(&[], "first");
    let registry = Registry::open(repo.path(), environment()).unwrap();
    let me = Author { name: Some("Ann".into()), email: Some("ann@example.com".into()), ..Author::default() };
    let names = ["a", "b", "c", "d"];
    let start = Barrier::new(names.len());
    thread::scope(|scope| {
        for name in names {
            let (registry, me, start) = (&registry, &me, &start);
            scope.spawn(move || {
                start.wait();
                let request = Request::Register {
                    artifact: name.parse().unwrap(),
                    revision: "HEAD".to_owned(),
                    new: Registering::default(),
                    if_changed: false,
                    author: me.clone(),
                };
                registry.write(&request, &WriteOptions::default()).unwrap();
                assert!(registry.tag_names().unwrap().contains(&format!("{name}@v0.0.1")));
            });
        }
    });
    assert_eq!(registry.tag_names().unwrap(), ["a@v0.0.1", "b@v0.0.1", "c@v0.0.1", "d@v0.0.1"]);
}

#[test]
fn a_registry_that_stays_open_follows_the_configuration_unless_it_is_to_keep_it() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    let open = || Registry::open(repo.path(), environment()).unwrap();
    let kept = OpenOptions::new(environment()).keep_config(true).open(repo.path()).unwrap();
    let (server, file) = (open(), repo.path().join(".gto"));
    let stages = |registry: &Registry| {
        let stages = registry.config().unwrap().stages.clone();
        stages.map(|stages| stages.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    };
    assert_eq!((stages(&server), stages(&kept)), (None, None));
    // Of the same length and within the same tick of the clock.
    for stage in ["dev", "old"] {
        std::fs::write(&file, format!("stages: [{stage}]\n")).unwrap();
        assert_eq!((stages(&server).as_deref(), stages(&kept)), (Some(stage), None));
    }
    std::fs::write(&file, "stages: [\n").unwrap();
    assert!(server.config().is_err());
    std::fs::remove_file(&file).unwrap();
    assert_eq!(stages(&server), None);

    // Where nothing is checked out, it is that of the current commit, which is read once.
    let bare = repo.sandbox().repo_with("bare", RepoOptions { bare: true, ..RepoOptions::default() });
    let push = || repo.git_ok(&["push", "-q", &bare.path().to_string_lossy(), "HEAD:refs/heads/main"]);
    push();
    let server = Registry::open(bare.path(), environment()).unwrap();
    assert_eq!(stages(&server), None);
    let read = server.objects_read();
    assert_eq!((stages(&server), server.objects_read()), (None, read));
    repo.commit(&[(".gto", "stages: [prod]\n")], "stages");
    push();
    assert_eq!(stages(&server).as_deref(), Some("prod"));
}

/// A Ctrl-C in one call from Python ended the `git` of every other one.
#[cfg(unix)]
#[test]
fn cancelling_the_work_of_one_registry_leaves_that_of_another_alone() {
    use std::time::Duration;

    let repos = [Repo::new(), Repo::new()];
    let registries = repos.each_ref().map(|repo| {
        repo.commit(&[], "first");
        // A remote that never answers.
        let connect = format!("sh -c 'touch {}; exec sleep 600'", repo.path().join("asked").display());
        repo.git_ok(&["config", "core.sshCommand", &connect]);
        repo.git_ok(&["config", "ssh.variant", "simple"]);
        repo.git_ok(&["remote", "add", "origin", "ssh://host.invalid/x"]);
        let environment = environment();
        let cancellation = environment.cancellation().clone();
        (Registry::open(repo.path(), environment).unwrap(), cancellation)
    });
    let [(one, cancel_one), (other, cancel_other)] = &registries;
    thread::scope(|scope| {
        let first = scope.spawn(|| one.compare(None, None).map(drop));
        let second = scope.spawn(|| other.compare(None, None).map(drop));
        while !repos.iter().all(|repo| repo.path().join("asked").exists()) {
            assert!(!first.is_finished() && !second.is_finished(), "both wait for their remote");
            thread::sleep(Duration::from_millis(10));
        }
        cancel_one.cancel();
        assert!(first.join().unwrap().is_err());
        assert!(!second.is_finished());
        cancel_other.cancel();
        assert!(second.join().unwrap().is_err());
    });
}
