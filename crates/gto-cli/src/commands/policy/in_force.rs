//! The policy that the commands are about.

use gto::{PolicyInForce, Registry};

use crate::error::{CommandError, Result};

/// The policy in force, or that there is none.
pub(super) fn in_force(registry: &Registry) -> Result<PolicyInForce> {
    registry.policy_in_force()?.ok_or_else(|| {
        let hint = "`gto policy init` writes one; it is in force once it is on the default branch".to_owned();
        CommandError::arguments("There is no policy in force", hint)
    })
}
