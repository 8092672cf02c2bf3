//! Whether a remote can be pushed to.

use crate::error::{Error, Result};
use crate::git::Remote;
use crate::plan::Warning;

/// Refuses a remote that nothing can be pushed to.
pub(in crate::registry) fn no_bundle(remote: &Remote) -> Result<()> {
    match remote.bundle() {
        Some(path) => Err(Error::Bundle { path: path.to_owned() }),
        None => Ok(()),
    }
}

/// The remote, if a push goes to one repository: of several some could take it and others not.
pub(in crate::registry) fn one_address(remote: Remote) -> Result<Remote> {
    no_bundle(&remote)?;
    match remote.addresses() {
        1 => Ok(remote),
        addresses => Err(Error::ManyAddresses { remote: remote.shown(), addresses }),
    }
}

/// The warning for a plan that would be refused if it were carried out.
pub(in crate::registry) fn many_addresses(remote: &Remote) -> Option<Warning> {
    let addresses = remote.addresses();
    (addresses > 1).then(|| Warning::ManyAddresses { remote: remote.shown(), addresses })
}
