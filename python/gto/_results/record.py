"""The base of all results: values that are immutable.

Owns comparing, pickling, and their forms as ``dict`` and JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

_T = TypeVar("_T")


class Record:
    """The base of all results: immutable values, equal if all their fields are."""

    __slots__ = ()

    def as_dict(self) -> dict[str, Any]:
        """The fields by name; nested results are ``dict`` too. Times stay ``datetime``."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]

    def _row(self) -> dict[str, Any]:
        """The cells of its row in a pandas table."""
        return self.as_dict()

    def to_json(self, *, indent: int | None = None) -> str:
        """The same as JSON, with times in the form ``2026-11-24T05:39:01+00:00``."""
        return json_of(self.as_dict(), indent)

    # Python 3.9 cannot make a frozen object with slots again from its fields one by one.
    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]


class FrozenDict(dict[str, _T]):
    """A ``dict`` that are immutable. Prints as one, and can be pickled, other than a ``MappingProxyType``."""

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError("a result cannot be changed")

    __setitem__ = __delitem__ = clear = pop = popitem = setdefault = update = __ior__ = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return FrozenDict, (dict(self),)


def plain(value: Any) -> Any:
    """The value with results as ``dict``, and without tuples."""
    if isinstance(value, Record):
        return value.as_dict()
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def json_of(value: Any, indent: int | None) -> str:
    """The value as JSON, with times in the form ``2026-11-24T05:39:01+00:00``."""
    import json

    return json.dumps(value, indent=indent, default=_text)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
