"""Events, versions, stages and artifacts as objects, as the Python tool 1.10.1 has them.

The engine decides what happened (:func:`gto._gto.state`); the objects here only hold that, and answer the questions of the
Python tool's classes. For new code there is :class:`gto.Registry`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, FrozenSet, List, Optional, Sequence

from gto._model import Model
from gto.constants import ASSIGNMENTS_PER_VERSION, VERSIONS_PER_STAGE, VersionSort
from gto.exceptions import (
    ArtifactNotFound,
    ManyVersions,
    NoStageForVersion,
    NotImplementedInGTO,
    VersionRequired,
    WrongArgs,
)
from gto.versions import SemVer

# Type checkers take this for true; at run time `typing` is not needed for it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from typing_extensions import Self


class BaseEvent(Model):
    """Something that happened to an artifact, at one commit."""

    priority: int
    addition: bool
    artifact: str
    created_at: datetime
    author: str
    author_email: str
    message: str
    commit_hexsha: str

    @property
    def event(self) -> str:
        """The kind of event: ``registration``, for example."""
        return type(self).__name__.lower()

    @property
    def ref(self) -> str:
        """The tag that is the event, or of what a commit says the id."""
        return getattr(self, "tag", self.commit_hexsha)

    def dict_state(self, exclude: Container[str] | None = None) -> dict[str, Any]:
        """The fields and the kind."""
        return {**self.model_dump(exclude=exclude), "event": self.event}


class Commit(BaseEvent):
    """The commit of a version, and what its files say of the artifact."""

    priority: int = 0
    addition: bool = True
    version: str
    enrichments: List[Any]
    committer: str
    committer_email: str

    @classmethod
    def model_validate(cls, obj: Any) -> Self:
        """As that of all objects; what the files say is one of :mod:`gto.index`."""
        commit = super().model_validate(obj)
        if commit is not obj:
            from gto.index import info_from_engine

            commit.enrichments = [
                info_from_engine(info) if isinstance(info, dict) else info for info in commit.enrichments
            ]
        return commit

    def __str__(self) -> str:
        return f'Artifact "{self.artifact}" is annotated'


class Creation(BaseEvent):
    """The artifact was created. No command makes such tags."""

    priority: int = 1
    addition: bool = True
    tag: str

    def __str__(self) -> str:
        return f'Artifact "{self.artifact}" was created'


class Deprecation(BaseEvent):
    """The artifact is not to be used any more."""

    priority: int = 2
    addition: bool = False
    tag: str

    def __str__(self) -> str:
        return f'Artifact "{self.artifact}" was deprecated'


class Registration(BaseEvent):
    """A commit became a version of the artifact."""

    priority: int = 3
    addition: bool = True
    tag: str
    version: str

    def __str__(self) -> str:
        return f'Version "{self.version}" of artifact "{self.artifact}" was registered'


class Deregistration(BaseEvent):
    """A version is none any more."""

    priority: int = 4
    addition: bool = False
    tag: str
    version: str

    def __str__(self) -> str:
        return f'Version "{self.version}" of artifact "{self.artifact}" was deregistered'


class Assignment(BaseEvent):
    """A version came into a stage."""

    priority: int = 5
    addition: bool = True
    tag: str
    version: str
    stage: str

    def __str__(self) -> str:
        return f'Stage "{self.stage}" was assigned to version "{self.version}" of artifact "{self.artifact}"'


class Unassignment(BaseEvent):
    """A version left a stage."""

    priority: int = 6
    addition: bool = False
    tag: str
    version: str
    stage: str

    def __str__(self) -> str:
        return (
            f'Stage "{self.stage}" was unassigned from version "{self.version}" of artifact "{self.artifact}"'
        )


def _order(event: BaseEvent) -> Any:
    # Of one second the engine knows the order (decision D2); what was added by hand comes last.
    return event.created_at, event.__dict__.get("_place", _LAST)


_LAST = float("inf")


def _by_time(events: Iterable[Any], ascending: bool) -> list[Any]:
    return sorted(events, key=_order)[:: 1 if ascending else -1]


class BaseObject(Model):
    """What events add up to."""

    artifact: str

    def add_event(self, event: BaseEvent) -> BaseEvent:
        """Takes in an event, unless it is in already."""
        if event not in self.get_events():
            self._add_event(event)
        return event

    def _add_event(self, event: BaseEvent) -> None:
        raise NotImplementedInGTO(f"Unknown event {event} of class {type(event)}")

    def get_events(
        self, direct: bool = True, indirect: bool = True, ascending: bool = False
    ) -> Sequence[BaseEvent]:
        """Its own events, and (``indirect``) those of its parts; last first unless ``ascending``."""
        raise NotImplementedError()

    @property
    def is_active(self) -> bool:
        """Whether it is in use."""
        raise NotImplementedError()

    @property
    def activated_at(self) -> datetime | None:
        """When it came into use."""
        raise NotImplementedError()

    @property
    def authoring_event(self) -> BaseEvent:
        """The event that made it."""
        for event in self.get_events(direct=True, indirect=False):
            if event.addition:
                return event
        return self.get_events(direct=False, indirect=True)[0]

    @property
    def created_at(self) -> datetime | None:
        """When it was made."""
        return self.authoring_event.created_at

    @property
    def author(self) -> str | None:
        """Who made it."""
        return self.authoring_event.author

    @property
    def author_email(self) -> str | None:
        """The address of who made it."""
        return self.authoring_event.author_email

    @property
    def message(self) -> str | None:
        """What was said when it was made."""
        return self.authoring_event.message

    @property
    def ref(self) -> str | None:
        """The tag that made it, or the commit."""
        return self.authoring_event.ref

    def dict_state(self, exclude: Container[str] | None = None) -> dict[str, Any]:
        """The fields, and what they add up to."""
        state = self.model_dump(exclude=exclude)
        for name in ("is_active", "activated_at", "created_at", "author", "author_email", "message", "ref"):
            state[name] = getattr(self, name)
        return state


def _insert(events: list[Any], event: Any) -> None:
    events.append(event)
    events.sort(key=_order)


class VStage(BaseObject):
    """A version in a stage."""

    commit_hexsha: str
    version: str
    stage: str
    assignments: List[Assignment] = []
    unassignments: List[Unassignment] = []

    def _add_event(self, event: BaseEvent) -> None:
        if isinstance(event, Assignment):
            _insert(self.assignments, event)
        elif isinstance(event, Unassignment):
            _insert(self.unassignments, event)
        else:
            super()._add_event(event)

    def get_events(
        self, direct: bool = True, indirect: bool = True, ascending: bool = False
    ) -> Sequence[BaseEvent]:
        """The assignments and unassignments; last first unless ``ascending``."""
        return _by_time([*self.assignments, *self.unassignments] if direct else [], ascending)

    @property
    def is_active(self) -> bool:
        """Whether the version is in the stage."""
        return isinstance(self.get_events()[0], Assignment)

    @property
    def activated_at(self) -> datetime | None:
        """When it was assigned last; ``None`` if it is not in the stage."""
        last = self.get_events()[0]
        return last.created_at if isinstance(last, Assignment) else None

    def dict_state(self, exclude: Container[str] | None = None) -> dict[str, Any]:
        """The fields, and what they add up to."""
        state = super().dict_state(exclude=exclude)
        state["assignments"] = [event.dict_state() for event in self.assignments]
        state["unassignments"] = [event.dict_state() for event in self.unassignments]
        return state


class Version(BaseObject):
    """A version, or an unregistered commit that is in a stage or annotated."""

    commit_hexsha: str
    version: str
    enrichments: List[Commit] = []
    registrations: List[Registration] = []
    deregistrations: List[Deregistration] = []
    stages: Dict[str, VStage] = {}

    def _add_event(self, event: BaseEvent) -> None:
        if isinstance(event, Registration):
            _insert(self.registrations, event)
        elif isinstance(event, Deregistration):
            _insert(self.deregistrations, event)
        elif isinstance(event, Commit):
            _insert(self.enrichments, event)
        elif isinstance(event, (Assignment, Unassignment)):
            self.get_vstage(event.stage, create_new=True).add_event(event)
        else:
            super()._add_event(event)

    def get_events(
        self, direct: bool = True, indirect: bool = True, ascending: bool = False
    ) -> Sequence[BaseEvent]:
        """The registrations and deregistrations, and (``indirect``) what happened in stages and commits; last first
        unless ``ascending``."""
        events: List[BaseEvent] = []
        if direct:
            events += [*self.registrations, *self.deregistrations]
        if indirect:
            events += self.enrichments
            events += [event for stage in self.stages.values() for event in stage.get_events()]
        return _by_time(events, ascending)

    @property
    def is_active(self) -> bool:
        """Whether it is not deregistered."""
        own = self.get_events(direct=True, indirect=False)
        return isinstance(own[0], Registration) if own else bool(self.get_events(direct=False))

    @property
    def activated_at(self) -> datetime | None:
        """When it was registered, or if it never was, first named."""
        first = self.registrations or self.get_events(ascending=True)
        return first[0].created_at

    @property
    def is_registered(self) -> bool:
        """Whether it was ever registered."""
        return bool(self.registrations)

    @property
    def discovered(self) -> bool:
        """Whether it is a commit that was neither registered nor deregistered."""
        return not self.registrations and not self.deregistrations

    @property
    def get_enrichments_info(self) -> list[Any]:
        """What its commit's files say. Raises :class:`gto.exceptions.NotImplementedInGTO` if there are several commits."""
        if len(self.enrichments) > 1:
            raise NotImplementedInGTO("Multiple enrichments for a single version are not supported")
        return self.enrichments[0].enrichments

    @property
    def semver(self) -> SemVer:
        """Its number. Raises :class:`gto.exceptions.InvalidVersion` if it is an unregistered commit."""
        return SemVer(self.version)

    def get_vstage(self, stage: str, create_new: bool = False) -> Any:
        """The version in this stage. Raises :class:`gto.exceptions.NoStageForVersion`."""
        if stage not in self.stages:
            if not create_new:
                raise NoStageForVersion(self.artifact, self.version, stage)
            self.stages[stage] = VStage(
                artifact=self.artifact, version=self.version, stage=stage, commit_hexsha=self.commit_hexsha
            )
        return self.stages[stage]

    def get_vstages(self, active_only: bool = True, ascending: bool = False) -> list[VStage]:
        """The stages it is in, last assigned first unless ``ascending``."""
        stages = [stage for stage in self.stages.values() if not active_only or stage.is_active]
        # Those that it has left have no time of assignment: by that of their last event.
        return sorted(stages, key=lambda stage: _order(stage.get_events()[0]))[:: 1 if ascending else -1]

    def dict_state(
        self, exclude: Container[str] | None = None, assignments_per_version: int = ASSIGNMENTS_PER_VERSION
    ) -> dict[str, Any]:
        """The fields, and what they add up to. Raises :class:`gto.exceptions.WrongArgs`."""
        _check_limit("assignments_per_version", assignments_per_version)
        state = super().dict_state(exclude=exclude)
        state["discovered"] = self.discovered
        state["stages"] = [stage.dict_state() for stage in self.get_vstages()]
        if assignments_per_version >= 0:
            state["stages"] = state["stages"][:assignments_per_version]
        return state


