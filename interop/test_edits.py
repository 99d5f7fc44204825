"""Columns that other programs have changed are what the Items show, and what a search finds."""

import datetime
import json
import subprocess

import pytest

from conftest import STACYARD, lines, stacyard

FILTERS = [
    "eo:cloud_cover = 77", "eo:cloud_cover > 76.5", "eo:cloud_cover IS NULL", "eo:cloud_cover < 12",
    "platform = 'other'", "datetime IS NULL", "start_datetime IS NULL",
]


def shown(source, *flags):
    return [json.loads(line) for line in stacyard("search", source, *flags, "--sortby", "id", "-o", "-").splitlines()]


def check_against_json(parquet, folder):
    """Every answer over the file is that over its own copy as NDJSON."""
    copy = folder / f"{parquet.stem}.copy.ndjson"
    done = subprocess.run([STACYARD, "copy", parquet, copy], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for flags in [("--filter", text) for text in FILTERS] + [
        ("--datetime", "2001-01-01T00:00:00Z/2001-12-31T00:00:00Z"), ("--datetime", "2023-07-01T00:00:00Z/.."),
        ("--bbox", "0,40,10,50"),
    ]:
        assert shown(parquet, *flags) == shown(copy, *flags), flags
    return {item["id"]: item for item in lines(copy)}, done.stderr


@pytest.fixture
def odd(catalog, tmp_path):
    """Items whose columns cannot say all, so that the residual does."""
    items = [json.loads(json.dumps(item)) for item in catalog.items[:200]]
    items[0]["properties"]["eo:cloud_cover"] = "much"
    items[2]["properties"]["datetime"] = "2024-06-01T10:00:00.123456789Z"
    items[3]["bbox"] = [170.0, -10.0, -170.0, 10.0]
    source = tmp_path / "odd.ndjson"
    text = "".join(json.dumps(item) + "\n" for item in items)
    # Of more digits than a double has.
    text = text.replace('"' + items[1]["id"] + '"', '"edited-digits"', 1)
    items[1]["id"] = "edited-digits"
    source.write_text(text)
    parquet = tmp_path / "odd.parquet"
    stacyard("copy", source, parquet, "--sort", "input")
    return items, parquet


def test_pyarrow_edits(odd, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    items, parquet = odd
    table = pq.read_table(parquet)
    rows = {id: row for row, id in enumerate(table["id"].to_pylist())}

    def change(name, id, value):
        nonlocal table
        at = table.schema.get_field_index(name)
        values = table.column(name).to_pylist()
        values[rows[id]] = value
        table = table.set_column(at, table.schema.field(at), pa.array(values, table.schema.field(at).type))

    ids = [item["id"] for item in items]
    same = tmp_path / "same.parquet"
    pq.write_table(table, same)
    found, warned = check_against_json(same, tmp_path)
    assert found == {item["id"]: item for item in items} and "another program" not in warned

    change("eo:cloud_cover", ids[0], 77.0)
    change("eo:cloud_cover", ids[1], 77.0)
    change("eo:cloud_cover", ids[4], None)
    change("datetime", ids[2], datetime.datetime(2001, 6, 1, tzinfo=datetime.timezone.utc))
    change("platform", ids[5], "other")
    box = {"xmin": 1.0, "ymin": 2.0, "xmax": 3.0, "ymax": 4.0}
    change("bbox", ids[3], box)
    edited = tmp_path / "edited.parquet"
    pq.write_table(table, edited)
    found, warned = check_against_json(edited, tmp_path)
    properties = {id: item["properties"] for id, item in found.items()}
    assert properties[ids[0]]["eo:cloud_cover"] == properties[ids[1]]["eo:cloud_cover"] == 77
    assert "eo:cloud_cover" not in properties[ids[4]] or properties[ids[4]]["eo:cloud_cover"] is None
    assert properties[ids[2]]["datetime"].startswith("2001-06-01T00:00:00")
    assert properties[ids[5]]["platform"] == "other"
    assert found[ids[3]]["bbox"] == [1, 2, 3, 4]
    # Those that had an older value in the residual.
    assert "has changed 3 values of columns" in warned, warned
    untouched = set(ids) - set(ids[:6])
    assert all(found[item["id"]] == item for item in items if item["id"] in untouched)


def test_a_null_datetime_is_null(odd, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    items, parquet = odd
    table = pq.read_table(parquet)
    ids = table["id"].to_pylist()
    row = next(ids.index(item["id"]) for item in items[6:] if "start_datetime" in item["properties"])
    at = table.schema.get_field_index("datetime")
    values = table["datetime"].to_pylist()
    values[row] = None
    table = table.set_column(at, table.schema.field(at), pa.array(values, table.schema.field(at).type))
    edited = tmp_path / "edited.parquet"
    pq.write_table(table, edited)
    found, _ = check_against_json(edited, tmp_path)
    assert found[ids[row]]["properties"]["datetime"] is None
