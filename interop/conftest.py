"""What the checks share: the binary, one catalog copied to GeoParquet, and the Items that went in."""

import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"
STACYARD = os.environ.get("STACYARD", str(TARGET / "stacyard"))
MAKE_CATALOG = os.environ.get("MAKE_CATALOG", str(TARGET / "make-catalog"))


def stacyard(*arguments, status=(0,)):
    """Runs the binary; returns its standard output. Any other exit status is a failure."""
    done = subprocess.run([STACYARD, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode in status, f"{arguments}: exit status {done.returncode}\n{done.stderr}"
    return done.stdout


def lines(path):
    """The JSON values of an NDJSON file."""
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def by_id(items):
    """Items by collection and id, none of which may occur twice."""
    found = {(item.get("collection"), item["id"]): item for item in items}
    assert len(found) == len(items), "an Item occurs twice"
    return found


class Catalog:
    """A made-up catalog: as NDJSON, as GeoParquet, and the Items that the gate let in."""

    def __init__(self, folder):
        self.ndjson = folder / "catalog.ndjson"
        self.collections_file = folder / "collections.json"
        self.parquet = folder / "catalog.parquet"
        self.rejects = folder / "rejects.ndjson"
        subprocess.run(
            [MAKE_CATALOG, "--items", "600", "--seed", "11", "--broken", "1",
             "--collections", self.collections_file, self.ndjson],
            check=True,
        )
        stacyard("copy", self.ndjson, self.parquet, "--collections-file", self.collections_file,
                 "--rejects", self.rejects, status=(1,))
        rejected = {reject["line"] for reject in lines(self.rejects)}
        assert len(rejected) == 1
        self.items = [item for number, item in enumerate(lines(self.ndjson), 1) if number not in rejected]
        self.by_id = by_id(self.items)
        self.collections = {each["id"]: each for each in json.loads(self.collections_file.read_text())}

    def only(self, collection):
        return [item for item in self.items if item["collection"] == collection]


@pytest.fixture(scope="session")
def catalog(tmp_path_factory):
    return Catalog(tmp_path_factory.mktemp("catalog"))


@pytest.fixture(scope="session")
def duckdb_connection():
    """DuckDB with its spatial extension, from the Python package that carries it: nothing is downloaded."""
    import duckdb
    import duckdb_extension_spatial

    package = pathlib.Path(next(iter(duckdb_extension_spatial.__path__)))
    connection = duckdb.connect()
    connection.execute(f"LOAD '{next(package.rglob('spatial.duckdb_extension'))}'")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


SERVER = os.environ.get("STACYARD_TEST_DATABASE")
needs_server = pytest.mark.skipif(not SERVER, reason="no STACYARD_TEST_DATABASE (make test starts a server)")


@pytest.fixture
def database(request):
    """A schema of its own."""
    url = f"{SERVER}?schema=py_{os.getpid()}_{request.node.name[:40]}"
    stacyard("init", url)
    return url


@pytest.fixture(scope="session")
def many(tmp_path_factory):
    """Items enough that a load takes a while."""
    path = tmp_path_factory.mktemp("items") / "many.ndjson"
    subprocess.run([MAKE_CATALOG, "--items", "6000", "--seed", "3", path], check=True, capture_output=True)
    return path
