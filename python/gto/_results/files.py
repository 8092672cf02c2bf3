"""What :func:`gto.ls` and :func:`gto.get` answer: immutable values with named fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gto._results.record import Record
from gto._results.rows import Rows, rows
from gto._tables import short as _short


@dataclass(frozen=True)
class File(Record):
    """A file of a version."""

    __slots__ = ("hash", "kept_by", "path", "size")

    #: The path in the artifact's folder; of an artifact that is a file, its name.
    path: str
    #: The size in bytes; ``None`` where it is not known before the file is got.
    size: int | None
    #: ``"git"``, ``"lfs"``, ``"dvc"``, or ``"link"`` for a link to another file of the version.
    kept_by: str
    #: The hash that its content is checked by, with its kind: ``git:…``, ``sha256:…`` or ``md5:…``.
    hash: str


@dataclass(frozen=True, repr=False)
class Got(Record):
    """What :func:`gto.get` did."""

    __slots__ = (
        "artifact",
        "bytes",
        "commit",
        "dry_run",
        "files",
        "folder",
        "kept",
        "others",
        "path",
        "ref",
        "stage",
        "target",
        "version",
        "written",
    )

    artifact: str
    version: str | None
    #: The stage, if one was requested.
    stage: str | None
    commit: str
    #: The tag that registered the version.
    ref: str
    #: The artifact's path, from the root of the repository.
    path: str
    #: Whether that is a folder.
    folder: bool
    #: The file, or the folder with the files.
    target: str
    dry_run: bool
    #: How many files were written; with ``dry_run``, would be.
    written: int
    #: Their size; ``None`` with ``dry_run``, where it is known only when they are got.
    bytes: int | None
    #: How many files were there already, and the same.
    kept: int
    #: How many files in the target are not of this version.
    others: int
    #: All files of the version that were wanted.
    files: Rows[File]

    def __repr__(self) -> str:
        return f"<Got {self.artifact} {_short(self.version or '')} in {self.target!r}: {self.written} written, {self.kept} kept>"

    @classmethod
    def _of(cls, said: Mapping[str, Any]) -> Got:
        fields = {name: value for name, value in said.items() if name not in ("schema", "files")}
        return cls(**fields, files=listed(said))


def listed(said: Mapping[str, Any]) -> Rows[File]:
    """The files of a report."""
    return rows(lambda file: File(**file), said["files"])
