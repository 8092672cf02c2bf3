//! What every command needs: the printer, and the environment of the process.

use std::io::IsTerminal as _;
use std::path::Path;

#[cfg(unix)]
use gto::Cancellation;
use gto::environment::Environment;
use gto::name::ArtifactName;
use gto::plan::Warning;
use gto::{OpenOptions, Registry, config};
use gto_frontend::local_time::LocalTime;
use gto_frontend::process::{self, is_remote};
#[cfg(unix)]
use gto_frontend::signals;

use crate::args::PolicyArgs;
use crate::error::Result;
use crate::pager;
use crate::printer::{self, Printer};

/// What every command needs.
pub struct Context {
    /// Where to print.
    pub printer: Printer,
    /// Variables and clock, for the library.
    pub environment: Environment,
    /// The repository that was opened last, for hints.
    pub repository: String,
    /// Whether a person wants no pager.
    pub no_pager: bool,
    /// The artifact that is written to, for hints.
    pub artifact: Option<ArtifactName>,
    /// Whether the warning that concerns the choice of it was given.
    warned: bool,
    /// Whether `--verbose` has said which repository it is, and its settings: a hint may open it again.
    has_told: bool,
}

impl Context {
    /// The context of this process.
    pub fn from_process(verbose: bool) -> Self {
        let local_time = LocalTime::of_machine();
        let environment = process::environment_in(&local_time);
        #[cfg(unix)]
        let environment =
            environment.with_cancellation(Cancellation::before_first_child(signals::end_with_children));
        let environment = if verbose { environment.with_trace(printer::debug_git) } else { environment };
        let emojis = environment.variable("GTO_EMOJIS").and_then(|text| config::parse_bool(&text));
        Self {
            printer: Printer::new(emojis.unwrap_or(true), verbose, local_time),
            environment,
            repository: ".".to_owned(),
            no_pager: false,
            artifact: None,
            warned: false,
            has_told: false,
        }
    }

    /// Allows Git to prompt for a password at a terminal, as if the user had run it.
    #[must_use]
    pub fn with_interactive_prompt(mut self) -> Self {
        const PROMPT: &str = "GIT_TERMINAL_PROMPT";
        let is_person = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        if is_person && self.environment.variable(PROMPT).is_none() {
            self.environment = self.environment.with_variable(PROMPT, "1");
        }
        self
    }

    /// Opens the registry that `--repo` names: a folder, or the URL of a remote repository.
    pub fn open(&mut self, repo: &str) -> Result<Registry> {
        self.open_with(repo, &OpenOptions::new(self.environment.clone()))
    }

    /// As [`Context::open`], for a command whose answer obeys the policy if the user wants that.
    pub fn open_reader(&mut self, repo: &str, policy: PolicyArgs) -> Result<Registry> {
        let is_enforced = self.obeys_policy(policy)?;
        self.open_with(repo, &OpenOptions::new(self.environment.clone()).enforce_policy(is_enforced))
    }

    /// Whether answers are to obey the policy.
    pub fn obeys_policy(&self, policy: PolicyArgs) -> Result<bool> {
        Ok(policy.policy || process::obeys_policy(&self.environment)?)
    }

    /// Prints which tags were left out of a reader's result, whatever it is. Returns them.
    pub fn tell_left_out(&mut self, registry: &Registry) -> Vec<String> {
        let Some(left_out) = registry.violating_tags() else { return Vec::new() };
        self.printer.warning(left_out.to_string());
        match left_out {
            Warning::ViolatingTags { tags, .. } => tags.into_iter().map(|(tag, _)| tag).collect(),
            _ => Vec::new(),
        }
    }

    /// As [`Context::open_reader`], to ask about the artifact of a reference alone.
    pub fn open_for(&mut self, repo: &str, reference: &str, policy: PolicyArgs) -> Result<Registry> {
        let is_enforced = self.obeys_policy(policy)?;
        let options = OpenOptions::new(self.environment.clone()).only(process::artifact_of(reference));
        self.open_with(repo, &options.enforce_policy(is_enforced))
    }

    /// As [`Context::open`], to edit annotations.
    pub fn open_to_edit(&mut self, repo: &str) -> Result<Registry> {
        self.open_with(repo, &OpenOptions::new(self.environment.clone()).to_edit(true))
    }

    /// As [`Context::open`] for hints and completions: they must be fast, so a remote repository is neither checked for
    /// updates nor cloned.
    pub fn open_again(&mut self, repo: &str) -> Option<Registry> {
        if is_remote(repo) {
            let options = OpenOptions::new(self.environment.clone()).as_kept(true);
            return options.open_url(repo).ok();
        }
        self.open(repo).ok()
    }

    /// As [`Context::open`], with what is wrong in the configuration.
    pub fn open_leniently(&mut self, repo: &str) -> Result<(Registry, Vec<gto::Error>)> {
        self.begin_opening(repo);
        let registry = process::open(repo, &OpenOptions::new(self.environment.clone()), &self.environment)?;
        let errors = registry.check_config();
        self.opened(&registry)?;
        Ok((registry, errors))
    }

    fn open_with(&mut self, repo: &str, options: &OpenOptions) -> Result<Registry> {
        self.begin_opening(repo);
        let registry = process::open(repo, options, &self.environment)?;
        self.opened(&registry)?;
        Ok(registry)
    }

    /// Git would work in the repository of `GIT_DIR`, whatever the current folder is.
    fn warn_of_git_dir(&mut self, registry: &Registry) {
        let real = |path: &Path| path.canonicalize().ok();
        let Some(git_dir) = process::git_dir(&self.environment) else { return };
        let elsewhere = real(Path::new(&git_dir)) != real(registry.git_dir());
        if elsewhere && self.repository == "." && !self.warned {
            self.warned = true;
            let here = registry.root().display().to_string();
            self.printer.warning(format!(
                "GIT_DIR names another repository than the current folder, which counts here: '{here}'; \
                 unset it, or say with --repo which one is meant"
            ));
        }
    }

    /// Records which repository was requested, and what takes long with it.
    fn begin_opening(&mut self, repo: &str) {
        repo.clone_into(&mut self.repository);
        self.printer.place.set_repository(repo);
        if is_remote(repo) {
            self.printer.debug("asking the remote repository what is new");
            // Git shows its progress, since the first clone can take long.
            self.printer.show_progress(self.environment.progress());
        }
    }

    fn opened(&mut self, registry: &Registry) -> Result<()> {
        let config = registry.config()?;
        self.printer.emojis = config.emojis;
        if let Some(url) = registry.url() {
            self.printer.place.set_url(url);
        }
        self.warn_of_git_dir(registry);
        if !std::mem::replace(&mut self.has_told, true) {
            self.printer.debug(format!("repository {}", registry.root().display()));
            for line in config.lines() {
                self.printer.debug(line);
            }
        }
        self.printer.show_progress(self.environment.progress());
        if !self.no_pager && std::io::stdout().is_terminal() {
            let variable = |name: &str| self.environment.variable(name);
            self.printer.pager = pager::choose(variable, registry.git_setting("core.pager"));
        }
        Ok(())
    }
}
