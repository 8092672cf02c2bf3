//! The source files of a crate, and which of them name which.
//!
//! Owns reading Rust with `syn` and resolving paths to files. Must not judge: the rules are in `layers`.
//!
//! Resolution is by name: `crate`, `self`, `super`, child modules, re-exports (`pub use`) and the crates of the workspace. What a
//! macro's own tokens name is not seen, and neither are methods; imports are, and this project imports what it names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree, Visibility};

use crate::Result;

/// A module of a crate of the workspace: `["gto", "git", "refs"]`. The first is the crate, as Rust spells it.
pub type Module = Vec<String>;

/// A path as it is written, with the module that it is written in.
type Named = Vec<String>;

/// The product code of all crates: what `#[cfg(test)]` marks is left out.
#[derive(Default)]
pub struct Sources {
    files: BTreeMap<Module, File>,
}

/// One file.
struct File {
    /// Relative to the root of the workspace.
    path: PathBuf,
    /// The paths that it names, imports among them.
    names: BTreeSet<Named>,
    /// What it makes known under another name: the name, and the path.
    exports: Vec<(String, Named)>,
    /// Modules whose public names it makes known as its own.
    globs: Vec<Named>,
}

/// What a file names outside itself.
#[derive(Default)]
pub struct Uses {
    /// The files of the workspace.
    pub modules: BTreeSet<Module>,
    /// The crates outside the workspace, and `std`, with the whole path: `["std", "env", "var"]`.
    pub outside: BTreeSet<Vec<String>>,
}

impl Sources {
    /// Reads the crates in `root/crates`.
    pub fn read(root: &Path) -> Result<Self> {
        let mut sources = Self::default();
        for entry in fs::read_dir(root.join("crates"))? {
            let folder = entry?.path();
            let Some(name) = folder.file_name().and_then(|name| name.to_str()) else { continue };
            let name = name.replace('-', "_");
            for main in ["lib.rs", "main.rs"] {
                let file = folder.join("src").join(main);
                if file.is_file() {
                    // A binary is a separate module from the library of the same crate.
                    let is_second = main == "main.rs" && folder.join("src/lib.rs").is_file();
                    let module = if is_second { format!("{name}(bin)") } else { name.clone() };
                    sources.add(root, &file, &vec![module])?;
                }
            }
        }
        Ok(sources)
    }

    fn add(&mut self, root: &Path, path: &Path, module: &Module) -> Result<()> {
        let text = fs::read_to_string(path)?;
        let parsed =
            syn::parse_file(&text).map_err(|error| format!("cannot parse {}: {error}", path.display()))?;
        let mut reader =
            Reader { names: BTreeSet::new(), exports: Vec::new(), globs: Vec::new(), children: Vec::new() };
        reader.visit_file(&parsed);
        let relative = path.strip_prefix(root).unwrap_or(path).to_owned();
        let file = File { path: relative, names: reader.names, exports: reader.exports, globs: reader.globs };
        self.files.insert(module.clone(), file);
        for child in reader.children {
            let folder = folder_of(path);
            let candidates = [folder.join(format!("{child}.rs")), folder.join(&child).join("mod.rs")];
            let found = candidates.iter().find(|path| path.is_file());
            let found = found.ok_or_else(|| format!("{}: no file for `mod {child}`", path.display()))?;
            self.add(root, found, &[module.as_slice(), &[child]].concat())?;
        }
        Ok(())
    }

    /// All files, by module.
    pub fn files(&self) -> impl Iterator<Item = (&Module, &Path)> {
        self.files.iter().map(|(module, file)| (module, file.path.as_path()))
    }

    /// The file of a module, relative to the root of the workspace.
    pub fn path(&self, module: &Module) -> &Path {
        self.files.get(module).map_or(Path::new(""), |file| &file.path)
    }

    /// What the file of a module names.
    pub fn uses(&self, module: &Module) -> Uses {
        let mut uses = Uses::default();
        let Some(file) = self.files.get(module) else { return uses };
        // A re-export is a name for readers, not a need of the file that makes it.
        for name in &file.names {
            match self.start(module, name) {
                Some((at, rest)) => {
                    let target = self.resolve(&at, rest, 0);
                    if target != *module {
                        uses.modules.insert(target);
                    }
                }
                None => drop(uses.outside.insert(name.clone())),
            }
        }
        uses
    }

