"""Real servers behind a proxy that does to their answers what networks do: the answer is the right one, or an error that says why."""

import json
import subprocess

import pytest
from conftest import STACYARD, by_id, lines, needs_server, stacyard
from faults import KINDS, faults
from objects import environment, moto, run
from test_pgstac import Pgstac, uvicorn

HALF = ["--datetime", "2025-01-01T00:00:00Z/.."]


@pytest.fixture(scope="module")
def s3(catalog):
    """An object store with the catalog as `catalog.parquet`, as `catalog.ndjson` and, in two files, in `folder/`."""
    with moto() as environment:
        run(environment, "copy", catalog.parquet, "s3://bucket/catalog.parquet")
        run(environment, "copy", catalog.parquet, "s3://bucket/catalog.ndjson")
        run(environment, "copy", catalog.parquet, "s3://bucket/folder/new.parquet", *HALF)
        run(environment, "copy", catalog.parquet, "s3://bucket/folder/old.parquet", "--datetime", "../2024-12-31T23:59:59.999999Z")
        yield environment


def behind(s3, proxy):
    return s3 | {"AWS_ENDPOINT_URL": proxy.url}


def ids(text):
    return [json.loads(line)["id"] for line in text.splitlines()]


# Answers whose length is not what they say cannot be mended everywhere.
LIES = ["short", "long"]


@pytest.mark.parametrize("store", ["catalog.parquet", "catalog.ndjson", "folder/"])
def test_object_stores_that_stumble_are_read(s3, catalog, store):
    here = ids(stacyard("search", catalog.parquet, *HALF))
    assert here
    kinds = [kind for kind in KINDS if kind not in LIES]
    with faults(s3["AWS_ENDPOINT_URL"], kinds) as proxy:
        for _ in range(len(kinds)):
            if set(proxy.done) == set(kinds):
                break
            assert ids(run(behind(s3, proxy), "search", f"s3://bucket/{store}", *HALF).stdout) == here
        assert set(proxy.done) == set(kinds)


@pytest.mark.parametrize("store", ["catalog.parquet", "catalog.ndjson", "folder/"])
def test_of_object_stores_that_lie_nothing_is_missing(s3, catalog, store):
    """The answer, or an error; never a part of it."""
    here, failed = ids(stacyard("search", catalog.parquet, *HALF)), 0
    with faults(s3["AWS_ENDPOINT_URL"], LIES, every=3) as proxy:
        for _ in range(4):
            done = subprocess.run([STACYARD, "search", f"s3://bucket/{store}", *HALF], env=environment(behind(s3, proxy)),
                                  capture_output=True, text=True, timeout=120)
            failed += done.returncode != 0
            if done.returncode == 0:
                assert ids(done.stdout) == here
            else:
                assert f"s3://bucket/{store}" in done.stderr and "rejected" not in done.stderr, done.stderr
        assert set(proxy.done) == set(LIES)
        # Parts are asked for again; a whole file and a list of files are not what is mended.
        assert failed == 0 or store != "catalog.parquet"


@pytest.mark.parametrize("kind", KINDS)
def test_object_stores_that_stumble_are_written(s3, catalog, kind, tmp_path):
    """What is written is there as a whole or not at all, whatever is said of it."""
    name = f"s3://bucket/written-{kind}.ndjson"
    with faults(s3["AWS_ENDPOINT_URL"], [kind], touches=lambda method, path: method in ("PUT", "POST"), every=1) as proxy:
        # Each write stumbles once: the first request does, and those that follow do not.
        proxy.kinds = FirstOnly([kind])
        done = subprocess.run([STACYARD, "copy", catalog.parquet, name], env=environment(behind(s3, proxy)),
                              capture_output=True, text=True, timeout=120)
        assert proxy.done
    if done.returncode == 0:
        run(s3, "copy", name, tmp_path / "back.ndjson")
        assert by_id(lines(tmp_path / "back.ndjson")) == catalog.by_id
    else:
        # It had come, and its answer had not: it cannot be known whether it was this one or somebody else's.
        assert name in done.stderr, done.stderr
        assert run(s3, "search", name, "--count").stdout.strip() == str(len(catalog.items))


