"""Datasets: Delta tables of our files, read by others at every version, appended to by others, and on an object store that is not ours."""

import datetime
import json
import os
import pathlib
import random
import signal
import subprocess
import time

import pytest
from conftest import STACYARD, by_id, lines, stacyard
from objects import environment, moto, run


@pytest.fixture(scope="session")
def delta():
    """DuckDB with its Delta and spatial extensions, from the Python packages that carry them: nothing is downloaded."""
    import duckdb
    import duckdb_extension_delta
    import duckdb_extension_spatial

    connection = duckdb.connect()
    for name, package in [("delta", duckdb_extension_delta), ("spatial", duckdb_extension_spatial)]:
        folder = pathlib.Path(next(iter(package.__path__)))
        connection.execute(f"LOAD '{next(folder.rglob(f'{name}.duckdb_extension'))}'")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


@pytest.fixture(scope="module")
def dataset(catalog, tmp_path_factory):
    """A dataset of thirteen versions, with a checkpoint among them, and the Items of each."""
    folder = tmp_path_factory.mktemp("dataset")
    data, part = folder / "data", folder / "part.ndjson"
    stacyard("init", f"{data}/")
    there, versions = {}, [{}]
    step = 60
    for start in range(0, len(catalog.items), step):
        some = catalog.items[start:start + step]
        part.write_text("".join(json.dumps(item) + "\n" for item in some))
        stacyard("copy", part, f"{data}/", "--mode", "insert")
        there = there | by_id(some)
        versions.append(dict(there))
    changed = []
    for item in catalog.items[::50]:
        changed.append(item | {"properties": item["properties"] | {"changed": True, "a b": [1, 2], "x,y": 3}})
    part.write_text("".join(json.dumps(item) + "\n" for item in changed))
    stacyard("copy", part, f"{data}/", "--mode", "upsert")
    there = there | by_id(changed)
    versions.append(dict(there))
    stacyard("optimize", f"{data}/")
    versions.append(dict(there))
    return data, versions


def test_every_version_comes_back(dataset, tmp_path):
    data, versions = dataset
    for version, items in enumerate(versions):
        back = tmp_path / f"{version}.ndjson"
        stacyard("search", f"{data}/?version={version}", "-o", back)
        assert by_id(lines(back)) == items, version


def test_others_read_every_version(dataset, delta):
    import deltalake
    import geopandas
    import polars
    import pyarrow

    data, versions = dataset
    for version, items in enumerate(versions):
        if not items:
            continue
        names = sorted(items)
        table = deltalake.DeltaTable(data, version=version)
        arrow = table.to_pyarrow_table()
        assert sorted(zip(arrow["collection"].to_pylist(), arrow["id"].to_pylist())) == names
        query = deltalake.QueryBuilder().register("t", table)
        rows = pyarrow.table(query.execute("SELECT collection, id FROM t").read_all())
        assert sorted(zip(rows["collection"].to_pylist(), rows["id"].to_pylist())) == names
        frame = polars.scan_delta(str(data), version=version).select("collection", "id").collect()
        assert sorted(frame.rows()) == names
        found = delta.execute(f"SELECT collection, id FROM delta_scan('{data}', version={version})").fetchall()
        assert sorted(found) == names
        # All columns, lists of structs that have got fields among them.
        assert delta.execute(f"SELECT * FROM delta_scan('{data}', version={version})").to_arrow_table().num_rows == len(names)
        shapes = geopandas.GeoSeries.from_wkb(arrow["geometry"].to_pandas(), crs="OGC:CRS84")
        assert shapes.notna().sum() == sum(item["geometry"] is not None for item in items.values())


def test_a_question_to_duckdb_is_the_one_of_the_guide(dataset, delta):
    data, versions = dataset
    found = delta.execute(f"""
        SELECT id, ST_AsText(ST_GeomFromWKB(geometry)) FROM delta_scan('{data}')
        WHERE bbox.xmin <= 20 AND bbox.xmax >= -20 AND datetime >= '2020-01-01' ORDER BY id""").fetchall()
    asked = stacyard("search", f"{data}/", "--filter", "datetime >= TIMESTAMP('2020-01-01T00:00:00Z')", "--bbox=-20,-90,20,90",
                     "--fields", "id")
    ours = {json.loads(line)["id"] for line in asked.splitlines()}
    assert ours and ours <= {name for name, _ in found}, "a box of an Item holds its geometry"


