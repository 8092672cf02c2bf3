"""The registry of a repository: :class:`gto.Registry`, for new code.

Owns how one asks and writes in Python. Decides nothing: each question and each write is one call of the engine, which
opens the repository anew, so that an answer is never older than the question.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar

from gto import _gto
from gto._calls import version_of
from gto._results import (
    Annotation,
    AnnotationReport,
    ArtifactSummary,
    Comparison,
    Description,
    Event,
    Examination,
    Located,
    PushReport,
    Record,
    Rows,
    Verification,
    Version,
    WriteReport,
    rows,
)
from gto.exceptions import ArtifactNotFound, GTOException, GtoWarning, WrongArgs

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType, TracebackType

    from typing_extensions import Unpack


_Class = TypeVar("_Class", bound=type)

#: Free text, and the fields that :meth:`Registry.annotate` removes if they are empty.
_MAY_BE_EMPTY = {"message", "description", "type", "path", "custom"}


class EmptyArgument(WrongArgs, ValueError):
    """An argument is empty, as of a variable that is not set. Leave it out, or pass ``None``, if none is meant."""


def _refusing_empty(cls: _Class) -> _Class:
    """Makes all methods of a class refuse arguments that are empty."""
    for name, method in list(vars(cls).items()):
        if not name.startswith("_") and callable(method):
            setattr(cls, name, _refusing(method))
    return cls


def _refusing(method: FunctionType) -> Callable[..., Any]:
    names = method.__code__.co_varnames[: method.__code__.co_argcount]

    @wraps(method)
    def call(*args: Any, **named: Any) -> Any:
        for name, value in (*zip(names, args), *named.items()):
            _refuse_empty(name, value)
        return method(*args, **named)

    return call


def _refuse_empty(name: str, value: Any) -> None:
    """Refuses an empty text, also in a sequence of them."""
    texts = value if isinstance(value, (list, tuple)) else (value,)
    if name not in _MAY_BE_EMPTY and any(isinstance(text, str) and not text.strip() for text in texts):
        error = EmptyArgument(f"'{name}' is empty")
        _hint(error, f"a variable may be unset: pass None, or leave out {name!r}, if none is meant")
        raise error


class NoSuchArtifact(ArtifactNotFound, KeyError):
    """There is no such artifact in use. A ``KeyError`` too, as for every mapping."""

    # That of `KeyError` would show the text in quotes.
    __str__ = Exception.__str__


@dataclass(frozen=True, repr=False)
class Artifact(Record):
    """An artifact as it was when it was read: ``registry["model"]`` again reads what is new."""

    __slots__ = ("active", "name", "registered", "versions")

    name: str
    #: Whether it has any tag; if not, it is only annotated.
    registered: bool
    #: Whether it is in use: not deprecated.
    active: bool
    #: Those in use, highest first; after them commits that are in a stage without being registered.
    versions: Rows[Version]

    @property
    def latest(self) -> Version | None:
        """The highest version that is registered and in use; ``None`` if there is none."""
        return next((version for version in self.versions if version.registered and version.active), None)

    @property
    def stages(self) -> dict[str, Version]:
        """The stages that it is in, in the order of their names, each with the version that counts there."""
        found = ((stage, version) for version in self.versions for stage in version.stages)
        return dict(sorted(found, key=lambda pair: pair[0]))

    def in_stage(self, stage: str) -> Version | None:
        """The version in a stage; ``None`` if there is none."""
        return self.stages.get(stage)

    def __getitem__(self, version: str) -> Version:
        """The version with this name.

        Raises:
            KeyError: there is none of that name in use.
        """
        for found in self.versions:
            if found.version == version:
                return found
        raise KeyError(version)

    def __repr__(self) -> str:
        latest = self.latest
        stages = "".join(f" {stage}={version.version}" for stage, version in self.stages.items())
        return f"<Artifact {self.name}{'' if self.active else ' (deprecated)'} latest={latest}{stages}>"

    def _repr_html_(self) -> str:
        return self.versions._repr_html_()

    def to_pandas(self) -> Any:
        """Its versions as a ``pandas.DataFrame``: see :meth:`Rows.to_pandas`."""
        return self.versions.to_pandas()


class WriteOptions(TypedDict, total=False):
    """What all writes take beside their own arguments."""

    #: Whether the tag goes without a counter; ``None``, as without it: where that is usual and the name is free.
    simple: bool | None
    #: Fetch the artifact's tags from the remote first, so that versions which exist only there are seen. A push does that
    #: in any case.
    fetch: bool
    #: The name and the address of the tagger, if not those that Git is configured for.
    author: str | None
    author_email: str | None
    #: Whether to sign the tag; ``None``, as without it: as Git is configured.
    sign: bool | None
    #: The key to sign with.
    local_user: str | None


class AnnotationOptions(TypedDict, total=False):
    """What changes of annotations take beside their own arguments."""

    #: The kind of file: ``"dvc"`` for ``dvc.yaml``, ``"gto"`` for ``artifacts.yaml``; ``None``, as without it: the one that
    #: has the artifact.
    file: Literal["gto", "dvc"] | None
    #: Whether to commit the file, and nothing else. That of a remote repository always is.
    commit: bool
    #: The message of the commit; ``None``, as without it: one that says what is done.
    message: str | None
    #: Whether to commit, and to push the branch.
    push: bool
    #: The name and the address of the author of the commit, if not those that Git is configured for.
    author: str | None
    author_email: str | None
    #: Do nothing, and say which files would change.
    dry_run: bool


@_refusing_empty
class Registry(Mapping[str, Artifact]):
    """The registry that the GTO tags of a Git repository add up to.

    A mapping of the artifacts in use: ``registry["model"]``, ``"model" in registry``, ``len(registry)`` and
    ``for name in registry``. Nothing is held between two calls, so that a registry may be used by many threads and
    across ``fork``, and always answers what is there now.

    Args:
        path: A folder of the repository, or the address of a remote repository, of which a clone is kept that is
            compared with it on every call (what is written is pushed there). Left out: the repository of the current
            folder.

    Raises:
        gto.exceptions.NoRepo: no folder from there on upwards is a repository.

    An argument that is empty, as of a variable that is not set, is refused with a ``ValueError`` (which is a
    :class:`gto.exceptions.WrongArgs`, too). Messages may be empty, and the fields of :meth:`annotate`.

    What one should know beside an answer, such as that this clone lacks tags, is a :class:`gto.exceptions.GtoWarning`.
    All errors are classes of :mod:`gto.exceptions`, and have a ``hint`` that says what to do next (or ``None``).
    """

    __slots__ = ("_location",)

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        _refuse_empty("path of the repository", path)
        if isinstance(path, str) and _gto.is_address(path):
            self._location = path
        else:
            # A program may change its folder later on.
            self._location = _gto.root(None if path is None else os.fspath(path))

    @property
    def location(self) -> str:
        """The folder of the repository, or its address."""
        return self._location

    def __enter__(self) -> Registry:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Does nothing: there is nothing to close."""

    def __repr__(self) -> str:
        return f"Registry({self._location!r})"

    def __eq__(self, other: object) -> bool:
        return self._location == other._location if isinstance(other, Registry) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._location)

    # -- questions --------------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Artifact:
        """The artifact of this name, as it is now.

        Raises:
            KeyError: there is none in use (the error is a :class:`gto.exceptions.ArtifactNotFound`, too).
        """
        if not isinstance(name, str) or not name.strip():
            raise KeyError(name)
        try:
            artifact = self.artifact(name)
        except ArtifactNotFound:
            raise _no_such(name, self._instead_of(name)) from None
        if not artifact.active:
            raise _no_such(name, f"it is deprecated: `registry.artifact({name!r})` reads it all the same")
        return artifact

    def __contains__(self, name: object) -> bool:
        """Whether there is an artifact of this name in use."""
        try:
            return isinstance(name, str) and self.artifact(name).active
        except (ArtifactNotFound, EmptyArgument):
            return False

    def _instead_of(self, name: str) -> str:
        """What may have been meant by a name that there is not."""
        from difflib import get_close_matches

        names = list(self)
        if not names:
            return "there is no artifact here: in a clone without tags, `git fetch --tags` fetches them"
        near = get_close_matches(name, names, n=1)
        return f"did you mean {near[0]!r}?" if near else "`list(registry)` has the names of all artifacts"

    def __iter__(self) -> Iterator[str]:
        """The names of the artifacts in use, in the order in which ``gto show`` has them."""
        return (artifact.name for artifact in self.artifacts())

    def __len__(self) -> int:
        return len(self.artifacts())

    def artifact(self, name: str, *, deregistered: bool = False) -> Artifact:
        """An artifact, even one that is deprecated; with `deregistered` also its versions that are out of use.

        Raises:
            gto.exceptions.ArtifactNotFound: no tag and no annotation file of the current commit names it.
        """
        if not _gto.is_full_name(name):
            # What the engine takes for a reference, such as `model@latest`, is no artifact.
            raise ArtifactNotFound(name)
        found = _gto.versions(self._location, name, deprecated=deregistered, certain=True)
        return Artifact(name, found["registered"], found["active"], rows(Version._of, found["versions"]))

    def artifacts(self, *, deprecated: bool = False) -> Rows[ArtifactSummary]:
        """One row for each artifact: its latest version and what is in which stage. All in one reading, without the
        details that ``registry[name]`` gives."""
        table = _gto.registry(self._location, deprecated=deprecated)
        return rows(ArtifactSummary._of, table["artifacts"])

    def at(self, revision: str) -> Rows[Version]:
        """The versions of all artifacts on the commit that a branch, a tag or an id names.

        Raises:
            gto.exceptions.RefNotFound: there is no such commit.
        """
        return rows(Version._of, _gto.versions_at(self._location, revision))

    def history(
        self,
        artifact: str | None = None,
        *,
        version: str | Version | None = None,
        stage: str | None = None,
        events: str | Sequence[str] = (),
        author: str | None = None,
        since: str | date | None = None,
        until: str | date | None = None,
        limit: int | None = None,
        ascending: bool = False,
    ) -> Rows[Event]:
        """What happened, newest first.

        Args:
            artifact: Only of this one. One that does not exist has no history.
            version: Only about this version of it, such as ``v1.0.0`` or ``model@v1.0.0``.
            stage: Only about this stage of it.
            events: Only of this kind or these, such as ``["registration", "assignment"]``.
            author: Only by people whose name or address has this text in it.
            since, until: An aware ``datetime``, a ``date``, of which the whole day counts, or a date as Git reads it
                (``"2 weeks ago"``).
            limit: At most so many.
            ascending: Oldest first.

        Raises:
            gto.exceptions.WrongArgs: there is no such kind of event, or a ``datetime`` does not say in which time zone.
        """
        if artifact is None and version is not None:
            named = version.artifact if isinstance(version, Version) else version.rpartition("@")[0]
            artifact = named or None
        found = _gto.history(
            self._location,
            artifact,
            stage=stage,
            version=_name_of(artifact or "", version),
            events=[events] if isinstance(events, str) else events,
            author=author,
            since=since,
            until=until,
            limit=limit,
            ascending=ascending,
        )
        return rows(Event._of, found)

    def check_ref(self, ref: str) -> Event | None:
        """What a tag did, given as ``model#prod#3`` or ``refs/tags/model#prod#3``; ``None`` if it is no tag of the
        registry. A :class:`gto.exceptions.GtoWarning` says so if it has the name of one and yet is no event, because it
        is lightweight or damaged."""
        found = _gto.check_ref(self._location, ref)
        if found["event"] is not None:
            return Event._of(found["event"])
        if found["kind"] in ("lightweight", "no_event"):
            _warn(
                f"tag '{ref}' is no event: {found['reason'] or 'it is lightweight, and only annotated tags are'}"
            )
        return None

    def stages(self, *, used: bool = False) -> tuple[str, ...]:
        """The stages that the configuration allows, or if it allows all, those in use; with `used` all that ever were."""
        return tuple(_gto.stages(self._location, used=used) or ())

    def annotations(self, revision: str | None = None) -> dict[str, Annotation]:
        """What ``artifacts.yaml`` and every ``dvc.yaml`` say of artifacts, by their names: at a revision, or without one in
        the work tree, uncommitted changes included. Where both name an artifact, ``dvc.yaml`` counts. What cannot be read is
        left out, with a :class:`gto.exceptions.GtoWarning` that says where it is.

        Raises:
            gto.exceptions.RefNotFound: there is no such commit.
        """
        found = _gto.all_annotations(self._location, revision)
        return {name: Annotation._of(source, entry) for name, (source, entry) in found.items()}

    def resolve(self, reference: str) -> Located:
        """The one version that a reference stands for.

        Args:
            reference: ``model`` for its highest version, ``model@v1.0.0``, ``model#prod``, or a tag of the registry.

        Raises:
            gto.exceptions.ArtifactNotFound: there is no such artifact.
            gto.exceptions.VersionRequired: it has no such version, or none in that stage.
        """
        return Located(**_gto.locate(self._location, reference))

    def describe(self, reference: str, revision: str | None = None) -> Description:
        """What an artifact is and where it lies, as ``dvc.yaml`` or ``artifacts.yaml`` says; where both name it,
        ``dvc.yaml`` counts.

        Args:
            reference: As for :meth:`resolve`: of a version the files of its commit say it. Of a name alone it is those of
                the work tree, uncommitted changes included.
            revision: The commit whose files are to be read, for a name alone.

        Raises:
            gto.exceptions.ArtifactNotFound: the files say nothing of it, or there is no such version.
        """
        return Description._of(_gto.described(self._location, reference, revision))

    def config(self) -> dict[str, Any]:
        """The configuration in force, with the keys of ``.gto``.

        Raises:
            gto.exceptions.WrongConfig: the file cannot be used.
        """
        return dict(_gto.config(self._location))

    def doctor(self) -> Examination:
        """Every problem of the registry, with the commands that mend it."""
        return Examination._of(_gto.doctor(self._location))

    def verify(self, artifact: str | None = None, *, tags: Sequence[str] | None = None) -> Rows[Verification]:
        """What the signature of each tag of the registry, of an artifact, or of `tags` is worth, by the keys and settings
        of whoever asks."""
        found = _gto.verify(self._location, artifact, tags=tags)
        return Rows(Verification(**tag) for tag in found)

    # -- the remote -------------------------------------------------------------------------------------------------

    def status(self, artifact: str | None = None, *, remote: str | None = None) -> Comparison:
        """The registry's tags here, compared with those of a remote. Nothing is fetched or changed.

        Raises:
            gto.exceptions.GTOException: there is no such remote, or it cannot be asked.
        """
        return Comparison._of(_gto.status(self._location, artifact, remote=remote))

    def push(
        self, artifact: str | None = None, *, remote: str | None = None, dry_run: bool = False
    ) -> PushReport:
        """Pushes the tags that are only here: all of them or none.

        Raises:
            gto.exceptions.GTOException: the remote refuses, or cannot be reached.
        """
        return PushReport._of(_gto.push(self._location, artifact, remote=remote, dry_run=dry_run))

    # -- writing ----------------------------------------------------------------------------------------------------

    def register(
        self,
        name: str,
        ref: str = "HEAD",
        version: str | None = None,
        *,
        bump: Literal["major", "minor", "patch"] | None = None,
        message: str | None = None,
        push: bool | None = None,
        force: bool = False,
        dry_run: bool = False,
        **options: Unpack[WriteOptions],
    ) -> WriteReport:
        """Registers a version of an artifact on a commit.

        Args:
            name: The artifact, such as ``model``, or ``nlp:model`` in the folder ``nlp``.
            ref: The commit: a branch, a tag, an id.
            version: Its name, such as ``v1.2.3``. Left out: the next one, as `bump` says.
            bump: What to count up. Left out: ``patch``; the first version is ``v0.0.1`` then.
            message: The message of the tag. Left out: one that says what is done.
            push: Whether to push the tag, too. Left out: as the configuration says. What is written to an address is
                pushed in any case.
            force: Also what would be refused because it is so already.
            dry_run: Do nothing, and say what would be done.
            options: See :class:`WriteOptions`.

        Raises:
            gto.exceptions.VersionAlreadyRegistered: there is such a version already.
            gto.exceptions.VersionExistsForCommit: the commit has a version already.
            gto.exceptions.RefNotFound: there is no such commit.
        """
        if bump not in (None, "major", "minor", "patch"):
            raise ValueError(f"bump is 'major', 'minor' or 'patch', not {bump!r}")
        done = _gto.register(
            self._location,
            name,
            ref,
            version=version,
            bump_major=bump == "major",
            bump_minor=bump == "minor",
            bump_patch=bump == "patch",
            message=message,
            push=push,
            force=force,
            dry_run=dry_run,
            **options,
        )
        return WriteReport._of(done)

    def assign(
        self,
        name: str,
        stage: str,
        version: str | Version | None = None,
        *,
        ref: str | None = None,
        skip_registration: bool = False,
        message: str | None = None,
        push: bool | None = None,
        force: bool = False,
        dry_run: bool = False,
        **options: Unpack[WriteOptions],
    ) -> WriteReport:
        """Puts a version of an artifact into a stage. Without `version` it is that of the commit `ref`, which is registered
        first if it has none, even of an artifact that is new.

        Args:
            name: The artifact.
            stage: The stage, such as ``prod``.
            version: A registered version. With `ref`: what to call the version that is registered there.
            ref: The version on this commit; if there is none, the next one is registered there first. Without `version`
                it is ``HEAD``.
            skip_registration: Register none.
            message, push, force, dry_run, options: As for :meth:`register`.

        Raises:
            gto.exceptions.ArtifactNotFound: `version` is one of an artifact that there is not.
            gto.exceptions.VersionRequired: it has no such version.
            gto.exceptions.UnknownStage: the configuration does not allow the stage.
            gto.exceptions.WrongArgs: the version is in that stage already.
        """
        version = _name_of(name, version)
        by_name = ref is None and version is not None
        done = _gto.assign(
            self._location,
            name,
            stage,
            version=version if by_name else None,
            ref=None if by_name else ref or "HEAD",
            name_version=None if by_name else version,
            skip_registration=skip_registration,
            message=message,
            push=push,
            force=force,
            dry_run=dry_run,
            **options,
        )
        return WriteReport._of(done)

    def unassign(
        self,
        name: str,
        stage: str,
        version: str | Version | None = None,
        *,
        ref: str | None = None,
        delete: bool = False,
        message: str | None = None,
        push: bool | None = None,
        force: bool = False,
        dry_run: bool = False,
        **options: Unpack[WriteOptions],
    ) -> WriteReport:
        """Takes a version of an artifact out of a stage: the version of that name, or that on the commit `ref`.

        With `delete` the tags that say it was there are deleted, rather than one made that says it is not. The other
        arguments are those of :meth:`register`.

        Raises:
            gto.exceptions.NoStageForVersion: it is not in that stage.
        """
        done = _gto.unassign(
            self._location,
            name,
            stage,
            version=_name_of(name, version),
            ref=ref,
            delete=delete,
            message=message,
            push=push,
            force=force,
            dry_run=dry_run,
            **options,
        )
        return WriteReport._of(done)

    def deregister(
        self,
        name: str,
        version: str | Version | None = None,
        *,
        ref: str | None = None,
        delete: bool = False,
        message: str | None = None,
        push: bool | None = None,
        force: bool = False,
        dry_run: bool = False,
        **options: Unpack[WriteOptions],
    ) -> WriteReport:
        """Takes a version of an artifact out of use: the version of that name, or that on the commit `ref`.

        With `delete` all its tags are deleted. The other arguments are those of :meth:`register`.

        Raises:
            gto.exceptions.VersionRequired: there is no such version.
        """
        done = _gto.deregister(
            self._location,
            name,
            version=_name_of(name, version),
            ref=ref,
            delete=delete,
            message=message,
            push=push,
            force=force,
            dry_run=dry_run,
            **options,
        )
        return WriteReport._of(done)

    def deprecate(
        self,
        name: str,
        *,
        ref: str | None = None,
        delete: bool = False,
        message: str | None = None,
        push: bool | None = None,
        force: bool = False,
        dry_run: bool = False,
        **options: Unpack[WriteOptions],
    ) -> WriteReport:
        """Takes a whole artifact out of use, until somebody registers or assigns a version of it again.

        `ref` says on which commit the tag is made; left out: on that of the artifact's newest event. With `delete` all
        tags of the artifact are deleted. The other arguments are those of :meth:`register`.

        Raises:
            gto.exceptions.ArtifactNotFound: there is no such artifact.
        """
        done = _gto.deprecate(
            self._location,
            name,
            ref=ref,
            delete=delete,
            message=message,
            push=push,
            force=force,
            dry_run=dry_run,
            **options,
        )
        return WriteReport._of(done)

    # -- annotations: writing ---------------------------------------------------------------------------------------

    def annotate(
        self,
        name: str,
        *,
        type: str | None = None,
        path: str | os.PathLike[str] | None = None,
        description: str | None = None,
        labels: Sequence[str] = (),
        remove_labels: Sequence[str] = (),
        custom: Any = None,
        must_exist: bool = False,
        must_be_new: bool = False,
        allow_same_path: bool = False,
        **options: Unpack[AnnotationOptions],
    ) -> AnnotationReport:
        """Says in an annotation file what an artifact is and where it lies. The rest of the file stays as it is.

        What is left out stays as it is, and an empty text takes the field out.

        Args:
            name: The artifact, such as ``model``, or ``nlp:model``, which is annotated in ``nlp/dvc.yaml``.
            type: What it is, such as ``model`` or ``dataset``.
            path: Where its file or folder is: from the root of the repository, an absolute path, or an address.
            description: What else people should know.
            labels: Labels that it gets, beside those that it has.
            remove_labels: Labels that it loses.
            custom: Anything else that JSON can say, in place of what is there; an empty ``dict`` takes the field out.
            must_exist: Refuse a path that is not in the current commit.
            must_be_new: Refuse an artifact that is annotated already.
            allow_same_path: Take a path that is, has in it, or is in that of another artifact.
            options: See :class:`AnnotationOptions`.

        Raises:
            gto.exceptions.PathIsUsed: another artifact has that path.
            gto.exceptions.UnknownType: the configuration does not allow the type.
            gto.exceptions.NoFile: there is nothing at that path, and there must be.
            gto.exceptions.ArtifactExists: it is annotated already, and must be new.
            gto.exceptions.WrongArtifactsYaml: the file is damaged; the text says where.
            gto.exceptions.WrongArgs: a value that the file cannot have.
        """
        done = _gto.annotate(
            self._location,
            name,
            type=type,
            path=None if path is None else os.fspath(path),
            description=description,
            labels=_several("labels", labels),
            remove_labels=_several("remove_labels", remove_labels),
            custom=_as_json(custom),
            must_exist=must_exist,
            update=not must_be_new,
            allow_same_path=allow_same_path,
            **self._commit_options(options),
        )
        return AnnotationReport._of(done, options.get("dry_run", False))

    def remove_annotation(self, name: str, **options: Unpack[AnnotationOptions]) -> AnnotationReport:
        """Takes what is said of an artifact out of the annotation file that has it. Its tags have nothing to do with it:
        see :meth:`deprecate`.

        Raises:
            gto.exceptions.ArtifactNotFound: nothing is said of it.
            gto.exceptions.WrongArtifactsYaml: the file is damaged; the text says where.
        """
        done = _gto.remove(self._location, name, **self._commit_options(options))
        return AnnotationReport._of(done, options.get("dry_run", False))

    def _commit_options(self, options: AnnotationOptions) -> dict[str, Any]:
        """The same by the names that the engine has for them."""
        by_name: dict[str, Any] = dict(options)
        message = by_name.pop("message", None)
        commits = by_name.get("commit") or by_name.get("push") or _gto.is_address(self._location)
        if message is not None and not commits:
            raise ValueError("message is that of a commit: add commit=True")
        return {**by_name, "commit_message": message}

    # -- tables -----------------------------------------------------------------------------------------------------

    def _repr_html_(self) -> str:
        return self.artifacts()._repr_html_()

    def to_pandas(self) -> Any:
        """The artifacts in use as a ``pandas.DataFrame``: a row for each, and a column for each stage.

        Raises:
            ImportError: pandas is not installed. It comes not with this package.
        """
        return self.artifacts().to_pandas()


