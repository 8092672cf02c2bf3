"""The functions of the Python tool 1.10.1, for the programs that use them. For new code there is :class:`gto.Registry`.

``repo`` is a path, the address of a remote repository, an object with a ``root_dir`` (a ``scmrepo.git.Git``), or left out:
the repository of the current folder. How a call without it is read is said in :mod:`gto._calls`. What goes wrong is a
:class:`gto.exceptions.GTOException`.
"""

from __future__ import annotations

from gto import _gto
from gto._calls import register_forms, repo_may_be_left_out, version_of
from gto._repo import as_location
from gto.constants import (
    ARTIFACT,
    ASSIGNMENTS_PER_VERSION,
    COMMIT,
    STAGE,
    VERSION,
    VERSIONS_PER_STAGE,
    VersionSort,
    is_hexsha,
    mark_artifact_unregistered,
    parse_shortcut,
)
from gto.exceptions import NoRepo, NotImplementedInGTO, WrongArgs

# Type checkers take this for true; at run time `typing` is not needed for it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from typing import Any

    from gto._repo import Repo
    from gto.base import (
        Assignment,
        BaseEvent,
        BaseRegistryState,
        Deprecation,
        Deregistration,
        Registration,
        Unassignment,
        Version,
        VStage,
    )
    from gto.index import Artifact


def _is_gto_repo(repo: Repo = None) -> bool:
    """Whether the repository has a configuration, an annotation file or a tag of the registry; ``False`` if it is no
    repository at all."""
    try:
        return _gto.is_gto_repo(as_location(repo))
    except NoRepo:
        return False


def _get_state(repo: Repo = None) -> BaseRegistryState:
    """Everything, as a :class:`gto.base.BaseRegistryState`."""
    from gto.base import state_from_engine

    return state_from_engine(_gto.state(as_location(repo)))


def get_stages(repo: Repo = None, allowed: bool = False, used: bool = False) -> list[str] | None:
    """The stages that the configuration allows, those that were ever used, or (without both) the allowed ones if any are
    named, else the active ones. ``None``: the configuration allows all."""
    assert not (allowed and used), """Either "allowed" or "used" can be set"""
    return _gto.stages(as_location(repo), allowed=allowed, used=used)


@repo_may_be_left_out
def describe(repo: Repo, name: str, rev: str | None = None) -> Artifact | None:
    """The annotation of an artifact at a revision (``HEAD``), or of ``name@v1.0.0``, ``name@latest`` or ``name#stage``, as
    a :class:`gto.index.Artifact`; ``None`` if there is none."""
    shortcut = parse_shortcut(name)
    if shortcut.shortcut:
        if rev:
            raise WrongArgs("Either specify revision or use naming shortcut.")
        versions = _show_versions(repo, name)
        if not versions:
            return None
        if len(versions) > 1:
            raise NotImplementedInGTO("Ambiguous naming shortcut: multiple variants found.")
        rev = versions[0]["commit_hexsha"]
    annotation = _gto.describe(as_location(repo), shortcut.name, rev or "HEAD")
    if annotation is None:
        return None
    from gto.index import Artifact

    return Artifact(**annotation)


def _written(answer: dict[str, Any], stdout: bool) -> Any:
    from gto.registry import written

    return written(answer, stdout)


def _register(
    repo: Repo,
    name: str,
    ref: str,
    version: str | None = None,
    message: str | None = None,
    simple: bool | None = None,
    force: bool = False,
    bump_major: bool = False,
    bump_minor: bool = False,
    bump_patch: bool = False,
    push: bool = False,
    stdout: bool = False,
    author: str | None = None,
    author_email: str | None = None,
) -> Registration:
    """Registers a commit as a version of an artifact, and returns the event.

    Without ``version`` it is the next one. ``register(name, path, type=…, description=…)`` (with one at least of ``type``,
    ``description``, ``labels``, ``custom``, or ``path=``) annotates the artifact in a commit of its own first, and registers
    that; if anything of it is refused, nothing is changed. Raises :class:`gto.exceptions.AmbiguousArg` if the call can mean either."""
    answer = _gto.register(
        as_location(repo),
        name,
        ref,
        version=version,
        message=message,
        simple=simple,
        force=force,
        bump_major=bump_major,
        bump_minor=bump_minor,
        bump_patch=bump_patch,
        push=push,
        author=author,
        author_email=author_email,
    )
    return _written(answer, stdout)


