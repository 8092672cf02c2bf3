#!/usr/bin/env bash
# pre-commit 4.7.0, from PyPI; git 2.40 or newer.
#
# `pre-commit autoupdate` writes a tag with `#` in its name into `rev:` as it is. The next run takes what is behind the `#` for a
# comment and keeps it, so that `rev:` then names a tag that does not exist: new tag plus the tail of the old one.
#
# Output seen:
#   first: rev: m#prod#1, second: rev: m#prod#2#prod#1
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pre-commit==4.7.0
export PATH="$work/venv/bin:$PATH" HOME="$work" GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=Ann GIT_AUTHOR_EMAIL=ann@example.com GIT_COMMITTER_NAME=Ann GIT_COMMITTER_EMAIL=ann@example.com

git init --quiet "$work/hooks"
cd "$work/hooks"
printf -- '- id: ok\n  name: ok\n  entry: "true"\n  language: system\n' > .pre-commit-hooks.yaml
git add -A
git commit --quiet -m first
git tag -a -m v1.0.0 v1.0.0

git init --quiet "$work/user"
cd "$work/user"
printf 'repos:\n- repo: %s\n  rev: v1.0.0\n  hooks:\n  - id: ok\n' "$work/hooks" > .pre-commit-config.yaml
git add -A
git commit --quiet -m first

# update TAG: a new commit with that tag over there, and `rev:` here after autoupdate.
update() {
    git -C "$work/hooks" commit --quiet --allow-empty -m "$1"
    git -C "$work/hooks" tag -a -m "$1" "$1"
    pre-commit autoupdate >"$work/log" 2>&1
    grep -o 'rev:.*' .pre-commit-config.yaml
}
first=$(update 'm#prod#1')
line="first: $first, second: $(update 'm#prod#2')"
echo "$line"
[ "$line" = "first: rev: m#prod#1, second: rev: m#prod#2#prod#1" ]
