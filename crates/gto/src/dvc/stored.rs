//! How DVC keeps an output outside Git: what `*.dvc` and `dvc.lock` say of one, beside its path.
//!
//! Owns reading one entry (DVC 3.67, `dvc/output.py`), and where an object is in a cache or a remote. What is here comes from a commit and
//! is untrusted: a hash is checked to be one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::yaml::{Node, Value};

/// How DVC keeps an output.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stored {
    /// The hash of its content; `None` if DVC knows it otherwise, as by the versions of a cloud.
    pub md5: Option<Md5>,
    /// The size, in bytes; of a folder, of all files in it.
    pub size: Option<u64>,
    /// The number of files in a folder.
    pub files: Option<u64>,
    /// Whether it is to be executable.
    pub is_executable: bool,
    /// Whether DVC keeps it: without a cache, it is in Git or nowhere.
    pub is_cached: bool,
    /// The remote that keeps it, if one is named for it alone.
    pub remote: Option<String>,
    /// Which version it is of what a remote keeps under its own name, if one does.
    pub version: Option<CloudVersion>,
    /// The files of a folder, where the entry itself lists them; then the folder has no hash.
    pub listed: Option<Vec<Listed>>,
    /// Where it is imported from, with `dvc import`.
    pub import: Option<Arc<Import>>,
    /// Where it is imported from, with `dvc import-url --version-aware`.
    pub source: Option<Arc<CloudSource>>,
}

/// Which version of a file in a cloud it is: of a remote that is `version_aware`, or a `worktree`, and keeps files under their own names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CloudVersion {
    /// The name of the remote.
    pub remote: String,
    /// What the cloud calls the version; `None` if it has none, so that the current one must be it.
    pub id: Option<String>,
}

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The path in the folder, as it is written.
    pub path: String,
    /// The hash of its content.
    pub md5: Md5,
    /// The size, in bytes, if that is said.
    pub size: Option<u64>,
    /// Which version it is of what a remote keeps under its own name, if one does.
    pub version: Option<CloudVersion>,
}

/// Where an output is imported from: a path in a commit of another repository (DVC 3.67, `dvc/dependency/repo.py`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Import {
    /// The address of the repository, as it is written.
    pub url: String,
    /// The commit, by its hash.
    pub commit: String,
    /// The path from the root of that repository.
    pub path: String,
    /// The remote of DVC there, where another than the default one is named.
    pub remote: Option<String>,
}

/// Where an output is imported from: versions of files in a cloud, which DVC does not push anywhere else (DVC 3.67, `dvc/dependency/base.py`).
#[derive(Debug, PartialEq, Eq)]
pub struct CloudSource {
    /// The address, as it is written: `s3://bucket/key`, or `remote://NAME/key`.
    pub url: String,
    /// `fs_config`: settings as those of a remote.
    pub settings: BTreeMap<String, String>,
    /// The version of the file; `None` of a folder.
    pub version: Option<String>,
    /// The files of a folder.
    pub files: Vec<SourceFile>,
}

/// A file of a folder in a cloud.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path in the folder, as it is written.
    pub path: String,
    /// What the cloud says of its content, which may be the hash.
    pub etag: Option<String>,
    /// Which version of it.
    pub version: String,
}

/// The hash of an object of DVC.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Md5 {
    /// 32 hexadecimal digits, in lower case.
    hex: String,
    /// Whether it is a folder: a list of files.
    pub is_folder: bool,
    /// How the hash is made, and where objects are.
    pub layout: Layout,
}

/// How a hash is made of content, and where objects are kept by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// DVC 3: of the bytes; under `files/md5`.
    Three,
    /// DVC 2: of the text with Unix line ends, if it is one; at the top.
    Two,
}

impl Md5 {
    /// A hash as DVC writes it, with `.dir` at its end for a folder; `None` if it is none.
    pub fn parse(text: &str, layout: Layout) -> Option<Self> {
        let (hex, is_folder) = text.strip_suffix(".dir").map_or((text, false), |hex| (hex, true));
        let is_hex = hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| Self { hex: hex.to_ascii_lowercase(), is_folder, layout })
    }

    /// The digits.
    pub fn hex(&self) -> &str {
        &self.hex
    }

    /// Where a cache or a remote has the object, with slashes.
    pub fn path(&self) -> String {
        let prefix = match self.layout {
            Layout::Three => "files/md5/",
            Layout::Two => "",
        };
        let (folder, name) = self.hex.split_at(2);
        let ending = if self.is_folder { ".dir" } else { "" };
        format!("{prefix}{folder}/{name}{ending}")
    }
}

