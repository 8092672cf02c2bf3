//! The project's own tasks, run as `cargo xtask TASK`: one module each.
//!
//! Developer tools only. They drive `cargo`, `git`, Python and the built `gto` as programs; nothing here may
//! be needed to use gto, and no other crate may depend on this one.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a developer tool talks to the terminal of its developer; only gto itself has a printer to go through"
)]

mod bench;
mod browser;
mod clients;
mod file_servers;
mod generate;
mod layers;
mod measure;
mod oracle;
mod pipelines;
mod python;
mod release;
mod result;
mod skips;
mod tally;
mod test;
mod venv;
mod workspace;

use std::process::ExitCode;

use result::Result;

const HELP: &str = "\
Usage: cargo xtask TASK

Tasks:
  test [--long] [-- CARGO TEST ARGUMENTS]
            set up what the tests need, then run them all
            --long: for a release: every case, every point of a write, large races, the release build
  generate [--check] [--built]
            write what is derived from the command line: docs/reference.md, docs/man, completions
            --check: write nothing, fail if one of them is stale
            --built: use target/debug/gto as it is
  layers    which file may name which: fail if one of the rules in docs/architecture.md is broken
  bench [--tags 10000,100000] [--runs 7] [--parts whole,more,snapshot,one,write,start,loose,oracle]
            time gto against git on registries of so many tags, and print tables
            whole: all of a registry; more: after one more tag; one: an artifact; write: new tags;
            start: without a repository; loose: 10,000 loose tags; oracle: the Python tool, 1,000 tags
  bench --instructions
            count the instructions of questions about one artifact, which needs valgrind, and print them with their budgets
  bench --pipeline
            time `gto ci` for the checkout of a job against the git fetch commands that it needs
  bench --serve
            put `gto serve` with 5,500 models under load beside nginx and MLflow's server, as far as these are to be had (Linux)
  bench --get [GTO]
            time `gto get`, of a new build or of this one, against `dvc get`, `cp` and git: 10,000 files, 2 GiB, a blob by URL
  python [--release] [-- UNITTEST ARGUMENTS]
            build the Python package, install it into an empty environment and test it there
            --release: as it is published
  pipelines check workflows, the action and the GitLab component: schemas, actionlint, shellcheck
  release STEP
            a step of a release, see docs/releasing.md; `rehearse` takes all of them here, and installs the result
  help      show this list
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<()> {
    let Some((task, rest)) = arguments.split_first() else {
        print!("{HELP}");
        return Ok(());
    };
    match task.as_str() {
        "test" => test::run(rest),
        "generate" => generate::run(rest),
        "layers" => layers::run(rest),
        "bench" => bench::run(rest),
        "pipelines" => pipelines::run(),
        "python" => python::run(rest),
        "release" => release::run(rest),
        "help" | "-h" | "--help" => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(format!("no task `{other}`; `cargo xtask help` lists them").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_task_is_refused_and_names_the_help() {
        let error = dispatch(&["tset".to_owned()]).unwrap_err().to_string();
        assert_eq!(error, "no task `tset`; `cargo xtask help` lists them");
    }

    #[test]
    fn no_argument_and_help_both_succeed() {
        assert!(dispatch(&[]).is_ok());
        assert!(dispatch(&["help".to_owned()]).is_ok());
    }
}
