"""What an operation tells about itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a record."""

    pointer: str
    """Where in the record, as a JSON pointer (RFC 6901); empty for the record itself."""
    rule: str
    """The rule, such as `datetime` or `json`."""
    message: str
    """What is wrong, in words."""
    value: str = ""
    """The offending value as JSON, shortened."""
    section: str = ""
    """Where the rule stands."""

    @classmethod
    def of(cls, told: dict[str, str]) -> Finding:
        return cls(**told)

    def __str__(self) -> str:
        place = f"{self.pointer}: " if self.pointer else ""
        value = f"; found {self.value}" if self.value else ""
        section = f": {self.section}" if self.section else ""
        return f"{place}{self.message}{value} [{self.rule}{section}]"


@dataclass(frozen=True)
class Reject:
    """A record that was set aside."""

    source: str
    """What it stands in: a file, a page, or what was given."""
    line: int | None
    """The line there, from 1, of a file of lines."""
    feature: int | None
    """The index there, from 0, of a collection, a list or an iterable."""
    row: int | None
    """The row there, from 1, of a table."""
    kind: str | None
    """What it says it is: Item, Collection or Catalog."""
    id: str | None
    """Its id, if it has one."""
    findings: list[Finding]
    """All that is wrong with it, up to 100 things."""
    more: int = 0
    """How many more things are wrong."""

    @property
    def place(self) -> str:
        """Where it is, as people read it: `items.ndjson:17`, `items: feature 3`."""
        if self.line is not None:
            return f"{self.source}:{self.line}"
        if self.feature is not None:
            return f"{self.source}: feature {self.feature}"
        if self.row is not None:
            return f"{self.source}: row {self.row}"
        return self.source

    def __str__(self) -> str:
        name = "" if self.id is None else f" {self.kind or 'Item'} {self.id!r}:"
        number = len(self.findings) + self.more
        lines = [f"{self.place}:{name} {number} {'error' if number == 1 else 'errors'}", *(f"  {finding}" for finding in self.findings)]
        return "\n".join(lines)


@dataclass(frozen=True)
class Warned:
    """All warnings of one rule."""

    count: int
    """How many Items it was found in."""
    first: str
    """Where it was found first."""
    example: Finding
    """What was found there."""


@dataclass(frozen=True)
class Note:
    """Something that a user should know of the stores, though nothing has failed."""

    message: str
    help: str | None = None


@dataclass(frozen=True)
class Progress:
    """How far an operation is."""

    source: str
    """What is being read."""
    size: int | None
    """How many bytes it has, where that is known."""
    read: int
    """Records dealt with."""
    rejected: int
    """Records set aside."""
    position: int
    """Bytes read."""


@dataclass(frozen=True, repr=False)
class Report:
    """What has been done."""

    read: int
    """Records of the input that were read, whatever became of them."""
    written: int
    """Items of the input that passed all that was asked of them; where there is a store to write, it has them."""
    rejected: int
    """Records that were set aside."""
    dropped: int
    """Items that were left out because the store has them already (`mode="ignore"`)."""
    present: int
    """Items that had been loaded before (`resume=True`)."""
    filtered: int
    """Items that the search does not want."""
    changes: dict[str, int | None] | None
    """What became of the Items of the store: `came`, `replaced`, `stayed`, `went`; None where nothing is written, or it is not known."""
    by_collection: dict[str, dict[str, int | None]]
    """The same by collection."""
    collections: dict[str, list[str]]
    """What became of the Collections, by id: `new`, `changed`, `same`, `ignored`, `went`, `left_out`."""
    objects: dict[str, int]
    """Items, Collections and Catalogs that are valid, by what they are."""
    errors: dict[str, int]
    """How often each rule was broken."""
    warnings: dict[str, Warned]
    """What was warned of, by rule."""
    rejects: list[Reject]
    """The records that were set aside: all of a validation, the first 100 of a copy (`rejects=` keeps all of them, with their text)."""
    notes: list[Note]
    """What the user should know of the stores; each was a `StacyardWarning` too."""
    bytes: int
    """The size of the file that was written; of a database, how much went over the wire."""
    seconds: float
    """Wall time."""
    fetched: dict[str, int] | None = field(default=None)
    """What was fetched, of a copy from a server: `items`, `skipped`, `resumed`, `pages`, `windows`."""

    @property
    def is_valid(self) -> bool:
        """Whether no record was set aside."""
        return self.rejected == 0

    @property
    def findings(self) -> list[Finding]:
        """All that is wrong with all rejects, one after the other."""
        return [finding for reject in self.rejects for finding in reject.findings]

    @classmethod
    def of(cls, told: dict[str, Any]) -> Report:
        rejects = [
            Reject(**{**reject, "findings": [Finding.of(each) for each in reject["findings"]]}) for reject in told.pop("reject_list")
        ]
        warnings = {
            rule: Warned(warned["count"], warned["first"], _example(warned["example"])) for rule, warned in told.pop("warnings").items()
        }
        notes = [Note(**note) for note in told.pop("notes")]
        return cls(rejects=rejects, warnings=warnings, notes=notes, **told)

    def __repr__(self) -> str:
        return f"<Report read={self.read} written={self.written} rejected={self.rejected}>"


def _example(told: dict[str, Any]) -> Finding:
    return Finding(told.get("pointer", ""), str(told.get("rule", "")), told.get("message", ""), told.get("value", ""), told.get("section") or told.get("extension") or "")
