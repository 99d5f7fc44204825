"""We read the GeoParquet that others write.

What a writer loses on the way is its loss: our reading is compared with the writer's own reading of its file.
"""

import json
import subprocess

import pytest

from compare import assert_same_meaning
from conftest import STACYARD, by_id, lines, stacyard

COLLECTIONS = ("sentinel-2-l2a", "landsat-c2-l2", "methane-plumes")


def ours(parquet, folder):
    stacyard("copy", parquet, folder / "back.ndjson")
    return by_id(lines(folder / "back.ndjson"))


def ndjson(items, folder):
    path = folder / "items.ndjson"
    path.write_text("".join(json.dumps(item) + "\n" for item in items))
    return path


@pytest.mark.parametrize("version", ["1.1.0", "1.0.0"])
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_stac_geoparquet(catalog, tmp_path, collection, version):
    import pyarrow.parquet as pq
    from stac_geoparquet.arrow import parse_stac_ndjson_to_parquet, stac_table_to_items

    parquet = tmp_path / "theirs.parquet"
    parse_stac_ndjson_to_parquet(
        ndjson(catalog.only(collection), tmp_path), parquet, schema_version=version,
        collections={collection: catalog.collections[collection]},
    )
    theirs = by_id(list(stac_table_to_items(pq.read_table(parquet))))
    assert len(theirs) == len(catalog.only(collection))
    assert_same_meaning(theirs, ours(parquet, tmp_path))


def test_stac_geoparquet_of_all_collections(catalog, tmp_path):
    import pyarrow.parquet as pq
    from stac_geoparquet.arrow import parse_stac_ndjson_to_parquet, stac_table_to_items

    parquet = tmp_path / "theirs.parquet"
    parse_stac_ndjson_to_parquet(ndjson(catalog.items, tmp_path), parquet)
    assert_same_meaning(by_id(list(stac_table_to_items(pq.read_table(parquet)))), ours(parquet, tmp_path))


def test_stac_geoparquet_with_the_metadata_of_its_first_versions(catalog, tmp_path):
    """Before 1.0 the key was `stac:...` or missing, and one Collection stood where now is a map of them."""
    import pyarrow.parquet as pq
    from stac_geoparquet.arrow import parse_stac_ndjson_to_parquet, stac_table_to_items

    collection = COLLECTIONS[0]
    parquet, old = tmp_path / "new.parquet", tmp_path / "old.parquet"
    parse_stac_ndjson_to_parquet(ndjson(catalog.only(collection), tmp_path), parquet, schema_version="1.0.0")
    table = pq.read_table(parquet)
    for metadata in (
        {b"stac-geoparquet": json.dumps({"version": "1.0.0", "collection": catalog.collections[collection]}).encode()},
        {b"stac-geoparquet": json.dumps({"collection": catalog.collections[collection]}).encode()},
        {},
    ):
        kept = {b"geo": table.schema.metadata[b"geo"]}
        pq.write_table(table.replace_schema_metadata(kept | metadata), old)
        (tmp_path / "back.ndjson").unlink(missing_ok=True)
        assert_same_meaning(by_id(list(stac_table_to_items(table))), ours(old, tmp_path))


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_rustac(catalog, tmp_path, collection):
    import rustac

    parquet = tmp_path / "theirs.parquet"
    rustac.write_sync(str(parquet), catalog.only(collection))
    theirs = by_id(rustac.read_sync(str(parquet))["features"])
    assert len(theirs) == len(catalog.only(collection))
    assert_same_meaning(theirs, ours(parquet, tmp_path))


def test_rustac_of_all_collections(catalog, tmp_path):
    import rustac

    parquet = tmp_path / "theirs.parquet"
    rustac.write_sync(str(parquet), catalog.items)
    assert_same_meaning(by_id(rustac.read_sync(str(parquet))["features"]), ours(parquet, tmp_path))


def through_pyarrow(ours, theirs, _):
    import pyarrow.parquet as pq

    pq.write_table(pq.read_table(ours).replace_schema_metadata(None), theirs)


