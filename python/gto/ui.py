"""Where the lines go that functions with ``stdout=True`` have to say: nowhere, as in the Python tool, unless a caller wants them."""

from __future__ import annotations

import contextlib
import sys

# Type checkers take this for true; at run time `typing` is not needed for it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import Any

_echo_func = None


@contextlib.contextmanager
def set_echo(echo_func: Any = ...) -> Iterator[None]:
    """Sends the lines to a function, meanwhile. ``None`` is silence; without an argument all stays as it is."""
    global _echo_func
    before = _echo_func
    if echo_func is not ...:
        _echo_func = echo_func
    try:
        yield
    finally:
        _echo_func = before


def cli_echo() -> AbstractContextManager[None]:
    """Prints the lines, meanwhile."""
    return set_echo(print)


def stderr_echo() -> AbstractContextManager[None]:
    """Prints the lines to stderr, meanwhile."""
    return set_echo(lambda *message: print(*message, file=sys.stderr))


def no_echo() -> AbstractContextManager[None]:
    """Says nothing, meanwhile."""
    return set_echo(None)


def echo(*message: object) -> None:
    """Says something to whoever listens."""
    if _echo_func is not None:
        _echo_func(*message)
