"""What is elsewhere: a STAC API, which the package's own command serves over a database or a file, and an object store (moto's)."""

import contextlib
import http.server
import json
import pathlib
import subprocess
import sys
import threading
import urllib.request

import pytest
import stacyard

from conftest import collection, free_port, make, needs_server, wait_for, write

COMMAND = pathlib.Path(sys.executable).parent / "stacyard"


@contextlib.contextmanager
def served(store, *flags):
    """The address of an API over a store."""
    url = f"http://127.0.0.1:{free_port()}"
    process = subprocess.Popen([COMMAND, "serve", store, "--bind", url.removeprefix("http://"), *flags], stderr=subprocess.PIPE, text=True)
    try:
        wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.communicate(timeout=20)


@contextlib.contextmanager
def told_apart(url):
    """A proxy that keeps the path and the headers of each request."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.append((self.command, self.path, self.headers, body))
            kept = {name: self.headers[name] for name in ("Accept", "Content-Type") if name in self.headers}
            kept |= {"X-Forwarded-Host": self.headers["Host"], "X-Forwarded-Proto": "http"}
            asked = urllib.request.Request(url + self.path, data=body or None, headers=kept, method=self.command)
            try:
                answer = urllib.request.urlopen(asked, timeout=20)
            except urllib.error.HTTPError as error:
                answer = error
            content = answer.read()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
        server.shutdown()


def test_an_api_is_asked_with_headers_and_pages():
    stacyard.copy([make(f"i{number:03}", 1 + number % 28, n=number) for number in range(250)], "x.parquet")
    # Links of the server lead to the proxy, since it trusts it.
    with served("x.parquet", "--trusted-proxy", "127.0.0.1/32") as behind, told_apart(behind) as (url, seen):
        store = stacyard.open(url, headers={"X-Key": "mine"}, page_size=100)
        assert store.kind == "api" and store.search(filter="n < 7").count() == 7
        del seen[:]
        ids = {item["id"] for item in store.search()}
        assert len(ids) == 250
        pages = [path for _, path, _, _ in seen if "/search" in path]
        assert len(pages) == 3 and all("limit=100" in path or b'"limit":100' in body for _, path, _, body in seen if "/search" in path)
        assert all(headers["X-Key"] == "mine" for _, _, headers, _ in seen)
        assert "mine" not in repr(store) + store.name
        # A dictionary of headers that are none.
        with pytest.raises(stacyard.errors.Usage) as raised:
            stacyard.open(url, headers={"X Key": "mine"})
        assert "mine" not in str(raised.value)


def test_what_an_api_cannot_answer_is_refused_or_done_here():
    class Landing(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            host = f"http://{self.headers['Host']}"
            core = ["https://api.stacspec.org/v1.0.0/core", "https://api.stacspec.org/v1.0.0/item-search"]
            landing = {"type": "Catalog", "stac_version": "1.1.0", "id": "x", "description": "x", "conformsTo": core,
                       "links": [{"rel": "search", "href": f"{host}/search", "type": "application/geo+json"}]}
            found = {"type": "FeatureCollection", "features": [make("a", gsd=10), make("b", gsd=30)], "links": []}
            content = json.dumps(found if self.path.startswith("/search") else landing).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Landing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        assert [item["id"] for item in stacyard.open(url).search(filter="gsd > 20")] == ["b"]
        with pytest.raises(stacyard.errors.Unsupported):
            list(stacyard.open(url, strict_api=True).search(filter="gsd > 20"))
        server.shutdown()


def test_a_harvest_is_kept_and_updated():
    stacyard.copy([make(f"i{number:03}", 1 + number % 20, updated=f"2024-07-{1 + number % 20:02}T00:00:00Z") for number in range(200)], "x.parquet")
    with served("x.parquet", "--trusted-proxy", "127.0.0.1/32") as behind, told_apart(behind) as (url, seen):
        report = stacyard.copy(url, "mirror.parquet", journal="journal", harvest_connections=2, page_size=50)
        assert report.written == 200 and report.fetched["items"] == 200 and report.fetched["pages"] >= 4
        assert not pathlib.Path("journal").exists(), "it is kept until the target is written"
        with pytest.raises(stacyard.errors.Usage):
            stacyard.copy(url, "mirror.parquet", update=True, mode="ignore")
        report = stacyard.copy(url, "mirror.parquet", update=True)
        # From a day before the latest of the target: those of two days.
        assert 0 < report.read < 50 and stacyard.open("mirror.parquet").search().count() == 200


@needs_server
def test_partitions_and_collections_that_nobody_brings(database):
    made = stacyard.init(database, partition=["c"])
    assert made.after >= made.before and any("c" in change for change in made.changes)
    assert stacyard.copy([make("a", collection="c")], database, collections=collection("c")).written == 1
    assert list(stacyard.open(database).collections) == ["c"]
    with pytest.raises(stacyard.errors.Usage, match="none has to be made") as raised:
        stacyard.copy([make("a")], "x.parquet", create_collections=True)
    assert raised.value.remedy == "leave `create_collections` out"


def test_a_static_catalog_says_where_it_is_published():
    stacyard.copy("items.ndjson", "out", layout="${year}", published="absolute", root_url="https://host/stac", catalog_id="mine", items_parquet=False)
    root = json.loads(pathlib.Path("out/catalog.json").read_text())
    assert root["id"] == "mine"
    assert {link["href"] for link in root["links"] if link["rel"] == "self"} == {"https://host/stac/catalog.json"}
    assert all(link["href"].startswith("https://host/stac/") for link in root["links"])
    with pytest.raises(stacyard.errors.Usage) as raised:
        stacyard.copy("items.ndjson", "other", layout="${year}", published="absolute")
    assert "root_url" in str(raised.value) and not pathlib.Path("other").exists()
    stacyard.copy([make("a", collection="c"), make("b", collection="c")], "near", layout="${collection}/${year}", published="relative", root_url="https://host/stac",
                  items_parquet=True, collections=collection("c"))
    assert stacyard.open("near/catalog.json", store_kind="catalog", concurrency=4).search().count() == 2
    assert [stacyard.open(path).search().count() for path in pathlib.Path("near").rglob("items.parquet")] == [2]


def test_object_stores(bucket):
    report = stacyard.copy("items.ndjson", "s3://bucket/x.parquet", object_options=bucket)
    assert report.written == 2
    store = stacyard.open("s3://bucket/x.parquet", object_options=bucket)
    assert [item["id"] for item in store.search(sortby="id")] == ["a", "b"]
    assert stacyard.search_to("few.ndjson", store, filter="gsd > 20").written == 1
    write("more.ndjson", [make("c")])
    assert stacyard.copy("more.ndjson", "s3://bucket/x.parquet", mode="ignore", object_options=bucket).written == 1
    unsigned = {name: value for name, value in bucket.items() if name in ("aws_endpoint_url", "aws_region")}
    with pytest.raises(stacyard.errors.Denied) as raised:
        stacyard.open("s3://bucket/x.parquet", object_options=unsigned, anonymous=True)
    assert "leave anonymous=True out" in raised.value.remedy
    assert store.search().count() == 2 and stacyard.open("s3://bucket/x.parquet", object_options=bucket).search().count() == 3
    with pytest.raises(stacyard.errors.NotFound):
        stacyard.open("s3://bucket/nothing.parquet", object_options=bucket)
    with pytest.raises(stacyard.errors.Usage) as raised:
        stacyard.open("s3://bucket/x.parquet", object_options={"aws_secret": "secret-of-here"})
    assert "aws_secret" in str(raised.value) and "secret-of-here" not in str(raised.value)
    # A store that is open is read as it was opened; the target is opened as the call says.
    local = stacyard.open("items.ndjson")
    assert stacyard.copy(local, "s3://bucket/y.parquet", object_options=bucket).written == 2
    assert stacyard.copy(stacyard.open("s3://bucket/y.parquet", object_options=bucket), "y.ndjson").written == 2
