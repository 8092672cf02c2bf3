//! What a shell makes of what is typed, when it has loaded the script that `gto completions` prints.
//!
//! Real shells complete real keystrokes, since each cuts words in its own way. The completed line then runs `say`,
//! which prints the words that the shell made of it. Must not ask `gto` for candidates by itself.

#![cfg(unix)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::registry;
use gto_testkit::skip;

/// Typed before the tabulator, and the words of the line that comes out.
const TYPED: [(&str, &[&str]); 13] = [
    ("show m@v0.0", &["show", "m@v0.0.1"]),
    ("show m@v0", &["show", "m@v0."]),
    ("show cv:p", &["show", "cv:pets"]),
    ("show cv:pets@v", &["show", "cv:pets@v1.0.0"]),
    ("show m#p", &["show", "m#prod"]),
    // It is in no stage.
    ("show model#p", &["show", "model#p"]),
    ("show nobody@qq", &["show", "nobody@qq"]),
    ("check-ref m@v0.0", &["check-ref", "m@v0.0.1"]),
    ("assign m --version=v0.0", &["assign", "m", "--version=v0.0.1"]),
    ("show -r '../repo' m@v0.0", &["show", "-r", "../repo", "m@v0.0.1"]),
    ("regis", &["register"]),
    // Flags are offered where one is begun, and do not stand beside the one version that fits.
    ("show --js", &["show", "--json"]),
    ("deprecate cv:pets ", &["deprecate", "cv:pets", "v1.0.0"]),
];

#[test]
fn bash_completes_words_that_it_cuts_at_special_characters() {
    for settings in ["", "shopt -u hostcomplete", "COMP_WORDBREAKS=${COMP_WORDBREAKS//[@:=]/}"] {
        let setup = format!("source <(gto completions bash)\ncomplete -F _gto say\n{settings}");
        if !completes("bash", &["--norc", "-i"], |typed| format!("{setup}\n{SAY}\nsay {typed}\t\n")) {
            return;
        }
    }
}

#[test]
fn zsh_completes_at_the_first_time() {
    // Only a terminal makes zsh edit lines, and its own module has one.
    let script = |typed: &str| {
        let typed = typed.replace('\'', r"\'");
        format!(
            "gto completions zsh > _gto\n\
             zmodload zsh/zpty\n\
             zpty shell zsh -f -i\n\
             zpty -w shell 'fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; compdef say=gto'\n\
             zpty -w shell '{SAY}'\n\
             zpty -w shell $'say {typed}\\t'\n\
             zpty -w shell exit\n\
             while zpty -r shell line; do print -rn -- $line; done\n"
        )
    };
    completes("zsh", &["-f"], script);
}

/// Arguments before the word that is completed, with what is offered where nothing of it is typed.
const OFFERED: [(&[&str], &[&str]); 8] = [
    (&[], &["show", "history", "compare"]),
    (&["show"], &["cv:pets", "m", "model"]),
    (&["history"], &["cv:pets", "m", "model"]),
    (&["log"], &["cv:pets", "m", "model"]),
    (&["assign", "m", "--version"], &["v0.0.1", "v0.1.0"]),
    (&["assign", "m", "--stage"], &["prod"]),
    (&["unassign", "m"], &["prod"]),
    (&["deregister", "model"], &["v2.0.0"]),
];

/// What a shell offers for the last word: one word a line, and a line of `==` after each question.
fn offers(shell: &str, arguments: &[&str], preparation: &str) {
    if !is_there(shell) {
        return;
    }
    let repo = registry(&["m@v0.0.1", "m@v0.1.0", "cv=pets@v1.0.0", "m#prod#1", "model@v2.0.0"]);
    let mut script = format!("{preparation}\n");
    for (before, _) in OFFERED {
        for last in ["''", "-"] {
            let _ = writeln!(script, "list gto {} {last}", before.join(" "));
        }
    }
    let said = output_of(repo.command(shell).args(arguments), &script);
    let mut answers = said.split("==\n");
    for (before, wanted) in OFFERED {
        let mut lines = || answers.next().unwrap_or_default().lines().collect::<Vec<_>>();
        let (offered, flags) = (lines(), lines());
        assert!(offered.iter().all(|word| !word.starts_with('-')), "{shell}: {before:?}: {offered:?}");
        assert_eq!(offered.get(..wanted.len()), Some(wanted), "{shell}: {before:?}: {said}");
        assert!(flags.iter().all(|word| word.starts_with('-')), "{shell}: {before:?}: {flags:?}");
        let takes_flag = !before.last().is_some_and(|word| word.starts_with("--"));
        assert_eq!(flags.is_empty(), !takes_flag, "{shell}: {before:?}: {flags:?}");
    }
}

#[test]
fn bash_offers_what_fits_the_place_and_flags_only_where_one_is_begun() {
    let list = "COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMP_LINE=\"$*\"; COMP_POINT=${#COMP_LINE}; COMPREPLY=()\n\
                _gto; ((${#COMPREPLY[@]})) && printf '%s\\n' \"${COMPREPLY[@]}\"; echo ==";
    offers("bash", &["--norc"], &format!("source <(gto completions bash)\nlist() {{ {list}\n}}"));
}

#[test]
fn zsh_offers_what_fits_the_place_and_flags_only_where_one_is_begun() {
    // In place of what shows them; each is `value` or `value:description`, with a colon of its own escaped.
    let describe = r"_describe() { local each; for each in ${(P)3}; do print -r -- ${${${each//\\:/$'\1'}%%:*}//$'\1'/:}; done }";
    let list = "words=(\"$@\"); CURRENT=$#; _gto; print -r -- '=='";
    let preparation =
        format!("{describe}\ncompdef() {{ : }}\nsource <(gto completions zsh)\nlist() {{ {list} }}");
    offers("zsh", &["-f"], &preparation);
}

