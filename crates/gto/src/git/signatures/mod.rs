//! Signing tags, and verifying their signatures.

pub(super) mod keys;
pub(super) mod sign;
pub(super) mod signer;
pub(super) mod verify;
