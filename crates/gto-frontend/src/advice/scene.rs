//! Where an error happened, as far as advice needs it.

use gto::Registry;

/// Where an error happened, and what can be asked there.
pub trait Scene {
    /// The repository, as the user named it.
    fn repository(&self) -> &str;

    /// Its registry, opened for advice alone: nobody waits for that, so that no remote is asked.
    fn registry(&mut self) -> Option<Registry>;

    /// The repository that the variable `GIT_DIR` names.
    fn git_dir(&self) -> Option<String>;
}
