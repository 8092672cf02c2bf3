"""Opening repositories and pushing, as the Python tool 1.10.1 has it."""

from __future__ import annotations

from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Iterator

from gto import _gto
from gto._repo import Repository, as_location
from gto.exceptions import WrongArgs

# Type checkers take this for true; at run time `typing` is not needed for it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Self


class RemoteRepoMixin:
    """What is opened with ``with``, from a folder, an address, or a repository that is open."""

    @classmethod
    @contextmanager
    def from_scm(cls, scm: Any, cloned: bool = False, config: Any = None) -> Iterator[Self]:
        """Opens it in a repository: any object with a ``root_dir``. ``cloned``: of a remote one, to which is pushed."""
        raise NotImplementedError()

    @classmethod
    @contextmanager
    def from_url(
        cls, url_or_scm: Any = None, config: Any = None, branch: str | None = None
    ) -> Iterator[Self]:
        """Opens it in a folder, a remote repository (of which a clone is made meanwhile), or an object with a ``root_dir``.

        Raises :class:`gto.exceptions.NoRepo`, and :class:`gto.exceptions.WrongArgs` for the ``branch`` of a folder."""
        location = as_location(url_or_scm)
        if hasattr(url_or_scm, "root_dir"):
            with cls.from_scm(url_or_scm) as opened:
                yield opened
        elif location is None or not _gto.is_address(location):
            scm = Repository(location)
            if branch:
                raise WrongArgs("branch can only be set for remote repos")
            with cls.from_scm(scm=scm, config=config) as opened:
                yield opened
        else:
            with _cloned(location, branch) as scm:
                with cls.from_scm(scm=scm, config=config, cloned=True) as opened:
                    yield opened


@contextmanager
def cloned_git_repo(url: str) -> Iterator[Repository]:
    """A clone of a remote repository, which is there for as long as the ``with``. Raises a
    :class:`gto.exceptions.GTOException`."""
    with _cloned(url, None) as scm:
        yield scm


@contextmanager
def _cloned(url: str, branch: str | None) -> Iterator[Repository]:
    with TemporaryDirectory() as folder:
        _gto.clone(url, folder, branch=branch)
        yield Repository(folder)


def git_push_tag(scm: Any, tag_name: str, delete: bool = False, remote_name: str = "origin") -> None:
    """Pushes a tag, or deletes it on the remote. What is so already is done.

    Raises a :class:`gto.exceptions.GTOException`."""
    _gto.push_tag(as_location(scm), tag_name, delete=delete, remote=remote_name)
