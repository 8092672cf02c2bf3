//! Owns one case: a repository is copied and damaged, Git and we are asked, and the answers are judged.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use gto_testkit::Sandbox;
use gto_testkit::random::SplitMix;

use super::damage;
use super::template::{self, Template};
use super::view::{self, Git, Listing, Said};

/// What a command is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    Registry,
    /// `m`, and a failure of Git must be one of ours: it picks or writes.
    Pick,
    /// `m`, by the tags that decide the answer: where Git refuses others, it must be the one of the intact repository.
    Few,
    /// `m`, and a warning is enough; damage elsewhere need not be seen.
    Artifact,
    /// The artifact `n`.
    Other,
    /// The tag [`TAG`].
    Tag,
}

/// The tag that is asked about alone.
const TAG: &str = "m#prod#5";

/// Every command, and whether its answer shows commits.
const COMMANDS: [(&str, About, bool); 12] = [
    ("show --json", About::Registry, false),
    ("history --json", About::Registry, false),
    ("stages --used", About::Registry, false),
    ("doctor", About::Registry, false),
    ("show m --json", About::Artifact, true),
    ("history m --json", About::Artifact, false),
    ("show m@latest --version", About::Few, false),
    ("resolve m#prod", About::Few, false),
    ("resolve m --commit", About::Few, false),
    ("register m --dry-run --json", About::Pick, false),
    ("resolve n#prod", About::Other, false),
    ("check-ref m#prod#5 --json", About::Tag, false),
];

const M: [&str; 2] = ["refs/tags/m@*", "refs/tags/m#*"];
const N: [&str; 2] = ["refs/tags/n@*", "refs/tags/n#*"];

/// The intact repositories, for all threads.
pub struct Bench {
    sandbox: Sandbox,
    templates: Vec<(Template, Intact)>,
    binary: PathBuf,
    workers: AtomicUsize,
}

/// Git's view of a template.
struct Intact {
    tags: Listing,
    head: Option<String>,
    commits: Vec<String>,
    log: Said,
}

/// What came of some cases.
#[derive(Default)]
pub struct Tally {
    pub cases: usize,
    pub complained: usize,
    pub commands: usize,
    pub equal: usize,
    pub mismatches: Vec<String>,
}

impl Tally {
    pub fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.complained += other.complained;
        self.commands += other.commands;
        self.equal += other.equal;
        self.mismatches.extend(other.mismatches);
    }
}

impl Bench {
    pub fn new() -> Self {
        let mut sandbox = Sandbox::new();
        // Writers say this time, so that plans are equal. No search goes up into the sandbox.
        sandbox.set_env("GIT_COMMITTER_DATE", "1800000000 +0000");
        let intact = |template: &Template| {
            let git = Git { sandbox: &sandbox, folder: &template.folder.join(template.run_in) };
            let commits: Vec<_> = git.run(&["rev-list", "main"]).out.lines().map(str::to_owned).collect();
            let log = git.log(&commits);
            Intact { tags: view::listing(&git.tags(&["refs/tags"])), head: git.head(), commits, log }
        };
        let templates = template::all(&sandbox).into_iter().map(|template| {
            let intact = intact(&template);
            (template, intact)
        });
        let templates = templates.collect();
        let binary = std::env::var_os("GTO_DAMAGE_BIN")
            .map_or_else(|| env!("CARGO_BIN_EXE_gto").into(), PathBuf::from);
        Self { sandbox, templates, binary, workers: AtomicUsize::new(0) }
    }

    pub fn worker(&self) -> Worker<'_> {
        let number = self.workers.fetch_add(1, Ordering::Relaxed);
        Worker {
            bench: self,
            folder: self.sandbox.path().join(format!("worker{number}")),
            known: HashMap::new(),
            before: HashMap::new(),
        }
    }
}

/// The tags of the artifacts in a listing.
fn of_artifacts(said: &Said) -> Listing {
    let is_ours = |name: &String| IS_OURS.iter().any(|prefix| name.starts_with(prefix));
    view::listing(said).into_iter().filter(|(name, _)| is_ours(name)).collect()
}

/// Whether the names in `packed-refs` are sorted.
fn is_in_order(root: &Path) -> bool {
    let files = ["repo/.git/packed-refs", "repo/packed-refs"].map(|file| fs::read(root.join(file)));
    files.into_iter().flatten().all(|text| {
        let lines = text
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.starts_with(b"#") && !line.starts_with(b"^"));
        lines.filter_map(|line| line.get(41..)).is_sorted()
    })
}

/// Puts the folders of objects of an intact repository in the place of those of a damaged one.
fn make_objects_whole(intact: &Path, damaged: &Path) {
    for entry in fs::read_dir(intact).expect("the template can be read").flatten() {
        let (from, to) = (entry.path(), damaged.join(entry.file_name()));
        if entry.file_name() == "objects" {
            let _ = fs::remove_dir_all(&to);
            template::copy(&from, &to);
        } else if from.is_dir() && to.is_dir() {
            make_objects_whole(&from, &to);
        }
    }
}