def test_rows_of_another_writer_pass_the_gate(tmp_path, catalog):
    import deltalake
    import pyarrow

    data = tmp_path / "data"
    stacyard("copy", catalog.parquet, f"{data}/")
    valid = {"type": "Feature", "stac_version": "1.1.0", "id": "theirs", "collection": catalog.items[0]["collection"],
             "datetime": datetime.datetime(2024, 6, 1, tzinfo=datetime.timezone.utc), "geometry": None}
    wrong = valid | {"id": "wrong", "stac_version": "0.1"}
    schema = deltalake.DeltaTable(data).schema().to_arrow()
    rows = pyarrow.Table.from_pylist([valid, wrong]).select(list(valid))
    wanted = [pyarrow.field(name, pyarrow.schema(schema).field(name).type) for name in valid]
    deltalake.write_deltalake(data, rows.cast(pyarrow.schema(wanted)), mode="append", schema_mode="merge")
    back = tmp_path / "back.ndjson"
    rejects = tmp_path / "rejects.ndjson"
    stacyard("copy", f"{data}/", back, "--rejects", rejects, status=(1,))
    assert set(by_id(lines(back))) == set(catalog.by_id) | {(valid["collection"], "theirs")}
    assert [reject["item"]["id"] for reject in lines(rejects)] == ["wrong"]
    assert stacyard("search", f"{data}/", "--ids", "theirs", "--count").strip() == "1"
    # It is found by its key, though nothing in the log says that it is there.
    one = tmp_path / "one.ndjson"
    one.write_text(json.dumps(lines(back)[-1] | {"id": "theirs", "collection": valid["collection"]}) + "\n")
    stacyard("copy", one, f"{data}/", "--mode", "insert", "--rejects", rejects, status=(1,))
    assert len(lines(rejects)) == 1


def test_another_program_compacts_and_cleans_up(tmp_path, catalog):
    import deltalake

    data, part = tmp_path / "data", tmp_path / "part.ndjson"
    for start in range(0, 300, 100):
        part.write_text("".join(json.dumps(item) + "\n" for item in catalog.items[start:start + 100]))
        stacyard("copy", part, f"{data}/", "--mode", "insert")
    stacyard("tag", f"{data}/?version=1", "two")
    table = deltalake.DeltaTable(data)
    table.optimize.compact()
    table.vacuum(dry_run=False)
    table.create_checkpoint()
    table.cleanup_metadata()
    assert stacyard("search", f"{data}/?tag=two", "--count").strip() == "200"
    assert stacyard("search", f"{data}/", "--count").strip() == "300"


def test_parts_that_do_not_know_of_each_other(tmp_path, catalog):
    import deltalake

    data, template = tmp_path / "data", catalog.items[0]
    stacyard("init", f"{data}/")
    there = {"before": 1}
    values = [{"n": 1, "x": "text"}, {"n": 1.5, "x": 2, "before": 7}, {"n": 3, "x": [4]}, {"before": "text"}]
    before, items = template | {"id": "before", "properties": template["properties"] | there}, []
    for number, of in enumerate(values):
        items.append(template | {"id": f"part-{number}", "properties": template["properties"] | of})
        (tmp_path / "part.ndjson").write_text(json.dumps(items[-1]) + "\n")
        stacyard("copy", tmp_path / "part.ndjson", f"{data}/", "--stage", tmp_path / f"{number}.json")
    # Another writer says what a column is, after the parts were staged.
    (tmp_path / "part.ndjson").write_text(json.dumps(before) + "\n")
    stacyard("copy", tmp_path / "part.ndjson", f"{data}/", "--mode", "insert")
    stacyard("commit", f"{data}/", *(tmp_path / f"{number}.json" for number in range(len(values))))
    back = tmp_path / "back.ndjson"
    stacyard("search", f"{data}/", "-o", back)
    assert by_id(lines(back)) == by_id([before, *items])
    table = deltalake.DeltaTable(data).to_pyarrow_table()
    rows = {row["id"]: row for row in table.select(["id", "n", "x", "before"]).to_pylist()}
    # A column of the table stays what it is, a number may have a fraction, and of all else the first part says what it is.
    assert [rows[f"part-{number}"]["n"] for number in range(4)] == [1.0, 1.5, 3.0, None]
    assert [rows[f"part-{number}"]["x"] for number in range(4)] == ["text", None, None, None]
    assert [rows[name]["before"] for name in ("before", "part-1", "part-3")] == [1, 7, None]
    assert {row["id"] for row in deltalake.DeltaTable(data).to_pyarrow_table(filters=[("n", ">", 1.2)]).to_pylist()} == {"part-1", "part-2"}


