//! The arguments that several commands share.
//!
//! Doc comments here are the help texts.

use clap::{Args, ValueEnum};
use gto::signing::Sign;

/// Which repository.
#[derive(Debug, Args)]
pub struct RepoArgs {
    /// Local or remote repository
    #[arg(long, short, default_value = ".", value_name = "PATH|URL", value_hint = clap::ValueHint::DirPath)]
    pub repo: String,
}

/// Whether a reader obeys the promotion policy.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct PolicyArgs {
    /// Leave out tags that violate the promotion policy. Fails if that is not known, or there is no policy. As `GTO_POLICY=enforce`
    #[arg(long)]
    pub policy: bool,
}

/// How a write makes its tags.
#[derive(Debug, Args)]
pub struct WriteArgs {
    /// Message to annotate the Git tag with
    #[arg(long, short, value_name = "TEXT", allow_hyphen_values = true)]
    pub message: Option<String>,

    /// Use simple notation, e.g. `rf#prod` instead of `rf#prod#5`
    #[arg(long, value_enum, default_value_t = SimpleArg::Auto, hide_possible_values = false)]
    pub simple: SimpleArg,

    /// Create the Git tag even if it already exists and is in effect
    #[arg(long)]
    pub force: bool,

    /// Succeed if it is so already, and make nothing
    #[arg(long, conflicts_with = "force")]
    pub exist_ok: bool,

    /// Check the artifact's tags on the remote, and push the Git tag (always on with a remote `--repo`)
    #[arg(long, overrides_with = "no_push")]
    pub push: bool,

    /// Don't push, even if `GTO_PUSH`, `gto.push` in Git's configuration or `push` in `.gto` is set
    #[arg(long, overrides_with = "push")]
    pub no_push: bool,

    /// Push at most N tags at a time, each time all of them or none. GitHub starts workflows for at most three
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub push_batch: Option<u16>,

    /// Fetch the artifact's tags from the remote first, as `--push` does
    #[arg(long)]
    pub fetch: bool,

    /// Don't ask for confirmation. Only at a terminal is it asked for: before tags are deleted, an artifact is deprecated, or the first
    /// tag of a name that is much like another
    #[arg(long, short)]
    pub yes: bool,

    /// Name of the tagger, instead of the one in Git's configuration
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub author: Option<String>,

    /// E-mail address of the tagger
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
    pub author_email: Option<String>,

    /// Whether it is signed.
    #[command(flatten)]
    pub sign: SignArgs,

    /// Do it although the policy forbids it, for this reason, which the signed tag will have. Only for those whom `break_glass` names
    #[arg(long = "override", value_name = "REASON")]
    pub override_reason: Option<String>,

    /// Print what would be done, but create, delete and push nothing. `--push` and `--fetch` still fetch the artifact's
    /// tags first
    #[arg(long)]
    pub dry_run: bool,

    /// Print what was done (or would be done, with `--dry-run`) in json format
    #[arg(long)]
    pub json: bool,
}

impl WriteArgs {
    /// The wish, for the library.
    pub fn wish(&self) -> gto::rules::TagWish {
        gto::rules::TagWish {
            message: self.message.clone(),
            counter: self.simple.into(),
            force: self.force,
            exist_ok: self.exist_ok,
            expect: None,
        }
    }

    /// The tagger, for the library.
    pub fn author(&self) -> gto::Author {
        gto::Author {
            name: self.author.clone(),
            email: self.author_email.clone(),
            sign: self.sign.wish(),
            override_reason: self.override_reason.clone(),
            actor: None,
        }
    }
}

/// Whether a write signs its tags, as for `git tag`. Without any of these, Git's configuration decides.
#[derive(Debug, Args)]
pub struct SignArgs {
    /// Sign the Git tag, as `git tag --sign` does. The default if `tag.gpgSign` is set
    #[arg(long, overrides_with = "no_sign")]
    pub sign: bool,

    /// Do not sign the Git tag, even if `tag.gpgSign` is set
    #[arg(long, overrides_with = "sign", conflicts_with = "local_user")]
    pub no_sign: bool,

    /// Sign the Git tag with this key, instead of the one in `user.signingKey`
    #[arg(long, short = 'u', value_name = "KEY")]
    pub local_user: Option<String>,
}

impl SignArgs {
    fn wish(&self) -> Sign {
        match &self.local_user {
            Some(key) => Sign::Always(Some(key.clone())),
            None if self.sign => Sign::Always(None),
            None if self.no_sign => Sign::Never,
            None => Sign::AsConfigured,
        }
    }
}

/// Whether a tag gets a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SimpleArg {
    /// Number the tags of stages, and others only if the name is taken
    Auto,
    /// Never add a number
    True,
    /// Always add a number
    False,
}

impl From<SimpleArg> for gto::rules::Counter {
    fn from(simple: SimpleArg) -> Self {
        match simple {
            SimpleArg::Auto => Self::Auto,
            SimpleArg::True => Self::Omit,
            SimpleArg::False => Self::Force,
        }
    }
}
