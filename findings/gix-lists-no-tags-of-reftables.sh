#!/usr/bin/env bash
# gix 0.90.0, from crates.io; git 2.45 or newer, for `--ref-format`; cargo.
#
# gix opens a repository whose refs are kept in reftables without an error, and lists no tags: `extensions.refStorage` is passed
# over. What looks like an empty repository is a full one. A program has to look at that setting itself.
#
# Output seen:
#   git: 1 tag, gix: 0 tags, no error
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_NAME=Ann GIT_AUTHOR_EMAIL=ann@example.com GIT_COMMITTER_NAME=Ann GIT_COMMITTER_EMAIL=ann@example.com

git init --quiet --ref-format=reftable "$work/repo"
git -C "$work/repo" commit --quiet --allow-empty -m first
git -C "$work/repo" tag -a -m one one

mkdir -p "$work/program/src"
cat > "$work/program/Cargo.toml" <<'TOML'
[package]
name = "program"
version = "0.0.0"
edition = "2021"

[dependencies]
gix = { version = "=0.90.0", default-features = false, features = ["sha1"] }
TOML
cat > "$work/program/src/main.rs" <<'RUST'
fn main() {
    let path = std::env::args().nth(1).expect("a path");
    let repository = gix::open(path).expect("it opens");
    let references = repository.references().expect("they are there");
    let tags = references.tags().expect("they are listed").filter(|tag| tag.is_ok()).count();
    println!("{tags}");
}
RUST
(cd "$work/program" && cargo build --quiet)
line="git: $(git -C "$work/repo" tag | wc -l | tr -d ' ') tag, gix: $("$work/program/target/debug/program" "$work/repo") tags, no error"
echo "$line"
[ "$line" = "git: 1 tag, gix: 0 tags, no error" ]
