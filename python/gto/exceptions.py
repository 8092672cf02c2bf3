"""The errors of the package: those of the Python tool 1.10.1, with its names, arguments and texts, and, at the end, what only
this package tells apart.

The engine raises the same classes. Each error has a ``hint``: what to do next, or ``None``.
"""

from __future__ import annotations


class GTOException(Exception):
    """The base of all errors of this package."""

    hint: "str | None" = None

    def __init__(self, msg: str, *args: object) -> None:
        assert msg
        self.msg = msg
        super().__init__(msg, *args)

    def __reduce__(self) -> tuple[object, ...]:
        # Most classes take other arguments than their text, and other processes send errors as pickles.
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[GTOException], args: tuple[object, ...], attributes: dict[str, object]) -> GTOException:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error


class GtoWarning(UserWarning):
    """What one should know beside an answer: that this clone may lack tags, for example."""


class _Told(GTOException):
    """An error whose text is made of its arguments."""

    _message = ""

    def _tell(self, *values: object, **fields: object) -> None:
        self.message = self._message.format(*values, **fields)
        GTOException.__init__(self, self.message)


class NotFound(GTOException):
    """What was asked for does not exist."""


class NoRepo(_Told):
    """There is no Git repository."""

    _message = "No Git repo found in '{path}'"

    def __init__(self, path: object) -> None:
        self._tell(path=path)


class WrongConfig(_Told):
    """The file `.gto` cannot be read."""

    _message = "Wrong config file '{path}'"

    def __init__(self, path: object) -> None:
        self._tell(path=path)


class WrongArtifactsYaml(_Told):
    """The file of annotations cannot be read."""

    message = "artifacts.yaml file doesn't conform to GTO format"
    _message = message

    def __init__(self) -> None:
        self._tell()


class NoFile(_Told):
    """There is no such file in the commit."""

    _message = "Nothing found in '{path}' for checked out commit"

    def __init__(self, path: object) -> None:
        self._tell(path=path)


class UnknownType(_Told):
    """The configuration does not allow this type."""

    _message = "Allowed types are: '{types}'"

    def __init__(self, type: str, types: object) -> None:
        self._tell(type=type, types=types)


class ArtifactExists(_Told):
    """The artifact is annotated already."""

    _message = "Enrichment for '{name}' already exists"

    def __init__(self, name: str) -> None:
        self._tell(name=name)


class ArtifactNotFound(_Told):
    """There is no such artifact."""

    _message = "Cannot find artifact '{name}'"

    def __init__(self, name: str) -> None:
        self._tell(name=name)


class PathIsUsed(_Told):
    """Another artifact has this path, or one above or below it."""

    _message = "Provided path conflicts with '{path}' ('{type}' '{name}')"

    def __init__(self, type: str | None, name: str, path: object) -> None:
        self._tell(type=type, name=name, path=path)


class VersionRequired(_Told):
    """The artifact has no such version."""

    _message = "No versions found for '{name}'"

    def __init__(self, name: str) -> None:
        self._tell(name=name)


class ManyVersions(_Told):
    """A commit has several versions of one artifact."""

    _message = (
        "Multiple versions are not allowed on the same Git commit. "
        "Violation detected for artifact '{name}', versions '{versions}'."
    )

    def __init__(self, name: str, versions: object) -> None:
        self._tell(name=name, versions=versions)


class VersionAlreadyRegistered(_Told):
    """There is such a version already."""

    _message = "Version '{version}' already was registered.\n"

    def __init__(self, version: str) -> None:
        self._tell(version=version)


class VersionExistsForCommit(_Told):
    """The commit has a version already."""

    _message = "'{model}' is already registered in this commit with version '{version}'"

    def __init__(self, model: str, version: str) -> None:
        self._tell(model=model, version=version)


class UnknownStage(_Told):
    """The configuration does not allow this stage."""

    _message = "Allowed stages are: '{stages}'"

    def __init__(self, stage: str, stages: object) -> None:
        self._tell(stage=stage, stages=stages)


class NoActiveAssignment(_Told):
    """No version is in the stage."""

    _message = "No version in stage '{stage}' was found for '{name}'"

    def __init__(self, stage: str, name: str) -> None:
        self._tell(stage=stage, name=name)


class NoStageForVersion(_Told):
    """The version is not in the stage."""

    _message = "The artifact '{artifact}' version '{version}' is not in stage '{stage}'"

    def __init__(self, artifact: str, version: str, stage: str) -> None:
        self._tell(artifact=artifact, version=version, stage=stage)


class RefNotFound(_Told):
    """There is no such branch, tag or commit."""

    _message = "Ref '{ref}' was not found in the repository history"

    def __init__(self, ref: str) -> None:
        self._tell(ref=ref)


class AmbiguousArg(GTOException):
    """An argument can mean several things."""


class InvalidVersion(GTOException):
    """Not a version such as ``v1.0.0``."""


class IncomparableVersions(_Told):
    """Versions of different systems have no order."""

    _message = "You can compare only versions of the same system, but not '{}' and '{}'"

    def __init__(self, this: object, that: object) -> None:
        self._tell(this, that)


class UnknownAction(_Told):
    """No tag stands for this action."""

    message = "Unknown action '{action}' was requested"
    _message = message

    def __init__(self, action: object) -> None:
        self._tell(action=action)


class MissingArg(_Told):
    """An argument is missing."""

    message = "'{arg}' is required"
    _message = message

    def __init__(self, arg: str) -> None:
        self._tell(arg=arg)


class WrongArgs(GTOException):
    """The arguments do not fit together, or not to the registry."""


class InvalidTagName(_Told):
    """The tag is none of the registry's."""

    message = "Cannot parse tag name '{tag}'"
    _message = message

    def __init__(self, tag: object) -> None:
        self._tell(tag=tag)


class TagExists(_Told):
    """There is such a tag already."""

    message = "tag '{name}' already exists"
    _message = message

    def __init__(self, name: str) -> None:
        self._tell(name=name)


class TagNotFound(_Told):
    """There is no such tag."""

    message = "tag '{name}' is not found"
    _message = message

    def __init__(self, name: str) -> None:
        self._tell(name=name)


class ValidationError(GTOException):
    """A name or a value has a form that is not allowed."""


class NotImplementedInGTO(GTOException):
    """The Python tool cannot do this either."""


class GitError(GTOException):
    """The repository cannot be read or written, or a program of Git failed."""


class RemoteError(GitError):
    """A remote repository cannot be reached, refused, or says something else than this one."""


class Conflict(GTOException):
    """Somebody else wrote at the same time."""


class NoIdentity(GTOException):
    """Git knows no name and address for the tagger."""


class SigningError(GTOException):
    """The tag could not be signed."""


class FilesError(GTOException):
    """The files of a version cannot be got: a remote refuses them, they are damaged, or something is in the way."""


class FileNotFound(FilesError, NotFound):
    """A file of a version is not where it should be kept, or there is none of that name."""


class InternalError(GTOException):
    """A mistake in this package: please report it."""
