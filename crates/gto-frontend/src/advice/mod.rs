//! What to do next, as values: made from the kind and the data of an error, and worded by each front end.
//!
//! The one place where every error of the library gets its advice. Prints nothing, and reads the repository only to name what
//! may have been meant.

mod annotation;
mod damage;
mod failure;
mod files;
mod lacking;
mod meant;
mod opening;
mod policy;
mod refusal;
mod remote;
mod scene;
mod uncommitted;
mod value;

use gto::name::ArtifactName;
use gto::query::AnnotatedAt;
use gto::{Detail, Error, Registry};

pub use files::of as of_files;
pub use lacking::{fetch_tags, warning};
pub use meant::{
    closest, deprecated_version, looks_like_version, nothing_in_history, nothing_registered, other_stages,
    similar_shortcut, spelling_of_version,
};
pub use scene::Scene;
pub use value::{Advice, Part, Step};

/// That an artifact is deprecated, and how it comes back; `None` if it is in use.
pub fn if_deprecated(artifact: &ArtifactName, registry: &Registry) -> Option<Advice> {
    let state = registry.state_of(artifact, Detail::Brief, AnnotatedAt::Head).ok()?.value;
    let is_deprecated = state.artifact(artifact.as_str()).is_some_and(|artifact| !artifact.is_active());
    let deprecated = Part::Text(format!("'{artifact}' is deprecated: ").into());
    is_deprecated.then(|| Advice::new(vec![deprecated]).and(refusal::comes_back(artifact).into_parts()))
}

/// What to do about an error.
pub fn of(error: &Error, scene: &mut dyn Scene) -> Vec<Advice> {
    match error {
        Error::DamagedTags { tags } => damage::of(tags, scene),
        Error::Annotate(error) => annotation::of(error, scene).into_iter().collect(),
        Error::Refused(refusal) => refusal::of(refusal, scene),
        Error::NoVersion { .. }
        | Error::SeveralVersions { .. }
        | Error::NotAnnotated { .. }
        | Error::CannotCompare { .. } => annotation::of_version(error, scene),
        Error::Policy(_)
        | Error::NoDefaultBranch { .. }
        | Error::PolicyViolated { .. }
        | Error::PolicyUnknown { .. }
        | Error::NoPolicy
        | Error::ViolatingTag { .. }
        | Error::NothingToOverride
        | Error::ReservedTrailer { .. } => policy::of(error),
        Error::PolicyOfWhichRemote { source } => of(source, scene),
        Error::Sign { lacks_terminal, .. } => failure::of_signing(*lacks_terminal),
        error => failure::of(error, scene)
            .or_else(|| opening::of(error, scene))
            .or_else(|| remote::of(error, scene))
            .into_iter()
            .collect(),
    }
}
