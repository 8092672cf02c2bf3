"""What :class:`gto.Registry` answers: immutable values with named fields.

Owns the fields, their order and their types, and how a value is shown. Decides nothing: the values are made from what
the engine says. They can be compared, hashed, pickled, and handed to other threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gto._results.record import FrozenDict, Record
from gto._tables import short as _short


@dataclass(frozen=True)
class Annotation(Record):
    """The annotation of an artifact in ``dvc.yaml`` or ``artifacts.yaml``. The text comes from the author of the
    file."""

    __slots__ = ("custom", "description", "labels", "path", "source", "type")

    #: Its type, such as ``model`` or ``dataset``; ``None`` if it has none.
    type: str | None
    #: The path of its file or folder.
    path: str | None
    description: str | None
    labels: tuple[str, ...]
    #: Custom data, as in the file.
    custom: Any
    #: The kind of file: ``"dvc"`` for ``dvc.yaml``, ``"gto"`` for ``artifacts.yaml``.
    source: str

    def __hash__(self) -> int:
        return hash((self.type, self.path, self.description, self.labels, self.source))

    @classmethod
    def _of(cls, said: Mapping[str, Any]) -> Annotation:
        return cls(**{**said, "labels": tuple(said["labels"])})


@dataclass(frozen=True)
class Description(Record):
    """An artifact's type, path, labels and description: at a version, at a commit, or in the work tree. The text comes
    from the authors of the files."""

    __slots__ = (
        "artifact",
        "commit",
        "custom",
        "description",
        "file",
        "labels",
        "path",
        "source",
        "type",
        "version",
    )

    artifact: str
    #: The requested version; ``None`` if none was.
    version: str | None
    #: The commit of the file; ``None`` for the work tree.
    commit: str | None
    #: As in :class:`Annotation`.
    source: str
    #: The file with the annotation, relative to the root of the repository.
    file: str
    type: str | None
    #: The path of its file or folder, relative to the root of the repository, or a URL.
    path: str | None
    description: str
    labels: tuple[str, ...]
    custom: Any

    def __hash__(self) -> int:
        return hash((self.artifact, self.version, self.commit, self.file, self.type, self.path, self.labels))

    @classmethod
    def _of(cls, said: Mapping[str, Any]) -> Description:
        return cls(**{**said, "labels": tuple(said["labels"])})


@dataclass(frozen=True, repr=False)
class Located(Record):
    """The version that a reference such as ``model#prod`` resolves to, and its commit."""

    __slots__ = ("artifact", "commit", "ref", "stage", "version")

    artifact: str
    #: Its name; the commit's id if none is registered; ``None`` for a tag that deprecates the artifact.
    version: str | None
    #: The stage, if one was requested.
    stage: str | None
    commit: str
    #: The tag that registered it, or the given tag; the commit if there is neither.
    ref: str

    def __repr__(self) -> str:
        stage = f" in {self.stage}" if self.stage else ""
        return f"<Located {self.artifact} {_short(self.version or '')}{stage} at {_short(self.commit)}>"


@dataclass(frozen=True, repr=False)
class Assignment(Record):
    """The assignment of a version to a stage, with its author."""

    __slots__ = ("artifact", "author", "author_email", "created_at", "message", "stage", "tag", "version")

    artifact: str
    stage: str
    version: str
    tag: str
    #: The time of the tag; aware.
    created_at: datetime
    author: str
    author_email: str
    message: str

    def __repr__(self) -> str:
        return f"<Assignment of {self.artifact} {_short(self.version)} to {self.stage}>"


