//! Questions about one version or one tag, which read the tags that decide them and no others.
//!
//! Owns finding these tags by their names, and what is wrong with those that were read. Which they are is decided by `needed`.

use std::cmp::Ordering;

use crate::error::Result;
use crate::event::Event;
use crate::git::{Choice, Choose, GitError, TagRef, TagRefs, TagSearch, Want};
use crate::name::{ArtifactName, KnownStages, StageName};
use crate::needed::{self, Tags};
use crate::object_id::ObjectId;
use crate::query::{self, ShowOptions};
use crate::reference::{Reference, Selector};
use crate::registry::located::Located;
use crate::registry::policy::ValidTags;
use crate::registry::read::scan::Scan;
use crate::registry::{Answer, Registry};
use crate::tag::{Action, TagName};
use crate::version::Version;

/// The tags of one artifact, and what came of those that were read.
pub(super) struct SomeTags<'r> {
    registry: &'r Registry,
    name: &'r ArtifactName,
    /// The name as tags spell it.
    in_tag: String,
    search: TagSearch<'r>,
    /// Without the events.
    scan: Scan,
}

impl Registry {
    /// The versions that a shortcut picks, each with the tag that registered it: those of [`Registry::show_versions`]. `None` if
    /// that must be asked, since all tags count, or none of the versions is there.
    ///
    /// # Errors
    /// [`Error::DamagedTags`](crate::Error::DamagedTags) if a tag that counts is damaged.
    pub fn pick(&self, reference: &Reference, options: &ShowOptions) -> Result<Option<Answer<Vec<Located>>>> {
        let (Ok(name), Some(selector)) = (reference.name.parse::<ArtifactName>(), &reference.selector) else {
            return Ok(None);
        };
        let (artifact, warnings) = if let Some(in_force) = self.enforced_policy()? {
            let scan = self.scan(&name, Want::NoMessages)?;
            self.refuse_unknown(&scan)?;
            let warnings = self.warnings_of(&scan);
            let mut tags = ValidTags::new(self, in_force, scan.events);
            (needed::for_selector(&name, selector, options, &mut tags)?, warnings)
        } else {
            let mut tags = SomeTags::of(self, &name);
            let artifact = needed::for_selector(&name, selector, options, &mut tags)?;
            (artifact, self.warnings_of(&tags.scan))
        };
        let Some(artifact) = artifact else { return Ok(None) };
        let stage = if let Selector::Stage(stage) = selector { Some(stage) } else { None };
        let versions = query::select(&artifact, Some(selector), options);
        let located = versions.iter().map(|(version, _)| Located::of(*version, stage)).collect();
        let warnings = self.also_unfetched(warnings);
        Answer { value: located, warnings }.unless_damaged().map(Some)
    }
}

impl<'r> SomeTags<'r> {
    pub fn of(registry: &'r Registry, name: &'r ArtifactName) -> Self {
        let in_tag = name.in_tag();
        let search = registry.repository.search_tags([format!("{in_tag}#"), format!("{in_tag}@")]);
        Self { registry, name, in_tag, search, scan: Scan::default() }
    }

    /// The tag of this name, if it is there and not broken.
    pub fn exact(&mut self, name: &str) -> std::result::Result<Option<TagRef>, GitError> {
        self.search.exact(name)
    }

    /// What is wrong with the tags that were read.
    pub fn scan(&self) -> &Scan {
        &self.scan
    }

    /// Reads tags.
    pub fn read(&mut self, tags: TagRefs) -> Vec<Event> {
        let repository = &self.registry.repository;
        let mut scan = Scan::of(self.name, tags.refs, |tags| repository.read_tags(tags, Want::Everything));
        self.scan.lightweight.append(&mut scan.lightweight);
        self.scan.unreadable.append(&mut scan.unreadable);
        self.scan.creations.append(&mut scan.creations);
        self.scan.renamed.append(&mut scan.renamed);
        self.scan.broken.extend(tags.broken);
        scan.events
    }

