//! `gto cache`

use clap::{Args, Subcommand};
use serde_json::json;

use gto::{CacheReport, Registry};

use crate::args::RepoArgs;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;

/// Look at or remove the cache of tags
///
/// What was read of a large registry's tags is kept in the repository's Git folder, so that the next reading is faster.
/// The answers are the same without it. `GTO_CACHE=off` switches it off, and `GTO_CACHE=always` keeps the tags of small registries too.
#[derive(Debug, Args)]
pub struct Cache {
    /// What to do
    #[command(subcommand)]
    what: What,
}

/// What to do with the cache.
#[derive(Debug, Subcommand)]
enum What {
    /// Show where the cache is, how large it is and whether it is used
    Info {
        #[command(flatten)]
        repo: RepoArgs,

        /// Print output in json format
        #[arg(long)]
        json: bool,
    },
    /// Remove the cache
    Clear {
        #[command(flatten)]
        repo: RepoArgs,
    },
}

impl Cache {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        match self.what {
            What::Info { repo, json } => info(&open(context, &repo)?.cache(), json, context),
            What::Clear { repo } => {
                let is_removed = open(context, &repo)?.clear_cache()?;
                let text = if is_removed { "Removed the cache" } else { "There is no cache" };
                Ok(context.printer.line(text)?)
            }
        }
    }
}

/// Opens the registry, whatever its configuration says.
fn open(context: &mut Context, repo: &RepoArgs) -> Result<Registry> {
    let (registry, _) = context.open_leniently(&repo.repo)?;
    if registry.url().is_some() {
        let hint = "name a folder: what is read of a remote repository is not kept".to_owned();
        return Err(CommandError::arguments("A remote repository has no cache", hint));
    }
    Ok(registry)
}

fn info(cache: &CacheReport, as_json: bool, context: &mut Context) -> Result<()> {
    let printer = &mut context.printer;
    if as_json {
        let report = json!({
            "path": cache.path.to_string_lossy(),
            "entries": cache.entries,
            "size": cache.size,
            "read": cache.unread.is_none(),
            "unread": cache.unread,
            "written": cache.unwritten.is_none(),
            "unwritten": cache.unwritten,
        });
        return Ok(printer.line(json::to_string(&report)?)?);
    }
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