#[test]
fn fish_offers_what_fits_the_place_and_flags_only_where_one_is_begun() {
    let list = "complete -C \"$argv\" | string replace -r '\\t.*' ''; echo ==";
    offers("fish", &["--no-config"], &format!("gto completions fish | source\nfunction list; {list}; end"));
}

/// The lines that the help gives under this word of its part about installing.
fn install_lines(of: &str) -> String {
    let help = crate::common::gto(&registry(&[]), "completions --help").ok().out();
    let lines = help.lines().skip_while(|line| line.trim() != of && !line.starts_with(&format!("  {of} (")));
    let lines: Vec<&str> = lines.skip(1).map_while(|line| line.strip_prefix("    ")).collect();
    assert!(!lines.is_empty(), "{help}");
    lines.join("\n")
}

/// In a home folder that is empty: what this shell says after `lines` were typed and the shell was started anew for `question`.
fn installed(lines: &str, shell: &str, question: &[&str]) -> String {
    let mut repo = registry(&["m@v0.0.1"]);
    std::fs::remove_dir_all(repo.sandbox().home().join("config")).expect("it is empty");
    repo.sandbox_mut().remove_env("XDG_CONFIG_HOME");
    let mut sh = repo.command("sh");
    let install = output_of(sh.arg("-e"), &format!("{lines}\necho installed\n"));
    assert_eq!(install, "installed\n", "{lines}");
    output_of(repo.command(shell).args(question), "")
}

#[test]
fn the_install_lines_work_on_an_empty_home() {
    if is_there("bash") {
        let said = installed(&install_lines("bash, without it"), "bash", &["-ic", "complete -p gto"]);
        assert!(said.contains("-F _gto gto"), "{said}");
        let package = "/usr/share/bash-completion/bash_completion";
        if Path::new(package).exists() {
            let load = format!("source {package}; _comp_load gto || _completion_loader gto; complete -p gto");
            let said =
                installed(&install_lines("bash, with the package bash-completion"), "bash", &["-c", &load]);
            assert!(said.contains("-F _gto gto"), "{said}");
        } else {
            skip("bash-completion is not installed");
        }
    }
    if is_there("zsh") {
        let said = installed(&install_lines("zsh"), "zsh", &["-ic", "print $_comps[gto]"]);
        assert_eq!(said.trim(), "_gto");
    }
    if is_there("fish") {
        let said = installed(&install_lines("fish"), "fish", &["-c", "complete -C 'gto show '"]);
        assert_eq!(said.lines().next(), Some("m"), "{said}");
    }
}

#[test]
fn the_man_pages_are_found_where_the_install_page_puts_them() {
    if !is_there("man") {
        return;
    }
    // An archive has them in `man`, a clone in `docs/man`.
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let page = std::fs::read_to_string(docs.join("guides/installing.md")).expect("it is there");
    let block = page.split("```sh\n").find(|block| block.contains("share/man/man1")).expect("it says where");
    let lines = block.split("```").next().unwrap_or_default();
    let repo = registry(&[]);
    let mut sh = repo.command("sh");
    let said = output_of(
        sh.arg("-e").current_dir(&docs),
        &format!("{lines}\nman -w gto-show gto gto-exit-status\n"),
    );
    let names: Vec<&str> = said.lines().filter_map(|line| line.rsplit('/').next()).collect();
    assert_eq!(names, ["gto-show.1", "gto.1", "gto-exit-status.7"], "{said}");
}

/// Whether a shell is installed; else the test is skipped in sight.
fn is_there(shell: &str) -> bool {
    let is_there = Command::new(shell).arg("--version").output().is_ok_and(|output| output.status.success());
    if !is_there {
        skip(&format!("{shell} is not installed"));
    }
    is_there
}

/// Prints its words, one a line.
const SAY: &str = r#"say() { printf "<%s>\n" "$@"; }"#;

/// Runs the script that a line makes in a shell, for all of [`TYPED`]; false if there is no such shell.
fn completes(shell: &str, arguments: &[&str], script: impl Fn(&str) -> String) -> bool {
    if !is_there(shell) {
        return false;
    }
    let repo = registry(&["m@v0.0.1", "m@v0.1.0", "cv=pets@v1.0.0", "m#prod#1", "model@v2.0.0"]);
    for (typed, words) in TYPED {
        let said = output_of(repo.command(shell).args(arguments), &script(typed));
        let said: Vec<&str> =
            said.lines().filter_map(|line| line.trim_end().strip_prefix('<')?.strip_suffix('>')).collect();
        assert_eq!(said, words, "{shell}: {typed}");
    }
    true
}

/// What a shell prints that reads these lines. It finds our `gto` first, and no settings of anybody's.
fn output_of(shell: &mut Command, lines: &str) -> String {
    let bin = Path::new(env!("CARGO_BIN_EXE_gto")).parent().expect("the binary lies in a folder");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("PATH finds git"));
    let shell = shell.env("PATH", path).env("INPUTRC", "/dev/null").env("TERM", "dumb");
    let shell = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = shell.spawn().expect("the shell is installed");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(lines.as_bytes()).expect("the shell reads to the end");
    drop(stdin);
    let output = child.wait_with_output().expect("the shell ends");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
