//! `gto rollback`: back to what a stage showed before, as an assignment.

use gto_testkit::Repo;

use crate::common::{commit_with, gto, hints_at, refused, registry};
/// Three versions, each on a commit of its own and in `prod` one after the other.
fn three() -> Repo {
    let repo = registry(&["m@v1.0.0", "m#prod#1"]);
    commit_with(&repo, &["m@v2.0.0", "m#prod#2"]);
    commit_with(&repo, &["m@v3.0.0", "m#prod#3"]);
    repo
}

fn shown(repo: &Repo) -> String {
    gto(repo, "show m#prod --version").ok().out()
}

#[test]
fn two_rollbacks_go_two_versions_back_as_assignments_that_pipelines_deploy() {
    let repo = three();
    let run = gto(&repo, "rollback m prod").ok();
    assert_eq!(
        run.out(),
        "Rolled back stage 'prod' of 'm' from v3.0.0 to v2.0.0\n\
         Created git tag 'm#prod#4' that assigns stage to version 'v2.0.0'\n\
         To push the changes upstream, run:\n    git push origin 'm#prod#4'\n"
    );
    assert_eq!(gto(&repo, "check-ref m#prod#4 --event").ok().out(), "assignment\n");
    let message = gto(&repo, "history m#prod --limit 1 --json").ok().json()[0]["message"].clone();
    assert_eq!(message, "Rolling back stage prod of artifact m from v3.0.0 to v2.0.0");
    gto(&repo, "rollback m prod").ok();
    assert_eq!(shown(&repo), "v1.0.0\n");
    let before = "No earlier version is left in stage 'prod' of artifact 'm', which shows 'v1.0.0'";
    hints_at(&refused(&repo, "rollback m prod", before), "gto rollback m prod --to VERSION");
    assert_eq!(
        gto(&repo, "rollback m prod --to v3.0.0 --dry-run").ok().out().lines().next(),
        Some("Would roll back stage 'prod' of 'm' from v1.0.0 to v3.0.0")
    );
}

#[test]
fn a_rollback_passes_over_what_was_deregistered_or_taken_out_of_the_stage() {
    let repo = three();
    gto(&repo, "deprecate m v2.0.0").ok();
    let run = gto(&repo, "rollback m prod --dry-run --json").ok().json();
    assert_eq!(run["moves"][0]["from"], "v3.0.0");
    assert_eq!(run["moves"][0]["to"], "v1.0.0");
    let repo = three();
    gto(&repo, "deprecate m v2.0.0 prod").ok();
    gto(&repo, "rollback m prod").ok();
    assert_eq!(shown(&repo), "v1.0.0\n");
}

#[test]
fn a_rollback_to_a_version_needs_one_that_was_in_the_stage_and_is_in_use() {
    let repo = three();
    commit_with(&repo, &["m@v4.0.0", "m#dev#4"]);
    let never = "Version 'v4.0.0' of artifact 'm' was never in stage 'prod'";
    let run = refused(&repo, "rollback m prod --to v4.0.0", never);
    hints_at(&run, "gto assign m --version v4.0.0 --stage prod");
    refused(&repo, "rollback m prod --to v9.0.0", "Version 'v9.0.0' is not registered");
    refused(&repo, "rollback m qa", "Nothing is in stage 'qa' of artifact 'm'");
    refused(&repo, "rollback x prod", "Cannot find artifact 'x'");
    let there = "Version 'v3.0.0' is already in stage 'prod'. \
                 Use the '--force' flag to create a new Git tag nevertheless.";
    refused(&repo, "rollback m prod --to v3.0.0", there);
    gto(&repo, "rollback m prod --to v1.0.0").ok();
    assert_eq!(shown(&repo), "v1.0.0\n");
    gto(&repo, "deprecate m").ok();
    let run = refused(&repo, "rollback m prod", "Artifact 'm' is deprecated");
    hints_at(&run, "brings it back");
}
