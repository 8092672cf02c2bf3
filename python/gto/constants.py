"""Names, and the grammar of tags and shortcuts, as the Python tool 1.10.1 has them.

The regular expressions are here for programs that use them; what they match is what the engine reads (a test compares).
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Optional

from gto._model import Model
from gto.exceptions import ValidationError

COMMIT = "commit"
REF = "ref"
TAG = "tag"

ARTIFACT = "artifact"
ACTION = "action"
TYPE = "type"
NAME = "name"
PATH = "path"
VERSION = "version"
STAGE = "stage"
COUNTER = "counter"

#: So many assignments of a version are shown; all, if it is negative.
ASSIGNMENTS_PER_VERSION = -1
#: So many versions in a stage are shown; all, if it is negative.
VERSIONS_PER_STAGE = 1


class Action(Enum):
    """What a tag does."""

    CREATE = "create"
    DEPRECATE = "deprecate"
    DEREGISTER = "deregister"
    REGISTER = "register"
    ASSIGN = "assign"
    UNASSIGN = "unassign"


class VersionSort(Enum):
    """What versions are ordered by."""

    SemVer = "semver"
    Timestamp = "timestamp"


SEPARATOR_IN_NAME = ":"
SEPARATOR_IN_TAG = "="


def name_to_tag(value: str) -> str:
    """The name of an artifact as its tags have it: no ref may contain a colon."""
    return value.replace(SEPARATOR_IN_NAME, SEPARATOR_IN_TAG)


def tag_to_name(value: str) -> str:
    """The reverse of :func:`name_to_tag`."""
    return value.replace(SEPARATOR_IN_TAG, SEPARATOR_IN_NAME)


# The parts of the grammar, and how they fit together. SemVer's expression is the one of https://semver.org.
dirname = "[a-zA-Z0-9-_./]+"
name = r"[a-zA-Z0-9]([a-zA-Z0-9-/_]*[a-zA-Z0-9])?"
_number = r"0|[1-9]\d*"
_identifier = rf"(?:{_number}|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
semver = (
    rf"(?P<major>{_number})\.(?P<minor>{_number})\.(?P<patch>{_number})"
    rf"(?:-(?P<prerelease>{_identifier}(?:\.{_identifier})*))?"
    r"(?:\+(?P<buildmetadata>[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?"
)
counter = "?P<counter>[0-9]+"
fullname = f"(?P<dirname>{dirname}{SEPARATOR_IN_NAME})?(?P<name>{name})"
fullname_in_tag = name_to_tag(fullname)
_selected_in_tag = f"(#(?P<stage>{name})|@(?P<version>v{semver}))(?P<cancel>!?)"
_whole_in_tag = "@((?P<deprecated>deprecated)|(?P<created>created))"


def _whole(pattern: str) -> re.Pattern[str]:
    # Not `$`, which lets a line feed follow, and no digits but those of ASCII: the engine refuses both.
    return re.compile(rf"^{pattern}\Z", re.ASCII)


name_re = _whole(name)
fullname_re = _whole(fullname)
fullname_in_tag_re = _whole(fullname_in_tag)
tag_re = _whole(f"(?P<artifact>{fullname_in_tag})(({_selected_in_tag})|{_whole_in_tag})(#({counter}))?")
shortcut_re = _whole(f"(?P<artifact>{fullname})(#(?P<stage>{name})|@(?P<version>latest|greatest|v{semver}))")
git_hexsha_re = _whole("[0-9a-fA-F]{40}")


def is_hexsha(value: str) -> bool:
    """Whether this is the whole id of a SHA-1 commit."""
    return bool(git_hexsha_re.search(value))


def check_string_is_valid(value: str, regex: re.Pattern[str] = name_re) -> bool:
    """Whether the expression matches."""
    return bool(regex.search(value))


def assert_name_is_valid(value: str) -> None:
    """Refuses what is no name of a stage, or of an artifact in the root folder.

    Raises :class:`gto.exceptions.ValidationError`."""
    _assert_matches(value, name_re)


def assert_fullname_is_valid(value: str) -> None:
    """Refuses what is no name of an artifact. Raises :class:`gto.exceptions.ValidationError`."""
    _assert_matches(value, fullname_re)


def _assert_matches(value: str, regex: re.Pattern[str]) -> None:
    if not check_string_is_valid(value, regex=regex):
        raise ValidationError(
            f"Invalid value '{value}'. Only letters, numbers, '_', '-', '/' are allowed."
            " Value must be of len >= 2 and must start and end with a letter or a number."
        )


class Shortcut(Model):
    """An artifact, or a version of it that is told by its number, its stage or as the latest."""

    name: str
    stage: Optional[str] = None
    version: Optional[str] = None
    latest: bool = False
    shortcut: bool = False


def parse_shortcut(value: str) -> Shortcut:
    """Reads ``name``, ``name@v1.0.0``, ``name@latest`` or ``name#stage``."""
    match = shortcut_re.search(value)
    if not match:
        return Shortcut(name=value)
    version = match["version"]
    latest = version in ("latest", "greatest")
    return Shortcut(
        name=match["artifact"],
        stage=match["stage"],
        version=None if latest else version,
        latest=latest,
        shortcut=True,
    )


def mark_artifact_unregistered(artifact_name: str) -> str:
    """How tables show an artifact without tags."""
    return f"*{artifact_name}"