def _check_limit(name: str, number: int) -> None:
    if number < -1:
        raise WrongArgs(f"'{name}' must be >= -1")


def sort_versions(
    versions: Any,
    sort: VersionSort = VersionSort.SemVer,
    ascending: bool = False,
    version: str = "version",
    timestamp: str = "created_at",
) -> list[Any]:
    """Sorts objects or dicts that have a version and a time; ``version`` and ``timestamp`` name these fields.

    By SemVer what is no version comes after those that are one, ordered as text; what has none is the last."""

    def get(item: Any, key: str) -> Any:
        if isinstance(item, dict):
            return item[key]
        if isinstance(item, Model) or hasattr(item, "model_fields") or hasattr(item, key):
            return getattr(item, key)
        raise NotImplementedError("Can sort either dict or BaseModel")

    sort = sort if isinstance(sort, VersionSort) else VersionSort[sort]
    step = 1 if ascending else -1
    if sort == VersionSort.Timestamp:
        return sorted(versions, key=lambda item: get(item, timestamp))[::step]
    numbered, others = [], []
    for item in versions:
        text = get(item, version)
        if SemVer.is_valid(text):
            numbered.append((SemVer(text), item))
        else:
            # Tags of stages have none; DVC sorts them together with those of versions.
            others.append((text or "", item))
    return [
        item for pairs in (numbered, others) for _, item in sorted(pairs, key=lambda pair: pair[0])[::step]
    ]


