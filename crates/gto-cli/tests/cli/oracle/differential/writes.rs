//! Owns which writes are tried on a registry, allowed and refused ones. Must not run them.
//!
//! A write that would show one of the decisions is not drawn; each such place names it.

use gto_testkit::random::{ArtifactSpec, RegistrySpec, SplitMix, VersionSpec};

use super::case::Case;

/// How many writes each registry gets. One costs two copies, and up to three questions to each tool.
const WRITES: usize = 12;
/// Of the draws, some hit a decision and are dropped.
const DRAWS: usize = 60;

/// The writes to try.
pub fn choose(spec: &RegistrySpec, commits: &[String], chance: &mut SplitMix) -> Vec<Case> {
    let mut cases = Vec::new();
    for _ in 0..DRAWS {
        let mut writer = Writer { spec, commits, chance, artifact: fresh("") };
        writer.artifact = writer.draw_artifact();
        let drawn = match writer.chance.below(12) {
            0..4 => writer.register(),
            4..8 => writer.assign(),
            8 => writer.deprecate_artifact(),
            9 => writer.deprecate_version(),
            _ => writer.deprecate_stage(),
        };
        cases.extend(drawn.map(Case::new));
        if cases.len() == WRITES {
            break;
        }
    }
    cases
}

/// The arguments of a write, or that it would show a decision.
type Drawn = Option<Vec<String>>;

struct Writer<'a> {
    spec: &'a RegistrySpec,
    commits: &'a [String],
    chance: &'a mut SplitMix,
    artifact: ArtifactSpec,
}

/// A commit as the command line names it.
struct Target {
    /// `None` is HEAD by default.
    word: Option<String>,
    commit: usize,
}

