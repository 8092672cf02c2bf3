//! What `gto doctor` finds about a policy.

use gto_testkit::Repo;

use super::policy;
use crate::common::{gto, registry};

fn found(repo: &Repo) -> Vec<String> {
    let run = gto(repo, "doctor --json");
    let findings = run.json()["findings"].as_array().cloned().unwrap_or_default();
    findings.iter().map(|finding| finding["id"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn doctor_finds_what_is_wrong_with_a_policy_and_what_it_does_not_hold() {
    let repo = registry(&["m@v1.0.0", "m#prod#1", "m#dev#2"]);
    assert_eq!(found(&repo), [""; 0]);
    policy(&repo, "rules:\n- {stage: prod, from: [staging], unsigned: trust}\n", &[]);
    let all = ["policy-violated", "stage-without-rule", "policy-trusts-unsigned", "policy-without-guard"];
    assert_eq!(found(&repo), all);
    let text = "rules:\n- {stage: prod, from: [qa]}\n- {stage: qa, from: [prod]}\n- {stage: dev, version: {range: '>=2, <1'}}\n";
    policy(&repo, text, &[]);
    let run = gto(&repo, "doctor").fails(1);
    assert_eq!(run.out().matches("error[policy-nobody-can-fulfil]").count(), 3, "{run}");
    policy(&repo, "rulez: []\n", &[]);
    assert_eq!(found(&repo), ["unusable-policy"]);
}
