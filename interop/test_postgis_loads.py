"""Loads that the database breaks off (it dies, an administrator ends the session, its disk is full) and loads beside
others: nothing is lost, nothing is there twice."""

import json
import os
import shutil
import subprocess
import time

import pytest
from conftest import SERVER, STACYARD, by_id, lines, needs_server, stacyard
from servers import BIN, Cluster

pytestmark = needs_server


def sql(url, text):
    """Runs SQL with the schema of a `postgis:` URL in front; the lines of its answer."""
    place, _, schema = url.replace("postgis:", "postgresql:").partition("?schema=")
    environment = os.environ | {"PGOPTIONS": f"-c search_path={schema},public"}
    command = [BIN / "psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", place, "-c", text]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.splitlines()


@pytest.fixture
def cluster():
    cluster = Cluster()
    yield cluster
    cluster.remove()


def begin(*arguments):
    """A load that goes on beside the test."""
    command = [STACYARD, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(loader, condition):
    """Until something is so, while the load has not ended."""
    deadline = time.monotonic() + 60
    while not condition():
        assert loader.poll() is None and time.monotonic() < deadline, loader.communicate()


def failed(loader):
    """What a load says that fails as it should: a cause and a remedy."""
    error = loader.communicate(timeout=60)[1].splitlines()
    assert loader.returncode == 3 and len(error) == 2, (loader.returncode, error)
    assert error[0].startswith("error: cannot load into postgis://"), error
    assert error[1].startswith("  help: "), error
    return error


def batches(url):
    """The Items of each transaction that has gone in."""
    groups = sql(url, "SELECT json_agg(json_build_array(collection, id)) FROM items GROUP BY xmin::text")
    return {frozenset(map(tuple, json.loads(group))) for group in groups}


@pytest.fixture(scope="module")
def whole(many):
    """The batches of a load that nobody breaks off."""
    url = f"{SERVER}?schema=py_{os.getpid()}_whole"
    stacyard("init", url)
    stacyard("copy", many, url, "-q")
    found = batches(url)
    assert len(found) > 5
    return found


def assert_is(url, path, folder):
    stacyard("copy", url, folder / "back.ndjson", "--overwrite", "-q")
    assert by_id(lines(folder / "back.ndjson")) == by_id(lines(path))


def goes_on(url, many, whole, folder):
    """A load that was broken off has left whole batches, some but not all, and can be completed."""
    there = batches(url)
    assert there and there < whole
    loader = begin("copy", many, url, "--resume")
    said = loader.communicate(timeout=300)[1]
    assert loader.returncode == 0 and f"{sum(map(len, there)):,} there already" in said, said
    assert_is(url, many, folder)


def test_a_killed_server(cluster, many, whole, tmp_path):
    url = cluster.url("schema=stac")
    stacyard("init", url)
    loader = begin("copy", many, url, "-q")
    wait_for(loader, lambda: sql(url, "SELECT 1 FROM items LIMIT 1"))
    cluster.kill()
    assert "in and stay, and this goes on from there: " in failed(loader)[1]
    cluster.start_again()
    goes_on(url, many, whole, tmp_path)

    other = tmp_path / "other.ndjson"
    other.write_text("".join(json.dumps(item | {"links": []}) + "\n" for item in reversed(lines(many)[500:])))
    loader = begin("copy", other, url, "--mode", "replace", "-q")
    written = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'RELEASE SAVEPOINT%'"
    wait_for(loader, lambda: sql(url, written))
    cluster.kill()
    assert "nothing was replaced" in failed(loader)[1]
    cluster.start_again()
    assert_is(url, many, tmp_path)
    stacyard("copy", other, url, "--mode", "replace", "-q")
    assert_is(url, other, tmp_path)


def test_a_session_that_is_ended_within_a_batch(database, many, whole, tmp_path):
    loader = begin("copy", many, database, "-q")
    wait_for(loader, lambda: sql(database, "SELECT 1 FROM items LIMIT 1"))
    schema = database.partition("?schema=")[2]
    end = f"""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE state = 'active' AND query LIKE 'COPY "{schema}".items %' LIMIT 1"""
    wait_for(loader, lambda: sql(database, end))
    assert "in and stay, and this goes on from there: " in failed(loader)[1]
    goes_on(database, many, whole, tmp_path)


@pytest.fixture
def small_disk(cluster):
    """A disk of 8 MB that holds the Items' table, and a function that makes it larger."""
    url = cluster.url("schema=stac")
    folder = cluster.folder / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a full disk needs the right to mount one")
    try:
        shutil.chown(folder, "postgres")
        stacyard("init", url)
        sql(url, f"CREATE TABLESPACE disk LOCATION '{folder}'")
        sql(url, "ALTER TABLE items SET TABLESPACE disk")
        yield lambda: subprocess.run(["mount", "-o", "remount,size=1g", folder], check=True)
    finally:
        cluster.control("stop", mode="immediate")
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk(cluster, small_disk, many, whole, tmp_path):
    url = cluster.url("schema=stac")
    loader = begin("copy", many, url, "-q")
    cause, remedy = failed(loader)
    assert "No space left on device" in cause, cause
    assert "free some space on the database's disk" in remedy and "in and stay" in remedy and remedy.endswith("--resume"), remedy
    small_disk()
    goes_on(url, many, whole, tmp_path)


def test_loads_of_all_modes_side_by_side_do_not_wait_in_a_circle(database, many, tmp_path):
    backwards = tmp_path / "backwards.ndjson"
    backwards.write_bytes(b"".join(reversed(many.read_bytes().splitlines(keepends=True))))
    for _ in range(2):
        loaders = [
            begin("copy", path, database, "--mode", mode, "-q", "--rejects", tmp_path / f"{number}.ndjson")
            for number, (path, mode) in enumerate(
                [(many, "insert"), (backwards, "upsert"), (many, "replace"), (backwards, "replace")]
            )
        ]
        ended = [(loader.communicate(timeout=300)[1], loader.returncode) for loader in loaders]
        # An insert that comes behind others finds its Items there.
        assert ended[0][1] in (0, 1) and [status for _, status in ended[1:]] == [0, 0, 0], ended
        assert_is(database, many, tmp_path)


def test_an_item_that_refers_to_nothing_is_rejected_by_name(database, tmp_path):
    sql(database, """CREATE TABLE facilities (id text PRIMARY KEY); INSERT INTO facilities VALUES ('known');
        ALTER TABLE items ADD facility text GENERATED ALWAYS AS (properties ->> 'facility') STORED
        REFERENCES facilities""")
    item = {"type": "Feature", "stac_version": "1.1.0", "geometry": None, "links": [], "assets": {}}
    items = [
        item | {"id": str(number), "properties": {"datetime": "2024-06-01T00:00:00Z", "facility": facility}}
        for number, facility in enumerate(["known", "unknown", "known"])
    ]
    source, rejects = tmp_path / "items.ndjson", tmp_path / "rejects.ndjson"
    source.write_text("".join(json.dumps(item) + "\n" for item in items))
    stacyard("copy", source, database, "--rejects", rejects, status=(1,))
    (reject,) = lines(rejects)
    assert (reject["line"], reject["item"]) == (2, items[1])
    assert "(Key (facility)=(unknown) is not present in table \"facilities\".)" in reject["errors"][0]["message"]
    assert sql(database, "SELECT id FROM items ORDER BY id") == ["0", "2"]
