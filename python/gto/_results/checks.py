"""What checks of a registry and of its signatures found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gto import _tables
from gto._results.record import FrozenDict, Record


@dataclass(frozen=True, repr=False)
class Finding(Record):
    """A problem of the registry, and the commands that fix it."""

    __slots__ = ("commits", "fix", "id", "message", "otherwise", "severity", "tags")

    #: Stable; the page "doctor" of the documentation explains each.
    id: str
    #: ``error`` or ``warning``.
    severity: str
    message: str
    tags: tuple[str, ...]
    commits: tuple[str, ...]
    #: Commands for a shell, to be run in this order; none if a person has to decide.
    fix: tuple[str, ...]
    #: Commands for when something else was meant.
    otherwise: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<{self.severity}[{self.id}]: {self.message}>"

    @classmethod
    def _of(cls, finding: Mapping[str, Any]) -> Finding:
        lists = {key: tuple(value) for key, value in finding.items() if isinstance(value, list)}
        return cls(**{**finding, **lists})


@dataclass(frozen=True, repr=False)
class Examination(Record):
    """What ``doctor`` found."""

    __slots__ = ("configuration", "errors", "findings", "version", "warnings")

    #: Of this package.
    version: str
    #: What is in force, with the keys of ``.gto``.
    configuration: Mapping[str, Any]
    #: Errors first.
    findings: tuple[Finding, ...]
    #: How many of them are errors: some answer is or may be wrong because of them.
    errors: int
    warnings: int

    def __hash__(self) -> int:
        return hash((self.version, self.findings))

    def __repr__(self) -> str:
        return f"<Examination: {self.errors} errors, {self.warnings} warnings>"

    def _repr_html_(self) -> str:
        return _tables.html(self.findings, ("severity", "id", "message", "fix"))

    @classmethod
    def _of(cls, found: Mapping[str, Any]) -> Examination:
        configuration = FrozenDict(found["configuration"])
        findings = tuple(map(Finding._of, found["findings"]))
        return cls(found["version"], configuration, findings, found["errors"], found["warnings"])


@dataclass(frozen=True, repr=False)
class Verification(Record):
    """Who signed a tag, and whether that is true."""

    __slots__ = ("key", "reason", "result", "signer", "tag")

    tag: str
    #: ``good``, ``expired``, ``untrusted``, ``unknown``, ``unsigned``, ``revoked`` or ``bad``.
    result: str
    #: Whose signature it is, if the key is known.
    signer: str | None
    key: str | None
    #: Why it is not good.
    reason: str | None

    @property
    def good(self) -> bool:
        """Whether Git accepts the signature."""
        return self.result == "good"

    def __repr__(self) -> str:
        return f"<{self.tag} {self.result}>"
