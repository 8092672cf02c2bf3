//! What a writer has of the system's lock.

/// What a process has of the system's lock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::git) enum SystemLock {
    /// Nothing.
    #[default]
    Not,
    /// It is ours.
    Held,
    /// An ancestor has it, and waits for us.
    Inherited,
    /// There are no such locks here.
    Unsupported,
}
