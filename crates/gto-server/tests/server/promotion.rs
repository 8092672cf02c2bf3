//! From a button on a page to a tag, by plain forms: what a browser without JavaScript sends.

use gto_testkit::{Repo, SshKey, TagSpec};

use crate::common::{Answer, Running, example, serve, serve_with};

/// A browser that is signed in: it has the cookie, and says which page its forms are of.
struct Browser<'s> {
    server: &'s Running,
    headers: Vec<(&'static str, String)>,
}

impl<'s> Browser<'s> {
    fn with_token(server: &'s Running) -> Self {
        let answer = server.ask("GET", &format!("/?token={}", server.token), &[], "");
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        Self::with(server, ("cookie", cookie))
    }

    fn of_user(server: &'s Running, user: &str) -> Self {
        Self::with(server, ("x-forwarded-user", user.to_owned()))
    }

    fn with(server: &'s Running, who: (&'static str, String)) -> Self {
        let origin = server.url.trim_end_matches('/').to_owned();
        Self { server, headers: vec![who, ("origin", origin), ("sec-fetch-site", "same-origin".to_owned())] }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let mut headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.push(("content-type", "application/x-www-form-urlencoded"));
        headers.push(("accept", "text/html"));
        self.server.ask(method, path, &headers, body)
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "")
    }

    /// Sends the form of a page that has the button.
    fn press(&self, page: &Answer, button: &str) -> Answer {
        let form = page
            .body
            .split("<form ")
            .skip(1)
            .find(|form| {
                form.contains(&format!("<button>{button}</button>"))
                    || form.contains(&format!("<button class=\"primary\">{button}</button>"))
            })
            .unwrap_or_else(|| panic!("no button '{button}': {}", page.text()));
        let value = |text: &str, name: &str| {
            let rest = text.split_once(&format!("{name}=\"")).map(|(_, rest)| rest);
            rest.and_then(|rest| rest.split_once('"')).map(|(value, _)| value.to_owned()).unwrap_or_default()
        };
        let fields: Vec<String> = form
            .split("<input ")
            .skip(1)
            .map(|input| format!("{}={}", value(input, "name"), value(input, "value")))
            .collect();
        self.ask("POST", &value(form, "action"), &fields.join("&"))
    }

    /// Sends the form, goes to the plan, and returns its page.
    fn plan(&self, page: &Answer, button: &str) -> Answer {
        let answer = self.press(page, button);
        assert_eq!(answer.status, 303, "{}", answer.text());
        self.get(answer.header("location")).ok()
    }
}

fn writing(repo: &Repo) -> Running {
    serve_with(repo.sandbox(), &[repo.path()], |a| a.write = Some("local".into()))
}

