//! Plans of approvals: one tag for each approver and commit, so that two never take one name.
//!
//! Finds out what the tag is called. What an approval counts for is decided by `policy`.

use crate::approval::ApprovalName;
use crate::author::Author;
use crate::error::Result;
use crate::git;
use crate::name::{ArtifactName, StageName};
use crate::plan::{NewApproval, Plan, Step};
use crate::registry::Registry;
use crate::request::Target;
use crate::rules::{Refusal, TagWish};
use crate::signature::Signature;
use crate::signing::Sign;
use crate::text::printable;
use crate::version::Version;

impl Registry {
    /// Plans to approve a version for a stage, or to take that back.
    pub(super) fn plan_approve(
        &self,
        (artifact, target, stage): (&ArtifactName, &Target, &StageName),
        withdraw: bool,
        wish: &TagWish,
        author: &Author,
    ) -> Result<Plan> {
        self.check_stage(stage)?;
        let (target, ambiguity) = self.target(target)?;
        let mut found = None;
        let mut plan = self.plan_for(artifact, Some(author), |rules, _| {
            found = Some(rules.approvable(&target)?);
            Ok(Plan::default())
        })?;
        plan.warnings.extend(ambiguity);
        let Some((version, commit)) = found else { return Ok(plan) };
        if plan.signing.is_none()
            && author.sign == Sign::AsConfigured
            && self.counts_if_signed(artifact, stage)?
        {
            plan.signing = self.repository.signing(&Sign::Always(None))?;
        }
        let writer = self.writer(author)?;
        let approver = match &plan.signing {
            Some(signing) => self.repository.signer(signing, &writer.name, &writer.email)?,
            None => format!("email:{}", writer.email),
        };
        let id = git::approval_id(commit, &approver);
        let name = |is_withdrawal| ApprovalName {
            artifact: artifact.clone(),
            version: version.clone(),
            stage: stage.clone(),
            id: id.clone(),
            is_withdrawal,
        };
        let (approval, withdrawal) = (name(false).to_string(), name(true).to_string());
        let is_there = |tag: &str| self.repository.tag_ref(tag).map(|tag| tag.is_some());
        let (is_approved, is_withdrawn) = (is_there(&approval)?, is_there(&withdrawal)?);
        let about = |tag: &str| (artifact.clone(), version.clone(), stage.clone(), tag.to_owned());
        let refusal = match (withdraw, is_approved, is_withdrawn) {
            (_, _, true) => {
                let (artifact, version, stage, tag) = about(&withdrawal);
                Some((Refusal::ApprovalWithdrawn { artifact, version, stage, tag }, withdraw))
            }
            (false, true, false) => {
                let (artifact, version, stage, tag) = about(&approval);
                Some((Refusal::ApprovedAlready { artifact, version, stage, tag }, true))
            }
            (true, false, false) => {
                let (artifact, version, stage, approver) = about(&printable(&approver));
                Some((Refusal::NotApproved { artifact, version, stage, approver }, false))
            }
            _ => None,
        };
        match refusal {
            Some((refusal, true)) if wish.exist_ok => {
                plan.already.push(refusal.to_string());
                return Ok(plan);
            }
            Some((refusal, _)) => return Err(refusal.into()),
            None => {}
        }
        let tag = if withdraw { withdrawal } else { approval };
        if !git::is_valid_tag_name(&tag) {
            return Err(Refusal::NoSuchTagPossible { value: artifact.to_string(), tag }.into());
        }
        let time = writer.date.unwrap_or(writer.now);
        let tagger = Signature { name: writer.name.into(), email: writer.email.into(), time };
        let message = wish.message.clone().filter(|text| !text.is_empty());
        let message = message.unwrap_or_else(|| message_of(withdraw, artifact, &version, stage));
        plan.steps.push(Step::Approve(NewApproval {
            name: tag,
            artifact: artifact.clone(),
            version,
            stage: stage.clone(),
            is_withdrawal: withdraw,
            commit,
            message,
            tagger,
        }));
        Ok(plan)
    }
}

impl Registry {
    /// Whether an approval counts only if it is signed.
    fn counts_if_signed(&self, artifact: &ArtifactName, stage: &StageName) -> Result<bool> {
        let in_force = self.policy_in_force()?;
        let is_wanted = |rule: &crate::policy::Rule| rule.approvals.is_some() && !rule.trusts_unsigned;
        Ok(in_force.is_some_and(|found| found.policy.rules_of_stage(artifact, stage).any(is_wanted)))
    }
}

fn message_of(withdraw: bool, artifact: &ArtifactName, version: &Version, stage: &StageName) -> String {
    let what = if withdraw { "Withdrawing the approval of" } else { "Approving" };
    format!("{what} artifact {artifact} version {version} for stage {stage}")
}
