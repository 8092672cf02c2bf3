//! The one door for writes: a request becomes a plan, and a plan is applied.
//!
//! Defines the order of a write: fetch if requested, plan, apply; and again if others were faster. `plan` makes the
//! plans, and `annotations` writes files.

pub(super) mod apply;
mod approve;
mod lock;
mod plan;

use crate::error::Result;
use crate::git::Remote;
use crate::name::ArtifactName;
use crate::outcome::Written;
use crate::plan::{Plan, Step, Warning};
use crate::registry::Registry;
use crate::registry::remote::address::{many_addresses, no_bundle, one_address};
use crate::request::{Request, WriteOptions};

impl Registry {
    /// Makes the requested changes atomically, while no other `gto` writes. If another writer was faster anyway (git,
    /// or a push to the same remote), it plans again, a few times.
    ///
    /// Where a push landed in part, [`Applied::failure`](crate::Applied::failure) says so.
    ///
    /// # Errors
    /// [`Error::Refused`](crate::Error::Refused) with the reason and the like, if it must not be done; or those of
    /// [`Registry::apply`]. Nothing was changed then, but for those that say so.
    pub fn write(&self, request: &Request, options: &WriteOptions) -> Result<Written> {
        self.write_and_note(request, options, &mut Vec::new())
    }

    /// As [`Registry::write`]. What the plans warned of is in `warnings`, each once, also if they could not be applied.
    ///
    /// # Errors
    /// Those of [`Registry::write`].
    pub fn write_and_note(
        &self,
        request: &Request,
        options: &WriteOptions,
        warnings: &mut Vec<Warning>,
    ) -> Result<Written> {
        if request.changes_files() {
            return self.edit(request, options, warnings);
        }
        self.with_write_lock(|| {
            let remote = self.look_first(&self.concerned(request, options)?, options)?;
            let mut plan = self.plan_and_warn(request, options)?;
            plan.warnings
                .extend(remote.as_ref().and_then(|remote| self.workflows_of(&plan, remote, options)));
            note(warnings, &plan.warnings);
            let applied = self.apply_tags(&plan, remote.as_ref(), options.push_batch)?;
            Ok(Written { plan, applied })
        })
    }

    /// Plans what [`Registry::write`] with these options would do, without doing it: the remote is looked at, if it would be, and
    /// [`Plan::to_push`] is what it would get.
    ///
    /// # Errors
    /// What a write would be refused for.
    pub fn plan_with(&self, request: &Request, options: &WriteOptions) -> Result<Plan> {
        if request.changes_files() {
            let plan = self.plan(request)?;
            plan.files.iter().try_for_each(|files| self.check_committing(files, options))?;
            return Ok(plan);
        }
        let names = self.concerned(request, options)?;
        let remote = if self.pushes(options)? { Some(self.remote()?) } else { None };
        remote.as_ref().map_or(Ok(()), no_bundle)?;
        self.fetch_first(&names, options)?;
        let mut plan = self.plan_and_warn(request, options)?;
        if let Some(remote) = remote.filter(|_| !names.is_empty()) {
            plan.to_push = self.to_push(&plan, &remote)?;
            plan.warnings.extend(many_addresses(&remote));
            plan.warnings.extend(self.workflows_of(&plan, &remote, options));
        }
        Ok(plan)
    }

    /// The warning that GitHub starts no workflow for the new tags of a plan.
    fn workflows_of(&self, plan: &Plan, remote: &Remote, options: &WriteOptions) -> Option<Warning> {
        let new = plan.steps.iter().filter(|step| matches!(step, Step::Create(_))).count();
        self.no_workflows(remote, new, options.push_batch)
    }

    /// Whether a write of tags with these options pushes them.
    ///
    /// # Errors
    /// Those of [`Registry::config`].
    pub fn pushes(&self, options: &WriteOptions) -> Result<bool> {
        // What is written to a clone of a remote repository exists only there.
        if self.url().is_some() {
            return Ok(true);
        }
        options.push.map_or_else(|| Ok(self.config()?.push), Ok)
    }

    /// The artifacts whose remote tags a request depends on; none without a fetch.
    fn concerned(&self, request: &Request, options: &WriteOptions) -> Result<Vec<ArtifactName>> {
        match request {
            _ if !self.looks(options)? => Ok(Vec::new()),
            Request::RegisterChanged { .. } => self.annotated_now(),
            request => Ok(request.artifacts().to_vec()),
        }
    }

    fn looks(&self, options: &WriteOptions) -> Result<bool> {
        Ok(options.fetch || self.pushes(options)?)
    }

    /// Fetches the tags of these artifacts that only the remote has, if requested. Returns the remote, if there is a
    /// push.
    pub(in crate::registry) fn look_first(
        &self,
        names: &[ArtifactName],
        options: &WriteOptions,
    ) -> Result<Option<Remote>> {
        let remote = if self.pushes(options)? { Some(one_address(self.remote()?)?) } else { None };
        self.fetch_first(names, options)?;
        Ok(remote.filter(|_| !names.is_empty()))
    }

    fn fetch_first(&self, names: &[ArtifactName], options: &WriteOptions) -> Result<()> {
        if names.is_empty() || !self.looks(options)? { Ok(()) } else { self.fetch_tags_of(names) }
    }

    /// The plan, with a warning if tags of the remote that are not here could have made it another one.
    fn plan_and_warn(&self, request: &Request, options: &WriteOptions) -> Result<Plan> {
        let mut plan = self.plan(request)?;
        let chooses = plan.registers() || request.depends_on_history();
        if chooses && !self.looks(options)? && self.url().is_none() && self.has_remote() {
            plan.warnings.extend(self.lacking_tags(&plan));
        }
        Ok(plan)
    }

    fn lacking_tags(&self, plan: &Plan) -> Option<Warning> {
        let is_shallow = self.is_shallow();
        let is_new = plan.is_new_artifact || plan.new_stage.is_some();
        let has_none = || self.tag_names().is_ok_and(|tags| tags.is_empty());
        let is_empty = is_new && !self.has_many_tags() && has_none() && self.is_clone();
        (is_shallow || is_empty).then_some(Warning::LackingTags { is_shallow })
    }
}

/// Takes in warnings, each once.
pub(super) fn note(warnings: &mut Vec<Warning>, new: &[Warning]) {
    for warning in new {
        if !warnings.contains(warning) {
            warnings.push(warning.clone());
        }
    }
}
