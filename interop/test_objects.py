"""Files in an object store that is not ours (moto's server): written, read and searched as if they were here."""

import json
import pathlib
import subprocess
import time
import urllib.request

import pytest
from compare import difference
from conftest import STACYARD, by_id, lines, stacyard
from objects import ACCESS, environment, moto, run
from servers import free_port


@pytest.fixture(scope="module")
def s3():
    with moto() as environment:
        yield environment


def test_every_format_goes_there_and_back(s3, catalog, tmp_path):
    for name in ["a.ndjson", "a.ndjson.zst", "a.geojson", "a.json.gz", "a.parquet"]:
        run(s3, "copy", catalog.parquet, f"s3://bucket/dir/{name}")
        back = tmp_path / f"{name}.ndjson"
        run(s3, "copy", f"s3://bucket/dir/{name}", back)
        assert by_id(lines(back)) == catalog.by_id


def test_a_search_there_is_the_search_here(s3, catalog):
    run(s3, "copy", catalog.parquet, "s3://bucket/search.parquet")
    some = catalog.items[0]["id"]
    for question in [["--max-items", "5"], ["--datetime", "2024-01-01T00:00:00Z/.."], ["--ids", some]]:
        here = [json.loads(line) for line in stacyard("search", catalog.parquet, *question).splitlines()]
        assert here
        assert lines_of(run(s3, "search", "s3://bucket/search.parquet", *question)) == here
    explained = run(s3, "search", "s3://bucket/search.parquet", "--explain").stdout
    assert "bytes with" in explained


def test_a_target_that_is_there_stays(s3, catalog):
    run(s3, "copy", catalog.parquet, "s3://bucket/there.ndjson")
    said = run(s3, "copy", catalog.parquet, "s3://bucket/there.ndjson", fails=True).stderr
    assert "s3://bucket/there.ndjson exists already" in said and "--mode" in said
    run(s3, "copy", catalog.parquet, "s3://bucket/there.ndjson", "--mode", "upsert")
    assert len(lines_of(run(s3, "search", "s3://bucket/there.ndjson"))) == len(catalog.by_id)


