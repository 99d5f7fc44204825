"""The server's files of columns, read by other software: what they hold is what the store holds."""

import contextlib
import io
import json
import re
import subprocess
import urllib.request

import pytest
from compare import assert_same_meaning
from conftest import STACYARD, by_id, lines, stacyard


@contextlib.contextmanager
def served(store):
    """The URL of a server of a store, on a free port."""
    process = subprocess.Popen([STACYARD, "serve", str(store), "--bind", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True)
    try:
        url = None
        for line in process.stderr:
            if found := re.search(r"serving at (http://\S+)", line):
                url = found[1]
                break
        assert url, "the server has not begun"
        yield url
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def url(catalog):
    with served(catalog.parquet) as url:
        yield url


def taken(url, path):
    with urllib.request.urlopen(url + path) as answer:
        body = answer.read()
        length = answer.headers["Content-Length"]
        assert length is None or int(length) == len(body)
        return body


def test_lines_are_the_items(catalog, url, tmp_path):
    file = tmp_path / "taken.ndjson"
    file.write_bytes(taken(url, "search?f=ndjson"))
    assert by_id(lines(file)) == catalog.by_id


def test_a_geoparquet_file_is_read_by_all(catalog, url, tmp_path):
    import geopandas
    import pyarrow.parquet
    import rustac

    file = tmp_path / "taken.parquet"
    file.write_bytes(taken(url, "search?f=geoparquet"))
    table = pyarrow.parquet.read_table(file)
    assert table.num_rows == len(catalog.items)
    frame = geopandas.read_parquet(file)
    assert "CRS84" in str(frame.crs) and frame.geometry.notna().all()
    assert_same_meaning(catalog.by_id, by_id(rustac.read_sync(str(file))["features"]))
    # It is what a copy makes, byte by byte of each Item.
    copied = tmp_path / "copied.parquet"
    stacyard("copy", catalog.parquet, copied)
    for each in (file, copied):
        stacyard("copy", each, each.with_suffix(".ndjson"))
    both = [sorted(each.with_suffix(".ndjson").read_text().splitlines()) for each in (file, copied)]
    assert both[0] == both[1]


def test_a_stream_of_arrow_is_read_by_all(catalog, url):
    import geopandas
    import pyarrow

    name = next(iter(catalog.collections))
    wanted = catalog.only(name)
    body = taken(url, f"collections/{name}/items?f=arrow")
    table = pyarrow.ipc.open_stream(io.BytesIO(body)).read_all()
    table.validate(full=True)
    field = table.schema.field("geometry")
    assert field.metadata is None or field.metadata.get(b"ARROW:extension:name") == b"geoarrow.wkb"
    assert sorted(table.column("id").to_pylist()) == sorted(item["id"] for item in wanted)
    assert json.loads(table.schema.metadata[b"geo"])["primary_column"] == "geometry"
    # The same columns as those of the file.
    file = pyarrow.parquet.read_table(io.BytesIO(taken(url, f"collections/{name}/items?f=geoparquet")))
    assert table.schema.names == file.schema.names
    for column in ("id", "datetime", "bbox"):
        values = [dict(zip(one.column("id").to_pylist(), one.column(column).to_pylist())) for one in (table, file)]
        assert values[0] == values[1], column
    frame = geopandas.GeoDataFrame.from_arrow(table)
    assert "CRS84" in str(frame.crs) and len(frame) == len(wanted)


def test_stac_geoparquet_makes_items_of_the_stream(catalog, url):
    import pyarrow
    import stac_geoparquet.arrow

    name = next(iter(catalog.collections))
    table = pyarrow.ipc.open_stream(io.BytesIO(taken(url, f"collections/{name}/items?f=arrow"))).read_all()
    assert_same_meaning(by_id(catalog.only(name)), by_id(list(stac_geoparquet.arrow.stac_table_to_items(table))))
