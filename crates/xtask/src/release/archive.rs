//! The archive of a platform: the program, man pages, completions, readme, licences and changelog in one folder.
//!
//! Its name has no version, so that the latest release has one address. The same files give the same bytes.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::build::Build;
use super::files::files_of;
use super::notices;
use crate::Result;
use crate::workspace::Workspace;

/// What is in every archive beside the program: from the workspace, and under which name.
const TEXTS: [(&str, &str); 3] =
    [("crates/gto-cli/README.md", "README.md"), ("LICENSE", "LICENSE"), ("CHANGELOG.md", "CHANGELOG.md")];

/// Folders that go in as they are.
const FOLDERS: [(&str, &str); 2] = [("docs/man", "man"), ("completions", "completions")];

/// The name of a platform's archive.
pub fn name(target: &str) -> String {
    format!("gto-{target}.tar.gz")
}

/// Writes it into a folder.
pub fn write(workspace: &Workspace, build: &Build, folder: &Path) -> Result<PathBuf> {
    let path = folder.join(name(&build.target));
    let mut archive = Archive::create(&path)?;
    let root = PathBuf::from(format!("gto-{}", build.target));
    archive.add(&build.gto, &root.join(build.program()), 0o755)?;
    for (source, name) in TEXTS {
        archive.add(&workspace.root.join(source), &root.join(name), 0o644)?;
    }
    for (source, name) in FOLDERS {
        for file in files_of(&workspace.root.join(source))? {
            let inside = root.join(name).join(file.file_name().expect("it was listed by its name"));
            archive.add(&file, &inside, 0o644)?;
        }
    }
    archive.append(notices::text(workspace, &build.target)?.as_bytes(), &root.join(notices::NAME), 0o644)?;
    archive.finish()?;
    Ok(path)
}

struct Archive {
    tar: tar::Builder<GzEncoder<File>>,
}

impl Archive {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { tar: tar::Builder::new(GzEncoder::new(file, Compression::default())) })
    }

    fn add(&mut self, source: &Path, inside: &Path, mode: u32) -> Result<()> {
        let contents = std::fs::read(source).map_err(|error| format!("{}: {error}", source.display()))?;
        self.append(&contents, inside, mode)
    }

    fn append(&mut self, contents: &[u8], inside: &Path, mode: u32) -> Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(contents.len() as u64);
        header.set_mode(mode);
        // 2001-09-09, since some programs take a time of 0 for none: the time of the build is nobody's business.
        header.set_mtime(1_000_000_000);
        self.tar.append_data(&mut header, inside, contents)?;
        Ok(())
    }

    fn finish(self) -> Result<()> {
        let mut file = self.tar.into_inner()?.finish()?;
        file.flush()?;
        Ok(())
    }
}
