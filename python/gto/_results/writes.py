"""What a write did, and what a remote has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gto import _tables
from gto._results.record import Record
from gto._tables import short as _short


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
