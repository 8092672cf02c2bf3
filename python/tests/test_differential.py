"""The differential test through Python: what the read functions answer about random registries is what the Python tool answers,
with the same types, the same order in dicts, and aware datetimes.

| variable | does |
|---|---|
| `GTO_ORACLE` | a Python that has ``gto==1.10.1`` (``target/oracle/bin/python``) |
| `GTO_REGISTRIES` | a folder that ``random_registries`` filled; without it three registries are made, which needs cargo |
| `GTO_REQUIRE_ORACLE` | `1`: what is missing is a failure, not a skip |
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ENOUGH = 10


def oracle():
    return Path(os.environ.get("GTO_ORACLE", ROOT / "target/oracle/bin/python")).absolute()


def registries(folder):
    """Where they are, or why there are none."""
    if "GTO_REGISTRIES" in os.environ:
        return Path(os.environ["GTO_REGISTRIES"]).resolve()
    cargo = shutil.which("cargo")
    if cargo is None:
        raise unittest.SkipTest("no cargo to make registries with")
    example = ["-p", "gto-testkit", "--example", "random_registries", "--", folder, "1", "3"]
    subprocess.run([cargo, "run", "-q", *example], cwd=ROOT, check=True)
    return Path(folder)


def without_what_is_better(answer):
    """The errors of the Python tool for which we have an answer."""
    if not isinstance(answer, dict) or "error" not in answer:
        return answer
    better = {
        # D9: the commit is there once.
        "Ambiguous naming shortcut: multiple variants found.",
        # Where the commit has no annotation file, nothing is annotated.
        "'NoneType' object has no attribute 'state'",
    }
    return None if answer["error"][1] in better else answer


def differences(theirs, ours, path=""):
    """Where two answers differ first."""
    if type(theirs) is not type(ours):
        yield f"{path}: {theirs!r} is {ours!r}"
    elif isinstance(theirs, dict):
        if list(theirs) != list(ours):
            yield f"{path}: the keys {list(theirs)} are {list(ours)}"
        for key in theirs:
            if key in ours:
                yield from differences(theirs[key], ours[key], f"{path}/{key}")
    elif isinstance(theirs, list):
        if len(theirs) != len(ours):
            yield f"{path}: {len(theirs)} are {len(ours)}"
        for place, (one, other) in enumerate(zip(theirs, ours)):
            yield from differences(one, other, f"{path}[{place}]")
    elif theirs != ours:
        yield f"{path}: {theirs!r} is {ours!r}"


class Differential(unittest.TestCase):
    def test_reads_of_random_registries_answer_as_the_python_tool_does(self):
        try:
            if not oracle().exists():
                raise unittest.SkipTest(f"no oracle: {oracle()} is not there")
            with tempfile.TemporaryDirectory() as folder:
                theirs, ours = self.ask(registries(folder), Path(folder))
        except unittest.SkipTest as reason:
            if os.environ.get("GTO_REQUIRE_ORACLE") == "1":
                self.fail(str(reason))
            raise
        self.compare(theirs, ours)

    def ask(self, where, folder):
        answers = []
        # `-I`: where PYTHONPATH leads to ours, it must not be theirs.
        for name, python in (("theirs", [oracle(), "-I"]), ("ours", [sys.executable])):
            file = folder / f"{name}.json"
            command = [*python, "-W", "ignore", HERE / "api_answers.py", where, file]
            run = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, f"{name}: {run.stderr}")
            answers.append(json.loads(file.read_text(encoding="utf8")))
        return answers

    def compare(self, theirs, ours):
        self.assertEqual(list(theirs), list(ours))
        found = []
        compared = 0
        for seed in theirs:
            self.assertEqual(list(theirs[seed]), list(ours[seed]))
            for question, answer in theirs[seed].items():
                compared += 1
                expected = without_what_is_better(answer)
                if expected is answer or not (ours[seed][question] is None or "class" in ours[seed][question]):
                    here = list(differences(expected, ours[seed][question]))[:3]
                    found += [f"registry {seed}, {question}\n    " + "\n    ".join(here)] if here else []
        print(f"differential: {len(theirs)} registries, {compared} answers, {len(found)} differ", file=sys.stderr)
        self.assertEqual(found[:ENOUGH], [], f"{len(found)} answers differ: \n" + "\n".join(found[:ENOUGH]))


if __name__ == "__main__":
    unittest.main()