@dataclass(frozen=True, repr=False)
class Version(Record):
    """A version of an artifact: a name, such as ``v1.2.3``, for one commit. ``str()`` gives the name."""

    __slots__ = (
        "active",
        "annotation",
        "artifact",
        "assignments",
        "author",
        "author_email",
        "commit",
        "created_at",
        "message",
        "registered",
        "tag",
        "version",
    )

    artifact: str
    #: Its name; the commit's id for an unregistered commit in a stage.
    version: str
    commit: str
    #: The time of its last registration, or else of its first event; aware.
    created_at: datetime | None
    author: str | None
    author_email: str | None
    message: str | None
    #: The tag that registers it, or the commit if there is none.
    tag: str | None
    #: Whether it is active: not deregistered.
    active: bool
    #: Whether it has a version name.
    registered: bool
    #: Its assignments to stages.
    assignments: tuple[Assignment, ...]
    #: The artifact's annotation in its commit.
    annotation: Annotation | None

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of its stages."""
        return tuple(assignment.stage for assignment in self.assignments)

    def __str__(self) -> str:
        return self.version

    def __repr__(self) -> str:
        stages = f" in {', '.join(self.stages)}" if self.assignments else ""
        return f"<Version {self.artifact} {_short(self.version)}{stages} at {_short(self.commit)}>"

    @classmethod
    def _of(cls, version: Mapping[str, Any]) -> Version:
        assignments = tuple(Assignment(**found) for found in version["assignments"])
        annotation = version["annotation"] and Annotation._of(version["annotation"])
        return cls(**{**version, "assignments": assignments, "annotation": annotation})

    def _row(self) -> dict[str, Any]:
        row = self.as_dict()
        annotation = row.pop("annotation") or {}
        row["assignments"] = ", ".join(self.stages)
        row = {"stages" if key == "assignments" else key: value for key, value in row.items()}
        return {**row, "type": annotation.get("type"), "path": annotation.get("path")}

    _COLUMNS = ("artifact", "version", "stages", "created_at", "author", "message", "commit")


@dataclass(frozen=True, repr=False)
class ArtifactSummary(Record):
    """A row of the registry's table."""

    __slots__ = ("active", "latest", "name", "registered", "stages")

    name: str
    #: The highest active version; ``None`` if there is none.
    latest: str | None
    #: For each stage of the registry, the versions in it, the effective one first.
    stages: Mapping[str, tuple[str, ...]]
    #: Whether it has a tag; otherwise it is only annotated.
    registered: bool
    #: Whether it is active: not deprecated.
    active: bool

    def __hash__(self) -> int:
        return hash((self.name, self.latest, self.registered, self.active))

    def __repr__(self) -> str:
        stages = "".join(f" {stage}={_short(found[0])}" for stage, found in self.stages.items() if found)
        return f"<{self.name}{'' if self.active else ' (deprecated)'} latest={self.latest}{stages}>"

    def _row(self) -> dict[str, Any]:
        # A stage may be called `name`.
        stages = {f"#{stage}": ", ".join(found) or None for stage, found in self.stages.items()}
        return {"name": self.name, "latest": self.latest, **stages}

    @classmethod
    def _of(cls, artifact: Mapping[str, Any]) -> ArtifactSummary:
        stages = {stage: tuple(versions) for stage, versions in artifact["stages"].items()}
        return cls(**{**artifact, "stages": FrozenDict(stages)})


@dataclass(frozen=True, repr=False)
class Event(Record):
    """An event of an artifact: one tag."""

    __slots__ = (
        "artifact",
        "author",
        "author_email",
        "commit",
        "created_at",
        "event",
        "message",
        "stage",
        "tag",
        "version",
    )

    #: The time of the tag; aware.
    created_at: datetime
    artifact: str
    #: ``registration``, ``deregistration``, ``assignment``, ``unassignment`` or ``deprecation``.
    event: str
    #: ``None`` for a deprecation.
    version: str | None
    #: ``None`` if the event has no stage.
    stage: str | None
    commit: str
    author: str
    author_email: str
    message: str
    tag: str

    def __repr__(self) -> str:
        about = " ".join(word for word in (self.artifact, _short(self.version or ""), self.stage) if word)
        return f"<{self.event} of {about} at {self.created_at:%Y-%m-%d %H:%M:%S%z}>"

    @classmethod
    def _of(cls, event: Mapping[str, Any]) -> Event:
        return cls(**event)
