//! A version that somebody points at, and where it is.
//!
//! Owns what is passed on about it. Must not read anything.

use serde::Serialize;

use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::state::VersionView;
use crate::version::VersionLabel;

/// What a user points at with `NAME@version`, `NAME#stage`, a name or a tag: a version and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Located {
    /// The artifact.
    pub artifact: ArtifactName,
    /// The version; the commit where none is registered. `None` for a tag that deprecates the artifact.
    pub version: Option<VersionLabel>,
    /// The stage, if one was requested.
    pub stage: Option<StageName>,
    /// The commit.
    pub commit: ObjectId,
    /// The tag that registered the version, or the tag that was given; where there is neither, the commit.
    #[serde(rename = "ref")]
    pub reference: String,
}

impl Located {
    /// A registered version.
    pub(in crate::registry) fn of(version: VersionView<'_>, stage: Option<&StageName>) -> Self {
        let commit = version.commit();
        Self {
            artifact: version.artifact().name().clone(),
            version: Some(version.label().clone()),
            stage: stage.cloned(),
            commit,
            reference: version.authoring().map_or_else(|| commit.to_string(), |from| from.reference()),
        }
    }
}
