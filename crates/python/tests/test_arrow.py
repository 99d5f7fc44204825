"""Answers as columns, and columns as Items."""

import json

import pyarrow
import pytest
import stacyard

from conftest import make

ITEMS = [make(f"i{number}", 1 + number, collection="c", geometry=(number, number / 2), n=number, cloudy=number % 2 == 0) for number in range(20)]
for each in ITEMS[::2]:
    each["assets"] = {"data": {"href": f"./{each['id']}.tif", "roles": ["data"]}, "other": {"href": "x", "title": None}}
    del each["assets"]["other"]["title"]
ITEMS[3]["geometry"] = None
del ITEMS[3]["bbox"]


@pytest.fixture(params=["ndjson", "parquet"])
def found(request):
    stacyard.copy(ITEMS, f"x.{request.param}")
    return stacyard.open(f"x.{request.param}").search(filter="n < 10", sortby="n")


def test_columns_are_those_of_geoparquet_with_marked_geometries(found):
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = found.to_arrow()
    table = pa.table(columns)
    assert len(columns) == table.num_rows == 10 and columns.column_names == table.column_names
    assert table.column("n").to_pylist() == list(range(10))
    mark = table.schema.field("geometry").metadata
    assert mark[b"ARROW:extension:name"] == b"geoarrow.wkb"
    assert json.loads(mark[b"ARROW:extension:metadata"])["crs"] == "OGC:CRS84"
    assert pa.schema(columns) == table.schema
    stacyard.copy(found, "same.parquet")
    assert pq.read_schema("same.parquet").names == table.column_names
    # It is read anew each time.
    assert pa.table(columns) == table


def test_an_answer_is_a_stream_itself(found):
    import pyarrow as pa

    reader = pa.RecordBatchReader.from_stream(found)
    assert sum(batch.num_rows for batch in reader) == 10
    empty = found.store.search(filter="n > 100").to_arrow()
    assert pa.table(empty).num_rows == 0


def test_the_order_is_that_of_the_dictionaries(found):
    import pyarrow as pa

    for search in ({}, {"sortby": "-n"}, {"max_items": 3}, {"filter": "cloudy = true"}):
        asked = found.store.search(**search)
        assert pa.table(asked).column("id").to_pylist() == [item["id"] for item in asked]


def test_geopandas_and_polars(found):
    frame = found.to_geopandas()
    assert frame.crs is not None and frame.crs.to_authority() == ("OGC", "CRS84")
    assert list(frame["id"]) == [f"i{number}" for number in range(10)]
    assert frame.geometry.isna().sum() == 1 and frame.geometry[4].x == 4.0
    assert found.to_polars()["n"].to_list() == list(range(10))


def test_duckdb_reads_the_stream(found):
    import duckdb

    columns = found.to_arrow()
    assert columns is not None
    assert duckdb.sql("SELECT sum(n), count(geometry) FROM columns").fetchone() == (45, 9)


def same(left, right):
    order = lambda items: sorted(items, key=lambda item: item["id"])
    # Without the metadata of a file nobody tells 1 from 1.0 in a column of floats.
    return order(left) == order(right)


def test_columns_of_others_come_in(found):
    import pyarrow as pa
    import rustac
    import stac_geoparquet.arrow

    expected = list(found)
    ours = pa.table(found)
    theirs = {
        "our own": ours,
        "pyarrow's reader": pa.RecordBatchReader.from_stream(found),
        "polars": found.to_polars(),
        # These two know no Items without a geometry.
        "stac-geoparquet": stac_geoparquet.arrow.parse_stac_items_to_arrow([item for item in expected if item["geometry"]]),
        "rustac": rustac.to_arrow(rustac_collection([item for item in expected if item["geometry"]])),
        "geopandas": found.to_geopandas(),
    }
    for name, columns in theirs.items():
        report = stacyard.copy(columns, f"{name}.ndjson")
        assert report.rejected == 0, (name, report.findings)
        whole = [item for item in expected if item["geometry"] or name not in ("stac-geoparquet", "rustac")]
        assert same(stacyard.open(f"{name}.ndjson").search(), whole), name


def rustac_collection(items):
    return {"type": "FeatureCollection", "features": items}


def test_columns_that_are_no_items_are_refused():
    import pyarrow as pa

    with pytest.raises(stacyard.errors.Usage, match="there is no id and geometry"):
        stacyard.validate(pa.table({"a": [1]}))


def test_a_stream_that_fails_says_so():
    import pyarrow as pa

    def batches():
        yield pa.record_batch({"id": ["a"], "geometry": [b""]})
        raise ValueError("mine")

    reader = pa.RecordBatchReader.from_batches(pa.schema([("id", pa.string()), ("geometry", pa.binary())]), batches())
    with pytest.raises(stacyard.errors.StacyardError, match="mine"):
        stacyard.copy(reader, "x.parquet", overwrite=True)


def test_columns_that_no_item_has_are_refused():
    table = pyarrow.table(stacyard.open("items.ndjson").search().to_arrow())
    rows = len(table)
    union = pyarrow.UnionArray.from_dense(pyarrow.array([0] * rows, pyarrow.int8()), pyarrow.array(range(rows), pyarrow.int32()), [pyarrow.array([1] * rows)])
    views = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * rows, pyarrow.int8()), pyarrow.array(["a"]).cast(pyarrow.string_view()))
    for column in (union, views):
        with pytest.raises(stacyard.errors.Usage, match='the column "odd"'):
            stacyard.validate(table.append_column("odd", column))


def test_columns_of_another_reference_system_are_refused():
    frame = stacyard.open("items.ndjson").search().to_geopandas()
    assert stacyard.copy(frame, "x.ndjson").written == 2
    with pytest.raises(stacyard.errors.StacyardError, match="3857"):
        stacyard.copy(frame.to_crs(3857), "y.ndjson")
    assert stacyard.copy(frame.to_crs(4326), "z.ndjson").written == 2


def test_a_stream_can_be_interrupted_and_ends_in_time():
    import signal
    import threading
    import time

    batch = pyarrow.table(stacyard.open("items.ndjson").search().to_arrow()).to_batches()[0]

    def endless():
        while True:
            time.sleep(0.01)
            yield batch

    def reader():
        return pyarrow.RecordBatchReader.from_batches(batch.schema, endless())

    with pytest.raises(stacyard.errors.LimitExceeded):
        stacyard.validate(reader(), timeout=0.3)
    # Who runs the tests in the background of a shell has a process that does not hear it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            stacyard.validate(reader())
    finally:
        signal.signal(signal.SIGINT, before)
