"""pgstac as a store. pypgstac, pgstac's own functions, stac-fastapi-pgstac and TiTiler-pgstac are on the same database as we are:
what one loads the others read."""

import concurrent.futures
import contextlib
import decimal
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import pytest
from compare import Float, difference, exact
from conftest import SERVER, STACYARD, by_id, lines, needs_server, stacyard
from servers import free_port

pytestmark = needs_server

BIN = pathlib.Path(sys.executable).parent

ASSETS = {
    "data": {"type": "image/tiff", "title": "Data", "roles": ["data"], "bands": [{"name": "red", "gsd": 10}, {"name": "nir"}]},
    "thumbnail": {"type": "image/png", "roles": ["thumbnail"]},
}


def collection(item_assets, **members):
    return {
        "type": "Collection", "stac_version": "1.1.0", "id": "by-hand", "description": "Made by hand", "license": "other",
        "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}},
        "links": [], "item_assets": item_assets,
    } | members


def item(name, day=1, geometry=None, assets=None, **properties):
    return {
        "type": "Feature", "stac_version": "1.1.0", "stac_extensions": [], "id": name, "collection": "by-hand",
        "geometry": geometry or {"type": "Point", "coordinates": [5.5, 45.25]}, "bbox": [5.5, 45.25, 5.5, 45.25],
        "properties": {"datetime": f"2024-06-{day:02}T12:00:00Z"} | properties,
        "links": [{"rel": "license", "href": "https://stac.example.com/license"}],
        "assets": {"data": {"href": "d.tif", **ASSETS["data"]}} if assets is None else assets,
    }


# Beside ASSETS, which the Collection says for all: the same, other, less, more. Then what JSON or STAC allow and few write.
BY_HAND = [
    item("same", 1, assets={name: {"href": name, **asset} for name, asset in ASSETS.items()}),
    item("other", 2, assets={"data": {"href": "d", **ASSETS["data"], "type": "image/jp2", "bands": [{"name": "red"}, {"name": "nir", "gsd": 20}]}}),
    item("less", 3, assets={"data": {"href": "d"}}),
    item("none", 4, assets={}),
    item("more", 5, assets={"data": {"href": "d", **ASSETS["data"], "bands": [{"name": "red"}]}, "extra": {"href": "e", "gsd": 0.5}}),
    item("interval", 6, datetime=None, start_datetime="2024-05-30T00:00:00Z", end_datetime="2024-07-02T00:00:00Z"),
    item("deep", 7, **{"x:deep": [[{"a": {"b": [1, [2.5]]}}]], "x:empty": {}, "x:list": [], "x:no": False}),
    item("texts", 8, **{"x:back": "C:\\new\\\"x\"", "x:line": "a\nb\t", "x:wide": "Ä\u2028😀", "x:": ""}),
    item("numbers", 9, **{"eo:cloud_cover": 12.5, "x:whole": 7, "x:tenth": 0.1, "x:one": 1.0, "x:large": 9007199254740993}),
    item("nulls", 10, **{"x:null": None, "x:within": {"a": None, "b": [None]}}),
    item("height", 11, {"type": "Point", "coordinates": [5.125, 45.5, 100.5]}),
    item("line", 12, {"type": "LineString", "coordinates": [[5.5, 45.5], [6.25, 46.5]]}),
    item("parts", 13, {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [1.5, 2.5]}]}),
    item("ümlaut %1", 14),
]


def write(path, items):
    path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    return path


