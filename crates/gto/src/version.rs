//! Versions: SemVer 2.0.0 with a leading `v`, and the id of a commit without a version.
//!
//! Owns parsing, precedence and bumps. Must not know about registries.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::object_id::ObjectId;

/// The text is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Supplied version '{0}' cannot be parsed")]
pub struct InvalidVersion(pub String);

/// A version such as `v1.2.3-rc.1+build.5` (<https://semver.org/spec/v2.0.0.html>, with a leading `v`).
///
/// Equal means equal in every part. Precedence, which does not look at build metadata, is
/// [`Version::cmp_precedence`]. The three numbers are limited to 64 bits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Version(semver::Version);

/// Which part of a version to raise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bump {
    /// `v1.2.3` to `v2.0.0`.
    Major,
    /// `v1.2.3` to `v1.3.0`.
    Minor,
    /// `v1.2.3` to `v1.2.4`, and `v1.2.3-rc.1` to `v1.2.3`.
    Patch,
}

impl Version {
    /// The first version of an artifact for which nothing else is asked.
    pub fn first(bump: Bump) -> Self {
        Self(match bump {
            Bump::Major => semver::Version::new(1, 0, 0),
            Bump::Minor => semver::Version::new(0, 1, 0),
            Bump::Patch => semver::Version::new(0, 0, 1),
        })
    }

    /// Major, minor and patch number.
    pub fn numbers(&self) -> [u64; 3] {
        [self.0.major, self.0.minor, self.0.patch]
    }

    /// What is between `-` and `+`, if there is anything: `rc.1`.
    pub fn pre_release(&self) -> Option<&str> {
        Some(self.0.pre.as_str()).filter(|text| !text.is_empty())
    }

    /// What is after `+`, if there is anything.
    pub fn build(&self) -> Option<&str> {
        Some(self.0.build.as_str()).filter(|text| !text.is_empty())
    }

    /// Compares by precedence, SemVer section 11: build metadata does not count.
    pub fn cmp_precedence(&self, other: &Self) -> Ordering {
        self.0.cmp_precedence(&other.0)
    }

    /// Whether a range has it, as cargo reads ranges: a pre-release only if the range names one of the same three numbers.
    pub fn matches(&self, range: &semver::VersionReq) -> bool {
        range.matches(&self.0)
    }

    /// The version of these three numbers.
    pub(crate) fn plain(major: u64, minor: u64, patch: u64) -> Self {
        Self(semver::Version::new(major, minor, patch))
    }

    /// The next version; `None` when the number would not fit.
    ///
    /// A patch bump finishes a pre-release, as in npm, cargo and poetry (D14).
    pub fn bump(&self, bump: Bump) -> Option<Self> {
        let semver::Version { major, minor, patch, .. } = self.0;
        let next = match bump {
            Bump::Major => semver::Version::new(major.checked_add(1)?, 0, 0),
            Bump::Minor => semver::Version::new(major, minor.checked_add(1)?, 0),
            Bump::Patch if !self.0.pre.is_empty() => semver::Version::new(major, minor, patch),
            Bump::Patch => semver::Version::new(major, minor, patch.checked_add(1)?),
        };
        Some(Self(next))
    }
}

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix('v')
            .and_then(|number| semver::Version::parse(number).ok())
            .map(Self)
            .ok_or_else(|| InvalidVersion(text.to_owned()))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Piece by piece, which is several times faster than `write!`: a journal prints a million of them.
        let semver::Version { major, minor, patch, pre, build } = &self.0;
        let mut digits = itoa::Buffer::new();
        for (before, number) in [("v", major), (".", minor), (".", patch)] {
            f.write_str(before)?;
            f.write_str(digits.format(*number))?;
        }
        for (before, text) in [("-", pre.as_str()), ("+", build.as_str())] {
            if !text.is_empty() {
                f.write_str(before)?;
                f.write_str(text)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

crate::text::read_as_text!(Version, VersionLabel);

/// What a version is called: by its number, or by its commit while it is not registered.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum VersionLabel {
    /// A registered version, or one that was.
    Number(Version),
    /// An unregistered version.
    Commit(ObjectId),
}

impl VersionLabel {
    /// The label for tables: a commit id is shortened, a version number never is (D1).
    pub fn short(&self) -> String {
        match self {
            Self::Number(version) => version.to_string(),
            Self::Commit(id) => id.short().to_string(),
        }
    }

    /// The version number, if this is one.
    pub fn number(&self) -> Option<&Version> {
        match self {
            Self::Number(version) => Some(version),
            Self::Commit(_) => None,
        }
    }

    /// Orders labels as lists show them, ascending: commits by id, then versions by precedence.
    pub fn cmp_listed(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.cmp_precedence(b),
            (Self::Commit(a), Self::Commit(b)) => a.cmp(b),
            (Self::Commit(_), Self::Number(_)) => Ordering::Less,
            (Self::Number(_), Self::Commit(_)) => Ordering::Greater,
        }
    }
}

impl FromStr for VersionLabel {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(id) => Ok(Self::Commit(id)),
            Err(_) => text.parse().map(Self::Number),
        }
    }
}

impl fmt::Display for VersionLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(version) => version.fmt(f),
            Self::Commit(id) => id.fmt(f),
        }
    }
}

impl fmt::Debug for VersionLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for VersionLabel {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn a_version_is_semver_with_a_leading_v() {
        for good in ["v0.0.0", "v1.2.3-rc.1+001.x", "v1.0.0--", "v18446744073709551615.0.0"] {
            assert_eq!(v(good).to_string(), good);
        }
        for bad in ["", "v", "1.0.0", "V1.0.0", "v1.0", "v01.0.0", "v1.0.0-01", "v1.0.0+", "v1.0.0 "] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
    }

    #[test]
    fn d14_a_patch_bump_finishes_a_pre_release() {
        assert_eq!(v("v1.0.0-rc.1").bump(Bump::Patch), Some(v("v1.0.0")));
        assert_eq!(v("v1.0.0+build").bump(Bump::Patch), Some(v("v1.0.1")));
        assert_eq!(v("v1.2.3-rc.1").bump(Bump::Minor), Some(v("v1.3.0")));
        assert_eq!(v("v18446744073709551615.0.0").bump(Bump::Major), None);
    }
}
