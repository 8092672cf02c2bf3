//! `cargo xtask bench`: times gto against git on large registries, in one run, and prints Markdown tables.
//!
//! G, the measure of whole registries, is git printing everything that a registry is made of. The registries come
//! from `gto-testkit`; the measuring is in [`crate::measure`].

mod get;
mod instructions;
mod load;
mod part;
mod peers;
mod pipeline;
mod refresh;
mod registry;
mod serve;
mod table;

use std::path::PathBuf;

use crate::measure::{Contender, side_by_side};
use crate::workspace::{Profile, Workspace};
use crate::{Result, oracle};
use part::{Part, Programs, Target};
use registry::Registry;
use table::{Compared, Row};

/// Runs the task.
pub fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let workspace = Workspace::find()?;
    let gto = match &options.gto {
        Some(gto) => std::fs::canonicalize(gto)?,
        None => workspace.build_gto(Profile::Release)?,
    };
    match options.alone {
        Some(Alone::Instructions) => return instructions::run(&gto),
        Some(Alone::Pipeline) => return pipeline::run(&gto, options.runs),
        Some(Alone::Serve) => return serve::run(&workspace, &gto, options.runs),
        Some(Alone::Get) => return get::run(&workspace, &gto, options.runs),
        None => {}
    }
    let is_followed = options.parts.contains(&Part::Snapshot);
    let follow = is_followed.then(|| workspace.build_example("follow", Profile::Release)).transpose()?;
    let programs = Programs { gto, follow, oracle: options.oracle(&workspace) };
    let bench = Bench { programs, runs: options.runs };
    let mut rows = Vec::new();
    let (own, shared): (Vec<Part>, Vec<Part>) =
        options.parts.iter().partition(|part| part.own_size().is_some());
    if !shared.is_empty() {
        for tags in &options.tags {
            let registry = Registry::make(*tags, false)?;
            for part in &shared {
                rows.extend(bench.measure(*part, &registry)?);
                if *part == Part::Snapshot {
                    let row = bench.refresh(&registry, &rows)?;
                    rows.extend(row);
                }
            }
        }
    }
    let growth = table::growth(&rows);
    for part in own.into_iter().filter(|part| *part != Part::Oracle || bench.programs.oracle.is_some()) {
        let tags = part.own_size().unwrap_or_default();
        let registry = match part {
            Part::Annotated => Registry::of_commits(tags)?,
            _ => Registry::make(tags, part == Part::Loose)?,
        };
        rows.extend(bench.measure(part, &registry)?);
    }
    println!("{} interleaved runs (of one artifact, writes and starts five times as many):\n", options.runs);
    print!("{}", table::results(&rows));
    if let Some(growth) = growth {
        print!("\n{growth}");
    }
    Ok(())
}

struct Options {
    /// The sizes, ascending.
    tags: Vec<usize>,
    runs: usize,
    /// In their order.
    parts: Vec<Part>,
    /// Measure nothing else.
    alone: Option<Alone>,
    /// A build that there is already.
    gto: Option<PathBuf>,
}

/// What is measured for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alone {
    /// The instructions of questions.
    Instructions,
    /// `gto ci`.
    Pipeline,
    /// `gto serve` under load.
    Serve,
    /// `gto get`.
    Get,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options =
            Self { tags: vec![10_000, 100_000], runs: 7, parts: Part::ALL.to_vec(), alone: None, gto: None };
        let alone = match arguments.first().map(String::as_str) {
            Some("--instructions") => Some((Alone::Instructions, options.runs)),
            Some("--pipeline") => Some((Alone::Pipeline, 15)),
            Some("--serve") => Some((Alone::Serve, 3)),
            Some("--get") => Some((Alone::Get, 5)),
            _ => None,
        };
        if let Some((alone, runs)) = alone {
            let gto = match &arguments[1..] {
                [] => None,
                [gto] if alone == Alone::Get => Some(PathBuf::from(gto)),
                _ => return Err(format!("`{}` takes no more than that", arguments[0]).into()),
            };
            return Ok(Self { runs, alone: Some(alone), gto, ..options });
        }
        for pair in arguments.chunks(2) {
            let [flag, value] = pair else { return Err(format!("`{}` needs a value", pair[0]).into()) };
            match flag.as_str() {
                "--tags" => {
                    let tags: Result<Vec<usize>> = value.split(',').map(|tags| count(flag, tags)).collect();
                    options.tags = tags?;
                    options.tags.sort_unstable();
                }
                "--runs" => options.runs = count(flag, value)?,
                "--parts" => options.parts = parts(value)?,
                _ => return Err(format!("bench takes no `{flag}`").into()),
            }
        }
        Ok(options)
    }

    /// The Python tool, if it is wanted and can be had.
    fn oracle(&self, workspace: &Workspace) -> Option<PathBuf> {
        if !self.parts.contains(&Part::Oracle) {
            return None;
        }
        match oracle::provide(workspace) {
            Ok(python) => Some(oracle::command_beside(&python)),
            Err(reason) => {
                eprintln!("without the Python tool: {reason}");
                None
            }
        }
    }
}