class Artifact(BaseObject):
    """An artifact, with its versions."""

    versions: List[Version]
    creations: List[Creation] = []
    deprecations: List[Deprecation] = []

    def _add_event(self, event: BaseEvent) -> None:
        if isinstance(event, Creation):
            _insert(self.creations, event)
        elif isinstance(event, Deprecation):
            _insert(self.deprecations, event)
        elif isinstance(event, (Registration, Deregistration, Assignment, Unassignment, Commit)):
            version = self.find_version(event.version, commit_hexsha=event.commit_hexsha, create_new=True)
            version.add_event(event)
        else:
            super()._add_event(event)

    def get_events(
        self, direct: bool = True, indirect: bool = True, ascending: bool = False
    ) -> Sequence[BaseEvent]:
        """The creations and deprecations, and (``indirect``) what happened to its versions; last first unless
        ``ascending``."""
        events: List[BaseEvent] = []
        if direct:
            events += [*self.creations, *self.deprecations]
        if indirect:
            events += [event for version in self.versions for event in version.get_events()]
        return _by_time(events, ascending)

    @property
    def is_active(self) -> bool:
        """Whether it is not deprecated. A commit that still annotates it does not revive it (decision D17)."""
        events = self.get_events()
        told = next((event for event in events if not isinstance(event, Commit)), None)
        return bool(events) and not isinstance(told, Deprecation)

    @property
    def activated_at(self) -> datetime | None:
        """When it came into being."""
        first = self.creations or self.get_events(ascending=True)
        return first[0].created_at

    @property
    def is_registered(self) -> bool:
        """Whether there is any tag of it; if not, it is only annotated."""
        return not all(isinstance(event, Commit) for event in self.get_events())

    @property
    def unique_stages(self) -> Any:
        """The names of the stages that a version is in."""
        return set(self.get_vstages())

    def __repr__(self) -> str:
        versions = ", ".join(f"'{version.version}'" for version in self.versions)
        stages = ", ".join(f"'{stage}'" for stage in self.unique_stages)
        return f"Artifact(versions=[{versions}], stages=[{stages}])"

    def get_versions(
        self,
        active_only: bool = True,
        include_non_explicit: bool = False,
        include_discovered: bool = False,
        sort: VersionSort = VersionSort.SemVer,
        ascending: bool = False,
    ) -> List[Version]:
        """The versions. Of the active ones unregistered commits are left out unless they are asked for."""

        def is_wanted(version: Version) -> bool:
            if not active_only:
                return True
            return version.is_active and (
                (version.is_registered and not version.discovered)
                or (include_discovered and version.discovered)
                or (include_non_explicit and not version.is_registered)
            )

        return sort_versions(filter(is_wanted, self.versions), sort=sort, ascending=ascending)

    def get_latest_version(
        self, registered_only: bool = False, sort: VersionSort = VersionSort.SemVer
    ) -> Optional[Version]:
        """The highest active version; ``None`` if there is none."""
        versions = self.get_versions(include_non_explicit=not registered_only, sort=sort)
        return versions[0] if versions else None

    def get_vstages(
        self,
        registered_only: bool = False,
        assignments_per_version: int = ASSIGNMENTS_PER_VERSION,
        versions_per_stage: int = VERSIONS_PER_STAGE,
        sort: VersionSort = VersionSort.SemVer,
    ) -> Dict[str, List[VStage]]:
        """For each stage the versions in it, first of them the one that counts.

        Raises :class:`gto.exceptions.WrongArgs`."""
        _check_limit("assignments_per_version", assignments_per_version)
        _check_limit("versions_per_stage", versions_per_stage)
        in_stages: List[VStage] = []
        for version in self.get_versions(include_non_explicit=not registered_only, sort=sort):
            # The newest ones of each version count (decision D11).
            newest = version.get_vstages()
            kept = newest[:assignments_per_version] if assignments_per_version > -1 else newest
            in_stages += reversed(kept)
        if sort == VersionSort.Timestamp:
            in_stages.sort(key=lambda stage: _order(stage.authoring_event), reverse=True)
        stages: Dict[str, List[VStage]] = {}
        for stage in in_stages:
            shown = stages.setdefault(stage.stage, [])
            is_full = -1 < versions_per_stage <= len(shown)
            if not is_full and all(other.version != stage.version for other in shown):
                shown.append(stage)
        return stages

    @property
    def discovered(self) -> bool:
        """Whether any version is more than a commit that somebody named."""
        return any(not version.discovered for version in self.versions)

    def find_version(
        self,
        name: Optional[str] = None,
        commit_hexsha: Optional[str] = None,
        raise_if_not_found: bool = False,
        allow_multiple: bool = False,
        include_discovered: bool = False,
        create_new: bool = False,
    ) -> Any:
        """The version of this name, on this commit.

        Raises :class:`gto.exceptions.VersionRequired` if it must be there and is not, and
        :class:`gto.exceptions.ManyVersions` if there are several and only one can be returned."""
        versions = [
            version
            for version in self.versions
            if (not name or version.version == name)
            and (not commit_hexsha or version.commit_hexsha == commit_hexsha)
            and (include_discovered or not version.discovered)
        ]
        if create_new and not versions:
            made = Version(artifact=self.artifact, version=name or commit_hexsha, commit_hexsha=commit_hexsha)
            self.versions.append(made)
            versions = [made]
        if versions and allow_multiple:
            return versions
        if raise_if_not_found and not versions:
            raise VersionRequired(name=self.artifact)
        if len(versions) > 1:
            raise ManyVersions(name=self.artifact, versions=[version.version for version in versions])
        return versions[0] if versions else None

    def find_version_at_commit(
        self, commit_hexsha: str, latest_datetime: Optional[datetime] = None
    ) -> Version | None:
        """The last version on this commit, of those that were in use at ``latest_datetime``.

        Raises :class:`gto.exceptions.VersionRequired`."""
        versions = self.find_version(
            commit_hexsha=commit_hexsha, raise_if_not_found=True, allow_multiple=True
        )
        if latest_datetime:
            versions = [version for version in versions if version.activated_at <= latest_datetime]
        return versions[-1]


