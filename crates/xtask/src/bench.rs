//! `cargo xtask bench`: times gto against git on a large registry, in one run, and prints one Markdown table.
//!
//! G, the measure of all, is git printing everything that a registry is made of. The registry comes from
//! `gto-testkit`; the measuring is in [`crate::measure`].

use std::fmt::Write as _;
use std::path::Path;

use gto_testkit::random::{Large, large};
use gto_testkit::{Repo, Sandbox};

use crate::Result;
use crate::measure::{Contender, Measured, side_by_side};
use crate::workspace::{Profile, Workspace};

/// What git prints in G: every tag with its target, time, tagger and message.
const FORMAT: &str =
    "--format=%(refname) %(objectname) %(*objectname) %(taggerdate:unix) %(taggername) %(contents)";

/// Runs the task.
pub fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let gto = Workspace::find()?.build_gto(Profile::Release)?;
    eprintln!(
        "making a registry: {} artifacts, {} versions, {} other tags",
        options.size.artifacts, options.size.versions, options.size.noise
    );
    let registry = registry(options.size)?;
    let tags = registry.tag_names();
    let tag = tags.iter().find(|tag| is_plain_registration(tag)).ok_or("the registry has no registration")?;
    let contenders = contenders(&gto, tag);
    eprintln!("measuring: {} commands, {} runs each after a warm-up", contenders.len(), options.runs);
    let measured = side_by_side(&contenders, options.runs, &|program| registry.command(program))?;
    println!("{} tags, packed; wall-clock times of {} interleaved runs\n", tags.len(), options.runs);
    print!("{}", table(&contenders, &measured));
    Ok(())
}

struct Options {
    size: Large,
    runs: usize,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self { size: Large::default(), runs: 9 };
        for pair in arguments.chunks(2) {
            let [flag, value] = pair else { return Err(format!("`{}` needs a number", pair[0]).into()) };
            let number = value.parse().map_err(|_| format!("`{flag}` needs a number, not `{value}`"))?;
            match flag.as_str() {
                "--artifacts" => options.size.artifacts = number,
                "--versions" => options.size.versions = number,
                "--noise" => options.size.noise = number,
                "--runs" => options.runs = number,
                _ => return Err(format!("bench takes no `{flag}`").into()),
            }
        }
        if [options.size.artifacts, options.size.versions, options.runs].contains(&0) {
            return Err("bench needs at least one artifact, one version and one run".into());
        }
        Ok(options)
    }
}

/// The registry to measure on, with packed refs, in a folder that goes away with it.
fn registry(size: Large) -> Result<Repo> {
    let sandbox = Sandbox::new();
    let folder = sandbox.path().join("registry");
    std::fs::create_dir(&folder)?;
    large(&folder, size)?;
    Ok(Repo::at(&sandbox, folder, false))
}

/// The registration of an artifact without a folder in its name, which is spelt the same in tags and
/// commands.
fn is_plain_registration(tag: &str) -> bool {
    tag.contains("@v") && !tag.contains(['=', '!', '#'])
}

/// The commands to compare; the first is G.
fn contenders(gto: &Path, tag: &str) -> Vec<Contender> {
    let artifact = tag.split('@').next().unwrap_or(tag);
    let of_gto = |arguments: &[&str]| Contender::new(format!("gto {}", arguments.join(" ")), gto, arguments);
    vec![
        Contender::new("G: git for-each-ref, everything", "git", &["for-each-ref", FORMAT, "refs/tags"]),
        of_gto(&["show"]),
        of_gto(&["show", "--json"]),
        of_gto(&["history"]),
        of_gto(&["stages"]),
        of_gto(&["show", artifact]),
        of_gto(&["check-ref", tag]),
        of_gto(&["--version"]),
        Contender::new("git --version", "git", &["--version"]),
    ]
}

/// Times in milliseconds; the ratio is of the medians, to that of the first row.
fn table(contenders: &[Contender], measured: &[Measured]) -> String {
    let mut table =
        "| command | median ms | shortest to longest | ratio to G | peak MiB |\n|---|---:|---:|---:|---:|\n"
            .to_owned();
    let milliseconds = |time: std::time::Duration| time.as_secs_f64() * 1000.0;
    for (contender, row) in contenders.iter().zip(measured) {
        let ratio = row.median().as_secs_f64() / measured[0].median().as_secs_f64();
        let peak = row.peak_kib.map_or_else(|| "-".to_owned(), |kib| format!("{}", kib.div_ceil(1024)));
        writeln!(
            table,
            "| `{}` | {:.1} | {:.1} to {:.1} | {ratio:.2} | {peak} |",
            contender.name,
            milliseconds(row.median()),
            milliseconds(row.shortest()),
            milliseconds(row.longest()),
        )
        .expect("a String takes every write");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_registry_of_ten_thousand_tags() {
        let options = Options::parse(&[]).unwrap();
        assert_eq!(
            (options.size.artifacts, options.size.versions, options.size.noise, options.runs),
            (55, 100, 500, 9)
        );
    }

    #[test]
    fn a_wrong_flag_a_missing_number_and_a_zero_are_refused() {
        for wrong in [&["--artefacts", "1"][..], &["--runs"], &["--runs", "x"], &["--runs", "0"]] {
            let arguments: Vec<String> = wrong.iter().map(ToString::to_string).collect();
            assert!(Options::parse(&arguments).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_plain_registration_names_its_artifact_as_commands_do() {
        assert!(is_plain_registration("model-00001@v0.0.1"));
        for other in ["a=model@v0.0.1", "model@v0.0.1!", "model@v0.0.1#3", "model#prod#1", "release-1"] {
            assert!(!is_plain_registration(other), "{other}");
        }
    }
}
