"""The same for `await`: each call runs on a thread, so that the loop goes on. A task that is cancelled ends its work, and waits until nothing is half-written.

>>> import asyncio
>>> from stacyard import aio
>>> async def main():
...     store = await aio.open("items.ndjson")
...     found = store.search(filter="gsd < 20")
...     return await found.count(), [item["id"] async for item in found]
>>> asyncio.run(main())
(1, ['a'])
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from . import _functions, _stacyard, _store
from .errors import Cancelled

if TYPE_CHECKING:
    import geopandas
    import polars
    from typing_extensions import ParamSpec, Unpack

    from ._keywords import Json, Object, Opening, Path, Search
    from ._profile import Profile
    from ._report import Report
    from ._store import Initialised, Put

    P = ParamSpec("P")

__all__ = ["Found", "Store", "commit", "copy", "crawl", "delete", "init", "open", "search_to", "sync", "validate"]

T = TypeVar("T")
Model = TypeVar("Model")

MANY = 100
"""How many Items come from the thread at once."""


async def _on_thread(call: Callable[[], T]) -> T:
    canceller = _stacyard.Canceller()
    context = contextvars.copy_context()
    working = asyncio.get_running_loop().run_in_executor(None, lambda: context.run(canceller.run, call))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        canceller.cancel()
        await asyncio.wait([working])
        if not working.cancelled() and working.exception() is not None and not isinstance(working.exception(), Cancelled):
            raise asyncio.CancelledError from working.exception()
        raise


def _twin(function: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    async def twin(*arguments: P.args, **keywords: P.kwargs) -> T:
        return await _on_thread(partial(function, *arguments, **keywords))

    twin.__name__, twin.__qualname__ = function.__name__, function.__qualname__
    twin.__doc__ = f"`stacyard.{function.__name__}`, to be awaited."
    return twin


validate = _twin(_functions.validate)
copy = _twin(_functions.copy)
commit = _twin(_functions.commit)
crawl = _twin(_functions.crawl)
search_to = _twin(_functions.search_to)
sync = _twin(_functions.sync)
delete = _twin(_functions.delete)
init = _twin(_functions.init)


async def open(store: Path, **how: Unpack[Opening]) -> Store:
    """`stacyard.open`, to be awaited."""
    return Store(await _on_thread(partial(_functions.open, store, **how)))


class Store(_store.Twin[_store.Store]):
    """A store that is open, made by `aio.open`."""

    def __init__(self, plain: _store.Store) -> None:
        self.plain = plain

    @property
    def name(self) -> str:
        """Its name, without a password."""
        return self.plain.name

    @property
    def kind(self) -> str:
        """What sort of store it is."""
        return self.plain.kind

    @property
    def profile(self) -> Profile | None:
        """The profile that its Items meet, where it keeps one."""
        return self.plain.profile

    def search(self, **search: Unpack[Search]) -> Found:
        """The Items that answer a question; nothing is read before they are asked for."""
        return Found(self.plain.search(**search))

    async def get(self, id: str, *, collection: str | None = None) -> Json | None:
        """`Store.get`, to be awaited."""
        return await _on_thread(partial(self.plain.get, id, collection=collection))

    async def etag(self, id: str, *, collection: str | None = None) -> str | None:
        """`Store.etag`, to be awaited."""
        return await _on_thread(partial(self.plain.etag, id, collection=collection))

    async def put(self, item: Object, *, only_new: bool = False, etag: str | None = None) -> Put:
        """`Store.put`, to be awaited."""
        return await _on_thread(partial(self.plain.put, item, only_new=only_new, etag=etag))

    async def delete(self, id: str, *, collection: str | None = None, etag: str | None = None) -> None:
        """`Store.delete`, to be awaited."""
        await _on_thread(partial(self.plain.delete, id, collection=collection, etag=etag))

    async def delete_collection(self, id: str, *, etag: str | None = None) -> None:
        """`Store.delete_collection`, to be awaited."""
        await _on_thread(partial(self.plain.delete_collection, id, etag=etag))

    async def collections(self) -> dict[str, Json]:
        """`Store.collections`, to be awaited."""
        return await _on_thread(lambda: self.plain.collections)


class Found(_store.Twin[_store.Found]):
    """The Items of a store that answer a question."""

    def __init__(self, plain: _store.Found) -> None:
        self.plain = plain

    def __aiter__(self) -> AsyncIterator[Json]:
        return _each(lambda: iter(self.plain), MANY)

    async def count(self) -> int:
        """`Found.count`, to be awaited."""
        return await _on_thread(self.plain.count)

    async def first(self) -> Json | None:
        """`Found.first`, to be awaited."""
        return await _on_thread(self.plain.first)

    async def item_collection(self) -> Json:
        """`Found.item_collection`, to be awaited."""
        return await _on_thread(self.plain.item_collection)

    def pages(self, size: int | None = None) -> AsyncIterator[Json]:
        """`Found.pages`, for `async for`."""
        return _each(lambda: self.plain.pages(size), 1)

    async def to_arrow(self) -> _stacyard.Arrow:
        """`Found.to_arrow`, to be awaited."""
        return await _on_thread(self.plain.to_arrow)

    async def to_geopandas(self) -> geopandas.GeoDataFrame:
        """`Found.to_geopandas`, to be awaited."""
        return await _on_thread(self.plain.to_geopandas)

    async def to_polars(self) -> polars.DataFrame:
        """`Found.to_polars`, to be awaited."""
        return await _on_thread(self.plain.to_polars)

    def to_models(self, model: type[Model]) -> AsyncIterator[Model]:
        """`Found.to_models`, for `async for`."""
        return _each(lambda: self.plain.to_models(model), MANY)


async def _each(begin: Callable[[], Iterator[T]], many: int) -> AsyncIterator[T]:
    values = await _on_thread(begin)
    while some := await _on_thread(lambda: list(islice(values, many))):
        for value in some:
            yield value