class BaseRegistryState(Model):
    """All artifacts."""

    artifacts: Dict[str, Artifact] = {}

    def add_artifact(self, name: str) -> None:
        """Adds an artifact about which nothing is known."""
        self.artifacts[name] = Artifact(artifact=name, versions=[])

    def update_artifact(self, artifact: Artifact) -> None:
        """Puts an artifact in the place of the one that has its name."""
        self.artifacts[artifact.artifact] = artifact

    def get_artifacts(self) -> dict[str, Artifact]:
        """The artifacts, by name."""
        return self.artifacts

    def find_artifact(self, name: str, create_new: bool = False) -> Artifact:
        """An artifact. Raises :class:`gto.exceptions.ArtifactNotFound`, unless it may ``create_new``."""
        if name not in self.artifacts:
            if not create_new:
                raise ArtifactNotFound(name)
            self.add_artifact(name)
        return self.artifacts[name]

    @property
    def unique_stages(self) -> list[str]:
        """The names of the stages that any version is in, sorted."""
        return sorted({stage for artifact in self.artifacts.values() for stage in artifact.unique_stages})

    def find_commit(self, name: str, version: str) -> str:
        """The commit of a version. Raises :class:`gto.exceptions.VersionRequired`."""
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
        """The versions in a stage, first of them the one that counts. Raises ``ValueError`` if there is none, or returns
        ``None``."""
        stages = self.find_artifact(name).get_vstages(
            registered_only=registered_only,
            assignments_per_version=(
                ASSIGNMENTS_PER_VERSION if assignments_per_version is None else assignments_per_version
            ),
            versions_per_stage=VERSIONS_PER_STAGE if versions_per_stage is None else versions_per_stage,
        )
        if stage in stages:
            return stages[stage]
        if raise_if_not_found:
            raise ValueError(f"Stage {stage} not found for {name}")
        return None


