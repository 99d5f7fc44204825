"""What the tests share: Items, a folder of their own, and the database that `make test` starts."""

import json
import os
import uuid

import pytest

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