impl Writer<'_> {
    /// One of the registry, a new one, one that only an annotation knows, or a name that is none.
    fn draw_artifact(&mut self) -> ArtifactSpec {
        let annotated: Vec<String> = self.spec.commits[self.spec.head].annotated.iter().cloned().collect();
        match self.chance.below(12) {
            0 => fresh(self.chance.pick(&["brand-new", "new/dir:Brand_9"])),
            1 => fresh(self.chance.pick(&["bad name", "_x", "x-", "a:b:c", "m@v1.0.0", "é", "m#prod"])),
            2 if !annotated.is_empty() => {
                let name = self.chance.pick(&annotated);
                self.spec
                    .artifacts
                    .iter()
                    .find(|known| known.name == name)
                    .cloned()
                    .unwrap_or_else(|| fresh(&name))
            }
            _ => self.chance.pick(&self.spec.artifacts),
        }
    }

    fn target(&mut self) -> Target {
        let commit = self.chance.below(self.commits.len());
        let head = self.spec.head;
        let of = |word: &str, commit: usize| Target { word: Some(word.to_owned()), commit };
        match self.chance.below(8) {
            0 | 1 => Target { word: None, commit: head },
            2 => of("HEAD", head),
            3 => of(&self.commits[commit][..12], commit),
            4 if self.spec.events.len() > 1 => {
                let event = self.chance.pick(&self.spec.events);
                of(&event.tag, event.commit)
            }
            5 => self.spec.commits[head]
                .parents
                .first()
                .map_or(of("HEAD", head), |parent| of("HEAD^", *parent)),
            _ => of(&self.commits[commit], commit),
        }
    }

    fn register(&mut self) -> Drawn {
        let target = self.target();
        let mut args = vec!["register".to_owned(), self.artifact.name.clone()];
        args.extend(target.word.clone());
        let force = self.chance.one_in(5);
        let simple = self.simple(&mut args);
        let known = self.artifact.version_at(target.commit).cloned();
        let version = self.version_argument(known.as_ref());
        let is_bump = matches!(version, VersionArgument::Bump(_));
        let is_next = is_bump || matches!(version, VersionArgument::None);
        // D14, D15, D16: where the next version comes from.
        if is_next && known.is_none() && !self.next_version_is_plain(is_bump) {
            return None;
        }
        // D6: registered again, under a simple name that is taken.
        let again = known.is_some_and(|version| force || !version.active);
        if again && (is_bump || simple != Some(false)) {
            return None;
        }
        version.add_to(&mut args, self.chance);
        self.message(&mut args);
        args.extend(force.then(|| "--force".to_owned()));
        self.unknown_ref(&mut args, &target);
        Some(args)
    }

    fn version_argument(&mut self, known: Option<&VersionSpec>) -> VersionArgument {
        let versions: Vec<String> =
            self.artifact.versions.iter().map(|version| version.version.clone()).collect();
        match self.chance.below(12) {
            0..4 => VersionArgument::None,
            4 => {
                VersionArgument::Given(known.map_or("v50.0.0".to_owned(), |version| version.version.clone()))
            }
            5 | 6 => VersionArgument::Given(
                self.chance.pick(&["v41.0.0", "v42.1.0-rc.1", "v43.0.0+build.1"]).to_owned(),
            ),
            7 => VersionArgument::Given(
                self.chance.pick(&["1.0.0", "v1", "v01.0.0", "text", "v1.0.0-"]).to_owned(),
            ),
            8 => self.chance.maybe_pick(&versions).map_or(VersionArgument::None, VersionArgument::Given),
            9 => VersionArgument::Bump(vec!["--bump-major"]),
            10 => VersionArgument::Bump(self.chance.pick(&[vec!["--bump-minor"], vec!["--bump-patch"]])),
            _ => VersionArgument::TooMany,
        }
    }

    /// Whether both tools find the next version in the same way: no version was ever taken back, none is a
    /// pre-release, and there is one to bump.
    fn next_version_is_plain(&self, bump: bool) -> bool {
        let versions = &self.artifact.versions;
        let plain = |version: &VersionSpec| {
            version.active && !version.version.split('+').any(|part| part.contains('-'))
        };
        versions.iter().all(plain) && !(bump && versions.is_empty())
    }

    fn assign(&mut self) -> Drawn {
        let mut args = vec![self.chance.pick(&["assign", "promote"]).to_owned(), self.artifact.name.clone()];
        let stage = self.stage();
        args.extend(["--stage".to_owned(), stage.clone()]);
        let force = self.chance.one_in(5);
        let skip = self.chance.one_in(4);
        let simple = self.simple(&mut args);
        let by_version = self.chance.one_in(3);
        if by_version {
            let version = self.any_version();
            if self.artifact.version(&version).is_some_and(|known| !known.active) {
                return None; // D7
            }
            if version == "latest" {
                return None; // D30
            }
            if !force && self.is_in_stage_and_hidden(self.artifact.version(&version), &stage) {
                return None; // D26
            }
            args.extend(["--version".to_owned(), version]);
        } else {
            let target = self.target();
            if !force && self.is_in_stage_and_hidden(self.artifact.version_at(target.commit), &stage) {
                return None; // D26
            }
            args.extend(target.word.clone());
            self.at_commit(&mut args, &target, &stage, skip, simple)?;
            self.unknown_ref(&mut args, &target);
        }
        self.message(&mut args);
        args.extend(force.then(|| "--force".to_owned()));
        args.extend(skip.then(|| self.chance.pick(&["--sr", "--skip-registration"]).to_owned()));
        Some(args)
    }

    /// Whether a version is in a stage that shows, or may show, another: the oracle refuses to assign it again.
    fn is_in_stage_and_hidden(&self, version: Option<&VersionSpec>, stage: &str) -> bool {
        let artifact = &self.artifact;
        let is_in_it = |known: &&VersionSpec| known.stages.get(stage) == Some(&true);
        let bare = artifact.unregistered.values().filter(|assigned| *assigned == stage).count();
        let others = artifact.versions.iter().filter(is_in_it).count() + bare;
        version.as_ref().is_some_and(is_in_it) && (others > 1 || artifact.deprecated.is_some())
    }

    /// What `assign NAME REF` may ask for.
    fn at_commit(
        &mut self,
        args: &mut Vec<String>,
        target: &Target,
        stage: &str,
        skip: bool,
        simple: Option<bool>,
    ) -> Option<()> {
        let named = target.word.is_some() && self.chance.one_in(3);
        match self.artifact.version_at(target.commit) {
            Some(version) if !version.active => return None, // D7
            Some(_) => {}
            None => {
                // D9: the oracle takes the assigned or annotated commit for another version.
                let head = &self.spec.commits[self.spec.head];
                let annotated =
                    target.commit == self.spec.head && head.annotated.contains(&self.artifact.name);
                if self.artifact.unregistered.contains_key(&target.commit) || (skip && annotated) {
                    return None;
                }
                // The oracle registers first and fails then; we do all or nothing.
                let taken = simple == Some(true) && self.is_tag(&format!("#{stage}"));
                if taken || (!skip && !named && !self.next_version_is_plain(false)) {
                    return None;
                }
            }
        }
        if named {
            let version = self.any_version();
            // The oracle refuses to register it again; we assign it.
            if self.artifact.version_at(target.commit).is_some_and(|known| known.version == version) {
                return None;
            }
            args.extend(["--version".to_owned(), version]);
        }
        Some(())
    }

    /// A version that is there, one that is not, or none at all.
    fn any_version(&mut self) -> String {
        let versions: Vec<String> =
            self.artifact.versions.iter().map(|version| version.version.clone()).collect();
        match self.chance.below(6) {
            0 => "v60.0.0".to_owned(),
            1 => self.chance.pick(&["1.0.0", "v1", "latest"]).to_owned(),
            _ => self.chance.maybe_pick(&versions).unwrap_or("v61.0.0-rc.1".to_owned()),
        }
    }

    fn stage(&mut self) -> String {
        let mut stages: Vec<String> = self.spec.used_stages().into_iter().collect();
        stages.extend(["prod".to_owned(), "canary_1".to_owned()]);
        if self.chance.one_in(8) { "bad stage".to_owned() } else { self.chance.pick(&stages) }
    }

    fn deprecate_artifact(&mut self) -> Drawn {
        let mut args = vec!["deprecate".to_owned(), self.artifact.name.clone()];
        let delete = self.delete(&mut args);
        let force = self.chance.one_in(4);
        args.extend(force.then(|| "--force".to_owned()));
        let simple = self.simple(&mut args);
        if !delete && !force && simple != Some(false) && self.is_tag("@deprecated") {
            return None; // D23
        }
        let target = self.target();
        if let Some(word) = target.word.filter(|_| self.chance.one_in(2)) {
            args.extend(["--ref".to_owned(), word]);
        }
        self.message(&mut args);
        Some(args)
    }

    fn deprecate_version(&mut self) -> Drawn {
        let version = self.any_version();
        let mut args = vec!["deprecate".to_owned(), self.artifact.name.clone(), version.clone()];
        let delete = self.delete(&mut args);
        let force = self.chance.one_in(4);
        args.extend(force.then(|| "--force".to_owned()));
        let simple = self.simple(&mut args);
        let again = self.artifact.version(&version).is_some_and(|known| !known.active);
        if again && force && !delete && simple != Some(false) {
            return None; // D6: deregistered again, under a simple name that is taken.
        }
        self.message(&mut args);
        Some(args)
    }

    fn deprecate_stage(&mut self) -> Drawn {
        let assigned = |version: &VersionSpec| version.stages.values().any(|on| *on);
        let versions: Vec<VersionSpec> =
            self.artifact.versions.iter().filter(|version| assigned(version)).cloned().collect();
        let (mut version, mut stage) = (self.any_version(), self.stage());
        if let Some(known) = self.chance.maybe_pick(&versions).filter(|_| self.chance.below(3) > 0) {
            let stages: Vec<&String> = known.stages.keys().collect();
            (version, stage) = (known.version.clone(), self.chance.pick(&stages).clone());
        }
        let mut args =
            vec!["deprecate".to_owned(), self.artifact.name.clone(), version.clone(), stage.clone()];
        let delete = self.delete(&mut args);
        let force = self.chance.one_in(4);
        args.extend(force.then(|| "--force".to_owned()));
        self.simple(&mut args);
        let over =
            self.artifact.version(&version).is_some_and(|known| known.stages.get(&stage) == Some(&false));
        if over && !force && !delete {
            return None; // D8
        }
        self.message(&mut args);
        Some(args)
    }

    /// Sometimes adds `--simple`; returns its value.
    fn simple(&mut self, args: &mut Vec<String>) -> Option<bool> {
        let (word, simple) = self.chance.pick(&[
            ("", None),
            ("", None),
            ("auto", None),
            ("true", Some(true)),
            ("false", Some(false)),
            ("false", Some(false)),
        ]);
        if !word.is_empty() {
            args.extend(["--simple".to_owned(), word.to_owned()]);
        } else if self.chance.one_in(30) {
            args.extend(["--simple".to_owned(), "perhaps".to_owned()]);
        }
        simple
    }

    fn delete(&mut self, args: &mut Vec<String>) -> bool {
        let delete = self.chance.one_in(4);
        if delete {
            args.push(self.chance.pick(&["-d", "--delete"]).to_owned());
        }
        delete
    }

    fn message(&mut self, args: &mut Vec<String>) {
        if self.chance.one_in(3) {
            let text = self.chance.pick(&["ready", "One\n\nTwo — größer ✅", "it's \"quoted\"", ""]);
            args.extend([self.chance.pick(&["-m", "--message"]).to_owned(), text.to_owned()]);
        }
    }

    /// Puts a revision that does not exist in the place of REF sometimes (D18: both refuse).
    fn unknown_ref(&mut self, args: &mut [String], target: &Target) {
        if let Some(word) = &target.word
            && self.chance.one_in(15)
            && let Some(place) = args.iter_mut().find(|arg| *arg == word)
        {
            "no-such-branch".clone_into(place);
        }
    }

    /// Whether the artifact has a tag that ends like this.
    fn is_tag(&self, suffix: &str) -> bool {
        let tag = format!("{}{suffix}", self.artifact.name.replace(':', "="));
        self.spec.events.iter().any(|event| event.tag == tag)
    }
}

enum VersionArgument {
    None,
    Given(String),
    Bump(Vec<&'static str>),
    TooMany,
}

impl VersionArgument {
    fn add_to(&self, args: &mut Vec<String>, chance: &mut SplitMix) {
        let words: Vec<&str> = match self {
            Self::None => Vec::new(),
            Self::Given(version) => vec![chance.pick(&["--version", "--ver"]), version],
            Self::Bump(flags) => flags.clone(),
            Self::TooMany => vec!["--bump-major", "--bump-patch"],
        };
        args.extend(words.into_iter().map(str::to_owned));
    }
}

/// An artifact without any tag.
fn fresh(name: &str) -> ArtifactSpec {
    ArtifactSpec {
        name: name.to_owned(),
        versions: Vec::new(),
        unregistered: std::collections::BTreeMap::new(),
        deprecated: None,
        counter: 0,
        events: 0,
    }
}