#[test]
fn a_button_shows_the_plan_and_the_next_one_makes_the_tag() {
    let repo = example();
    let server = writing(&repo);
    let browser = Browser::with_token(&server);
    let page = browser.get("/r/repo/nlp:churn/compare/v1.0.0...v1.1.0").ok();
    let plan = browser.plan(&page, "Promote to prod");
    let text = plan.text();
    for wanted in ["prod v1.0.0 v1.1.0", "nlp=churn#prod#5", "No policy is in force", "gto assign nlp:churn"]
    {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(!repo.git_ok(&["tag"]).contains("prod#5"), "a plan changes nothing");
    let done = browser.press(&plan, "Confirm");
    assert_eq!(done.status, 303, "{}", done.text());
    let page = browser.get(done.header("location")).ok().text();
    assert!(page.contains("✓ done nlp=churn#prod#5 is made") && page.contains("prod v1.1.0"), "{page}");
    assert!(repo.git_ok(&["tag"]).contains("nlp=churn#prod#5"));
    assert_eq!(browser.press(&plan, "Confirm").status, 404, "a plan is applied once");
    let wrong = browser.get("/r/repo/nlp:churn?wrote=x#prod#9").ok().text();
    assert!(!wrong.contains("is made"), "{wrong}");
}

#[test]
fn a_tag_that_is_made_here_alone_comes_with_the_command_that_pushes_it() {
    let repo = example();
    let clone = repo.clone_to("clone");
    let server = writing(&clone);
    let browser = Browser::with_token(&server);
    let page = browser.get("/r/clone/nlp:churn@v1.1.0").ok();
    let done = browser.press(&browser.plan(&page, "Promote to prod"), "Confirm");
    let page = browser.get(done.header("location")).ok().text();
    let push = format!("git -C {} push origin 'nlp=churn#prod#5'", clone.path().display());
    assert!(page.contains("in this repository alone") && page.contains(&push), "{page}");
    clone.git_ok(&["push", "origin", "nlp=churn#prod#5"]);
    assert!(repo.git_ok(&["tag"]).contains("nlp=churn#prod#5"));
}

#[test]
fn every_page_has_the_buttons_for_what_can_be_done_there() {
    let repo = example();
    repo.commit(&[(".gto", "stages: [dev, prod]\n")], "Name the stages");
    let server = writing(&repo);
    let browser = Browser::with_token(&server);
    let page = browser.get("/r/repo/nlp:churn").ok();
    assert!(!page.body.contains("Roll back"), "there is nothing below v1.0.0");
    for (button, wanted) in [
        ("Promote to prod", "nlp=churn#prod#5"),
        ("Take out", "nlp=churn#dev!#"),
        ("Deprecate", "nlp=churn@deprecated"),
        ("Register…", "nlp=churn@v1.1.1"),
    ] {
        let answer = browser.press(&page, button);
        let shown = browser.get(answer.header("location"));
        let text = if answer.status == 303 { shown.text() } else { answer.text() };
        assert!(text.contains(wanted) && answer.status == 303, "{button}: {text}");
    }
    let version = browser.get("/r/repo/nlp:churn@v1.1.0").ok();
    assert!(browser.plan(&version, "Promote to prod").text().contains("nlp=churn#prod#5"));
    assert!(browser.plan(&version, "Deregister").text().contains("nlp=churn@v1.1.0!"));
    let overview = browser.get("/").ok();
    assert!(
        overview.text().contains("promote v1.1.0…") && overview.body.contains("/compare/v1.0.0...v1.1.0")
    );
    let form = "action=register&repo=repo&artifact=vision:cats&revision=HEAD&version=&message=";
    let new = browser.ask("POST", "/write", form);
    assert!(browser.get(new.header("location")).ok().text().contains("vision=cats@v0.0.1"));
    let then = browser.get("/r/repo/nlp:churn?at=2100-01-01").ok();
    assert!(!then.body.contains("method=\"post\""), "nothing is done to the past");
    assert!(!repo.git_ok(&["tag"]).contains("prod#5"));
    repo.tag("nlp=churn#prod#5", "HEAD~1", &TagSpec::default());
    server.wait_for("/r/repo/nlp:churn.json", |answer| answer.body.contains("prod#5"));
    let page = browser.get("/r/repo/nlp:churn").ok();
    assert!(browser.plan(&page, "Roll back to v1.0.0").text().contains("nlp=churn#prod#6"));
}

#[test]
fn a_server_that_only_shows_has_the_same_buttons_with_what_to_type() {
    let repo = example();
    let server = serve(&repo);
    let browser = Browser::with_token(&server);
    for path in ["/r/repo/nlp:churn", "/r/repo/nlp:churn@v1.1.0", "/r/repo/nlp:churn/compare/v1.0.0...v1.1.0"]
    {
        let page = browser.get(path).ok();
        assert!(!page.body.contains("method=\"post\""), "{path}");
        let command = "gto assign nlp:churn --version v1.1.0 --stage prod";
        assert!(page.text().contains(command), "{path}: {}", page.text());
    }
    let form = "action=assign&artifact=nlp:churn&stage=prod&version=v1.1.0";
    let answer = browser.ask("POST", "/write/repo", form);
    assert_eq!(answer.status, 403);
    assert!(
        answer.text().contains("Type gto assign nlp:churn --version v1.1.0 --stage prod --repo /"),
        "{}",
        answer.text()
    );
}

#[test]
fn what_the_policy_refuses_is_said_in_words() {
    let repo = example();
    let rules = "version: 1\nrules:\n  - {stage: prod, from: staging}\n  - {stage: dev, branches: [main]}\n";
    repo.commit(&[(".gto-policy.yaml", rules)], "Promote by way of staging");
    let server = writing(&repo);
    let browser = Browser::with_token(&server);
    let page = browser.get("/r/repo/nlp:churn@v1.1.0").ok();
    let refused = browser.press(&page, "Promote to prod");
    let text = refused.text();
    assert_eq!(refused.status, 403, "{text}");
    assert!(text.contains("The policy forbids 'nlp=churn#prod#5'"), "{text}");
    assert!(text.contains("never validly in 'staging'") && text.contains("Back to the artifact"), "{text}");
    // What it allows is shown with each rule that was held against it.
    let page = browser.get("/r/repo/nlp:churn@v1.0.0").ok();
    let plan = browser.plan(&page, "Promote to dev").text();
    assert!(plan.contains("✓ allowed") && plan.contains(".gto-policy.yaml:4"), "{plan}");
    // Judged again when it is confirmed.
    let plan = browser.plan(&page, "Promote to dev");
    let rules = rules.replace("{stage: dev, branches: [main]}", "{stage: dev, from: staging}");
    repo.commit(&[(".gto-policy.yaml", &rules)], "Dev too");
    let refused = browser.press(&plan, "Confirm");
    assert!(matches!(refused.status, 403 | 409), "{}", refused.text());
    assert!(!repo.git_ok(&["tag"]).contains("#5"));
}

#[test]
fn what_another_write_made_stale_is_refused_and_said() {
    let repo = example();
    let server = writing(&repo);
    let browser = Browser::with_token(&server);
    let page = browser.get("/r/repo/nlp:churn@v1.1.0").ok();
    let plan = browser.plan(&page, "Promote to prod");
    repo.commit(&[("nlp/model.bin", "3")], "Train it again");
    repo.tag("nlp=churn@v2.0.0", "HEAD", &TagSpec::default());
    repo.tag("nlp=churn#prod#5", "HEAD", &TagSpec::default());
    let stale = browser.press(&plan, "Confirm");
    assert_eq!(stale.status, 409, "{}", stale.text());
    assert!(stale.text().contains("have changed since the plan was made"), "{}", stale.text());
    // A page that shows something else than the stage has by now asks for something else than its reader meant.
    let late = browser.press(&page, "Promote to prod");
    assert_eq!(late.status, 403, "{}", late.text());
    assert!(late.text().contains("shows 'v2.0.0', not 'v1.0.0'"), "{}", late.text());
    assert_eq!(repo.git_ok(&["tag"]).matches("#prod#").count(), 4);
    let form = "action=assign&artifact=nlp:churn&stage=prod&version=v2.0.0";
    let so = browser.ask("POST", "/write/repo", form);
    let so = browser.get(so.header("location")).ok().text();
    assert!(so.contains("Nothing to do") && !so.contains("Confirm"), "{so}");
}

#[test]
fn no_form_of_another_page_writes_and_no_plan_is_of_another_user() {
    let repo = example();
    let server = writing(&repo);
    let browser = Browser::with_token(&server);
    let cookie = browser.headers[0].1.clone();
    let form = "action=assign&artifact=nlp:churn&stage=prod&version=v1.1.0";
    let plan = browser.ask("POST", "/write/repo", form).header("location").to_owned();
    for strange in [
        &[][..],
        &[("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")],
        &[("origin", "null")],
        &[("sec-fetch-site", "same-site")],
    ] {
        let headers: Vec<_> = strange.iter().copied().chain([("cookie", cookie.as_str())]).collect();
        for (path, body) in [("/write/repo", form), ("/write", form), (&*format!("{plan}/apply"), "")] {
            assert_eq!(server.ask("POST", path, &headers, body).status, 403, "{strange:?} {path}");
        }
    }
    // Neither is anything written by a link.
    for path in ["/write/repo?action=deprecate&artifact=data", &format!("{plan}/apply")] {
        assert!(matches!(browser.get(path).status, 404 | 405), "{path}");
    }
    assert!(!repo.git_ok(&["tag"]).contains("prod#5"));
}

#[test]
fn where_the_policy_wants_a_signature_a_button_signs() {
    let repo = example();
    let Some(key) = SshKey::or_skip(repo.sandbox().home().join("ada")) else { return };
    let rules =
        "version: 1\ngroups: {release: ['email:ada@example.com']}\nrules:\n- {stage: prod, by: [release]}\n";
    let public = format!("{} ada@example.com\n", key.public().trim_end_matches(" test"));
    repo.commit(&[(".gto-policy.yaml", rules), (".gto-policy/keys/ada.pub", &public)], "Ada promotes");
    let server = writing(&repo);
    let browser = Browser::with_token(&server);
    let form = "action=assign&artifact=nlp:churn&stage=prod&version=v1.1.0";
    let without_key = browser.ask("POST", "/write/repo", form);
    let plan = browser.get(without_key.header("location")).ok();
    let failed = browser.press(&plan, "Confirm");
    assert!(failed.status >= 400 && failed.text().contains("sign"), "{}", failed.text());
    assert!(!repo.git_ok(&["tag"]).contains("prod#5"), "nothing is made");
    repo.git_ok(&["config", "gpg.format", "ssh"]);
    repo.git_ok(&["config", "user.signingKey", &key.private().display().to_string()]);
    let planned = browser.ask("POST", "/write/repo", form);
    assert_eq!(planned.status, 303, "{}", planned.text());
    let plan = browser.get(planned.header("location")).ok();
    assert!(plan.text().contains("Signed with") && plan.text().contains("--sign"), "{}", plan.text());
    assert_eq!(browser.press(&plan, "Confirm").status, 303);
    assert!(repo.git_ok(&["cat-file", "tag", "nlp=churn#prod#5"]).contains("SSH SIGNATURE"));
}

#[test]
fn a_service_writes_for_its_users_what_the_policy_lets_them_and_signs_it() {
    let repo = example();
    let Some(key) = SshKey::or_skip(repo.sandbox().home().join("service")) else { return };
    repo.git_ok(&["config", "gpg.format", "ssh"]);
    repo.git_ok(&["config", "user.signingKey", &key.private().display().to_string()]);
    let service = |write: &str| {
        serve_with(repo.sandbox(), &[repo.path()], |a| {
            a.write = Some(write.into());
            a.auth = Some("proxy".into());
            a.trusted_proxies = vec!["127.0.0.1/32".into()];
        })
    };
    let server = service("service");
    let (ada, eve) =
        (Browser::of_user(&server, "ada@example.com"), Browser::of_user(&server, "eve@example.com"));
    let form = "action=assign&artifact=nlp:churn&stage=prod&version=v1.1.0";
    let without = ada.ask("POST", "/write/repo", form);
    assert_eq!(without.status, 403);
    assert!(without.text().contains("only where a policy says who may do what"), "{}", without.text());
    let policy = "version: 1\ngroups: {release: ['email:ada@example.com'], bots: ['email:bot@example.com']}\nservice: {by: [bots]}\nrules:\n- {stage: prod, by: [release]}\n";
    let keys = format!("{} bot@example.com\n", key.public().trim_end_matches(" test"));
    // A key of the policy that no group of `service:` names: nobody would believe for whom it signs.
    let of_another = keys.replace("bot@", "other@");
    repo.commit(&[(".gto-policy.yaml", policy), (".gto-policy/keys/bot.pub", &of_another)], "Another bot");
    let untrusted = ada.ask("POST", "/write/repo", form);
    assert_eq!(untrusted.status, 403, "{}", untrusted.text());
    let text = untrusted.text();
    assert!(text.contains("is in no group of service: by") && text.contains(".gto-policy/keys"), "{text}");
    std::fs::remove_file(repo.path().join(".gto-policy/keys/bot.pub")).unwrap();
    repo.git_ok(&["commit", "--quiet", "--all", "--message", "No bot"]);
    let unknown = ada.ask("POST", "/write/repo", form);
    assert_eq!(unknown.status, 403, "{}", unknown.text());
    assert!(unknown.text().contains("This server may not write for its users"), "{}", unknown.text());
    assert!(!repo.git_ok(&["tag"]).contains("prod#5"), "nothing is made");
    repo.commit(&[(".gto-policy.yaml", policy), (".gto-policy/keys/bot.pub", &keys)], "Ada promotes");
    let refused = eve.ask("POST", "/write/repo", form);
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert!(refused.text().contains("it will be signed for 'eve@example.com'"), "{}", refused.text());
    let planned = ada.ask("POST", "/write/repo", form);
    assert_eq!(planned.status, 303, "{}", planned.text());
    let page = ada.get(planned.header("location")).ok();
    assert!(
        page.text().contains("for ada@example.com") && page.text().contains("✓ allowed"),
        "{}",
        page.text()
    );
    // It is Ada's plan.
    assert_eq!(eve.get(planned.header("location")).status, 404);
    assert_eq!(eve.ask("POST", &format!("{}/apply", planned.header("location")), "").status, 404);
    let done = ada.press(&page, "Confirm");
    assert_eq!(done.status, 303, "{}", done.text());
    let tag = repo.git_ok(&["cat-file", "tag", "nlp=churn#prod#5"]);
    assert!(tag.contains("\nGto-Actor: ada@example.com\n") && tag.contains("BEGIN SSH SIGNATURE"), "{tag}");
    // What a client says about who writes does not count, nor does it delete what would say who did.
    let api = |body: &str| {
        let headers = [
            ("x-forwarded-user", "eve@example.com"),
            ("origin", server.url.trim_end_matches('/')),
            ("sec-fetch-site", "same-origin"),
        ];
        server.ask("POST", "/api/v1/repos/repo/plans", &headers, body)
    };
    for author in [r#"{"actor": "ada@example.com"}"#, r#"{"email": "ada@example.com", "sign": "never"}"#] {
        let body = format!(
            r#"{{"action": "assign", "artifact": "nlp:churn", "stage": "prod", "target": {{"version": "v1.0.0"}}, "author": {author}}}"#
        );
        let answer = api(&body);
        assert!(matches!(answer.status, 400 | 403), "{}", answer.body);
    }
    let forged = format!("{form}&message=x%0A%0AGto-Actor:%20ada@example.com");
    assert!(matches!(eve.ask("POST", "/write/repo", &forged).status, 400 | 403));
    let forged = forged.replace("ada@", "boss@");
    let refused = ada.ask("POST", "/write/repo", &forged);
    assert!(
        refused.text().contains("Gto-Actor") && matches!(refused.status, 400 | 403),
        "{}",
        refused.text()
    );
    let deleting = r#"{"action": "unassign", "artifact": "nlp:churn", "stage": "prod", "undo": "delete"}"#;
    assert!(api(deleting).body.contains("deletes no tags"), "{}", api(deleting).body);
    assert_eq!(repo.git_ok(&["tag"]).matches("#prod#").count(), 4);
}
