//! What a shell makes of what is typed, when it has loaded the script that `gto completions` prints.
//!
//! Real shells complete real keystrokes, since each cuts words in its own way. The completed line then runs `say`,
//! which prints the words that the shell made of it. Must not ask `gto` for candidates by itself.

#![cfg(unix)]

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

/// Prints its words, one a line.
const SAY: &str = r#"say() { printf "<%s>\n" "$@"; }"#;

/// Runs the script that a line makes in a shell, for all of [`TYPED`]; false if there is no such shell.
fn completes(shell: &str, arguments: &[&str], script: impl Fn(&str) -> String) -> bool {
    if !Command::new(shell).args(["-c", "exit"]).status().is_ok_and(|status| status.success()) {
        skip(&format!("{shell} is not installed"));
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
