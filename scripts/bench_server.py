"""Asks `stacyard serve` and the servers of others the same over HTTP, one after the other on the same data, and writes the table. Load comes
from wrk, a process of its own, over loopback."""

import argparse
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from bench import EXTENSIONS

# What stands in the way of more, as profiled on 2026-11-26.
LIMITS = """
What limits it. A page of 100 Items is a megabyte of JSON that is put together from columns for each request. Of the time of the server 12 % goes into
unpacking pages that the cache of 32 MiB has no room for, 16 % into reading and copying values, 12 % into finding the place of the links in the text of each
Item, and the rest into writing JSON, with nothing beyond 5 %. rustac answered 6.4 of these requests a second, twice as
many as where the figures that we aim at were taken.
"""

CONNECTIONS = 8
BOX = "0,40,10,50"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--binaries", "--peers", "--geoparquet-peers", "--work", "--report"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    parser.add_argument("--items", type=int, required=True)
    parser.add_argument("--small-items", type=int, required=True)
    parser.add_argument("--seconds", type=int, required=True)
    options = parser.parse_args()
    stacyard = options.binaries / "stacyard"
    options.work.mkdir(parents=True, exist_ok=True)

    def run(*command, **more):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **more)
        if done.returncode != 0:
            sys.exit(f"{command}: {done.stderr[-2000:]}")
        return done.stdout

    # The data: Items of about 10 kB, and many of one kilobyte.
    big = made(run, options, f"big-{options.items}", options.items, "big")
    parquet = copied(run, stacyard, big)
    small = copied(run, stacyard, made(run, options, f"small-{options.small_items}", options.small_items, "small"))
    server = os.environ["STACYARD_TEST_DATABASE"]
    place = server.removeprefix("postgis://")
    dsn, ours = f"postgresql://{place}", f"{server}?schema=bench_server"
    run(stacyard, "init", ours)
    run(stacyard, "copy", big, ours, "-q")
    pgstac(run, options, big, dsn)

    with open(big) as lines:
        item = json.loads(next(lines))
    with open(options.work / f"small-{options.small_items}.ndjson") as lines:
        small_item = json.loads(next(lines))

    rows, notes = [], {}

    def ask(name, url, collection_and_id=item):
        one = f"{url}/collections/{collection_and_id['collection']}/items/{collection_and_id['id']}"
        figures = {}
        for what, target in (
            ("limit=10", f"{url}/search?limit=10"),
            ("limit=100&bbox", f"{url}/search?limit=100&bbox={BOX}"),
            ("item", one),
        ):
            check(target)
            figures[what] = load(target, options.seconds)
        rows.append((name, figures))
        print(name, figures, flush=True)

    with serving([stacyard, "serve", ours, "-q"], "--bind") as (url, _):
        ask("PostGIS: stacyard serve", url)
    with uvicorn(options.peers, "pgstac_app:app", PGSTAC_APP, environment(dsn)) as url:
        ask("PostGIS: stac-fastapi-pgstac 7.2.0, 2 workers", url)
    with serving([stacyard, "serve", parquet, "-q"], "--bind") as (url, _):
        ask("GeoParquet: stacyard serve", url)
        notes["ndjson"] = taken(f"{url}/search?f=ndjson")
        notes["geoparquet"] = taken(f"{url}/search?f=geoparquet")
    begin = time.monotonic()
    run(stacyard, "copy", parquet, options.work / "copied.ndjson", "-q", "--mode", "replace")
    notes["copy ndjson"] = time.monotonic() - begin
    begin = time.monotonic()
    run(stacyard, "copy", parquet, options.work / "copied.parquet", "-q", "--mode", "replace")
    notes["copy geoparquet"] = time.monotonic() - begin
    home = options.work / "home"
    run(options.peers / "bin/python", "-c", EXTENSIONS, home)
    rustac = ["env", f"HOME={home}", options.peers / "bin/rustac", "serve", parquet]
    with serving(rustac, "--addr") as (url, _):
        ask("GeoParquet: rustac serve 0.9.17", url)
    href = {"STAC_FASTAPI_GEOPARQUET_HREF": str(parquet), "HOME": str(home)}
    with uvicorn(options.geoparquet_peers, "stac_fastapi.geoparquet.main:app", None, href) as url:
        ask("GeoParquet: stac-fastapi-geoparquet 0.0.7, 2 workers", url)

    begin = time.monotonic()
    with serving([stacyard, "serve", small, "-q"], "--bind") as (url, process):
        notes["first byte"] = time.monotonic() - begin
        notes["at rest"] = resident(process.pid)
        one = f"{url}/collections/{small_item['collection']}/items/{small_item['id']}"
        check(one)
        notes["one of a million"] = load(one, options.seconds)
        # A million requests, or as many as come in two minutes.
        done = 0
        begin = time.monotonic()
        while done < 1_000_000 and time.monotonic() - begin < 120:
            done += load(one, 10)["requests"]
        notes["requests"] = done
        notes["after"] = resident(process.pid)
    report(options, rows, notes)


