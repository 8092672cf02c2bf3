#!/usr/bin/env bash
# dotenv 18.0.10, from npm, beside python-dotenv 1.2.2, from PyPI; Node 18 or newer, Python 3.10 or newer.
#
# In a value without quotes, dotenv for Node takes every `#` for the beginning of a comment, also within a word; dotenv for Python
# wants a blank before it. So one file of variables names two tags: of `m@v1.0.0#2`, Node gets `m@v1.0.0`, which is a tag too.
# A dotenv report of GitLab has no quotes.
#
# Output seen:
#   Node: m and m@v1.0.0, Python: m#prod#1 and m@v1.0.0#2
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HOME="$work"
npm install --silent --no-audit --no-fund --prefix "$work" dotenv@18.0.10
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-dotenv==1.2.2

printf 'STAGE_TAG=m#prod#1\nVERSION_TAG=m@v1.0.0#2\n' > gto.env
node=$(node -e '
const { parsed } = require("dotenv").config({ path: "gto.env", quiet: true });
console.log(`${parsed.STAGE_TAG} and ${parsed.VERSION_TAG}`);
')
python=$(venv/bin/python -c '
from dotenv import dotenv_values
print(*dotenv_values("gto.env").values(), sep=" and ")
')
line="Node: $node, Python: $python"
echo "$line"
[ "$line" = "Node: m and m@v1.0.0, Python: m#prod#1 and m@v1.0.0#2" ]
