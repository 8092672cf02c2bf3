//! The hints under an error, in the words of the command line.
//!
//! What to do about an error of the library is `gto_frontend::advice`'s to say.

use gto::rules::Refusal;
use gto::{Error, Registry};
use gto_frontend::advice::{self, Advice, Scene};

use crate::context::Context;
use crate::error::CommandError;

/// What to type next.
pub fn hints(error: &CommandError, context: &mut Context) -> Vec<String> {
    let mut hints = hints_of(error, context);
    hints.extend(if_deprecated(error, context));
    hints
}

/// Whatever was refused about a deprecated artifact: that it is one, and how it comes back.
fn if_deprecated(error: &CommandError, context: &mut Context) -> Option<String> {
    let (CommandError::Registry(error) | CommandError::Meant { source: error, .. }) = error else {
        return None;
    };
    let artifact = match error {
        Error::Refused(Refusal::Deprecated { .. }) => return None,
        Error::Refused(_) => context.artifact.clone()?,
        Error::NoVersion { artifact, .. } => artifact.clone(),
        _ => return None,
    };
    let registry = context.registry()?;
    Some(advice::if_deprecated(&artifact, &registry)?.for_shell())
}

fn hints_of(error: &CommandError, context: &mut Context) -> Vec<String> {
    match error {
        CommandError::Arguments { hint, .. } => hint.iter().cloned().collect(),
        CommandError::Meant { hint, .. } => vec![hint.clone()],
        CommandError::NoneValid(error) => hints_of(error, context),
        CommandError::Registry(error) => {
            let advice = advice::of(error, context);
            advice.iter().map(Advice::for_shell).collect()
        }
        CommandError::Files { source, dvc } => {
            let advice = advice::of_files(source, dvc.as_deref());
            advice.iter().map(Advice::for_shell).collect()
        }
        CommandError::File { .. }
        | CommandError::Output(_)
        | CommandError::Declined
        | CommandError::Silent
        | CommandError::Different
        | CommandError::Violated => Vec::new(),
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
