"""The results of :class:`gto.Registry`: immutable values with named fields.

Defines the fields, their order and types, and their display. The values come from the engine. They can be compared,
hashed, pickled, and passed to other threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar, overload

from gto import _tables
from gto._tables import short as _short

_T = TypeVar("_T")
_R = TypeVar("_R", bound="Record")


class Record:
    """The base of all results: immutable values, equal if all their fields are."""

    __slots__ = ()

    def as_dict(self) -> dict[str, Any]:
        """The fields by name; nested results are ``dict`` too. Times stay ``datetime``."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]

    def _row(self) -> dict[str, Any]:
        """The cells of its row in a pandas table."""
        return self.as_dict()

    def to_json(self, *, indent: int | None = None) -> str:
        """The same as JSON, with times in the form ``2026-11-24T05:39:01+00:00``."""
        return _json(self.as_dict(), indent)

    # Python 3.9 cannot make a frozen object with slots again from its fields one by one.
    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]


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
    def _of(cls, source: str, entry: Mapping[str, Any]) -> Annotation:
        custom, description = (
            entry.get("custom", entry.get("meta")),
            entry.get("description", entry.get("desc")),
        )
        labels = tuple(entry.get("labels") or ())
        return cls(entry.get("type"), entry.get("path"), description, labels, custom, source)


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
class AnnotationReport(Record):
    """The result of a change to annotations, or of its ``dry_run``."""

    __slots__ = ("commit", "dry_run", "files", "lines")

    #: Whether this was a dry run.
    dry_run: bool
    #: The changed files, relative to the root of the repository; none if nothing changed.
    files: tuple[str, ...]
    #: The new commit; ``None`` if there is none.
    commit: str | None
    #: The output of the command ``gto`` about it.
    lines: tuple[str, ...]

    @classmethod
    def _of(cls, done: Mapping[str, Any], dry_run: bool) -> AnnotationReport:
        return cls(dry_run, tuple(done["files"]), done["commit"], tuple(done["lines"]))

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def __repr__(self) -> str:
        would = "would change" if self.dry_run else "changed"
        commit = f" in commit {_short(self.commit)}" if self.commit else ""
        what = f"{would} {', '.join(self.files)}{commit}" if self.files else "nothing to do"
        return f"<AnnotationReport: {what}>"


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

    @classmethod
    def _of(cls, stage: Mapping[str, Any]) -> Assignment:
        return cls(
            stage["artifact"],
            stage["stage"],
            stage["version"],
            stage["ref"],
            stage["created_at"],
            stage["author"],
            stage["author_email"],
            stage["message"],
        )


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
        entries = [entry for commit in version["enrichments"] for entry in commit["enrichments"]]
        # If several files have the artifact, the effective entry comes last.
        nearest = Annotation._of(entries[-1]["source"], entries[-1]["artifact"]) if entries else None
        return cls(
            version["artifact"],
            version["version"],
            version["commit_hexsha"],
            version["created_at"],
            version["author"],
            version["author_email"],
            version["message"],
            version["ref"],
            version["is_active"],
            not version["discovered"],
            tuple(map(Assignment._of, version["stages"])),
            nearest,
        )

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
        return cls(
            artifact["name"],
            artifact["latest"],
            _FrozenDict(stages),
            artifact["registered"],
            artifact["active"],
        )


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
    def _of(cls, entry: Mapping[str, Any]) -> Event:
        # The history and `check_ref` have different names for these three.
        return cls(
            entry["timestamp"] if "timestamp" in entry else entry["created_at"],
            entry["artifact"],
            entry["event"],
            entry.get("version"),
            entry.get("stage"),
            entry["commit"] if "commit" in entry else entry["commit_hexsha"],
            entry["author"],
            entry["author_email"],
            entry["message"],
            entry["ref"] if "ref" in entry else entry["tag"],
        )


