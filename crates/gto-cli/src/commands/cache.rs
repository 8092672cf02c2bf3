//! `gto cache`

use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand};
use gto_frontend::process::is_remote;
use gto_frontend::reports::cache_report;
use serde_json::{Value, json};

use gto::{CacheReport, KeptClone, KeptClones, Registry, Timestamp};

use crate::args::RepoArgs;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;

/// Inspect or clear caches
///
/// gto caches the tags of a large registry in the repository's Git folder. For a remote repository (`--repo URL`) it
/// keeps a bare clone without files in `$GTO_CACHE_DIR`, or else in the folder `gto` of the system's cache folder
/// (`$XDG_CACHE_HOME`, `~/.cache`). Caches never change an answer: gto compares a clone with its remote on every call.
/// `GTO_CACHE=off` disables both, and `GTO_CACHE=always` also caches small registries.
#[derive(Debug, Args)]
pub struct Cache {
    /// What to do
    #[command(subcommand)]
    what: What,
}

/// What to do with the cache.
#[derive(Debug, Subcommand)]
enum What {
    /// Show what is cached, its size, and whether it is used
    Info {
        #[command(flatten)]
        repo: RepoArgs,

        /// Show only the clones of remote repositories; needs no repository
        #[arg(long)]
        remotes: bool,

        /// Print output in json format
        #[arg(long)]
        json: bool,
    },
    /// Remove the cached tags of a repository or, with a URL, its clone
    Clear {
        #[command(flatten)]
        repo: RepoArgs,

        /// Remove the clones of all remote repositories instead
        #[arg(long, conflicts_with = "repo")]
        remotes: bool,

        /// Remove both
        #[arg(long, conflicts_with = "remotes")]
        all: bool,
    },
}

impl Cache {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        match self.what {
            What::Info { repo, remotes, json } => info(&repo.repo, remotes, json, context),
            What::Clear { repo, remotes, all } => {
                if is_remote(&repo.repo) && !remotes && !all {
                    return clear_clones(Some(&repo.repo), context);
                }
                if !remotes && !is_remote(&repo.repo) {
                    let is_removed = open(context, &repo.repo, "gto cache clear --remotes")?.clear_cache()?;
                    let text = if is_removed { "Removed the cache" } else { "There is no cache" };
                    context.printer.line(text)?;
                }
                if remotes || all { clear_clones(None, context) } else { Ok(()) }
            }
        }
    }
}

/// Opens the registry, even with a broken configuration. `instead` is the command for clones, which need no registry.
fn open(context: &mut Context, repo: &str, instead: &str) -> Result<Registry> {
    let opened = context.open_leniently(repo);
    let (registry, _) = opened.map_err(|error| match error {
        CommandError::Registry(error @ gto::Error::NoRepository { .. }) if repo == "." => {
            let hint = format!(
                "name a repository with `--repo PATH`; `{instead}` is about the clones of remote repositories"
            );
            CommandError::meant(error, Some(hint))
        }
        error => error,
    })?;
    Ok(registry)
}

fn clear_clones(url: Option<&str>, context: &mut Context) -> Result<()> {
    let clones = KeptClones::of(&context.environment);
    let removed = clones.map_or(Ok(0), |clones| clones.clear(url))?;
    let text = match removed {
        0 if url.is_some() => "There is no clone of it".to_owned(),
        0 => "There are no clones of remote repositories".to_owned(),
        1 => "Removed the clone of 1 remote repository".to_owned(),
        some => format!("Removed the clones of {some} remote repositories"),
    };
    Ok(context.printer.line(text)?)
}

fn info(repo: &str, remotes: bool, as_json: bool, context: &mut Context) -> Result<()> {
    let of_one = (is_remote(repo) && !remotes).then_some(repo);
    let tags = if of_one.is_none() && !remotes {
        Some(open(context, repo, "gto cache info --remotes")?.cache())
    } else {
        None
    };
    let clones = KeptClones::of(&context.environment);
    let found = match (&clones, of_one) {
        (Some(clones), Some(url)) => clones.find(url),
        (Some(clones), None) => clones.list(),
        (None, _) => Vec::new(),
    };
    if as_json {
        let mut report = tags.as_ref().map_or_else(|| json!({}), cache_report);
        let path = clones.as_ref().map(|clones| clones.folder().to_string_lossy());
        let found: Vec<Value> = found.iter().map(|clone| clone_as_json(clone, context)).collect();
        report["remotes"] = json!({ "path": path, "clones": found });
        return Ok(context.printer.line(json::to_string(&report)?)?);
    }
    if let Some(tags) = tags {
        print_tags(&tags, context)?;
    }
    let heading = match clones {
        Some(clones) => format!("remote clones: {} in {}", found.len(), clones.folder().display()),
        None => {
            "remote clones: none can be kept (GTO_CACHE_DIR, XDG_CACHE_HOME and HOME are not set)".to_owned()
        }
    };
    context.printer.line(heading)?;
    for clone in &found {
        let used = last_used(clone, context).map_or_else(String::new, |used| format!(", last used {used}"));
        let what = if clone.has_only_tags { " (tags for pipelines)" } else { "" };
        context.printer.line(format!("  {}{what}: {} bytes{used}", clone.url, clone.size))?;
    }
    Ok(())
}

fn clone_as_json(clone: &KeptClone, context: &Context) -> Value {
    json!({
        "url": clone.url,
        "has_only_tags": clone.has_only_tags,
        "path": clone.path.to_string_lossy(),
        "size": clone.size,
        "last_used": last_used(clone, context),
    })
}

fn print_tags(cache: &CacheReport, context: &mut Context) -> Result<()> {
    let printer = &mut context.printer;
    let yes_or_why_not = |why: &Option<String>| match why {
        None => "yes".to_owned(),
        Some(why) => format!("no ({why})"),
    };
    printer.line(format!("path: {}", cache.path.display()))?;
    printer.line(format!("entries: {}", cache.entries))?;
    printer.line(format!("size: {} bytes", cache.size.unwrap_or(0)))?;
    printer.line(format!("read: {}", yes_or_why_not(&cache.unread)))?;
    Ok(printer.line(format!("written: {}", yes_or_why_not(&cache.unwritten)))?)
}

/// When the clone was used last, in local time.
fn last_used(clone: &KeptClone, context: &Context) -> Option<String> {
    let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok();
    let seconds = i64::try_from(clone.last_used.and_then(since)?.as_secs()).ok()?;
    Some(Timestamp::new(seconds, context.environment.now().offset())?.iso())
}
