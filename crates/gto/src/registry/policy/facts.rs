//! Facts for the judge: signatures, branches, approvals.

use std::time::Duration;

use crate::approval::APPROVALS;
use crate::git::{CheckedTag, FetchedTags, GitError, TagObject, Want};
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::policy::{
    Approval, BranchFact, Facts, Glob, Judge, Judgement, Key, KeyKind, KnownApprovals, Need, OtherApprovals,
    TagSignature, Trailers,
};
use crate::registry::Registry;
use crate::registry::policy::PolicyInForce;
use crate::signing::SignatureFormat;

/// For so long after a fetch it has what the remote has: to fetch again is no advice.
const FRESH: Duration = Duration::from_secs(600);

impl Registry {
    /// No facts yet, but for the time.
    pub fn no_facts(&self) -> Facts {
        Facts { now: self.environment.now().seconds(), ..Facts::default() }
    }

    /// Gathers facts: signatures with the keys of the policy alone, on all processors.
    pub fn gather(&self, in_force: &PolicyInForce, needs: &[Need], facts: &mut Facts) {
        let mut signatures = Vec::new();
        for need in needs.iter().filter(|need| !facts.has(need)).cloned().collect::<Vec<_>>() {
            match need {
                Need::Signature { tag, id } => signatures.push((tag, id)),
                Need::Branch { commit, branches } => {
                    let fact = self.branch_of(in_force, commit, &branches);
                    facts.branches.insert((commit, branches), fact);
                }
                Need::Approvals { artifact, version, stage } => {
                    let fact = self.approvals_of(in_force, &artifact, &version, &stage);
                    facts.approvals.insert((artifact, version, stage), fact);
                }
            }
        }
        facts.signatures.extend(self.signatures_of(in_force, signatures));
    }

    /// Judges an event, and gathers what that needs.
    pub fn judged(
        &self,
        in_force: &PolicyInForce,
        judge: &mut Judge<'_>,
        index: usize,
        facts: &mut Facts,
    ) -> Judgement {
        loop {
            match judge.judge(index, facts) {
                Ok(judgement) => return judgement,
                Err(needs) => self.gather(in_force, &needs, facts),
            }
        }
    }

    fn signatures_of(
        &self,
        in_force: &PolicyInForce,
        tags: Vec<(String, ObjectId)>,
    ) -> Vec<((String, ObjectId), Result<TagSignature, String>)> {
        if tags.is_empty() {
            return Vec::new();
        }
        let keys = in_force.keys(&self.repository);
        self.repository.on_all_processors(tags, |here, (tag, id)| {
            let checked = keys.clone().and_then(|ring| here.check_tag(&tag, id, ring));
            ((tag, id), checked.map(signature))
        })
    }

    /// What the signature of a commit is worth by the keys of the policy.
    pub(super) fn commit_signature(
        &self,
        in_force: &PolicyInForce,
        commit: ObjectId,
    ) -> Result<TagSignature, String> {
        let ring = in_force.keys(&self.repository)?;
        self.repository.check_commit_signature(commit, ring).map(signature)
    }

    /// Whether a commit is in the history of one of the branches that match.
    fn branch_of(
        &self,
        in_force: &PolicyInForce,
        commit: ObjectId,
        patterns: &[Glob],
    ) -> Result<BranchFact, String> {
        let branches = self.branches_like(&in_force.branches, patterns).map_err(|error| error.to_string())?;
        let (mut looked_at, mut unknown) = (Vec::new(), None);
        for (name, tip) in branches {
            match self.repository.is_in_history(commit, tip) {
                Ok(true) => return Ok(BranchFact { on: Some(name), looked_at }),
                Ok(false) => looked_at.push(name),
                Err(reason) => unknown = Some(format!("whether it is in '{name}' is not known: {reason}")),
            }
        }
        let is_found =
            |pattern: &Glob| pattern.is_literal() && looked_at.iter().any(|name| name == pattern.as_str());
        if unknown.is_none() && !patterns.iter().all(is_found) {
            unknown = self.unfetched_branches(&in_force.branches);
        }
        unknown.map_or(Ok(BranchFact { on: None, looked_at }), Err)
    }

    /// The branches that match, with their commits; those that are named are not looked for among all others.
    pub(super) fn branches_like(
        &self,
        under: &str,
        patterns: &[Glob],
    ) -> Result<Vec<(String, ObjectId)>, GitError> {
        let is_branch = |name: &str| name != "HEAD";
        if patterns.iter().all(|pattern| pattern.is_literal() && is_branch(pattern.as_str())) {
            let mut found = Vec::with_capacity(patterns.len());
            for name in patterns.iter().map(Glob::as_str) {
                let commit = self.repository.commit_of_ref(&format!("{under}{name}"))?;
                found.extend(commit.map(|commit| (name.to_owned(), commit)));
            }
            if found.len() == patterns.len() {
                return Ok(found);
            }
        }
        let mut branches = self.repository.branches_under(under)?;
        branches.retain(|(name, _)| is_branch(name) && patterns.iter().any(|pattern| pattern.matches(name)));
        Ok(branches)
    }

