//! Runs that do not get to their end, and two at once.

#![cfg(unix)]

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::dvc::{Dvc, md5};
use crate::common::gto;

/// How often a run is killed; `GTO_GET_KILLS` says otherwise.
const KILLS: u32 = 20;

/// A folder of files that DVC keeps, of which one takes a while.
fn many() -> Dvc {
    let dvc = Dvc::with_remote();
    let contents: Vec<String> =
        (0..40).map(|n| format!("{n}-").repeat(if n == 7 { 2_000_000 } else { 2_000 })).collect();
    let entry = |(n, content): (usize, &String)| {
        dvc.cache(content);
        format!(r#"{{"md5": "{}", "relpath": "sub{}/{n}"}}"#, md5(content), n % 3)
    };
    let list: Vec<String> = contents.iter().enumerate().map(entry).collect();
    dvc.folder("d", &format!("[{}]", list.join(", ")));
    dvc
}

#[test]
fn a_run_that_is_killed_leaves_no_half_file_and_the_next_goes_on() {
    let dvc = many();
    let out = dvc.repo.path().join("out");
    let begun = Instant::now();
    gto(&dvc.repo, "get d -o whole").ok();
    let whole = begun.elapsed();
    let kills = std::env::var("GTO_GET_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    for kill in 0..kills {
        let _ = fs::remove_dir_all(&out);
        let mut run = dvc.repo.command(env!("CARGO_BIN_EXE_gto"));
        run.args(["get", "d", "-o", "out"]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = run.spawn().unwrap();
        // No number of theirs divides the other: it is another moment each time.
        sleep(whole * (kill * 7919 % 1009) / 1009);
        let _ = child.kill();
        child.wait().unwrap();
        // All or nothing.
        if out.exists() {
            assert!(gto(&dvc.repo, "get d -o out").ok().out().contains("is up to date"), "kill {kill}");
        }
        // Only sometimes is there nothing left of the last run.
        if kill % 3 > 0 {
            gto(&dvc.repo, "get d -o out").ok();
            let same = dvc.repo.command("diff").args(["-r", "whole", "out"]).status().unwrap();
            assert!(same.success(), "kill {kill}");
            assert!(!dvc.repo.path().join(".out.gto-get").exists());
        }
    }
}

#[test]
fn two_runs_for_one_target_do_not_mix() {
    let dvc = many();
    let mut runs: Vec<_> = (0..4)
        .map(|_| {
            let mut run = dvc.repo.command(env!("CARGO_BIN_EXE_gto"));
            run.args(["get", "d", "-o", "out"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let deadline = Instant::now() + Duration::from_secs(120);
    let mut done = 0;
    for run in &mut runs {
        while run.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline);
            sleep(Duration::from_millis(10));
        }
    }
    for run in runs {
        let output = run.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        done += usize::from(output.status.success());
        assert!(output.status.success() || said.contains("Another process is getting files into"), "{said}");
    }
    assert!(done > 0);
    gto(&dvc.repo, "get d -o whole").ok();
    assert!(dvc.repo.command("diff").args(["-r", "whole", "out"]).status().unwrap().success());
}

#[test]
fn where_no_more_can_be_written_that_is_said_and_the_next_run_goes_on() {
    let dvc = many();
    let large = "0123456789abcdef".repeat(200_000);
    dvc.repo.commit(&[("artifacts.yaml", "d: {path: d}\ng: {path: g}\n"), ("g", &large)], "in Git");
    dvc.register();
    for (artifact, path) in [("d", "d"), ("d --path g", "g")] {
        // In units of 512 or of 1024 bytes.
        let limited = format!("trap '' XFSZ; ulimit -f 1000; exec \"$0\" get {artifact} -o out-{path}");
        let mut run = dvc.repo.command("sh");
        let run = run.args(["-c", &limited, env!("CARGO_BIN_EXE_gto")]).output().unwrap();
        let error = String::from_utf8_lossy(&run.stderr);
        assert!(error.contains("Cannot write '") && error.contains("File too large"), "{error}");
        assert!(!dvc.repo.path().join(format!("out-{path}")).exists());
        gto(&dvc.repo, &format!("get {artifact} -o out-{path}")).ok();
    }
}
