"""Lists of results, shown as tables in notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeVar, overload

from gto import _tables
from gto._results.record import Record, json_of, plain
from gto._results.values import ArtifactSummary

_T = TypeVar("_T")
_R = TypeVar("_R", bound=Record)


class Rows(tuple[_T, ...]):
    """An immutable list of results, shown as a table in a notebook."""

    __slots__ = ()

    def as_dicts(self) -> list[dict[str, Any]]:
        """:meth:`Record.as_dict` of each."""
        return [plain(row) for row in self]

    def to_json(self, *, indent: int | None = None) -> str:
        """All of them as JSON."""
        return json_of(self.as_dicts(), indent)

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame`` with a row for each, and a column for each field.

        Raises:
            ImportError: pandas is not installed. It comes not with this package.
        """
        return _tables.data_frame([row._row() for row in self if isinstance(row, Record)])

    @overload  # type: ignore[override]
    def __getitem__(self, index: int) -> _T: ...
    @overload
    def __getitem__(self, index: slice) -> Rows[_T]: ...
    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return Rows(found) if isinstance(index, slice) else found

    def __repr__(self) -> str:
        return f"Rows({list(self)!r})"

    def _repr_html_(self) -> str:
        first: Any = self[0] if self else None
        if isinstance(first, ArtifactSummary):
            return _tables.table([row._row() for row in self if isinstance(row, Record)])
        columns = getattr(first, "_COLUMNS", None) or [field.name for field in fields(first)] if self else ()
        return _tables.html(self, columns)


def rows(make: Callable[[Mapping[str, Any]], _R], entries: Iterable[Mapping[str, Any]]) -> Rows[_R]:
    """The results that `make` makes of what the engine says."""
    return Rows(map(make, entries))
