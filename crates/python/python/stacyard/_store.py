"""Stores that are open, and what answers a question."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from . import _stacyard
from ._keywords import Opening, Search, given
from ._warn import warn

if TYPE_CHECKING:
    import geopandas
    import polars
    from typing_extensions import Unpack

    from ._keywords import Json, Object, Path
    from ._profile import Profile

T = TypeVar("T")
Model = TypeVar("Model")


@dataclass(frozen=True)
class Put:
    """What a change has put into a store."""

    is_new: bool
    """Whether nothing was there before."""
    etag: str
    """The tag of what is there now."""


@dataclass(frozen=True)
class Initialised:
    """What became of the tables of a database, or of a dataset."""

    before: int
    """Their version before; 0: there were none. Of a dataset, how many versions it had."""
    after: int
    """Their version now. Of a dataset, how many versions it has."""
    changes: list[str]
    """What was changed beyond that, a line each."""


class Twin(Generic[T]):
    """What `stacyard.aio` has of a store or of an answer."""

    plain: T


class Store:
    """A store that is open, made by `stacyard.open`. Every store gives the same answers. It may be asked by any number of threads at once, and after a fork."""

    handle: _stacyard.Store

    def __init__(self, store: Path, **how: Unpack[Opening]) -> None:
        self.handle = _stacyard.Store(os.fspath(store), given("open", how, Opening))
        caution = self.handle.caution()
        if caution:
            warn([(caution, None)], depth=3)

    @property
    def name(self) -> str:
        """Its name, without a password."""
        return self.handle.name

    @property
    def kind(self) -> str:
        """What sort of store it is."""
        return self.handle.kind

    @property
    def profile(self) -> Profile | None:
        """The profile that its Items meet, where it keeps one."""
        from ._profile import Profile

        text = self.handle.profile_text()
        return None if text is None else Profile(text)

    def search(self, **search: Unpack[Search]) -> Found:
        """The Items that answer a question, of which nothing is read before they are asked for. The keywords are those of `stacyard.Search`.

        Raises `errors.Usage` for a question that cannot be answered; `errors.UnknownProperty` and `errors.UnknownCollection`, when Items are asked for, where it
        names what the store does not have.

        >>> import stacyard
        >>> store = stacyard.open("items.ndjson")
        >>> store.search(filter="gsd >= 10", sortby="-gsd").first()["id"]
        'b'
        >>> try:
        ...     store.search(filter="gds >= 10").count()
        ... except stacyard.errors.UnknownProperty as error:
        ...     print(error.message)
        no Item has a property "gds"
        """
        return Found(self, _stacyard.Query(given("search", search, Search)))

    def get(self, id: str, *, collection: str | None = None) -> Json | None:
        """The Item of this id, or None. Without a `collection` that of whichever has it; raises `errors.Usage` where several have.

        >>> import stacyard
        >>> stacyard.open("items.ndjson").get("a")["properties"]["gsd"]
        10
        """
        found = self.handle.get(id, collection)
        return None if found is None else found[0]

    def etag(self, id: str, *, collection: str | None = None) -> str | None:
        """The tag of the state of an Item, or None: it changes when, and only when, the Item does.

        >>> import stacyard
        >>> store = stacyard.open("items.ndjson")
        >>> store.etag("a") == store.etag("a"), store.etag("nobody")
        (True, None)
        """
        found = self.handle.get(id, collection)
        return None if found is None else found[1]

    def put(self, item: Object, *, only_new: bool = False, etag: str | None = None) -> Put:
        """Puts an Item or a Collection, in the place of one that is there: a dictionary, or a model of pydantic or pystac.

        `only_new` puts it only where nothing is there, else raises `errors.Exists`; `etag` only where this state is, else `errors.Conflict`. Raises
        `errors.Invalid`, with its findings, for what is not valid, and `errors.Unsupported` for a file, which is written as a whole.

        With tables in `database`, such as `"postgis://localhost/plumes"`:

        >>> import stacyard
        >>> store = stacyard.open(database)
        >>> item = stacyard.open("items.ndjson").get("a")
        >>> store.put(item).is_new
        True
        >>> item["properties"]["gsd"] = 11
        >>> store.put(item, etag=store.etag("a")).is_new
        False
        """
        is_new, tag = self.handle.put(item, only_new, etag)
        return Put(is_new, tag)

    def delete(self, id: str, *, collection: str | None = None, etag: str | None = None) -> None:
        """Takes an Item away: that of the collection, or the one without a collection. Raises `errors.NotFound` where there is none, and `errors.Conflict` where
        an `etag` is given and its state is another.

        With tables in `database`, such as `"postgis://localhost/plumes"`:

        >>> import stacyard
        >>> store = stacyard.open(database)
        >>> made = store.put(stacyard.open("items.ndjson").get("b"))
        >>> store.delete("b", etag=made.etag)
        >>> store.get("b") is None
        True
        """
        self.handle.delete(id, collection, etag)

    def delete_collection(self, id: str, *, etag: str | None = None) -> None:
        """Takes a Collection away. Raises `errors.NotFound` where there is none, and `errors.Conflict` where Items belong to it.

        With tables in `database`, such as `"postgis://localhost/plumes"`:

        >>> import stacyard
        >>> store = stacyard.open(database)
        >>> made = store.put({
        ...     "type": "Collection", "stac_version": "1.1.0", "id": "plumes", "description": "Plumes of methane", "license": "CC-BY-4.0", "links": [],
        ...     "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}},
        ... })
        >>> store.delete_collection("plumes")
        >>> "plumes" in store.collections
        False
        """
        self.handle.delete_collection(id, etag)

    @property
    def collections(self) -> dict[str, Json]:
        """The Collections that the store keeps beside its Items, by id.

        >>> import stacyard
        >>> stacyard.open("items.ndjson").collections
        {}
        """
        return self.handle.collections()

    def __repr__(self) -> str:
        return f"<Store {self.name!r} ({self.kind})>"


class Found:
    """The Items of a store that answer a question. Each time that it is asked for something, the store is asked anew."""

    store: Store
    query: _stacyard.Query

    def __init__(self, store: Store, query: _stacyard.Query) -> None:
        self.store = store
        self.query = query

    def __iter__(self) -> Iterator[Json]:
        """The Items as dictionaries, one after the other, in the order of the question: newest first, if it has none.

        Numbers are those that `json.loads` would give: integers of any size are exact, every other number is the float next to it.
        """
        return self._items(self.query)

    def _items(self, query: _stacyard.Query) -> Iterator[Json]:
        items = self.store.handle.items(query)
        warn(items.take_notes(), depth=2)
        any_found = False
        for item in items:
            any_found = True
            yield item
        missing = items.missing()
        if any_found and missing:
            warn([(f"fields: no Item that was found has {', '.join(missing)}; check the spelling", None)], depth=2)

    def count(self) -> int:
        """How many Items answer, whatever `max_items` says.

        >>> import stacyard
        >>> stacyard.open("items.ndjson").search(datetime="2024-06-01/..", max_items=1).count()
        2
        """
        number, notes = self.store.handle.count(self.query)
        warn(notes, depth=2)
        return number

    def first(self) -> Json | None:
        """The first Item, or None.

        >>> import stacyard
        >>> stacyard.open("items.ndjson").search(sortby="gsd").first()["id"]
        'a'
        """
        return next(self._items(self.query.at_most(1)), None)

    def item_collection(self) -> Json:
        """All of them as a GeoJSON FeatureCollection.

        >>> import stacyard
        >>> len(stacyard.open("items.ndjson").search(bbox=[5, 51, 6, 53]).item_collection()["features"])
        2
        """
        return {"type": "FeatureCollection", "features": list(self)}

    def pages(self, size: int | None = None) -> Iterator[Json]:
        """The same in parts, each a FeatureCollection of at most `size` Items (1 to 10,000; that of `limit`, else 100). Whatever comes and goes between two pages,
        no Item is seen twice, and none that stays is missed.

        >>> import stacyard
        >>> found = stacyard.open("items.ndjson").search()
        >>> [len(page["features"]) for page in found.pages(1)]
        [1, 1]
        """
        size = (self.query.limit or 100) if size is None else size
        left, token = self.query.max_items, None
        while left is None or left > 0:
            wanted = size if left is None else min(size, left)
            items, token = self.store.handle.page(self.query, wanted, token)
            if items:
                yield {"type": "FeatureCollection", "features": items}
            if token is None:
                return
            if left is not None:
                left -= len(items)

    def to_arrow(self) -> _stacyard.Arrow:
        """All of them as columns, as GeoParquet has them: geometries are WKB, marked `geoarrow.wkb` with their CRS (OGC:CRS84).

        Whatever takes `__arrow_c_stream__` takes the result: `pyarrow.table(...)`, `polars.DataFrame(...)`, `duckdb.from_arrow(...)`, lonboard.

        >>> import stacyard
        >>> columns = stacyard.open("items.ndjson").search(filter="gsd < 20").to_arrow()
        >>> len(columns), "geometry" in columns.column_names
        (1, True)
        """
        columns = self.store.handle.arrow(self.query)
        warn(columns.notes, depth=2)
        return columns

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def to_geopandas(self) -> geopandas.GeoDataFrame:
        """All of them as a GeoDataFrame, a column for each property. Needs geopandas 1 and pyarrow.

        >>> import stacyard
        >>> frame = stacyard.open("items.ndjson").search(sortby="id").to_geopandas()
        >>> frame.crs.to_string(), list(frame["gsd"])
        ('OGC:CRS84', [10.0, 30.5])
        """
        import geopandas

        return geopandas.GeoDataFrame.from_arrow(self.to_arrow())

    def to_polars(self) -> polars.DataFrame:
        """All of them as a DataFrame of polars; geometries are WKB.

        >>> import stacyard
        >>> stacyard.open("items.ndjson").search().to_polars()["gsd"].max()
        30.5
        """
        import polars

        return polars.DataFrame(self.to_arrow())

    def to_models(self, model: type[Model]) -> Iterator[Model]:
        """All of them as objects of a class: of pydantic (`stac_pydantic.Item` or one of your own) or of pystac.

        >>> import pystac, stacyard
        >>> [item.datetime.day for item in stacyard.open("items.ndjson").search(sortby="id").to_models(pystac.Item)]
        [1, 2]
        """
        make = getattr(model, "model_validate", None) or getattr(model, "from_dict", None)
        if make is None:
            raise TypeError(f"{model!r} has neither model_validate, as classes of pydantic have, nor from_dict, as those of pystac")
        return (make(item) for item in self)

    def __repr__(self) -> str:
        return f"<Found of {self.store.name!r}>"
