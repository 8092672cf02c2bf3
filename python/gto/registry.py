"""``GitRegistry``, as the Python tool 1.10.1 has it: a registry that is opened with ``with``.

Thin: each method is one question to the engine. For new code there is :class:`gto.Registry`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, List, Optional

from gto import _gto
from gto._model import Model
from gto._repo import as_location
from gto.base import (
    Assignment,
    BaseEvent,
    BaseRegistryState,
    Deprecation,
    Deregistration,
    Registration,
    Unassignment,
    event_from_engine,
    stage_from_engine,
    state_from_engine,
    version_from_engine,
)
from gto.config import RegistryConfig, read_registry_config
from gto.constants import ASSIGNMENTS_PER_VERSION, VERSIONS_PER_STAGE
from gto.git_utils import RemoteRepoMixin
from gto.index import EnrichmentManager, config_file
from gto.tag import TagArtifactManager, TagStageManager, TagVersionManager
from gto.ui import echo

# Type checkers take this for true; at run time `typing` is not needed for it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gto.base import Artifact, Version, VStage


def written(answer: dict[str, Any], stdout: bool) -> Any:
    """The event that a write made, or ``None`` if it deleted tags. Says with ``stdout`` what the command would say."""
    if stdout:
        for line in answer["lines"]:
            echo(line)
    events = answer["events"]
    return event_from_engine(events[-1]) if events else None


class GitRegistry(Model, RemoteRepoMixin):
    """The registry of a repository."""

    scm: Any
    cloned: bool
    artifact_manager: TagArtifactManager
    version_manager: TagVersionManager
    stage_manager: TagStageManager
    enrichment_manager: EnrichmentManager
    config: RegistryConfig

    @classmethod
    @contextmanager
    def from_scm(
        cls, scm: Any, cloned: bool = False, config: Optional[RegistryConfig] = None
    ) -> Iterator[GitRegistry]:
        """Opens the registry of a repository: any object with a ``root_dir``. ``cloned``: of a remote one, to which is pushed.

        Raises :class:`gto.exceptions.WrongConfig`."""
        if config is None:
            config = read_registry_config(config_file(scm))
        yield cls(
            scm=scm,
            cloned=cloned,
            config=config,
            artifact_manager=TagArtifactManager(scm=scm, config=config),
            version_manager=TagVersionManager(scm=scm, config=config),
            stage_manager=TagStageManager(scm=scm, config=config),
            enrichment_manager=EnrichmentManager(scm=scm, config=config),
        )

    @property
    def _repo(self) -> str | None:
        return as_location(self.scm)

    def is_gto_repo(self) -> bool:
        """Whether there is a configuration, an annotation file or a tag of the registry."""
        return _gto.is_gto_repo(self._repo)

    def get_state(self, all_branches: bool = False, all_commits: bool = False) -> BaseRegistryState:
        """Everything, as objects. Annotated artifacts without tags are those of ``HEAD``, of all branches, or of all
        commits."""
        return state_from_engine(_gto.state(self._repo, all_branches=all_branches, all_commits=all_commits))

    def get_artifacts(self, all_branches: bool = False, all_commits: bool = False) -> dict[str, Artifact]:
        """The artifacts of :meth:`get_state`, by name."""
        return self.get_state(all_branches=all_branches, all_commits=all_commits).get_artifacts()

    def find_artifact(
        self,
        name: Optional[str] = None,
        create_new: bool = False,
        all_branches: bool = False,
        all_commits: bool = False,
    ) -> Artifact:
        """An artifact of :meth:`get_state`. Raises :class:`gto.exceptions.ArtifactNotFound`, unless it may
        ``create_new``."""
        state = _gto.state(self._repo, name, all_branches=all_branches, all_commits=all_commits)
        return state_from_engine(state).find_artifact(name, create_new=create_new)  # type: ignore[arg-type]

    def register(
        self,
        name: str,
        rev: str,
        version: str | None = None,
        message: str | None = None,
        simple: bool | None = None,
        force: bool = False,
        bump_major: bool = False,
        bump_minor: bool = False,
        bump_patch: bool = False,
        push: bool = False,
        stdout: bool = False,
        author: Optional[str] = None,
        author_email: Optional[str] = None,
    ) -> Registration:
        """Registers a version, and returns the event. Raises a :class:`gto.exceptions.GTOException`."""
        answer = _gto.register(
            self._repo,
            name,
            rev,
            version=version,
            message=message,
            simple=bool(simple),
            force=force,
            bump_major=bump_major,
            bump_minor=bump_minor,
            bump_patch=bump_patch,
            push=push or self.cloned,
            author=author,
            author_email=author_email,
        )
        return written(answer, stdout)

    def deregister(
        self,
        name: str,
        rev: str | None = None,
        version: str | None = None,
        message: str | None = None,
        simple: bool | None = None,
        force: bool = False,
        delete: bool = False,
        push: bool = False,
        stdout: bool = False,
        author: Optional[str] = None,
        author_email: Optional[str] = None,
    ) -> Optional[Deregistration]:
        """Deregisters a version, and returns the event; with ``delete`` it deletes the tags of the version.

        Raises a :class:`gto.exceptions.GTOException`."""
        answer = _gto.deregister(
            self._repo,
            name,
            version=version,
            ref=rev,
            message=message,
            simple=bool(simple),
            force=force,
            delete=delete,
            push=push or self.cloned,
            author=author,
            author_email=author_email,
        )
        return written(answer, stdout)

    def assign(
        self,
        name: str,
        stage: str,
        version: str | None = None,
        rev: str | None = None,
        name_version: Any = None,
        message: str | None = None,
        simple: bool = False,
        force: bool = False,
        push: bool = False,
        skip_registration: bool = False,
        stdout: bool = False,
        author: Optional[str] = None,
        author_email: Optional[str] = None,
    ) -> Assignment:
        """Assigns a version to a stage, and returns the event. Raises a :class:`gto.exceptions.GTOException`."""
        answer = _gto.assign(
            self._repo,
            name,
            stage,
            version=version,
            ref=rev,
            name_version=name_version,
            message=message,
            simple=bool(simple),
            force=force,
            push=push or self.cloned,
            skip_registration=skip_registration,
            author=author,
            author_email=author_email,
        )
        return written(answer, stdout)

    def unassign(
        self,
        name: str,
        stage: str,
        version: str | None = None,
        rev: str | None = None,
        message: str | None = None,
        simple: bool = False,
        force: bool = False,
        delete: bool = False,
        push: bool = False,
        stdout: bool = False,
        author: Optional[str] = None,
        author_email: Optional[str] = None,
    ) -> Optional[Unassignment]:
        """Takes a version out of a stage, and returns the event; with ``delete`` it deletes the tags of the assignment.

        Raises a :class:`gto.exceptions.GTOException`."""
        answer = _gto.unassign(
            self._repo,
            name,
            stage,
            version=version,
            ref=rev,
            message=message,
            simple=bool(simple),
            force=force,
            delete=delete,
            push=push or self.cloned,
            author=author,
            author_email=author_email,
        )
        return written(answer, stdout)

    def deprecate(
        self,
        name: str,
        rev: str | None = None,
        message: str | None = None,
        simple: bool = False,
        force: bool = False,
        delete: bool = False,
        push: bool = False,
        stdout: bool = False,
        author: Optional[str] = None,
        author_email: Optional[str] = None,
    ) -> Optional[Deprecation]:
        """Deprecates an artifact, and returns the event; with ``delete`` it deletes the tags of the artifact.

        Raises a :class:`gto.exceptions.GTOException`."""
        answer = _gto.deprecate(
            self._repo,
            name,
            ref=rev,
            message=message,
            simple=simple,
            force=force,
            delete=delete,
            push=push or self.cloned,
            author=author,
            author_email=author_email,
        )
        return written(answer, stdout)

    def check_ref(self, ref: str) -> List[BaseEvent]:
        """The event that a tag is, in a list; an empty one if it is none."""
        event = _gto.check_ref(self._repo, ref)
        return [] if event is None else [event_from_engine(event)]

    def find_commit(self, name: str, version: str) -> str:
        """The commit of a version.

        Raises :class:`gto.exceptions.ArtifactNotFound` or :class:`gto.exceptions.VersionRequired`."""
        return self.find_artifact(name).find_version(name=version, raise_if_not_found=True).commit_hexsha

    def which(
        self,
        name: str,
        stage: str,
        raise_if_not_found: bool = True,
        assignments_per_version: int | None = None,
        versions_per_stage: int | None = None,
        registered_only: bool = False,
    ) -> list[VStage] | None:
        """The versions in a stage, first of them the one that counts. If there is none, ``None`` or a ``ValueError``."""
        found = _gto.which(
            self._repo,
            name,
            stage,
            assignments_per_version=(
                ASSIGNMENTS_PER_VERSION if assignments_per_version is None else assignments_per_version
            ),
            versions_per_stage=VERSIONS_PER_STAGE if versions_per_stage is None else versions_per_stage,
            registered_only=registered_only,
        )
        if found:
            return [stage_from_engine(version) for version in found]
        if raise_if_not_found:
            raise ValueError(f"Stage {stage} not found for {name}")
        return None

    def latest(self, name: str, all: bool = False, registered: bool = True) -> Version | list[Version] | None:
        """The highest active version, or ``None``; with ``all`` all active versions, highest first."""
        versions = [
            version_from_engine(version)
            for version in _gto.latest(self._repo, name, all=all, registered=registered)
        ]
        if all:
            return versions
        return versions[0] if versions else None

    def get_stages(self, allowed: bool = False, used: bool = False) -> list[str] | None:
        """The stages that the configuration allows, those that were ever used, or (without both) the allowed ones if any are
        named, else the active ones. ``None``: the configuration allows all."""
        assert not (allowed and used), """Either "allowed" or "used" can be set"""
        return _gto.stages(self._repo, allowed=allowed, used=used)


def __getattr__(name: str) -> Any:
    # Programs import these from here.
    from gto._calls import from_elsewhere

    return from_elsewhere(__name__, name, {"SemVer": "versions", "WrongArgs": "exceptions", "CONFIG_FILE_NAME": "config"})
