//! The tests of the command `gto`, in one binary: a module for each subject, so that one compilation and one link do for all.
//!
//! `cargo test -p gto-cli --test cli races::` runs the tests of one module.

mod common;

/// Against the Python tool: equal but for the decisions.
mod oracle {
    mod decisions;
    mod differential;
    mod oracle_written;
}

/// What commands answer.
mod reads {
    mod cache;
    mod changed;
    mod completions;
    mod doctor;
    mod on_a_terminal;
    mod progress;
    #[cfg(all(unix, feature = "serve"))]
    mod serve;
    #[cfg(all(unix, feature = "serve"))]
    mod serve_writes;
}

/// What commands write.
mod writes {
    mod approvals;
    mod as_git_tag;
    mod asking;
    mod commands;
    mod rollback;
    mod signing;
    mod verbs;
    mod written_by_git;
}

/// The files of versions.
mod files {
    pub mod against_dvc;
    mod dvc;
    mod git;
    mod hostile;
    mod imports;
    mod interrupted;
    mod lfs;
    mod pins;
    mod servers;
    mod settings;
}

/// `artifacts.yaml` and `dvc.yaml`.
mod annotations {
    mod annotate;
    mod annotate_safely;
    mod read;
}

/// The promotion policy.
mod policy;

/// `gto ci`, in the systems that run pipelines.
mod pipelines {
    mod checkout;
    mod pending;
    mod story;
    mod systems;
    mod templates;
}

/// Remotes, and clones of them.
mod remotes {
    mod clones;
    mod commands;
    pub mod http;
    mod partial_clones;
}

/// Kinds of repositories, and their owners.
mod repositories {
    mod kinds_of_repository;
    mod ownership;
    mod same_in_every_kind;
}

/// Input that is wrong, damaged or hostile.
mod untrusted {
    mod bad_input;
    mod damaged;
    mod hostile;
}

/// Several writers at once, and writes that do not get to their end.
mod failures {
    mod faults;
    mod kills;
    mod power_cuts;
    mod push_races;
    mod races;
}

/// How gto comes to a machine: what a release has, and what installs it.
#[cfg(unix)]
mod distribution {
    mod github_action;
    mod gitlab_component;
    mod install_script;
    mod release;
}

/// What the README, the pages and the hints say.
mod documents {
    mod demo;
    mod hints;
    mod readme;
    mod who_may_deploy;
}