def made(run, options, name, number, kind):
    """A catalog of the generator."""
    path = options.work / f"{name}.ndjson"
    if not path.exists():
        part = path.with_suffix(".part")
        run(options.binaries / "make-catalog", "--items", number, "--style", kind, part)
        part.rename(path)
    return path


def copied(run, stacyard, ndjson):
    path = ndjson.with_suffix(".parquet")
    if not path.exists():
        run(stacyard, "copy", ndjson, path, "-q")
    return path


PGSTAC_APP = "from stac_fastapi.pgstac.app import instantiate_api\napp = instantiate_api().app\n"


def environment(dsn):
    parts = re.match(r"postgresql://([^:@]+)(?::([^@]*))?@([^:/]+):(\d+)/(.+)", dsn).groups()
    names = ("PGUSER", "PGPASSWORD", "PGHOST", "PGPORT", "PGDATABASE")
    return {name: value or "none" for name, value in zip(names, (parts[0], parts[1], parts[2], parts[3], parts[4]))}


def pgstac(run, options, ndjson, dsn):
    """The same Items in pgstac."""
    collections = options.work / "server.collections.ndjson"
    ids = set()
    with open(ndjson) as lines:
        for line in lines:
            ids.add(json.loads(line)["collection"])
    with open(collections, "w") as out:
        for one in sorted(ids):
            extent = {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}}
            out.write(json.dumps({"type": "Collection", "stac_version": "1.1.0", "id": one, "description": one,
                                  "license": "other", "extent": extent, "links": []}) + "\n")
    pypgstac = options.peers / "bin/pypgstac"
    run(pypgstac, "migrate", "--dsn", dsn)
    run(pypgstac, "load", "collections", collections, "--dsn", dsn, "--method", "upsert")
    run(pypgstac, "load", "items", ndjson, "--dsn", dsn, "--method", "upsert")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def process(command, env=None, folder=None):
    log = tempfile.TemporaryFile()
    started = subprocess.Popen([str(part) for part in command], env={**os.environ, **(env or {})}, cwd=folder,
                               stdout=log, stderr=log, start_new_session=True)
    try:
        yield started
    finally:
        os.killpg(started.pid, signal.SIGTERM)
        try:
            started.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


def until_up(url, started):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if started.poll() is not None:
            sys.exit(f"a server for {url} ended with {started.returncode}")
        try:
            with urllib.request.urlopen(url + "/", timeout=30) as answer:
                answer.read()
                return
        except (ConnectionError, urllib.error.URLError):
            time.sleep(0.005)
    sys.exit(f"no server came up at {url}")


@contextlib.contextmanager
def serving(command, flag):
    address = f"127.0.0.1:{free_port()}"
    with process([*command, flag, address]) as started:
        url = f"http://{address}"
        until_up(url, started)
        yield url, started


