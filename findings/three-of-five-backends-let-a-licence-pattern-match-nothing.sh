#!/usr/bin/env bash
# maturin 1.16.0, setuptools 80.9.0, hatchling 1.27.0, flit-core 3.12.0 and pdm-backend 2.4.5, from PyPI; cargo.
#
# `license-files = ["LICENSE", "NOTICE*"]` in a project without a NOTICE. The specification of pyproject.toml (PEP 639) asks build tools
# for an error where a pattern matches no file. flit-core and pdm-backend give it; maturin, setuptools and hatchling make the metadata
# of a wheel with the other file alone, so that a licence whose file was renamed or not made in time goes missing unnoticed.
#
# Output seen:
#   maturin: LICENSE; setuptools: LICENSE; hatchling: LICENSE; flit: refused; pdm: refused
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# cargo itself may be found by the home of whoever runs this.
export PIP_DISABLE_PIP_VERSION_CHECK=1 LC_ALL=C
python3 -m venv venv
venv/bin/pip install --quiet maturin==1.16.0 setuptools==80.9.0 hatchling==1.27.0 flit_core==3.12.0 pdm-backend==2.4.5

mkdir -p project/src project/pk
cd project
printf '[package]\nname = "pk"\nversion = "0.1.0"\nedition = "2021"\n' >Cargo.toml
echo 'fn main() {}' >src/main.rs
touch pk/__init__.py
echo text >LICENSE

# files_of BACKEND [LINES]: the licence files in the metadata of a wheel, or `refused` where the pattern is the reason.
files_of() {
    {
        printf '[build-system]\nrequires = []\nbuild-backend = "%s"\n' "$1"
        printf '[project]\nname = "pk"\nversion = "0.1.0"\nlicense = "MIT"\nlicense-files = ["LICENSE", "NOTICE*"]\n%s' "${2-}"
    } >pyproject.toml
    rm -rf out && mkdir out
    local hook="import importlib; importlib.import_module('$1').prepare_metadata_for_build_wheel('out')"
    if PATH="$work/venv/bin:$PATH" python -c "$hook" >log 2>&1; then
        sed -n 's/^License-File: //p' out/*/METADATA | paste -sd ' '
    elif grep -q 'NOTICE\*' log; then
        echo refused
    else
        cat log >&2
    fi
}
line="maturin: $(files_of maturin $'[tool.maturin]\nbindings = "bin"\n')"
line="$line; setuptools: $(files_of setuptools.build_meta)"
line="$line; hatchling: $(files_of hatchling.build)"
line="$line; flit: $(files_of flit_core.buildapi)"
line="$line; pdm: $(files_of pdm.backend)"
echo "$line"
[ "$line" = "maturin: LICENSE; setuptools: LICENSE; hatchling: LICENSE; flit: refused; pdm: refused" ]