def _name_of(artifact: str, version: str | Version | None) -> str | None:
    """``v1.0.0``: of a version that must be one of this artifact."""
    if not isinstance(version, Version):
        return version_of(artifact, version)
    if version.artifact != artifact:
        raise WrongArgs(f"'{version.artifact}@{version.version}' is a version of '{version.artifact}', not of '{artifact}'")
    return version.version


def _several(field: str, texts: Sequence[str]) -> list[str]:
    if isinstance(texts, str):
        raise ValueError(f"{field} is a sequence of texts, not one text: {[texts]!r}")
    return list(texts)


def _as_json(custom: Any) -> str | None:
    if custom is None:
        return None
    import json

    # An empty value says as much as none.
    return "null" if custom in ("", {}, []) else json.dumps(custom, allow_nan=False)


def _no_such(name: str, hint: str | None) -> NoSuchArtifact:
    error = NoSuchArtifact(name)
    if hint is not None:
        _hint(error, hint)
    return error


def _hint(error: GTOException, hint: str) -> None:
    error.hint = hint
    # As the engine does: shown where nobody catches it, from Python 3.11 on.
    if hasattr(error, "add_note"):
        error.add_note(f"hint: {hint}")


def _warn(text: str) -> None:
    import warnings

    warnings.warn(text, GtoWarning, stacklevel=4)