@contextlib.contextmanager
def uvicorn(venv, module, text, env):
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        if text:
            pathlib.Path(folder, "pgstac_app.py").write_text(text)
        command = [venv / "bin/uvicorn", module, "--workers", "2", "--port", port, "--log-level", "error"]
        with process(command, env, folder) as started:
            url = f"http://127.0.0.1:{port}"
            until_up(url, started)
            yield url


def check(url):
    """The answer has Items."""
    with urllib.request.urlopen(url, timeout=120) as answer:
        body = json.load(answer)
    if not (body.get("features") or body.get("type") == "Feature"):
        sys.exit(f"{url} has no Items: {str(body)[:500]}")


def load(url, seconds):
    """Requests by eight connections: how many a second, and the 99th percentile of their times."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "60s", "--latency", url]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    number = int(re.search(r"(\d+) requests in", out).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    late, unit = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", out).groups()
    scale = {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}[unit]
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    if wrong:
        sys.exit(f"{url}: {wrong.group(1)} requests failed\n{out}")
    if number == 0:
        # None was done in time: as if one had been done at its end.
        rate = 1 / seconds
    return {"rate": rate, "p99": float(late) * scale, "requests": number}


def taken(url):
    """How long an answer takes, and how many bytes it has."""
    begin, size = time.monotonic(), 0
    with urllib.request.urlopen(url, timeout=600) as answer:
        while part := answer.read(1 << 20):
            size += len(part)
    return time.monotonic() - begin, size


def resident(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) / 1024


def report(options, rows, notes):
    kinds = ("limit=10", "limit=100&bbox", "item")
    text = [f"""# The API, beside others

`make bench-server` writes this page. One machine of {os.cpu_count()} cores, {options.items:,} Items of about 10 kB, {CONNECTIONS} connections of wrk over
loopback for {options.seconds} s each; client and server share the cores. Requests a second, and in brackets the 99th percentile of their times.

| server | `/search?limit=10` | `/search?limit=100&bbox={BOX}` | one Item by id |
|---|---|---|---|"""]
    for name, figures in rows:
        cells = " | ".join(f"{figures[kind]['rate']:,.0f} ({figures[kind]['p99']:,.1f} ms)" for kind in kinds)
        text.append(f"| {name} | {cells} |")
    by_name = dict(rows)
    ours = {kind: by_name[f"{kind}: stacyard serve"] for kind in ("PostGIS", "GeoParquet")}
    text.append("\n| stacyard serve, times as many as | `limit=10` | `limit=100&bbox` | one Item |\n|---|---|---|---|")
    for name, figures in rows:
        kind, peer = name.split(": ")
        if peer != "stacyard serve":
            cells = " | ".join(f"{ours[kind][what]['rate'] / figures[what]['rate']:,.0f}" for what in kinds)
            text.append(f"| {peer} | {cells} |")
    ndjson, size = notes["ndjson"]
    geoparquet, parquet_size = notes["geoparquet"]
    million = notes["one of a million"]
    text.append(f"""
| all {options.items:,} Items out of GeoParquet | by the API | by `stacyard copy` |
|---|---|---|
| as NDJSON ({size / 1e6:,.0f} MB) | {ndjson:.1f} s | {notes['copy ndjson']:.1f} s |
| as GeoParquet ({parquet_size / 1e6:,.0f} MB) | {geoparquet:.1f} s | {notes['copy geoparquet']:.1f} s |

| a GeoParquet file of {options.small_items:,} Items | |
|---|---|
| from the start of the process to the answer of `GET /` | {notes['first byte'] * 1e3:,.0f} ms |
| one Item by id | {million['rate']:,.0f} a second, 99 % within {million['p99']:.1f} ms |
| memory at rest | {notes['at rest']:,.0f} MB |
| memory after {notes['requests']:,} requests | {notes['after']:,.0f} MB |
{LIMITS}""")
    options.report.write_text("\n".join(text))


if __name__ == "__main__":
    main()
