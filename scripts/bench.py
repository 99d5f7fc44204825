"""The bench: runs stacyard and its peers on the same Items, in turns, and prints and writes one table.

Needs only the standard library; the peers run in processes of their own, from the environment given by --peers.
Time and peak memory are what the kernel says of each process (wait4), so that nobody measures himself, with one
exception in the peers' favour: where a peer's start-up is not its work, it prints the seconds of the work alone.
"""

import argparse
import datetime
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field

AREA = "-1.2 43.0, 1.9 42.7, 3.1 44.2, 0.9 45.4, -1.0 44.9, -1.2 43.0"
SPAN = ("2024-06-01T00:00:00Z", "2024-06-30T23:59:59Z")
SLOW = 60.0  # A program that takes longer than this is run once.

STAC_PYDANTIC = """
import sys, time
from stac_pydantic import Item
begin = time.perf_counter()
for line in open(sys.argv[1], "rb"):
    Item.model_validate_json(line)
print("seconds", time.perf_counter() - begin)
"""

STAC_GEOPARQUET = """
import sys
from stac_geoparquet.arrow import parse_stac_ndjson_to_parquet
parse_stac_ndjson_to_parquet(sys.argv[1], sys.argv[2])
"""

DUCKDB = """
import pathlib, statistics, sys, time
import duckdb, duckdb_extension_spatial as package
connection = duckdb.connect()
connection.execute("LOAD '%s'" % next(pathlib.Path(next(iter(package.__path__))).rglob("spatial.duckdb_extension")))
def ask():
    begin = time.perf_counter()
    rows = connection.execute(sys.argv[1]).fetchall()
    return len(rows), time.perf_counter() - begin
count, first = ask()
print("count", count)
if sys.argv[2] == "warm":
    print("seconds", statistics.median(ask()[1] for _ in range(7)))
"""


@dataclass
class Program:
    """One way to do a piece of work, and what its runs took."""

    name: str
    command: list
    output: pathlib.Path | None = None
    seconds: list = field(default_factory=list)
    cpu: list = field(default_factory=list)
    megabytes: list = field(default_factory=list)
    count: int | None = None

    def run(self):
        if self.output:
            self.output.unlink(missing_ok=True)
        begin = time.perf_counter()
        process = subprocess.Popen([str(part) for part in self.command], stdout=subprocess.PIPE, text=True)
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"bench: {self.name} failed with exit status {process.returncode}: {self.command}")
        said = dict(line.split() for line in printed.splitlines() if line.startswith(("seconds ", "count ")))
        self.seconds.append(float(said.get("seconds", elapsed)))
        self.cpu.append(usage.ru_utime + usage.ru_stime)
        self.megabytes.append(usage.ru_maxrss / 1024)
        if "count" in said:
            self.count = int(said["count"])
        print(f"  {self.name}: {self.seconds[-1]:.2f} s, {self.megabytes[-1]:.0f} MB", flush=True)

    time = property(lambda self: statistics.median(self.seconds))
    memory = property(lambda self: statistics.median(self.megabytes))


@dataclass
class Work:
    """What is done, ours first."""

    title: str
    items: int
    programs: list

    def run(self, runs):
        print(self.title, flush=True)
        for number in range(runs):
            for program in self.programs:
                if number == 0 or program.time < SLOW:
                    program.run()

    def rows(self):
        ours = self.programs[0]
        for program in self.programs:
            yield [
                self.title if program is ours else "",
                program.name,
                f"{program.time:.3f}" if program.time < 1 else f"{program.time:.2f}",
                f"{self.items / program.time:,.0f}",
                f"{statistics.median(program.cpu):.2f}",
                f"{program.memory:,.0f}",
                "" if program is ours else f"{program.time / ours.time:.1f} times",
                "" if program is ours else f"{program.memory / ours.memory:.1f} times",
                str(len(program.seconds)),
            ]


