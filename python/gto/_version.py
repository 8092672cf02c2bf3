"""The version of this package."""

from gto._gto import __version__

#: The same in parts, numbers as numbers.
version_tuple = tuple(int(part) if part.isdigit() else part for part in __version__.split("."))

__all__ = ["__version__", "version_tuple"]
