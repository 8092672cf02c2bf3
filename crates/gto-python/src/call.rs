//! One call from Python: the registry that it is about, the work, and the way back.
//!
//! Owns that the interpreter's lock is released while the engine works, that nothing is held between calls, and that
//! whatever goes wrong comes out as an exception. Must not know what is asked.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use gto::name::ArtifactName;
use gto::{Cancellation, Environment, OpenOptions, Registry};
use gto_frontend::process;
use gto_frontend::text::clean;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use serde::Serialize;

use crate::error::Problem;
use crate::value::to_python;

/// The polling interval for Ctrl-C.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// The result of work without the interpreter.
pub type Work<T> = Result<T, Problem>;

/// An answer of Python values.
pub type Value<'py> = PyResult<Bound<'py, PyAny>>;

/// Messages in addition to a result.
#[derive(Debug, Default)]
pub struct Asides(Vec<String>);

impl Asides {
    /// Collects the engine's messages, and returns its result.
    pub fn take<T>(&mut self, answer: gto::Answer<T>) -> T {
        self.add(&answer.warnings);
        answer.value
    }

    /// Takes in warnings.
    pub fn add(&mut self, warnings: &[gto::plan::Warning]) {
        for warning in warnings {
            self.say(&warning.to_string());
        }
    }

    /// Collects the messages of Git, hooks or a remote.
    pub fn pass_on(&mut self, said: &str) {
        if !said.is_empty() {
            self.say(said);
        }
    }

    /// Collects other messages.
    pub fn say(&mut self, text: &str) {
        let text = clean(text).into_owned();
        // Once is enough, where something is tried again.
        if !self.0.contains(&text) {
            self.0.push(text);
        }
    }
}

/// How a call names a repository.
#[derive(Debug, Clone, FromPyObject)]
pub enum Place {
    /// By its folder or address.
    Named(String),
    /// The same, and whether answers obey its promotion policy.
    Obeying(String, bool),
}

impl Place {
    /// The folder or address; that of the current folder if none is named.
    pub fn name(place: Option<&Self>) -> String {
        match place {
            None => ".".to_owned(),
            Some(Self::Named(name) | Self::Obeying(name, _)) => name.clone(),
        }
    }
}

/// A repository, as a call names it.
#[derive(Debug)]
pub struct Repo {
    name: String,
    is_obeying: bool,
    environment: Environment,
}

impl Repo {
    /// Where `repo` is none, it is that of the current folder.
    ///
    /// The variables are read here, while the interpreter's lock is held: `os.environ` changes them under it.
    fn new(repo: Option<Place>) -> Self {
        let is_obeying = matches!(repo, Some(Place::Obeying(_, true)));
        Self { name: Place::name(repo.as_ref()), is_obeying, environment: process::environment() }
    }

    /// Opens the registry, whose configuration must be right.
    pub fn open(&self) -> gto::Result<Registry> {
        self.open_with(&OpenOptions::new(self.environment.clone()))
    }

    /// The same, with answers that obey the policy if the caller or `GTO_POLICY` wants that.
    pub fn open_reader(&self) -> gto::Result<Registry> {
        self.open_reader_of(None)
    }

    /// The same, to ask about one artifact alone.
    pub fn open_reader_of(&self, artifact: Option<ArtifactName>) -> gto::Result<Registry> {
        let is_enforced = self.is_obeying || process::obeys_policy(&self.environment)?;
        let options = OpenOptions::new(self.environment.clone()).only(artifact);
        self.open_with(&options.enforce_policy(is_enforced))
    }

    /// The same, to edit annotations.
    pub fn open_to_edit(&self) -> gto::Result<Registry> {
        self.open_with(&OpenOptions::new(self.environment.clone()).to_edit(true))
    }

    /// The same, to ask about one artifact alone: of a remote repository no more is fetched.
    pub fn open_only(&self, artifact: Option<ArtifactName>) -> gto::Result<Registry> {
        self.open_with(&OpenOptions::new(self.environment.clone()).only(artifact))
    }

    /// The same, with what is wrong in its configuration.
    pub fn open_leniently(&self) -> gto::Result<(Registry, Vec<gto::Error>)> {
        let options = OpenOptions::new(self.environment.clone());
        let registry = process::open(&self.name, &options, &self.environment)?;
        let errors = registry.check_config();
        Ok((registry, errors))
    }

    fn open_with(&self, options: &OpenOptions) -> gto::Result<Registry> {
        let registry = process::open(&self.name, options, &self.environment)?;
        registry.config()?;
        Ok(registry)
    }

