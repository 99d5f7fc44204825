"""Measures what goes over HTTP, by stacyard and by others, one after the other on the same data, and writes the tables."""

import argparse
import asyncio
import datetime
import json
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

from bench import CLOUD, EAST, EXTENSIONS, NORTH, SOUTH, WEST, YEAR, question, sql
from bench_server import made, serving

PAGE = 500  # Items on a page of the API, for all.
PEER_TREE = 500  # Items that the peers crawl.

# What it takes at least: page after page over one connection, of which only the token is looked for.
PAGES = """
import http.client, re, sys, urllib.parse
host = urllib.parse.urlsplit(sys.argv[1]).netloc
connection = http.client.HTTPConnection(host)
path = "/search?limit=" + sys.argv[2]
while path:
    connection.request("GET", path)
    text = connection.getresponse().read()
    end = text[-4000:].decode()
    next = re.search(r'"rel": ?"next"[^}]*?"href": ?"([^"]*)"', end) or re.search(r'"href": ?"([^"]*)"[^}]*?"rel": ?"next"', end)
    path = next and next[1].split(host, 1)[1]
"""

PYSTAC_CLIENT = """
import sys, orjson, pystac_client
from pystac_client.stac_api_io import StacApiIO
search = pystac_client.Client.open(sys.argv[1]).search(limit=int(sys.argv[3]))
with open(sys.argv[2], "wb") as out:
    for item in search.items_as_dicts():
        out.write(orjson.dumps(item) + b"\\n")
"""

# The answer stays Arrow columns; whole processes, as those who ask once start them.
DUCKDB = """
import importlib, pathlib, sys
import duckdb
connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
for name in ("httpfs", "spatial"):
    package = importlib.import_module("duckdb_extension_" + name)
    connection.execute("LOAD '%s'" % next(pathlib.Path(next(iter(package.__path__))).rglob(name + ".duckdb_extension")))
print(connection.execute(sys.argv[1]).to_arrow_table().num_rows)
"""

RUSTAC_SEARCH = """
import sys, json
import duckdb, rustac
client = rustac.DuckdbClient(install_extensions=False)
west, south, east, north = map(float, sys.argv[2].split(","))
print(len(client.search(sys.argv[1], bbox=[west, south, east, north], datetime=sys.argv[3], filter=sys.argv[4])))
"""

PYSTAC = """
import sys, pystac
print(sum(1 for _ in pystac.Catalog.from_file(sys.argv[1]).get_items(recursive=True)))
"""

RUSTAC_WALK = """
import sys, asyncio, rustac, rustac.store
async def main():
    count = 0
    # It asks servers without TLS only where it is told to, and follows absolute links only.
    store = rustac.store.HTTPStore(sys.argv[1].rsplit("/", 2)[0], client_options={"allow_http": True})
    root = await rustac.read("tree/catalog.json", store=store)
    async for _, _, items in rustac.walk(root, store=store):
        count += len(items)
    print(count)
asyncio.run(main())
"""


@dataclass
class Row:
    name: str
    seconds: float
    found: int | None = None
    bytes: int = 0
    requests: int = 0
    runs: int = 1
    more: str = ""