@dataclass(frozen=True, repr=False)
class TagChange(Record):
    """A tag that a write creates or deletes."""

    __slots__ = (
        "action",
        "artifact",
        "author",
        "author_email",
        "created_at",
        "event",
        "message",
        "pushed",
        "stage",
        "tag",
        "target",
        "version",
    )

    #: ``create`` or ``delete``.
    action: str
    tag: str
    #: The commit of a new tag, or the target of a deleted one.
    target: str
    pushed: bool
    #: As in :class:`Event`; this and the following fields are ``None`` for a deleted tag.
    event: str | None
    artifact: str | None
    version: str | None
    stage: str | None
    message: str | None
    author: str | None
    author_email: str | None
    created_at: datetime | None

    def __repr__(self) -> str:
        return f"<{self.action} {self.tag} on {_short(self.target)}{' (pushed)' if self.pushed else ''}>"

    @classmethod
    def _of(cls, tag: Mapping[str, Any]) -> TagChange:
        return cls(
            tag["action"],
            tag["tag"],
            tag["target"],
            tag["pushed"],
            tag.get("event"),
            tag.get("artifact"),
            tag.get("version"),
            tag.get("stage"),
            tag.get("message"),
            tag.get("author"),
            tag.get("author_email"),
            tag.get("created_at"),
        )

    _COLUMNS = ("action", "tag", "event", "version", "stage", "target", "pushed")


@dataclass(frozen=True, repr=False)
class WriteReport(Record):
    """The result of a write, or of its ``dry_run``."""

    __slots__ = ("dry_run", "lines", "pushed", "remote", "tags")

    #: Whether this was a dry run.
    dry_run: bool
    pushed: bool
    #: The remote; ``None`` without a push.
    remote: str | None
    #: In the order of the output.
    tags: tuple[TagChange, ...]
    #: The output of the command ``gto`` about it.
    lines: tuple[str, ...]

    @property
    def tag(self) -> str | None:
        """The last tag that was created or deleted: for an assignment that first registers a version, the tag of the
        assignment."""
        return self.tags[-1].tag if self.tags else None

    @property
    def version(self) -> str | None:
        """The version; ``None`` for a deprecation or deleted tags."""
        return next((tag.version for tag in reversed(self.tags) if tag.version), None)

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def __repr__(self) -> str:
        would = "would " if self.dry_run else ""
        changes = ", ".join(f"{would}{change.action} {change.tag}" for change in self.tags)
        return f"<WriteReport: {changes or 'nothing to do'}{' (pushed)' if self.pushed else ''}>"

    def _repr_html_(self) -> str:
        return _tables.html(self.tags, TagChange._COLUMNS)

    @classmethod
    def _of(cls, written: Mapping[str, Any]) -> WriteReport:
        tags, lines = tuple(map(TagChange._of, written["tags"])), tuple(written["lines"])
        return cls(written["dry_run"], written["pushed"], written["remote"], tags, lines)


@dataclass(frozen=True, repr=False)
class PushReport(Record):
    """The tags that were pushed, or with ``dry_run`` would be."""

    __slots__ = ("dry_run", "pushed", "remote", "tags")

    dry_run: bool
    remote: str
    pushed: bool
    tags: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<PushReport: {'would push ' if self.dry_run else ''}{len(self.tags)} tags to {self.remote}>"

    @classmethod
    def _of(cls, push: Mapping[str, Any]) -> PushReport:
        return cls(push["dry_run"], push["remote"], push["pushed"], tuple(push["tags"]))


@dataclass(frozen=True, repr=False)
class TagDifference(Record):
    """A tag that is not the same here and on a remote."""

    __slots__ = ("artifact", "here", "state", "tag", "there")

    tag: str
    artifact: str
    #: ``only_here``, ``only_there`` or ``differs``.
    state: str
    #: What the tag is here (the id of the object); ``None`` if there is none.
    here: str | None
    #: What it is there.
    there: str | None

    def __repr__(self) -> str:
        return f"<{self.tag} {self.state.replace('_', ' ')}>"


@dataclass(frozen=True, repr=False)
class Comparison(Record):
    """The registry's tags here, compared with those of a remote."""

    __slots__ = ("remote", "same", "tags")

    remote: str
    #: How many are the same.
    same: int
    #: The others.
    tags: tuple[TagDifference, ...]

    @property
    def in_step(self) -> bool:
        """Whether there is no difference."""
        return not self.tags

    def __repr__(self) -> str:
        return f"<Comparison with {self.remote}: {self.same} the same, {len(self.tags)} not>"

    def _repr_html_(self) -> str:
        return _tables.html(self.tags, ("tag", "artifact", "state"))

    @classmethod
    def _of(cls, status: Mapping[str, Any]) -> Comparison:
        return cls(status["remote"], status["same"], tuple(TagDifference(**tag) for tag in status["tags"]))


