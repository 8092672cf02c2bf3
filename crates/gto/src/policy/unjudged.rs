//! Why no push to a server's repository is judged, as a value.

use std::fmt;

/// Why no policy is in force in a repository that people push to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unjudged {
    /// The branch that `HEAD` names; `None` if it is on a commit.
    pub head: Option<String>,
    /// Whether it leads to a commit.
    pub is_there: bool,
    /// Whether there are branches at all.
    pub has_branches: bool,
    /// The branch that may be meant: one with a policy, or where `HEAD` leads to none the usual or the only one.
    pub meant: Option<String>,
    /// Whether that one has a policy.
    pub is_meant_with_policy: bool,
}

impl fmt::Display for Unjudged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = self.head.as_deref().unwrap_or("HEAD");
        match (self.is_there, self.has_branches) {
            (true, _) => {
                write!(f, "no policy is in force: '{head}', the default branch of this repository, has none")
            }
            (false, true) => write!(
                f,
                "no policy is in force: HEAD of this repository names the branch '{head}', which does not exist"
            ),
            (false, false) => write!(
                f,
                "no policy is in force: this repository is empty, and its default branch is '{head}'"
            ),
        }?;
        if let Some(meant) = self.meant.as_ref().filter(|_| self.is_meant_with_policy) {
            write!(f, ", while '{meant}' has one")?;
        }
        Ok(())
    }
}