    /// The tags that are chosen of those whose names begin with that of the artifact and `start`.
    fn find(&mut self, start: &str, choose: &mut Choose<'_>) -> std::result::Result<TagRefs, GitError> {
        self.search.find(&[&self.in_tag, start].concat(), choose)
    }

    /// Calls `take` with each version that the name of a registration or a deregistration has.
    fn each_version(&mut self, take: &mut dyn FnMut(Named)) -> std::result::Result<(), GitError> {
        let name = self.name;
        let prefix = self.in_tag.len();
        let found = self.find("@v", &mut |tag, _| {
            let rest = &tag[prefix..];
            if let Some(numbers) = plain_version(rest) {
                take(Named::Plain(numbers));
                return Choice::Pass;
            }
            let parsed = parse(name, rest);
            if let Some(version) = parsed.as_ref().and_then(|name| name.action.version()) {
                take(Named::Other(version.clone()));
            }
            choice(parsed, &|_| false)
        })?;
        let known = &mut self.scan.broken;
        let new: Vec<String> = found.broken.into_iter().filter(|name| !known.contains(name)).collect();
        known.extend(new);
        Ok(())
    }

    /// Reads the tags that are chosen of those whose names begin with that of the artifact and `start`.
    fn read_where(
        &mut self,
        start: &str,
        is_wanted: impl Fn(&TagName) -> bool,
    ) -> std::result::Result<Vec<Event>, GitError> {
        let name = self.name;
        let prefix = self.in_tag.len();
        let found = self.find(start, &mut |tag, _| choice(parse(name, &tag[prefix..]), &is_wanted))?;
        Ok(self.read(found))
    }
}

impl Tags for SomeTags<'_> {
    type Error = GitError;

    fn has_deprecation(&mut self) -> std::result::Result<bool, GitError> {
        let name = self.name;
        let prefix = self.in_tag.len();
        let is_deprecation = |name: &TagName| name.action == Action::Deprecate;
        let found =
            self.find("@deprecated", &mut |tag, _| choice(parse(name, &tag[prefix..]), &is_deprecation))?;
        Ok(!found.refs.is_empty() || !found.broken.is_empty())
    }

    fn highest(&mut self) -> std::result::Result<Vec<Version>, GitError> {
        let mut highest: Vec<Version> = Vec::new();
        let mut numbers = [0; 3];
        self.each_version(&mut |version| {
            // Nearly all of thousands are lower by their numbers.
            if matches!(&version, Named::Plain(lower) if *lower < numbers) {
                return;
            }
            let version = Version::from(version);
            let order = highest.first().map_or(Ordering::Greater, |known| version.cmp_precedence(known));
            if order.is_gt() {
                highest.clear();
                numbers = version.numbers();
            }
            if order.is_ge() {
                highest.push(version);
            }
        })?;
        Ok(highest)
    }

    fn versions(&mut self) -> std::result::Result<Vec<Version>, GitError> {
        let mut versions = Vec::new();
        self.each_version(&mut |version| versions.push(version.into()))?;
        Ok(versions)
    }

    fn of_version(&mut self, version: &Version) -> std::result::Result<Vec<Event>, GitError> {
        self.read_where(&format!("@{version}"), |name| name.action.version() == Some(version))
    }

    fn of_stage(&mut self, stage: &StageName) -> std::result::Result<Vec<Event>, GitError> {
        self.read_where(&format!("#{stage}"), |name| name.action.stage() == Some(stage))
    }

    fn of_versions_on(&mut self, commits: &[ObjectId]) -> std::result::Result<Vec<Event>, GitError> {
        let name = self.name;
        let prefix = self.in_tag.len();
        let mut hex: Vec<String> = commits.iter().map(ToString::to_string).collect();
        hex.sort_unstable();
        let repository = &self.registry.repository;
        let is_here = |hex: &[u8]| {
            let id = std::str::from_utf8(hex).ok().and_then(|hex| hex.parse().ok());
            id.is_some_and(|id| repository.is_here(id))
        };
        let mut are_known = true;
        let found = self.find("@v", &mut |tag, commit| {
            let rest = &tag[prefix..];
            if commit.is_some_and(|commit| !commit.iter().all(u8::is_ascii_hexdigit)) {
                // What is damaged like this may be the commit in question.
                return Choice::Unknown;
            }
            // Those of which it is not known have to be read.
            let is_there =
                commit.is_none_or(|commit| hex.binary_search_by(|id| id.as_bytes().cmp(commit)).is_ok());
            // A commit that is not here may be another one of which a digit is damaged: git does not believe these ids either. After
            // one of them the others are not looked up, since a shallow clone may have none.
            are_known = are_known && (is_there || commit.is_none_or(&is_here));
            let is_wanted = is_there || !are_known;
            if !is_wanted && plain_version(rest).is_some() {
                return Choice::Pass;
            }
            choice(parse(name, rest), &|name| is_wanted && name.action.version().is_some())
        })?;
        let events = self.read(found);
        Ok(events.into_iter().filter(|event| commits.contains(&event.commit)).collect())
    }
}

