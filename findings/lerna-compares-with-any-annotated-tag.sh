#!/usr/bin/env bash
# lerna 8.2.4, from npm; Node.js 20, git 2.40 or newer.
#
# `lerna changed` compares with the newest annotated tag of the history, whatever its name, also where `tagVersionPrefix` is set.
# A package that was not released counts as released once somebody tags its commit for another purpose.
#
# Output seen:
#   before the tag: b, after the tag m#prod#1: nothing
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME="$work" GIT_CONFIG_NOSYSTEM=1 NX_DAEMON=false
export GIT_AUTHOR_NAME=Ann GIT_AUTHOR_EMAIL=ann@example.com GIT_COMMITTER_NAME=Ann GIT_COMMITTER_EMAIL=ann@example.com

git init --quiet "$work/repo"
cd "$work/repo"
mkdir -p packages/a packages/b
echo node_modules > .gitignore
echo '{"name":"root","version":"0.0.0","private":true,"workspaces":["packages/*"]}' > package.json
echo '{"version":"1.0.0","packages":["packages/*"],"tagVersionPrefix":"v"}' > lerna.json
echo '{"name":"a","version":"1.0.0"}' > packages/a/package.json
echo '{"name":"b","version":"1.0.0"}' > packages/b/package.json
npm install --silent --no-audit --no-fund --no-save lerna@8.2.4 >"$work/npm.log" 2>&1
git add -A
git commit --quiet -m 'Release 1.0.0'
git tag -a -m v1.0.0 v1.0.0
echo change > packages/b/file
git add -A
git commit --quiet -m 'Change b'

# `lerna changed` exits with 1 if there is nothing to release.
before=$(npx lerna changed --loglevel silent || true)
git tag -a -m 'not a release of a package' 'm#prod#1'
after=$(npx lerna changed --loglevel silent || true)
line="before the tag: ${before:-nothing}, after the tag m#prod#1: ${after:-nothing}"
echo "$line"
[ "$line" = "before the tag: b, after the tag m#prod#1: nothing" ]