    /// Where a path begins, and what of it remains; `None` if outside the workspace.
    fn start<'a>(&self, module: &Module, name: &'a [String]) -> Option<(Module, &'a [String])> {
        let (first, rest) = name.split_first()?;
        match first.as_str() {
            "crate" => Some((vec![module[0].replace("(bin)", "")], rest)),
            "self" => Some((module.clone(), rest)),
            "super" => {
                let above = 1 + rest.iter().take_while(|next| *next == "super").count();
                Some((module[..module.len().saturating_sub(above)].to_vec(), &rest[above - 1..]))
            }
            _ => {
                let child = [module.as_slice(), std::slice::from_ref(first)].concat();
                if self.files.contains_key(&child) {
                    return Some((child, rest));
                }
                let other = vec![first.clone()];
                self.files.contains_key(&other).then_some((other, rest))
            }
        }
    }

    /// The module whose file has what `rest` names, seen from `module`.
    fn resolve(&self, module: &Module, rest: &[String], depth: usize) -> Module {
        let (Some((next, after)), Some(file)) = (rest.split_first(), self.files.get(module)) else {
            return module.clone();
        };
        let child = [module.as_slice(), std::slice::from_ref(next)].concat();
        if self.files.contains_key(&child) {
            return self.resolve(&child, after, depth);
        }
        // No chain of re-exports is so long: a circle of them is cut.
        if depth > 16 {
            return module.clone();
        }
        for (name, path) in &file.exports {
            if name == next
                && let Some((at, path)) = self.start(module, path)
            {
                return self.resolve(&at, &[path, after].concat(), depth + 1);
            }
        }
        for path in &file.globs {
            let Some((at, path)) = self.start(module, path) else { continue };
            let globbed = self.resolve(&at, path, depth + 1);
            let target = self.resolve(&globbed, rest, depth + 1);
            if target != globbed {
                return target;
            }
        }
        module.clone()
    }
}

/// Where the children of a file are.
fn folder_of(path: &Path) -> PathBuf {
    let is_root = ["lib.rs", "main.rs", "mod.rs"].iter().any(|name| path.ends_with(name));
    if is_root { path.parent().unwrap_or(path).to_owned() } else { path.with_extension("") }
}

/// Collects what one file names.
struct Reader {
    names: BTreeSet<Named>,
    exports: Vec<(String, Named)>,
    globs: Vec<Named>,
    children: Vec<String>,
}

impl<'a> Visit<'a> for Reader {
    fn visit_item(&mut self, item: &'a Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'a ItemMod) {
        match &item.content {
            Some(_) => visit::visit_item_mod(self, item),
            None => self.children.push(item.ident.to_string()),
        }
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        let is_private = matches!(item.vis, Visibility::Inherited);
        self.add_use(&item.tree, &mut Vec::new(), is_private);
    }

    /// Who may name it is no need of the file: `pub(in crate::git)`.
    fn visit_vis_restricted(&mut self, _: &'a syn::VisRestricted) {}

    fn visit_path(&mut self, path: &'a syn::Path) {
        let segments: Named = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        // A single word is a local name, or was imported.
        if segments.len() > 1 {
            self.names.insert(segments);
        }
        visit::visit_path(self, path);
    }
}

impl Reader {
    fn add_use(&mut self, tree: &UseTree, before: &mut Named, is_private: bool) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.add_use(&path.tree, before, is_private);
                before.pop();
            }
            UseTree::Group(group) => {
                group.items.iter().for_each(|item| self.add_use(item, before, is_private));
            }
            UseTree::Name(name) => self.add_name(&name.ident.to_string(), None, before, is_private),
            UseTree::Rename(name) => {
                self.add_name(&name.ident.to_string(), Some(name.rename.to_string()), before, is_private);
            }
            UseTree::Glob(_) => {
                if is_private {
                    self.names.insert(before.clone());
                }
                self.globs.push(before.clone());
            }
        }
    }

    fn add_name(&mut self, name: &str, rename: Option<String>, before: &Named, is_private: bool) {
        let mut path = before.clone();
        if name != "self" {
            path.push(name.to_owned());
        }
        let known_as = rename.or_else(|| path.last().cloned()).unwrap_or_default();
        if is_private {
            self.names.insert(path.clone());
        }
        // A private import too can be named by a child: `super::Name`.
        self.exports.push((known_as, path));
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Meta>().is_ok_and(|meta| is_test_only(&meta))
    })
}

fn is_test_only(condition: &syn::Meta) -> bool {
    match condition {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) if list.path.is_ident("all") => {
            type Conditions = syn::punctuated::Punctuated<syn::Meta, syn::Token![,]>;
            list.parse_args_with(Conditions::parse_terminated)
                .is_ok_and(|conditions| conditions.iter().any(is_test_only))
        }
        _ => false,
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
