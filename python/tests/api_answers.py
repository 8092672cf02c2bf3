"""What the read functions of gto's modules answer about registries, as JSON: run once by a Python with the Python tool's ``gto``
and once by one with ours. ``test_differential.py`` compares.

    python api_answers.py REGISTRIES ANSWERS.json

REGISTRIES is a folder of ``random_registries`` (``crates/gto-testkit/examples``). What the decisions D1, D9, D11, D12 and D13 let
differ is not asked, or (D9) taken out of the answers: see docs/compatibility.md.
"""

import enum
import json
import random
import sys
from collections import OrderedDict
from datetime import datetime
from pathlib import Path

from gto import api, base, tag
from gto.constants import Action, VersionSort
from gto.index import RepoIndexManager
from gto.registry import GitRegistry


def plain(value):
    """The value as JSON, with the types that a caller can tell apart."""
    if isinstance(value, (str, int, float, type(None))):
        return value
    if isinstance(value, datetime):
        return f"datetime {value.isoformat()}" if value.tzinfo else f"naive {value.isoformat()}"
    if isinstance(value, enum.Enum):
        return str(value)
    if isinstance(value, OrderedDict):
        return {"OrderedDict": plain(dict(value))}
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *drop_empty_duplicates([plain(item) for item in value])]
    if isinstance(value, (set, frozenset)):
        return ["set", *sorted(map(plain, value))]
    if hasattr(value, "model_dump"):
        said = {
            "class": f"{type(value).__module__}.{type(value).__name__}",
            "dump": plain(value.model_dump()),
            "repr": None if isinstance(value, base.Artifact) else repr(value).replace("GTOInfo", "").count("="),
            "json": plain(json.loads(value.model_dump_json())),
        }
        if hasattr(value, "dict_state"):
            said["state"] = plain(value.dict_state())
        if hasattr(value, "get_events"):
            # D9: with the empty version comes its commit once more.
            said["events"] = list(dict.fromkeys(event.ref for event in value.get_events()))
            said["ascending"] = list(dict.fromkeys(event.ref for event in value.get_events(ascending=True)))
            said["own"] = [str(event) for event in value.get_events(indirect=False)]
        return said
    raise TypeError(f"{value!r} of {type(value)}")


def drop_empty_duplicates(items):
    """D9: the Python tool takes an assigned commit without a version for two versions. This takes out the empty one."""

    def field(item, name):
        return item.get("dump", item).get(name) if isinstance(item, dict) else None

    def is_empty(item):
        version = field(item, "version")
        state = item.get("state", item)
        by_nothing = state["ref"] == version if "ref" in state else not field(item, "stages")
        return by_nothing and version == field(item, "commit_hexsha")

    versions = [item for item in items if field(item, "version") and field(item, "enrichments") is not None]
    empty = [item for item in versions if is_empty(item)]
    full = [field(item, "version") for item in versions if not is_empty(item)]
    return [item for item in items if item not in empty or field(item, "version") not in full]


def attempt(function, *arguments, **named):
    try:
        return plain(function(*arguments, **named))
    except Exception as error:
        return {"error": [type(error).__name__, str(error)]}


