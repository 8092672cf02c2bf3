"""The registry of a repository: :class:`gto.Registry`, for new code.

The Python API for reads and writes. It has no logic: each read and each write is one call of the engine, which opens
the repository for it, so results are always current.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, overload

from gto import _gto
from gto._calls import version_of
from gto._results.checks import Examination, Verification
from gto._results.record import Record
from gto._results.rows import Rows, rows
from gto._results.values import Annotation, ArtifactSummary, Description, Event, Located, Version
from gto._results.writes import AnnotationReport, Comparison, PushReport, WriteReport
from gto.exceptions import ArtifactNotFound, GTOException, GtoWarning, WrongArgs

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType, TracebackType

    from typing_extensions import Unpack


_Class = TypeVar("_Class", bound=type)

#: Free text, and the fields that :meth:`Registry.annotate` removes if empty.
_MAY_BE_EMPTY = {"message", "description", "type", "path", "custom"}


class EmptyArgument(WrongArgs, ValueError):
    """An argument is empty, for example because a variable is not set. To leave it out, pass ``None``."""


def _refusing_empty(cls: _Class) -> _Class:
    """Makes all methods of a class refuse empty arguments."""
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
    """Refuses an empty string, even in a sequence."""
    texts = value if isinstance(value, (list, tuple)) else (value,)
    if name not in _MAY_BE_EMPTY and any(isinstance(text, str) and not text.strip() for text in texts):
        error = EmptyArgument(f"'{name}' is empty")
        _hint(error, f"a variable may be unset: pass None, or leave out {name!r}, if none is meant")
        raise error


class NoSuchArtifact(ArtifactNotFound, KeyError):
    """There is no such active artifact. Also a ``KeyError``, as for every mapping."""

    # That of `KeyError` would show the text in quotes.
    __str__ = Exception.__str__


@dataclass(frozen=True, repr=False)
class Artifact(Record):
    """A snapshot of an artifact. To update it, use ``registry["model"]`` again."""

    __slots__ = ("active", "name", "registered", "versions")

    name: str
    #: Whether it has a tag; otherwise it is only annotated.
    registered: bool
    #: Whether it is active: not deprecated.
    active: bool
    #: Active versions, highest first; then unregistered commits that are in a stage.
    versions: Rows[Version]

    @property
    def latest(self) -> Version | None:
        """The highest active version; ``None`` if there is none."""
        return next((version for version in self.versions if version.registered and version.active), None)

    @property
    def stages(self) -> dict[str, Version]:
        """Its stages in alphabetical order, each with the version in it."""
        found = ((stage, version) for version in self.versions for stage in version.stages)
        return dict(sorted(found, key=lambda pair: pair[0]))

    def in_stage(self, stage: str) -> Version | None:
        """The version in a stage; ``None`` if there is none."""
        return self.stages.get(stage)

    def __getitem__(self, version: str) -> Version:
        """The version with this name.

        Raises:
            KeyError: there is no active version of that name.
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
    """Options of all writes."""

    #: Whether to leave out the counter of the tag. Default (``None``): if that is usual for the event and the name is
    #: free.
    simple: bool | None
    #: Fetch the artifact's tags from the remote first, to include versions that exist only there. A push always does
    #: that.
    fetch: bool
    #: The name and e-mail address of the tagger, instead of those in Git's configuration.
    author: str | None
    author_email: str | None
    #: Whether to sign the tag. Default (``None``): as configured in Git.
    sign: bool | None
    #: The key to sign with.
    local_user: str | None
    #: Do it although the promotion policy forbids it, for this reason, which the signed tag will have. Only for those whom
    #: ``break_glass`` names.
    override_reason: str | None


