"""Files in an object store that is not ours (moto's server): written, read and searched as if they were here."""

import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

import pytest
from conftest import STACYARD, by_id, lines, stacyard
from servers import free_port

ACCESS = {"AWS_ACCESS_KEY_ID": "here", "AWS_SECRET_ACCESS_KEY": "secret-of-here", "AWS_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def s3():
    """The environment of an object store with the bucket `bucket`."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    endpoint = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(urllib.request.Request(f"{endpoint}/bucket", method="PUT")).read()
                break
            except OSError:
                time.sleep(0.1)
        yield {**ACCESS, "AWS_ENDPOINT_URL": endpoint}
    finally:
        server.terminate()
        server.wait(timeout=20)


def run(s3, *arguments, fails=False):
    """What the command says, with this environment and no other credentials."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"HOME": "/nowhere", **s3}
    done = subprocess.run([STACYARD, *map(str, arguments)], env=environment, capture_output=True, text=True, timeout=300)
    assert (done.returncode != 0) == fails, done.stderr
    assert "secret-of-here" not in done.stdout + done.stderr
    return done


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
    import boto3

    client = boto3.client("s3", endpoint_url=s3["AWS_ENDPOINT_URL"], region_name=ACCESS["AWS_REGION"],
                          aws_access_key_id=ACCESS["AWS_ACCESS_KEY_ID"],
                          aws_secret_access_key=ACCESS["AWS_SECRET_ACCESS_KEY"])
    client.put_object_acl(Bucket="bucket", Key="profile.parquet", ACL="public-read")
    counted = run(bare, "--anonymous", "search", "s3://bucket/profile.parquet", "--count")
    assert counted.stdout.strip() == str(len(catalog.by_id))
