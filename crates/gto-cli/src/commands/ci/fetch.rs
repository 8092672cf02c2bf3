//! Whether tags are fetched.
//!
//! Doc comments here are the help texts.

use clap::Args;
use gto::FetchTags;

/// Whether tags are fetched.
#[derive(Debug, Args)]
pub struct FetchArgs {
    /// Fetch the tags, and fail if there is no remote. The default where there is one
    #[arg(long, overrides_with = "no_fetch")]
    fetch: bool,

    /// Fetch nothing: fail if a tag is missing
    #[arg(long, overrides_with = "fetch")]
    no_fetch: bool,
}

impl FetchArgs {
    /// The wish, for the library.
    pub fn wanted(&self) -> FetchTags {
        match (self.fetch, self.no_fetch) {
            (true, _) => FetchTags::Always,
            (_, true) => FetchTags::Never,
            _ => FetchTags::IfRemote,
        }
    }
}