class BaseManager(Model):
    """What the Python tool's managers of tags and of annotations have in common."""

    scm: Any
    actions: FrozenSet[Any]
    config: Any

    def update_state(self, state: BaseRegistryState) -> BaseRegistryState:
        """Adds what it knows to the state."""
        raise NotImplementedError


# -- from the engine ------------------------------------------------------------------------------------------------

_LISTS = {
    "creations": Creation,
    "deprecations": Deprecation,
    "registrations": Registration,
    "deregistrations": Deregistration,
    "assignments": Assignment,
    "unassignments": Unassignment,
    "enrichments": Commit,
}
_KINDS = {kind.__name__.lower(): kind for kind in _LISTS.values()}


def event_from_engine(fields: dict[str, Any]) -> Any:
    """The event that the engine describes, its kind in ``event``. Takes the ``dict`` over, as all of these functions do."""
    return _event(_KINDS[fields["event"]], fields)


def _event(kind: Any, fields: dict[str, Any]) -> Any:
    place = fields.pop("order", None)
    fields.pop("event", None)
    if kind is Commit:
        from gto.index import info_from_engine

        fields["enrichments"] = [info_from_engine(info) for info in fields["enrichments"]]
    event = kind(**fields)
    if place is not None:
        event.__dict__["_place"] = place
    return event