impl fmt::Display for Md5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.hex, if self.is_folder { ".dir" } else { "" })
    }
}

impl Stored {
    /// What an entry of `outs` says.
    pub(super) fn read(out: &Node) -> Self {
        let text = |key: &str| get(out, key).and_then(Node::as_text);
        let flag = |key: &str| get(out, key).and_then(Node::as_bool);
        let layout = if text("hash") == Some("md5") { Layout::Three } else { Layout::Two };
        Self {
            // A hash of digits alone is a number for YAML, unless it is quoted, as DVC does.
            md5: text("md5").and_then(|text| Md5::parse(text, layout)),
            size: number(out, "size"),
            files: number(out, "nfiles"),
            is_executable: flag("isexec").unwrap_or_default(),
            is_cached: flag("cache").unwrap_or(true),
            remote: text("remote").map(str::to_owned),
            version: CloudVersion::read(out),
            listed: get(out, "files").and_then(|files| listed(files, layout)),
            import: None,
            source: None,
        }
    }

    /// Where a `*.dvc` file imports its output from.
    pub(super) fn import(file: &Node) -> Option<Import> {
        let Value::List(deps) = &get(file, "deps")?.value else { return None };
        let text = |node: &Node, key: &str| Some(get(node, key)?.as_text()?.to_owned());
        let import = |dep: &Node| {
            let repo = get(dep, "repo")?;
            Some(Import {
                url: text(repo, "url")?,
                commit: text(repo, "rev_lock")?,
                path: text(dep, "path")?,
                remote: text(repo, "remote"),
            })
        };
        deps.iter().find_map(import)
    }
}

impl CloudSource {
    /// Where a `*.dvc` file imports its output from; `None` if that has no versions, so that DVC does not ask there either.
    pub(super) fn read(file: &Node) -> Option<Self> {
        let Value::List(deps) = &get(file, "deps")?.value else { return None };
        let [dep] = &**deps else { return None };
        let source = Self {
            url: get(dep, "path")?.as_text()?.to_owned(),
            settings: get(dep, "fs_config").map(settings).unwrap_or_default(),
            version: version_id(dep),
            files: get(dep, "files").map_or(Some(Vec::new()), source_files)?,
        };
        (source.version.is_some() || !source.files.is_empty()).then_some(source)
    }
}

fn source_files(files: &Node) -> Option<Vec<SourceFile>> {
    let Value::List(files) = &files.value else { return None };
    let file = |file| {
        Some(SourceFile {
            path: get(file, "relpath")?.as_text()?.to_owned(),
            etag: get(file, "etag").and_then(Node::as_text).map(str::to_owned),
            version: version_id(file)?,
        })
    };
    files.iter().map(file).collect()
}

/// A mapping of texts and flags, its names in lower case.
fn settings(node: &Node) -> BTreeMap<String, String> {
    let Value::Map(entries) = &node.value else { return BTreeMap::new() };
    let setting = |(name, value): &(Node, Node)| {
        let text =
            value.as_text().map(str::to_owned).or_else(|| value.as_bool().map(|flag| flag.to_string()));
        Some((name.as_text()?.to_ascii_lowercase(), text?))
    };
    entries.iter().filter_map(setting).collect()
}

/// Google's are numbers.
fn version_id(node: &Node) -> Option<String> {
    let id = get(node, "version_id")?;
    match &id.value {
        Value::Number(number) => Some(number.to_string()),
        _ => id.as_text().map(str::to_owned),
    }
}

impl CloudVersion {
    /// What `cloud` says, where DVC takes the first remote.
    fn read(entry: &Node) -> Option<Self> {
        let Value::Map(remotes) = &get(entry, "cloud")?.value else { return None };
        let (remote, version) = remotes.first()?;
        Some(Self { remote: remote.as_text()?.to_owned(), id: version_id(version) })
    }
}

/// The files of a folder that are listed in its entry; `None` if one of them has no path or no hash.
fn listed(files: &Node, layout: Layout) -> Option<Vec<Listed>> {
    let Value::List(files) = &files.value else { return None };
    let text = |file, key| get(file, key).and_then(Node::as_text);
    let file = |file| {
        Some(Listed {
            path: text(file, "relpath")?.to_owned(),
            md5: Md5::parse(text(file, "md5")?, layout).filter(|md5| !md5.is_folder)?,
            size: number(file, "size"),
            version: CloudVersion::read(file),
        })
    };
    files.iter().map(file).collect()
}