def _annotate_and_register(
    name: str,
    path: str | os.PathLike[str] | None = None,
    *,
    repo: Repo = None,
    type: str | None = None,
    description: str | None = None,
    labels: Sequence[str] | None = None,
    custom: Any = None,
    version: str | None = None,
    message: str | None = None,
    simple: bool | None = None,
    force: bool = False,
    bump_major: bool = False,
    bump_minor: bool = False,
    bump_patch: bool = False,
    push: bool = False,
    stdout: bool = False,
    author: str | None = None,
    author_email: str | None = None,
) -> Registration:
    from gto.index import annotate, engine_values

    person = {"author": author, "author_email": author_email}
    annotation = {"type": type, "path": path, "description": description, "labels": labels, "custom": custom}
    registering: dict[str, Any] = {
        "version": version,
        "message": message,
        "simple": simple,
        "force": force,
        "bump_major": bump_major,
        "bump_minor": bump_minor,
        "bump_patch": bump_patch,
        **person,
    }

    def do(repo: str | None, push: bool) -> Registration:
        # All that can be refused is, before anything is changed.
        planned = _gto.annotate(repo, name, **engine_values(annotation), dry_run=True)
        ref = None if planned["files"] else "HEAD"
        _gto.register(repo, name, ref, push=push, dry_run=True, **registering)
        annotate(repo, name, **annotation, **person, commit=True, push=push, stdout=stdout)
        return _register(repo, name, "HEAD", push=push, stdout=stdout, **registering)

    location = as_location(repo)
    if location is None or not _gto.is_address(location):
        return do(location, push)
    from gto.git_utils import cloned_git_repo

    with cloned_git_repo(location) as clone:
        return do(clone.root_dir, True)


_register.__name__ = _register.__qualname__ = "register"
register = register_forms(_register, _annotate_and_register)


@repo_may_be_left_out
def assign(
    repo: Repo,
    name: str,
    stage: str,
    version: str | None = None,
    ref: str | None = None,
    name_version: Any = None,
    message: str | None = None,
    simple: bool = False,
    force: bool = False,
    push: bool = False,
    skip_registration: bool = False,
    stdout: bool = False,
    author: str | None = None,
    author_email: str | None = None,
) -> Assignment:
    """Assigns a version, ``v1.0.0`` or ``name@v1.0.0``, to a stage, and returns the event. With ``ref`` it is the version
    of that commit, which is registered first if there is none."""
    answer = _gto.assign(
        as_location(repo),
        name,
        stage,
        version=version_of(name, version),
        ref=ref,
        name_version=name_version,
        message=message,
        simple=simple,
        force=force,
        push=push,
        skip_registration=skip_registration,
        author=author,
        author_email=author_email,
    )
    return _written(answer, stdout)


@repo_may_be_left_out
def unassign(
    repo: Repo,
    name: str,
    ref: str | None = None,
    version: str | None = None,
    stage: str | None = None,
    message: str | None = None,
    stdout: bool = False,
    simple: bool | None = None,
    force: bool = False,
    delete: bool = False,
    push: bool = False,
    author: str | None = None,
    author_email: str | None = None,
) -> Unassignment | None:
    """Takes a version out of a stage, and returns the event; with ``delete`` it deletes the tags of the assignment."""
    answer = _gto.unassign(
        as_location(repo),
        name,
        stage,
        version=version_of(name, version),
        ref=ref,
        message=message,
        simple=simple,
        force=force,
        delete=delete,
        push=push,
        author=author,
        author_email=author_email,
    )
    return _written(answer, stdout)


@repo_may_be_left_out
def deregister(
    repo: Repo,
    name: str,
    ref: str | None = None,
    version: str | None = None,
    message: str | None = None,
    stdout: bool = False,
    simple: bool | None = None,
    force: bool = False,
    delete: bool = False,
    push: bool = False,
    author: str | None = None,
    author_email: str | None = None,
) -> Deregistration | None:
    """Deregisters a version, and returns the event; with ``delete`` it deletes the tags of the version."""
    answer = _gto.deregister(
        as_location(repo),
        name,
        version=version_of(name, version),
        ref=ref,
        message=message,
        simple=simple,
        force=force,
        delete=delete,
        push=push,
        author=author,
        author_email=author_email,
    )
    return _written(answer, stdout)


