//! The configuration of Git's command line: `git -c KEY=VALUE`, which a `git` leaves in `GIT_CONFIG_PARAMETERS` for its
//! aliases and hooks, and `GIT_CONFIG_COUNT` with its keys and values.
//!
//! Owns reading these variables as git's `config.c` does: gix knows the second kind only.

use gix::bstr::{BStr, ByteSlice as _};
use gix::config::file::{Metadata, includes, init};
use gix::config::path::interpolate;
use gix::config::{File, KeyRef, Source};

use crate::environment::Environment;
use crate::git::{Cause, lossy};

const PARAMETERS: &str = "GIT_CONFIG_PARAMETERS";
const COUNT: &str = "GIT_CONFIG_COUNT";

/// A key and its value; a key without one means yes.
type Entry = (Vec<u8>, Option<Vec<u8>>);

/// Adds to the configuration of a repository what the variables say. How the repository is read does not depend on them,
/// as with Git: they must come in when it is open.
pub(in crate::git) fn apply(gix: &mut gix::Repository, environment: &Environment) -> Result<(), Cause> {
    let entries = entries(environment)?;
    if entries.is_empty() {
        return Ok(());
    }
    let file = file_of(&entries, gix)?;
    let mut config = gix.config_snapshot_mut();
    config.append(file)?;
    config.commit()?;
    Ok(())
}

/// What the variables say of one setting, where there is no repository: `true` for a key alone.
pub(in crate::git) fn setting(environment: &Environment, key: &str) -> Option<String> {
    let entries = entries(environment).ok()?;
    let (_, value) = entries.iter().rfind(|(name, _)| name.eq_ignore_ascii_case(key.as_bytes()))?;
    Some(value.as_ref().map_or_else(|| "true".to_owned(), |value| lossy(value)))
}

fn entries(environment: &Environment) -> Result<Vec<Entry>, Cause> {
    let mut entries = counted(environment)?;
    if let Some(text) = bytes(environment, PARAMETERS) {
        entries.extend(parse(&text).ok_or_else(|| format!("bogus format in {PARAMETERS}"))?);
    }
    Ok(entries)
}

fn counted(environment: &Environment) -> Result<Vec<Entry>, Cause> {
    let Some(count) = bytes(environment, COUNT).filter(|count| !count.is_empty()) else {
        return Ok(Vec::new());
    };
    let count =
        std::str::from_utf8(&count).ok().and_then(|count| count.trim_ascii_start().parse::<u32>().ok());
    let variable = |name: String| match bytes(environment, &name) {
        Some(value) => Ok(value),
        None => Err(Cause::from(format!("missing {name}"))),
    };
    let entry =
        |i| Ok((variable(format!("GIT_CONFIG_KEY_{i}"))?, Some(variable(format!("GIT_CONFIG_VALUE_{i}"))?)));
    (0..count.ok_or_else(|| format!("bogus count in {COUNT}"))?).map(entry).collect()
}

fn bytes(environment: &Environment, name: &str) -> Option<Vec<u8>> {
    environment.variable_os(name).map(|value| value.as_encoded_bytes().to_vec())
}

fn file_of(entries: &[Entry], gix: &gix::Repository) -> Result<File, Cause> {
    let mut file =
        File::new(Metadata { path: None, source: Source::Cli, level: 0, trust: gix::sec::Trust::Full });
    for (key, value) in entries {
        let bogus = || format!("invalid configuration key '{}' in the environment", lossy(key));
        let parsed = KeyRef::parse_unvalidated(key.as_bstr()).ok_or_else(bogus)?;
        file.section_mut_or_create_new(parsed.section_name, parsed.subsection_name)?
            .push(parsed.value_name, value.as_deref().map(BStr::new))?;
    }
    let home = gix::path::env::home_dir();
    let head = gix.head_name().ok().flatten();
    let paths = interpolate::Context { home_dir: home.as_deref(), ..interpolate::Context::default() };
    let conditions = includes::conditional::Context {
        git_dir: Some(gix.git_dir()),
        branch_name: head.as_ref().map(AsRef::as_ref),
    };
    let includes = includes::Options::follow(paths, conditions);
    file.resolve_includes(init::Options { includes, ..init::Options::default() })?;
    Ok(file)
}

/// Reads `'key=value' 'key'='value' 'key'=`: what git of before and after 2.31 writes. `None` if it is something else.
fn parse(text: &[u8]) -> Option<Vec<Entry>> {
    let mut rest = text.trim_ascii_start();
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let key = unquote(&mut rest)?;
        let is_over = |rest: &[u8]| rest.first().is_none_or(u8::is_ascii_whitespace);
        if is_over(rest) {
            entries.push(split(&key)?);
        } else {
            rest = rest.strip_prefix(b"=")?;
            let value = if is_over(rest) { None } else { Some(unquote(&mut rest)?) };
            if !is_over(rest) {
                return None;
            }
            entries.push((key, value));
        }
        rest = rest.trim_ascii_start();
    }
    Some(entries)
}

/// `key=value`, as it was given to `-c`.
fn split(pair: &[u8]) -> Option<Entry> {
    let (key, value) = match pair.split_once_str(b"=") {
        Some((key, value)) => (key, Some(value.to_vec())),
        None => (pair, None),
    };
    let key = key.trim_ascii();
    (!key.is_empty()).then(|| (key.to_vec(), value))
}

/// Takes a word in single quotes off, in which `'\''` and `'\!'` stand for `'` and `!`: git's `sq_dequote_step`.
fn unquote(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let mut word = Vec::new();
    loop {
        let (part, after) = rest.strip_prefix(b"'")?.split_once_str(b"'")?;
        word.extend_from_slice(part);
        *rest = after;
        match after {
            [b'\\', letter @ (b'\'' | b'!'), next @ ..] if next.starts_with(b"'") => {
                word.push(*letter);
                *rest = next;
            }
            _ => return Some(word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_quote_a_setting_are_read() {
        let read = |text: &str| {
            let entries = parse(text.as_bytes())?;
            let show = |(key, value): &Entry| match value {
                Some(value) => format!("{}={}", lossy(key), lossy(value)),
                None => lossy(key),
            };
            Some(entries.iter().map(show).collect::<Vec<_>>().join("|"))
        };
        assert_eq!(read("'a.b=c d' 'e.f'='g=h'").as_deref(), Some("a.b=c d|e.f=g=h"));
        assert_eq!(read("'url.a=b.insteadof'='c'").as_deref(), Some("url.a=b.insteadof=c"));
        assert_eq!(read("'a.b' 'c.d'= 'e.f'=''").as_deref(), Some("a.b|c.d|e.f="));
        assert_eq!(read(r"'a.b=it'\''s'\!''").as_deref(), Some("a.b=it's!"));
        assert_eq!(read("").as_deref(), Some(""));
        for bogus in ["a.b=c", "'a.b", "'a.b'x", "'a.b'='c'x", "'=c'"] {
            assert_eq!(read(bogus), None, "{bogus}");
        }
    }
}
