"""The files of a version, from wherever they are kept: Git, Git LFS, or the cache and remotes of DVC.

Owns :func:`get`, :func:`ls` and :func:`open`. Where files are, and whether they are what they should be, is the engine's.
"""

from __future__ import annotations

import builtins
import os
import tempfile
from typing import TYPE_CHECKING

from gto import _gto
from gto._repo import as_location
from gto._results.files import Got, listed
from gto.exceptions import WrongArgs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import IO, Any, Union

    from gto._registry import Registry
    from gto._repo import Repo
    from gto._results.files import File
    from gto._results.rows import Rows

    _Path = Union[str, os.PathLike[str]]


def ls(
    ref: str,
    *,
    repo: Repo | Registry = None,
    path: str | None = None,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    trust_remote: Iterable[str] = (),
) -> Rows[File]:
    """The files of a version, each with its size, its hash and where it is kept.

    Args:
        ref: What to list: ``"model"`` for its highest version, ``"model@v1.0.0"``, ``"model@latest"``, ``"model#prod"``, or a
            tag.
        repo: A folder of the repository, its URL, or a :class:`Registry`. Default: the repository of the current folder. Of a
            URL, no more is fetched than is needed.
        path: The path from the root of the repository, instead of the one in the annotation.
        include: Only files that match one of these patterns, such as ``"*.csv"``.
        exclude: No files that match one of these patterns.
        trust_remote: Hosts that get your credentials although only the commit's ``.dvc/config`` names them.

    Raises:
        gto.exceptions.FilesError: they cannot be known.
    """
    said = _gto.list_files(
        _location(repo), ref, path=path, include=list(include), exclude=list(exclude), trust=list(trust_remote)
    )
    return listed(said)


def get(
    ref: str | None = None,
    *,
    repo: Repo | Registry = None,
    output: _Path | None = None,
    path: str | None = None,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    force: bool = False,
    dry_run: bool = False,
    jobs: int = 8,
    pin: _Path | None = None,
    from_pin: _Path | None = None,
    trust_remote: Iterable[str] = (),
) -> Got:
    """Gets the files of a version. Each is checked by its hash, and all get their names when the last one is there; what is there
    already is not got again, and an interrupted call goes on where it was.

    Args:
        ref: What to get, as for :func:`ls`.
        repo: As for :func:`ls`.
        output: The file, or the folder with the files. Default: the name of the artifact's file or folder, in the current
            folder.
        path: As for :func:`ls`.
        include: As for :func:`ls`.
        exclude: As for :func:`ls`.
        force: Replace files that differ. Other files in the folder stay.
        dry_run: Write nothing, and report what would be got.
        jobs: How many files are got at once.
        pin: A file to write what was got to: the version, its commit and the hash of each file.
        from_pin: Such a file, instead of ``ref``: just what it says is got, whatever has become of the version since.
        trust_remote: As for :func:`ls`.

    Raises:
        gto.exceptions.FilesError: they cannot be got. Then no file has its name that was not whole.
    """
    pinned = _read_pin(ref, pin, from_pin, path, include, exclude)
    location = _location(repo)
    if pinned is not None and location is None:
        location = _repository_of(pinned)
    said, noted = _gto.get_files(
        location,
        ref or "",
        path=path,
        include=list(include),
        exclude=list(exclude),
        trust=list(trust_remote),
        output=None if output is None else os.fspath(output),
        force=force,
        dry_run=dry_run,
        jobs=jobs,
        pin=pinned,
    )
    if pin is not None and not dry_run:
        _write(pin, noted)
    return Got._of(said)


def open(
    ref: str,
    path: str | None = None,
    mode: str = "rb",
    *,
    repo: Repo | Registry = None,
    encoding: str | None = None,
    trust_remote: Iterable[str] = (),
) -> IO[Any]:
    """Opens one file of a version for reading. All of its content was got and checked then; it is gone when it is closed.

    Args:
        ref: The version, as for :func:`ls`.
        path: Which file, if the artifact is a folder: its path in there.
        mode: ``"rb"`` for bytes, ``"r"`` for text.
        repo: As for :func:`ls`.
        encoding: Of text. Default: UTF-8.
        trust_remote: As for :func:`ls`.

    Raises:
        gto.exceptions.FilesError: it cannot be got.
    """
    if mode not in ("r", "rt", "rb"):
        raise WrongArgs(f"mode must be 'rb' or 'r', not {mode!r}: a version cannot be written to")
    file, name = tempfile.mkstemp(prefix="gto-")
    os.close(file)
    try:
        _gto.write_file(_location(repo), ref, path, name, trust=list(trust_remote))
        if "b" not in mode and encoding is None:
            encoding = "utf-8"
        return builtins.open(name, mode, encoding=encoding, opener=_removing)
    except BaseException:
        _remove(name)
        raise


def _removing(name: str, flags: int) -> int:
    """Opens a file that goes when it is closed: at once where an open file needs no name, and by Windows itself."""
    file = os.open(name, flags | getattr(os, "O_TEMPORARY", 0))
    if os.name != "nt":
        _remove(name)
    return file


def _remove(name: str) -> None:
    try:
        os.unlink(name)
    except FileNotFoundError:
        pass


def _location(repo: Repo | Registry) -> str | None:
    location = getattr(repo, "location", None)
    return location if isinstance(location, str) else as_location(repo)  # type: ignore[arg-type]


def _read_pin(
    ref: str | None,
    pin: _Path | None,
    from_pin: _Path | None,
    path: str | None,
    include: Iterable[str],
    exclude: Iterable[str],
) -> str | None:
    if from_pin is None:
        if not ref:
            raise WrongArgs("get() lacks what to get: get(ref) or get(from_pin=…)")
        return None
    if ref or pin is not None or path is not None or list(include) or list(exclude):
        raise WrongArgs("from_pin says what to get: it goes without ref, pin, path, include and exclude")
    with builtins.open(from_pin, encoding="utf-8") as file:
        return file.read()


def _repository_of(pin: str) -> str | None:
    import json

    try:
        repository = json.loads(pin).get("repository")
    except (ValueError, AttributeError):
        # The engine says what is wrong with it.
        return None
    return repository if isinstance(repository, str) else None


def _write(pin: _Path, text: str) -> None:
    """All of it, or nothing."""
    folder = os.path.dirname(os.path.abspath(os.fspath(pin)))
    file, name = tempfile.mkstemp(prefix=".gto-", dir=folder)
    try:
        with os.fdopen(file, "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(name, pin)
    except BaseException:
        _remove(name)
        raise
