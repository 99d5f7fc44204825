"""Loads Items into pgstac beside pypgstac, asks the database as its own functions and servers do, and takes all Items out again, beside
those who do the same. The server is one and the same for all (scripts/cluster.sh). Writes the table."""

import argparse
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass

from bench_server import BOX, CONNECTIONS, PGSTAC_APP, check, environment, load, made, serving, uvicorn

REPEAT = 15  # How often a warm page is asked for, after some that warm up.
WARM = 5

# What is aimed at: so many times less time, or more requests.
AIMS = {
    "load": 5, "upsert": 5, "page of 10": 5, "page of 100": 10, "limit=10": 15, "limit=100&bbox": 30, "item": 15, "export": 10,
}

READER = """
import sys
from stac_geoparquet.pgstac_reader import pgstac_to_parquet
pgstac_to_parquet(sys.argv[1], sys.argv[2])
"""

COUNT = """
import sys
import pyarrow.parquet
print(pyarrow.parquet.read_metadata(sys.argv[1]).num_rows)
"""


@dataclass
class Took:
    """What a process took, as the kernel says it."""

    seconds: float
    megabytes: float


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--binaries", "--peers", "--server-peers", "--package", "--work", "--report"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=10, help="how long each request is asked for over HTTP")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    bench = Bench(options)
    bench.loads()
    bench.pages()
    bench.servers()
    bench.exports()
    text = bench.report()
    print(text)
    options.report.write_text(text)


