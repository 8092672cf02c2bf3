//! `cargo xtask bench --serve`: what an answer of `gto serve` costs, beside nginx with the same bytes and MLflow's server.
//!
//! Owns the questions, and what is wanted of each. Linux only: the figure is the processor time of processes.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use gto_testkit::random::Large;

use super::load::{Load, Running, free_port};
use super::peers;
use super::registry::Registry;
use crate::Result;
use crate::workspace::Workspace;

/// The models, and the versions of each.
const MODELS: usize = 5500;
const VERSIONS: usize = 20;
/// A registry to compare growth with.
const FEW: usize = 55;
/// So many different models are asked for.
const DIFFERENT: usize = 32;
/// A load takes so long.
const TIME: Duration = Duration::from_secs(2);

/// A question to a server.
struct Question {
    name: &'static str,
    paths: Vec<String>,
    /// The same for MLflow, if it can answer it.
    mlflow: Vec<String>,
    /// At most so many times nginx's processor time, and at least so many times less than MLflow's; 0 if that is not said.
    wanted: (f64, f64),
}

impl Question {
    /// Where its answer lies as a file.
    fn file(&self, number: usize) -> String {
        format!("/{}/{number}", self.name.replace(' ', "-"))
    }

    fn files(&self) -> Vec<String> {
        (0..self.paths.len()).map(|number| self.file(number)).collect()
    }
}

/// What was measured of a question.
struct Row {
    name: &'static str,
    ours: Load,
    nginx: Option<Load>,
    mlflow: Option<Load>,
    small: Option<Load>,
    wanted: (f64, f64),
}

/// Measures, and prints the table: medians of so many rounds.
pub fn run(workspace: &Workspace, gto: &Path, rounds: usize) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Err("the load is measured on Linux only".into());
    }
    let folder = tempfile::tempdir()?;
    let (large, few) = (of_models(MODELS)?, of_models(FEW)?);
    let (ours, small) = (serve(gto, &large)?, serve(gto, &few)?);
    let questions = questions(&ours)?;
    let few_questions = self::questions(&small)?;
    let mut served = Vec::new();
    for question in &questions {
        for (number, path) in question.paths.iter().enumerate() {
            served.push((question.file(number), ours.get(path)?));
        }
    }
    let nginx = peers::nginx(folder.path(), &served)?;
    let mlflow = peers::mlflow(workspace, folder.path(), (MODELS, VERSIONS))?;
    let mut rows = Vec::new();
    for (question, few) in questions.into_iter().zip(few_questions) {
        eprintln!("measuring `{}`", question.name);
        let files = question.files();
        let mut loads = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..rounds {
            loads[0].push(ours.load(&question.paths, TIME)?);
            if let Some(nginx) = &nginx {
                loads[1].push(nginx.load(&files, TIME)?);
            }
            if let Some(mlflow) = mlflow.as_ref().filter(|_| !question.mlflow.is_empty()) {
                loads[2].push(mlflow.load(&question.mlflow, TIME)?);
            }
            loads[3].push(small.load(&few.paths, TIME)?);
        }
        let [ours, nginx, mlflow, small] = loads.map(median);
        let Some(ours) = ours else { continue };
        rows.push(Row { name: question.name, ours, nginx, mlflow, small, wanted: question.wanted });
    }
    print!("{}", table(&rows));
    let theirs = mlflow.map_or_else(String::new, |mlflow| format!(", MLflow {:.0}", mlflow.memory()));
    println!("\nMemory in MiB: gto {:.0}{theirs}.", ours.memory());
    Ok(())
}

fn of_models(artifacts: usize) -> Result<Registry> {
    Registry::of_size(Large { artifacts, versions: VERSIONS, noise: 0, ..Large::default() })
}

fn serve(gto: &Path, registry: &Registry) -> Result<Running> {
    let port = free_port()?;
    let mut command = registry.repo.command(gto);
    command.args(["serve", ".", "--auth", "none", "--listen", &format!("127.0.0.1:{port}")]);
    Running::start(&mut command, port, "/readyz")
}