def lines_of(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_large_files_go_in_parts(s3, tmp_path):
    file = tmp_path / "large.ndjson"
    item = {"type": "Feature", "stac_version": "1.1.0", "geometry": None, "links": [], "assets": {},
            "properties": {"datetime": "2024-01-01T00:00:00Z", "text": "x" * 20_000}}
    with file.open("w") as out:
        for number in range(2_500):
            out.write(json.dumps({**item, "id": str(number)}) + "\n")
    assert file.stat().st_size > 48 << 20
    run(s3, "copy", file, "s3://bucket/large.ndjson")
    assert run(s3, "search", "s3://bucket/large.ndjson", "--count").stdout.strip() == "2500"
    back = tmp_path / "back.ndjson"
    run(s3, "copy", "s3://bucket/large.ndjson", back)
    assert by_id(lines(back)) == by_id(lines(file))


def test_what_is_not_there_is_said(s3, tmp_path):
    assert "s3://bucket/none.parquet is not there" in run(s3, "info", "s3://bucket/none.parquet", fails=True).stderr
    said = run(s3, "info", "s3://nobody/none.parquet", fails=True).stderr
    assert 'there is no bucket "nobody"' in said
    said = run(s3, "copy", pathlib.Path(__file__).parent / "none.ndjson", "s3://bucket/x.parquet", fails=True).stderr
    assert "none.ndjson" in said


def test_credentials_come_from_a_profile(s3, catalog, tmp_path):
    run(s3, "copy", catalog.parquet, "s3://bucket/profile.parquet")
    credentials, config = tmp_path / "credentials", tmp_path / "config"
    credentials.write_text("[lab]\naws_access_key_id = here\naws_secret_access_key = secret-of-here\n")
    config.write_text(f"[profile lab]\nregion = us-east-1\nendpoint_url = {s3['AWS_ENDPOINT_URL']}\n")
    by_profile = {"AWS_PROFILE": "lab", "AWS_SHARED_CREDENTIALS_FILE": str(credentials), "AWS_CONFIG_FILE": str(config)}
    assert run(by_profile, "search", "s3://bucket/profile.parquet", "--count").stdout.strip() == str(len(catalog.by_id))
    bare = {"AWS_ENDPOINT_URL": s3["AWS_ENDPOINT_URL"]}
    said = run(bare, "--anonymous", "info", "s3://bucket/profile.parquet", fails=True).stderr
    assert "may not be used" in said and "leave --anonymous out" in said
    client(s3).put_object_acl(Bucket="bucket", Key="profile.parquet", ACL="public-read")
    counted = run(bare, "--anonymous", "search", "s3://bucket/profile.parquet", "--count")
    assert counted.stdout.strip() == str(len(catalog.by_id))


@pytest.fixture(scope="module")
def folder(s3, catalog, tmp_path_factory):
    """The catalog in files of a folder: by collection and half, in partitions as Hive has them; one is of somebody else. Beside them are
    files that are not of the data."""
    import pyarrow.parquet

    here = tmp_path_factory.mktemp("folder")
    for collection in catalog.collections:
        for half, datetime in enumerate(["../2024-12-31T23:59:59.999Z", "2025-01-01T00:00:00Z/.."]):
            file = here / f"{collection}-{half}.parquet"
            stacyard("copy", catalog.parquet, file, "--collections", collection, "--datetime", datetime)
            if stacyard("search", file, "--count").strip() == "0":
                continue
            if half:
                pyarrow.parquet.write_table(pyarrow.parquet.read_table(file), file)
            # As they stand in keys these names are: nothing in them is an escape.
            put(s3, f"folder/of items/collection={collection}/part%20#{half}+?.parquet", file.read_bytes())
    put(s3, "folder/of items/", b"")
    put(s3, f"folder/of items/collection={collection}/", b"")
    put(s3, "folder/of items/_temporary/broken.parquet", b"no Parquet")
    put(s3, "folder/of items/readme.txt", b"not of the data")
    put(s3, "folder/of items, but elsewhere.parquet", b"not in the folder")
    return "s3://bucket/folder/of items/"


def put(s3, key, body):
    client(s3).put_object(Bucket="bucket", Key=key, Body=body)


def client(s3):
    import boto3

    return boto3.client("s3", endpoint_url=s3["AWS_ENDPOINT_URL"], region_name=ACCESS["AWS_REGION"],
                        aws_access_key_id=ACCESS["AWS_ACCESS_KEY_ID"], aws_secret_access_key=ACCESS["AWS_SECRET_ACCESS_KEY"])


def test_a_folder_there_is_one_store(s3, catalog, folder):
    for question in [[], ["--max-items", "7"], ["--datetime", "2024-12-01T00:00:00Z/2025-02-01T00:00:00Z"],
                     ["--collections", next(iter(catalog.collections)), "--sortby", "id"]]:
        here = [json.loads(line) for line in stacyard("search", catalog.parquet, *question).splitlines()]
        assert here
        found = lines_of(run(s3, "search", folder, *question))
        assert [item["id"] for item in found] == [item["id"] for item in here]
        assert by_id(found) == by_id(here)
    explained = run(s3, "search", folder, "--ids", catalog.items[0]["id"], "--explain").stdout
    assert "files" in explained and "bytes with" in explained
    info = json.loads(run(s3, "info", folder, "--format", "json").stdout)
    assert info["items"] == len(catalog.items)


def test_what_a_folder_has_not_is_told(s3):
    assert "s3://bucket/empty/ is a folder without Parquet files" in run(s3, "info", "s3://bucket/empty/", fails=True).stderr
    put(s3, "wrong/a.parquet", b"no Parquet")
    assert "s3://bucket/wrong/a.parquet" in run(s3, "info", "s3://bucket/wrong/", fails=True).stderr
    put(s3, "delta/_delta_log/0.json", b"{}")
    assert "Delta table" in run(s3, "info", "s3://bucket/delta/", fails=True).stderr


def test_a_folder_there_is_not_written_into_itself(s3, folder):
    said = run(s3, "copy", folder, folder + "all.parquet", fails=True).stderr
    assert "which then had its Items twice" in said


def test_a_file_of_a_folder_there_is_named_as_it_is_opened(s3, catalog, folder):
    """What messages call a file is a name of it."""
    put(s3, "named/a%20b.parquet", b"no Parquet")
    said = run(s3, "info", "s3://bucket/named/", fails=True).stderr
    name = said.split()[1].rstrip(":")
    assert name == "s3://bucket/named/a%2520b.parquet"
    run(s3, "copy", catalog.parquet, name, "--overwrite")
    assert run(s3, "search", "s3://bucket/named/", "--count").stdout.strip() == str(len(catalog.items))


def test_a_folder_and_a_file_there_are_served(s3, catalog, folder):
    run(s3, "copy", catalog.parquet, "s3://bucket/served.parquet")
    for store in [folder, "s3://bucket/served.parquet"]:
        port = free_port()
        server = subprocess.Popen([STACYARD, "serve", store, "--bind", f"127.0.0.1:{port}", "-q"], env=environment(s3))
        try:
            url = f"http://127.0.0.1:{port}/search?limit=1000"
            for _ in range(100):
                try:
                    with urllib.request.urlopen(url) as answer:
                        found = json.load(answer)
                    break
                except OSError:
                    time.sleep(0.1)
            of_servers = ("self", "parent", "collection", "root", "alternate")
            found = [item | {"links": [link for link in item["links"] if link["rel"] not in of_servers]}
                     for item in found["features"]]
            here = lines_of(subprocess.run([STACYARD, "search", catalog.parquet], capture_output=True, text=True))
            here = [item | {"links": [link for link in item["links"] if link["rel"] not in of_servers]} for item in here]
            assert [difference(a, b) for a, b in zip(found, here, strict=True) if a != b][:1] == []
        finally:
            server.terminate()
            server.wait(timeout=20)


def test_a_static_catalog_there_is_crawled(s3, catalog, tmp_path):
    stacyard("copy", catalog.parquet, f"{tmp_path}/static/", "--layout", "${collection}/${year}")
    for file in (tmp_path / "static").rglob("*.json"):
        put(s3, f"stac/{file.relative_to(tmp_path / 'static')}", file.read_bytes())
    for start in ["s3://bucket/stac/catalog.json", "s3://bucket/stac/"]:
        run(s3, "crawl", start, tmp_path / "back.parquet", "--overwrite")
        back = lines_of(subprocess.run([STACYARD, "search", tmp_path / "back.parquet"], capture_output=True, text=True))
        assert set(by_id(back)) == set(catalog.by_id)
        by = by_id(back)
        assert all(by[key]["properties"] == item["properties"] for key, item in catalog.by_id.items())
    # A link to what is not there is set aside, one to another bucket is, and the rest is kept.
    root = json.loads((tmp_path / "static" / "catalog.json").read_text())
    root["links"] += [{"rel": "item", "href": "./gone.json"}, {"rel": "item", "href": "s3://other/x.json"},
                      {"rel": "item", "href": "file:///etc/hostname"}]
    put(s3, "stac/catalog.json", json.dumps(root).encode())
    done = subprocess.run([STACYARD, "crawl", "s3://bucket/stac/", tmp_path / "some.ndjson", "--rejects", tmp_path / "r.ndjson"],
                          env=environment(s3), capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert len(lines(tmp_path / "some.ndjson")) == len(catalog.items)
    said = " ".join(str(reject) for reject in lines(tmp_path / "r.ndjson"))
    assert "s3://bucket/stac/gone.json is not there" in said and "not that of the catalog" in said and "of this machine" in said
    put(s3, "stac/catalog.json", json.dumps(root | {"links": [{"rel": "item", "href": "https://example.org/x.json"}]}).encode())
    said = run(s3, "crawl", "s3://bucket/stac/", tmp_path / "none.ndjson", fails=True).stderr
    assert "which is on the web" in said and "--follow-foreign" in said
