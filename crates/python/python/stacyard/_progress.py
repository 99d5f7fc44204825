"""Progress: a callback of the user's, or a bar where tqdm is installed, or a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ._report import Progress

if TYPE_CHECKING:
    from ._keywords import Watching

EVERY = 10.0
"""Seconds between two lines."""


@contextmanager
def watched(progress: Watching) -> Iterator[Callable[[dict[str, Any]], object] | None]:
    """What the engine calls with how far it is, if anybody looks on."""
    if progress is False or progress is None:
        yield None
    elif callable(progress):
        callback = progress
        yield lambda told: callback(Progress(**told))
    else:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            yield _Lines()
            return
        with tqdm(unit="B", unit_scale=True, leave=False) as bar:
            yield _Bar(bar)


class _Bar:
    """A bar of tqdm."""

    def __init__(self, bar: Any) -> None:
        self.bar = bar
        self.source: str | None = None

    def __call__(self, told: dict[str, Any]) -> None:
        if told["source"] != self.source:
            self.source = told["source"]
            self.bar.reset(total=told["size"])
            self.bar.set_description(self.source, refresh=False)
        self.bar.n = told["position"]
        self.bar.set_postfix_str(f"{told['read']:,} Items, {told['rejected']:,} rejected", refresh=False)
        self.bar.refresh()


class _Lines:
    """A line on standard error now and then."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def __call__(self, told: dict[str, Any]) -> None:
        if time.monotonic() - self.last >= EVERY:
            self.last = time.monotonic()
            print(f"{told['source']}: {told['read']:,} Items, {told['rejected']:,} rejected", file=sys.stderr)