fn number(node: &Node, key: &str) -> Option<u64> {
    match &get(node, key)?.value {
        Value::Number(number) => number.as_u64(),
        _ => None,
    }
}

fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|(name, _)| name.as_text() == Some(key)).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::super::hash::outs;
    use super::*;

    #[test]
    fn an_output_is_kept_where_its_version_of_dvc_keeps_it() {
        let two = "outs:\n- md5: ABCDEF0123456789abcdef0123456789.dir\n  path: d\n  nfiles: 3\n";
        let three = "deps:\n- path: x\n  repo:\n    url: https://host/r\n    rev_lock: abc\nouts:\n\
                     - md5: abcdef0123456789abcdef0123456789\n  hash: md5\n  size: 5\n  path: m\n  remote: r\n  isexec: true\n";
        let [two, three] =
            [two, three].map(|text| outs(text.as_bytes(), "x.dvc", "").remove(0).stored.unwrap());
        let md5 = two.md5.unwrap();
        assert_eq!(md5.path(), "ab/cdef0123456789abcdef0123456789.dir");
        assert!(md5.is_folder && two.files == Some(3) && two.is_cached);
        assert_eq!(three.md5.unwrap().path(), "files/md5/ab/cdef0123456789abcdef0123456789");
        assert_eq!((three.size, three.is_executable), (Some(5), true));
        let import =
            Import { url: "https://host/r".into(), commit: "abc".into(), path: "x".into(), remote: None };
        assert_eq!(three.import.as_deref(), Some(&import));
        assert_eq!(three.remote.as_deref(), Some("r"));
    }

    #[test]
    fn versions_of_a_cloud_are_read_as_dvc_writes_them() {
        let file = "outs:\n- md5: abcdef0123456789abcdef0123456789\n  size: 5\n  cloud:\n    r:\n      etag: e\n      version_id: v1\n  hash: md5\n  path: m\n";
        let folder = "outs:\n- hash: md5\n  path: d\n  files:\n  - relpath: s/a\n    md5: abcdef0123456789abcdef0123456789\n    size: 7\n    cloud:\n      r:\n        etag: e\n";
        let [file, folder] =
            [file, folder].map(|text| outs(text.as_bytes(), "x.dvc", "").remove(0).stored.unwrap());
        let version = |id: Option<&str>| Some(CloudVersion { remote: "r".into(), id: id.map(str::to_owned) });
        assert_eq!((file.version, file.listed), (version(Some("v1")), None));
        let listed = folder.listed.unwrap().remove(0);
        assert_eq!((&*listed.path, listed.size, listed.version), ("s/a", Some(7), version(None)));
        assert_eq!(listed.md5.layout, Layout::Three);
    }

    #[test]
    fn an_import_of_versions_is_read_as_dvc_writes_it() {
        let of = |dep: &str| {
            let text = format!(
                "deps:\n- {dep}\nouts:\n- {{md5: abcdef0123456789abcdef0123456789, hash: md5, path: m}}\n"
            );
            outs(text.as_bytes(), "x.dvc", "").remove(0).stored.unwrap().source
        };
        let file =
            of("{path: 's3://b/k', etag: e, version_id: v, fs_config: {version_aware: true, Profile: p}}")
                .unwrap();
        assert_eq!((&*file.url, file.version.as_deref(), file.files.len()), ("s3://b/k", Some("v"), 0));
        assert_eq!((&*file.settings["version_aware"], &*file.settings["profile"]), ("true", "p"));
        let folder = of("{path: 'remote://r/d', files: [{relpath: s/a, etag: e, version_id: 12}]}").unwrap();
        assert_eq!(
            folder.files,
            [SourceFile { path: "s/a".into(), etag: Some("e".into()), version: "12".into() }]
        );
        for none in ["{path: 's3://b/k', etag: e}", "{path: d, files: [{relpath: a, etag: e}]}", "x"] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_no_hash_is_none() {
        for text in ["", "../../etc/passwd", "abc", "abcdef0123456789abcdef012345678/", ".dir"] {
            assert_eq!(Md5::parse(text, Layout::Three), None, "{text}");
        }
    }
}
