"""Prints what DVC reads of the artifacts below the current folder, as JSON by the path of each `dvc.yaml`."""
import json
import os
import sys

from dvc.repo import Repo
found = {}
for root, dirs, files in os.walk("."):
    dirs[:] = [name for name in dirs if name != ".git"]
    if root != "." and ".dvc" not in os.listdir(root):
        continue
    with Repo(root, uninitialized=True) as repo:
        top = os.path.relpath(repo.root_dir, os.getcwd())
        for path, artifacts in repo.artifacts.read().items():
            fields = lambda artifact: {key: getattr(artifact, key) for key in ("path", "desc", "type", "labels", "meta")}
            path = os.path.normpath(os.path.join(top, path))
            found[path] = {name: fields(artifact) for name, artifact in artifacts.items()}
json.dump(found, sys.stdout, default=str, indent=1, sort_keys=True)
