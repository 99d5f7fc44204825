"""The tables of Stacyard's own schema (`postgis://...`) for SQLAlchemy Core, with the types of GeoAlchemy2: to be asked and joined with tables of your own.

Needs sqlalchemy 2 and geoalchemy2. `stacyard.init` makes the tables; these only say what is there, so that `metadata.create_all` must not be used for them (pass
`tables=` of your own) and Alembic has to leave them out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, Boolean, Column, Computed, DateTime, ForeignKey, MetaData, Numeric, Table, Text, text
from sqlalchemy.dialects.postgresql import JSON, JSONB

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy.types import TypeEngine

    from ._profile import Field, Profile

__all__ = ["collections_table", "items_table"]


def items_table(metadata: MetaData, *, schema: str = "stac", profile: Profile | None = None, references: bool = False) -> Table:
    """The table of Items: one row each, `(collection, id)` is its key; `collection` is empty where an Item has none.

    The fields of a `profile` are columns too, computed by the database; with `references` those that name rows of your tables are foreign keys, whose tables then have
    to be in `metadata`.

    >>> from sqlalchemy import MetaData, select
    >>> from stacyard.sqlalchemy import items_table
    >>> items = items_table(MetaData())
    >>> print(select(items.c.id).where(items.c.collection == "plumes"))
    SELECT stac.items.id 
    FROM stac.items 
    WHERE stac.items.collection = :collection_1
    """
    columns: list[Column[Any]] = [
        Column("collection", Text(collation="C"), primary_key=True, server_default=""),
        Column("id", Text(collation="C"), primary_key=True),
        Column("datetime", DateTime(timezone=True)),
        Column("start_datetime", DateTime(timezone=True)),
        Column("end_datetime", DateTime(timezone=True)),
        Column("extent_start", Numeric),
        Column("extent_end", Numeric),
        Column("geometry", Geometry("GEOMETRY", srid=4326, spatial_index=False)),
        Column("bbox", JSONB),
        Column("stac_version", Text, nullable=False, server_default="1.1.0"),
        Column("stac_extensions", JSONB),
        Column("geometry_text", Text, nullable=False, server_default="null"),
        Column("properties", JSONB, nullable=False, server_default="{}"),
        Column("links", JSON, nullable=False, server_default="[]"),
        Column("assets", JSON, nullable=False, server_default="{}"),
        Column("others", JSONB),
        Column("verbatim", Text),
        Column("written_by", Text, nullable=False, server_default=text("'sql'")),
    ]
    if profile is not None:
        columns += [_column(name, field, references) for name, field in zip(profile.handle.columns, profile.fields)]
    return Table("items", metadata, *columns, schema=schema)


def collections_table(metadata: MetaData, *, schema: str = "stac") -> Table:
    """The table of Collections: an id, and the Collection as it was given.

    >>> from sqlalchemy import MetaData, select
    >>> from stacyard.sqlalchemy import collections_table
    >>> print(select(collections_table(MetaData()).c.id))
    SELECT stac.collections.id 
    FROM stac.collections
    """
    return Table(
        "collections", metadata, Column("id", Text(collation="C"), primary_key=True), Column("content", JSON, nullable=False), schema=schema
    )


def _column(name: str, field: Field, references: bool) -> Column[Any]:
    kinds: dict[str, TypeEngine[Any]] = {
        "string": Text(collation="C"), "number": Numeric(), "integer": BigInteger(), "boolean": Boolean(), "datetime": DateTime(timezone=True),
    }
    kind = kinds[field.type]
    keys = [ForeignKey(f"{field.references.table}.{field.references.column}", ondelete=field.references.on_delete.upper())] if references and field.references else []
    # The database computes it of `properties`: how, it alone knows, but nobody else may write it.
    return Column(name, kind, Computed(text("properties"), persisted=True), *keys, comment=field.description)