    /// Why the remote may have branches that are not here, though all were fetched that Git fetches.
    fn unfetched_branches(&self, branches: &str) -> Option<String> {
        let remote = remote_of(branches)?;
        (!self.repository.fetches_all_branches(remote)).then(|| {
            format!(
                "only some branches of '{remote}' are fetched here: `git remote set-branches {remote} '*' && git fetch {remote}`"
            )
        })
    }

    /// The approvals of a version for a stage: the tags `gto-approval/NAME@VERSION/STAGE/-/ID`.
    fn approvals_of(
        &self,
        in_force: &PolicyInForce,
        artifact: &ArtifactName,
        version: &str,
        stage: &StageName,
    ) -> Result<KnownApprovals, String> {
        let prefix = format!("gto-approval/{}@{version}/{stage}/-/", artifact.in_tag());
        let tags = self.repository.tag_refs_with(&[&prefix]).map_err(|error| error.to_string())?;
        let objects = self.repository.read_tags(&tags.refs, Want::NoMessages);
        let mut approvals = Vec::new();
        for (tag, object) in tags.refs.into_iter().zip(objects) {
            let id = tag.name.strip_prefix(&prefix).unwrap_or_default();
            let (approver, is_withdrawal) = id.strip_suffix('!').map_or((id, false), |id| (id, true));
            let approver = approver.to_owned();
            match object {
                TagObject::Annotated { tag_id, commit, tagger, .. } => approvals.push(Approval {
                    tag: tag.name,
                    id: tag_id,
                    approver,
                    commit,
                    is_withdrawal,
                    email: tagger.email.to_string(),
                    seconds: tagger.time.seconds(),
                }),
                // It says nothing, as a tag of the registry that is not annotated.
                TagObject::Lightweight { .. } => {}
                TagObject::Unreadable(why) => {
                    return Err(format!("the approval '{}' cannot be read: {why}", tag.name));
                }
            }
        }
        Ok(KnownApprovals { here: approvals, others: self.other_approvals(&in_force.branches) })
    }

    /// Whether the remote may have approvals that are not here. Git fetches them with their commits, unless it was told to fetch no
    /// tags: as checkouts of pipelines do, which are shallow mostly.
    fn other_approvals(&self, branches: &str) -> OtherApprovals {
        let Some(remote) = remote_of(branches) else { return OtherApprovals::None };
        let refspec = format!("+refs/tags/{APPROVALS}*:refs/tags/{APPROVALS}*");
        let always = || {
            format!("`git config --add remote.{remote}.fetch '{refspec}' && git fetch {remote}` fetches all")
        };
        let is_shallow = self.repository.is_shallow();
        match self.repository.fetched_tags(remote, APPROVALS) {
            FetchedTags::All => OtherApprovals::None,
            FetchedTags::OfCommits if is_shallow => {
                OtherApprovals::Unknown(format!("this clone is shallow and may lack some: {}", always()))
            }
            // Whoever has just looked need not look again.
            FetchedTags::OfCommits if self.repository.was_fetched_within(FRESH) => OtherApprovals::None,
            FetchedTags::OfCommits => OtherApprovals::Unlikely(format!("git fetch {remote} '{refspec}'")),
            FetchedTags::None => {
                OtherApprovals::Unknown(format!("no tags of '{remote}' are fetched here: {}", always()))
            }
        }
    }
}

/// The remote whose branches these are.
fn remote_of(branches: &str) -> Option<&str> {
    branches.strip_prefix("refs/remotes/").map(|remote| remote.trim_end_matches('/'))
}

fn signature(checked: CheckedTag) -> TagSignature {
    let CheckedTag { result, format, signer, key, reason, message } = checked;
    let fingerprint = format.zip(key.as_ref()).map(|(format, key)| format!("{}:{key}", format.word()));
    let key = match (format, &signer, key) {
        (Some(SignatureFormat::Ssh), _, Some(key)) => Some(Key::new(KeyKind::Ssh, &key)),
        (Some(SignatureFormat::OpenPgp), _, Some(key)) => Some(Key::new(KeyKind::OpenPgp, &key)),
        (Some(SignatureFormat::X509), Some(subject), _) => Some(Key::new(KeyKind::X509, subject)),
        _ => None,
    };
    let address = signer.map(|signer| match signer.rsplit_once('<') {
        Some((_, address)) => address.trim_end_matches('>').to_owned(),
        None => signer,
    });
    let addresses = address.into_iter().filter(|address| address.contains('@')).collect();
    TagSignature { result, key, addresses, fingerprint, reason, trailers: Trailers::of(&message) }
}