@repo_may_be_left_out
def deprecate(
    repo: Repo,
    name: str,
    ref: str | None = None,
    message: str | None = None,
    stdout: bool = False,
    simple: bool | None = None,
    force: bool = False,
    delete: bool = False,
    push: bool = False,
    author: str | None = None,
    author_email: str | None = None,
) -> Deprecation | None:
    """Deprecates an artifact, and returns the event; with ``delete`` it deletes the tags of the artifact."""
    answer = _gto.deprecate(
        as_location(repo),
        name,
        ref=ref,
        message=message,
        simple=simple,
        force=force,
        delete=delete,
        push=push,
        author=author,
        author_email=author_email,
    )
    return _written(answer, stdout)


def parse_tag(name: str) -> dict[str, Any]:
    """What the name of a tag says. Raises :class:`gto.exceptions.InvalidTagName` if it is none of the registry's."""
    from gto.tag import parse_name

    return parse_name(name)


@repo_may_be_left_out
def find_latest_version(
    repo: Repo, name: str, all: bool = False, registered: bool = True
) -> Version | list[Version] | None:
    """The highest active version as a :class:`gto.base.Version`, or ``None``; with ``all`` all active ones, highest first."""
    from gto.base import version_from_engine

    found = _gto.latest(as_location(repo), name, all=all, registered=registered)
    versions = [version_from_engine(version) for version in found]
    if all:
        return versions
    return versions[0] if versions else None


@repo_may_be_left_out
def find_versions_in_stage(
    repo: Repo,
    name: str,
    stage: str,
    assignments_per_version: int = ASSIGNMENTS_PER_VERSION,
    versions_per_stage: int = VERSIONS_PER_STAGE,
    registered_only: bool = False,
) -> list[VStage] | None:
    """The versions in a stage as :class:`gto.base.VStage`, first of them the one that counts; ``None`` if there is none."""
    from gto.base import stage_from_engine

    found = _gto.which(
        as_location(repo),
        name,
        stage,
        assignments_per_version=assignments_per_version,
        versions_per_stage=versions_per_stage,
        registered_only=registered_only,
    )
    return [stage_from_engine(version) for version in found] or None


@repo_may_be_left_out
def check_ref(repo: Repo, ref: str) -> list[BaseEvent]:
    """The event that a tag is, in a list; an empty one if it is none."""
    event = _gto.check_ref(as_location(repo), ref)
    if event is None:
        return []
    from gto.base import event_from_engine

    return [event_from_engine(event)]


def _sort(sort: VersionSort | str | None) -> str:
    if isinstance(sort, VersionSort):
        return sort.value
    # By its name, as in the Python tool.
    return VersionSort[sort].value if sort is not None else VersionSort.Timestamp.value


def _shown(
    registered_only: bool,
    deprecated: bool,
    assignments_per_version: int | None,
    versions_per_stage: int | None,
    sort: VersionSort | str | None,
) -> dict[str, Any]:
    return {
        "registered_only": registered_only,
        "deprecated": deprecated,
        "assignments_per_version": (
            ASSIGNMENTS_PER_VERSION if assignments_per_version is None else assignments_per_version
        ),
        "versions_per_stage": VERSIONS_PER_STAGE if versions_per_stage is None else versions_per_stage,
        "sort": _sort(sort),
    }


def show(
    repo: Repo = None,
    name: str | None = None,
    truncate_hexsha: bool = False,
    registered_only: bool = False,
    deprecated: bool = False,
    assignments_per_version: int | None = ASSIGNMENTS_PER_VERSION,
    versions_per_stage: int | None = VERSIONS_PER_STAGE,
    sort: VersionSort | str | None = VersionSort.Timestamp,
    table: bool = False,
    *,
    json: bool = False,
) -> Any:
    """The registry, a ``dict`` of artifacts, or (``name``, or a shortcut such as ``name@latest``) the versions of an artifact,
    a ``list`` of ``dict``; with ``table`` rows and the word for their headers, and with ``json`` JSON text."""
    of_one: dict[str, Any] = {"name": name} if name else {}
    shown = (_show_versions if name else _show_registry)(
        repo,
        **of_one,
        registered_only=registered_only,
        deprecated=deprecated,
        assignments_per_version=assignments_per_version,
        versions_per_stage=versions_per_stage,
        sort=sort,
        table=table,
        truncate_hexsha=truncate_hexsha,
    )
    return _to_json(shown) if json else shown


