//! The hints under an error, in the words of the command line.
//!
//! What to do about an error of the library is `gto_frontend::advice`'s to say.

use gto::Registry;
use gto_frontend::advice::{self, Scene};

use crate::context::Context;
use crate::error::CommandError;

/// What to type next.
pub fn hints(error: &CommandError, context: &mut Context) -> Vec<String> {
    match error {
        CommandError::Arguments { hint, .. } => hint.iter().cloned().collect(),
        CommandError::Meant { hint, .. } => vec![hint.clone()],
        CommandError::Registry(error) => {
            let advice = advice::of(error, context);
            advice.iter().map(|advice| advice.for_shell(&context.repository)).collect()
        }
        CommandError::File { .. }
        | CommandError::Output(_)
        | CommandError::Silent
        | CommandError::Different => Vec::new(),
    }
}

impl Scene for Context {
    fn repository(&self) -> &str {
        &self.repository
    }

    fn registry(&mut self) -> Option<Registry> {
        let repository = self.repository.clone();
        self.open_again(&repository)
    }

    fn git_dir(&self) -> Option<String> {
        gto_frontend::process::git_dir(&self.environment)
    }
}