    /// The variables and the clock.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }
}

/// Runs a query on the registry of `repo`, which is opened for it.
pub fn ask<'py, T: Serialize + Send>(
    py: Python<'py>,
    repo: Option<Place>,
    question: impl FnOnce(&Registry, &mut Asides) -> Work<T> + Send,
) -> Value<'py> {
    work(py, repo, |repo, asides| {
        let registry = repo.open_reader()?;
        let answer = question(&registry, asides);
        asides.add(registry.violating_tags().as_slice());
        answer
    })
}

/// The same of all that happened, whatever the policy says about it.
pub fn ask_all<'py, T: Serialize + Send>(
    py: Python<'py>,
    repo: Option<Place>,
    question: impl FnOnce(&Registry, &mut Asides) -> Work<T> + Send,
) -> Value<'py> {
    work(py, repo, |repo, asides| question(&repo.open()?, asides))
}

/// Does what may need no registry, or a special one.
pub fn work<'py, T: Serialize + Send>(
    py: Python<'py>,
    repo: Option<Place>,
    todo: impl FnOnce(&Repo, &mut Asides) -> Work<T> + Send,
) -> Value<'py> {
    let repo = Repo::new(repo);
    let mut asides = Asides::default();
    let (result, interrupted) =
        py.detach(|| interruptible(repo.environment.cancellation(), || todo(&repo, &mut asides)));
    // After Ctrl-C, report the interrupt, not git's error.
    interrupted.and_then(|()| hear_signals(py))?;
    match result {
        Ok(answer) => {
            warn(py, &asides)?;
            to_python(py, &answer)
        }
        Err(problem) => {
            let error = problem.raise(py);
            // Where warnings are errors, what went wrong is still this.
            let _ = warn(py, &asides);
            Err(error)
        }
    }
}

/// Works in a separate thread, while this one listens for Ctrl-C, as only Python's main thread can. Ctrl-C stops a
/// waiting git, which ends the work. The thread is always joined.
fn interruptible<T: Send>(
    cancellation: &Cancellation,
    todo: impl FnOnce() -> Work<T> + Send,
) -> (Work<T>, PyResult<()>) {
    let mut interrupted = Ok(());
    let result = thread::scope(|scope| {
        let (sender, done) = mpsc::sync_channel(1);
        let run = move || {
            let result = guarded(todo);
            // The other side waits for it.
            let _ = sender.send(());
            result
        };
        let worker = thread::Builder::new().spawn_scoped(scope, run);
        let worker = worker.map_err(|error| Problem::Panic(format!("no thread can be started: {error}")))?;
        while let Err(RecvTimeoutError::Timeout) = done.recv_timeout(BETWEEN_LOOKS) {
            if interrupted.is_ok() {
                interrupted = Python::try_attach(hear_signals).unwrap_or(Ok(()));
            }
            if interrupted.is_err() {
                cancellation.cancel();
            }
        }
        worker.join().unwrap_or_else(|panic| Err(Problem::Panic(words(panic.as_ref()))))
    });
    (result, interrupted)
}

/// The error that a handler of a signal raises, as Python's own does at Ctrl-C.
fn hear_signals(py: Python<'_>) -> PyResult<()> {
    py.check_signals()
}

/// A panic is our bug, and must not end the caller's process.
fn guarded<T>(todo: impl FnOnce() -> Work<T>) -> Work<T> {
    catch_unwind(AssertUnwindSafe(todo)).unwrap_or_else(|panic| Err(Problem::Panic(words(panic.as_ref()))))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    format!("gto failed inside: {}", clean(said.unwrap_or("it does not say why")))
}

/// Says what is beside the answer, as of the line of the user's program that asked.
fn warn(py: Python<'_>, asides: &Asides) -> PyResult<()> {
    if asides.0.is_empty() {
        return Ok(());
    }
    let category = py.import("gto.exceptions")?.getattr("GtoWarning")?;
    for text in &asides.0 {
        let options = PyDict::new(py);
        if py.version_info() >= (3, 12) {
            let package = py.import("gto")?.getattr("__path__")?;
            options.set_item(
                "skip_file_prefixes",
                PyTuple::new(py, package.try_iter()?.collect::<PyResult<Vec<_>>>()?)?,
            )?;
        } else {
            options.set_item("stacklevel", 3)?;
        }
        py.import("warnings")?.call_method("warn", (text, &category), Some(&options))?;
    }
    Ok(())
}