def _to_json(value: Any) -> str:
    import json

    return json.dumps(value, indent=4, default=lambda time: time.isoformat())


def _show_registry(
    repo: Repo = None,
    registered_only: bool = False,
    deprecated: bool = False,
    assignments_per_version: int | None = None,
    versions_per_stage: int | None = None,
    sort: VersionSort | str | None = None,
    table: bool = False,
    truncate_hexsha: bool = False,
) -> Any:
    """The registry: the artifacts by name; with ``table`` rows and the word for their headers."""
    artifacts = _gto.show(
        as_location(repo),
        truncate_hexsha=truncate_hexsha,
        **_shown(registered_only, deprecated, assignments_per_version, versions_per_stage, sort),
    )
    if not table:
        return artifacts
    from collections import OrderedDict

    rows = [
        OrderedDict(
            name=name if artifact["registered"] else mark_artifact_unregistered(name),
            latest=artifact["version"],
            **{f"#{stage}": versions for stage, versions in artifact["stage"].items()},
        )
        for name, artifact in sorted(artifacts.items())
    ]
    return rows, "keys"


@repo_may_be_left_out
def _show_versions(
    repo: Repo,
    name: str,
    ref: str | None = None,
    raw: bool = False,
    registered_only: bool = False,
    deprecated: bool = False,
    assignments_per_version: int | None = ASSIGNMENTS_PER_VERSION,
    versions_per_stage: int | None = VERSIONS_PER_STAGE,
    sort: VersionSort | str | None = VersionSort.Timestamp,
    table: bool = False,
    truncate_hexsha: bool = False,
) -> Any:
    """The versions of an artifact, or of those that a shortcut picks; with ``raw`` as :class:`gto.base.Version`, and with
    ``table`` rows and the word for their headers."""
    shortcut = parse_shortcut(name)
    if shortcut.shortcut and ref:
        raise WrongArgs("Cannot specify both shortcut and ref")
    if raw:
        return _get_state(repo).find_artifact(shortcut.name).versions
    answer = _gto.versions(
        as_location(repo),
        name,
        at=ref,
        **_shown(registered_only, deprecated, assignments_per_version, versions_per_stage, sort),
    )
    if not table:
        return answer["versions"]
    return [_row(version, answer["registered"], truncate_hexsha) for version in answer["versions"]], "keys"


def _row(version: dict[str, Any], is_registered: bool, truncate: bool) -> dict[str, Any]:
    from collections import OrderedDict

    name = version["artifact"]
    return OrderedDict(
        artifact=name if is_registered else mark_artifact_unregistered(name),
        version=_short(version["version"], truncate),
        stage=", ".join(dict.fromkeys(stage["stage"] for stage in version["stages"])),
        created_at=version["created_at"],
        ref=_short(version["ref"], truncate),
    )


def _short(text: str | None, truncate: bool) -> str | None:
    return text[:7] if truncate and text and is_hexsha(text) else text


def history(
    repo: Repo = None,
    artifact: str | None = None,
    ascending: bool = False,
    table: bool = False,
    truncate_hexsha: bool = False,
) -> Any:
    """What happened, the newest first, as a ``list`` of ``dict``; with ``table`` rows and the word for their headers."""
    from collections import OrderedDict

    entries = _gto.history(as_location(repo), artifact, ascending=ascending, truncate_hexsha=truncate_hexsha)
    if not table:
        return [OrderedDict(entry) for entry in entries]
    # Without entries there are no columns.
    columns = ("timestamp", ARTIFACT, "event", VERSION, STAGE, COMMIT, "ref")
    return [OrderedDict((column, entry[column]) for column in columns) for entry in entries], "keys"


def __getattr__(name: str) -> Any:
    # Programs import these from here.
    from gto._calls import from_elsewhere

    places = {"GitRegistry": "registry", "RepoIndexManager": "index", "parse_tag_name": "tag.parse_name"}
    return from_elsewhere(__name__, name, places)