def _with_events(fields: dict[str, Any]) -> dict[str, Any]:
    for name, kind in _LISTS.items():
        if name in fields:
            fields[name] = [_event(kind, event) for event in fields[name]]
    return fields


def stage_from_engine(fields: dict[str, Any]) -> VStage:
    """A version in a stage, of :func:`gto._gto.which` or within a version. What its events add up to is left out."""
    return VStage(**_with_events(fields))


def version_from_engine(fields: dict[str, Any]) -> Version:
    """A version of :func:`gto._gto.latest`, or within an artifact."""
    stages = fields["stages"]
    fields["stages"] = {name: stage_from_engine(stage) for name, stage in stages.items()}
    return Version(**_with_events(fields))


def artifact_from_engine(fields: dict[str, Any]) -> Artifact:
    """An artifact of :func:`gto._gto.state`."""
    fields["versions"] = [version_from_engine(version) for version in fields["versions"]]
    return Artifact(**_with_events(fields))


def state_from_engine(artifacts: dict[str, Any]) -> BaseRegistryState:
    """The answer of :func:`gto._gto.state`."""
    return BaseRegistryState(
        artifacts={name: artifact_from_engine(artifact) for name, artifact in artifacts.items()}
    )


def __getattr__(name: str) -> Any:
    # Programs import these from here.
    from gto._calls import from_elsewhere

    return from_elsewhere(__name__, name, {"Action": "constants", "RegistryConfig": "config"})
