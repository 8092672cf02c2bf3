"""Tags: their names, finding, making and deleting them, as the Python tool 1.10.1 has it.

The engine reads and writes the names. ``scm`` is a path, or any object with a ``root_dir`` (a ``scmrepo.git.Git``).
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any, FrozenSet, Iterable, Optional, Union

from gto import _gto
from gto._model import Model
from gto._repo import as_location
from gto.base import (
    Artifact,
    Assignment,
    BaseManager,
    BaseRegistryState,
    Deprecation,
    Deregistration,
    Registration,
    Unassignment,
)
from gto.constants import (
    ACTION,
    COUNTER,
    NAME,
    STAGE,
    TAG,
    VERSION,
    Action,
)
from gto.exceptions import InvalidTagName, MissingArg, NotImplementedInGTO, UnknownAction

COUNT_DELIMITER = "#"

TagTemplates = {
    Action.DEPRECATE: "{artifact}@deprecated",
    Action.REGISTER: "{artifact}@{version}",
    Action.DEREGISTER: "{artifact}@{version}!",
    Action.ASSIGN: "{artifact}#{stage}",
    Action.UNASSIGN: "{artifact}#{stage}!",
}


class GitTag(Model):
    """An annotated tag, with the fields that ``scmrepo`` gives it."""

    name: str
    hexsha: str
    target: str
    tagger_name: str
    tagger_email: str
    tag_time: int
    tag_time_offset: int
    message: str

    @classmethod
    def from_engine(cls, fields: dict[str, Any]) -> GitTag:
        """A tag of :func:`gto._gto.tags`."""
        return cls(**fields)

    @property
    def tag_timezone(self) -> int:
        """Seconds east of UTC."""
        return self.tag_time_offset

    @property
    def tag_datetime(self) -> datetime:
        """When it was made, in the time zone where it was made."""
        return datetime.fromtimestamp(self.tag_time, timezone(timedelta(seconds=self.tag_time_offset)))


def name_tag(
    action: Action,
    artifact: str,
    version: Optional[str] = None,
    stage: Optional[str] = None,
    scm: Any = None,
    simple: bool = False,
) -> str:
    """The name of the tag for an event; unless ``simple`` with the next counter of the artifact.

    Raises :class:`gto.exceptions.UnknownAction`, and :class:`gto.exceptions.MissingArg` if the counter needs ``scm``."""
    if action not in TagTemplates:
        raise UnknownAction(action=action)
    if not simple and scm is None:
        raise MissingArg(arg="scm")
    return _gto.name_tag(
        as_location(scm), action.value, artifact, version=version, stage=stage, simple=bool(simple)
    )


def parse_name(name: str, raise_on_fail: bool = True) -> dict[str, Any]:
    """What the name of a tag says: ``name``, ``action`` and, of some, ``version``, ``stage`` and ``counter``. An empty
    ``dict`` if it is none of the registry's, or :class:`gto.exceptions.InvalidTagName`."""
    said = _gto.parse_tag(name)
    if said is None:
        if raise_on_fail:
            raise InvalidTagName(name)
        return {}
    parsed = {NAME: said[NAME]}
    for key in (VERSION, STAGE):
        if said.get(key) is not None:
            parsed[key] = said[key]
    # `x@created` is a name of the registry's, but no action of the tool makes it.
    if said.get(ACTION) not in (None, Action.CREATE.value):
        parsed[ACTION] = Action(said[ACTION])
    if said.get(COUNTER) is not None:
        parsed[COUNTER] = said[COUNTER]
    return parsed


class NAME_REFERENCE(Enum):
    """What a text can be."""

    TAG = TAG
    NAME = NAME


def parse_name_reference(name: str) -> Any:
    """Whether a text is a tag, with what it says, or the name of an artifact."""
    parsed = parse_name(name, raise_on_fail=False)
    return (NAME_REFERENCE.TAG, parsed) if parsed else (NAME_REFERENCE.NAME, name)


class Tag(Model):
    """A tag of the registry, and what its name says."""

    action: Action
    name: str
    created_at: datetime
    tag: Any
    version: Optional[str] = None
    stage: Optional[str] = None


def parse_tag(tag: Any) -> Tag:
    """Reads an annotated tag: a :class:`GitTag`, or ``scmrepo``'s. Raises :class:`gto.exceptions.InvalidTagName`."""
    return Tag(tag=tag, created_at=tag.tag_datetime, **parse_name(tag.name))


def find(
    action: Optional[Union[Action, FrozenSet[Action]]] = None,
    name: Optional[str] = None,
    version: Optional[str] = None,
    stage: Optional[str] = None,
    scm: Any = None,
    sort: str = "by_time",
    tags: Optional[Iterable[Any]] = None,
) -> list[Any]:
    """The annotated tags of the registry, of all or (``tags``) of some, that do this, the oldest first.

    Raises :class:`gto.exceptions.MissingArg` without ``scm``."""
    if scm is None:
        raise MissingArg(arg="scm")
    if sort != "by_time":
        raise NotImplementedError(f"Unknown sort: {sort}")
    actions = {action} if isinstance(action, Action) else action
    repo = as_location(scm)
    found = {}
    for tag_name in [tag.name for tag in tags] if tags else _gto.tag_names(repo):
        said = parse_name(tag_name, raise_on_fail=False)
        if (
            said
            and (not actions or said.get(ACTION) in actions)
            and (not name or said[NAME] == name)
            and (not version or said.get(VERSION) == version)
            and (not stage or said.get(STAGE) == stage)
        ):
            found[tag_name] = said
    read = [GitTag.from_engine(fields) for fields in _gto.tags(repo, list(found))]
    # Of one second the counter tells (decision D2).
    return sorted(read, key=lambda tag: (tag.tag_time, found[tag.name].get(COUNTER, 0)))


