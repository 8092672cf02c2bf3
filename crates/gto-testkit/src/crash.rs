//! Owns what POSIX lets a power cut leave of a folder. Must not know Git, or who changes the folder.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};

/// A folder that is watched while it changes, for what a power cut may leave of it.
///
/// POSIX promises little: the content of a file is on the disk once the file was synced, and a name once its folder was
/// synced. Without that, each file and each folder may be as it was at any time since its last sync, whatever others
/// are; and a file that was never synced may be empty, cut off or full of zeros. File systems are kinder, each in its
/// own way.
#[derive(Debug)]
pub struct CrashModel {
    root: PathBuf,
    /// The number of the node at each inode that is in use.
    live: HashMap<u64, usize>,
    nodes: Vec<Node>,
}

/// A file, folder or link: what it was since its last sync, oldest first.
#[derive(Debug)]
struct Node(Vec<State>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Folder(BTreeMap<OsString, usize>),
    File(Vec<u8>, u32),
    Link(PathBuf),
}

impl CrashModel {
    /// The folder as it is: all of it counts as synced.
    pub fn new(root: &Path) -> Self {
        let mut model = Self { root: root.to_owned(), live: HashMap::new(), nodes: Vec::new() };
        model.observe();
        model.nodes.iter_mut().for_each(Node::sync);
        model
    }

    /// Takes in what has changed. Between two calls, no inode may be freed and used again.
    pub fn observe(&mut self) {
        let before = std::mem::take(&mut self.live);
        self.visit(&self.root.clone(), &before);
    }

    fn visit(&mut self, path: &Path, before: &HashMap<u64, usize>) -> usize {
        let metadata = path.symlink_metadata().expect("nobody else changes the folder");
        let known = self.live.get(&metadata.ino()).or_else(|| before.get(&metadata.ino())).copied();
        let number = known.unwrap_or(self.nodes.len());
        self.live.insert(metadata.ino(), number);
        let mode = metadata.mode();
        if known.is_none() {
            let unsynced = if metadata.is_dir() {
                State::Folder(BTreeMap::new())
            } else {
                State::File(Vec::new(), mode)
            };
            self.nodes.push(Node(vec![unsynced]));
        }
        let state = if metadata.is_dir() {
            let entries = fs::read_dir(path).expect("the folder is readable").flatten();
            State::Folder(
                entries.map(|entry| (entry.file_name(), self.visit(&entry.path(), before))).collect(),
            )
        } else if metadata.is_symlink() {
            State::Link(fs::read_link(path).expect("it is a link"))
        } else {
            State::File(fs::read(path).expect("the file is readable"), mode)
        };
        self.nodes[number].add(state);
        number
    }

    /// The file or folder at `path` was synced.
    pub fn synced(&mut self, path: &Path) {
        let inode = path.symlink_metadata().map(|metadata| metadata.ino());
        if let Some(number) = inode.ok().and_then(|inode| self.live.get(&inode)) {
            self.nodes[*number].sync();
        }
    }

    /// Writes what is left after a power cut. `choose` gets a number of possibilities and returns one: 0 is the last that
    /// was synced.
    pub fn write_to(&self, folder: &Path, choose: &mut dyn FnMut(usize) -> usize) {
        let root = fs::metadata(&self.root).expect("it is still there").ino();
        let mut chosen = HashMap::new();
        self.write_node(self.live[&root], folder, choose, &mut chosen);
    }

    fn write_node(
        &self,
        number: usize,
        path: &Path,
        choose: &mut dyn FnMut(usize) -> usize,
        chosen: &mut HashMap<usize, State>,
    ) {
        // A file may have two names.
        let state = chosen.entry(number).or_insert_with(|| {
            let mut possible = self.nodes[number].possible();
            possible.swap_remove(choose(possible.len()))
        });
        match state.clone() {
            State::File(content, mode) => {
                fs::write(path, content).expect("the sandbox is writable");
                let permissions: Permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
                fs::set_permissions(path, permissions).expect("the sandbox is writable");
            }
            State::Link(to) => symlink(to, path).expect("the sandbox is writable"),
            State::Folder(entries) => {
                fs::create_dir_all(path).expect("the sandbox is writable");
                for (name, number) in entries {
                    self.write_node(number, &path.join(name), choose, chosen);
                }
            }
        }
    }
}

impl Node {
    fn add(&mut self, state: State) {
        if self.0.last() != Some(&state) {
            self.0.push(state);
        }
    }

    fn sync(&mut self) {
        self.0.drain(..self.0.len().saturating_sub(1));
    }

    /// All that it may be after a power cut.
    fn possible(&self) -> Vec<State> {
        let mut possible = self.0.clone();
        let other = |content: &Vec<u8>| {
            self.0.iter().any(|state| !matches!(state, State::File(now, _) if now == content))
        };
        // Otherwise only its mode is not synced.
        if let Some(State::File(content, mode)) =
            self.0.last().filter(|state| matches!(state, State::File(content, _) if other(content)))
        {
            let torn = [Vec::new(), content[..content.len() / 2].to_vec(), vec![0; content.len()]];
            possible.extend(torn.map(|content| State::File(content, *mode)));
        }
        possible
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(model: &CrashModel, choose: &mut dyn FnMut(usize) -> usize) -> Vec<(String, String)> {
        let folder = tempfile::tempdir().unwrap();
        model.write_to(folder.path(), choose);
        let mut files: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .flatten()
            .map(|entry| {
                (
                    entry.file_name().into_string().unwrap(),
                    fs::read_to_string(entry.path()).unwrap_or_default(),
                )
            })
            .collect();
        files.sort();
        files
    }

    fn pairs(files: &[(&str, &str)]) -> Vec<(String, String)> {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn what_was_not_synced_may_be_lost_in_any_combination() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("old"), "old").unwrap();
        let mut model = CrashModel::new(folder.path());
        fs::write(path("new"), "new").unwrap();
        model.observe();
        assert_eq!(left(&model, &mut |_| 0), pairs(&[("old", "old")]));
        model.synced(folder.path());
        assert_eq!(left(&model, &mut |_| 0), pairs(&[("new", ""), ("old", "old")]));
        fs::rename(path("new"), path("old")).unwrap();
        model.observe();
        model.synced(folder.path());
        assert_eq!(left(&model, &mut |_| 0), pairs(&[("old", "")]));
        // Empty before it was written, written, and torn in three ways.
        assert_eq!(left(&model, &mut |count| count.min(5) - 1), pairs(&[("old", "\0\0\0")]));
        model.synced(&path("old"));
        assert_eq!(left(&model, &mut |_| 0), pairs(&[("old", "new")]));
        fs::remove_file(path("old")).unwrap();
        model.observe();
        assert_eq!(left(&model, &mut |_| 0), pairs(&[("old", "new")]));
        assert_eq!(left(&model, &mut |count| count - 1), []);
    }
}