def test_on_an_object_store(catalog, tmp_path):
    with moto() as s3:
        run(s3, "init", "s3://bucket/data/")
        part = tmp_path / "part.ndjson"
        for start in range(0, len(catalog.items), 200):
            part.write_text("".join(json.dumps(item) + "\n" for item in catalog.items[start:start + 200]))
            run(s3, "copy", part, "s3://bucket/data/", "--mode", "insert")
        run(s3, "copy", part, "s3://bucket/data/", "--mode", "upsert")
        run(s3, "optimize", "s3://bucket/data/")
        run(s3, "tag", "s3://bucket/data/?version=1", "first")
        back = tmp_path / "back.ndjson"
        run(s3, "search", "s3://bucket/data/", "-o", back)
        assert by_id(lines(back)) == catalog.by_id
        assert run(s3, "search", "s3://bucket/data/?tag=first", "--count").stdout.strip() == "200"
        # Writers at once: each finds what the others have done.
        writers = []
        for number in range(3):
            own = tmp_path / f"{number}.ndjson"
            items = [catalog.items[0] | {"id": f"new-{number}-{n}"} for n in range(5)]
            own.write_text("".join(json.dumps(item) + "\n" for item in items))
            writers.append(subprocess.Popen([STACYARD, "copy", own, "s3://bucket/data/", "--mode", "insert", "-q"],
                                            env=environment(s3)))
        assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
        assert run(s3, "search", "s3://bucket/data/", "--count").stdout.strip() == str(len(catalog.items) + 15)
        run(s3, "vacuum", "s3://bucket/data/", "--older-than", "0")
        assert run(s3, "search", "s3://bucket/data/?tag=first", "--count").stdout.strip() == "200"


# In `make test-full` more often.
RUNS = int(os.environ.get("STACYARD_KILLS", "4"))


def test_writers_that_are_killed_lose_nothing(catalog, tmp_path):
    """Four writers of mixed modes and a compaction at once, some of them killed in mid-work: each Item that a writer has said to be in is there once, and
    every version can be read."""
    chance = random.Random(17)
    for turn in range(RUNS):
        data = tmp_path / str(turn)
        stacyard("init", f"{data}/")
        template = {key: value for key, value in catalog.items[0].items() if key != "assets"} | {"assets": {}}
        sure, may_be = set(), set()
        for round_ in range(3):
            writers = []
            for number in range(4):
                own = [f"{turn}-{round_}-{number}-{n}" for n in range(40)]
                shared = [f"shared-{n}" for n in range(10)]
                file = tmp_path / f"{turn}-{number}.ndjson"
                file.write_text("".join(json.dumps(template | {"id": name}) + "\n" for name in own + shared))
                mode = ["insert", "ignore", "upsert", "upsert"][number]
                command = [STACYARD, "copy", file, f"{data}/", "--mode", mode, "-q", "--rejects", tmp_path / f"{number}.rejects"]
                writers.append((subprocess.Popen(command, stderr=subprocess.DEVNULL), own + shared))
            compaction = subprocess.Popen([STACYARD, "optimize", f"{data}/", "-q"], stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(0, 0.15))
            victims = chance.sample([writer for writer, _ in writers] + [compaction], 2)
            for victim in victims:
                victim.send_signal(signal.SIGKILL)
            compaction.wait()
            for writer, names in writers:
                status = writer.wait()
                assert status in (0, 1, -signal.SIGKILL), status
                (sure if status in (0, 1) else may_be).update(names)
            if round_ == 0:
                stacyard("tag", f"{data}/", "first")
                at_first = stacyard("search", f"{data}/?tag=first", "--count")
        found = [json.loads(line)["id"] for line in stacyard("search", f"{data}/", "--fields", "id").splitlines()]
        assert len(found) == len(set(found)), "an Item is there twice"
        assert sure <= set(found) <= sure | may_be
        for entry in json.loads(stacyard("history", f"{data}/", "--format", "json")):
            stacyard("search", f"{data}/?version={entry['version']}", "--fields", "id")
        stacyard("vacuum", f"{data}/", "--older-than", "0")
        assert stacyard("search", f"{data}/?tag=first", "--count") == at_first
        assert len(stacyard("search", f"{data}/", "--fields", "id").splitlines()) == len(found)
