"""The keywords that several functions take, once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypedDict, Union

if TYPE_CHECKING:
    from typing_extensions import TypeAlias

    from ._profile import Profile
    from ._report import Progress
    from ._store import Found, Store, Twin

Path: TypeAlias = "Union[str, os.PathLike[str]]"
Json: TypeAlias = "dict[str, Any]"


class HasColumns(Protocol):
    """Anything that hands over columns of Arrow: a table of pyarrow, polars, DuckDB, rustac."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


class PydanticModel(Protocol):
    """A model of pydantic, such as a `stac_pydantic.Item`."""

    def model_dump(self) -> dict[str, Any]: ...


class PystacObject(Protocol):
    """An object of pystac."""

    def to_dict(self) -> dict[str, Any]: ...


Object: TypeAlias = "Union[Mapping[str, Any], PydanticModel, PystacObject]"
Given: TypeAlias = "Union[Path, bytes, bytearray, memoryview, Store, Found, Twin[Store], Twin[Found], HasColumns, Object, Iterable[Union[Object, str, bytes]]]"
Moment: TypeAlias = "Union[str, date, datetime, None]"
Watching: TypeAlias = "Union[bool, Callable[[Progress], object]]"


class Search(TypedDict, total=False):
    """A question, as pystac-client and rustac ask it."""

    collections: str | Sequence[str]
    """Items of these collections."""
    ids: str | Sequence[str]
    """Items with these ids."""
    bbox: str | Sequence[float]
    """Items that intersect a box in degrees: west, south, east, north (or six numbers, with heights); west > east crosses the antimeridian."""
    intersects: str | Mapping[str, Any] | object
    """Items that intersect a GeoJSON geometry, or an object with a `__geo_interface__`."""
    datetime: Moment | Sequence[Moment]
    """Items whose time overlaps an instant, `START/END` or a pair; `..` and None are open ends; a day, month or year is the whole of it."""
    filter: str | Mapping[str, Any]
    """Items of which this CQL2 is true, as text or as JSON."""
    query: str | Mapping[str, Any]
    """Items that meet these conditions of the STAC API query extension."""
    q: str | Sequence[str]
    """Items with one of these terms in their title, description or keywords."""
    sortby: str | Sequence[str | Mapping[str, str]]
    """The order, such as `-properties.datetime,id`; newest first, if not given."""
    fields: str | Sequence[str] | Mapping[str, Sequence[str]]
    """The parts of an Item that are wanted."""
    include: Sequence[str]
    """The same: parts that are wanted."""
    exclude: Sequence[str]
    """The same: parts that are not."""
    limit: int
    """How many Items a page has: 1 to 10,000."""
    max_items: int
    """How many Items are wanted at most."""
    filter_lenient: bool
    """Take a property that no Item has as null everywhere, and a collection that there is not for one without Items, instead of refusing them."""
    timeout: float
    """Give up after so many seconds."""


class Opening(TypedDict, total=False):
    """How stores are opened."""

    store_kind: Literal["geojson", "ndjson", "geoparquet", "postgis", "pgstac", "api", "catalog"]
    """What the store holds, whatever its name says."""
    headers: Mapping[str, str]
    """Headers of each request to a server. They go to the origin of the store alone, and are never shown."""
    page_size: int
    """How many Items a page of a STAC API is to have."""
    follow_foreign: bool
    """Follow links that lead to another host; headers do not go there."""
    strict_api: bool
    """Refuse a search that a STAC API cannot answer by itself."""
    object_options: Mapping[str, str]
    """Settings of an object store, such as `aws_region`. They are never shown."""
    anonymous: bool
    """Sign no requests to object stores."""
    max_record_size: int
    """Set aside records of more bytes."""
    connections: int
    """How many connections to a database there are at once, at most."""
    harvest_connections: int
    """How many windows of time a STAC API is asked for at once."""
    concurrency: int
    """How many documents of a static catalog are asked for at once."""


class Rules(TypedDict, total=False):
    """What Items have to pass."""

    strict: bool
    """Recommendations of the specification are errors too."""
    profile: Path | Profile
    """The fields of your own: a `profile.toml`, or a Profile."""
    schemas: Path
    """A folder of JSON Schemas of extensions."""
    require_schemas: bool
    """An extension without a schema in that folder is an error."""
    migrate: bool
    """Bring Items of older versions of STAC up to date first."""


class Copying(TypedDict, total=False):
    """How a copy is made."""

    mode: Literal["insert", "ignore", "upsert", "replace"]
    """What is done with Items that the target has already; without it a file must not be there yet."""
    overwrite: bool
    """The same as `mode="replace"`."""
    resume: bool
    """Go on with a copy into a database that was broken off."""
    allow_empty: bool
    """Let a replacement leave the target without Items."""
    collections: Path | Object | Iterable[Object]
    """Collections to keep with the Items: a file of them, or they themselves."""
    create_collections: bool
    """Make Collections that Items name and nobody brings (pgstac)."""
    journal: Path
    """The folder in which a harvest of a STAC API is kept until the target is written."""
    update: bool
    """Ask a STAC API only for what has changed since the latest Item of the target."""
    format: Literal["geojson", "ndjson", "geoparquet"]
    """What to write, whatever the name of the target says."""
    sort: Literal["space-time", "time", "input"]
    """The order of the rows of GeoParquet."""
    row_group_rows: int
    """How many Items a row group of GeoParquet has, about."""
    compression: str
    """How pages of GeoParquet are packed: `zstd`, `zstd(9)`, `snappy`, ..."""
    max_columns: int
    """How many columns GeoParquet has at most."""
    stage: Path
    """Of a dataset, a file to say which files were written, of which no version is made: a part, for `commit`."""
    memory: int
    """About how many bytes sorting and writing may hold."""
    layout: str
    """Write a static catalog with these folders, such as `${collection}/${year}`."""
    published: Literal["relative", "absolute"]
    """Say where a static catalog is published, with `root_url`."""
    root_url: str
    """Where a static catalog is published."""
    catalog_id: str
    """The id of the root of a static catalog."""
    items_parquet: bool
    """Also write the Items of each Collection of a static catalog to an `items.parquet`."""


def given(function: str, keywords: Mapping[str, Any], *kinds: Any) -> dict[str, Any]:
    """The keywords that were given, all of which have to be known."""
    known = {name for kind in kinds for name in kind.__annotations__}
    for name in keywords:
        if name not in known:
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}; there are {', '.join(sorted(known))}")
    return {name: value for name, value in keywords.items() if value is not None}
