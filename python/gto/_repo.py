"""What callers give as ``repo``, and the stand-in for ``scmrepo.git.Git`` where this package opens a repository itself.

Owns the reading of that argument. Everything else about repositories is the engine's.
"""

from __future__ import annotations

import os

from gto import _gto

# Type checkers take this for true; at run time `typing` is not needed for it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol, Union

    from typing_extensions import Self

    from gto.tag import GitTag

    class HasRoot(Protocol):
        """Such as ``scmrepo.git.Git``."""

        @property
        def root_dir(self) -> str | os.PathLike[str]: ...

    #: What functions take as ``repo``.
    Repo = Union[str, os.PathLike[str], HasRoot, None]


def as_location(repo: Repo) -> str | None:
    """The path or address that the engine takes: of a ``str``, a ``Path``, an object with a ``root_dir``, or ``None`` (the
    current folder)."""
    if repo is None or isinstance(repo, str):
        return repo
    if isinstance(repo, os.PathLike):
        return os.fsdecode(repo)
    root = getattr(repo, "root_dir", None)
    if root is None:
        raise TypeError(
            f"repo must be a path, an address, or an object with a root_dir, not {type(repo).__name__}"
        )
    return os.fsdecode(root)


class Repository:
    """A repository on this computer. Has what the Python tool's own code and its users ask of ``scmrepo.git.Git``."""

    def __init__(self, path: str | None = None) -> None:
        #: The folder of the work tree, or a bare repository itself.
        self.root_dir = _gto.root(path)

    def close(self) -> None:
        """Nothing is held, and nothing is to be closed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Repository({self.root_dir!r})"

    def get_rev(self) -> str:
        """The id of the commit that is checked out. Raises :class:`gto.exceptions.RefNotFound` if there is none yet."""
        return _gto.resolve(self.root_dir, "HEAD")

    def resolve_rev(self, rev: str) -> str:
        """The id of a commit. Raises :class:`gto.exceptions.RefNotFound`."""
        return _gto.resolve(self.root_dir, rev)

    def list_tags(self) -> list[str]:
        """The names of all tags."""
        return _gto.tag_names(self.root_dir)

    def get_tag(self, name: str) -> GitTag | None:
        """An annotated tag as :class:`gto.tag.GitTag`; ``None`` if there is none of that name."""
        from gto.tag import GitTag

        tags = _gto.tags(self.root_dir, [name])
        return GitTag.from_engine(tags[0]) if tags else None
