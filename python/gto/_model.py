"""Objects with named fields, as the Python tool has them from pydantic: enough of it for the programs that use them.

Owns construction by keyword, equality, printing and ``model_dump``. Fields are not checked for their types: the engine
has read them.
"""

from __future__ import annotations

import sys
from copy import copy, deepcopy
from datetime import datetime
from enum import Enum

# Type checkers take this for true; at run time `typing` is not needed for it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping
    from typing import Any, ClassVar

    from typing_extensions import Self

_REQUIRED = object()


class Model:
    """An object whose fields are the annotations of its class and of the classes above it, in that order."""

    #: The names of the fields, and what they are when they are not given.
    model_fields: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        fields = {}
        for above in reversed(cls.__mro__[1:]):
            fields.update(above.__dict__.get("model_fields", {}))
        # Python 3.9 answers with those of the class above where there are none.
        own = cls.__annotations__ if sys.version_info >= (3, 10) else cls.__dict__.get("__annotations__", {})
        for name in own:
            if not name.startswith("model_"):
                fields[name] = cls.__dict__.get(name, fields.get(name, _REQUIRED))
        cls.model_fields = fields

    def __init__(self, **data: Any) -> None:
        own = self.__dict__
        for name, default in self.model_fields.items():
            if name in data:
                own[name] = data[name]
            elif default is _REQUIRED:
                raise ValueError(f"{type(self).__name__}: the field '{name}' is required")
            else:
                own[name] = copy(default)

    @classmethod
    def model_validate(cls, obj: Any) -> Self:
        """The object that a ``dict`` of its fields describes, as :meth:`model_dump` gives it: with objects in it, too, and with
        times, which may be text."""
        if isinstance(obj, cls):
            return obj
        # What is no dict of fields is for the class to refuse.
        kinds = cls._kinds()
        return cls(**{name: _load(kinds.get(name), value) for name, value in dict(obj).items()})

    @classmethod
    def _kinds(cls) -> dict[str, Any]:
        """The type of each field."""
        kinds = {}
        for above in reversed(cls.__mro__[: cls.__mro__.index(Model)]):
            known = vars(sys.modules[above.__module__])
            own = above.__annotations__ if sys.version_info >= (3, 10) else above.__dict__.get("__annotations__", {})
            for name, kind in own.items():
                try:
                    # What `typing.get_type_hints` does, which fails for all if it does for one.
                    kinds[name] = eval(kind, known) if isinstance(kind, str) else kind
                except (NameError, TypeError):
                    # A type that is there for type checkers alone.
                    kinds[name] = None
        return kinds

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, with other values for some fields."""
        other = deepcopy(self) if deep else copy(self)
        other.__dict__.update(update or {})
        return other

    def model_dump(
        self,
        *,
        mode: str = "python",
        include: Container[str] | None = None,
        exclude: Container[str] | None = None,
        by_alias: bool = False,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
    ) -> dict[str, Any]:
        """The fields as a ``dict``, in those objects the same. ``mode="json"`` makes text of times and enumerations. No field
        has an alias; unset is what is as it would be without being given."""
        without = self.model_fields if exclude_unset or exclude_defaults else {}
        nested = {
            "mode": mode,
            "exclude_unset": exclude_unset,
            "exclude_defaults": exclude_defaults,
            "exclude_none": exclude_none,
        }
        return {
            name: _dump(value, nested)
            for name, value in self._fields()
            if (include is None or name in include)
            and not (exclude and name in exclude)
            and not (exclude_none and value is None)
            and not (name in without and value == without[name])
        }

    def model_dump_json(
        self,
        *,
        indent: int | None = None,
        include: Container[str] | None = None,
        exclude: Container[str] | None = None,
        by_alias: bool = False,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
    ) -> str:
        """The fields as JSON. The arguments are those of :meth:`model_dump`."""
        import json

        fields = self.model_dump(
            mode="json",
            include=include,
            exclude=exclude,
            exclude_unset=exclude_unset,
            exclude_defaults=exclude_defaults,
            exclude_none=exclude_none,
        )
        return json.dumps(
            fields, indent=indent, separators=None if indent else (",", ":"), ensure_ascii=False
        )

    dict = model_dump
    json = model_dump_json

    def _fields(self) -> list[tuple[str, Any]]:
        own = self.__dict__
        return [(name, own[name]) for name in self.model_fields]

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(self._fields())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model):
            return NotImplemented
        return type(self) is type(other) and self._fields() == other._fields()

    # As in pydantic: what can be changed has no hash.
    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return " ".join(f"{name}={value!r}" for name, value in self._fields())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._fields())})"


def _load(kind: Any, value: Any) -> Any:
    """A value as a field of this type has it."""
    from typing import Union, get_args, get_origin

    if isinstance(kind, type) and issubclass(kind, Model):
        return kind.model_validate(value) if isinstance(value, dict) else value
    if kind is datetime and isinstance(value, str):
        return datetime.fromisoformat(value[:-1] + "+00:00" if value.endswith("Z") else value)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Union and value is not None:
        (kind, *others) = [each for each in inner if each is not type(None)]
        return value if others else _load(kind, value)
    if origin is list and isinstance(value, (list, tuple)):
        return [_load(inner[0], item) for item in value]
    if origin is dict and isinstance(value, dict):
        return {key: _load(inner[1], item) for key, item in value.items()}
    return value


def _dump(value: Any, nested: dict[str, Any]) -> Any:
    if isinstance(value, Model):
        return value.model_dump(**nested)
    if isinstance(value, dict):
        return {key: _dump(item, nested) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_dump(item, nested) for item in value]
    if nested["mode"] == "json":
        if isinstance(value, datetime):
            text = value.isoformat()
            return text[: -len("+00:00")] + "Z" if text.endswith("+00:00") else text
        if isinstance(value, Enum):
            return value.value
    return value
