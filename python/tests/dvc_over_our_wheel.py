"""DVC as it is, with our ``gto`` in place of the Python tool's: it must answer the same.

    python dvc_over_our_wheel.py WHEEL [ENVIRONMENT]

Makes an environment with ``dvc==3.66.1`` (in ``target/dvc``, or in ENVIRONMENT, once), asks it (``dvc_answers.py``) with the
``gto`` that DVC brings, installs the wheel over that, and asks again. Without a network or a fitting Python it says so and
ends with status 77.
"""

import difflib
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIREMENTS = ("dvc==3.66.1", "gto==1.10.1")
SKIPPED = 77


def run(*command, **named):
    return subprocess.run([str(part) for part in command], check=True, **named)


def environment(folder):
    """The environment's Python, with DVC in it."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True)
    run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--retries=2", *REQUIREMENTS)
    return python


def ask(python, folder, name):
    """The answers of one run, in an empty folder of the same name."""
    with tempfile.TemporaryDirectory(prefix="gto-dvc-") as place:
        file = folder / f"answers-{name}.json"
        said = run_quietly(python, HERE / "dvc_answers.py", place, file)
        if said.returncode != 0:
            sys.exit(f"dvc_answers.py failed with {name}:\n{said.stdout}{said.stderr}")
        return file.read_text()


def run_quietly(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def main(wheel, folder=HERE.parents[1] / "target/dvc"):
    folder = Path(folder).resolve()
    try:
        python = environment(folder)
        # The wheel of a former run lies over it.
        run(python, "-m", "pip", "install", "-q", "--no-deps", "--force-reinstall", "gto==1.10.1")
    except subprocess.CalledProcessError as error:
        print(f"skipped: no environment with DVC: {error}", file=sys.stderr)
        return SKIPPED
    theirs = ask(python, folder, "theirs")
    run(python, "-m", "pip", "install", "-q", "--no-deps", "--force-reinstall", Path(wheel).resolve())
    ours = ask(python, folder, "ours")
    if ours != theirs:
        lines = difflib.unified_diff(theirs.splitlines(), ours.splitlines(), "theirs", "ours", lineterm="")
        print("\n".join(lines))
        return 1
    answers = json.loads(ours)
    print(f"DVC: {len(answers)} answers, the same with our gto")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
