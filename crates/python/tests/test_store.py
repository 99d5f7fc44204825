"""Stores that are asked and changed."""

import datetime

import pytest
import stacyard

from conftest import SERVER, collection, make, needs_server, write

MANY = [make(f"i{number:03}", 1 + number % 28, collection=f"c{number % 3}", geometry=(number % 90, number % 45), n=number, **{"eo:cloud_cover": number / 2}) for number in range(120)]


@pytest.fixture(params=["ndjson", "parquet"])
def store(request):
    name = f"many.{request.param}"
    stacyard.copy(MANY, name, collections=[collection(f"c{number}") for number in range(3)])
    return stacyard.open(name)


def ids(found):
    return [item["id"] for item in found]


def test_an_answer_in_all_its_forms(store):
    found = store.search(filter="n < 50", sortby="-n", limit=7)
    expected = [f"i{number:03}" for number in reversed(range(50))]
    assert ids(found) == expected
    assert found.count() == 50
    assert found.first()["id"] == "i049"
    assert ids(found.item_collection()["features"]) == expected
    pages = list(found.pages())
    assert [len(page["features"]) for page in pages] == [7] * 7 + [1]
    assert ids(item for page in pages for item in page["features"]) == expected
    assert [len(page["features"]) for page in found.pages(20)] == [20, 20, 10]
    few = store.search(filter="n < 50", sortby="n", max_items=5)
    assert ids(few) == ids(item for page in few.pages(2) for item in page["features"]) == expected[:-6:-1]
    assert store.search(filter="n > 1000").first() is None
    assert list(store.search(filter="n > 1000").pages()) == []


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ({"collections": ["c1"], "max_items": 1000}, lambda item: item["collection"] == "c1"),
        ({"collections": "c0,c2"}, lambda item: item["collection"] != "c1"),
        ({"ids": ["i003", "i117"]}, lambda item: item["id"] in ("i003", "i117")),
        ({"bbox": [9.5, 9.5, 20, 20]}, lambda item: 9.5 <= item["bbox"][0] <= 20 and 9.5 <= item["bbox"][1] <= 20),
        ({"bbox": "9.5,9.5,20,20"}, lambda item: 9.5 <= item["bbox"][0] <= 20 and 9.5 <= item["bbox"][1] <= 20),
        ({"intersects": {"type": "Point", "coordinates": [3, 3]}}, lambda item: item["bbox"][:2] == [3, 3]),
        ({"datetime": "2024-06-03"}, lambda item: item["properties"]["datetime"].startswith("2024-06-03")),
        ({"datetime": "2024-06-03/2024-06-05"}, lambda item: "2024-06-03" <= item["properties"]["datetime"][:10] <= "2024-06-05"),
        ({"datetime": "2024-06-27/.."}, lambda item: item["properties"]["datetime"][:10] >= "2024-06-27"),
        ({"datetime": "2024-06"}, lambda item: True),
        ({"datetime": "2023"}, lambda item: False),
        ({"datetime": datetime.date(2024, 6, 3)}, lambda item: item["properties"]["datetime"].startswith("2024-06-03")),
        ({"datetime": datetime.datetime(2024, 6, 3)}, lambda item: item["properties"]["datetime"].startswith("2024-06-03")),
        ({"datetime": [None, datetime.datetime(2024, 6, 3, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))]}, lambda item: item["properties"]["datetime"][:10] <= "2024-06-03"),
        ({"filter": {"op": "<", "args": [{"property": "n"}, 10]}}, lambda item: item["properties"]["n"] < 10),
        ({"query": {"eo:cloud_cover": {"gte": 50}}}, lambda item: item["properties"]["eo:cloud_cover"] >= 50),
    ],
    ids=str,
)
def test_keywords_mean_what_they_mean_elsewhere(store, search, expected):
    assert sorted(ids(store.search(**search))) == [item["id"] for item in MANY if expected(item)]


