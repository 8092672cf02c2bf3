//! Which files of a version are wanted.
//!
//! Owns the meaning of `--include` and `--exclude`.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::error::{Error, Result};
use crate::rel_path::RelPath;

/// Which files are wanted: those that a pattern includes, or all if there is none, but for those that one excludes. A pattern is matched
/// with the whole path, and one without a slash with the name alone; one that matches a folder matches all that is in it.
#[derive(Debug, Default)]
pub struct Selection {
    include: Option<Patterns>,
    exclude: Option<Patterns>,
}

#[derive(Debug)]
struct Patterns {
    paths: GlobSet,
    names: GlobSet,
}

impl Selection {
    /// Reads the patterns.
    ///
    /// # Errors
    /// [`Error::Pattern`]
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self> {
        Ok(Self { include: Patterns::read(include)?, exclude: Patterns::read(exclude)? })
    }

    /// Whether a file is wanted.
    pub fn wants(&self, path: &RelPath) -> bool {
        let is_included = self.include.as_ref().is_none_or(|patterns| patterns.match_path(path));
        is_included && !self.exclude.as_ref().is_some_and(|patterns| patterns.match_path(path))
    }
}

impl Patterns {
    fn read(patterns: &[String]) -> Result<Option<Self>> {
        if patterns.is_empty() {
            return Ok(None);
        }
        let (mut paths, mut names) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for pattern in patterns {
            let wrong = |error: globset::Error| Error::Pattern {
                pattern: pattern.clone(),
                reason: error.kind().to_string(),
            };
            let text = pattern.trim_end_matches('/').trim_start_matches("./");
            let glob = GlobBuilder::new(text.trim_start_matches('/')).literal_separator(true).build();
            let glob = glob.map_err(wrong)?;
            if text.contains('/') {
                paths.add(glob)
            } else {
                names.add(glob)
            };
        }
        let build = |builder: GlobSetBuilder| {
            builder
                .build()
                .map_err(|error| Error::Pattern { pattern: patterns.join("' '"), reason: error.to_string() })
        };
        Ok(Some(Self { paths: build(paths)?, names: build(names)? }))
    }

    fn match_path(&self, path: &RelPath) -> bool {
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        path.folders()
            .chain([path.as_str()])
            .any(|part| self.paths.is_match(part) || self.names.is_match(name(part)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_choose_names_paths_and_folders() {
        let files = ["a.txt", "b.bin", "sub/a.txt", "sub/deep/c.bin"];
        let chosen = |include: &[&str], exclude: &[&str]| {
            let [include, exclude] =
                [include, exclude].map(|list| list.iter().map(|&p| p.to_owned()).collect::<Vec<_>>());
            let selection = Selection::new(&include, &exclude).unwrap();
            let is_wanted = |path: &&&str| selection.wants(&RelPath::parse(path).unwrap());
            files.iter().filter(is_wanted).copied().collect::<Vec<_>>()
        };
        assert_eq!(chosen(&[], &[]), files);
        assert_eq!(chosen(&["*.txt"], &[]), ["a.txt", "sub/a.txt"]);
        assert_eq!(chosen(&["/*.txt"], &[]), ["a.txt"]);
        assert_eq!(chosen(&["sub/*.txt"], &[]), ["sub/a.txt"]);
        assert_eq!(chosen(&["sub"], &["deep"]), ["sub/a.txt"]);
        assert_eq!(chosen(&["sub/**/*.bin", "b.*"], &[]), ["b.bin", "sub/deep/c.bin"]);
        assert_eq!(chosen(&[], &["sub/"]), ["a.txt", "b.bin"]);
        let error = Selection::new(&["a[".to_owned()], &[]).unwrap_err();
        assert!(error.to_string().starts_with("'a[' is no pattern: "), "{error}");
    }
}
