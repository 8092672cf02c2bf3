"""Versions, as the Python tool 1.10.1 has them: `v` and a version of SemVer."""

from __future__ import annotations

from functools import total_ordering

from gto import _gto
from gto.exceptions import IncomparableVersions, InvalidVersion, WrongArgs

# Type checkers take this for true; at run time `typing` is not needed for it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Literal

    from typing_extensions import Self


class AbstractVersion:
    """What can be a version."""

    version: str

    def __init__(self, version: str) -> None:
        if not self.is_valid(version):
            raise InvalidVersion(f"Supplied version '{version}' cannot be parsed")
        self.version = version

    @classmethod
    def is_valid(cls, version: str) -> bool:
        """Whether this text is one."""
        raise NotImplementedError

    def __eq__(self, other: Any) -> bool:
        return self.version == other.version

    def __lt__(self, other: Any) -> bool:
        raise NotImplementedError

    @classmethod
    def get_minimal(cls) -> Self:
        """The version that is registered first."""
        raise NotImplementedError


@total_ordering
class VersionInfo:
    """A version of SemVer, in its parts: what the package ``semver`` calls so."""

    __slots__ = ("build", "major", "minor", "patch", "prerelease")

    def __init__(
        self,
        major: int | str,
        minor: int | str = 0,
        patch: int | str = 0,
        prerelease: object = None,
        build: object = None,
    ) -> None:
        self.major = int(major)
        self.minor = int(minor)
        self.patch = int(patch)
        self.prerelease = None if prerelease is None else str(prerelease)
        self.build = None if build is None else str(build)

    @classmethod
    def parse(cls, version: str) -> "VersionInfo":
        """Reads ``1.0.0-rc.1+build``. Raises ``ValueError``."""
        parts = _gto.parse_version(f"v{version}")
        if parts is None:
            raise ValueError(f"{version} is not valid SemVer string")
        return cls(**parts)

    def to_tuple(self) -> tuple[int, int, int, str | None, str | None]:
        """The five parts."""
        return self.major, self.minor, self.patch, self.prerelease, self.build

    def to_dict(self) -> dict[str, int | str | None]:
        """The five parts, by name."""
        return dict(zip(("major", "minor", "patch", "prerelease", "build"), self.to_tuple()))

    def bump_major(self) -> VersionInfo:
        """The next major version."""
        return self._bump("major")

    def bump_minor(self) -> VersionInfo:
        """The next minor version."""
        return self._bump("minor")

    def bump_patch(self) -> VersionInfo:
        """The next patch, or the release of which this is a candidate."""
        return self._bump("patch")

    def _bump(self, part: Literal["major", "minor", "patch"]) -> VersionInfo:
        return self.parse(_gto.bump_version(f"v{self}", part)[1:])

    def compare(self, other: VersionInfo) -> int:
        """By precedence, which leaves out what is after ``+``: -1, 0 or 1."""
        return _gto.compare_versions(f"v{self}", f"v{other}")

    def __eq__(self, other: object) -> bool:
        return self.compare(other) == 0 if isinstance(other, VersionInfo) else NotImplemented

    def __lt__(self, other: Any) -> bool:
        return self.compare(other) < 0 if isinstance(other, VersionInfo) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.to_tuple()[:4])

    def __iter__(self) -> Iterator[int | str | None]:
        return iter(self.to_tuple())

    def __str__(self) -> str:
        prerelease = "" if self.prerelease is None else f"-{self.prerelease}"
        build = "" if self.build is None else f"+{self.build}"
        return f"{self.major}.{self.minor}.{self.patch}{prerelease}{build}"

    def __repr__(self) -> str:
        return (
            f"VersionInfo(major={self.major}, minor={self.minor}, patch={self.patch}, "
            f"prerelease={self.prerelease!r}, build={self.build!r})"
        )


@total_ordering
class SemVer(AbstractVersion):
    """A version such as ``v1.0.0-rc.1``. Versions are ordered by SemVer's precedence."""

    @classmethod
    def is_valid(cls, version: str) -> bool:
        """Whether this text is one."""
        try:
            cls.parse(version)
        except (InvalidVersion, ValueError):
            return False
        return True

    @classmethod
    def parse(cls, version: str) -> VersionInfo:
        """The parts of a version.

        Raises :class:`gto.exceptions.InvalidVersion` if it does not start with ``v``, and ``ValueError`` if what follows
        is not a version."""
        if not isinstance(version, str):
            raise InvalidVersion("Version should be of type str")
        if not version.startswith("v"):
            raise InvalidVersion(f"{version}: not a valid semantic version tag. Must start with 'v'")
        return VersionInfo.parse(version[1:])

    def _other(self, other: object) -> SemVer:
        if isinstance(other, str):
            return type(self)(other)
        if isinstance(other, type(self)):
            return other
        raise IncomparableVersions(self, other)

    def __eq__(self, other: object) -> bool:
        return self.version == self._other(other).version

    def __lt__(self, other: Any) -> bool:
        return self.parse(self.version) < self.parse(self._other(other).version)

    def __hash__(self) -> int:
        return hash(self.version)

    def __str__(self) -> str:
        return self.version

    def __repr__(self) -> str:
        return f"SemVer({self.version!r})"

    def bump_major(self) -> SemVer:
        """The next major version."""
        return type(self)(f"v{self.parse(self.version).bump_major()}")

    def bump_minor(self) -> SemVer:
        """The next minor version."""
        return type(self)(f"v{self.parse(self.version).bump_minor()}")

    def bump_patch(self) -> SemVer:
        """The next patch, or the release of which this is a candidate."""
        return type(self)(f"v{self.parse(self.version).bump_patch()}")

    def bump(self, bump_major: bool = False, bump_minor: bool = False, bump_patch: bool = False) -> SemVer:
        """The next version, of the one kind that is asked for. Raises :class:`gto.exceptions.WrongArgs`."""
        if sum(map(bool, (bump_major, bump_minor, bump_patch))) != 1:
            raise WrongArgs("Need to specify exactly one bump argument")
        if bump_major:
            return self.bump_major()
        return self.bump_minor() if bump_minor else self.bump_patch()

    @classmethod
    def get_minimal(cls) -> SemVer:
        """The version that is registered first."""
        return cls("v0.0.1")