class FirstOnly(list):
    """A fault for the first request, and none for those after it."""

    asked = False

    def __bool__(self):
        first, self.asked = not self.asked, True
        return first


@pytest.mark.parametrize(["store", "opened_by"], [("catalog.parquet", 1), ("folder/", 3)])
def test_a_file_that_changes_while_it_is_read_is_an_error(s3, store, opened_by):
    def later(number, headers):
        return [(name, '"another"' if name.lower() == "etag" and number > opened_by else value) for name, value in headers]

    # It is larger than its end, which is read at first.
    with faults(s3["AWS_ENDPOINT_URL"], [], change=later) as proxy:
        said = run(behind(s3, proxy), "copy", f"s3://bucket/{store}", "-", "--format", "ndjson", fails=True).stderr
    assert "has changed while it was read" in said


def test_redirects_that_go_round_end(s3):
    with faults(s3["AWS_ENDPOINT_URL"], ["loop"], every=1) as proxy:
        for name in ["s3://bucket/catalog.parquet", f"{proxy.url}/bucket/catalog.parquet"]:
            said = run(behind(s3, proxy), "info", name, fails=True).stderr
            assert name in said and ("302" in said or "redirects more than" in said), said


@pytest.fixture(scope="module")
def api(catalog):
    """stac-fastapi-pgstac over the catalog."""
    database = Pgstac("stac_faults")
    try:
        stacyard("init", database.url)
        stacyard("copy", catalog.parquet, database.url)
        with uvicorn(database, ["--factory", "stac_fastapi.pgstac.app:create_app"]) as url:
            yield url
    finally:
        database.remove()


@needs_server
def test_apis_that_stumble_are_harvested(api, catalog, tmp_path):
    with faults(api, KINDS, every=3) as proxy:
        for target in ["a.parquet", "a.ndjson"]:
            stacyard("copy", proxy.url, tmp_path / target, "--page-size", "25")
            found = [json.loads(line) for line in stacyard("search", tmp_path / target).splitlines()]
            assert set(by_id(found)) == set(catalog.by_id)
        assert ids(stacyard("search", proxy.url, "--page-size", "50", *HALF)) == ids(stacyard("search", catalog.parquet, *HALF))
        assert set(proxy.done) == set(KINDS)


@needs_server
def test_an_api_that_is_down_for_long_is_an_error_and_is_gone_on_with(api, catalog, tmp_path):
    target = tmp_path / "a.parquet"
    with faults(api, [], touches=lambda method, path: "/search" in path) as proxy:
        proxy.kinds = Later(["500"], 8)
        proxy.every = 1
        command = [STACYARD, "copy", proxy.url, target, "--page-size", "25"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode != 0 and "500" in done.stderr and "goes on from there" in done.stderr, done.stderr
        assert not target.exists() and (tmp_path / "a.parquet.harvest").exists()
        before, proxy.kinds = proxy.number, []
        subprocess.run(command, check=True, capture_output=True)
        assert proxy.number - before < len(catalog.items) // 25
        found = [json.loads(line) for line in stacyard("search", target).splitlines()]
        assert set(by_id(found)) == set(catalog.by_id)


class Later(list):
    """Faults for all requests after the first so many."""

    def __init__(self, kinds, after):
        super().__init__(kinds)
        self.left = after

    def __bool__(self):
        self.left -= 1
        return self.left < 0


@needs_server
def test_a_harvest_into_a_database_goes_on(api, catalog, database, tmp_path):
    with faults(api, [], touches=lambda method, path: "/search" in path, every=1) as proxy:
        proxy.kinds = Later(["500"], 10)
        command = [STACYARD, "copy", proxy.url, database, "--page-size", "25", "--journal", tmp_path / "journal"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode != 0 and (tmp_path / "journal").exists(), done.stderr
        before, proxy.kinds = proxy.number, []
        subprocess.run(command, check=True, capture_output=True)
        assert proxy.number - before < len(catalog.items) // 25
        assert not (tmp_path / "journal").exists()
    assert stacyard("search", database, "--count").strip() == str(len(catalog.items))
    assert ids(stacyard("search", database)) == ids(stacyard("search", catalog.parquet))
