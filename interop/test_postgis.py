"""The tables in PostGIS: what others see of them, and what is left when a loader is killed."""

import shutil
import signal
import subprocess
import time

import pytest
from conftest import STACYARD, by_id, lines, needs_server, stacyard

pytestmark = needs_server


def count(url):
    return int(stacyard("search", url, "--count"))


def test_a_killed_loader_leaves_whole_batches_and_can_begin_again(database, many, tmp_path):
    loader = subprocess.Popen([STACYARD, "copy", many, database, "-q"])
    deadline = time.monotonic() + 60
    while count(database) == 0 and time.monotonic() < deadline and loader.poll() is None:
        pass
    loader.send_signal(signal.SIGKILL)
    loader.wait()
    before = count(database)
    assert before > 0
    stacyard("copy", many, database, "--mode", "ignore", "-q")
    stacyard("copy", database, tmp_path / "back.ndjson", "-q")
    assert by_id(lines(tmp_path / "back.ndjson")) == by_id(lines(many))


def test_loaders_side_by_side_do_not_wait_in_a_circle(database, many):
    loaders = [
        subprocess.Popen([STACYARD, "copy", many, database, "--mode", mode, "-q"])
        for mode in ("upsert", "ignore", "upsert", "ignore")
    ]
    assert [loader.wait(timeout=300) for loader in loaders] == [0, 0, 0, 0]
    assert count(database) == 6000


@pytest.mark.skipif(not shutil.which("ogrinfo"), reason="no ogrinfo (Debian: gdal-bin)")
def test_gdal_reads_the_table(database, many):
    stacyard("copy", many, database, "-q")
    place, schema = database.split("?schema=")
    host, name = place.removeprefix("postgis://").split("/")
    user, address = host.split("@")
    address, port = address.split(":")
    source = f"PG:host={address} port={port} user={user} dbname={name} schemas={schema}"
    ran = subprocess.run(["ogrinfo", "-so", source, "items"], check=True, capture_output=True, text=True)
    assert "Feature Count: 6000" in ran.stdout, ran.stdout
    assert "Geometry Column = geometry" in ran.stdout, ran.stdout
    assert 'ID["EPSG",4326]' in ran.stdout, ran.stdout
