"""Annotations in ``artifacts.yaml``, as the Python tool 1.10.1 has them.

The engine reads and writes the file. For new code there is :class:`gto.Registry`.
"""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import IO, Any, Dict, FrozenSet, Iterable, List, Optional, Union

from gto import _gto
from gto._model import Model
from gto._repo import as_location
from gto.base import BaseManager, BaseRegistryState, Commit as EnrichmentEvent
from gto.config import CONFIG_FILE_NAME, RegistryConfig, read_registry_config
from gto.constants import Action, assert_name_is_valid
from gto.exceptions import (
    ArtifactExists,
    ArtifactNotFound,
    GTOException,
    NoFile,
    PathIsUsed,
    WrongArgs,
)
from gto.ext import EnrichmentInfo, EnrichmentReader
from gto.git_utils import RemoteRepoMixin
from gto.ui import echo

# Type checkers take this for true; at run time `typing` is not needed for it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeVar

    from gto._repo import Repo

    _F = TypeVar("_F", bound=Callable[..., Any])


def config_file(scm: Any) -> str:
    """Where the configuration of a repository is."""
    return os.path.join(as_location(scm), CONFIG_FILE_NAME)


class Artifact(Model):
    """What a file says of an artifact."""

    type: Optional[str] = None
    path: Optional[str] = None
    virtual: bool = True
    labels: List[str] = []
    description: str = ""
    custom: Any = None


State = Dict[str, Artifact]


def not_frozen(func: _F) -> _F:
    """Makes a method refuse with ``ValueError`` if the index is that of a commit."""

    @wraps(func)
    def inner(self: "Index", *args: Any, **kwargs: Any) -> Any:
        if self.frozen:
            raise ValueError(f"Cannot {func.__name__}: {self.__class__} is frozen")
        return func(self, *args, **kwargs)

    return inner


def find_repeated_path(path: Union[str, Path], paths: Iterable[Union[str, Path, None]]) -> Optional[Path]:
    """The first of the paths that is the same as ``path``, or above or below it."""
    path = Path(path).resolve()
    for other in filter(None, paths):
        other = Path(other).resolve()
        if other == path or other in path.parents or path in other.parents:
            return other
    return None


def check_if_path_exists(path: Union[str, Path], scm: Any = None, ref: Optional[str] = None) -> bool:
    """Whether there is such a file or folder: in the commit ``ref`` (``HEAD``) of ``scm``, or without ``scm`` anywhere."""
    if scm is None:
        return Path(path).exists()
    try:
        return _gto.path_exists(as_location(scm), Path(path).as_posix(), ref or "HEAD")
    except GTOException:
        return False


def _check_names(state: Any) -> None:
    for name, artifact in state.items():
        for checked in [name, *filter(None, [artifact.type]), *artifact.labels]:
            assert_name_is_valid(checked)


class Index(Model):
    """The annotations of one file."""

    state: State = {}
    frozen: bool = False

    def __init__(self, **data: Any) -> None:
        super().__init__(**data)
        self.state_is_valid(self.state)

    @classmethod
    def state_is_valid(cls, v: Any) -> Any:
        """Refuses names, types and labels with :class:`gto.exceptions.ValidationError`."""
        _check_names(v)
        return v

    def __contains__(self, item: Any) -> bool:
        return item in self.state

    @classmethod
    def read(cls, path_or_file: Union[str, IO], frozen: bool = False) -> Index:
        """Reads a file. Raises :class:`gto.exceptions.NoFile` or :class:`gto.exceptions.WrongArtifactsYaml`."""
        return cls(state=cls.read_state(path_or_file), frozen=frozen)

    @staticmethod
    def read_state(path_or_file: Union[str, IO]) -> State:
        """What a file says. Raises the same."""
        if hasattr(path_or_file, "read"):
            data = path_or_file.read()
        else:
            try:
                with open(path_or_file, "rb") as file:
                    data = file.read()
            except FileNotFoundError as error:
                raise NoFile("artifacts.yaml") from error
        said = _gto.parse_annotations(data.encode() if isinstance(data, str) else data)
        return _state(said)

    def write_state(self, path_or_file: Union[str, IO]) -> None:
        """Writes the annotations into a file, in place of what is there. :meth:`RepoIndexManager.add` keeps what else the file
        has, comments for example."""
        text = _to_yaml(self.state)
        if hasattr(path_or_file, "write"):
            path_or_file.write(text)
        else:
            with open(path_or_file, "w", encoding="utf8", newline="\n") as file:
                file.write(text)

    @not_frozen
    def add(
        self,
        name: str,
        type: str | None,
        path: str | None,
        must_exist: bool,
        allow_same_path: bool,
        labels: Sequence[str] | None,
        description: str | None,
        custom: Any,
        update: bool,
    ) -> Artifact:
        """Annotates an artifact; with ``update`` what is given is added to its annotation. Raises
        :class:`gto.exceptions.ArtifactExists` or :class:`gto.exceptions.PathIsUsed`."""
        if name in self and not update:
            raise ArtifactExists(name)
        others = [artifact.path for other, artifact in self.state.items() if other != name]
        if path and not allow_same_path and find_repeated_path(path, others) is not None:
            raise PathIsUsed(type=type, name=name, path=path)
        before = self.state.get(name)
        if before is None:
            after = Artifact(
                type=type,
                path=path,
                virtual=not must_exist,
                labels=labels,
                description=description,
                custom=custom,
            )
        else:
            after = Artifact(
                type=type or before.type,
                path=path or before.path,
                virtual=False if must_exist else bool(path) or before.virtual,
                labels=sorted({*before.labels, *labels}),
                description=description or before.description,
                custom=custom or before.custom,
            )
        self.state_is_valid({name: after})
        self.state[name] = after
        return after

    @not_frozen
    def remove(self, name: str) -> None:
        """Takes the annotation of an artifact out. Raises :class:`gto.exceptions.ArtifactNotFound`."""
        if name not in self:
            raise ArtifactNotFound(name)
        del self.state[name]