class Questions:
    """Asks about one registry, and keeps the answers."""

    def __init__(self, seed, folder, spec):
        self.repo = str(folder / seed)
        self.spec = spec
        self.chance = random.Random(int(seed))
        self.answers = {}

    def ask(self, function, *arguments, **named):
        said = ", ".join([*map(repr, arguments), *(f"{key}={value!r}" for key, value in named.items())])
        where = function.__module__.removeprefix("gto.")
        self.answers[f"{where}.{function.__name__}({said})"] = attempt(function, self.repo, *arguments, **named)

    def one_of(self, things):
        return self.chance.choice(list(things))

    def names(self):
        return sorted({*self.spec["artifacts"], *self.spec["annotated"], "no-such"})

    def has_long_versions(self):
        return any(len(version) > 7 for of in self.spec["artifacts"].values() for version in of["versions"])

    def registry(self):
        self.ask(api._is_gto_repo)
        self.ask(api._get_state)
        self.ask(api.get_stages)
        self.ask(api.get_stages, allowed=True)
        self.ask(api.show)
        self.ask(api.show, table=True)
        most = self.spec["most_stages"]
        for _ in range(4):
            self.ask(
                api.show,
                # D1
                truncate_hexsha=self.one_of([False, not self.has_long_versions()]),
                registered_only=self.one_of([False, True]),
                deprecated=self.one_of([False, True]),
                # D11: only where the oldest are the newest.
                assignments_per_version=self.one_of([-1, -1, 0, most, 50]),
                versions_per_stage=self.one_of([-1, 0, 1, 2]),
                sort=self.one_of([VersionSort.SemVer, VersionSort.Timestamp, "SemVer"]),
                table=self.one_of([False, True]),
            )

    def artifacts(self):
        for name in self.names():
            about = self.spec["artifacts"].get(name, {"versions": [], "has_unregistered": True})
            self.ask(api.show, name)
            # D9: a row does not tell that it is an empty version's.
            if not about["has_unregistered"]:
                self.ask(api.show, name, table=True, truncate_hexsha=True)
            self.ask(api._show_versions, name, raw=True)
            for _ in range(3):
                self.ask(
                    api.show,
                    name,
                    # D13
                    registered_only=self.one_of([False, not about["has_unregistered"]]),
                    deprecated=self.one_of([False, True]),
                    versions_per_stage=self.one_of([-1, 0, 1, 2]),
                    sort=self.one_of([VersionSort.SemVer, VersionSort.Timestamp]),
                )
            version = self.one_of([*about["versions"], "v77.7.7"])
            stage = self.one_of([*self.spec["stages"], "no-such"])
            for shortcut in ("@latest", "@greatest", f"@{version}", f"#{stage}"):
                self.ask(api.show, name + shortcut)
                self.ask(api.describe, name + shortcut)
            self.ask(api._show_versions, name, ref=self.one_of([*self.spec["commits"], "HEAD", "no-such"]))
            self.ask(api.find_versions_in_stage, name, stage)
            self.ask(api.find_versions_in_stage, name, stage, versions_per_stage=-1, registered_only=True)
            for every in (False, True):
                for registered in (False, True):
                    self.ask(api.find_latest_version, name, all=every, registered=registered)

    def journal(self):
        for named in ({}, {"ascending": True}, {"table": True}, {"truncate_hexsha": True, "table": True}):
            self.ask(api.history, **named)
        self.ask(api.history, self.one_of(self.names()))
        for name in self.chance.sample(self.spec["tags"], min(6, len(self.spec["tags"]))):
            self.ask(api.check_ref, name)
            self.ask(api.check_ref, f"refs/tags/{name}")
        for name in [*self.spec["foreign"], "no-such"]:
            self.ask(api.check_ref, name)
        for name in [*self.spec["tags"], *self.spec["foreign"]]:
            self.answers[f"parse_tag({name!r})"] = attempt(api.parse_tag, name)

    def objects(self):
        """The classes' own questions."""
        state = api._get_state(self.repo)
        said = self.answers
        said["unique stages"] = attempt(lambda: [sorted(of.unique_stages) for of in state.artifacts.values()])
        for name, artifact in state.get_artifacts().items():
            for sort in VersionSort:
                for registered in (False, True):
                    asked = {"registered_only": registered, "sort": sort, "versions_per_stage": -1}
                    said[f"{name} get_vstages({asked})"] = attempt(artifact.get_vstages, **asked)
                asked = {"include_non_explicit": True, "include_discovered": True, "sort": sort}
                said[f"{name} get_versions({asked})"] = attempt(artifact.get_versions, **asked)
            states = [version.dict_state() for version in artifact.versions]
            said[f"{name} sort_versions"] = attempt(base.sort_versions, states, sort="Timestamp", ascending=True)
            said[f"{name} flags"] = [artifact.is_active, artifact.is_registered, artifact.discovered]
            said[f"{name} first"] = attempt(lambda artifact=artifact: artifact.activated_at)

    def managers(self):
        with GitRegistry.from_url(self.repo) as registry:
            said = self.answers
            for name in self.names():
                for sought in ({}, {"action": Action.REGISTER}, {"stage": self.one_of([*self.spec["stages"], "x"])}):
                    found = attempt(
                        lambda name=name, sought=sought: [
                            (found.name, found.target, found.tagger_name, found.tagger_email, found.tag_time,
                             found.tag_time_offset, found.tag_datetime, found.message)
                            for found in tag.find(name=name, scm=registry.scm, **sought)
                        ]
                    )
                    said[f"find({name}, {sought})"] = found
                said[f"name_tag({name})"] = attempt(tag.name_tag, Action.ASSIGN, name, stage="s", scm=registry.scm)
                said[f"which({name})"] = attempt(
                    registry.which, name, self.one_of([*self.spec["stages"], "x"]), False, -1, 2
                )
                said[f"latest({name})"] = attempt(registry.latest, name)
                said[f"find_artifact({name})"] = attempt(registry.find_artifact, name)
                said[f"find_commit({name})"] = attempt(registry.find_commit, name, "v0.0.1")
            said["config"] = {
                key: plain(value) for key, value in registry.config.model_dump().items() if key != "CONFIG_FILE_NAME"
            }
            for where in ("all_commits", "all_branches"):
                said[where] = attempt(self.versions_by_artifact, registry, **{where: True})
        with RepoIndexManager.from_url(self.repo) as manager:
            said["index"] = attempt(manager.get_index)
            commit = self.one_of(self.spec["commits"])
            said[f"index {commit}"] = attempt(manager.get_commit_index, commit)
            said["index history"] = attempt(lambda: dict(sorted(manager.get_history().items())))
            said["index by artifact"] = attempt(
                lambda: {
                    name: dict(sorted(of.items()))
                    for name, of in sorted(manager.artifact_centric_representation().items())
                }
            )

    def versions_by_artifact(self, registry, **where):
        """In an order of its own: the Python tool's is that of a set."""
        artifacts = registry.get_artifacts(**where)
        return {
            name: sorted({version.version for version in artifacts[name].versions}) for name in sorted(artifacts)
        }

    def all(self):
        for part in (self.registry, self.artifacts, self.journal, self.objects, self.managers):
            part()
        return self.answers


def main(folder, file):
    folder = Path(folder)
    registries = json.loads((folder / "registries.json").read_text(encoding="utf8"))
    answers = {seed: Questions(seed, folder, spec).all() for seed, spec in registries.items()}
    Path(file).write_text(json.dumps(answers), encoding="utf8")


if __name__ == "__main__":
    main(*sys.argv[1:])
