#!/usr/bin/env bash
# pip 26.0 and uv 0.9.7, from PyPI; setuptools 80.9.0; git 2.40 or newer.
#
# No spelling of `git+URL@REF` installs from a tag `m@v1.0.0`. pip decodes the address first and then splits it at the last `@`, so
# that it asks for the repository `repo@m`, with `%40` too; uv splits there first and decodes nothing, and asks for the tags `v1.0.0`
# (of `repo@m`) and `m%40v1.0.0`. By the commit's id, both take the package.
#
# Output seen:
#   pip: repo@m and repo@m, uv: tag v1.0.0 and tag m%40v1.0.0, by commit: yes and yes
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HOME="$work" GIT_CONFIG_NOSYSTEM=1 UV_CACHE_DIR="$work/cache" PIP_DISABLE_PIP_VERSION_CHECK=1 LC_ALL=C
export GIT_AUTHOR_NAME=Ann GIT_AUTHOR_EMAIL=ann@example.com GIT_COMMITTER_NAME=Ann GIT_COMMITTER_EMAIL=ann@example.com
python3 -m venv venv
venv/bin/pip install --quiet pip==26.0 uv==0.9.7 setuptools==80.9.0

git init --quiet repo
mkdir repo/pk
touch repo/pk/__init__.py
printf '[project]\nname = "pk"\nversion = "0.1"\n' > repo/pyproject.toml
git -C repo add -A
git -C repo commit --quiet -m first
git -C repo tag -a -m m@v1.0.0 m@v1.0.0

# asked TOOL REF: the repository or tag that the tool asks for, or `yes` if it takes the package.
asked() {
    local requirement="pk @ git+file://$work/repo@$2" run
    case $1 in
    pip) run=(venv/bin/pip download --quiet --no-deps --no-build-isolation --dest out "$requirement") ;;
    uv) run=(venv/bin/uv pip compile --quiet --no-header -) ;;
    esac
    if "${run[@]}" <<<"$requirement" >log 2>&1; then
        echo yes
    else
        case $1 in
        pip) grep -oE 'repo@[^ ]+' log ;;
        uv) grep -oE 'branch or tag `[^`]+' log | sed 's/.*`/tag /' ;;
        esac | head -1
    fi
}
commit=$(git -C repo rev-parse HEAD)
line="pip: $(asked pip m@v1.0.0) and $(asked pip m%40v1.0.0)"
line="$line, uv: $(asked uv m@v1.0.0) and $(asked uv m%40v1.0.0)"
line="$line, by commit: $(asked pip "$commit") and $(asked uv "$commit")"
echo "$line"
[ "$line" = "pip: repo@m and repo@m, uv: tag v1.0.0 and tag m%40v1.0.0, by commit: yes and yes" ]
