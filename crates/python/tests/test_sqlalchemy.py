"""The tables of a database for SQLAlchemy are those that the database has."""

import pytest
import stacyard

from conftest import SERVER, collection, make, needs_server

PROFILE = """
collections = ["plumes"]
[fields."mars:Emission-rate"]
type = "number"
unit = "kg/h"
[fields.passes]
type = "integer"
[fields.confirmed]
type = "boolean"
[fields.seen]
type = "datetime"
[fields.facility]
type = "string"
column = "facility_id"
"""


@pytest.fixture
def engine():
    sqlalchemy = pytest.importorskip("sqlalchemy")
    return sqlalchemy.create_engine(SERVER.replace("postgis://", "postgresql+psycopg://"))


@needs_server
def test_the_table_is_that_of_the_database(engine):
    import uuid

    import sqlalchemy
    from stacyard.sqlalchemy import collections_table, items_table

    schema = f"pysql_{uuid.uuid4().hex[:12]}"
    profile = stacyard.Profile(PROFILE)
    url = f"{SERVER}?schema={schema}"
    made = stacyard.init(url, profile=profile)
    assert made.before == 0 and made.after > 0 and made.changes
    stacyard.copy(
        [make("a", collection="plumes", **{"mars:Emission-rate": 5.5, "passes": 3, "confirmed": True, "seen": "2024-06-02T00:00:00Z", "facility": "f"})],
        url, collections=[collection("plumes")],
    )
    ours = items_table(sqlalchemy.MetaData(), schema=schema, profile=profile)
    theirs = sqlalchemy.Table("items", sqlalchemy.MetaData(), schema=schema, autoload_with=engine)
    assert {column.name for column in ours.columns} == {column.name for column in theirs.columns}
    for column in ours.columns:
        other = theirs.columns[column.name]
        assert column.type.compile(engine.dialect).split(" COLLATE")[0] == other.type.compile(engine.dialect).split(" COLLATE")[0], column.name
        assert column.nullable == other.nullable or column.computed, column.name
        assert bool(column.computed) == bool(other.computed), column.name
    assert [column.name for column in ours.primary_key] == [column.name for column in theirs.primary_key] == ["collection", "id"]
    with engine.begin() as connection:
        area = sqlalchemy.func.ST_Intersects(ours.c.geometry, sqlalchemy.func.ST_MakeEnvelope(5, 51, 6, 53, 4326))
        asked = sqlalchemy.select(ours.c.id, ours.c.mars_emission_rate, ours.c.passes, ours.c.confirmed, ours.c.facility_id, ours.c.properties["passes"].as_integer()).where(area)
        [row] = connection.execute(asked)
        assert tuple(row) == ("a", 5.5, 3, True, "f", 3)
        # Columns that SQL leaves out are filled in by the database.
        connection.execute(ours.insert().values(collection="plumes", id="b", properties={"datetime": "2024-06-03T00:00:00Z"}))
        kept = collections_table(sqlalchemy.MetaData(), schema=schema)
        assert connection.execute(sqlalchemy.select(kept.c.content)).scalar_one()["id"] == "plumes"
    found = stacyard.open(url).get("b", collection="plumes")
    assert found["properties"]["datetime"] == "2024-06-03T00:00:00Z" and found["stac_version"] == "1.1.0"


def test_references_are_foreign_keys_where_they_are_wanted():
    import sqlalchemy
    from stacyard.sqlalchemy import items_table

    profile = stacyard.Profile('[fields.facility]\ntype = "string"\nreferences = { table = "mars.facilities", column = "id" }')
    metadata = sqlalchemy.MetaData()
    sqlalchemy.Table("facilities", metadata, sqlalchemy.Column("id", sqlalchemy.Text, primary_key=True), schema="mars")
    items = items_table(metadata, profile=profile, references=True)
    assert [key.target_fullname for key in items.foreign_keys] == ["mars.facilities.id"]
    assert items.c.facility.references(metadata.tables["mars.facilities"].c.id)
    assert not items_table(sqlalchemy.MetaData(), profile=profile).foreign_keys
