"""DVC as it is, with our ``gto`` in place of the Python tool's: it must answer the same.

    python dvc_over_our_wheel.py WHEEL [ENVIRONMENT]

Makes an environment with ``dvc==3.66.1`` (in ``target/dvc``, or in ENVIRONMENT, once), asks it (``dvc_answers.py``) with the
``gto`` that DVC brings, installs the wheel over that, and asks again. Without a network or a fitting Python it says so and
ends with status 77.
"""

import difflib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIREMENTS = ("dvc==3.66.1", "gto==1.10.1")
SKIPPED = 77


def run(*command, **named):
    return subprocess.run([str(part) for part in command], check=True, **named)


def environment(folder):
    """The environment's Python, with DVC in it, and the ``gto`` that it brings: the wheel of a former run lies over that."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = (python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--retries=2")
    try:
        if not python.exists():
            venv.create(folder, with_pip=True)
        run(*pip, *REQUIREMENTS)
        run(*pip, "--no-deps", "--force-reinstall", REQUIREMENTS[1])
    except (OSError, subprocess.CalledProcessError):
        # Half an environment would pass for one the next time.
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return python


def ask(python, folder, name):
    """The answers of one run. Both are in a folder of the same name, which is in DVC's settings and so in the ids of commits."""
    place = folder / "place"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    file = folder / f"answers-{name}.json"
    command = [str(part) for part in (python, "-I", HERE / "dvc_answers.py", place, file)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"dvc_answers.py failed with {name}:\n{done.stdout}{done.stderr}")
    shutil.rmtree(place, ignore_errors=True)
    return file.read_text()


def main(wheel, folder=HERE.parents[1] / "target/dvc"):
    folder = Path(folder).resolve()
    try:
        python = environment(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"DVC: SKIPPED, no environment with it: {error}", file=sys.stderr)
        return SKIPPED
    theirs = ask(python, folder, "theirs")
    run(python, "-m", "pip", "install", "-q", "--no-deps", "--force-reinstall", Path(wheel).resolve())
    ours = ask(python, folder, "ours")
    if ours != theirs:
        print(*difflib.unified_diff(theirs.splitlines(), ours.splitlines(), "theirs", "ours", lineterm=""), sep="\n")
        return 1
    print(f"DVC: {len(json.loads(ours))} answers, the same with our gto")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
