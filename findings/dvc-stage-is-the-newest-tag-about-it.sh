#!/usr/bin/env bash
# dvc 3.67.0 with gto 1.10.1 (Python), from PyPI; git 2.40 or newer.
#
# `dvc artifacts get --stage` takes the version of the newest tag that names the stage, also if that tag is an unassignment.
# After `prod` of v2 was taken back, `gto show` has v1 in prod, and dvc downloads v2. A stage that nothing is in gives a file, too.
#
# Output seen:
#   gto: v1.0.0, dvc: v2.0.0; of the emptied stage dvc takes v1.0.0
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check dvc==3.67.0 gto==1.10.1 click==8.2.1
export PATH="$work/venv/bin:$PATH" HOME="$work" GIT_CONFIG_NOSYSTEM=1 DVC_NO_ANALYTICS=1
export GIT_AUTHOR_NAME=Ann GIT_AUTHOR_EMAIL=ann@example.com GIT_COMMITTER_NAME=Ann GIT_COMMITTER_EMAIL=ann@example.com

git init --quiet "$work/repo"
cd "$work/repo"
dvc init --quiet
printf 'artifacts:\n  m:\n    path: model.txt\n' > dvc.yaml
seconds=1700000000
# tag NAME: an annotated tag, a minute after the one before.
tag() {
    seconds=$((seconds + 60))
    GIT_COMMITTER_DATE="@$seconds +0000" git tag -a -m "$1" "$1"
}
for version in v1.0.0 v2.0.0; do
    echo "$version" > model.txt
    git add -A
    git commit --quiet -m "$version"
    tag "m@$version"
    tag "m#prod#${version:1:1}"
done
tag 'm#prod!#3'
in_stage=$(gto show 'm#prod' --json 2>/dev/null | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["version"])')
dvc artifacts get --quiet . m --stage prod --out "$work/got"
after_one=$(cat "$work/got")

git checkout --quiet m@v1.0.0
tag 'm#prod!#4'
dvc artifacts get --quiet . m --stage prod --out "$work/got2"
line="gto: $in_stage, dvc: $after_one; of the emptied stage dvc takes $(cat "$work/got2")"
echo "$line"
[ "$line" = "gto: v1.0.0, dvc: v2.0.0; of the emptied stage dvc takes v1.0.0" ]