def test_orders_and_fields(store):
    by = store.search(sortby=[{"field": "collection", "direction": "desc"}, "-n"], max_items=2)
    assert ids(by) == ["i119", "i116"]
    assert ids(store.search(sortby="+n", max_items=2)) == ["i000", "i001"]
    for fields in ({"fields": "id,n"}, {"fields": ["id", "n"]}, {"fields": {"include": ["id", "n"]}}, {"include": ["id", "n"]}):
        assert store.search(ids="i005", **fields).first() == {"id": "i005", "collection": "c2", "properties": {"n": 5}}
    assert "assets" not in store.search(ids="i005", exclude=["assets"]).first()
    with pytest.warns(stacyard.StacyardWarning, match="no Item that was found has nope"):
        list(store.search(fields="id,nope"))


def test_what_is_asked_wrongly_is_said(store):
    def raised(error, **search):
        with pytest.raises(error) as info:
            list(store.search(**search))
        return info.value

    unknown = raised(stacyard.errors.UnknownProperty, filter="eo:cloud_covr < 5")
    assert (unknown.name, unknown.nearest) == ("eo:cloud_covr", "eo:cloud_cover")
    assert isinstance(unknown, (stacyard.errors.Usage, ValueError))
    assert "eo:cloud_cover" in str(unknown)
    assert raised(stacyard.errors.UnknownCollection, collections=["c9"]).name == "c9"
    fault = raised(stacyard.errors.Usage, filter="n <")
    assert fault.details and "filter" in fault.message
    assert "`stacyard help filter`" in fault.remedy
    raised(stacyard.errors.Usage, bbox=[1, 2, 3])
    raised(stacyard.errors.Usage, bbox=[0, 0, 1, 1], intersects={"type": "Point", "coordinates": [1, 2]})
    raised(stacyard.errors.Usage, limit=0)
    raised(stacyard.errors.Usage, datetime="June")
    raised(stacyard.errors.Usage, collections=[])
    raised(stacyard.errors.Usage, timeout=-1)
    raised(stacyard.errors.LimitExceeded, timeout=1e-9)
    with pytest.raises(TypeError, match="limt"):
        store.search(limt=5)
    with pytest.raises(TypeError, match="limit"):
        store.search(limit="ten")
    assert list(store.search(filter="nope = 1", filter_lenient=True)) == []


def test_one_item(store):
    assert store.get("i007") == MANY[7]
    assert store.get("i007", collection="c1") == MANY[7]
    assert store.get("i007", collection="c2") is None
    assert store.get("nope") is None
    assert store.etag("i007") == store.etag("i007", collection="c1") != store.etag("i008")


def test_an_id_of_several_collections_needs_one():
    write("x.ndjson", [make("a", collection="c"), make("a", collection="d")])
    store = stacyard.open("x.ndjson")
    with pytest.raises(stacyard.errors.Usage, match="several collections"):
        store.get("a")
    assert store.get("a", collection="d")["collection"] == "d"


def test_a_file_takes_no_single_changes(store):
    with pytest.raises(stacyard.errors.Unsupported) as raised:
        store.put(make("z", collection="c0"))
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("name", "error"),
    [("nope.parquet", "NotFound"), ("x.csv", "Usage"), ("", "Usage"), ("ftp://x", "Usage"), ("postgis://127.0.0.1:1/x", "Unavailable")],
)
def test_a_store_that_cannot_be_opened(name, error, monkeypatch):
    with pytest.raises(getattr(stacyard.errors, error)):
        list(stacyard.open(name).search(timeout=2))


def test_what_is_damaged():
    with open("x.parquet", "wb") as file:
        file.write(b"PAR1" + b"x" * 100)
    with pytest.raises(stacyard.errors.StacyardError) as raised:
        list(stacyard.open("x.parquet").search())
    assert type(raised.value).__name__ in ("Damaged", "Usage", "Failed")


