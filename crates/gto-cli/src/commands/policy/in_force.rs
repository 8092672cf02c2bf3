//! The policy that the commands are about.

use gto::{PolicyInForce, Registry};

use crate::error::Result;

/// The policy in force, without guesses, or that there is none.
pub fn in_force(registry: &Registry) -> Result<PolicyInForce> {
    Ok(registry.policy_to_enforce()?.ok_or(gto::Error::NoPolicy)?)
}