@dataclass(frozen=True, repr=False)
class Finding(Record):
    """A problem of the registry, and the commands that mend it."""

    __slots__ = ("commits", "fix", "id", "message", "otherwise", "severity", "tags")

    #: Stable; the page "doctor" of the documentation explains each.
    id: str
    #: ``error`` or ``warning``.
    severity: str
    message: str
    tags: tuple[str, ...]
    commits: tuple[str, ...]
    #: Commands for a shell, to be run in this order; none if a person has to decide.
    fix: tuple[str, ...]
    #: Commands for when something else was meant.
    otherwise: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<{self.severity}[{self.id}]: {self.message}>"

    @classmethod
    def _of(cls, finding: Mapping[str, Any]) -> Finding:
        lists = {key: tuple(value) for key, value in finding.items() if isinstance(value, list)}
        return cls(**{**finding, **lists})


@dataclass(frozen=True, repr=False)
class Examination(Record):
    """What ``doctor`` found."""

    __slots__ = ("configuration", "errors", "findings", "version", "warnings")

    #: Of this package.
    version: str
    #: What is in force, with the keys of ``.gto``.
    configuration: Mapping[str, Any]
    #: Errors first.
    findings: tuple[Finding, ...]
    #: How many of them are errors: some answer is or may be wrong because of them.
    errors: int
    warnings: int

    def __hash__(self) -> int:
        return hash((self.version, self.findings))

    def __repr__(self) -> str:
        return f"<Examination: {self.errors} errors, {self.warnings} warnings>"

    def _repr_html_(self) -> str:
        return _tables.html(self.findings, ("severity", "id", "message", "fix"))

    @classmethod
    def _of(cls, found: Mapping[str, Any]) -> Examination:
        configuration = _FrozenDict(found["configuration"])
        findings = tuple(map(Finding._of, found["findings"]))
        return cls(found["version"], configuration, findings, found["errors"], found["warnings"])


@dataclass(frozen=True, repr=False)
class Verification(Record):
    """Who signed a tag, and whether that is true."""

    __slots__ = ("key", "reason", "result", "signer", "tag")

    tag: str
    #: ``good``, ``expired``, ``untrusted``, ``unknown``, ``unsigned``, ``revoked`` or ``bad``.
    result: str
    #: Whose signature it is, if the key is known.
    signer: str | None
    key: str | None
    #: Why it is not good.
    reason: str | None

    @property
    def good(self) -> bool:
        """Whether Git accepts the signature."""
        return self.result == "good"

    def __repr__(self) -> str:
        return f"<{self.tag} {self.result}>"


class Rows(tuple[_T, ...]):
    """A list of results that nobody can change, shown as a table in a notebook."""

    __slots__ = ()

    def as_dicts(self) -> list[dict[str, Any]]:
        """:meth:`Record.as_dict` of each."""
        return [_plain(row) for row in self]

    def to_json(self, *, indent: int | None = None) -> str:
        """All of them as JSON."""
        return _json(self.as_dicts(), indent)

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame`` with a row for each, and a column for each field.

        Raises:
            ImportError: pandas is not installed. It comes not with this package.
        """
        return _tables.data_frame([row._row() for row in self if isinstance(row, Record)])

    @overload  # type: ignore[override]
    def __getitem__(self, index: int) -> _T: ...
    @overload
    def __getitem__(self, index: slice) -> Rows[_T]: ...
    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return Rows(found) if isinstance(index, slice) else found

    def __repr__(self) -> str:
        return f"Rows({list(self)!r})"

    def _repr_html_(self) -> str:
        first: Any = self[0] if self else None
        if isinstance(first, ArtifactSummary):
            return _tables.table([row._row() for row in self if isinstance(row, Record)])
        columns = getattr(first, "_COLUMNS", None) or [field.name for field in fields(first)] if self else ()
        return _tables.html(self, columns)


def rows(make: Callable[[Mapping[str, Any]], _R], entries: Iterable[Mapping[str, Any]]) -> Rows[_R]:
    """The results that `make` makes of what the engine says."""
    return Rows(map(make, entries))


class _FrozenDict(dict[str, _T]):
    """A ``dict`` that nobody can change. Prints as one, and can be pickled, other than a ``MappingProxyType``."""

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError("a result cannot be changed")

    __setitem__ = __delitem__ = clear = pop = popitem = setdefault = update = __ior__ = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return _FrozenDict, (dict(self),)


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.as_dict()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _json(value: Any, indent: int | None) -> str:
    import json

    return json.dumps(value, indent=indent, default=_text)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