/// A number above zero.
fn count(flag: &str, text: &str) -> Result<usize> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| format!("`{flag}` needs numbers above zero, not `{text}`").into())
}

fn parts(list: &str) -> Result<Vec<Part>> {
    let names: Vec<&str> = list.split(',').collect();
    let known = Part::ALL.map(Part::name);
    match names.iter().find(|name| !known.contains(name)) {
        Some(unknown) => Err(format!("no part `{unknown}`; there are {}", known.join(", ")).into()),
        None => Ok(Part::ALL.into_iter().filter(|part| names.contains(&part.name())).collect()),
    }
}

/// What all measurements have in common.
struct Bench {
    programs: Programs,
    runs: usize,
}

impl Bench {
    fn measure(&self, part: Part, registry: &Registry) -> Result<Vec<Row>> {
        let entries = part.entries(&self.programs);
        let (contenders, targets): (Vec<Contender>, Vec<Option<Target>>) = entries.into_iter().unzip();
        let runs = part.runs(self.runs);
        eprintln!("measuring `{}`: {} commands, {runs} runs each", part.name(), contenders.len());
        let measured = side_by_side(&contenders, runs, &|program| registry.repo.command(program))?;
        let beside_first = |index: usize| {
            (index > 0).then(|| Compared::new(&measured[index], &contenders[0].name, &measured[0]))
        };
        let compared: Vec<Option<Compared>> = (0..measured.len()).map(beside_first).collect();
        let parts = contenders.into_iter().zip(measured).zip(compared.into_iter().zip(targets));
        let rows = parts.map(|((contender, measured), (compared, target))| Row {
            tags: registry.tags,
            loose: part == Part::Loose,
            name: contender.name,
            measured,
            compared,
            target,
        });
        Ok(rows.collect())
    }
}

impl Bench {
    /// The time of a refresh beside that of reading the registry, which was measured last.
    fn refresh(&self, registry: &Registry, rows: &[Row]) -> Result<Option<Row>> {
        let Some(follow) = &self.programs.follow else { return Ok(None) };
        let measured = refresh::measure(follow, self.runs, &|program| registry.repo.command(program))?;
        let show = rows.iter().rfind(|row| row.name == part::UNCACHED_SHOW);
        let compared = show.map(|show| Compared::new(&measured, &show.name, &show.measured));
        let target = Some(Target { time: 0.1, memory: None, from: 100_000 });
        let name = refresh::NAME.to_owned();
        Ok(Some(Row { tags: registry.tags, loose: false, name, measured, compared, target }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        Options::parse(&arguments)
    }

    #[test]
    fn everything_is_measured_at_two_sizes_unless_asked_otherwise() {
        let options = parse(&[]).unwrap();
        assert_eq!((options.tags, options.runs), (vec![10_000, 100_000], 7));
        assert_eq!(options.parts, Part::ALL);
    }

    #[test]
    fn sizes_and_parts_are_taken_in_their_own_order() {
        let options = parse(&["--tags", "1000,100", "--parts", "write,whole"]).unwrap();
        assert_eq!(options.tags, [100, 1000]);
        assert_eq!(options.parts, [Part::Whole, Part::Write]);
    }

    #[test]
    fn a_wrong_flag_a_missing_value_a_zero_and_an_unknown_part_are_refused() {
        for wrong in [
            &["--tag", "1"][..],
            &["--runs"],
            &["--runs", "x"],
            &["--runs", "0"],
            &["--tags", "100,0"],
            &["--parts", "hole"],
            &["--instructions", "--runs", "1"],
            &["--get", "gto", "1"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
