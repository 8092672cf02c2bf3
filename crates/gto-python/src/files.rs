//! The files of a version: `gto.ls`, `gto.get` and `gto.open`.

use std::path::PathBuf;

use gto::Registry;
use gto_files::{GetOptions, Listing, Pin, Selection, Transfer, Trust, Wanted};
use gto_frontend::process;
use gto_frontend::reports::FilesReport;
use pyo3::prelude::*;

use crate::call::{Asides, Place, Repo, Value, Work, work};
use crate::error::Problem;

/// Which files of which version.
struct Question {
    reference: String,
    path: Option<String>,
    include: Vec<String>,
    exclude: Vec<String>,
    trust: Vec<String>,
}

impl Question {
    fn open(self, repo: &Repo, asides: &mut Asides) -> Work<(Registry, Listing)> {
        let registry = repo.open_reader_of(process::artifact_of(&self.reference))?;
        let wanted = Wanted {
            reference: self.reference,
            path: self.path,
            selection: Selection::new(&self.include, &self.exclude)?,
            trust: Trust::new(self.trust),
        };
        let listing = Listing::open(&registry, repo.environment(), &wanted);
        asides.add(registry.violating_tags().as_slice());
        let listing = listing?;
        asides.add(&listing.warnings);
        Ok((registry, listing))
    }
}

#[pyfunction]
#[pyo3(signature = (repo, reference, *, path=None, include=Vec::new(), exclude=Vec::new(), trust=Vec::new()))]
pub fn list_files(
    py: Python<'_>,
    repo: Option<Place>,
    reference: String,
    path: Option<String>,
    include: Vec<String>,
    exclude: Vec<String>,
    trust: Vec<String>,
) -> Value<'_> {
    let question = Question { reference, path, include, exclude, trust };
    work(py, repo, move |repo, asides| Ok(FilesReport::listed(&question.open(repo, asides)?.1)))
}

#[pyfunction]
#[pyo3(signature = (
    repo, reference, *, path=None, include=Vec::new(), exclude=Vec::new(), trust=Vec::new(), output=None, force=false,
    dry_run=false, jobs=8, pin=None
))]
pub fn get_files(
    py: Python<'_>,
    repo: Option<Place>,
    reference: String,
    path: Option<String>,
    include: Vec<String>,
    exclude: Vec<String>,
    trust: Vec<String>,
    output: Option<PathBuf>,
    force: bool,
    dry_run: bool,
    jobs: usize,
    pin: Option<String>,
) -> Value<'_> {
    let question = Question { reference, path, include, exclude, trust };
    work(py, repo, move |repo, asides| {
        let (registry, mut listing) = match pin {
            Some(pin) => {
                let pin = Pin::parse(&pin)?;
                let trust = Trust::new(question.trust);
                let registry = repo.open_only(pin.artifact.parse().ok())?;
                let listing = pin.open(&registry, repo.environment(), &trust)?;
                (registry, listing)
            }
            None => question.open(repo, asides)?,
        };
        let target = target(&listing, output)?;
        let options = GetOptions { target, force, dry_run, jobs: jobs.max(1) };
        let got = gto_files::get(&registry, &mut listing, &options, &Transfer::default())?;
        let shown = got.target.to_string_lossy().into_owned();
        let pin = Pin::new(&listing, registry.url_shown()).to_text();
        Ok((FilesReport::got(&listing, &got, &shown, dry_run), pin))
    })
}

/// Where the files go.
fn target(listing: &Listing, output: Option<PathBuf>) -> Work<PathBuf> {
    let name = listing.name_of_target();
    let path = output.or_else(|| name.map(PathBuf::from));
    let path = path.ok_or_else(|| {
        Problem::Arguments(format!(
            "'{}' has no name for the folder here: name one with output=",
            listing.path
        ))
    })?;
    std::path::absolute(&path)
        .map_err(|error| Problem::Arguments(format!("output '{}' is no path: {error}", path.display())))
}

#[pyfunction]
#[pyo3(signature = (repo, reference, file, to, *, path=None, trust=Vec::new()))]
pub fn write_file(
    py: Python<'_>,
    repo: Option<Place>,
    reference: String,
    file: Option<String>,
    to: PathBuf,
    path: Option<String>,
    trust: Vec<String>,
) -> Value<'_> {
    let question = Question { reference, path, include: Vec::new(), exclude: Vec::new(), trust };
    work(py, repo, move |repo, asides| {
        let (registry, mut listing) = question.open(repo, asides)?;
        listing.keep_one(file.as_deref())?;
        listing.fetch_blobs(&registry)?;
        let Some(file) = listing.files.first() else { return Ok(()) };
        let write = |source| gto_files::Error::Write { path: to.clone(), source };
        let mut out = std::fs::File::options().write(true).open(&to).map_err(write)?;
        gto_files::cat(&registry, &listing, file, &mut out)?;
        Ok(())
    })
}
