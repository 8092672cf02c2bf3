"""What a source of annotations is, as the Python tool 1.10.1 has it. This package has its own, and loads no others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Dict, Optional, Type

from gto._model import Model

# Type checkers take this for true; at run time `typing` is not needed for it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class EnrichmentInfo(Model, ABC):
    """What a source says of an artifact."""

    source: str

    @abstractmethod
    def get_object(self) -> Any:
        """The annotation itself."""

    def get_dict(self) -> dict[str, Any]:
        """Its fields."""
        return self.get_object().model_dump()

    @abstractmethod
    def get_human_readable(self) -> str:
        """The same as text."""


class EnrichmentReader(Model, ABC):
    """A source of annotations."""

    source: str

    @abstractmethod
    def describe(self, url_or_scm: Any, obj: str, rev: Optional[str]) -> Optional[EnrichmentInfo]:
        """What it says of an artifact at a revision; ``None`` if nothing."""


def find_enrichment_types() -> Dict[str, Type[EnrichmentReader]]:
    """The kinds of sources, by name."""
    from gto.index import GTOEnrichment

    return {"gto": GTOEnrichment}


def find_enrichments() -> Dict[str, EnrichmentReader]:
    """One source of each kind, by name."""
    return {name: kind() for name, kind in find_enrichment_types().items()}
