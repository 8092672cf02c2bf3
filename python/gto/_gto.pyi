"""The engine, as plain functions: private to the package, which makes the pleasant things of it.

Each function opens the registry anew and holds nothing when it returns, so that threads and forks may call it at any
time. The lock of the interpreter is released meanwhile. ``repo`` is a folder, or a folder below it, or the address of a
remote repository; ``None`` is the current folder.

What comes back is made of ``dict``, ``list``, ``str``, ``int``, ``bool``, ``None`` and aware ``datetime``. What is for ``gto.Registry`` has
the fields of its results, and a number of the ``schema``; elsewhere the keys of dicts, and their order, are those of the
command's JSON, which are the Python tool's.

What goes wrong is raised as a class of ``gto.exceptions``, with a ``hint`` that says what to do next (or ``None``). Beside
the Python tool's classes these are ``GitError``, ``RemoteError``, ``Conflict``, ``NoIdentity``, ``SigningError`` and
``InternalError``.
What one should know beside an answer is a ``gto.exceptions.GtoWarning``, given with ``warnings.warn``.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, Literal

# -- the shapes of answers ------------------------------------------------------------------------------------------

_Dict = dict[str, Any]
# {"priority", "addition", "artifact", "created_at": datetime, "author", "author_email", "message", "commit_hexsha",
#  "tag"[, "version"][, "stage"], "event": "registration"}: what `dict_state()` of the Python tool's event says.
_Event = _Dict
# {"priority": 0, "addition": True, "artifact", "created_at": datetime, "author", "author_email", "message",
#  "commit_hexsha", "version", "enrichments": [{"source": "gto", "artifact": _Annotation}], "committer",
#  "committer_email"}: the commit of a version, and what its files say of the artifact.
_CommitEvent = _Dict
# {"type", "path", "virtual", "labels", "description", "custom"}
_Annotation = _Dict
# What `gto.Registry` gives: the fields of the classes in `gto._results`.
_Report = _Dict
# {"artifact", "commit_hexsha", "version", "stage", "assignments": [_Event], "unassignments": [_Event], "is_active",
#  "activated_at", "created_at", "author", "author_email", "message", "ref"}
_Stage = _Dict
# {"artifact", "commit_hexsha", "version", "enrichments": [_CommitEvent], "registrations": [_Event],
#  "deregistrations": [_Event], "stages": [_Stage], "is_active", "activated_at", "created_at", "author",
#  "author_email", "message", "ref", "discovered"}
_Version = _Dict
# The Python tool's `model_dump()`. Events in it have no "event", and an "order": their place among all events of the
# artifact. {"artifact", "commit_hexsha", "version", "stage", "assignments", "unassignments"}
_StageState = _Dict
# {"artifact", "commit_hexsha", "version", "enrichments", "registrations", "deregistrations",
#  "stages": {stage: _StageState}}
_VersionState = _Dict
# {"artifact", "versions": [_VersionState], "creations": [], "deprecations"}
_ArtifactState = _Dict
# {"timestamp": datetime, "artifact", "event", "priority", "version", "stage", "commit", "author", "author_email",
#  "message", "ref"}
_HistoryEntry = _Dict
# {"dry_run": bool, "pushed": bool, "remote": str | None, "signing": _Dict | None,
#  "tags": [{"action": "create" | "delete", "tag", "target", "pushed"} and of a new tag also {"event", "artifact",
#  "version", "stage", "message", "author", "author_email", "created_at": datetime}],
#  "events": [_Event] (those that the new tags are, in the order of "tags"; empty with `dry_run`),
#  "lines": [str] (what the command prints about it, without emoji)}
_Written = _Dict
# Of `assignments_per_version` and `versions_per_stage` -1 is all, and so is None.
_Sort = Literal["timestamp", "semver"]
# A folder or an address; with `True`, answers obey the promotion policy.
_Place = str | tuple[str, bool] | None
_Sign = bool | None  # None: as the settings of Git say.

__version__: Final[str]

# -- questions ------------------------------------------------------------------------------------------------------

def show(
    repo: _Place = None,
    *,
    registered_only: bool = False,
    deprecated: bool = False,
    assignments_per_version: int | None = None,
    versions_per_stage: int = 1,
    sort: _Sort = "timestamp",
    truncate_hexsha: bool = False,
) -> dict[str, _Dict]:
    """The registry, as ``gto.api.show(repo)`` of the Python tool: the artifacts by name, each with ``version``,
    ``stage`` (stage: versions with a comma between, or ``None``), ``registered`` and ``active``."""

def list_files(
    repo: str | None,
    reference: str,
    *,
    path: str | None = None,
    include: Sequence[str] = ...,
    exclude: Sequence[str] = ...,
    trust: Sequence[str] = ...,
) -> _Report:
    """The files of a version: {"schema", "artifact", "version", "stage", "commit", "ref", "path", "folder", "files": [{"path",
    "size", "kept_by", "hash"}]}."""

def get_files(
    repo: str | None,
    reference: str,
    *,
    path: str | None = None,
    include: Sequence[str] = ...,
    exclude: Sequence[str] = ...,
    trust: Sequence[str] = ...,
    output: str | None = None,
    force: bool = False,
    dry_run: bool = False,
    jobs: int = 8,
    pin: str | None = None,
) -> tuple[_Report, str]:
    """Gets them, or what the text of a ``pin`` says: the same with "target", "dry_run", "written", "bytes", "kept" and "others";
    and the text of a pin."""

def write_file(
    repo: str | None,
    reference: str,
    file: str | None,
    to: str,
    *,
    path: str | None = None,
    trust: Sequence[str] = ...,
) -> None:
    """Writes one file of a version into the file ``to``, which is there and empty."""

def registry(
    repo: _Place = None,
    *,
    registered_only: bool = False,
    deprecated: bool = False,
    assignments_per_version: int | None = None,
    versions_per_stage: int = 1,
    sort: _Sort = "timestamp",
) -> _Dict:
    """The same for ``gto.Registry``: ``{"schema", "stages": [str], "artifacts": [_Report]}``, with a stage of every column in each
    artifact."""

def artifact(repo: _Place, name: str, *, deprecated: bool = False) -> _Report:
    """``{"schema", "registered": bool, "active": bool, "versions": [_Report]}`` of an artifact. ``registered`` is false if
    the artifact is only annotated, and ``active`` if it is deprecated. Raises ``ArtifactNotFound``, and ``GitError`` if a tag
    of the artifact cannot be read."""

def compare(repo: _Place, name: str, a: str, b: str) -> _Dict:
    """``{"schema", "from": _Report, "to": _Report}``: two versions of an artifact, each a version, ``latest`` or ``#STAGE``, or
    one of the last two after the name. Raises ``VersionRequired`` if the artifact has no such version."""

def versions(
    repo: _Place,
    reference: str,
    *,
    at: str | None = None,
    registered_only: bool = False,
    deprecated: bool = False,
    assignments_per_version: int | None = None,
    versions_per_stage: int = 1,
    sort: _Sort = "timestamp",
) -> _Dict:
    """``{"registered": bool, "versions": [_Version]}`` of an artifact, or of those that a shortcut such as ``m@latest`` picks; with
    ``at`` only those on that commit. ``registered`` is false if the artifact is only annotated. Raises ``GitError`` if a tag that
    counts for a shortcut cannot be read.

    Raises ``ArtifactNotFound``, and ``RefNotFound`` for ``at``."""

def versions_at(
    repo: _Place,
    revision: str,
    *,
    registered_only: bool = False,
    deprecated: bool = False,
    assignments_per_version: int | None = None,
    versions_per_stage: int | None = None,
    sort: _Sort = "timestamp",
) -> list[_Report]:
    """The versions of all artifacts on one commit."""

def history(
    repo: _Place = None,
    artifact: str | None = None,
    *,
    ascending: bool = False,
    truncate_hexsha: bool = False,
) -> list[_HistoryEntry]:
    """The journal. An artifact that does not exist has an empty one."""

def events(
    repo: _Place = None,
    artifact: str | None = None,
    *,
    stage: str | None = None,
    version: str | None = None,
    events: Sequence[str] | None = None,
    author: str | None = None,
    since: str | date | None = None,
    until: str | date | None = None,
    limit: int | None = None,
    ascending: bool = False,
) -> _Report:
    """The same for ``gto.Registry``: ``{"schema", "events": [_Report]}``."""

def check_ref(repo: _Place, ref: str) -> _Event | None:
    """What a tag, ``x`` or ``refs/tags/x``, did; ``None`` if it is no event."""

def event(repo: _Place, ref: str) -> _Dict:
    """The same for ``gto.Registry``: ``{"kind", "event": _Report | None, "reason": str | None}``. ``kind`` is ``event``, ``no_tag``,
    ``foreign`` (not one of the registry's), ``lightweight`` or ``no_event`` (``reason`` says why not)."""

def stages(repo: _Place = None, *, allowed: bool = False, used: bool = False) -> list[str] | None:
    """The stages; ``None`` if the allowed ones are asked for and the configuration allows all."""

def latest(
    repo: _Place, name: str, *, all: bool = False, registered: bool = True
) -> list[_VersionState]:
    """The highest active version of an artifact, in a list with at most one element; with ``all`` all active ones,
    highest first. ``registered=False`` takes in commits that have no version."""

def which(
    repo: _Place,
    name: str,
    stage: str,
    *,
    assignments_per_version: int | None = None,
    versions_per_stage: int = 1,
    registered_only: bool = False,
    sort: _Sort = "semver",
) -> list[_StageState]:
    """The versions in a stage, first of them the one that counts; empty if there is none."""

def state(
    repo: _Place = None, name: str | None = None, *, all_branches: bool = False, all_commits: bool = False
) -> dict[str, _ArtifactState]:
    """Everything, by artifact, in the Python tool's order; with ``name`` only that artifact (an empty dict if there is
    none; ``GitError`` if a tag of it cannot be read)."""

def artifact_names(repo: _Place = None) -> list[str]:
    """The artifacts that have tags."""

def is_gto_repo(repo: _Place = None) -> bool:
    """Whether the repository has a ``.gto``, an annotation file or a tag of the registry."""

def resolve(repo: _Place, revision: str) -> str:
    """The id of the commit that ``revision`` names. Raises ``RefNotFound``."""

def root(repo: _Place = None) -> str:
    """The folder of the work tree, or the repository itself if it is bare. Not for addresses: there ``clone``."""

# -- tags and grammar -----------------------------------------------------------------------------------------------

def tag_names(repo: _Place = None) -> list[str]:
    """The names of all tags, the registry's and others."""

def tags(repo: _Place = None, names: Sequence[str] | None = None) -> list[_Dict]:
    """The annotated tags, or those of them with these names: ``{"name", "hexsha", "target", "tagger_name",
    "tagger_email", "tag_time": int, "tag_time_offset": int (seconds east of UTC), "tag_datetime": datetime,
    "message"}``, in the order of their names. ``target`` is the commit. Those that cannot be read, or are not on a
    commit, are left out."""

def name_tag(
    repo: _Place,
    action: str,
    artifact: str,
    *,
    version: str | None = None,
    stage: str | None = None,
    simple: bool = False,
) -> str:
    """The name of the tag for an event. ``simple`` takes no counter and reads no repository."""

def parse_tag(name: str) -> _Dict | None:
    """``{"name", "action": str[, "version"][, "stage"][, "counter": int]}``; ``None`` if it is none of the
    registry's."""

def parse_shortcut(text: str) -> _Dict:
    """``{"name", "stage", "version", "latest", "shortcut"}``, as the Python tool's ``parse_shortcut``."""

def parse_version(text: str) -> _Dict | None:
    """``{"major", "minor", "patch", "prerelease": str | None, "build": str | None}`` of ``v1.0.0-rc.1+b``."""

def compare_versions(a: str, b: str) -> int:
    """By precedence: -1, 0 or 1. Raises ``InvalidVersion``."""

def bump_version(version: str, part: Literal["major", "minor", "patch"]) -> str: ...
def is_address(repo: str) -> bool:
    """Whether it is the address of a remote repository, and no folder."""

def is_name(text: str) -> bool:
    """Whether a stage may be called that, or an artifact in the root folder."""

def is_full_name(text: str) -> bool:
    """Whether an artifact may be called that."""

# -- writing --------------------------------------------------------------------------------------------------------

def register(
    repo: _Place,
    name: str,
    ref: str | None = "HEAD",
    *,
    version: str | None = None,
    bump_major: bool = False,
    bump_minor: bool = False,
    bump_patch: bool = False,
    message: str | None = None,
    simple: bool | None = None,
    force: bool = False,
    push: bool | None = None,
    fetch: bool = False,
    dry_run: bool = False,
    author: str | None = None,
    author_email: str | None = None,
    sign: _Sign = None,
    local_user: str | None = None,
    override_reason: str | None = None,
) -> _Written:
    """``push=None`` does as the configuration says; what is written to an address is pushed in any case. ``simple=None``
    takes a counter where it is needed. ``ref=None`` is a commit that is yet to be made, only for ``dry_run``."""

def assign(
    repo: _Place,
    name: str,
    stage: str | None,
    *,
    version: str | None = None,
    ref: str | None = None,
    name_version: str | None = None,
    skip_registration: bool = False,
    message: str | None = None,
    simple: bool | None = None,
    force: bool = False,
    push: bool | None = None,
    fetch: bool = False,
    dry_run: bool = False,
    author: str | None = None,
    author_email: str | None = None,
    sign: _Sign = None,
    local_user: str | None = None,
    override_reason: str | None = None,
) -> _Written:
    """``version`` or ``ref``, one and only one of them. ``name_version`` is what to call the version that is registered
    at ``ref`` if there is none. The event of the assignment is the last of ``events``."""

def approve(
    repo: _Place,
    name: str,
    version: str,
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
    sign: _Sign = None,
    local_user: str | None = None,
) -> _Written:
    """Approves a version for a stage, or takes that back: a tag that is no event, so ``events`` is empty."""

def unassign(
    repo: _Place,
    name: str,
    stage: str | None,
    *,
    version: str | None = None,
    ref: str | None = None,
    shown: bool = False,
    delete: bool = False,
    message: str | None = None,
    simple: bool | None = None,
    force: bool = False,
    push: bool | None = None,
    fetch: bool = False,
    dry_run: bool = False,
    author: str | None = None,
    author_email: str | None = None,
    sign: _Sign = None,
    local_user: str | None = None,
    override_reason: str | None = None,
) -> _Written:
    """``version`` or ``ref``, one and only one of them. With ``shown``, neither means the version that the stage shows."""

def rollback(
    repo: _Place,
    name: str,
    stage: str,
    *,
    to: str | None = None,
    message: str | None = None,
    simple: bool | None = None,
    force: bool = False,
    push: bool | None = None,
    fetch: bool = False,
    dry_run: bool = False,
    author: str | None = None,
    author_email: str | None = None,
    sign: _Sign = None,
    local_user: str | None = None,
    override_reason: str | None = None,
) -> _Written: ...
def promote(
    repo: _Place,
    names: Sequence[str],
    from_stage: str,
    to_stage: str,
    *,
    message: str | None = None,
    simple: bool | None = None,
    force: bool = False,
    push: bool | None = None,
    fetch: bool = False,
    dry_run: bool = False,
    author: str | None = None,
    author_email: str | None = None,
    sign: _Sign = None,
    local_user: str | None = None,
    override_reason: str | None = None,
) -> _Written: ...
def deregister(
    repo: _Place,
    name: str,
    *,
    version: str | None = None,
    ref: str | None = None,
    delete: bool = False,
    message: str | None = None,
    simple: bool | None = None,
    force: bool = False,
    push: bool | None = None,
    fetch: bool = False,
    dry_run: bool = False,
    author: str | None = None,
    author_email: str | None = None,
    sign: _Sign = None,
    local_user: str | None = None,
    override_reason: str | None = None,
) -> _Written: ...
def deprecate(
    repo: _Place,
    name: str,
    *,
    ref: str | None = None,
    delete: bool = False,
    message: str | None = None,
    simple: bool | None = None,
    force: bool = False,
    push: bool | None = None,
    fetch: bool = False,
    dry_run: bool = False,
    author: str | None = None,
    author_email: str | None = None,
    sign: _Sign = None,
    local_user: str | None = None,
    override_reason: str | None = None,
) -> _Written: ...
def create_tag(
    repo: _Place,
    name: str,
    rev: str,
    message: str,
    *,
    author: str | None = None,
    author_email: str | None = None,
) -> None:
    """Makes an annotated tag of any name. Raises ``RefNotFound`` or ``TagExists``."""

def delete_tag(repo: _Place, name: str) -> None:
    """Raises ``TagNotFound``."""

def push_tag(repo: _Place, name: str, *, delete: bool = False, remote: str | None = None) -> None:
    """Pushes a tag that is here, or deletes it on the remote."""

def push(repo: _Place = None, artifact: str | None = None, *, remote: str | None = None, dry_run: bool = False) -> _Dict:
    """``{"dry_run", "remote", "pushed", "tags": [str]}``: pushes the registry's tags that are only here."""

def annotate(
    repo: _Place,
    name: str,
    *,
    type: str | None = None,
    path: str | None = None,
    must_exist: bool = False,
    allow_same_path: bool = False,
    labels: Sequence[str] | None = None,
    remove_labels: Sequence[str] | None = None,
    description: str | None = None,
    custom: str | None = None,
    update: bool = True,
    file: Literal["gto", "dvc"] | None = None,
    commit: bool = False,
    commit_message: str | None = None,
    push: bool = False,
    dry_run: bool = False,
    author: str | None = None,
    author_email: str | None = None,
) -> _Dict:
    """``{"files": [str], "commit": str | None, "lines": [str]}``: changes what is said of an artifact in the file that has it,
    or in ``file``. ``custom`` is JSON text. What is ``None`` stays as it is, and an empty text, or ``null``, takes the field
    out. ``push`` commits, too, and so does an address, of which a clone is edited and pushed."""

def remove(
    repo: _Place,
    name: str,
    *,
    file: Literal["gto", "dvc"] | None = None,
    commit: bool = False,
    commit_message: str | None = None,
    push: bool = False,
    dry_run: bool = False,
    author: str | None = None,
    author_email: str | None = None,
) -> _Dict:
    """The same answer: takes what is said of an artifact out."""

# -- the repository -------------------------------------------------------------------------------------------------

def annotations(repo: _Place = None, rev: str | None = None) -> dict[str, _Annotation] | None:
    """What the annotation file says at a revision, or without one in the work tree (of a repository without a work
    tree: at ``HEAD``). ``None`` if there is no such file. Entries that cannot be read are left out."""

def all_annotations(repo: _Place = None, rev: str | None = None) -> dict[str, _Report]:
    """What counts of what all annotation files say at a revision, or without one in the work tree, by artifact. Entries that
    cannot be read are left out, with a warning."""

def parse_annotations(data: bytes) -> dict[str, _Annotation]:
    """What a text in the format of the annotation file says. Raises ``WrongArtifactsYaml`` if a part of it cannot be
    read."""

def annotations_history(repo: _Place = None) -> dict[str, dict[str, _Annotation]]:
    """What the annotation file says in each commit of the branches that has one, by commit."""

def path_exists(repo: _Place, path: str, rev: str) -> bool:
    """Whether the commit that ``rev`` names has a file or a folder at ``path``. Raises ``RefNotFound``."""

def locate(repo: _Place, reference: str) -> _Dict:
    """``{"artifact", "version": str | None, "stage": str | None, "commit", "ref"}``: the one version that ``reference`` stands
    for, a name (its highest version), ``NAME@version``, ``NAME#stage`` or a tag. Raises ``ArtifactNotFound``,
    ``VersionRequired``, ``NotImplementedInGTO`` (several are meant) or ``RefNotFound``."""

def described(repo: _Place, reference: str, rev: str | None = None) -> _Dict:
    """``{"artifact", "version": str | None, "commit": str | None, "source", "file", "type": str | None, "path": str | None,
    "description", "labels": [str], "custom"}``: what counts of what the files say of it. For a name alone these are the
    files of ``rev``, or without it of the work tree (no ``commit`` then). Raises ``ArtifactNotFound`` if nothing is said,
    and whatever ``locate`` raises."""

def describe(repo: _Place, name: str, rev: str) -> _Annotation | None:
    """What counts of what the files at ``rev`` say of an artifact; ``None`` if nothing is said. Raises ``RefNotFound``."""

def config(repo: _Place = None) -> _Dict:
    """The configuration in force, with the keys of ``.gto`` (``INDEX``, ``stages`` …). Raises ``WrongConfig``."""

def read_config(path: str | None) -> _Dict:
    """The same of a file, and of the variables, whatever the repository; ``None`` for the variables alone. A file that
    does not exist says nothing. Raises ``WrongConfig``."""

def doctor(repo: _Place = None) -> _Dict:
    """``{"version", "configuration", "findings": [{"id", "severity", "message", "tags", "commits", "fix",
    "otherwise"}], "errors": int, "warnings": int}``"""

def status(repo: _Place = None, artifact: str | None = None, *, remote: str | None = None) -> _Dict:
    """``{"remote", "same": int, "tags": [{"tag", "artifact", "state": "only_here" | "only_there" | "differs", "here",
    "there"}]}``"""

def verify(repo: _Place = None, artifact: str | None = None, *, tags: Sequence[str] | None = None) -> list[_Dict]:
    """``{"tag", "result", "signer", "key", "reason"}`` of the signature of each tag."""

def clone(url: str, path: str, *, branch: str | None = None) -> None:
    """Clones a remote repository, with its work tree and its tags, into an empty folder, and checks a branch out."""

def cache_info(repo: _Place = None) -> _Dict:
    """The cache of the repository's tags: ``{"path", "entries", "size", "read", "unread", "written", "unwritten"}``."""

def cache_clear(repo: _Place = None) -> bool:
    """Whether there was one."""