def test_pyarrow_keeps_what_makes_a_round_trip_exact(catalog, tmp_path):
    import pyarrow.parquet as pq

    pq.write_table(pq.read_table(catalog.parquet), tmp_path / "theirs.parquet")
    stacyard("copy", catalog.parquet, tmp_path / "ours.ndjson")
    stacyard("copy", tmp_path / "theirs.parquet", tmp_path / "theirs.ndjson")
    assert (tmp_path / "theirs.ndjson").read_bytes() == (tmp_path / "ours.ndjson").read_bytes()
    assert pq.read_metadata(tmp_path / "theirs.parquet").metadata.items() >= pq.read_metadata(catalog.parquet).metadata.items()


def through_polars(ours, theirs, _):
    import polars

    polars.read_parquet(ours).write_parquet(theirs)


def through_geopandas(ours, theirs, _):
    import geopandas

    geopandas.read_parquet(ours).to_parquet(theirs, write_covering_bbox=True)


def through_duckdb(version):
    """V2 and NONE: Parquet's own geometry type, with `geo` and without."""

    def write(ours, theirs, connection):
        connection.execute(f"COPY (FROM '{ours}') TO '{theirs}' (FORMAT parquet, GEOPARQUET_VERSION '{version}')")

    return write


PROGRAMS = {
    "pyarrow": through_pyarrow,
    "polars": through_polars,
    "geopandas": through_geopandas,
    **{f"duckdb-{version}": through_duckdb(version) for version in ("V1", "V2", "BOTH", "NONE")},
}


@pytest.fixture(scope="module")
def one_collection(catalog, tmp_path_factory):
    """Items of one Collection as our GeoParquet, which needs no residual for them."""
    folder = tmp_path_factory.mktemp("one")
    items = catalog.only("methane-plumes")
    stacyard("copy", ndjson(items, folder), folder / "items.parquet")
    return folder / "items.parquet", by_id(items)


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_a_program_writes_again(one_collection, duckdb_connection, tmp_path, program):
    ours_parquet, items = one_collection
    theirs = tmp_path / "theirs.parquet"
    PROGRAMS[program](ours_parquet, theirs, duckdb_connection)
    assert_same_meaning(items, ours(theirs, tmp_path))


def test_items_without_boxes(one_collection, tmp_path):
    """GeoPandas keeps the covering to itself, and writes none unasked."""
    import geopandas

    ours_parquet, items = one_collection
    theirs = tmp_path / "theirs.parquet"
    geopandas.read_parquet(ours_parquet).to_parquet(theirs)
    found = ours(theirs, tmp_path)
    assert not any("bbox" in item for item in found.values())
    assert_same_meaning(items, {key: item | {"bbox": items[key]["bbox"]} for key, item in found.items()})


def refused(parquet):
    done = subprocess.run([STACYARD, "copy", parquet, "-", "-q"], capture_output=True, text=True)
    assert done.returncode == 3 and done.stdout == ""
    return done.stderr.replace(f"{parquet}", "FILE")


def test_geopandas_in_another_reference_system_or_encoding(one_collection, tmp_path):
    import geopandas

    frame, theirs = geopandas.read_parquet(one_collection[0]), tmp_path / "theirs.parquet"
    frame.to_crs(32633).to_parquet(theirs)
    assert refused(theirs).splitlines() == [
        'error: FILE: column "geometry" is not in OGC:CRS84, but in EPSG:32633 (WGS 84 / UTM zone 33N)',
        "  help: STAC geometries are longitudes and latitudes (OGC:CRS84): transform the file first",
    ]
    frame[frame.geom_type == "Point"].to_parquet(theirs, geometry_encoding="geoarrow")
    assert refused(theirs).splitlines() == [
        'error: FILE: column "geometry" has the encoding "point"',
        "  help: only WKB is read: write the file again with that encoding",
    ]


def test_duckdb_in_another_reference_system(duckdb_connection, tmp_path):
    theirs = tmp_path / "theirs.parquet"
    select = "SELECT 'a' AS id, ST_SetCRS(ST_Point(1, 2), 'EPSG:32633') AS geometry"
    for version in ("V1", "NONE"):
        duckdb_connection.execute(f"COPY ({select}) TO '{theirs}' (FORMAT parquet, GEOPARQUET_VERSION '{version}')")
        assert 'column "geometry" is not in OGC:CRS84, but in EPSG:32633' in refused(theirs)


POINT = bytes.fromhex("0101000000000000000000F03F0000000000000040")


def property_of(theirs):
    """The property `x` of the only row of a file, which is no whole Item, and so among the rejects."""
    rejects = theirs.with_suffix(".rejects.ndjson")
    stacyard("copy", theirs, "-", "-q", "--rejects", rejects, status=(1,))
    (reject,) = lines(rejects)
    return reject["item"]["properties"].get("x")


