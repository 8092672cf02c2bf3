"""Tables of results, for notebooks and for pandas.

Owns HTML and the way to pandas. Names and messages come from whoever can push tags: they never become markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

#: So many rows are shown; a notebook with ten thousand cannot be scrolled.
SHOWN = 200


def html(rows: Sequence[Any], columns: Sequence[str]) -> str:
    """A table with a row for each object, and a column for each of these attributes of it."""
    shown = [{column: getattr(row, column) for column in columns} for row in rows[:SHOWN]]
    return table(shown, columns, len(rows))


def table(
    rows: Sequence[Mapping[str, Any]], columns: Iterable[str] | None = None, count: int | None = None
) -> str:
    """A table with these rows, all of them with the same columns; there are `count` in all."""
    columns = list(rows[0]) if columns is None and rows else columns or ()
    count = len(rows) if count is None else count
    head = "".join(f"<th>{_cell(column)}</th>" for column in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row.values())}</tr>" for row in rows[:SHOWN]
    )
    more = f"<p>{SHOWN} of {count} rows are shown.</p>" if count > SHOWN else ""
    # The classes tell MathJax, which notebooks run over results, to leave `$…$` in a message alone.
    attributes = 'class="tex2jax_ignore mathjax_ignore" border="1"'
    return f"<table {attributes}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def data_frame(rows: Sequence[Mapping[str, Any]]) -> Any:
    """The rows as a ``pandas.DataFrame``."""
    try:
        from importlib import import_module

        pandas: Any = import_module("pandas")
    except ImportError as error:
        text = "to_pandas() needs pandas, which is not installed here: `pip install pandas`"
        raise ImportError(text, name="pandas") from error
    return pandas.DataFrame(rows)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.isoformat(sep=" ")
    elif isinstance(value, bool):
        value = "yes" if value else "no"
    elif isinstance(value, (list, tuple)):
        return "<br>".join(_cell(item) for item in value)
    return escape(_visible(short(str(value))))


def short(name: str) -> str:
    """A commit's id in the length in which people read it; any other text whole."""
    is_id = len(name) in (40, 64) and all(c in "0123456789abcdef" for c in name)
    return name[:7] if is_id else name


def _visible(text: str) -> str:
    """The text with what drives a terminal or reorders the text around it made visible."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\u{{{ord(c):x}}}" for c in text)
