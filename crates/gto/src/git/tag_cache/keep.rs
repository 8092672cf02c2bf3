//! Whether what was read is kept: a choice of the user.

/// What readings keep for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Nothing, and they use nothing that was kept.
    Nothing,
    /// The tags of a registry that is large enough for that to pay.
    Large,
    /// The tags of any registry.
    All,
}
