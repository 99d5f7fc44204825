"""Searches in the GeoParquet that others write: every answer is that over the file's own copy as NDJSON."""

import datetime
import decimal
import json
import math
import subprocess

import pytest

from conftest import STACYARD, by_id, lines, stacyard


def said(*arguments):
    """What a command writes, and how it ends."""
    done = subprocess.run([STACYARD, *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, done.stdout


def assert_same_answers(parquet, questions, least=1):
    """`least`: how many answers have to have Items, so that the questions ask something."""
    copy = parquet.with_suffix(".copy.ndjson")
    copy.unlink(missing_ok=True)
    stacyard("copy", parquet, copy, "-q")
    with_items = 0
    for question in [[], ["--sortby", "-id"], *questions]:
        theirs, ours = said("search", parquet, *question), said("search", copy, *question)
        assert theirs == ours, question
        with_items += bool(ours[1])
        if theirs[0] == 0:
            assert said("search", parquet, *question, "--count") == (0, f"{ours[1].count(chr(10))}\n"), question
    assert with_items >= least


def about(name, *values):
    """Questions about a property, its values as CQL2 writes them."""
    filters = [f'"{name}" IS NULL', f'"{name}" IS NOT NULL']
    for value in values:
        filters += [f'"{name}" {operator} {value}' for operator in ("=", "<>", "<", ">=")]
    return [["--filter", filter] for filter in filters] + [["--sortby", f"{sign}{name}"] for sign in "+-"]


def item(name, geometry, bbox, **properties):
    return {
        "type": "Feature", "stac_version": "1.1.0", "stac_extensions": [], "id": name, "geometry": geometry,
        "bbox": bbox, "properties": {"datetime": "2024-01-01T00:00:00Z"} | properties, "links": [],
        "assets": {"data": {"href": "x.tif"}},
    }


def square(west, south, side=1.0):
    east, north = west + side, south + side
    return {"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]}


def write_stac_geoparquet(items, parquet):
    from stac_geoparquet.arrow import parse_stac_ndjson_to_parquet

    source = parquet.with_suffix(".ndjson")
    source.write_text("".join(json.dumps(item) + "\n" for item in items))
    parse_stac_ndjson_to_parquet(source, parquet)


def write_rustac(items, parquet):
    import rustac

    rustac.write_sync(str(parquet), items)


WRITERS = {"stac-geoparquet": write_stac_geoparquet, "rustac": write_rustac}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_covering_of_rounded_boxes_hides_nothing(tmp_path, writer):
    tile = item("tile", square(10.0004882, 20.0004882), [10.0, 20.0, 11.0, 21.0])
    far = item("far", square(-60.5, -40.5), [-60.5, -40.5, -59.5, -39.5])
    WRITERS[writer]([tile, far], tmp_path / "theirs.parquet")
    edge = ["--bbox", "11.0001,20.5,11.0004,20.6"]
    assert json.loads(said("search", tmp_path / "theirs.parquet", *edge)[1])["id"] == "tile"
    assert_same_answers(tmp_path / "theirs.parquet", [edge, ["--bbox", "11.0005,20.5,11.0006,20.6"]], 3)


@pytest.mark.parametrize("writer", WRITERS)
def test_boxes_of_whole_numbers_and_items_without_assets(tmp_path, writer):
    world = item("world", square(-180, -90, 180), [-180, -90, 0, 90]) | {"assets": {}}
    WRITERS[writer]([world], tmp_path / "theirs.parquet")
    stacyard("copy", tmp_path / "theirs.parquet", tmp_path / "back.ndjson")
    (back,) = lines(tmp_path / "back.ndjson")
    assert (back["bbox"], back["assets"], back["links"]) == (world["bbox"], {}, [])
    assert_same_answers(tmp_path / "theirs.parquet", [["--bbox", "-1,0,1,1"], ["--bbox", "1,0,2,1"]], 3)


POINT = bytes.fromhex("0101000000000000000000F03F0000000000000040")


def test_types_of_pyarrow(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {
        "float": (pa.array([1.5, math.nan, None, math.inf, -0.0, 1.5]), ["1.5", "0"]),
        "half": (pa.array([1.5, math.nan, None, -math.inf, 0.0, 2.0], pa.float16()), ["1.5", "2"]),
        "unsigned": (pa.array([0, 2**64 - 1, None, 7, 8, 9], pa.uint64()), ["7", "18446744073709551615"]),
        "decimal": (pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("-2.25")] * 2), ["1.5", "-2.25"]),
        "day": (pa.array([datetime.date(2024, 6, 1), None, datetime.date(1969, 12, 31)] * 2), ["'2024-06-01'"]),
        "time": (pa.array([0, None, 1] * 2, pa.timestamp("ns", "Europe/Paris")), ["TIMESTAMP('1970-01-01T00:00:00Z')"]),
        "text": (pa.array(["a", None, ""] * 2).dictionary_encode(), ["'a'", "''"]),
        "yes": (pa.array([True, None, False] * 2), ["TRUE"]),
        "list": (pa.array([[1.0, math.nan], None, []] * 2), []),
    }
    within = {
        "struct": (pa.array([{"k": 1.0}, {"k": math.nan}, None, {"k": None}, {"k": 2.0}, {"k": 3.0}]), "k", ["2"]),
        "map": (pa.array([[("k", 1)], [], None, [("other", 2)], [("k", 3)], [("k", None)]], pa.map_(pa.string(), pa.int8())), "k", ["3"]),
        "maps": (pa.array([{"m": [("k", "a")]}, None] * 3, pa.struct([("m", pa.map_(pa.string(), pa.string()))])), "m.k", ["'a'"]),
    }
    table = pa.table({
        "id": list("abcdef"), "stac_version": ["1.1.0"] * 6, "geometry": [POINT] * 6,
        "datetime": pa.array([0] * 6, pa.timestamp("ms", "UTC")),
    } | {name: column for name, (column, _) in columns.items()} | {name: column for name, (column, *_) in within.items()})
    questions = [question for name, (_, values) in columns.items() for question in about(name, *values)]
    questions += [question for name, (_, key, values) in within.items() for question in about(f"{name}.{key}", *values)]
    for options in ({"write_statistics": False}, {"row_group_size": 2, "write_page_index": True}):
        pq.write_table(table, tmp_path / "theirs.parquet", **options)
        assert_same_answers(tmp_path / "theirs.parquet", questions, 50)


def test_types_of_duckdb(duckdb_connection, tmp_path):
    theirs = tmp_path / "theirs.parquet"
    rows = """
        SELECT 'i' || i AS id, '1.1.0' AS stac_version, ST_Point(i / 10, 2) AS geometry,
               TIMESTAMPTZ '2024-01-01 00:00:00+00' + INTERVAL (i) HOUR AS datetime,
               CASE i % 4 WHEN 0 THEN 'nan'::DOUBLE WHEN 1 THEN NULL WHEN 2 THEN 'inf'::DOUBLE ELSE i / 8 END AS float,
               MAP {'k' || (i % 3): i} AS map, {'k': CASE WHEN i % 2 = 0 THEN 'nan'::FLOAT ELSE i END} AS struct,
               (i / 4)::DECIMAL(9, 2) AS decimal, i::UTINYINT AS tiny, (i % 3 = 0) AS yes
        FROM range(100) range(i)"""
    questions = (
        about("float", "0.375", "5") + about("map.k1", "10") + about("struct.k", "11") + about("decimal", "2.5")
        + about("tiny", "7") + about("yes", "TRUE") + [["--bbox", "1.05,1,3,3"], ["--bbox", "100,1,101,3"]]
    )
    for version in ("V1", "V2"):
        duckdb_connection.execute(
            f"COPY ({rows}) TO '{theirs}' (FORMAT parquet, GEOPARQUET_VERSION '{version}', ROW_GROUP_SIZE 2048)"
        )
        assert_same_answers(theirs, questions, 30)


def test_geopandas_writes_a_part_of_our_file_again(catalog, tmp_path):
    """Its columns of structs are as they were; the metadata and the boxes are gone, and an index has come."""
    import geopandas

    # A text where the others have numbers: what no column says, so that the file has a residual.
    odd = catalog.only("sentinel-2-l2a")
    odd[0] = {**odd[0], "properties": {**odd[0]["properties"], "view:sun_azimuth": "unknown"}}
    (tmp_path / "odd.ndjson").write_text("".join(json.dumps(item) + "\n" for item in odd), encoding="utf-8")
    stacyard("copy", tmp_path / "odd.ndjson", tmp_path / "ours.parquet")
    frame = geopandas.read_parquet(tmp_path / "ours.parquet")
    part = frame[frame["collection"] == "sentinel-2-l2a"].drop(columns=["links", "view:off_nadir"], errors="ignore")
    part.to_parquet(tmp_path / "theirs.parquet")
    done = subprocess.run(
        [STACYARD, "copy", tmp_path / "theirs.parquet", tmp_path / "back.ndjson"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "written it again, without the metadata" in done.stderr
    back = by_id(lines(tmp_path / "back.ndjson"))
    wanted = by_id(odd)
    assert back.keys() == wanted.keys()
    for key, found in back.items():
        assert found["links"] == []
        assert found["assets"].keys() == wanted[key]["assets"].keys()
        assert found["properties"].keys() <= wanted[key]["properties"].keys()
        # The metadata said how its collection spells them.
        here, there = (datetime.datetime.fromisoformat(each["properties"]["datetime"]) for each in (found, wanted[key]))
        assert here == there
    some = wanted[next(iter(wanted))]["properties"]
    assert_same_answers(
        tmp_path / "theirs.parquet",
        about("eo:cloud_cover", f"{some['eo:cloud_cover']}") + about("platform", f"'{some['platform']}'"),
        8,
    )