def write_pyarrow(x, path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"id": ["a"], "geometry": [POINT], "x": x}), path)


def test_types_of_pyarrow(tmp_path):
    import decimal

    import pyarrow as pa

    day, moment = 19_875, 1_717_200_000
    for x, wanted in [
        (pa.array(["a"]).dictionary_encode(), "a"),
        (pa.array(["a"], pa.large_string()), "a"),
        (pa.array(["a"], pa.string_view()), "a"),
        (pa.array([[1, 2]], pa.list_(pa.int8(), 2)), [1, 2]),
        (pa.array([[1, None]], pa.large_list(pa.uint64())), [1, None]),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int32())), {"a": 1}),
        (pa.array([day], pa.date32()), "2024-06-01"),
        (pa.array([day * 86_400_000], pa.date64()), "2024-06-01"),
        (pa.array([moment], pa.timestamp("s")), "2024-06-01T00:00:00Z"),
        (pa.array([moment * 1_000 + 1], pa.timestamp("ms", "Europe/Paris")), "2024-06-01T00:00:00.001Z"),
        (pa.array([decimal.Decimal("-1.50")], pa.decimal128(9, 2)), -1.5),
        (pa.array([decimal.Decimal("1.25")], pa.decimal32(5, 2)), 1.25),
        (pa.array([1.5], pa.float16()), 1.5),
        (pa.array([None], pa.null()), None),
        (pa.array([POINT], pa.binary()), {"type": "Point", "coordinates": [1.0, 2.0]}),
    ]:
        write_pyarrow(x, tmp_path / "theirs.parquet")
        assert property_of(tmp_path / "theirs.parquet") == wanted, x.type


def test_types_of_polars(tmp_path):
    import datetime
    import decimal

    import polars

    for x, kind, wanted in [
        ("a", polars.Categorical, "a"),
        ("a", polars.Enum(["a", "b"]), "a"),
        (datetime.date(2024, 6, 1), polars.Date, "2024-06-01"),
        (datetime.datetime(2024, 6, 1), polars.Datetime("ns"), "2024-06-01T00:00:00Z"),
        (decimal.Decimal("1.50"), polars.Decimal(10, 2), 1.5),
        ([1, 2], polars.Array(polars.UInt8, 2), [1, 2]),
        ({"a": [1.5]}, polars.Struct({"a": polars.List(polars.Float32)}), {"a": [1.5]}),
    ]:
        frame = polars.DataFrame({"id": ["a"], "geometry": [POINT], "x": polars.Series([x], dtype=kind)})
        frame.write_parquet(tmp_path / "theirs.parquet")
        assert property_of(tmp_path / "theirs.parquet") == wanted, kind


def test_types_of_duckdb(duckdb_connection, tmp_path):
    theirs = tmp_path / "theirs.parquet"
    for x, wanted in [
        ("DATE '2024-06-01'", "2024-06-01"),
        ("TIMESTAMP '2024-06-01 12:00:00.5'", "2024-06-01T12:00:00.5Z"),
        ("TIMESTAMP_S '2024-06-01 12:00:00'", "2024-06-01T12:00:00Z"),
        ("TIMESTAMP_NS '2024-06-01 12:00:00'", "2024-06-01T12:00:00Z"),
        ("1.50::DECIMAL(10, 2)", 1.5),
        ("200::UTINYINT", 200),
        ("'a'::ENUM ('a', 'b')", "a"),
        ("MAP {'a': [1, 2]}", {"a": [1, 2]}),
        ("[1, 2]::INTEGER[2]", [1, 2]),
        ("{'a': {'b': true}}", {"a": {"b": True}}),
        ("'{\"a\": 1}'::JSON", '{"a": 1}'),
    ]:
        duckdb_connection.execute(f"COPY (SELECT 'a' AS id, ST_Point(1, 2) AS geometry, {x} AS x) TO '{theirs}' (FORMAT parquet)")
        assert property_of(theirs) == wanted, x
    duckdb_connection.execute(f"COPY (SELECT 'a' AS id, ST_Point(1, 2) AS geometry, uuid() AS x) TO '{theirs}' (FORMAT parquet)")
    assert "column x is of type FixedSizeBinary(16), which cannot be read as a JSON value" in refused(theirs)