/// The questions, about models that have an answer.
fn questions(server: &Running) -> Result<Vec<Question>> {
    let (mut names, mut pages, mut cursor) = (Vec::new(), vec!["/api/v1/artifacts".to_owned()], None);
    loop {
        let path =
            cursor.map_or_else(|| pages[0].clone(), |cursor| format!("/api/v1/artifacts?cursor={cursor}"));
        let page: serde_json::Value = serde_json::from_slice(&server.get(&path)?)?;
        let found = page["artifacts"].as_array().into_iter().flatten().cloned();
        names.extend(found.filter(|found| found["stages"][0]["stage"].is_string()));
        pages.push(path);
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = Some(next.to_owned());
    }
    let picks =
        || (0..DIFFERENT.min(names.len())).map(|n| &names[n * names.len() / DIFFERENT.min(names.len())]);
    let last = pages.pop().unwrap_or_default();
    let of = |make: &dyn Fn(&str, &str, &str) -> String| -> Vec<String> {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        picks()
            .map(|found| {
                make(
                    &text(&found["repo"]),
                    &encoded(&text(&found["name"])),
                    &text(&found["stages"][0]["stage"]),
                )
            })
            .collect()
    };
    let mlflow = |make: &dyn Fn(&str) -> String| -> Vec<String> {
        (0..DIFFERENT).map(|n| make(&format!("model-{:05}", n * MODELS / DIFFERENT))).collect()
    };
    let api = "/api/2.0/mlflow";
    let question = |name, paths, mlflow, wanted| Question { name, paths, mlflow, wanted };
    Ok(vec![
        question(
            "one model",
            of(&|repo, name, _| format!("/api/v1/repos/{repo}/artifacts/{name}")),
            mlflow(&|name| format!("{api}/registered-models/get?name={name}")),
            (1.3, 500.0),
        ),
        question(
            "version by alias",
            of(&|_, name, stage| format!("/api/v1/resolve?ref={name}%23{stage}")),
            mlflow(&|name| format!("{api}/registered-models/alias?name={name}&alias=prod")),
            (1.3, 500.0),
        ),
        question(
            "latest",
            of(&|_, name, _| format!("/api/v1/resolve?ref={name}@latest")),
            mlflow(&|name| format!("{api}/registered-models/get-latest-versions?name={name}")),
            (1.3, 500.0),
        ),
        question(
            "versions of a model",
            of(&|repo, name, _| format!("/api/v1/repos/{repo}/artifacts/{name}/versions")),
            mlflow(&|name| format!("{api}/model-versions/search?max_results=100&filter=name%3D'{name}'")),
            (2.0, 0.0),
        ),
        question(
            "a page of 100 models, first",
            vec![pages[0].clone()],
            vec![format!("{api}/registered-models/search?max_results=100")],
            (5.0, 1000.0),
        ),
        question("a page of 100 models, last", vec![last], Vec::new(), (5.0, 1000.0)),
        question(
            "search by name",
            of(&|_, name, _| format!("/api/v1/artifacts?q={}", &name[name.len().saturating_sub(2)..])),
            mlflow(&|name| {
                let end = &name[name.len() - 2..];
                format!("{api}/registered-models/search?max_results=100&filter=name%20ILIKE%20'%25{end}%25'")
            }),
            (8.0, 0.0),
        ),
    ])
}

/// A name in an address.
fn encoded(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// The middle one by processor time.
fn median(mut loads: Vec<Load>) -> Option<Load> {
    loads.sort_by(|a, b| a.cpu.total_cmp(&b.cpu));
    (!loads.is_empty()).then(|| loads.swap_remove(loads.len() / 2))
}

/// The table, as Markdown.
fn table(rows: &[Row]) -> String {
    let mut text = "| question | bytes | µs of processor | × nginx | MLflow's ÷ ours | p99 ms | MLflow's ÷ ours | × with 55 models | wanted |\n\
                    |---|---:|---:|---:|---:|---:|---:|---:|---|\n"
        .to_owned();
    for row in rows {
        let beside = |load: &Option<Load>, ratio: &dyn Fn(&Load) -> f64, digits: usize| {
            load.as_ref().map(|load| format!("{:.digits$}", ratio(load))).unwrap_or_default()
        };
        let ours = &row.ours;
        let (nginx, mlflow) = (
            row.nginx.as_ref().map(|load| ours.cpu / load.cpu),
            row.mlflow.as_ref().map(|load| load.cpu / ours.cpu),
        );
        let mark = |is: Option<bool>| is.map_or("", |is| if is { " ✓" } else { " ✗" });
        let (most, least) = row.wanted;
        let least = if least > 0.0 {
            let is_less = mark(mlflow.map(|ratio| ratio >= least));
            format!(", ≥ {least} times less than MLflow{is_less}")
        } else {
            String::new()
        };
        let _ = writeln!(
            text,
            "| {} | {} | {:.1} | {} | {} | {:.2} | {} | {} | ≤ {most} × nginx{}{least} |",
            row.name,
            ours.bytes,
            ours.cpu,
            beside(&row.nginx, &|load| ours.cpu / load.cpu, 2),
            beside(&row.mlflow, &|load| load.cpu / ours.cpu, 0),
            ours.p99,
            beside(&row.mlflow, &|load| load.p99 / ours.p99, 0),
            beside(&row.small, &|load| ours.cpu / load.cpu, 2),
            mark(nginx.map(|ratio| ratio <= most)),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_was_wanted_and_leaves_out_who_was_not_there() {
        let load = |cpu| Load { cpu, p99: 1.0, bytes: 100 };
        let row = |nginx, mlflow| Row {
            name: "one model",
            ours: load(10.0),
            nginx,
            mlflow,
            small: None,
            wanted: (1.3, 500.0),
        };
        let whole = table(&[row(Some(load(10.0)), Some(load(1000.0)))]);
        assert!(
            whole.contains("| 1.00 | 100 |") && whole.contains("nginx ✓") && whole.contains("MLflow ✗"),
            "{whole}"
        );
        let alone = table(&[row(None, None)]);
        assert!(!alone.contains('✓') && !alone.contains('✗'), "{alone}");
    }

    #[test]
    fn a_name_in_an_address_is_encoded() {
        assert_eq!(encoded("team/dir:m-1"), "team%2Fdir%3Am-1");
    }
}
