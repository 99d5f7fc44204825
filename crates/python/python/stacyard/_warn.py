"""What a user should know, by `warnings`."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from .errors import StacyardWarning


def warn(notes: Iterable[tuple[str, str | None]], depth: int) -> None:
    """Warns of each; `depth` is how far away the caller of the package is."""
    for message, help in notes:
        warnings.warn(f"{message} (help: {help})" if help else message, StacyardWarning, stacklevel=depth + 1)