def _state(annotations: Any) -> State:
    return {name: Artifact(**annotation) for name, annotation in annotations.items()}


def _to_yaml(state: Any) -> str:
    # JSON is YAML too: each value is written as JSON.
    defaults = Artifact.model_fields
    lines = []
    for name, artifact in state.items():
        said = {key: value for key, value in artifact if value != defaults[key]}
        lines.append(f"{json.dumps(name)}:" + ("" if said else " {}"))
        lines += [f"  {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in said.items()]
    return "".join(f"{line}\n" for line in lines) or "{}\n"


class BaseIndexManager(Model, ABC):
    """Annotations that can be read and changed."""

    current: Optional[Index] = None
    config: RegistryConfig

    @abstractmethod
    def get_index(self) -> Index:
        """The annotations as they are."""

    @abstractmethod
    def update(self) -> None:
        """Writes :attr:`current`."""

    @abstractmethod
    def get_history(self) -> Dict[str, Index]:
        """The annotations by commit."""

    def add(
        self,
        name: str,
        type: str | None,
        path: str | None,
        must_exist: bool,
        allow_same_path: bool,
        labels: Sequence[str] | None,
        description: str | None,
        custom: Any,
        update: bool,
        stdout: bool = False,
    ) -> None:
        """Annotates an artifact, and writes that. Raises a :class:`gto.exceptions.GTOException`."""
        self._check(name, type, path, must_exist, labels)
        self.get_index().add(
            name,
            type=type,
            path=path,
            must_exist=must_exist,
            allow_same_path=allow_same_path,
            labels=labels or [],
            description=description,
            custom=custom,
            update=update,
        )
        self.update()
        if stdout:
            echo("Updated `artifacts.yaml`")

    def _check(
        self, name: str, type: str | None, path: str | None, must_exist: bool, labels: Sequence[str] | None
    ) -> None:
        for checked in [name, *(labels or ())]:
            assert_name_is_valid(checked)
        if type:
            self.config.assert_type(type)
        if must_exist:
            if not path:
                raise WrongArgs("`path` is required when `must_exist` is set to True")
            if not check_if_path_exists(path, getattr(self, "scm", None)):
                raise NoFile(path)

    def remove(self, name: str, stdout: bool = False) -> None:
        """Takes the annotation of an artifact out, and writes that. Raises :class:`gto.exceptions.ArtifactNotFound`."""
        self.get_index().remove(name)
        self.update()
        if stdout:
            echo("Updated `artifacts.yaml`")


class FileIndexManager(BaseIndexManager):
    """The annotations of a folder."""

    path: str = ""

    @classmethod
    def from_path(cls, path: str, config: Optional[RegistryConfig] = None) -> FileIndexManager:
        """Those of this folder. Raises :class:`gto.exceptions.WrongConfig`."""
        if config is None:
            config = read_registry_config(os.path.join(path, CONFIG_FILE_NAME))
        return cls(path=path, config=config)

    def index_path(self) -> str:
        """The file."""
        return str(Path(self.path) / self.config.INDEX)

    def get_index(self) -> Index:
        """The annotations as they are now. Raises :class:`gto.exceptions.WrongArtifactsYaml`."""
        if os.path.exists(self.index_path()):
            self.current = Index.read(self.index_path())
        elif not self.current:
            self.current = Index()
        return self.current

    def update(self) -> None:
        """Writes :attr:`current`."""
        if self.current is not None:
            self.current.write_state(self.index_path())

    def get_history(self) -> Dict[str, Index]:
        """A folder has none."""
        raise NotImplementedError("Not a git repo: history is not available")

    def get_commit_index(self, **kwargs: Any) -> Index:
        """A folder has no commits."""
        raise NotImplementedError("Not a git repo: using revision is not available")

    def artifact_centric_representation(self) -> Any:
        """A folder has no history."""
        raise NotImplementedError("Not a git repo")


ArtifactCommits = Dict[str, Artifact]
ArtifactsCommits = Dict[str, ArtifactCommits]


class RepoIndexManager(FileIndexManager, RemoteRepoMixin):
    """The annotations of a repository."""

    scm: Any
    cloned: bool

    def __init__(self, scm: Any, cloned: bool, config: Any) -> None:
        super().__init__(scm=scm, cloned=cloned, config=config, current=None)

    @classmethod
    @contextmanager
    def from_scm(
        cls, scm: Any, cloned: bool = False, config: Optional[RegistryConfig] = None
    ) -> Iterator[RepoIndexManager]:
        """Those of a repository: any object with a ``root_dir``. ``cloned``: of a remote one, to which is pushed."""
        if config is None:
            config = read_registry_config(config_file(scm))
        yield cls(scm=scm, cloned=cloned, config=config)

    def add(
        self,
        name: str,
        type: str | None,
        path: str | None,
        must_exist: bool,
        allow_same_path: bool,
        labels: Sequence[str] | None,
        description: str | None,
        custom: Any,
        update: bool,
        stdout: bool = False,
        commit: bool = False,
        commit_message: str | None = None,
        push: bool = False,
    ) -> None:
        """Annotates an artifact; with ``commit`` that is committed, that file alone. Raises a
        :class:`gto.exceptions.GTOException`."""
        self._check(name, type, path, must_exist, labels)
        annotate(
            self.scm,
            name,
            type=type,
            path=path,
            must_exist=must_exist,
            allow_same_path=allow_same_path,
            labels=labels,
            description=description,
            # What is false leaves that which is there, as in the Python tool.
            custom=custom or None,
            update=update,
            file="gto",
            commit=commit,
            commit_message=commit_message,
            push=push or self.cloned,
            stdout=stdout,
        )

    def remove(
        self,
        name: str,
        stdout: bool = False,
        commit: bool = False,
        commit_message: str | None = None,
        push: bool = False,
    ) -> None:
        """Takes the annotation of an artifact out; with ``commit`` that is committed, that file alone. Raises a
        :class:`gto.exceptions.GTOException`."""
        answer = _gto.remove(
            as_location(self.scm),
            name,
            file="gto",
            commit=commit,
            commit_message=commit_message or None,
            push=push or self.cloned,
        )
        _say(answer, stdout)

    def index_path(self) -> str:
        """The file."""
        return os.path.join(as_location(self.scm), self.config.INDEX)

    def get_commit_index(
        self, rev: Any, allow_to_not_exist: bool = True, ignore_corrupted: bool = False
    ) -> Optional[Index]:
        """The annotations at a revision (a text, or a commit with ``hexsha``), without the entries that cannot be read.
        Without a file ``None`` or, if it must be there, a ``ValueError``."""
        rev = getattr(rev, "hexsha", rev)
        said = _gto.annotations(as_location(self.scm), rev)
        if said is not None:
            return Index(state=_state(said), frozen=True)
        if allow_to_not_exist:
            return None
        raise ValueError(f"No Index exists at {rev}")

    def get_history(self) -> Dict[str, Index]:
        """The annotations of all commits of all branches, by commit."""
        history = _gto.annotations_history(as_location(self.scm))
        return {commit: Index(state=_state(said), frozen=True) for commit, said in history.items()}

    def artifact_centric_representation(self) -> ArtifactsCommits:
        """The annotations of all commits of all branches, by artifact and commit."""
        artifacts: ArtifactsCommits = {}
        for commit, index in self.get_history().items():
            for name, artifact in index.state.items():
                artifacts.setdefault(name, {})[commit] = artifact
        return artifacts

    def check_existence(self, name: str, commit: str) -> bool:
        """Whether the artifact is annotated at the revision."""
        index = self.get_commit_index(commit)
        return index is not None and name in index

    def assert_existence(self, name: str, commit: str) -> None:
        """Raises :class:`gto.exceptions.ArtifactNotFound` if not."""
        if not self.check_existence(name, commit):
            raise ArtifactNotFound(name)


def annotate(repo: Repo, name: str, *, custom: Any = None, stdout: bool = False, **given: Any) -> None:
    """Annotates an artifact in its file, which keeps the rest of it as it is; that of a remote repository in a clone, which is
    pushed. Says with ``stdout`` what the command would say."""
    _say(_gto.annotate(as_location(repo), name, **engine_values({**given, "custom": custom})), stdout)


def engine_values(said: dict[str, Any]) -> dict[str, Any]:
    """What is said of an artifact, as :func:`gto._gto.annotate` takes it. An empty text says nothing: the Python tool leaves
    what is there as it is."""
    said = {field: value for field, value in said.items() if value != ""}
    if isinstance(said.get("path"), os.PathLike):
        said["path"] = Path(said["path"]).as_posix()
    if said.get("custom") is not None:
        said["custom"] = json.dumps(said["custom"], allow_nan=False)
    return said


def _say(answer: dict[str, Any], stdout: bool) -> None:
    if stdout:
        for line in answer["lines"]:
            echo(line)


class EnrichmentManager(BaseManager, RemoteRepoMixin):
    """What the files of commits say of artifacts."""

    actions: FrozenSet[Action] = frozenset()

    @classmethod
    @contextmanager
    def from_scm(
        cls, scm: Any, cloned: Optional[bool] = False, config: Optional[RegistryConfig] = None
    ) -> Iterator[EnrichmentManager]:
        """That of a repository: any object with a ``root_dir``."""
        if config is None:
            config = read_registry_config(config_file(scm))
        yield cls(scm=scm, config=config)

    def describe(self, name: str, rev: Optional[str] = None) -> List[EnrichmentInfo]:
        """What the files at a revision (``HEAD``) say of an artifact."""
        info = GTOEnrichment().describe(self.scm, name, rev)
        return [] if info is None else [info]

    def update_state(
        self, state: BaseRegistryState, all_branches: bool = False, all_commits: bool = False
    ) -> BaseRegistryState:
        """Adds to a state the commits of its versions, and of ``HEAD`` (of all branches, all commits) with what they say."""
        known = _gto.state(as_location(self.scm), all_branches=all_branches, all_commits=all_commits)
        for name, fields in known.items():
            artifact = state.find_artifact(name, create_new=True)
            for version in fields["versions"]:
                for commit in version["enrichments"]:
                    commit.pop("order", None)
                    commit["enrichments"] = [info_from_engine(info) for info in commit["enrichments"]]
                    of = artifact.find_version(
                        commit_hexsha=version["commit_hexsha"], create_new=True, include_discovered=True
                    )
                    of.add_event(EnrichmentEvent(**{**commit, "version": of.version}))
        return state


class GTOInfo(EnrichmentInfo):
    """What ``artifacts.yaml`` says of an artifact."""

    source: str = "gto"
    artifact: Artifact

    def get_object(self) -> Artifact:
        """The annotation."""
        return self.artifact

    def get_human_readable(self) -> str:
        """The annotation as JSON."""
        return self.artifact.model_dump_json()

    def get_path(self) -> str | None:
        """The path of the artifact."""
        return self.artifact.path


class DvcArtifact(Model):
    """What a ``dvc.yaml`` says of an artifact, with the fields of ``dvc.annotations.Artifact``."""

    path: str
    desc: Optional[str] = None
    type: Optional[str] = None
    labels: List[str] = []
    meta: Dict[str, Any] = {}


class DvcInfo(EnrichmentInfo):
    """The same, with where it is from."""

    source: str = "dvc"
    artifact: DvcArtifact

    def get_object(self):
        """The annotation."""
        return self.artifact

    def get_human_readable(self) -> str:
        """The annotation as JSON."""
        return self.artifact.model_dump_json()

    def get_path(self):
        """The path of the artifact."""
        return self.artifact.path


def info_from_engine(fields: dict[str, Any]) -> EnrichmentInfo:
    """One of the ``enrichments`` of a commit."""
    if fields["source"] == "dvc":
        return DvcInfo(artifact=DvcArtifact(**fields["artifact"]))
    return GTOInfo(artifact=Artifact(**fields["artifact"]))


class GTOEnrichment(EnrichmentReader):
    """Reads ``artifacts.yaml``."""

    source: str = "gto"

    def discover(self, url_or_scm: Any, rev: str) -> Dict[str, GTOInfo]:
        """What the file at a revision says, by artifact."""
        said = _gto.annotations(as_location(url_or_scm), rev) or {}
        return {name: GTOInfo(artifact=artifact) for name, artifact in _state(said).items()}

    def describe(self, url_or_scm: Any, obj: str, rev: Optional[str]) -> Optional[GTOInfo]:
        """What it says of an artifact at a revision (``HEAD``)."""
        return self.discover(url_or_scm, rev or "HEAD").get(obj)