/// What the names of the artifacts' tags begin with.
const IS_OURS: [&str; 4] = ["m@", "m#", "n@", "n#"];

/// Tags and the ids of their objects.
type Tags = Vec<(String, String)>;

/// A thread's own folder, and the answers that it knows.
pub struct Worker<'a> {
    bench: &'a Bench,
    folder: PathBuf,
    /// What we say of the intact tags, by the template and the tags.
    known: HashMap<(&'static str, Tags), Option<Vec<Said>>>,
    /// What we say of each intact repository.
    before: HashMap<&'static str, Vec<Said>>,
}

impl Worker<'_> {
    /// Runs the case of this seed.
    pub fn run(&mut self, seed: u64) -> Tally {
        let mut chance = SplitMix::new(seed);
        let bench = self.bench;
        let (template, intact) = &bench.templates[chance.below(bench.templates.len())];
        let root = self.folder.join("damaged");
        let _ = fs::remove_dir_all(&root);
        template::copy(&template.folder, &root);
        let damage = damage::inflict(&root, &mut chance);
        let mut tally = Tally { cases: 1, ..Tally::default() };
        let found =
            self.judge(template, intact, &root, damage.iter().any(|what| what.contains("HEAD")), &mut tally);
        if !found.is_empty() {
            let mut report =
                format!("seed {seed} (GTO_DAMAGE_SEED={seed} GTO_DAMAGE_CASES=1), {}:", template.name);
            for damage in damage {
                let _ = write!(report, "\n  {damage}");
            }
            tally.mismatches = vec![format!("{report}\n{}\n", found.join("\n"))];
            if let Some(keep) = std::env::var_os("GTO_DAMAGE_KEEP") {
                template::copy(&root, &Path::new(&keep).join(seed.to_string()));
            }
        }
        tally
    }

    fn ask(&self, root: &Path, template: &Template, line: &str) -> Said {
        let mut command = self.bench.sandbox.command(&self.bench.binary);
        view::run(command.args(line.split(' ')).current_dir(root.join(template.run_in)))
    }

    /// What is wrong with our answers.
    fn judge(
        &mut self,
        template: &Template,
        intact: &Intact,
        root: &Path,
        is_head_touched: bool,
        tally: &mut Tally,
    ) -> Vec<String> {
        let folder = root.join(template.run_in);
        let git = Git { sandbox: &self.bench.sandbox, folder: &folder };
        let (all, of_m, of_n) = (git.tags(&["refs/tags"]), git.tags(&M), git.tags(&N));
        // The registry's tags only: problems of other tags need not be reported.
        let of_registry = if all.complains() { git.tags(&[M, N].concat()) } else { all.clone() };
        tally.complained += usize::from(all.complains());
        // Without the search for replacements, which ends at the next record, whatever that is.
        let tag = git.run(&["--no-replace-objects", "cat-file", "-p", &format!("refs/tags/{TAG}")]);
        let (head, has_head) = (git.head(), git.has_head());
        // Without the folder of the current commit, nobody knows the configuration of a bare repository, nor whether a policy
        // forbids a write.
        let has_head_folder = git.has_head_folder();
        let is_bare = git.run(&["rev-parse", "--is-bare-repository"]).out.trim() == "true";
        let is_unconfigured = is_bare && (head != intact.head || !has_head_folder);
        // Where some are refused: those of which nothing is refused are listed one artifact at a time.
        let found: Listing =
            [&of_m, &of_n].into_iter().filter(|said| !said.complains()).flat_map(view::listing).collect();
        let expected = self.expected(template, intact, &git, &of_registry, &found);
        // In a file that is out of order, Git may find tags by their names that it does not list, and the other way round; we read all
        // of it.
        let lists_the_same = is_in_order(root) && (all.status != Some(0) || of_artifacts(&all) == found);
        let before = self.before(template);
        let mut wrong = Vec::new();
        for (number, (line, about, shows_commits)) in COMMANDS.into_iter().enumerate() {
            let ours = self.ask(root, template, line);
            tally.commands += 1;
            let theirs = match about {
                About::Registry => &of_registry,
                About::Artifact | About::Pick | About::Few => &of_m,
                About::Other => &of_n,
                About::Tag => {
                    let listed = view::listing(&of_m).contains_key(TAG);
                    // Where it is not listed in silence, it is not there.
                    if listed || of_m.complains() { &tag } else { &of_m }
                }
            };
            let is_register = line.starts_with("register");
            let mut why = None;
            let crashed = ours.status.is_none_or(|status| !(0..=4).contains(&status) || status == 2);
            if crashed || ours.err.contains("panicked") {
                why = Some("we crash or hang");
            } else if theirs.complains()
                && matches!(about, About::Few | About::Artifact)
                && ((&ours.out, ours.status) == (&before[number].out, before[number].status)
                    || self.is_as_with_whole_objects(template, root, line, &ours))
            {
                tally.equal += 1;
            } else if theirs.complains() && !ours.complains() {
                why = Some("git complains and we are silent");
            } else if theirs.complains()
                && matches!(about, About::Pick | About::Few | About::Other)
                && ours.status == Some(0)
            {
                why = Some("git complains and we pick or write");
            } else if is_register && !has_head && is_head_touched && ours.status == Some(0) {
                why = Some("git finds no HEAD and we plan");
            } else if !theirs.complains()
                && (about != About::Tag || !of_m.complains())
                && !is_unconfigured
                && lists_the_same
                && let Some(expected) = expected.as_ref().map(|all| &all[number])
                // Git forgives some damage to HEAD, and to refuse it is safe.
                && (!is_register || head == intact.head && !is_head_touched && has_head_folder)
                // Git does not look whether a commit is the one that its id names.
                && (!shows_commits || git.log(&intact.commits) == intact.log)
                && line != "doctor"
                // A damaged record that its search does not meet, Git passes over, and the tag is lost without a word.
                && !ours.err.contains("Cannot list the tags")
                // A symbolic ref that leads to itself, Git passes over without a word, and the tag is lost.
                && !ours.err.contains("its ref holds no object id")
                // A name that became that of another artifact is shown, with a warning; it was not asked git for.
                && !ours.err.contains("made under another name")
                // Of a carriage return in a configuration, or NULs in a path, Git makes nothing; to refuse them is safe.
                && !ours.err.contains("Cannot open the Git repository")
                // Of a value with a NUL, Git takes what is before it, which is not what anybody wrote.
                && !ours.err.contains("NUL byte in line")
            {
                if (&ours.out, ours.status) == (&expected.out, expected.status) {
                    tally.equal += 1;
                } else {
                    wrong.push(format!("  expected: {expected}"));
                    why = Some("git finds it healthy and we answer something else");
                }
            }
            if let Some(why) = why {
                wrong.push(format!("  `gto {line}`: {why}\n  git: {theirs}\n  we: {ours}"));
            }
        }
        wrong
    }

    /// Whether we say the same where the refs are damaged like this and no object is.
    fn is_as_with_whole_objects(&self, template: &Template, root: &Path, line: &str, ours: &Said) -> bool {
        let whole = self.folder.join("whole");
        let _ = fs::remove_dir_all(&whole);
        template::copy(root, &whole);
        make_objects_whole(&template.folder, &whole);
        let expected = self.ask(&whole, template, line);
        (&ours.out, ours.status) == (&expected.out, expected.status)
    }

    /// What we say of the intact repository.
    fn before(&mut self, template: &Template) -> Vec<Said> {
        if let Some(known) = self.before.get(template.name) {
            return known.clone();
        }
        let answers = COMMANDS.map(|(line, ..)| self.ask(&template.folder, template, line)).to_vec();
        self.before.insert(template.name, answers.clone());
        answers
    }

    /// What we say of an intact repository with the tags that Git lists in the damaged one; `None` where its objects are not
    /// those of the template, or Git would not make such refs.
    fn expected(
        &mut self,
        template: &Template,
        intact: &Intact,
        git: &Git<'_>,
        said: &Said,
        found: &Listing,
    ) -> Option<Vec<Said>> {
        if said.status != Some(0) && git.run(&["rev-parse", "--git-dir"]).complains() {
            return None;
        }
        let contents: HashMap<&String, &String> = intact.tags.values().map(|(id, text)| (id, text)).collect();
        let is_as_it_was =
            |(id, text): &(String, String)| contents.get(id).is_none_or(|known| *known == text);
        if !found.values().all(is_as_it_was) {
            return None;
        }
        let key: Tags = found.iter().map(|(name, (id, _))| (name.clone(), id.clone())).collect();
        let key = (template.name, key);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let answers = self.rebuilt(template, &intact.tags, found);
        self.known.insert(key, answers.clone());
        answers
    }

    fn rebuilt(&self, template: &Template, intact: &Listing, found: &Listing) -> Option<Vec<Said>> {
        let root = self.folder.join("rebuilt");
        let _ = fs::remove_dir_all(&root);
        template::copy(&template.folder, &root);
        let folder = root.join(template.run_in);
        let git = Git { sandbox: &self.bench.sandbox, folder: &folder };
        let is_ours = |name: &str| IS_OURS.iter().any(|prefix| name.starts_with(prefix));
        for name in intact.keys().filter(|name| is_ours(name) && !found.contains_key(*name)) {
            git.run(&["update-ref", "-d", &format!("refs/tags/{name}")]);
        }
        for (name, (id, _)) in found {
            if intact.get(name).map(|(id, _)| id) != Some(id)
                && git.run(&["update-ref", &format!("refs/tags/{name}"), id]).complains()
            {
                return None;
            }
        }
        Some(COMMANDS.iter().map(|(line, ..)| self.ask(&root, template, line)).collect())
    }
}
