//! A disk that is full while the server runs.

use std::path::{Path, PathBuf};
use std::process::Command;

use gto_testkit::{Repo, Sandbox, TagSpec};

use crate::common::serve_with;

/// A small file system; it goes with the value.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this machine mounts nothing for us, which is counted as a skip.
    fn or_skip(folder: PathBuf) -> Option<Self> {
        std::fs::create_dir_all(&folder).unwrap();
        let mount = ["-t", "tmpfs", "-o", "size=1500k", "gto-small"];
        match Command::new("mount").args(mount).arg(&folder).output() {
            Ok(output) if output.status.success() => Some(Self(folder)),
            _ => {
                gto_testkit::skip("a small file system cannot be mounted here, which takes root");
                None
            }
        }
    }

    /// Leaves no room; what is returned makes room again when it is removed.
    fn fill(&self) -> PathBuf {
        let file = self.0.join("filler");
        let mut size = 2 << 20;
        while size > 0 {
            let before = std::fs::read(&file).unwrap_or_default();
            if std::fs::write(&file, [before.clone(), vec![1; size]].concat()).is_err() {
                std::fs::write(&file, before).unwrap();
                size /= 2;
            }
        }
        file
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Text that does not compress.
fn noise(size: usize) -> String {
    let mut state = 1_u64;
    let letter = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + u8::try_from(state >> 33 & 63).unwrap())
    };
    (0..size).map(letter).collect()
}

fn url(path: &Path) -> String {
    format!("file://{}", path.display())
}

#[test]
fn a_disk_that_is_full_where_clones_are_kept_shows_no_wrong_state_as_current() {
    let mut sandbox = Sandbox::new();
    let cache = sandbox.path().join("cache");
    let Some(disk) = SmallDisk::or_skip(cache.clone()) else { return };
    sandbox.set_env("GTO_CACHE_DIR", &cache);
    let repo = sandbox.repo("repo");
    repo.commit(&[("model", "1")], "first");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    let server = serve_with(&sandbox, &[], |a| {
        a.repositories = vec![url(repo.path())];
        a.refresh = Some("1s".to_owned());
    });
    server.wait_for("/", |page| page.text().contains("v1.0.0"));
    let filler = disk.fill();
    repo.commit(&[("model", &noise(600_000))], "larger");
    repo.tag("m@v2.0.0", "HEAD", &TagSpec::default());
    server.wait_for("/", |page| page.text().contains("cannot be read since"));
    let page = server.get("/").ok().text();
    assert!(page.contains("v1.0.0") && page.contains("last good state"), "{page}");
    assert!(
        page.contains("no space is left on the disk") && page.contains("gto cache clear --remotes"),
        "{page}"
    );
    std::fs::remove_file(filler).unwrap();
    server.wait_for("/", |page| page.text().contains("v2.0.0") && !page.text().contains("cannot be read"));
}

#[test]
fn a_write_on_a_disk_that_is_full_is_refused_and_nothing_else_changes() {
    let sandbox = Sandbox::new();
    let Some(disk) = SmallDisk::or_skip(sandbox.path().join("disk")) else { return };
    let repo = Repo::at(&sandbox, disk.0.join("repo"), false);
    std::fs::create_dir(repo.path()).unwrap();
    repo.git_ok(&["init", "--quiet"]);
    repo.commit(&[("model", "1")], "first");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    let server = serve_with(&sandbox, &[repo.path()], |a| a.write = Some("local".into()));
    let headers = [("authorization", &*format!("Bearer {}", server.token))];
    let ask = |path: &str, body: &str| server.ask("POST", path, &headers, body);
    let body = r#"{"action": "assign", "artifact": "m", "stage": "prod", "target": {"version": "v1.0.0"}}"#;
    let planned = ask("/api/v1/repos/repo/plans", body);
    let plan = planned.json()["id"].as_str().unwrap().to_owned();
    let filler = disk.fill();
    let refused = ask(&format!("/api/v1/repos/repo/plans/{plan}/apply"), "");
    assert!(refused.status >= 500, "{}", refused.body);
    assert!(refused.body.to_lowercase().contains("no space left"), "{}", refused.body);
    let page = server.get("/r/repo/m").ok().text();
    assert!(page.contains("No version is in a stage") && !page.contains("cannot be read"), "{page}");
    std::fs::remove_file(filler).unwrap();
    assert_eq!(repo.git_ok(&["tag"]).trim(), "m@v1.0.0");
    let again = ask("/api/v1/repos/repo/plans", body).json()["id"].as_str().unwrap().to_owned();
    let done = ask(&format!("/api/v1/repos/repo/plans/{again}/apply"), "");
    assert_eq!(done.status, 201, "{}", done.body);
    repo.git_ok(&["fsck", "--strict"]);
}