@pytest.fixture
def refusing():
    """A server that knows nobody, and shows what it was sent."""
    import http.server
    import threading

    class Refuses(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(403)
            self.end_headers()
            self.wfile.write(str(self.headers).encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_secrets_are_not_shown(capfd, caplog, refusing):
    with pytest.raises(stacyard.errors.Denied):
        stacyard.open(refusing)
    for call in (
        lambda: stacyard.open("postgis://me:sesame@127.0.0.1:1/x").search().count(),
        lambda: stacyard.copy([make()], "postgis://me:sesame@127.0.0.1:1/x"),
        lambda: stacyard.open(f"{refusing}/stac?key=sesame", headers={"Authorization": "sesame"}).search().count(),
        lambda: stacyard.open("s3://bucket/x.parquet", object_options={"aws_endpoint": refusing, "aws_allow_http": "true", "aws_access_key_id": "a", "aws_secret_access_key": "sesame"}),
    ):
        with pytest.raises(stacyard.StacyardError) as raised:
            call()
        assert "sesame" not in str(raised.value) + repr(raised.value)
    assert "sesame" not in "".join(capfd.readouterr()) + caplog.text


@needs_server
def test_a_database_takes_changes(database):
    store = stacyard.open(database)
    assert store.put(collection("c")).is_new
    item = make("a", collection="c", gsd=10)
    put = store.put(item)
    assert put.is_new and store.etag("a", collection="c") == put.etag
    with pytest.raises(stacyard.errors.Exists):
        store.put(item, only_new=True)
    item["properties"]["gsd"] = 2**60 + 1
    assert not store.put(item, etag=put.etag).is_new
    with pytest.raises(stacyard.errors.Conflict):
        store.put(item, etag=put.etag)
    assert store.get("a", collection="c")["properties"]["gsd"] == 2**60 + 1
    with pytest.raises(stacyard.errors.Invalid) as raised:
        store.put({**item, "geometry": {"type": "Point", "coordinates": [500]}})
    assert raised.value.findings[0].pointer.startswith("/geometry")
    with pytest.raises(stacyard.errors.Usage, match="/properties/x: NaN"):
        store.put({**item, "properties": {"x": float("nan")}})
    with pytest.raises(stacyard.errors.StacyardError):
        store.delete_collection("c")
    store.delete("a", collection="c")
    with pytest.raises(stacyard.errors.NotFound):
        store.delete("a", collection="c")
    store.delete_collection("c")
    assert store.collections == {}


@needs_server
def test_a_database_answers_as_a_file_does(database, store):
    report = stacyard.copy(store, database, collections=[collection(f"c{number}") for number in range(3)])
    assert report.written == len(MANY)
    other = stacyard.open(database)
    for search in ({"filter": "n < 50", "sortby": "-n"}, {"bbox": [9.5, 9.5, 20, 20]}, {}):
        assert list(other.search(**search)) == list(store.search(**search))
    assert other.kind == "postgis" and "schema=pypi" in other.name and SERVER


def test_records_that_are_not_valid_are_warned_of_whatever_is_asked():
    with open("items.ndjson", "a") as file:
        file.write('{"type": "Feature"}\n')
    found = stacyard.open("items.ndjson").search()
    for ask in (found.count, found.to_arrow, lambda: list(found), found.item_collection):
        with pytest.warns(stacyard.StacyardWarning, match="1 records of the store are not valid|1 record"):
            ask()


def test_what_is_not_there_is_told_when_it_is_opened():
    for name in ("nope.ndjson", "nope.geojson", "nope.ndjson.gz", "nope.parquet"):
        with pytest.raises(stacyard.errors.NotFound):
            stacyard.open(name)


def test_a_misspelt_part_is_refused():
    with pytest.raises(stacyard.errors.Usage, match='fields: there is no "includes"'):
        stacyard.open("items.ndjson").search(fields={"includes": ["id"]})


def test_an_answer_that_is_copied_ends_in_time():
    found = stacyard.open("items.ndjson").search(timeout=1e-9)
    with pytest.raises(stacyard.errors.LimitExceeded):
        stacyard.copy(found, "x.ndjson")
    assert stacyard.copy(stacyard.open("items.ndjson").search(timeout=60), "x.ndjson").written == 2