class Files:
    """A server of the files of a folder in a thread, which answers so many seconds late, and counts: as little of HTTP/1.1 as is needed, so
    that the server is not what is measured."""

    def __init__(self, folder, delay):
        self.folder, self.delay, self.bytes, self.requests = folder, delay, 0, 0
        loop = asyncio.new_event_loop()
        server = loop.run_until_complete(asyncio.start_server(self.bring, "127.0.0.1", 0, limit=1 << 20))
        threading.Thread(target=loop.run_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def bring(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(self.delay)
                self.requests += 1
                self.answer(head.decode("latin-1"), writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def answer(self, head, writer):
        method, target, _ = head.split(" ", 2)
        file = self.folder / target.lstrip("/").split("?")[0]
        if not file.is_file():
            return writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
        size = file.stat().st_size
        start, end, status, more = 0, size, "200 OK", ""
        if asked := re.search(r"(?im)^range: bytes=(\d*)-(\d*)", head):
            first, last = asked.groups()
            start = int(first) if first else max(size - int(last), 0)
            end = min(int(last) + 1, size) if first and last else size
            status, more = "206 Partial Content", f"content-range: bytes {start}-{end - 1}/{size}\r\n"
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: {end - start}\r\naccept-ranges: bytes\r\netag: \"{size}\"\r\n"
                     f"last-modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n{more}\r\n".encode())
        if method == "GET":
            with open(file, "rb") as content:
                content.seek(start)
                writer.write(content.read(end - start))
            self.bytes += end - start

    def counted(self):
        counted = self.bytes, self.requests
        self.bytes = self.requests = 0
        return counted


def run(command, **more):
    """The seconds of a process, and what it printed."""
    started = time.perf_counter()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **more)
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        sys.exit(f"{pathlib.Path(command[0]).name} has ended with {done.returncode}: {done.stderr[-2000:].strip()}")
    return seconds, done.stdout


def lines(path):
    with open(path, "rb") as file:
        return sum(1 for _ in file)


def harvest(options, stacyard, parquet):
    """All Items of an API on this machine, to NDJSON; and to GeoParquet, which takes stacyard no more."""
    out, rows = options.work / "harvest.ndjson", []
    python, columns = options.peers / "bin/python", options.work / "harvest.parquet"
    with serving([stacyard, "serve", parquet, "-q"], "--bind") as (url, _):
        for name, command, target in [
            ("the pages alone, not looked at", [python, "-c", PAGES, url, PAGE], None),
            ("stacyard copy, to NDJSON", [stacyard, "-q", "copy", url, out, "--page-size", PAGE], out),
            ("stacyard copy, to GeoParquet", [stacyard, "-q", "copy", url, columns, "--page-size", PAGE], columns),
            ("rustac search, to NDJSON", [options.peers / "bin/rustac", "search", url, out, "--limit", PAGE], out),
            ("pystac-client items_as_dicts, orjson", [python, "-c", PYSTAC_CLIENT, url, out, PAGE], out),
        ]:
            times = []
            for _ in range(options.runs):
                if target:
                    target.unlink(missing_ok=True)
                times.append(run(command)[0])
                if times[-1] > 60:
                    break
            if target is None:
                rows.append(Row(name, statistics.median(times), options.items, runs=len(times)))
                continue
            found = lines(out) if target is out else int(run([stacyard, "search", columns, "--count"])[1])
            rows.append(Row(name, statistics.median(times), found, runs=len(times)))
            if found != options.items:
                sys.exit(f"{name}: found {found} of {options.items} Items")
            print(rows[-1], flush=True)
            target.unlink()
    return rows


def ranges(options, stacyard, small):
    """The question on a file that is a network away."""
    files, rows = Files(small.parent, options.delay_ms / 1000), []
    url, python = f"{files.url}/{small.name}", options.peers / "bin/python"
    home = options.work / "home-remote"
    run([python, "-c", EXTENSIONS.replace('"spatial")', '"spatial", "httpfs")'), home])
    fields = ["--fields", "id,properties.datetime,assets"]
    for name, command in [
        ("stacyard search", [stacyard, "-q", "search", url, *question(YEAR), *fields]),
        ("stacyard search --count", [stacyard, "-q", "search", url, *question(YEAR), "--count"]),
        ("DuckDB httpfs", [python, "-c", DUCKDB, sql(url, YEAR)]),
        ("rustac DuckdbClient", ["env", f"HOME={home}", python, "-c", RUSTAC_SEARCH, url, f"{WEST},{SOUTH},{EAST},{NORTH}",
                                 "/".join(YEAR), f"eo:cloud_cover < {CLOUD}"]),
    ]:
        times = []
        files.counted()
        for _ in range(options.runs):
            try:
                seconds, said = run(command)
            except SystemExit as error:
                if name.startswith("stacyard"):
                    raise
                print(f"{name}: {error}", flush=True)
                rows.append(Row(name, 0, more=str(error).splitlines()[-1][:200]))
                break
            times.append(seconds)
        if not times:
            continue
        bytes, requests = files.counted()
        found = said.count("\n") if name == "stacyard search" else int(said.split()[-1])
        if rows and found != rows[0].found:
            sys.exit(f"{name}: found {found} Items, and stacyard {rows[0].found}")
        rows.append(Row(name, statistics.median(times), found, bytes // options.runs, requests // options.runs, options.runs))
        print(rows[-1], flush=True)
    return rows


def tree(options, stacyard):
    """A static catalog, followed."""
    rows, python = [], options.peers / "bin/python"
    for items, programs in [
        (options.tree_items, [
            ("stacyard crawl", lambda url: [stacyard, "-q", "crawl", url, "-"]),
            ("stacyard crawl --concurrency 512", lambda url: [stacyard, "-q", "crawl", url, "-", "--concurrency", "512"]),
        ]),
        (PEER_TREE, [
            ("pystac get_items(recursive=True)", lambda url: [python, "-c", PYSTAC, url]),
            ("rustac walk", lambda url: [python, "-c", RUSTAC_WALK, url]),
        ]),
    ]:
        folder, made = options.work / "tree", options.work / "tree.ndjson"
        shutil.rmtree(folder, ignore_errors=True)
        write_tree(made, items)
        files = Files(options.work, options.delay_ms / 1000)
        run([stacyard, "-q", "copy", made, f"{folder}/", "--layout", "${collection}", "--published", "absolute",
             "--root-url", f"{files.url}/tree/"])
        for name, command in programs:
            try:
                times = [run(command(f"{files.url}/tree/catalog.json")) for _ in range(options.runs if items > PEER_TREE else 1)]
            except SystemExit as error:
                if name.startswith("stacyard"):
                    raise
                print(f"{name}: {error}", flush=True)
                rows.append(Row(name, 0, items, more=str(error).strip().splitlines()[-1][:200]))
                continue
            said = times[0][1]
            found = said.count("\n") if name.startswith("stacyard") else int(said)
            if found != items:
                rows.append(Row(name, 0, items, more=f"found {found} of {items} Items"))
                continue
            rows.append(Row(name, statistics.median(seconds for seconds, _ in times), items, runs=len(times)))
            print(rows[-1], flush=True)
        shutil.rmtree(folder)
        made.unlink()
    return rows


def write_tree(path, items):
    """Items in Collections of 1,000."""
    with open(path, "w", encoding="utf-8") as out:
        for number in range((items + 999) // 1000):
            out.write(json.dumps({
                "type": "Collection", "stac_version": "1.1.0", "id": f"c{number}", "description": "d", "license": "other", "links": [],
                "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}}}) + "\n")
        for number in range(items):
            out.write(json.dumps({
                "type": "Feature", "stac_version": "1.1.0", "id": f"i{number}", "collection": f"c{number // 1000}",
                "geometry": {"type": "Point", "coordinates": [number % 360 - 180, number % 180 - 90]},
                "bbox": [number % 360 - 180, number % 180 - 90] * 2, "properties": {"datetime": "2024-06-01T00:00:00Z", "text": "x" * 2000},
                "links": [], "assets": {"data": {"href": f"https://example.org/{number}.tif"}}}) + "\n")


def table(rows, head, cells):
    head = [*head, "times stacyard"]
    out = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        if row.seconds:
            out.append("| " + " | ".join([row.name, *cells(row)]) + " |")
        else:
            out.append(f"| {row.name} | " + " | ".join(["–"] * (len(head) - 2) + [row.more]) + " |")
    return "\n".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--binaries", "--peers", "--work", "--report"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    for name in ("--items", "--small-items", "--tree-items", "--runs"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--delay-ms", type=float, required=True)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    stacyard = options.binaries / "stacyard"

    def ran(*command):
        return run(command)[1]

    def copied(ndjson):
        path = ndjson.with_suffix(".parquet")
        if not path.exists():
            ran(stacyard, "copy", ndjson, path, "-q")
        return path

    big = copied(made(ran, options, f"big-{options.items}", options.items, "big"))
    small = copied(made(ran, options, f"small-{options.small_items}", options.small_items, "small"))
    harvested, asked, crawled = harvest(options, stacyard, big), ranges(options, stacyard, small), tree(options, stacyard)

    def scaled(row):
        return row.seconds / row.found

    _, versions = run([options.peers / "bin/python", "-c", "import importlib.metadata as m\n"
                       "print(', '.join(f'{p} {m.version(p)}' for p in ('duckdb', 'rustac', 'pystac', 'pystac-client')))"])
    options.report.write_text(f"""# What goes over HTTP, measured

`make bench-remote` writes this page: one run on {datetime.date.today()}, {platform.machine()} with 2 cores, servers and clients on the same machine, the median of so many runs as the column says.
{versions.strip()}.

## A harvest of {options.items:,} Items of 10 kB from a STAC API

The API is `stacyard serve` over GeoParquet, pages of {PAGE} Items for all. The server shares the two cores with whoever asks, and is the limit:
to fetch its pages one after the other, and look at nothing, is the first row.

{table(harvested, ["program", "runs", "seconds", "Items"], lambda row: [str(row.runs), f"{row.seconds:.1f}", f"{row.found:,}", f"{row.seconds / harvested[1].seconds:.1f}"])}

## The question on a Parquet file of {options.small_items:,} Items over HTTP, {options.delay_ms:g} ms added to each answer

Whole processes, nothing known before. The file is {small.stat().st_size / 1e6:.0f} MB. The question is that of [benchmarks.md](benchmarks.md); `id`, `datetime` and `assets` are given.

{table(asked, ["program", "runs", "seconds", "Items", "MB", "requests", "times the bytes"],
       lambda row: [str(row.runs), f"{row.seconds:.2f}", f"{row.found:,}", f"{row.bytes / 1e6:.1f}", str(row.requests), f"{row.bytes / asked[0].bytes:.1f}",
                    f"{row.seconds / asked[0].seconds:.1f}"])}

## A crawl of a static catalog of {options.tree_items:,} Items, {options.delay_ms:g} ms added to each answer

What counts is the time for one Item. pystac asks for one document after another, and is measured on {PEER_TREE} Items. So is rustac, which asks for all Items of a
Collection at once, and could not walk the larger catalog.

{table(crawled, ["program", "runs", "Items", "seconds", "ms an Item"],
       lambda row: [str(row.runs), f"{row.found:,}", f"{row.seconds:.1f}", f"{scaled(row) * 1000:.2f}", f"{scaled(row) / scaled(crawled[0]):.1f}"])}
""")


if __name__ == "__main__":
    main()