/// What follows the artifact's name in a tag.
fn parse(artifact: &ArtifactName, rest: &[u8]) -> Option<TagName> {
    TagName::parse_event(artifact, std::str::from_utf8(rest).ok()?, &mut KnownStages::default())
}

fn choice(name: Option<TagName>, is_wanted: &dyn Fn(&TagName) -> bool) -> Choice {
    match name {
        Some(name) if is_wanted(&name) => Choice::Take,
        Some(_) => Choice::Pass,
        None => Choice::Unknown,
    }
}

/// A version in the name of a tag.
enum Named {
    /// The one of these numbers, with nothing else.
    Plain([u64; 3]),
    Other(Version),
}

impl From<Named> for Version {
    fn from(named: Named) -> Self {
        match named {
            Named::Plain([major, minor, patch]) => Self::plain(major, minor, patch),
            Named::Other(version) => version,
        }
    }
}

/// The version of `@v1.0.0`, `@v1.0.0!`, `@v1.0.0#7` or `@v1.0.0!#7`. Of thousands of names nearly all are as plain as these, and
/// this takes a tenth of the time that the grammar takes.
fn plain_version(rest: &[u8]) -> Option<[u64; 3]> {
    let (major, rest) = number(rest.strip_prefix(b"@v")?)?;
    let (minor, rest) = number(rest.strip_prefix(b".")?)?;
    let (patch, rest) = number(rest.strip_prefix(b".")?)?;
    let rest = rest.strip_prefix(b"!").unwrap_or(rest);
    let is_counter = |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let is_whole = rest.is_empty() || rest.strip_prefix(b"#").is_some_and(is_counter);
    is_whole.then_some([major, minor, patch])
}

/// The digits at the beginning, if they are those of a number of a version, and what follows.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let (mut number, mut digits) = (0_u64, 0);
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        digits += 1;
    }
    if digits == 0 || digits > 18 || (digits > 1 && text[0] == b'0') {
        return None;
    }
    Some((number, &text[digits..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_plain_version_is_the_one_that_the_grammar_reads(
            rest in "@v(0|[0-9]{1,3}|[0-9]{17,21})\\.[0-9]{1,2}\\.[0-9]{1,2}(-rc)?(\\+b)?!?(#[0-9x]{0,2})?[!. ]?",
        ) {
            let name = "m".parse().unwrap();
            let by_grammar = parse(&name, rest.as_bytes()).and_then(|name| name.action.version().cloned());
            if let Some(numbers) = plain_version(rest.as_bytes()) {
                prop_assert_eq!(Some(Version::from(Named::Plain(numbers))), by_grammar);
            }
        }
    }
}
