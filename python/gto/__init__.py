"""GTO: artifacts, their versions and stages, as Git tags.

For new code there is :class:`gto.Registry`. The rest is what the Python tool 1.10.1 offers, for the programs that use it.
"""

# `import gto` must cost next to nothing: everything comes when it is first asked for.
_HOMES = {
    "Annotation": "gto._results",
    "AnnotationReport": "gto._results",
    "Artifact": "gto._modern",
    "ArtifactSummary": "gto._results",
    "Assignment": "gto._results",
    "CONFIG": "gto.config",
    "Comparison": "gto._results",
    "Description": "gto._results",
    "Event": "gto._results",
    "Examination": "gto._results",
    "Finding": "gto._results",
    "GitRegistry": "gto.registry",
    "Located": "gto._results",
    "PushReport": "gto._results",
    "Registry": "gto._modern",
    "RepoIndexManager": "gto.index",
    "Rows": "gto._results",
    "TagChange": "gto._results",
    "TagDifference": "gto._results",
    "Verification": "gto._results",
    "Version": "gto._results",
    "WriteReport": "gto._results",
    "__version__": "gto._version",
}
_MODULES = (
    "api",
    "base",
    "config",
    "constants",
    "exceptions",
    "ext",
    "git_utils",
    "index",
    "registry",
    "tag",
    "ui",
    "versions",
)

__all__ = ["CONFIG", "GitRegistry", "Registry", "RepoIndexManager", "__version__", "api"]

# Type checkers take this name for true.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from gto import api as api
    from gto._modern import Artifact as Artifact, Registry as Registry
    from gto._results import (
        Annotation as Annotation,
        AnnotationReport as AnnotationReport,
        ArtifactSummary as ArtifactSummary,
        Assignment as Assignment,
        Comparison as Comparison,
        Description as Description,
        Event as Event,
        Examination as Examination,
        Finding as Finding,
        Located as Located,
        PushReport as PushReport,
        Rows as Rows,
        TagChange as TagChange,
        TagDifference as TagDifference,
        Verification as Verification,
        Version as Version,
        WriteReport as WriteReport,
    )
    from gto._version import __version__ as __version__
    from gto.config import CONFIG as CONFIG
    from gto.index import RepoIndexManager as RepoIndexManager
    from gto.registry import GitRegistry as GitRegistry


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name in _MODULES:
        value = import_module(f"gto.{name}")
    else:
        raise AttributeError(f"module 'gto' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> "list[str]":
    return sorted({*globals(), *_HOMES, *_MODULES})
