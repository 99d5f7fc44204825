"""What the tests share: Items, a folder of their own, the database that `make test` starts, and an object store (moto's)."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid

import pytest

# A shell starts what it runs in the background with interrupts ignored, and all that is started there inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)

SERVER = os.environ.get("STACYARD_TEST_DATABASE")
needs_server = pytest.mark.skipif(not SERVER, reason="no STACYARD_TEST_DATABASE (make test starts a server)")


def make(id="a", day=1, collection=None, geometry=(5.25, 52.0), **properties):
    """An Item that is valid."""
    item = {
        "type": "Feature", "stac_version": "1.1.0", "id": id,
        "geometry": None if geometry is None else {"type": "Point", "coordinates": list(geometry)},
        "properties": {"datetime": f"2024-06-{day:02}T00:00:00Z", **properties},
        "links": [], "assets": {},
    }
    if geometry is not None:
        item["bbox"] = [*geometry, *geometry]
    if collection is not None:
        item["collection"] = collection
        item["links"] = [{"rel": "collection", "href": f"./{collection}.json"}]
    return item


def collection(id):
    """A Collection that is valid."""
    return {
        "type": "Collection", "stac_version": "1.1.0", "id": id, "description": "of a test", "license": "other",
        "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}}, "links": [],
    }


def write(path, items):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(item) + "\n" for item in items)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of its own, with two Items in `items.ndjson`."""
    monkeypatch.chdir(tmp_path)
    write("items.ndjson", [make("a", 1, gsd=10), make("b", 2, gsd=30.5)])
    return tmp_path


@pytest.fixture
def database():
    """A schema of its own, with tables."""
    import stacyard

    url = f"{SERVER}?schema=pypi_{uuid.uuid4().hex[:16]}"
    stacyard.init(url)
    return url


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_for(url, process):
    for _ in range(200):
        assert process.poll() is None, process.stderr and process.stderr.read()
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5).close()
            return
        time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")


@pytest.fixture
def bucket(monkeypatch):
    """An object store with the bucket `bucket`: the options that lead to it."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "/nowhere")
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url, process)
        urllib.request.urlopen(urllib.request.Request(f"{url}/bucket", method="PUT")).close()
        yield {"aws_endpoint_url": url, "aws_access_key_id": "here", "aws_secret_access_key": "secret-of-here", "aws_region": "us-east-1"}
    finally:
        process.terminate()
        process.wait(timeout=20)
