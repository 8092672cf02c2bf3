"""GTO: artifacts, their versions and stages, as Git tags.

For new code there is :class:`gto.Registry`. The rest is what the Python tool 1.10.1 offers, for the programs that use it.
"""

# `import gto` must cost next to nothing: everything comes when it is first asked for.
_HOMES = {
    "Annotation": "gto._results.values",
    "AnnotationReport": "gto._results.writes",
    "Artifact": "gto._registry",
    "ArtifactSummary": "gto._results.values",
    "Assignment": "gto._results.values",
    "CONFIG": "gto.config",
    "Comparison": "gto._results.writes",
    "Description": "gto._results.values",
    "Event": "gto._results.values",
    "Examination": "gto._results.checks",
    "File": "gto._results.files",
    "Finding": "gto._results.checks",
    "GitRegistry": "gto.registry",
    "Got": "gto._results.files",
    "Located": "gto._results.values",
    "PushReport": "gto._results.writes",
    "Registry": "gto._registry",
    "RepoIndexManager": "gto.index",
    "Rows": "gto._results.rows",
    "TagChange": "gto._results.writes",
    "TagDifference": "gto._results.writes",
    "Verification": "gto._results.checks",
    "Version": "gto._results.values",
    "WriteReport": "gto._results.writes",
    "__version__": "gto._version",
    "get": "gto._files",
    "ls": "gto._files",
    "open": "gto._files",
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
    from gto._files import get as get, ls as ls, open as open
    from gto._registry import Artifact as Artifact, Registry as Registry
    from gto._results.checks import (
        Examination as Examination,
        Finding as Finding,
        Verification as Verification,
    )
    from gto._results.files import (
        File as File,
        Got as Got,
    )
    from gto._results.rows import (
        Rows as Rows,
    )
    from gto._results.values import (
        Annotation as Annotation,
        ArtifactSummary as ArtifactSummary,
        Assignment as Assignment,
        Description as Description,
        Event as Event,
        Located as Located,
        Version as Version,
    )
    from gto._results.writes import (
        AnnotationReport as AnnotationReport,
        Comparison as Comparison,
        PushReport as PushReport,
        TagChange as TagChange,
        TagDifference as TagDifference,
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