HEAD = ["work", "program", "s", "Items/s", "CPU s", "peak MB", "slower than ours", "more memory than ours", "runs"]


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def said(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout.strip()


def machine():
    info = pathlib.Path("/proc/cpuinfo")
    model = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model[0] if model else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, required=True)
    parser.add_argument("--runs", type=int, required=True)
    for name in ("--binaries", "--peers", "--work", "--report"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    options = parser.parse_args()
    stacyard, make_catalog = options.binaries / "stacyard", options.binaries / "make-catalog"
    python, rustac = options.peers / "bin/python", options.peers / "bin/rustac"
    options.work.mkdir(parents=True, exist_ok=True)
    folder, n = options.work, options.items
    items, tenth = folder / "items.ndjson", folder / "tenth.ndjson"
    for path, count in ((items, n), (tenth, n // 10)):
        said(make_catalog, "--style", "big", "--items", count, path)
        # Read once, so that the page cache holds the input for everybody.
        said("wc", "-l", path)

    validate = Work("validation", n, [
        Program("stacyard validate", [stacyard, "validate", items]),
        Program("stac-pydantic", [python, "-c", STAC_PYDANTIC, items]),
    ])
    parquet = {name: folder / f"{name}.parquet" for name in ("stacyard", "rustac", "stac-geoparquet", "tenth")}
    copy = Work("NDJSON to GeoParquet", n, [
        Program("stacyard copy", [stacyard, "copy", items, parquet["stacyard"]], parquet["stacyard"]),
        Program("rustac translate", [rustac, "translate", items, parquet["rustac"]], parquet["rustac"]),
        Program("stac-geoparquet", [python, "-c", STAC_GEOPARQUET, items, parquet["stac-geoparquet"]], parquet["stac-geoparquet"]),
    ])
    answer = folder / "answer.ndjson"
    search = [stacyard, "search", parquet["stacyard"], "--filter", "eo:cloud_cover < 20", "--datetime", "/".join(SPAN), "--intersects",
              '{"type":"Polygon","coordinates":[[%s]]}' % ",".join("[%s]" % pair.strip().replace(" ", ",") for pair in AREA.split(","))]
    sql = f"""SELECT id, datetime, assets FROM '{parquet["stacyard"]}' WHERE "eo:cloud_cover" < 20
              AND datetime BETWEEN '{SPAN[0]}' AND '{SPAN[1]}' AND ST_Intersects(geometry, ST_GeomFromText('POLYGON(({AREA}))'))"""
    ask = Work("the question", n, [
        Program("stacyard search", [*search, "--fields", "id,properties.datetime,assets", "-o", answer], answer),
        Program("DuckDB, a process", [python, "-c", DUCKDB, sql, "once"]),
        Program("DuckDB, warm", [python, "-c", DUCKDB, sql, "warm"]),
    ])
    small = Work("a tenth of the Items to GeoParquet", n // 10, [
        Program("stacyard copy", [stacyard, "copy", tenth, parquet["tenth"]], parquet["tenth"]),
    ])
    works = [validate, copy, ask, small]
    for work in works:
        work.run(options.runs)

    found = len(answer.read_text().splitlines())
    if found != ask.programs[1].count:
        sys.exit(f"bench: {found} Items answer the question here, {ask.programs[1].count} in DuckDB")
    ours, theirs = copy.programs[:2]
    notes = [
        f"Validation: {validate.programs[1].time / validate.programs[0].time:.1f} times the Items/s of stac-pydantic (6 asked for).",
        f"NDJSON to GeoParquet: {theirs.time / ours.time:.1f} times faster than rustac (5 asked for), with 1/{theirs.memory / ours.memory:.0f} of its memory (1/10 asked for).",
        f"Memory of `stacyard copy`: {small.programs[0].memory:.0f} MB for {n // 10:,} Items, {ours.memory:.0f} MB for {n:,}.",
        f"Sizes: NDJSON {items.stat().st_size / 1e6:.0f} MB" + "".join(f", {name} {parquet[name].stat().st_size / 1e6:.0f} MB" for name in list(parquet)[:3]) + ".",
        f"The question finds {found} Items in both.",
    ]
    result = table([HEAD, *(row for work in works for row in work.rows())])
    print(result, *notes, sep="\n")
    versions = "import importlib.metadata as m; print(', '.join(f'{p} {m.version(p)}' for p in ('duckdb', 'rustac', 'stac-geoparquet', 'stac-pydantic')))"
    options.report.parent.mkdir(exist_ok=True)
    options.report.write_text(f"""# Benchmarks

Written by `make bench` on {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}; `N={n} RUNS={options.runs} make bench` repeats it.

- Input: {n:,} Sentinel-2-like Items, {items.stat().st_size / n / 1e3:.1f} kB each, made by `make-catalog --style big`.
- Machine: {machine()}.
- Versions: {said(stacyard, "--version")}, {said("rustc", "--version")}; {said(python, "-c", versions)}; {said(python, "--version")}.
- Medians; programs run in turns, whole processes, input in the page cache. One that takes over {SLOW:.0f} s runs once. In
  favour of stac-pydantic and of warm DuckDB only the work itself is timed, not their start-up.
- The question: `eo:cloud_cover < 20`, June 2024, a polygon in the south-west of France; `id`, `datetime` and `assets` of what is found. DuckDB asks the file that stacyard wrote.

{result}

""" + "".join(f"- {note}\n" for note in notes))
    print(f"written to {options.report}")


main()
