//! `cargo xtask test`: sets up what the tests need, runs them all with plain `cargo test`, sums up the result
//! in one line, and continues with the tests of the Python package (`python`).
//!
//! `--long` also runs what takes too long for each change, and is meant for each release.

use std::io::BufReader;
use std::num::NonZero;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::skips::{self, Skips};
use crate::tally::Tally;
use crate::workspace::{Workspace, display};
use crate::{Result, browser, clients, file_servers, oracle, python};

/// The number of random registries in the differential test.
const REGISTRIES: &str = "GTO_DIFF_REGISTRIES";
const REGISTRIES_BY_DEFAULT: &str = "25";

/// Tests wait for disks and other processes most of the time, so more of them run at once than there are processors.
const THREADS: &str = "RUST_TEST_THREADS";
const THREADS_FOR_EACH_PROCESSOR: usize = 3;

/// What `--long` sets for the tests: more cases, larger races, and no point of a write left out.
const LONG: [(&str, &str); 8] = [
    (REGISTRIES, "2000"),
    ("GTO_DAMAGE_CASES", "3000"),
    ("GTO_RACE", "16x50"),
    ("GTO_TEST_RACE", "8x25"),
    ("GTO_KILL_EVERY", "1"),
    ("GTO_GET_KILLS", "200"),
    ("GTO_CUT_EVERY", "1"),
    ("GTO_FUZZ_SECONDS", "600"),
];

/// Runs the task.
pub fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let workspace = Workspace::find()?;
    let oracle = oracle::provide(&workspace);
    match &oracle {
        Ok(python) => println!("oracle: {}", python.display()),
        Err(reason) => println!("oracle: NOT AVAILABLE, the tests that need it are skipped: {reason}"),
    }
    // The test that needs it skips itself.
    if let Err(reason) = browser::provide(&workspace) {
        println!("browser: NOT AVAILABLE, the test in a browser is skipped: {reason}");
    }
    let skip_log = workspace.target.join("skipped-tests.log");
    // The log of an earlier run would be counted again. It may be missing.
    std::fs::remove_file(&skip_log).ok();

    let started = Instant::now();
    let mut cargo = cargo_test(&workspace, &options, oracle.as_deref().ok(), &skip_log);
    cargo.envs(file_servers::provide(&workspace)).envs(clients::provide(&workspace));
    let (tally, success) = run_and_count(&mut cargo)?;

    let skips = Skips::read(&skip_log);
    print!("\n{skips}");
    let settings: Vec<String> =
        options.settings().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let against = if oracle.is_ok() { settings.join(" ") } else { "NO ORACLE".to_owned() };
    println!(
        "xtask test: {}: {} passed ({} of them skipped themselves), {} failed, {} ignored; {against}; {:.0} s",
        if success { "ok" } else { "FAILED" },
        tally.passed,
        skips.count(),
        tally.failed,
        tally.ignored,
        started.elapsed().as_secs_f64(),
    );
    if !success {
        return Err(format!("{} failed", display(&cargo)).into());
    }
    // A choice of tests is a choice among those of Rust.
    if !options.for_cargo.is_empty() {
        return Ok(());
    }
    python::run(&[])?;
    if options.long { first_command_of_readme(&workspace) } else { Ok(()) }
}

