//! `gto serve`: the registry as pages and as an API.
//!
//! Owns the arguments and what is printed. The server is the crate `gto-server`; nothing of it is set up for other commands.

use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use gto_frontend::process;
use gto_server::{Arguments, ServeError, Server, Settings};

use crate::context::Context;
use crate::error::{CommandError, Result};

/// A remote that is silent for longer is asked again later; others wait for their turn.
const SILENCE: &str = "60";

/// Show registries as pages in a browser, and as an API
///
/// Serves the artifacts of one or many repositories: what is in which stage, since when and by whom, each version's history, and what
/// happens, as it happens. Needs no database: everything comes from the repositories' tags.
///
/// The address that is printed opens the pages; it has a token, which is another one at each start unless `GTO_SERVE_TOKEN` or the
/// file sets one. Ends with Ctrl-C.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto serve --open                      the repository here, in the browser\n  \
    gto serve models https://host/data    several repositories\n  \
    gto serve --config gto-serve.yaml     as a service: docs/dashboard.md shows the file")]
pub struct Serve {
    /// Local or remote repositories. If omitted, the current one
    #[arg(value_name = "REPO|URL", value_hint = clap::ValueHint::DirPath)]
    repositories: Vec<String>,

    /// File with settings and repositories. Arguments win
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    config: Option<PathBuf>,

    /// Address and port. 0 chooses a free port. Default: 127.0.0.1:8417
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,

    /// Open the pages in the browser
    #[arg(long)]
    open: bool,

    /// Who may write: `off`, `local` (you, at this machine), `service` (its users, under the policy). Default: off
    #[arg(long, value_name = "MODE")]
    write: Option<String>,

    /// How a request is known to be allowed: `token`, `proxy` or `none`. Default: token
    #[arg(long, value_name = "MODE")]
    auth: Option<String>,

    /// Addresses of proxies whose word about users is believed; may be repeated
    #[arg(long, value_name = "CIDR")]
    trusted_proxy: Vec<String>,

    /// Header in which such a proxy names the user. Default: X-Forwarded-User
    #[arg(long, value_name = "HEADER")]
    user_header: Option<String>,

    /// Name under which the server is reached, beside those of this machine; may be repeated
    #[arg(long, value_name = "HOST")]
    allowed_host: Vec<String>,

    /// How often repositories are looked at where the system does not report changes. Default: 30s
    #[arg(long, value_name = "TIME")]
    refresh: Option<String>,
}

impl Serve {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let environment = process::environment();
        let environment = match environment.variable("GTO_GIT_TIMEOUT") {
            Some(_) => environment,
            None => environment.with_variable("GTO_GIT_TIMEOUT", SILENCE),
        };
        let cannot =
            |source| CommandError::File { what: "Cannot find the current folder".to_owned(), source };
        let here = std::env::current_dir().map_err(cannot)?;
        let opens = self.open;
        let token = environment.variable("GTO_SERVE_TOKEN");
        let settings = Settings::new(self.arguments(token), &here).map_err(refused)?;
        let mut told = Ok(());
        gto_server::serve(settings, &environment, |server| told = tell(context, server, opens))
            .map_err(refused)?;
        told
    }

    fn arguments(self, token: Option<String>) -> Arguments {
        Arguments {
            repositories: self.repositories,
            config: self.config,
            listen: self.listen,
            write: self.write,
            auth: self.auth,
            trusted_proxies: self.trusted_proxy,
            user_header: self.user_header,
            allowed_hosts: self.allowed_host,
            refresh: self.refresh,
            token,
        }
    }
}

/// Serves the repositories of an example, on any free port, in the browser of the person at the terminal.
pub fn serve_example(context: &mut Context, repositories: &[PathBuf]) -> Result<()> {
    let arguments = Arguments {
        repositories: repositories.iter().map(|folder| folder.display().to_string()).collect(),
        listen: Some("127.0.0.1:0".to_owned()),
        ..Arguments::default()
    };
    let settings = Settings::new(arguments, std::path::Path::new(".")).map_err(refused)?;
    let mut told = Ok(());
    gto_server::serve(settings, &process::environment(), |server| {
        told = tell(context, server, crate::printer::Printer::is_terminal());
    })
    .map_err(refused)?;
    told
}

fn tell(context: &mut Context, server: &Server, opens: bool) -> Result<()> {
    context.printer.line(server.open_url())?;
    context.printer.flush()?;
    if opens && let Err(error) = open(server) {
        context.printer.warning(format!("cannot open a browser: {error}; open the address yourself"));
    }
    context.printer.hint("Ctrl-C ends the server");
    Ok(())
}

/// Opens the pages by way of a file that only this user can read: other users see the arguments of programs, and would see the
/// token.
fn open(server: &Server) -> std::io::Result<()> {
    let mut file = tempfile::Builder::new().prefix("gto-serve-").suffix(".html").tempfile()?;
    writeln!(
        file,
        "<!doctype html><meta charset=utf-8><title>gto serve</title><meta http-equiv=refresh content='0;url={}'>",
        server.open_url()
    )?;
    // The browser reads it some time later; the system clears the folder.
    let (_, path) = file.keep().map_err(|error| error.error)?;
    open::that_detached(path)
}

fn refused(error: ServeError) -> CommandError {
    let hint = error.hint();
    match error {
        // `serve` names its repositories without `--repo`.
        ServeError::Registry(source @ gto::Error::NoRepository { .. }) => {
            let hint = "name the folder or the address of a Git repository, as in `gto serve PATH`, or make one with `git init`";
            CommandError::Meant { source, hint: hint.to_owned() }
        }
        ServeError::Registry(error) => CommandError::Registry(error),
        ServeError::File { what, path, source } => {
            CommandError::File { what: format!("Cannot read {what} '{}'", path.display()), source }
        }
        error => CommandError::arguments(error.to_string(), hint),
    }
}