def as_others_say(value):
    """An Item as pgstac's own functions and those who build on them give it back: without nulls in objects (`jsonb_strip_nulls` and
    hydration leave them out), and with 10 for 10.0."""
    if isinstance(value, dict):
        return {key: as_others_say(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [as_others_say(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def assert_others_say(expected, found):
    """The same Items in the same order; what differs is named."""
    assert [item["id"] for item in found] == [item["id"] for item in expected]
    for ours, theirs in zip(expected, found):
        assert difference(as_others_say(ours), as_others_say(theirs)) is None, ours["id"]


# The database


class Pgstac:
    """A database with the tables of pgstac, or one that is to have them."""

    def __init__(self, name, template=None):
        self.name = name
        server = SERVER.removeprefix("postgis://")
        place = server.rpartition("/")[0]
        self.server, self.url, self.dsn = f"postgresql://{server}", f"pgstac://{place}/{name}", f"postgresql://{place}/{name}"
        self.elsewhere(f"CREATE DATABASE {name}" + (f" TEMPLATE {template.name}" if template else ""))

    def elsewhere(self, text):
        import psycopg

        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(text)

    def sql(self, text, *values):
        """The rows of an answer, as pypgstac's sessions get them."""
        import psycopg

        with psycopg.connect(self.dsn, autocommit=True, options="-c search_path=pgstac,public") as connection:
            cursor = connection.execute(text, values or None)
            return cursor.fetchall() if cursor.description else []

    def one(self, text, *values):
        ((value,),) = self.sql(text, *values)
        return value

    def searched(self, body):
        """What `pgstac.search` answers."""
        return self.one("SELECT pgstac.search(%s::jsonb)", json.dumps({"limit": 10_000} | body))["features"]

    def ours(self, *flags):
        """What `stacyard search` answers."""
        return [json.loads(line) for line in stacyard("search", self.url, *flags).split("\n") if line]

    def count(self):
        return self.one("SELECT count(*) FROM items")

    def remove(self):
        self.elsewhere(f"DROP DATABASE {self.name} WITH (FORCE)")


def package():
    """Where pgstac's SQL is: a wheel, or pypgstac where it is installed."""
    import pypgstac

    return os.environ.get("STACYARD_TEST_PYPGSTAC") or pathlib.Path(pypgstac.__file__).parent


def name_of(what):
    return f"py_{os.getpid()}_{what}"


@pytest.fixture(scope="module")
def template():
    """pgstac 0.10.0, made by us. Copies of it are databases at once."""
    made = Pgstac(name_of("template"))
    stacyard("init", made.url, "--pgstac-package", package())
    yield made
    made.remove()


@contextlib.contextmanager
def copied(template, what):
    made = Pgstac(name_of(what), template)
    try:
        yield made
    finally:
        made.remove()


@pytest.fixture
def pgstac(template):
    with copied(template, "one") as made:
        yield made


@pytest.fixture
def bare():
    """Databases without pgstac, by name."""
    made = []

    def make(what):
        made.append(Pgstac(name_of(what)))
        return made[-1]

    yield make
    for one in made:
        one.remove()


# What is loaded


class Sources:
    """Items of the generator and by hand, and their Collections, as files."""

    def __init__(self, catalog, folder):
        self.items = catalog.items[:100] + BY_HAND
        self.collections = [*catalog.collections.values(), collection(ASSETS)]
        self.ndjson = write(folder / "items.ndjson", self.items)
        # Some of each Collection, and the rest.
        self.some_items, self.rest_items = self.items[::3], [each for number, each in enumerate(self.items) if number % 3]
        self.some = write(folder / "some.ndjson", self.some_items)
        self.rest = write(folder / "rest.ndjson", self.rest_items)
        self.collections_file = folder / "collections.json"
        self.collections_file.write_text(json.dumps(self.collections))
        self.changed_items = [each | {"properties": each["properties"] | {"x:changed": "yes"}} for each in self.items]
        self.changed = write(folder / "changed.ndjson", self.changed_items)


@pytest.fixture(scope="module")
def sources(catalog, tmp_path_factory):
    return Sources(catalog, tmp_path_factory.mktemp("pgstac"))


def pypgstac(*arguments, database):
    """Runs it; returns what it prints."""
    done = subprocess.run([BIN / "pypgstac", *map(str, arguments), "--dsn", database.dsn], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def pypgstac_loads(database, what, values, method):
    """The same within this process, which does not have to start. Of a file it would read \\\\ as \\, twice."""
    from pypgstac.db import PgstacDB
    from pypgstac.load import Loader, Methods

    with PgstacDB(dsn=database.dsn) as connection:
        getattr(Loader(connection), f"load_{what}")(map(json.dumps, values), Methods(method))


def read_back(database, folder):
    """All Items as we read them, no number rounded."""
    path = folder / "back.ndjson"
    stacyard("copy", database.url, path, "-q", "--overwrite")
    with open(path, encoding="utf-8") as file:
        return by_id([exact(line) for line in file])


def assert_same(expected, found):
    """To the digit."""
    assert found.keys() == expected.keys()
    for key, each in expected.items():
        assert difference(each, found[key]) is None, key


def exactly(items):
    return by_id([exact(json.dumps(item)) for item in items])


def assert_consistent(database):
    """What pgstac's own views say of its partitions is true, and nothing waits to be put in."""
    wrong = """SELECT partition FROM partitions_view
        WHERE dtrange IS DISTINCT FROM constraint_dtrange OR edtrange IS DISTINCT FROM constraint_edtrange"""
    assert database.sql(wrong) == []
    outside = """SELECT i.id FROM items AS i JOIN partitions_view AS p ON p.partition = i.tableoid::regclass::text
        WHERE NOT i.datetime <@ p.dtrange OR NOT i.end_datetime <@ p.edtrange"""
    assert database.sql(outside) == []
    for table in ("items_staging", "items_staging_ignore", "items_staging_upsert"):
        assert database.one(f"SELECT count(*) FROM {table}") == 0


# Install and migrate


def test_init_makes_what_pypgstac_takes(bare):
    database = bare("init")
    planned = stacyard("init", database.url, "--pgstac-package", package(), "--dry-run")
    assert "pgstac.0.10.0.sql" in planned
    assert database.one("SELECT to_regnamespace('pgstac')::text") is None, "a dry run changes nothing"
    assert "0.10.0" in stacyard("init", database.url, "--pgstac-package", package())
    pypgstac("pgready", database=database)
    assert pypgstac("version", database=database) == "0.10.0"
    again = stacyard("init", database.url, "--pgstac-package", package())
    assert "nothing to do" in again
    assert stacyard("init", database.url, "--pgstac-package", package(), "--dry-run").strip() == ""
    assert database.one("SELECT count(*) FROM migrations") == 1


def test_a_database_with_items_is_migrated(bare, sources, tmp_path):
    """By us and by pypgstac: both times all Items are as they were."""
    expected = exactly(sources.items)
    for who in ("us", "them"):
        database = bare(f"migrated_by_{who}")
        stacyard("init", database.url, "--pgstac-package", package(), "--pgstac-version", "0.9.12")
        stacyard("copy", sources.ndjson, database.url, "--collections-file", sources.collections_file, "-q")
        assert_same(expected, read_back(database, tmp_path))
        if who == "us":
            planned = stacyard("init", database.url, "--pgstac-package", package(), "--dry-run")
            assert "pgstac.0.9.12-0.10.0.sql" in planned
            assert "0.9.12 to 0.10.0" in stacyard("init", database.url, "--pgstac-package", package())
        else:
            pypgstac("migrate", database=database)
        assert pypgstac("version", database=database) == "0.10.0"
        assert_same(expected, read_back(database, tmp_path))
        # Both go on with it.
        pypgstac_loads(database, "items", [item("more of theirs")], "insert")
        stacyard("copy", write(tmp_path / "more.ndjson", [item("more of ours")]), database.url, "-q")
        assert database.count() == len(expected) + 2


# We load, others read


@pytest.fixture(scope="module")
def loaded(template, sources):
    """Loaded by us, one Collection in months."""
    with copied(template, "loaded") as database:
        stacyard("copy", write(sources.ndjson.with_name("none.ndjson"), sources.items[:1]), database.url,
                 "--collections-file", sources.collections_file, "-q")
        database.sql("DELETE FROM items")
        database.sql("UPDATE collections SET partition_trunc = 'month' WHERE id = 'sentinel-2-l2a'")
        database.sql("UPDATE pgstac_settings SET value = 'on' WHERE name = 'context'")
        stacyard("copy", sources.ndjson, database.url, "-q")
        assert database.one("SELECT count(*) FROM partitions_view WHERE collection = 'sentinel-2-l2a'") > 5
        assert_consistent(database)
        yield database


def below(value):
    return {"op": "<", "args": [{"property": "eo:cloud_cover"}, value]}


NEWEST = [{"field": "datetime", "direction": "desc"}, {"field": "id", "direction": "asc"}]
BY_ID = [{"field": "id", "direction": "asc"}]
# What both mean the same by. Items with an interval in the place of `datetime` have none in the order of ours, and that of their start in
# pgstac's; and pgstac compares eo:cloud_cover as whole numbers, so that a limit has to lie halfway between two.
SEARCHES = {
    "all": {"sortby": BY_ID},
    "newest": {"collections": ["sentinel-2-l2a", "landsat-c2-l2"], "sortby": NEWEST},
    "collections": {"collections": ["by-hand", "landsat-c2-l2"], "sortby": [{"field": "id", "direction": "desc"}]},
    "ids": {"ids": ["same", "nulls", "ümlaut %1", "nowhere"], "sortby": BY_ID},
    "bbox": {"bbox": [0, 40, 20, 50], "sortby": BY_ID},
    "instants": {"datetime": "2024-06-05T00:00:00Z/2024-09-30T00:00:00Z", "sortby": BY_ID},
    "open": {"datetime": "../2024-01-31T00:00:00Z", "sortby": BY_ID},
    "clouds": {"filter-lang": "cql2-json", "filter": below(30.5), "sortby": [{"field": "platform", "direction": "asc"}, *NEWEST]},
    "months": {
        "collections": ["sentinel-2-l2a"], "bbox": [-20, 30, 60, 60], "datetime": "2023-06-01T00:00:00Z/2025-06-30T00:00:00Z",
        "filter-lang": "cql2-json", "filter": {"op": "and", "args": [below(80.5), {"op": "like", "args": [{"property": "platform"}, "sentinel%"]}]},
        "sortby": NEWEST,
    },
}


def flags_of(body):
    """A search of the API as flags of the command."""
    flags = []
    for name in ("collections", "ids", "bbox"):
        if name in body:
            flags += [f"--{name}={','.join(map(str, body[name]))}"]
    if "datetime" in body:
        flags += ["--datetime", body["datetime"]]
    if "filter" in body:
        flags += ["--filter", json.dumps(body["filter"])]
    sign = {"asc": "+", "desc": "-"}
    return [*flags, "--sortby=" + ",".join(sign[key["direction"]] + key["field"] for key in body["sortby"])]


@pytest.fixture(params=SEARCHES)
def body(request):
    return SEARCHES[request.param]


def test_pgstac_search_says_the_same(loaded, body):
    ours = loaded.ours(*flags_of(body))
    assert ours, "the question asks something"
    assert_others_say(ours, loaded.searched(body))


def test_pgstac_get_item_says_the_same(loaded, sources):
    ours = {(each["collection"], each["id"]): each for each in loaded.ours()}
    assert ours == by_id(sources.items)
    for each in [*BY_HAND, *sources.items[:20]]:
        theirs = loaded.one("SELECT pgstac.get_item(%s, %s)", each["id"], each["collection"])
        assert_others_say([each], [theirs])


def test_pgstac_knows_the_collections(loaded, sources):
    for each in sources.collections:
        theirs = loaded.one("SELECT pgstac.get_collection(%s)", each["id"])
        assert as_others_say(theirs) == as_others_say(each)
        extent = loaded.one("SELECT pgstac.collection_extent(%s, true)", each["id"])
        times = [(found["datetime"] or found["start_datetime"])[:19] for found in
                 (one["properties"] for one in sources.items if one["collection"] == each["id"])]
        assert extent["temporal"]["interval"][0][0][:19] == min(times)


def test_modes(pgstac, sources, tmp_path):
    load = ["copy", sources.some, pgstac.url, "--collections-file", sources.collections_file, "-q"]
    stacyard(*load, "--mode", "insert")
    there = by_id(sources.some_items)
    assert pgstac.count() == len(there)
    rejects = tmp_path / "rejects.ndjson"
    stacyard("copy", sources.ndjson, pgstac.url, "--mode", "insert", "--rejects", rejects, "-q", status=(1,))
    assert by_id([reject["item"] for reject in lines(rejects)]) == there
    assert pgstac.count() == len(sources.items)
    stacyard("copy", sources.changed, pgstac.url, "--mode", "ignore", "-q")
    found = pgstac.searched({"sortby": BY_ID})
    assert all("x:changed" not in each["properties"] for each in found)
    stacyard("copy", sources.ndjson, pgstac.url, "--resume", "-q")
    stacyard("copy", sources.changed, pgstac.url, "--mode", "upsert", "-q")
    theirs = {(each["collection"], each["id"]): each for each in pgstac.searched({"sortby": BY_ID})}
    expected = by_id(sources.changed_items)
    assert theirs.keys() == expected.keys()
    assert_others_say(list(expected.values()), [theirs[key] for key in expected])
    assert_same(exactly(sources.changed_items), read_back(pgstac, tmp_path))
    assert_consistent(pgstac)


def test_what_pgstac_puts_off_is_right_when_it_is_done(pgstac, sources):
    """With `use_queue` constraints and statistics come when somebody runs the queue: what was put in last first."""
    pgstac.sql("INSERT INTO pgstac_settings VALUES ('use_queue', 'true') ON CONFLICT (name) DO UPDATE SET value = 'true'")
    stacyard("copy", sources.some, pgstac.url, "--collections-file", sources.collections_file, "-q")
    stacyard("copy", sources.rest, pgstac.url, "-q")
    assert pgstac.one("SELECT count(*) FROM query_queue") > 0
    assert len(pgstac.searched({"sortby": BY_ID})) == len(sources.items), "what is put off hides nothing"
    pypgstac("runqueue", database=pgstac)
    assert pgstac.one("SELECT count(*) FROM query_queue") == 0
    assert_consistent(pgstac)


# Servers


@contextlib.contextmanager
def running(command, port, environment=None, path="/"):
    log = tempfile.TemporaryFile()
    process = subprocess.Popen([*map(str, command)], env=os.environ | (environment or {}), stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60

    def said():
        log.seek(0)
        return log.read().decode()[-3000:]

    try:
        while True:
            assert process.poll() is None and time.monotonic() < deadline, said()
            try:
                with urllib.request.urlopen(url + path, timeout=30):
                    break
            except (ConnectionError, urllib.error.URLError):
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def uvicorn(database, app, path="/"):
    """A server of others on a database, with all that it needs to know."""
    from psycopg.conninfo import conninfo_to_dict

    known = conninfo_to_dict(database.dsn)
    environment = {"PGUSER": known["user"], "PGPASSWORD": known.get("password", "none"), "PGHOST": known["host"],
                   "PGPORT": str(known["port"]), "PGDATABASE": database.name}
    port = free_port()
    command = [BIN / "uvicorn", *app, "--port", port, "--log-level", "warning"]
    with running(command, port, environment, path) as url:
        yield url


@pytest.fixture(scope="module")
def stac_fastapi(loaded):
    with uvicorn(loaded, ["--factory", "stac_fastapi.pgstac.app:create_app"]) as url:
        yield url


@pytest.fixture(scope="module")
def served(loaded):
    port = free_port()
    with running([STACYARD, "serve", loaded.url, "--bind", f"127.0.0.1:{port}", "-q"], port) as url:
        yield url


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{url}: {error.code} {error.read().decode()}") from error


# Those that a server makes itself.
OF_SERVERS = ("self", "parent", "collection", "root", "alternate")


def without_links_of_servers(item):
    return item | {"links": [link for link in item.get("links", []) if link["rel"] not in OF_SERVERS]}


@pytest.mark.filterwarnings("ignore:Server does not conform to SORT")
def test_pystac_client_reads_the_same_from_stac_fastapi(loaded, stac_fastapi, body):
    import pystac_client

    ours = loaded.ours(*flags_of(body))
    names = {"filter-lang": "filter_lang"}
    arguments = {names.get(name, name): value for name, value in body.items()}
    theirs = list(pystac_client.Client.open(stac_fastapi).search(limit=50, **arguments).items_as_dicts())
    assert_others_say([without_links_of_servers(each) for each in ours], [without_links_of_servers(each) for each in theirs])


def test_both_servers_answer_the_same(stac_fastapi, served, body):
    ours, theirs = (post(f"{url}/search", body | {"limit": 1000}) for url in (served, stac_fastapi))
    assert ours["numberMatched"] == theirs["numberMatched"] == len(theirs["features"])
    assert_others_say(*([without_links_of_servers(each) for each in answer["features"]] for answer in (ours, theirs)))


def test_titiler_finds_the_items_of_a_search(loaded, served):
    """A search that TiTiler registers, and the SQL that a tile of it runs."""
    area, filter = [-20, 30, 60, 60], below(60.5)
    search = {"collections": ["sentinel-2-l2a"], "filter-lang": "cql2-json", "filter": filter}
    with uvicorn(loaded, ["titiler.pgstac.main:app"], "/healthz") as url:
        registered = post(f"{url}/searches/register", search)
        with urllib.request.urlopen(f"{url}/searches/{registered['id']}/bbox/{','.join(map(str, area))}/assets?items_limit=1000"
                                    "&scan_limit=10000&exitwhenfull=false&skipcovered=false", timeout=60) as answer:
            theirs = json.load(answer)
    ours = loaded.ours("--collections", "sentinel-2-l2a", "--filter", json.dumps(filter), f"--bbox={','.join(map(str, area))}")
    assert ours and {each["id"] for each in theirs} == {each["id"] for each in ours}
    assets = {each["id"]: each["assets"] for each in ours}
    assert all(as_others_say(each["assets"]) == as_others_say(assets[each["id"]]) for each in theirs)
    # Ours does not stumble over what TiTiler has written into the database.
    assert post(f"{served}/search", search | {"bbox": area, "limit": 1000})["numberMatched"] == len(ours)


# Others load, we read


def as_postgresql_keeps(value, within=()):
    """What is left of a value of `exact` in pgstac's tables when pypgstac has put it there. Coordinates are floats: 10 and 10.0 are
    one (PostGIS says 10), and there is no -0.0. `jsonb` keeps digits, but has no exponents and no -0.0 either."""
    if isinstance(value, dict):
        return {key: as_postgresql_keeps(each, (*within, key)) for key, each in value.items()}
    if isinstance(value, list):
        return [as_postgresql_keeps(each, within) for each in value]
    if within[:1] == ("geometry",) and isinstance(value, (int, Float)) and not isinstance(value, bool):
        return int(float(value)) if float(value).is_integer() else Float(repr(float(value)))
    if isinstance(value, Float) and ("e" in value or float(value) == 0):
        # Without the exponent it may be a whole number.
        return exact(f"{decimal.Decimal(value.lstrip('-') if float(value) == 0 else value):f}")
    return value


ODD_NUMBERS = [
    item("coordinates", 20, {"type": "LineString", "coordinates": [[10.0, 20], [-0.0, 0.1], [1e-7, 45.12345678901234]]}),
    item("exponents", 21, **{"x:a": 1e-7, "x:b": 1.5e300, "x:c": 1e16, "x:d": -0.0, "x:e": 2.0}),
]


@pytest.mark.parametrize("method", ["insert", "upsert", "delsert", "ignore"])
def test_we_read_what_pypgstac_loads(pgstac, sources, tmp_path, method):
    pypgstac_loads(pgstac, "collections", sources.collections, "insert")
    pgstac.sql("UPDATE collections SET partition_trunc = 'month' WHERE id = 'sentinel-2-l2a'")
    there = ODD_NUMBERS + sources.some_items
    pypgstac_loads(pgstac, "items", there, "insert")
    expected = exactly(there)
    if method == "insert":
        new = sources.rest_items
        expected |= exactly(new)
    else:
        new = sources.changed_items
        expected = expected | exactly(new) if method != "ignore" else exactly(new) | expected
    pypgstac_loads(pgstac, "items", new, method)
    found = read_back(pgstac, tmp_path)
    assert_same({key: as_postgresql_keeps(each) for key, each in expected.items()},
                {key: as_postgresql_keeps(each) for key, each in found.items()})


@pytest.mark.parametrize("method", ["upsert", "delsert"])
def test_what_pypgstac_changes_of_ours_is_changed(pgstac, sources, tmp_path, method):
    """What we keep beside a row (nulls, spelling of numbers) does not outlive the row."""
    stacyard("copy", sources.ndjson, pgstac.url, "--collections-file", sources.collections_file, "-q")
    odd = write(tmp_path / "odd.ndjson", [])
    odd.write_text(json.dumps(item("odd", 25, **{"x:a": "NUMBER"})).replace('"NUMBER"', "1.50e2, \"x:b\": null") + "\n")
    stacyard("copy", odd, pgstac.url, "-q")
    assert difference(read_back(pgstac, tmp_path)["by-hand", "odd"]["properties"]["x:a"], Float("1.50e2")) is None
    changed = [*sources.changed_items, item("odd", 25, **{"x:a": 3})]
    pypgstac_loads(pgstac, "items", changed, method)
    found = read_back(pgstac, tmp_path)
    assert_same({key: as_postgresql_keeps(each) for key, each in exactly(changed).items()},
                {key: as_postgresql_keeps(each) for key, each in found.items()})
    # And the other way.
    stacyard("copy", sources.ndjson, pgstac.url, "--mode", "upsert", "-q")
    assert_same(exactly(sources.items), {key: each for key, each in read_back(pgstac, tmp_path).items() if key[1] != "odd"})


OTHER_ASSETS = {"data": {"type": "image/jp2", "title": "Other", "bands": [{"name": "blue"}, {"name": "nir", "gsd": 60}]}, "more": {"roles": ["x"]}}


def assert_items_are(database, expected, folder):
    """By us and by pgstac."""
    ours = {key: as_postgresql_keeps(each) for key, each in read_back(database, folder).items()}
    assert_same({key: as_postgresql_keeps(each) for key, each in exactly(expected).items()}, ours)
    theirs = {(each["collection"], each["id"]): each for each in database.searched({"sortby": BY_ID})}
    assert_others_say(expected, [theirs[each["collection"], each["id"]] for each in expected])


def test_a_collection_that_pypgstac_edits_between_our_loads(pgstac, sources, tmp_path):
    stacyard("copy", sources.some, pgstac.url, "--collections-file", sources.collections_file, "-q")
    pypgstac_loads(pgstac, "collections", [collection(OTHER_ASSETS, title="Edited")], "upsert")
    assert_items_are(pgstac, sources.some_items, tmp_path)
    stacyard("copy", sources.rest, pgstac.url, "-q")
    assert_items_are(pgstac, sources.items, tmp_path)
    assert json.loads(stacyard("collections", pgstac.url, "get", "by-hand"))["title"] == "Edited"


def test_a_collection_that_we_edit_between_loads_of_pypgstac(pgstac, sources, tmp_path):
    pypgstac_loads(pgstac, "collections", sources.collections, "insert")
    pypgstac_loads(pgstac, "items", sources.some_items, "insert")
    edited = tmp_path / "edited.json"
    edited.write_text(json.dumps(collection(OTHER_ASSETS, title="Edited")))
    stacyard("collections", pgstac.url, "put", edited)
    assert_items_are(pgstac, sources.some_items, tmp_path)
    pypgstac_loads(pgstac, "items", sources.rest_items, "insert")
    assert_items_are(pgstac, sources.items, tmp_path)
    assert pgstac.one("SELECT pgstac.get_collection('by-hand') ->> 'title'") == "Edited"


@pytest.mark.parametrize("there", ["nothing", "some"])
def test_pypgstac_and_we_at_the_same_time(pgstac, catalog, sources, tmp_path, there):
    # Enough that our connections are all busy.
    new = catalog.items[:300] + BY_HAND
    old = [each | {"properties": each["properties"] | {"x:old": "yes"}} for each in new]
    ndjson = write(tmp_path / "new.ndjson", new)
    stacyard("collections", pgstac.url, "put", sources.collections_file)
    pgstac.sql("UPDATE collections SET partition_trunc = 'month' WHERE id = 'landsat-c2-l2'")
    if there == "some":
        stacyard("copy", sources.some, pgstac.url, "-q")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        ours = [pool.submit(stacyard, "copy", ndjson, pgstac.url, "--mode", "upsert", "-q") for _ in range(2)]
        pypgstac_loads(pgstac, "items", old, "upsert")
        ours.append(pool.submit(stacyard, "copy", ndjson, pgstac.url, "--mode", "upsert", "-q"))
        pypgstac_loads(pgstac, "items", old, "upsert")
        for each in ours:
            each.result()
    found = read_back(pgstac, tmp_path)
    either = exactly(new), exactly(old)
    assert found.keys() == either[0].keys()
    for key, each in found.items():
        each = as_postgresql_keeps(each)
        assert any(difference(as_postgresql_keeps(one[key]), each) is None for one in either), key
    assert pgstac.sql("SELECT collection, id FROM items GROUP BY 1, 2 HAVING count(*) > 1") == []
    assert_consistent(pgstac)
