//! What `gto serve` is measured beside: nginx with the same bytes as files, and MLflow's server with as many models.
//!
//! Owns how they are set up. What is not to be had is skipped in sight.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::load::{Running, free_port};
use crate::Result;
use crate::venv;
use crate::workspace::Workspace;

/// MLflow with its server, which the tests do not need.
const MLFLOW: [&str; 1] = ["mlflow==3.18.0"];

/// nginx with these answers as files, by their addresses, at its best: all processors, no log, files kept open.
pub fn nginx(folder: &Path, served: &[(String, Vec<u8>)]) -> Result<Option<Running>> {
    let known = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx", "/opt/homebrew/bin/nginx"];
    let Some(nginx) = known.into_iter().find(|path| Path::new(path).exists()) else {
        eprintln!("without nginx: it is not installed (apt install nginx-light)");
        return Ok(None);
    };
    let files = folder.join("files");
    for (path, answer) in served {
        let file = files.join(path.trim_start_matches('/'));
        fs::create_dir_all(file.parent().unwrap_or(&files))?;
        fs::write(file, answer)?;
    }
    fs::write(files.join("ready"), "ok")?;
    let (port, shown) = (free_port()?, folder.display());
    let mut text = format!(
        "daemon off; worker_processes auto; pid {shown}/nginx.pid; error_log {shown}/nginx.err;\n\
         events {{ worker_connections 256; multi_accept on; }}\n\
         http {{ access_log off; default_type application/json; sendfile on; tcp_nopush on; tcp_nodelay on;\n\
         keepalive_requests 100000000; open_file_cache max=10000; open_file_cache_valid 1h;\n"
    );
    for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        writeln!(text, "{kind}_temp_path {shown}/{kind};")?;
    }
    writeln!(text, "server {{ listen 127.0.0.1:{port}; root {}; }} }}", files.display())?;
    let config = folder.join("nginx.conf");
    fs::write(&config, text)?;
    let mut command = Command::new(nginx);
    command.arg("-p").arg(folder).arg("-c").arg(&config).arg("-e").arg(folder.join("nginx.err"));
    // Its workers are another user's when root starts it.
    Command::new("chmod").arg("-R").arg("go+rX").arg(folder).status()?;
    Running::start(&mut command, port, "/ready").map(Some)
}

/// MLflow's server with one worker and without jobs, with so many models and versions of each.
pub fn mlflow(
    workspace: &Workspace,
    folder: &Path,
    (models, versions): (usize, usize),
) -> Result<Option<Running>> {
    let python = match python(workspace) {
        Ok(python) => python,
        Err(reason) => {
            eprintln!("without MLflow: {reason}");
            return Ok(None);
        }
    };
    let (database, port) = (folder.join("mlflow.db"), free_port()?);
    eprintln!("filling MLflow with {models} models");
    let mut fill = Command::new(&python);
    let filled = fill
        .args(["-c", include_str!("mlflow_fill.py")])
        .arg(&database)
        .args([models.to_string(), versions.to_string()])
        .envs(QUIET)
        .output()?;
    if !filled.status.success() {
        let why = String::from_utf8_lossy(&filled.stderr);
        eprintln!("without MLflow: it cannot be filled: {}", why.lines().last().unwrap_or_default());
        return Ok(None);
    }
    let store = format!("sqlite:///{}", database.display());
    let mut server = Command::new(&python);
    server.args([
        "-m",
        "mlflow",
        "server",
        "--workers",
        "1",
        "--host",
        "127.0.0.1",
        "--backend-store-uri",
        &store,
    ]);
    server.args(["--registry-store-uri", &store, "--port", &port.to_string()]);
    server.arg("--default-artifact-root").arg(folder.join("artifacts")).envs(QUIET).current_dir(folder);
    let first = "/api/2.0/mlflow/registered-models/get?name=model-00001";
    Running::start(&mut server, port, first).map(Some)
}

/// It asks nobody and runs no jobs.
const QUIET: [(&str, &str); 4] = [
    ("MLFLOW_DISABLE_TELEMETRY", "true"),
    ("DO_NOT_TRACK", "true"),
    ("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false"),
    ("PYTHONWARNINGS", "ignore"),
];

fn python(workspace: &Workspace) -> std::result::Result<PathBuf, String> {
    match std::env::var_os("GTO_MLFLOW_SERVER_PYTHON") {
        Some(python) => Ok(python.into()),
        None => {
            venv::provide(&workspace.target.join("mlflow-server"), &MLFLOW, (3, 10), "import mlflow.server")
        }
    }
}
