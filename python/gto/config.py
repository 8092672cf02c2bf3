"""The configuration: the file ``.gto`` and the variables ``GTO_*``, as the Python tool 1.10.1 has it. The engine reads both."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Optional

from gto import _gto
from gto._model import Model
from gto.constants import assert_name_is_valid
from gto.exceptions import UnknownStage, UnknownType

# Type checkers take this for true; at run time `typing` is not needed for it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from gto.ext import EnrichmentReader

CONFIG_FILE_NAME = ".gto"


class EnrichmentConfig(Model):
    """Another source of annotations. This package has none but its own."""

    type: str
    config: Dict[str, Any] = {}

    def load(self) -> EnrichmentReader:
        """The reader of that source. Raises ``KeyError`` if it is unknown."""
        from gto.ext import find_enrichment_types

        return find_enrichment_types()[self.type](**self.config)


class NoFileConfig(Model):
    """What the variables say; arguments win over them. Raises :class:`gto.exceptions.WrongConfig`, and
    :class:`gto.exceptions.ValidationError` if a type or stage has no valid name."""

    INDEX: str = "artifacts.yaml"
    CONFIG_FILE_NAME: Optional[str] = CONFIG_FILE_NAME
    LOG_LEVEL: str = "INFO"
    DEBUG: bool = False
    EMOJIS: bool = True

    types: Optional[List[str]] = None
    stages: Optional[List[str]] = None
    enrichments: List[EnrichmentConfig] = []
    autoload_enrichments: bool = True

    def __init__(self, **data: Any) -> None:
        self._read(None, data)

    def _read(self, path: str | None, data: dict[str, Any]) -> None:
        said = {**_gto.read_config(path), **data}
        Model.__init__(self, **{key: value for key, value in said.items() if key in self.model_fields})
        for name in [*(self.types or ()), *(self.stages or ())]:
            assert_name_is_valid(name)
        self.enrichments = [EnrichmentConfig.model_validate(entry) for entry in self.enrichments or ()]

    def assert_type(self, name: str) -> None:
        """Refuses a type that is not allowed.

        Raises :class:`gto.exceptions.ValidationError` or :class:`gto.exceptions.UnknownType`."""
        assert_name_is_valid(name)
        if self.types is not None and name not in self.types:
            raise UnknownType(name, self.types)

    def assert_stage(self, name: str) -> None:
        """Refuses a stage that is not allowed.

        Raises :class:`gto.exceptions.ValidationError` or :class:`gto.exceptions.UnknownStage`."""
        assert_name_is_valid(name)
        if self.stages is not None and name not in self.stages:
            raise UnknownStage(name, self.stages)

    @property
    def enrichments_(self) -> dict[str, EnrichmentReader]:
        """The readers of annotations, by source."""
        from gto.ext import find_enrichments

        own = {reader.source: reader for reader in (entry.load() for entry in self.enrichments)}
        return {**find_enrichments(), **own} if self.autoload_enrichments else own

    def check_index_exist(self, repo: str) -> bool:
        """Whether the folder has an annotation file."""
        return os.path.isfile(os.path.join(repo, self.INDEX))


class RegistryConfig(NoFileConfig):
    """What the variables and a file say."""

    def config_file_exists(self) -> bool:
        """Whether there is a file."""
        return os.path.isfile(self.CONFIG_FILE_NAME or "")


def read_registry_config(config_file_name: str | os.PathLike[str]) -> RegistryConfig:
    """What a file, which need not be there, and the variables say. Raises :class:`gto.exceptions.WrongConfig`."""
    config = RegistryConfig.__new__(RegistryConfig)
    config._read(os.fspath(config_file_name), {"CONFIG_FILE_NAME": config_file_name})
    return config


def __getattr__(name: str) -> Any:
    # Not at import: what is wrong in the environment must not keep anybody from importing this.
    if name == "CONFIG":
        globals()[name] = NoFileConfig()
        return globals()[name]
    from gto._calls import from_elsewhere

    # Programs import this from here.
    return from_elsewhere(__name__, name, {"WrongConfig": "exceptions"})
