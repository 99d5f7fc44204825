"""What goes wrong, a class for each kind. All have a message of one line, and most say what can be done.

>>> import stacyard
>>> try:
...     stacyard.open("items.csv")
... except stacyard.errors.Usage as error:
...     print(error.message)
items.csv: the extension `.csv` says nothing about what it holds
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._report import Finding

__all__ = [
    "Cancelled", "Conflict", "Damaged", "Denied", "Exists", "Failed", "Invalid", "LimitExceeded", "NotFound", "StacyardError", "StacyardWarning", "Unavailable",
    "UnknownCollection", "UnknownName", "UnknownProperty", "Unsupported", "Usage",
]


class StacyardWarning(UserWarning):
    """Something that a user should know, though nothing has failed."""


class StacyardError(Exception):
    """Why something did not happen. Nothing was changed, unless `is_unsure` says that this is not known."""

    message: str
    """What went wrong, on one line."""
    details: list[str]
    """The lines below it: an excerpt, and a mark under it."""
    remedy: str | None
    """What can be done about it."""
    is_unsure: bool
    """Whether it may have happened all the same: a server has taken it, and its answer was not heard."""

    def __init__(self, message: str, *, details: list[str] | None = None, remedy: str | None = None, is_unsure: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.details = details or []
        self.remedy = remedy
        self.is_unsure = is_unsure

    def __str__(self) -> str:
        lines = [self.message, *(f"  {line}" for line in self.details)]
        if self.remedy:
            lines.append(f"  help: {self.remedy}")
        return "\n".join(lines)


class Usage(StacyardError, ValueError):
    """The request itself is wrong: an unknown extension, a filter that cannot be read."""


class UnknownName(Usage):
    """The request names what nothing in the store has."""

    name: str
    """The name as it was written."""
    nearest: str | None
    """The name in the store that looks most like it."""

    def __init__(self, message: str, *, name: str = "", nearest: str | None = None, **more: Any) -> None:
        super().__init__(message, **more)
        self.name = name
        self.nearest = nearest


class UnknownProperty(UnknownName):
    """A property that no Item has."""


class UnknownCollection(UnknownName):
    """A collection that there is not."""


class Invalid(StacyardError, ValueError):
    """What was to be put into a store is not valid."""

    findings: list[Finding]
    """All that is wrong with it."""

    def __init__(self, message: str, *, findings: list[dict[str, str]] | None = None, **more: Any) -> None:
        from ._report import Finding

        super().__init__(message, **more)
        self.findings = [Finding.of(finding) for finding in findings or []]


class NotFound(StacyardError, LookupError):
    """What is asked for is not there."""


class Exists(StacyardError):
    """What was to be made is there already."""


class Conflict(StacyardError):
    """What is there is not what the change was meant for."""


class Unsupported(Usage):
    """The store cannot do this."""


class LimitExceeded(StacyardError):
    """It takes more time, memory or room than is allowed."""


class Unavailable(StacyardError):
    """A server cannot be reached, a disk is full: the same may go well later."""


class Denied(StacyardError):
    """Whoever asks may not do this."""


class Damaged(StacyardError):
    """What is stored cannot be read."""


class Cancelled(StacyardError):
    """The work was cancelled."""


class Failed(StacyardError):
    """The request is fine, but could not be carried out."""
