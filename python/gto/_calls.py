"""How arguments are read: versions as they may be named, and in :mod:`gto.api` that ``repo`` may be left out and ``register``
has two forms.

The rules, so that no call is guessed at:

- The first argument is ``repo``, as in the Python tool, if the argument after it is given too.
- Otherwise, and if it is the only one that is given by its place, it is the argument after ``repo``.
- What could mean either is an error that shows both forms.
"""

from __future__ import annotations

from functools import wraps

from gto.exceptions import AmbiguousArg, WrongArgs

# Type checkers take this for true; at run time `typing` is not needed for it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    _T = TypeVar("_T")

#: The arguments by which `register` knows that it shall annotate.
_ANNOTATING = ("path", "type", "description", "labels", "custom")


def version_of(name: str, version: str | None) -> str | None:
    """``v1.0.0`` of ``name@v1.0.0``. Refuses a version of another artifact with :class:`gto.exceptions.WrongArgs`."""
    if not version or "@" not in version:
        return version
    from gto.constants import parse_shortcut

    shortcut = parse_shortcut(version)
    if shortcut.version is None:
        return version
    if shortcut.name != name:
        raise WrongArgs(f"'{version}' is a version of '{shortcut.name}', not of '{name}'")
    return shortcut.version


def from_elsewhere(module: str, name: str, places: dict[str, str]) -> Any:
    """What programs import from a module of the Python tool that had imported it itself: ``places`` says from where."""
    if name not in places:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    from importlib import import_module

    place, _, other = places[name].partition(".")
    return getattr(import_module(f"gto.{place}"), other or name)


def repo_may_be_left_out(function: Callable[..., _T]) -> Callable[..., _T]:
    """Makes the first parameter of a function, ``repo``, one that may be left out. ``inspect`` shows the function's own."""
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    first = names[1]
    required = names[1 : len(names) - len(function.__defaults__ or ())]

    @wraps(function)
    def call(*args: Any, **named: Any) -> _T:
        if len(args) == 1 and first not in named:
            named = {first: args[0], **named}
            args = ()
        if not args:
            named.setdefault("repo", None)
        missing = [name for name in required if name not in (*names[: len(args)], *named)]
        if missing:
            raise TypeError(_both_forms(function.__name__, required, missing))
        return function(*args, **named)

    return call


def _both_forms(function: str, required: Sequence[str], missing: Sequence[str]) -> str:
    alone = ", ".join([required[0], *(f"{name}=…" for name in required[1:])])
    return (
        f"{function}() lacks {' and '.join(map(repr, missing))}: {function}(repo, {', '.join(required)}) or, "
        f"in the repository of the current folder, {function}({alone})"
    )


def register_forms(
    register: Callable[..., _T], annotate_and_register: Callable[..., _T]
) -> Callable[..., _T]:
    """`register` of both forms: the Python tool's, and the one that annotates first. ``inspect`` shows the tool's."""
    classic = repo_may_be_left_out(register)

    @wraps(register)
    def call(*args: Any, **named: Any) -> _T:
        if not any(name in named for name in _ANNOTATING):
            if len(args) == 2 and "ref" not in named:
                raise AmbiguousArg(
                    f"register({args[0]!r}, {args[1]!r}) can mean two things: {_REGISTER_FORMS}"
                )
            if len(args) < 3:
                named.setdefault("ref", "HEAD")
            return classic(*args, **named)
        # By their places `name` and `path`, and only by their names what the other form has.
        by_place = ("name", "path")[: len(args)]
        if len(args) > 2 or "ref" in named or any(name in named for name in by_place):
            raise AmbiguousArg(f"register() has arguments of two forms: {_REGISTER_FORMS}")
        return annotate_and_register(*args, **named)

    return call


_REGISTER_FORMS = (
    "register(repo, name, ref) registers a commit; "
    "register(name, path=…, type=…, description=…, repo=…) annotates the artifact, and registers the commit of that"
)