class AnnotationOptions(TypedDict, total=False):
    """Options of all changes to annotations."""

    #: The kind of file: ``"dvc"`` for ``dvc.yaml``, ``"gto"`` for ``artifacts.yaml``. Default (``None``): the one that
    #: has the artifact.
    file: Literal["gto", "dvc"] | None
    #: Whether to commit the file, and nothing else. Always on for a remote repository.
    commit: bool
    #: The commit message. Default (``None``): a description of the change.
    message: str | None
    #: Whether to commit, and to push the branch.
    push: bool
    #: The name and e-mail address of the commit's author, instead of those in Git's configuration.
    author: str | None
    author_email: str | None
    #: Change nothing, and report which files would change.
    dry_run: bool


@_refusing_empty
class Registry(Mapping[str, Artifact]):
    """The registry in the GTO tags of a Git repository.

    A mapping of the active artifacts: ``registry["model"]``, ``"model" in registry``, ``len(registry)`` and ``for name
    in registry``. It keeps no state between calls, so many threads can use it, also across ``fork``, and results are
    always current.

    Args:
        path: A folder of the repository, or the URL of a remote repository. For a URL, a clone is kept and compared
            with the remote on every call, and writes are pushed. Default: the repository of the current folder.
        policy: ``"enforce"`` leaves tags that violate the promotion policy out of all answers but :meth:`history`, each
            time with a warning. Answers fail if that is not known, or there is no policy. Default (``None``): as the
            environment variable ``GTO_POLICY`` says.

    Raises:
        gto.exceptions.NoRepo: neither the folder nor one of its parents is a repository.

    An empty argument, for example from an unset variable, raises a ``ValueError`` (also a
    :class:`gto.exceptions.WrongArgs`). Messages and the fields of :meth:`annotate` may be empty.

    A warning, such as that this clone lacks tags, is a :class:`gto.exceptions.GtoWarning`. All errors are classes of
    :mod:`gto.exceptions`. Their ``hint`` suggests what to do next (or is ``None``).
    """

    __slots__ = ("_location", "_obeys")

    def __init__(
        self, path: str | os.PathLike[str] | None = None, *, policy: Literal["enforce"] | None = None
    ) -> None:
        _refuse_empty("path of the repository", path)
        if policy not in (None, "enforce"):
            raise WrongArgs(f"`policy` is 'enforce' or None, not {policy!r}")
        self._obeys = policy == "enforce"
        if isinstance(path, str) and _gto.is_address(path):
            self._location = path
        else:
            # A program may change its folder later on.
            self._location = _gto.root(None if path is None else os.fspath(path))

    @property
    def _repo(self) -> str | tuple[str, bool]:
        """As the engine takes it."""
        return (self._location, True) if self._obeys else self._location

    @property
    def location(self) -> str:
        """The folder or URL of the repository."""
        return self._location

    def __enter__(self) -> Registry:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Does nothing: there is nothing to close."""

    def __repr__(self) -> str:
        policy = ", policy='enforce'" if self._obeys else ""
        return f"Registry({self._location!r}{policy})"

    def __eq__(self, other: object) -> bool:
        return self._repo == other._repo if isinstance(other, Registry) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._repo)

    # -- questions --------------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Artifact:
        """The current state of an artifact.

        Raises:
            KeyError: there is no such active artifact (also a :class:`gto.exceptions.ArtifactNotFound`).
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
        """Whether there is an active artifact of this name."""
        try:
            return isinstance(name, str) and self.artifact(name).active
        except (ArtifactNotFound, EmptyArgument):
            return False

    def _instead_of(self, name: str) -> str:
        """A hint for an unknown name."""
        from difflib import get_close_matches

        names = list(self)
        if not names:
            return "there is no artifact here: in a clone without tags, `git fetch --tags` fetches them"
        near = get_close_matches(name, names, n=1)
        return f"did you mean {near[0]!r}?" if near else "`list(registry)` has the names of all artifacts"

    def __iter__(self) -> Iterator[str]:
        """The names of the active artifacts, in the order of ``gto show``."""
        return (artifact.name for artifact in self.artifacts())

    def __len__(self) -> int:
        return len(self.artifacts())

    def artifact(self, name: str, *, deregistered: bool = False) -> Artifact:
        """An artifact, even a deprecated one; with `deregistered`, including its deregistered versions.

        Raises:
            gto.exceptions.ArtifactNotFound: no tag and no annotation file of the current commit names it.
        """
        if not _gto.is_full_name(name):
            # A reference, such as `model@latest`, is not an artifact's name.
            raise ArtifactNotFound(name)
        found = _gto.artifact(self._repo, name, deprecated=deregistered)
        return Artifact(name, found["registered"], found["active"], rows(Version._of, found["versions"]))

    def artifacts(self, *, deprecated: bool = False) -> Rows[ArtifactSummary]:
        """One row for each artifact: its latest version and the versions in its stages. Reads all at once, without the
        details of ``registry[name]``."""
        table = _gto.registry(self._repo, deprecated=deprecated)
        return rows(ArtifactSummary._of, table["artifacts"])

    def at(self, revision: str) -> Rows[Version]:
        """The versions of all artifacts on a commit, given as a branch, a tag or an id.

        Raises:
            gto.exceptions.RefNotFound: there is no such commit.
        """
        return rows(Version._of, _gto.versions_at(self._repo, revision))

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
        """The events, newest first.

        Args:
            artifact: Only events of this artifact. An unknown artifact has no events.
            version: Only events of this version, such as ``v1.0.0`` or ``model@v1.0.0``.
            stage: Only events of this stage.
            events: Only events of these kinds, such as ``["registration", "assignment"]``.
            author: Only events of taggers whose name or e-mail address contains this text.
            since, until: An aware ``datetime``, a ``date`` (including the whole day), or a date in Git's formats (``"2
                weeks ago"``).
            limit: The maximum number of events.
            ascending: Oldest first.

        Raises:
            gto.exceptions.WrongArgs: there is no such kind of event, or a ``datetime`` has no time zone.
        """
        if artifact is None and version is not None:
            named = version.artifact if isinstance(version, Version) else version.rpartition("@")[0]
            artifact = named or None
        found = _gto.events(
            self._repo,
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
        return rows(Event._of, found["events"])

    def check_ref(self, ref: str) -> Event | None:
        """The event of a tag, given as ``model#prod#3`` or ``refs/tags/model#prod#3``; ``None`` if the tag is unrelated
        to the registry. If its name matches but it is no event, because it is lightweight or damaged, this also issues
        a :class:`gto.exceptions.GtoWarning`."""
        found = _gto.event(self._repo, ref)
        if found["event"] is not None:
            return Event._of(found["event"])
        if found["kind"] in ("lightweight", "no_event"):
            _warn(
                f"tag '{ref}' is no event: {found['reason'] or 'it is lightweight, and only annotated tags are'}"
            )
        return None

    def stages(self, *, used: bool = False) -> tuple[str, ...]:
        """The stages that the configuration allows or, if it allows all, the stages in use; with `used`, all that were
        ever used."""
        return tuple(_gto.stages(self._repo, used=used) or ())

    def annotations(self, revision: str | None = None) -> dict[str, Annotation]:
        """The annotations in ``artifacts.yaml`` and all ``dvc.yaml`` files, by artifact: at a revision or, by default,
        in the work tree, including uncommitted changes. If both files have an artifact, ``dvc.yaml`` wins. Unreadable
        entries are left out, with a :class:`gto.exceptions.GtoWarning` that names the place.

        Raises:
            gto.exceptions.RefNotFound: there is no such commit.
        """
        found = _gto.all_annotations(self._repo, revision)
        return {name: Annotation._of(said) for name, said in found.items()}

    def resolve(self, reference: str) -> Located:
        """Resolves a reference to one version.

        Args:
            reference: ``model`` for its highest version, ``model@v1.0.0``, ``model#prod``, or a tag of the registry.

        Raises:
            gto.exceptions.ArtifactNotFound: there is no such artifact.
            gto.exceptions.VersionRequired: it has no such version, or none in that stage.
        """
        return Located(**_gto.locate(self._repo, reference))

    def compare(self, name: str, a: str | Version, b: str | Version) -> tuple[Version, Version]:
        """Two versions of an artifact, to compare their commits, stages and annotations.

        Args:
            name: The artifact.
            a: A version, ``latest``, or ``#prod`` for the version in a stage.
            b: The version to compare it with.

        Raises:
            gto.exceptions.VersionRequired: a stage has no version, or the artifact has none.
            gto.exceptions.WrongArgs: the given version is not registered.
        """
        found = _gto.compare(self._repo, name, _name_of(name, a), _name_of(name, b))
        return Version._of(found["from"]), Version._of(found["to"])

    def describe(self, reference: str, revision: str | None = None) -> Description:
        """An artifact's type, path, labels and description, from ``dvc.yaml`` or ``artifacts.yaml``; if both have it,
        ``dvc.yaml`` wins.

        Args:
            reference: As for :meth:`resolve`. For a version, this reads the files in its commit; for a bare name, the
                files in the work tree, including uncommitted changes.
            revision: The commit whose files to read, for a bare name.

        Raises:
            gto.exceptions.ArtifactNotFound: it has no annotation, or there is no such version.
        """
        return Description._of(_gto.described(self._repo, reference, revision))

    def config(self) -> dict[str, Any]:
        """The effective configuration, with the keys of ``.gto``.

        Raises:
            gto.exceptions.WrongConfig: the file cannot be used.
        """
        return dict(_gto.config(self._repo))

    def doctor(self) -> Examination:
        """All problems of the registry, with the commands that fix them."""
        return Examination._of(_gto.doctor(self._repo))

    def verify(self, artifact: str | None = None, *, tags: Sequence[str] | None = None) -> Rows[Verification]:
        """Checks the signatures of all tags of the registry, of an artifact, or of `tags`, with the user's keys and
        settings."""
        found = _gto.verify(self._repo, artifact, tags=tags)
        return Rows(Verification(**tag) for tag in found)

    # -- the remote -------------------------------------------------------------------------------------------------

    def status(self, artifact: str | None = None, *, remote: str | None = None) -> Comparison:
        """Compares the registry's local tags with those of a remote. Fetches and changes nothing.

        Raises:
            gto.exceptions.GTOException: there is no such remote, or it cannot be reached.
        """
        return Comparison._of(_gto.status(self._repo, artifact, remote=remote))

    def push(
        self, artifact: str | None = None, *, remote: str | None = None, dry_run: bool = False
    ) -> PushReport:
        """Pushes tags that the remote lacks, atomically.

        Raises:
            gto.exceptions.GTOException: the remote refuses, or cannot be reached.
        """
        return PushReport._of(_gto.push(self._repo, artifact, remote=remote, dry_run=dry_run))

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
            version: Its name, such as ``v1.2.3``. Default: the next one, according to `bump`.
            bump: The part to bump. Default: ``patch``, and ``v0.0.1`` for the first version.
            message: The message of the tag. Default: a description of the event.
            push: Whether to push the tag too. Default: as configured. For a remote repository, always on.
            force: Create the tag even if it changes nothing.
            dry_run: Change nothing, and report what would be done.
            options: See :class:`WriteOptions`.

        Raises:
            gto.exceptions.VersionAlreadyRegistered: there is such a version already.
            gto.exceptions.VersionExistsForCommit: the commit has a version already.
            gto.exceptions.RefNotFound: there is no such commit.
        """
        if bump not in (None, "major", "minor", "patch"):
            raise ValueError(f"bump is 'major', 'minor' or 'patch', not {bump!r}")
        done = _gto.register(
            self._repo,
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
        """Assigns a version of an artifact to a stage. Without `version`, this assigns the version on the commit `ref`,
        and first registers one if it has none, even for a new artifact.

        Args:
            name: The artifact.
            stage: The stage, such as ``prod``.
            version: A registered version. With `ref`, the name of the version to register there.
            ref: Assign the version on this commit; if there is none, first register the next one. Default without
                `version`: ``HEAD``.
            skip_registration: Do not register a version.
            message, push, force, dry_run, options: As for :meth:`register`.

        Raises:
            gto.exceptions.ArtifactNotFound: `version` belongs to an unknown artifact.
            gto.exceptions.VersionRequired: it has no such version.
            gto.exceptions.UnknownStage: the configuration does not allow the stage.
            gto.exceptions.WrongArgs: the version is in that stage already.
        """
        version = _name_of(name, version)
        by_name = ref is None and version is not None
        done = _gto.assign(
            self._repo,
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

    def approve(
        self,
        name: str,
        version: str | Version,
        stage: str,
        *,
        withdraw: bool = False,
        exist_ok: bool = False,
        message: str | None = None,
        push: bool | None = None,
        fetch: bool = False,
        dry_run: bool = False,
        author: str | None = None,
        author_email: str | None = None,
        sign: bool | None = None,
        local_user: str | None = None,
    ) -> WriteReport:
        """Approves a version of an artifact for a stage, as the promotion policy may want, by a tag that is no event.

        Args:
            name: The artifact.
            version: A registered version.
            stage: The stage, such as ``prod``.
            withdraw: Take the approval back, for good.
            exist_ok: Succeed if it is so already.
            message, push, fetch, dry_run, author, author_email, sign, local_user: As for :meth:`register`. It is signed if the
                policy wants that.

        Raises:
            gto.exceptions.WrongArgs: it is approved already, or the approval was withdrawn.
            gto.exceptions.VersionRequired: there is no such version.
        """
        done = _gto.approve(
            self._repo,
            name,
            _name_of(name, version) or "",
            stage,
            withdraw=withdraw,
            exist_ok=exist_ok,
            message=message,
            push=push,
            fetch=fetch,
            dry_run=dry_run,
            author=author,
            author_email=author_email,
            sign=sign,
            local_user=local_user,
        )
        return WriteReport._of(done)

    def rollback(
        self,
        name: str,
        stage: str,
        to: str | Version | None = None,
        *,
        message: str | None = None,
        push: bool | None = None,
        force: bool = False,
        dry_run: bool = False,
        **options: Unpack[WriteOptions],
    ) -> WriteReport:
        """Assigns the version that was in a stage before the one that it shows, or the version `to`, which must have been in it.

        It is an assignment, so a pipeline deploys it. For the other arguments, see :meth:`register`.

        Raises:
            gto.exceptions.WrongArgs: no earlier version is left, the stage shows nothing, or the artifact is deprecated.
            gto.exceptions.VersionRequired: there is no version `to`.
        """
        done = _gto.rollback(
            self._repo,
            name,
            stage,
            to=_name_of(name, to),
            message=message,
            push=push,
            force=force,
            dry_run=dry_run,
            **options,
        )
        return WriteReport._of(done)

    def promote(
        self,
        names: str | Sequence[str],
        from_stage: str,
        to_stage: str,
        *,
        message: str | None = None,
        push: bool | None = None,
        force: bool = False,
        dry_run: bool = False,
        **options: Unpack[WriteOptions],
    ) -> WriteReport:
        """Assigns what one stage of each artifact shows to another of its stages. If one is refused, none is assigned.

        For the other arguments, see :meth:`register`.

        Raises:
            gto.exceptions.WrongArgs: `from_stage` shows nothing, or `to_stage` shows that version already.
        """
        done = _gto.promote(
            self._repo,
            [names] if isinstance(names, str) else list(names),
            from_stage,
            to_stage,
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
        """Unassigns a version of an artifact from a stage: the given version, the one on the commit `ref`, or else the
        one that the stage shows.

        With `delete`, this deletes the tags of the assignment instead of creating one. For the other arguments, see
        :meth:`register`.

        Raises:
            gto.exceptions.NoStageForVersion: it is not in that stage.
        """
        done = _gto.unassign(
            self._repo,
            name,
            stage,
            version=_name_of(name, version),
            ref=ref,
            shown=True,
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
        """Deregisters a version of an artifact: the given version, or the one on the commit `ref`.

        With `delete`, this deletes all its tags. For the other arguments, see :meth:`register`.

        Raises:
            gto.exceptions.VersionRequired: there is no such version.
        """
        done = _gto.deregister(
            self._repo,
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
        """Deprecates an artifact, until one of its versions is registered or assigned again.

        `ref` is the commit of the tag; by default, the commit of the artifact's newest event. With `delete`, this
        deletes all tags of the artifact. For the other arguments, see :meth:`register`.

        Raises:
            gto.exceptions.ArtifactNotFound: there is no such artifact.
        """
        done = _gto.deprecate(
            self._repo,
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
        """Sets an artifact's type, path, labels and description in an annotation file. The rest of the file stays
        unchanged.

        Fields that are left out stay unchanged, and an empty string removes a field.

        Args:
            name: The artifact, such as ``model``, or ``nlp:model``, which is annotated in ``nlp/dvc.yaml``.
            type: Its type, such as ``model`` or ``dataset``.
            path: Its file or folder: relative to the root of the repository, absolute, or a URL.
            description: Its description.
            labels: Labels to add.
            remove_labels: Labels to remove.
            custom: Any JSON value, which replaces the present one; an empty ``dict`` removes the field.
            must_exist: Refuse a path that is missing from the current commit.
            must_be_new: Refuse an artifact that is annotated already.
            allow_same_path: Allow a path that equals, contains or is inside that of another artifact.
            options: See :class:`AnnotationOptions`.

        Raises:
            gto.exceptions.PathIsUsed: another artifact has that path.
            gto.exceptions.UnknownType: the configuration does not allow the type.
            gto.exceptions.NoFile: there is nothing at that path, and there must be.
            gto.exceptions.ArtifactExists: it is annotated already, and must be new.
            gto.exceptions.WrongArtifactsYaml: the file is damaged; the message names the place.
            gto.exceptions.WrongArgs: the file cannot hold a value.
        """
        done = _gto.annotate(
            self._repo,
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
        """Removes the annotation of an artifact. Its tags stay: see :meth:`deprecate`.

        Raises:
            gto.exceptions.ArtifactNotFound: it has no annotation.
            gto.exceptions.WrongArtifactsYaml: the file is damaged; the message names the place.
        """
        done = _gto.remove(self._repo, name, **self._commit_options(options))
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
        """The active artifacts as a ``pandas.DataFrame``, with a column for each stage.

        Raises:
            ImportError: pandas is not installed. It is not a dependency of this package.
        """
        return self.artifacts().to_pandas()


@overload
def _name_of(artifact: str, version: str | Version) -> str: ...
@overload
def _name_of(artifact: str, version: None) -> None: ...
def _name_of(artifact: str, version: str | Version | None) -> str | None:
    """The name, such as ``v1.0.0``, of a version of this artifact."""
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

    # An empty value means none.
    return "null" if custom in ("", {}, []) else json.dumps(custom, allow_nan=False)


def _no_such(name: str, hint: str | None) -> NoSuchArtifact:
    error = NoSuchArtifact(name)
    if hint is not None:
        _hint(error, hint)
    return error


def _hint(error: GTOException, hint: str) -> None:
    error.hint = hint
    # Like the engine: shown if it is not caught, from Python 3.11 on.
    if hasattr(error, "add_note"):
        error.add_note(f"hint: {hint}")


def _warn(text: str) -> None:
    import warnings

    warnings.warn(text, GtoWarning, stacklevel=4)