/// Builds for release and runs the demo, for a user who has set up nothing.
fn first_command_of_readme(workspace: &Workspace) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let mut cargo = workspace.cargo();
    cargo.args(["run", "--locked", "--release", "--", "demo"]).arg(scratch.path().join("demo"));
    cargo.env("GIT_CONFIG_GLOBAL", scratch.path().join("none")).env("GIT_CONFIG_NOSYSTEM", "1");
    let status = cargo.stdin(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(format!("{} failed ({status})", display(&cargo)).into()) }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    long: bool,
    /// Arguments for `cargo test`; without any, the whole workspace is tested.
    for_cargo: Vec<String>,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--long" => options.long = true,
                "--" => options.for_cargo = arguments.by_ref().cloned().collect(),
                other => {
                    return Err(
                        format!("test takes no `{other}`; arguments for cargo test come after `--`").into()
                    );
                }
            }
        }
        Ok(options)
    }

    /// The environment variables of the tests.
    fn settings(&self) -> Vec<(&'static str, String)> {
        if self.long {
            return LONG.map(|(name, value)| (name, value.to_owned())).to_vec();
        }
        let registries = std::env::var(REGISTRIES).unwrap_or_else(|_| REGISTRIES_BY_DEFAULT.to_owned());
        vec![(REGISTRIES, registries)]
    }

    /// Arguments for the test binaries: `--long` runs the tests marked `#[ignore]` too.
    fn for_binaries(&self) -> &[&str] {
        match self.long {
            false => &[],
            true if self.for_cargo.iter().any(|argument| argument == "--") => &["--include-ignored"],
            true => &["--", "--include-ignored"],
        }
    }
}

fn cargo_test(workspace: &Workspace, options: &Options, oracle: Option<&Path>, skip_log: &Path) -> Command {
    let mut cargo = workspace.cargo();
    cargo.arg("test");
    if options.for_cargo.is_empty() {
        // Without this flag the first binary with a failure would hide the others.
        cargo.args(["--workspace", "--no-fail-fast"]);
    }
    cargo.args(&options.for_cargo).args(options.for_binaries());
    cargo.env(skips::VARIABLE, skip_log).envs(options.settings());
    if std::env::var_os(THREADS).is_none() {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        cargo.env(THREADS, (processors * THREADS_FOR_EACH_PROCESSOR).to_string());
    }
    match oracle {
        // Required: a test that cannot use an oracle that is there has found a fault, and must not skip over
        // it.
        Some(python) => cargo.env("GTO_ORACLE", python).env("GTO_REQUIRE_ORACLE", "1"),
        None => cargo.env_remove("GTO_ORACLE").env_remove("GTO_REQUIRE_ORACLE"),
    };
    cargo
}

/// Runs the tests with their output in sight, and counts them. True if all is well.
fn run_and_count(cargo: &mut Command) -> Result<(Tally, bool)> {
    let mut running = cargo.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let output = running.stdout.take().expect("stdout is piped two lines above");
    let tally = Tally::while_copying(BufReader::new(output), std::io::stdout())?;
    Ok((tally, running.wait()?.success()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options> {
        Options::parse(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn arguments_after_two_dashes_are_for_cargo() {
        let options = parse(&["--long", "--", "-p", "gto", "--", "--nocapture"]).unwrap();
        assert_eq!(options.for_cargo, ["-p", "gto", "--", "--nocapture"]);
        assert!(options.long);
    }

    #[test]
    fn a_misspelt_flag_is_refused() {
        assert!(parse(&["--lnog"]).is_err());
    }

    #[test]
    fn long_means_two_thousand_registries_and_the_tests_that_are_ignored() {
        let long = parse(&["--long"]).unwrap();
        assert!(long.settings().contains(&(REGISTRIES, "2000".to_owned())));
        assert_eq!(long.for_binaries(), ["--", "--include-ignored"]);
        assert_eq!(
            parse(&["--long", "--", "-p", "gto", "--", "x"]).unwrap().for_binaries(),
            ["--include-ignored"]
        );
        assert!(parse(&[]).unwrap().for_binaries().is_empty());
    }

    #[test]
    fn the_oracle_is_required_exactly_when_it_is_there() {
        let workspace = Workspace { root: "/w".into(), target: "/w/target".into() };
        let log = Path::new("/w/target/log");
        let requires = |oracle: Option<&Path>| {
            let command = cargo_test(&workspace, &Options::default(), oracle, log);
            command.get_envs().any(|(name, value)| name == "GTO_REQUIRE_ORACLE" && value.is_some())
        };
        assert!(requires(Some(Path::new("/v/bin/python"))));
        assert!(!requires(None));
    }
}
