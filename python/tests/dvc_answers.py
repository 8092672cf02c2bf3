"""What DVC says about artifacts, as JSON: run by a Python that has ``dvc``, once with the Python tool's ``gto`` and once with
ours. Nothing of DVC is replaced. ``dvc_over_our_wheel.py`` compares.

    python dvc_answers.py EMPTY_FOLDER ANSWERS.json
"""

import json
import os
import subprocess
import sys
from pathlib import Path

DVC_YAML = "artifacts:\n  {name}:\n    path: {path}\n    type: model\n    desc: The {name} of this folder\n"


def hermetic(folder):
    """Nothing of the user's: own home, own settings, a fixed identity, no network."""
    home = folder / "home"
    home.mkdir()
    (home / "gitconfig").write_text('[protocol "file"]\n\tallow = always\n')
    os.environ.update(
        HOME=str(home),
        XDG_CACHE_HOME=str(home / "cache"),
        XDG_CONFIG_HOME=str(home / "config"),
        GIT_CONFIG_NOSYSTEM="1",
        GIT_CONFIG_GLOBAL=str(home / "gitconfig"),
        GIT_TERMINAL_PROMPT="0",
        DVC_NO_ANALYTICS="1",
        DVC_STUDIO_TOKEN="",
        DVC_GLOBAL_CONFIG_DIR=str(home / "dvc"),
        DVC_SYSTEM_CONFIG_DIR=str(home / "dvc-system"),
        DVC_SITE_CACHE_DIR=str(home / "site-cache"),
        GIT_AUTHOR_NAME="Ada Tester",
        GIT_AUTHOR_EMAIL="ada@example.com",
        GIT_COMMITTER_NAME="Ada Tester",
        GIT_COMMITTER_EMAIL="ada@example.com",
    )


class Repository:
    """A Git repository with a clock of its own, so that both runs make the same ids."""

    def __init__(self, path):
        self.path = path
        self.now = 1_700_000_000
        path.mkdir()
        self.run("git", "init", "-q", "-b", "main")

    def dvc(self, *arguments, below="."):
        """In this process: importing DVC takes seconds."""
        from dvc.cli import main

        before = os.getcwd()
        os.chdir(self.path / below)
        try:
            assert main([arguments[0], "-q", *arguments[1:]]) == 0, arguments
        finally:
            os.chdir(before)

    def run(self, *command):
        self.now += 60
        times = {"GIT_AUTHOR_DATE": f"{self.now} +0000", "GIT_COMMITTER_DATE": f"{self.now} +0000"}
        return subprocess.run(
            command, cwd=self.path, env={**os.environ, **times}, check=True, capture_output=True, text=True
        )

    def write(self, files):
        for name, text in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self, message):
        self.run("git", "add", "-A")
        self.run("git", "commit", "-q", "-m", message)

    def tag(self, name, target="HEAD"):
        self.run("git", "tag", "-a", name, "-m", f"{name} it is", target)


def build(folder):
    """A DVC repository with an artifact in its root, in a folder, and in a DVC repository of its own below it. Some files are
    kept in Git, some in DVC."""
    repo = Repository(folder / "registry")
    repo.dvc("init")
    (repo.path / "subrepo").mkdir()
    repo.dvc("init", "--subdir", below="subrepo")
    for root in (".", "subrepo"):
        repo.dvc("remote", "add", "-d", "store", str(folder / "store"), below=root)
    for number in (1, 2, 3):
        repo.write(
            {
                "dvc.yaml": DVC_YAML.format(name="root-model", path="models/root.pkl"),
                "models/root.pkl": f"root {number}\n",
                "deep/down/dvc.yaml": DVC_YAML.format(name="deep-model", path="deep.pkl"),
                "deep/down/deep.pkl": f"deep {number}\n",
                "subrepo/dvc.yaml": DVC_YAML.format(name="sub-model", path="sub.pkl"),
                "subrepo/sub.pkl": f"sub {number}\n",
            }
        )
        repo.dvc("add", "deep.pkl", below="deep/down")
        repo.dvc("add", "sub.pkl", below="subrepo")
        repo.dvc("push")
        repo.dvc("push", below="subrepo")
        repo.commit(f"Train {number}")
        for name in ("root-model", "deep/down=deep-model", "subrepo=sub-model"):
            # By number, the second is the highest, and not the newest.
            version = ("v1.0.0", "v10.0.0", "v2.0.0-rc.1")[number - 1]
            repo.tag(f"{name}@{version}")
            repo.tag(f"{name}#dev#{2 * number - 1}")
            if number == 1:
                repo.tag(f"{name}#prod#2")
    repo.tag("root-model@v0.9.0", "HEAD~2")
    repo.tag("not-gto")
    repo.run("git", "tag", "root-model@v3.0.0")
    return repo


def attempt(function, *arguments, **named):
    """What a function returns or raises."""
    try:
        return {"answer": function(*arguments, **named)}
    except Exception as error:
        causes = []
        while error is not None:
            causes.append(f"{type(error).__module__}.{type(error).__name__}: {error}")
            error = error.__cause__
        return {"error": causes}


def get(place, name, flags):
    """The command, in this process, and the file that it brings."""
    from dvc.cli import main

    out = Path("out")
    status = main(["artifacts", "get", "-q", place, name, "-o", str(out), *flags])
    file = out.read_text() if out.exists() else None
    out.unlink(missing_ok=True)
    return {"status": status, "file": file}


def answers(folder):
    import dvc.api
    from dvc.annotations import Artifact
    from dvc.repo import Repo

    repo = build(folder)
    said = {}
    names = ["root-model", "deep/down:deep-model", "deep/down/dvc.yaml:deep-model", "subrepo:sub-model", "no-such", "bad name"]
    selections = [
        {},
        {"version": "v1.0.0"},
        {"version": "v10.0.0"},
        {"version": "v3.0.0"},
        {"version": "v77.0.0"},
        {"stage": "dev"},
        {"stage": "prod"},
        {"stage": "no-such"},
    ]
    places = {"path": str(repo.path), "address": f"file://{repo.path.as_posix()}"}
    for kind, place in places.items():
        for name in names:
            for selection in selections:
                question = f"artifacts_show {kind} {name} {selection}"
                said[question] = attempt(dvc.api.artifacts_show, name, repo=place, **selection)

    os.chdir(repo.path)
    with Repo() as opened:
        for name in names:
            for selection in selections:
                said[f"get_rev {name} {selection}"] = attempt(opened.artifacts.get_rev, name, **selection)
            said[f"get_path {name}"] = attempt(opened.artifacts.get_path, name)
        read = opened.artifacts.read()
        said["read"] = {file: {name: vars(entry) for name, entry in of.items()} for file, of in read.items()}
        for name in ("added-model", "bad name", "x_"):
            added = attempt(opened.artifacts.add, name, Artifact(path="models/root.pkl", type="model"))
            said[f"add {name}"] = repr(added)
    said["dvc.yaml"] = (repo.path / "dvc.yaml").read_text()

    os.chdir(folder)
    for kind, place in places.items():
        for name in (*names[:4], "no-such"):
            for flags in ([], ["--rev", "v1.0.0"], ["--stage", "prod"], ["--stage", "no-such"]):
                said[f"get {kind} {name} {flags}"] = get(place, name, flags)
    return said


if __name__ == "__main__":
    folder, file = (Path(argument).resolve() for argument in sys.argv[1:])
    hermetic(folder)
    text = json.dumps(answers(folder), indent=1, default=str)
    file.write_text(text.replace(str(folder), "FOLDER"))
