"""The same filters, written once as CQL2 and once as SQL, of our stores and of DuckDB with its spatial extension."""

import json

import pytest

from conftest import lines, stacyard

RING = "POLYGON((-10 35, 20 35, 20 60, -10 60, -10 35))"

# CQL2, and the same for DuckDB: `x` is the property, as DuckDB reads it from the JSON; `g` is the geometry.
FILTERS = [
    ("eo:cloud_cover < 20", "cloud < 20"),
    ("NOT eo:cloud_cover < 20", "NOT cloud < 20"),
    ("eo:cloud_cover BETWEEN 10 AND 20.5", "cloud BETWEEN 10 AND 20.5"),
    ("eo:cloud_cover IS NULL", "cloud IS NULL"),
    ("eo:cloud_cover * 2 + 1 > 100 OR eo:cloud_cover IS NULL", "cloud * 2 + 1 > 100 OR cloud IS NULL"),
    ("platform = 'sentinel-2a'", "platform = 'sentinel-2a'"),
    ("platform <> 'sentinel-2a'", "platform <> 'sentinel-2a'"),
    ("platform IN ('sentinel-2a', 'landsat-9')", "platform IN ('sentinel-2a', 'landsat-9')"),
    ("platform LIKE 'sent_nel%b'", "platform LIKE 'sent_nel%b'"),
    ("NOT (platform LIKE 's%' AND eo:cloud_cover > 50)", "NOT (platform LIKE 's%' AND cloud > 50)"),
    ("upper(platform) > 'S'", "upper(platform) > 'S'"),
    ("id > 'S2B' AND collection < 'm'", "id > 'S2B' AND collection < 'm'"),
    ("datetime >= TIMESTAMP('2024-01-01T00:00:00Z')", "instant >= TIMESTAMP '2024-01-01 00:00:00'"),
    ("T_BEFORE(datetime, DATE('2024-03-01'))", "instant < TIMESTAMP '2024-03-01 00:00:00'"),
    ("S_INTERSECTS(geometry, BBOX(-10,35,20,60))", "ST_Intersects(g, ST_MakeEnvelope(-10, 35, 20, 60))"),
    (f"S_INTERSECTS(geometry, {RING})", f"ST_Intersects(g, ST_GeomFromText('{RING}'))"),
    (f"S_WITHIN(geometry, {RING})", f"ST_Within(g, ST_GeomFromText('{RING}'))"),
    (f"S_DISJOINT(geometry, {RING})", f"ST_Disjoint(g, ST_GeomFromText('{RING}'))"),
    (f"S_OVERLAPS(geometry, {RING})", f"ST_Overlaps(g, ST_GeomFromText('{RING}'))"),
    ("S_CROSSES(geometry, LINESTRING(-180 45, 180 45))", "ST_Crosses(g, ST_GeomFromText('LINESTRING(-180 45, 180 45)'))"),
    ("S_CONTAINS(geometry, POINT(8 47))", "ST_Contains(g, ST_GeomFromText('POINT(8 47)'))"),
    ("S_TOUCHES(geometry, BBOX(-10,35,20,60))", "ST_Touches(g, ST_MakeEnvelope(-10, 35, 20, 60))"),
]


@pytest.fixture(scope="module")
def table(catalog, duckdb_connection):
    """The Items as DuckDB has them, read from their JSON and not from our columns."""
    rows = [
        (item["id"], item["collection"], json.dumps(item["geometry"]) if item["geometry"] else None,
         properties.get("eo:cloud_cover"), properties.get("platform"), properties.get("datetime"))
        for item in catalog.items
        for properties in [item["properties"]]
    ]
    duckdb_connection.execute(
        "CREATE OR REPLACE TABLE items (id TEXT, collection TEXT, geojson TEXT, cloud DOUBLE, platform TEXT, datetime TEXT)")
    duckdb_connection.executemany("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?)", rows)
    return """(SELECT id, collection, cloud, platform, datetime::TIMESTAMPTZ AT TIME ZONE 'UTC' AS instant,
        ST_GeomFromGeoJSON(geojson) AS g FROM items)"""


@pytest.mark.parametrize("cql2, sql", FILTERS, ids=[cql2 for cql2, _ in FILTERS])
def test_duckdb_finds_the_same(catalog, duckdb_connection, table, tmp_path, cql2, sql):
    found = duckdb_connection.execute(f"SELECT collection, id FROM {table} WHERE {sql}").fetchall()
    for store in (catalog.ndjson, catalog.parquet):
        answer = tmp_path / f"{store.suffix[1:]}.ndjson"
        stacyard("search", store, "--filter", cql2, "-o", answer, status=(0, 1))
        assert sorted((item["collection"], item["id"]) for item in lines(answer)) == sorted(found)
