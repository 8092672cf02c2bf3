//! Looking at the signatures of tags.
//!
//! Selects the tags to verify for a query, and marks reports. Git checks the signatures.

use std::collections::HashMap;

use crate::error::Result;
use crate::git::TagRef;
use crate::name::ArtifactName;
use crate::registry::read::damage::damage_warning;
use crate::registry::read::scan::lightweight_warning;
use crate::registry::{Answer, Registry};
use crate::report::VersionsReport;
use crate::signing::{Verification, Verified};
use crate::tag::TagName;

impl Registry {
    /// The signatures of all tags of the registry, or of one artifact, by name.
    ///
    /// # Errors
    /// That the repository is someone else's, or cannot be read.
    pub fn verify(&self, artifact: Option<&ArtifactName>) -> Result<Answer<Vec<Verification>>> {
        let tags = match artifact {
            Some(name) => self.tags_of(name)?,
            None => self.repository.tag_refs("")?,
        };
        // A damaged object counts as a failed verification; a tag without an object cannot be verified.
        let broken = damage_warning(self.damaged_refs(&tags.broken).collect());
        let is_ours = |tag: &TagRef| {
            tag.name
                .parse::<TagName>()
                .is_ok_and(|parsed| artifact.is_none_or(|name| *name == parsed.artifact))
        };
        let mut answer = self.verify_refs(tags.refs.into_iter().filter(is_ours).collect());
        answer.warnings.extend(broken);
        answer.warnings.extend(self.store_warning());
        Ok(answer)
    }

    /// The signatures of these tags, without those that do not exist.
    ///
    /// # Errors
    /// As [`Registry::verify`].
    pub fn verify_tags<'a>(
        &self,
        tags: impl IntoIterator<Item = &'a str>,
    ) -> Result<Answer<Vec<Verification>>> {
        let mut refs = Vec::new();
        for tag in tags {
            refs.extend(self.repository.tag_ref(tag)?);
        }
        Ok(self.verify_refs(refs))
    }

    fn verify_refs(&self, tags: Vec<TagRef>) -> Answer<Vec<Verification>> {
        let progress = self.environment.progress();
        progress.expect(tags.len());
        let verified = self.repository.verify_tags(&tags, || progress.advance(1));
        let mut lightweight = Vec::new();
        let mut value = Vec::with_capacity(tags.len());
        for (tag, verification) in tags.into_iter().zip(verified) {
            match verification {
                Some(verification) => value.push(verification),
                // No event, whatever its contents.
                None => lightweight.push(tag.name),
            }
        }
        Answer { value, warnings: lightweight_warning(lightweight) }
    }

    /// Marks each version with what the signatures of the tags that it shows are worth: its own, and those of its
    /// stages. The worst of them counts.
    ///
    /// # Errors
    /// As [`Registry::verify`].
    pub fn verify_versions(&self, report: &mut VersionsReport) -> Result<()> {
        let versions = || report.versions.iter();
        let own = versions().filter_map(|version| version.tag.as_deref());
        let stages = versions().flat_map(|version| &version.assignments).map(|found| found.tag.as_str());
        let mut tags: Vec<&str> = own.chain(stages).collect();
        tags.sort_unstable();
        tags.dedup();
        let verified = self.verify_tags(tags)?.value;
        let results: HashMap<&str, Verified> = verified.iter().map(|v| (v.tag.as_str(), v.result)).collect();
        // A version without a tag is unsigned.
        let result =
            |tag: Option<&str>| tag.and_then(|tag| results.get(tag)).copied().unwrap_or(Verified::Unsigned);
        for version in &mut report.versions {
            for found in &mut version.assignments {
                found.verified = Some(result(Some(&found.tag)));
            }
            let stages = version.assignments.iter().filter_map(|found| found.verified);
            version.verified = stages.chain([result(version.tag.as_deref())]).max();
        }
        Ok(())
    }
}
