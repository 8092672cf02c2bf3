//! The systems that run pipelines: how each is known, and in which variable it has the ref.
//!
//! Owns the table of their variables. Where values go is for the file of each system.

use gto::Environment;

/// A system that runs pipelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// GitHub Actions; Gitea and Forgejo set the same variables.
    GitHub,
    /// GitLab CI.
    GitLab,
    /// Azure Pipelines.
    Azure,
    /// Bitbucket Pipelines.
    Bitbucket,
    /// Jenkins.
    Jenkins,
}

impl System {
    /// In the order in which they are looked for.
    pub const ALL: [Self; 5] = [Self::GitHub, Self::GitLab, Self::Azure, Self::Bitbucket, Self::Jenkins];

    /// The variable with the ref that started the pipeline.
    pub fn variable(self) -> &'static str {
        match self {
            // refs/heads/x or refs/tags/x: docs.github.com/actions/reference/workflows-and-actions/variables
            Self::GitHub => "GITHUB_REF",
            // The tag's name, in pipelines of tags alone: docs.gitlab.com/ci/variables/predefined_variables
            Self::GitLab => "CI_COMMIT_TAG",
            // refs/heads/x or refs/tags/x: learn.microsoft.com/azure/devops/pipelines/build/variables
            Self::Azure => "BUILD_SOURCEBRANCH",
            // The tag's name, in pipelines of tags alone: support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets
            Self::Bitbucket => "BITBUCKET_TAG",
            // The tag's name, in multibranch builds of tags alone: plugins.jenkins.io/workflow-multibranch
            Self::Jenkins => "TAG_NAME",
        }
    }

    /// The variable that the system always sets, by the pages above, and its value if it has one.
    fn sign(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::GitHub => ("GITHUB_ACTIONS", Some("true")),
            Self::GitLab => ("GITLAB_CI", Some("true")),
            Self::Azure => ("TF_BUILD", Some("true")),
            Self::Bitbucket => ("BITBUCKET_BUILD_NUMBER", None),
            Self::Jenkins => ("JENKINS_URL", None),
        }
    }

    /// The system that this process runs in.
    pub fn detect(environment: &Environment) -> Option<Self> {
        Self::ALL.into_iter().find(|system| {
            let (name, wanted) = system.sign();
            let value = environment.variable(name).filter(|value| !value.is_empty());
            value.is_some_and(|value| wanted.is_none_or(|wanted| value.eq_ignore_ascii_case(wanted)))
        })
    }
}

/// The ref that started the pipeline: of a system that is known its own variable alone, since others may mean something else
/// there.
pub fn reference(system: Option<System>, environment: &Environment) -> Option<String> {
    let systems = system.map_or(System::ALL.to_vec(), |system| vec![system]);
    let set = |system: System| environment.variable(system.variable()).filter(|value| !value.is_empty());
    systems.into_iter().find_map(set)
}