def create_tag(
    scm: Any,
    name: str,
    rev: str,
    message: str,
    tagger: Optional[str] = None,
    tagger_email: Optional[str] = None,
) -> None:
    """Makes an annotated tag. Raises :class:`gto.exceptions.RefNotFound` or :class:`gto.exceptions.TagExists`."""
    _gto.create_tag(as_location(scm), name, rev, message, author=tagger, author_email=tagger_email)


def delete_tag(scm: Any, name: str) -> None:
    """Deletes a tag. Raises :class:`gto.exceptions.TagNotFound`."""
    _gto.delete_tag(as_location(scm), name)


_EVENTS = {
    Action.DEPRECATE: Deprecation,
    Action.REGISTER: Registration,
    Action.DEREGISTER: Deregistration,
    Action.ASSIGN: Assignment,
    Action.UNASSIGN: Unassignment,
}


def index_tag(artifact: Artifact, tag: Any) -> Artifact:
    """Adds the event that a tag is to an artifact, and returns it."""
    said = parse_tag(tag)
    fields = {
        "artifact": said.name,
        "created_at": said.created_at,
        "author": tag.tagger_name,
        "author_email": tag.tagger_email,
        "message": tag.message.strip(),
        "commit_hexsha": tag.target,
        "tag": tag.name,
    }
    if said.action in (Action.ASSIGN, Action.UNASSIGN):
        fields["stage"] = said.stage
        fields["version"] = artifact.find_version(commit_hexsha=tag.target, create_new=True).version
    elif said.version:
        fields["version"] = said.version
    artifact.add_event(_EVENTS[said.action](**fields))
    return artifact


class TagManager(BaseManager):
    """Reads and makes the tags for some actions. For new code there is :class:`gto.Registry`."""

    def update_state(self, state: BaseRegistryState) -> BaseRegistryState:
        """Adds what the tags say to the state, and returns it."""
        for tag in find(scm=self.scm, action=self.actions):
            artifact = state.find_artifact(parse_name(tag.name)[NAME], create_new=True)
            state.update_artifact(index_tag(artifact, tag))
        return state

    def _create(
        self,
        action: Any,
        name: str,
        rev: str,
        message: str,
        simple: bool | None,
        author: str | None,
        author_email: str | None,
        **selected: Any,
    ) -> str:
        tag = name_tag(action, name, scm=self.scm, simple=bool(simple), **selected)
        create_tag(self.scm, tag, rev=rev, message=message, tagger=author, tagger_email=author_email)
        return tag


class TagArtifactManager(TagManager):
    """Makes the tags of whole artifacts."""

    actions: FrozenSet[Action] = frozenset((Action.CREATE, Action.DEPRECATE))

    def create(self) -> Any:
        """There are no such tags."""
        raise NotImplementedInGTO(
            "If you want to create artifact, register a version or assign a stage for it"
        )

    def deprecate(
        self,
        name: str,
        rev: str,
        message: str,
        simple: bool | None,
        author: Optional[str] = None,
        author_email: Optional[str] = None,
    ) -> str:
        """Makes the tag, and returns its name."""
        return self._create(Action.DEPRECATE, name, rev, message, simple, author, author_email)


class TagVersionManager(TagManager):
    """Makes the tags of versions."""

    actions: FrozenSet[Action] = frozenset((Action.REGISTER, Action.DEREGISTER))

    def register(
        self,
        name: str,
        version: str,
        rev: str,
        message: str,
        simple: bool | None,
        author: Optional[str] = None,
        author_email: Optional[str] = None,
    ) -> str:
        """Makes the tag, and returns its name."""
        return self._create(
            Action.REGISTER, name, rev, message, simple, author, author_email, version=version
        )

    def deregister(
        self,
        name: str,
        version: str,
        rev: str,
        message: str,
        simple: bool | None,
        author: Optional[str] = None,
        author_email: Optional[str] = None,
    ) -> str:
        """Makes the tag, and returns its name."""
        return self._create(
            Action.DEREGISTER, name, rev, message, simple, author, author_email, version=version
        )


class TagStageManager(TagManager):
    """Makes the tags of stages."""

    actions: FrozenSet[Action] = frozenset((Action.ASSIGN, Action.UNASSIGN))

    def assign(
        self,
        name: str,
        stage: str,
        rev: str,
        message: str,
        simple: bool | None,
        author: Optional[str] = None,
        author_email: Optional[str] = None,
    ) -> str:
        """Makes the tag, and returns its name."""
        return self._create(Action.ASSIGN, name, rev, message, simple, author, author_email, stage=stage)

    def unassign(
        self,
        name: str,
        stage: str,
        rev: str,
        message: str,
        simple: bool | None,
        author: Optional[str] = None,
        author_email: Optional[str] = None,
    ) -> str:
        """Makes the tag, and returns its name."""
        return self._create(Action.UNASSIGN, name, rev, message, simple, author, author_email, stage=stage)


def __getattr__(name: str) -> Any:
    # Programs import these from here.
    from gto._calls import from_elsewhere

    places = {
        "tag_re": "constants",
        "TagExists": "exceptions",
        "TagNotFound": "exceptions",
        "RefNotFound": "exceptions",
    }
    return from_elsewhere(__name__, name, places)