class Bench:
    def __init__(self, options):
        self.options = options
        self.stacyard = pathlib.Path(os.environ.get("STACYARD", options.binaries / "stacyard"))
        self.place = os.environ["STACYARD_TEST_DATABASE"].removeprefix("postgis://").rpartition("/")[0]
        self.ndjson = made(run, options, f"big-{options.items}", options.items, "big")
        self.collections = options.work / "pgstac.collections.json"
        self.collections_ndjson = options.work / "pgstac.collections.ndjson"
        self.changed = self.ndjson.with_suffix(".changed.ndjson")
        self.prepare()
        self.rows = {}

    def prepare(self):
        """The Collections that the generator has for these Items, and all Items with one more property."""
        written = json.loads(self.written_collections())
        self.collections.write_text(json.dumps(written))
        self.collections_ndjson.write_text("".join(json.dumps(each) + "\n" for each in written))
        with open(self.ndjson, "rb") as lines, open(self.changed, "wb") as out:
            for line in lines:
                out.write(line.replace(b'"properties":{', b'"properties":{"bench:turn":2,', 1))

    def written_collections(self):
        path = self.options.work / "made.collections.json"
        run(self.options.binaries / "make-catalog", "--items", 1, "--style", "big", "--collections", path, self.options.work / "made.ndjson")
        return path.read_text()

    def name(self, what):
        return f"bench_pgstac_{what}"

    def url(self, what):
        return f"pgstac://{self.place}/{self.name(what)}"

    def dsn(self, what):
        return f"postgresql://{self.place}/{self.name(what)}"

    def sql(self, what, text, *flags):
        return run("psql", self.dsn(what), "-qAt", "-v", "ON_ERROR_STOP=1", *flags, "-c", text).strip()

    def database(self, what):
        """A new database with pgstac and the Collections, in which sessions find pgstac's functions."""
        name = self.name(what)
        for text in (f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}", f"ALTER DATABASE {name} SET search_path TO pgstac, public"):
            run("psql", f"postgresql://{self.place}/postgres", "-qAt", "-c", "SET client_min_messages TO warning", "-c", text)
        run(self.stacyard, "init", self.url(what), "--pgstac-package", self.options.package, "-q")
        run(self.pypgstac, "load", "collections", self.collections_ndjson, "--dsn", self.dsn(what), "--method", "insert")

    @property
    def pypgstac(self):
        return self.options.server_peers / "bin/pypgstac"

    def say(self, title, aim, figures):
        self.rows[title] = (aim, figures)
        print(title, figures, flush=True)

    def loads(self):
        """Ours and theirs into databases of their own, so that both begin with nothing."""
        self.database("ours")
        self.database("theirs")
        for title, aim, path, mode in (("insert", "load", self.ndjson, "insert"), ("upsert, every Item changed", "upsert", self.changed, "upsert")):
            ours = measured(self.stacyard, "copy", path, self.url("ours"), "--mode", mode, "-q")
            self.checkpoint()
            theirs = measured(self.pypgstac, "load", "items", path, "--dsn", self.dsn("theirs"), "--method", mode)
            self.checkpoint()
            for what in ("ours", "theirs"):
                self.has_all(what, mode)
            self.say(title, aim, {"stacyard copy": ours, "pypgstac load": theirs})
        self.sql("ours", "VACUUM ANALYZE pgstac.items")
        # From here on all ask the same database.
        run("psql", f"postgresql://{self.place}/postgres", "-qAt", "-c", f"DROP DATABASE {self.name('theirs')} WITH (FORCE)")

    def checkpoint(self):
        """Nobody waits for what another one has left to write."""
        self.sql("ours", "CHECKPOINT")

    def has_all(self, what, mode):
        """All are there, and as the last load had them."""
        changed = "count(*) FILTER (WHERE content -> 'properties' ? 'bench:turn')"
        wanted = (self.options.items, self.options.items if mode == "upsert" else 0)
        said = tuple(map(int, self.sql(what, f"SELECT count(*), {changed} FROM pgstac.items").split("|")))
        if said != wanted:
            sys.exit(f"{what} after {mode}: {said} Items and changed ones, not {wanted}")

    def pages(self):
        box = [float(number) for number in BOX.split(",")]
        with serving([self.stacyard, "serve", self.url("ours"), "-q"], "--bind") as (url, _):
            for size in (10, 100):
                body = json.dumps({"bbox": box, "limit": size, "sortby": [{"field": "datetime", "direction": "desc"}]})
                theirs, ids = self.functions(body)
                ours, our_ids = asked(f"{url}/search?limit={size}&bbox={BOX}")
                if set(ids) != set(our_ids) or len(ids) != len(our_ids):
                    sys.exit(f"{size} Items of {BOX}: not the same ones: {sorted(set(ids) ^ set(our_ids))[:4]}")
                figures = {"stacyard serve, one connection": ours, "SELECT pgstac.search(...) in a warm session": theirs}
                if (library := self.library(size)) is not None:
                    figures = {"Store::page in a warm process": library} | figures
                self.say(f"a page of {size} Items with a bbox ({len(ids)} found)", f"page of {size}", figures)

    def functions(self, body):
        """The median of `pgstac.search` in one session of psql, with its answer sent; and the ids that it finds."""
        call = f"SELECT pgstac.search('{body}');\n"
        warm = "SET search_path TO pgstac, public;\n\\o /dev/null\n" + call * WARM
        said = run("psql", self.dsn("ours"), "-qAt", input=f"{warm}\\timing on\n{call * REPEAT}")
        times = [float(line.split()[1]) / 1000 for line in said.splitlines() if line.startswith("Time:")]
        answer = json.loads(self.sql("ours", f"SELECT pgstac.search('{body}')"))
        return statistics.median(times), [each["id"] for each in answer["features"]]

    def library(self, size):
        """The same without HTTP, where the program of the bench opens pgstac."""
        command = [self.options.binaries / "ask", self.url("ours"), f"--bbox={BOX}", "--page", str(size)]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if done.returncode != 0:
            print(f"left out: {command[0]} does not open pgstac", flush=True)
            return None
        return float(dict(line.split() for line in done.stdout.splitlines())["seconds"])

    def servers(self):
        with open(self.ndjson) as lines:
            item = json.loads(next(lines))
        figures = {}

        def ask(name, url):
            one = f"{url}/collections/{item['collection']}/items/{item['id']}"
            for what, target in (("limit=10", f"{url}/search?limit=10"), ("limit=100&bbox", f"{url}/search?limit=100&bbox={BOX}"), ("item", one)):
                check(target)
                figures.setdefault(what, {})[name] = load(target, self.options.seconds)

        with serving([self.stacyard, "serve", self.url("ours"), "-q"], "--bind") as (url, _):
            ask("stacyard serve", url)
        with uvicorn(self.options.server_peers, "pgstac_app:app", PGSTAC_APP, environment(self.dsn("ours"))) as url:
            ask("stac-fastapi-pgstac 7.2.0, 2 workers", url)
        for what, by_name in figures.items():
            self.say(f"serve, {what.replace('&', ', ')}", what, by_name)

    def exports(self):
        out = self.options.work / "pgstac.parquet"
        commands = {
            "stacyard copy": [self.stacyard, "copy", self.url("ours"), out, "-q", "--overwrite"],
            "stac_geoparquet.pgstac_reader 0.8.3": [self.options.peers / "bin/python", "-c", READER, self.dsn("ours"), out],
            "rustac search 0.9.17": [self.options.peers / "bin/rustac", "search", "--limit", "1000", self.dsn("ours"), out],
        }
        figures = {}
        for name, command in commands.items():
            out.unlink(missing_ok=True)
            figures[name] = measured(*command)
            count = int(run(self.options.peers / "bin/python", "-c", COUNT, out))
            if count != self.options.items:
                sys.exit(f"{name} has written {count} Items")
        # A tenth of them, to see whether memory grows.
        self.database("tenth")
        run(self.stacyard, "copy", self.first(self.options.items // 10), self.url("tenth"), "-q")
        commands["stacyard copy"][2] = self.url("tenth")
        self.tenth = measured(*commands["stacyard copy"])
        self.say("all Items to GeoParquet", "export", figures)

    def first(self, number):
        path = self.options.work / "pgstac.tenth.ndjson"
        with open(self.changed, "rb") as lines, open(path, "wb") as out:
            out.writelines(line for line, _ in zip(lines, range(number)))
        return path

    def report(self):
        version = self.sql("ours", "SHOW server_version").split()[0]
        postgis = self.sql("ours", "SELECT public.postgis_lib_version()")
        pgstac = self.sql("ours", "SELECT pgstac.get_version()")
        size = self.ndjson.stat().st_size / self.options.items / 1000
        text = [
            "# On pgstac, beside others", "",
            f"`make bench-pgstac` writes this page. One machine of {os.cpu_count()} cores, {self.options.items:,} Items of {size:.1f} kB in pgstac "
            f"{pgstac}, one server (PostgreSQL {version}, PostGIS {postgis}, fsync off) for all, one run; clients and server share the cores. "
            f"Servers are asked over {CONNECTIONS} connections of wrk for {self.options.seconds} s each, with `bbox={BOX}` where there is a box.", "",
            "| work | program | | peak memory | times ours | aim |", "|---|---|---|---|---|---|",
        ]
        for title, (aim, figures) in self.rows.items():
            best = next(iter(figures.values()))
            for number, (name, figure) in enumerate(figures.items()):
                is_ours = number == 0
                shown = "" if is_ours else f"{ratio(best, figure):,.1f}"
                wanted = "" if is_ours or name.startswith("stacyard") else f"{AIMS[aim]}"
                text.append(f"| {title if is_ours else ''} | {name} | {spelled(figure)} | {memory(figure)} | {shown} | {wanted} |")
        grown = self.rows["all Items to GeoParquet"][1]["stacyard copy"].megabytes / self.tenth.megabytes
        text += [
            "",
            f"`times ours`: so many times our time, or our requests for one of theirs. Of {self.options.items // 10:,} Items the export takes "
            f"{self.tenth.megabytes:,.0f} MB at its peak: ten times the Items take {grown:.2f} times the memory. The memory of loads and exports is that "
            "of the client. `pgstac.search()` is timed by psql, until the answer is there; the page of `stacyard serve` is a whole answer over HTTP.", "",
        ]
        return "\n".join(text)


def run(*command, **more):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{command}: {done.stderr[-2000:]}")
    return done.stdout


def measured(*command):
    """Time and peak memory of a process."""
    print(" ".join(str(part).splitlines()[0] if str(part).strip() else "..." for part in command[:3]), flush=True)
    begin = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command}: exit status {process.returncode}")
    return Took(time.monotonic() - begin, usage.ru_maxrss / 1024)


def asked(url):
    """The median time of an answer over one connection, and the ids in it."""
    address, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(address, timeout=60)
    times = []
    for _ in range(WARM + REPEAT):
        begin = time.monotonic()
        connection.request("GET", f"/{path}")
        body = connection.getresponse().read()
        times.append(time.monotonic() - begin)
    return statistics.median(times[WARM:]), [each["id"] for each in json.loads(body)["features"]]


def ratio(ours, theirs):
    """How many times better ours is."""
    if isinstance(ours, Took):
        return theirs.seconds / ours.seconds
    return ours["rate"] / theirs["rate"] if isinstance(ours, dict) else theirs / ours


def spelled(figure):
    if isinstance(figure, dict):
        return f"{figure['rate']:,.1f} a second, 99 % within {figure['p99']:,.1f} ms"
    return f"{figure.seconds:,.1f} s" if isinstance(figure, Took) else f"{figure * 1000:,.1f} ms"


def memory(figure):
    return f"{figure.megabytes:,.0f} MB" if isinstance(figure, Took) else ""


if __name__ == "__main__":
    main()
