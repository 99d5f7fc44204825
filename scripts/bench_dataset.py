"""Datasets beside deltalake, stac-geoparquet and DuckDB's delta_scan, in one run: writes docs/benchmarks-dataset.md. Items are made up, of the small style (2 kB)."""

import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

WEST, SOUTH, EAST, NORTH, CLOUD = 0, 40, 10, 50, 20
TURN = datetime.datetime(2024, 10, 1)
MORE = 10_000
SCATTERED = 1_000
# Upserts, each of other Items.
RUNS = 5
FILES = 5_000
CHANGED = 100


class Kit:
    def __init__(self, binaries, folder):
        self.folder = folder
        self.stacyard, self.make, self.asks = (binaries / name for name in ("stacyard", "make-catalog", "ask"))

    def timed(self, *command, stdin=None):
        """Seconds and peak memory (MB) of a stacyard command. A process that Python starts has Python's own peak as its least, so that another one starts it."""
        with tempfile.NamedTemporaryFile("r") as peak:
            os.sync()
            watched = ["/usr/bin/time", "-f", "%M", "-o", peak.name, self.stacyard, *command]
            start = time.perf_counter()
            done = subprocess.run([str(part) for part in watched], stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            seconds = time.perf_counter() - start
            if done.returncode:
                sys.exit(f"{command}: {done.stderr}")
            return seconds, int(peak.read().split()[-1]) / 1024

    def copy(self, source, target, *flags):
        return self.timed("copy", source, target, "-q", "--rejects", self.folder / "rejects", *flags)

    def items(self, number, seed, path):
        """Items whose ids no other seed has."""
        with path.open("wb") as out:
            made = subprocess.Popen([self.make, "--items", str(number), "--seed", str(seed), "--style", "small", "-"], stdout=subprocess.PIPE)
            subprocess.run(["sed", f's/"id":"/"id":"{seed}-/'], stdin=made.stdout, stdout=out, check=True, env=os.environ | {"LC_ALL": "C"})
            if made.wait():
                sys.exit("make-catalog failed")
        return path

    def ask(self, dataset, *question):
        """Seconds of an answer in a process that is open already: the median of some. Items by id are asked for more often, as of a server."""
        times = "301" if "--ids" in question else "31"
        out = subprocess.run([str(part) for part in [self.asks, f"{dataset}/", "--repeat", times, *question]], stdout=subprocess.PIPE, text=True, check=True).stdout
        said = dict(line.split(" ", 1) for line in out.splitlines())
        return float(said["seconds"]), int(said["count"])


def timed(run):
    """Seconds of work. What was written before it is on disk: nobody waits for what another has left to write."""
    os.sync()
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def delta_connection():
    import duckdb
    import duckdb_extension_delta

    folder = pathlib.Path(next(iter(duckdb_extension_delta.__path__)))
    connection = duckdb.connect()
    connection.execute(f"LOAD '{next(folder.rglob('delta.duckdb_extension'))}'")
    return connection


def rows_of(ndjson):
    """Items as stac-geoparquet makes Arrow rows of them."""
    import pyarrow
    import stac_geoparquet.arrow

    return pyarrow.table(stac_geoparquet.arrow.parse_stac_ndjson_to_arrow(str(ndjson)).read_all())


def spread(ndjson, number, total, first=0):
    """Lines that lie evenly in a file, from one on."""
    step = max(total // number, 1)
    with ndjson.open() as lines:
        for at, line in enumerate(lines):
            if at % step == first and at // step < number:
                yield json.loads(line)


def question(days):
    half = datetime.timedelta(days=days / 2)
    begin, end = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (TURN - half, TURN + half - datetime.timedelta(seconds=1)))
    ours = ["--filter", f"eo:cloud_cover < {CLOUD}", "--bbox", f"{WEST},{SOUTH},{EAST},{NORTH}", "--datetime", f"{begin}/{end}"]
    # Geometries are boxes here as good as: what intersects is not looked at.
    theirs = f"""SELECT id, datetime, assets FROM delta_scan('%s') WHERE "eo:cloud_cover" < {CLOUD} AND datetime BETWEEN '{begin}' AND '{end}'
        AND bbox.xmin <= {EAST} AND bbox.xmax >= {WEST} AND bbox.ymin <= {NORTH} AND bbox.ymax >= {SOUTH}"""
    return [*ours, "--fields", "id,datetime,assets"], theirs


def duckdb_seconds(connection, sql, times):
    connection.execute(sql).to_arrow_table()
    return statistics.median(timed(lambda: connection.execute(sql).to_arrow_table())[0] for _ in range(times))


def writes(kit, items, base, data, rows):
    """Appends and upserts beside deltalake, which is given a table of the same Items."""
    import deltalake

    folder = kit.folder
    extra = kit.items(MORE, 99, folder / "extra.ndjson")
    single, theirs = folder / "single.parquet", folder / "theirs"
    kit.copy(base, single)
    said(f"single file of {items:,}")
    taken, _ = timed(lambda: deltalake.write_deltalake(theirs, rows_of(base)))
    said(f"deltalake has {items:,} in {taken:.0f} s")
    append = [kit.copy(extra, f"{data}/", "--mode", "insert"), kit.copy(kit.items(MORE, 98, folder / "extra.ndjson"), f"{data}/", "--mode", "insert")]
    rewrite, _ = kit.copy(folder / "extra.ndjson", single, "--mode", "insert")
    parsed, table = timed(lambda: rows_of(folder / "extra.ndjson"))
    appended, _ = timed(lambda: deltalake.write_deltalake(theirs, table, mode="append", schema_mode="merge"))
    same = "t.id = s.id AND t.collection = s.collection"

    def merge(source, insert):
        merger = deltalake.DeltaTable(theirs).merge(source, same, source_alias="s", target_alias="t")
        merger = merger.when_not_matched_insert_all() if insert else merger.when_matched_update_all().when_not_matched_insert_all()
        merger.execute()

    inserted, _ = timed(lambda: merge(rows_of(kit.items(MORE, 97, folder / "extra.ndjson")), True))
    seconds, memory = min(append)
    work = f"append {MORE:,} Items to {items:,}"
    rows.append((work, f"{seconds:.2f} s, {memory:.0f} MB", "stac-geoparquet and deltalake, no look at ids", parsed + appended, seconds))
    rows.append((work, f"{seconds:.2f} s", "deltalake alone, of Arrow rows that are there", appended, seconds))
    rows.append((work, f"{seconds:.2f} s", "stac-geoparquet and a merge that inserts what is new", inserted, seconds))
    rows.append((work, f"{seconds:.2f} s", "stacyard, the one file written anew", rewrite, seconds))
    changed, upserts = folder / "changed.ndjson", []
    for first in range(RUNS):
        with changed.open("w") as out:
            for item in spread(base, SCATTERED, items, first):
                item["properties"]["eo:cloud_cover"] = 1.5
                out.write(json.dumps(item) + "\n")
        upserts.append((*kit.copy(changed, f"{data}/", "--mode", "upsert"), timed(lambda: merge(rows_of(changed), False))[0]))
    said(f"upserts, with memory, and merges: {upserts}")
    upsert, memory, merged = (statistics.median(one) for one in zip(*upserts, strict=True))
    rows.append((f"upsert {SCATTERED:,} scattered Items into {items:,}", f"{upsert:.2f} s, {memory:.0f} MB", "stac-geoparquet and deltalake's merge", merged, upsert))
    shutil.rmtree(theirs)


def asked(kit, data, items, ids, days):
    """The three questions: of ours and of delta_scan."""
    connection = delta_connection()
    ours, theirs = question(days)
    by_id, newest = ["--ids", ",".join(ids)], ["--max-items", "10"]
    found = {}
    for name, flags, sql in [
        ("Item by id", by_id, f"SELECT * FROM delta_scan('%s') WHERE id = '{ids[0]}'"),
        ("newest 10", newest, "SELECT * FROM delta_scan('%s') ORDER BY datetime DESC, collection, id LIMIT 10"),
        ("the question", ours, theirs),
    ]:
        seconds, count = kit.ask(data, *flags)
        found[name] = (seconds, count, duckdb_seconds(connection, sql % data, 3 if items <= 1_000_000 else 1))
        said(f"{name} of {items:,}: {found[name]}")
    return found


def of_files(kit, data):
    """A dataset of very many files: those of a small one under many names."""
    few, many = kit.folder / "few", kit.folder / "many"
    kit.copy(kit.items(50, 96, kit.folder / "few.ndjson"), f"{few}/")
    shutil.copytree(few, many)
    log = many / "_delta_log" / f"{0:020}.json"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    add = next(line for line in lines if "add" in line)
    file = many / add["add"]["path"]
    for number in range(FILES - 1):
        copied = json.loads(json.dumps(add))
        copied["add"]["path"] = add["add"]["path"].replace("part-", f"part-{number}-")
        os.link(file, many / copied["add"]["path"])
        lines.append(copied)
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return min(kit.timed("search", f"{many}/", "--count")[0] for _ in range(5))


def synced(kit, url, base, items):
    """Seconds of a copy of a table of ours to a dataset, and of syncs: into a new dataset, and of a few Items that have changed, three times."""
    import psycopg

    schema = "bench_sync"
    table = f"{url}?schema={schema}"
    kit.timed("init", table, "-q")
    kit.copy(base, table)
    took = [kit.copy(table, f"{kit.folder}/copied/")[0], kit.timed("sync", table, f"{kit.folder}/synced/", "-q")[0]]
    said(f"copy and first sync of {items:,}: {took}")
    for number in range(3):
        with psycopg.connect(url.replace("postgis:", "postgresql:")) as connection:
            changed = connection.execute(
                f"""UPDATE {schema}.items SET properties = properties || '{{"eo:cloud_cover": {number}}}'
                WHERE ctid = ANY (ARRAY(SELECT ctid FROM {schema}.items ORDER BY random() LIMIT {CHANGED}))"""
            )
            if changed.rowcount != CHANGED:
                sys.exit(f"{changed.rowcount} rows changed, not {CHANGED}")
        took.append(kit.timed("sync", table, f"{kit.folder}/synced/", "-q")[0])
    said(f"syncs of {CHANGED}: {took[2:]}")
    for name in ("copied", "synced"):
        shutil.rmtree(kit.folder / name)
    with psycopg.connect(url.replace("postgis:", "postgresql:")) as connection:
        connection.execute(f"DROP SCHEMA {schema} CASCADE")
    return took


def said(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, required=True)
    parser.add_argument("--binaries", type=pathlib.Path, required=True)
    parser.add_argument("--database", required=True, help="the URL of a PostGIS database in which a schema is made and dropped again")
    parser.add_argument("--report", type=pathlib.Path, required=True)
    parser.add_argument("--most", type=int, default=10, help="the largest dataset has so many times the Items")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-dataset-", dir=options.binaries.parent))
    try:
        options.report.write_text(run(Kit(options.binaries, folder), options.items, options.most, options.database))
    finally:
        shutil.rmtree(folder)


def run(kit, items, most, database):
    folder, small = kit.folder, items // 10
    rows, growth = [], {}
    base, data = kit.items(items, 1, folder / "base.ndjson"), folder / "data"
    tenth, few = folder / "tenth.ndjson", folder / "tenth"
    with tenth.open("w") as out:
        subprocess.run(["head", "-n", str(small), base], stdout=out, check=True)
    kit.copy(kit.items(small, 2, tenth), f"{few}/")
    load, load_memory = kit.copy(base, f"{data}/")
    said(f"{items:,} loaded in {load:.1f} s")
    ids = [item["id"] for item in spread(base, 8, items)]
    growth[small] = asked(kit, few, small, [item["id"] for item in spread(tenth, 8, small)], 100)
    growth[items] = asked(kit, data, items, ids, 10)
    opened = of_files(kit, data)
    writes(kit, items, base, data, rows)
    sync = synced(kit, database, base, items)
    base.unlink()
    appended = {}
    for seed in range(3, 2 + most):
        appended[seed] = kit.copy(kit.items(items, seed, folder / "next.ndjson"), f"{data}/", "--mode", "insert")
        said(f"{items:,} more in {appended[seed][0]:.1f} s, {appended[seed][1]:.0f} MB")
    extra = kit.items(MORE, 95, folder / "extra.ndjson")
    late = kit.copy(extra, f"{data}/", "--mode", "insert")
    log = sum(file.stat().st_size for file in (data / "_delta_log").iterdir())
    size = sum(file.stat().st_size for file in data.rglob("*.parquet") if file.parent.name != "_delta_log")
    loaded = asked(kit, data, items * most, ids, 1)
    optimize = kit.timed("optimize", f"{data}/", "-q")
    said(f"optimized in {optimize[0]:.1f} s, {optimize[1]:.0f} MB")
    growth[items * most] = asked(kit, data, items * most, ids, 1)
    return page(items, most, rows, growth, (loaded, optimize), opened, (load, load_memory), (late, log, size), sync)


def page(items, most, rows, growth, before, opened, load, large, sync):
    import importlib.metadata

    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("deltalake", "duckdb", "duckdb-extension-delta", "stac-geoparquet"))
    written = "\n".join(f"| {work} | {ours} | {beside} | {theirs:.2f} s | {theirs / seconds:.1f} |" for work, ours, beside, theirs, seconds in rows)
    sizes = sorted(growth)
    loaded, (optimize, optimize_memory) = before
    columns = [(f"{size:,} Items", growth[size]) for size in sizes[:-1]]
    columns += [(f"{sizes[-1]:,}, of {most + 1} loads", loaded), (f"{sizes[-1]:,}, after `optimize`", growth[sizes[-1]])]
    asked = "\n".join(
        f"| {name} | " + " | ".join(f"{of[name][0] * 1000:.2f} ms ({of[name][1]:,})" for _, of in columns)
        + " | " + ", ".join(f"{of[name][0] / growth[sizes[0]][name][0]:.1f}" for _, of in columns[-2:]) + " |"
        for name in growth[sizes[0]]
    )
    theirs = "\n".join(
        f"| {name} | " + " | ".join(f"{of[name][2] * 1000:.0f} ms ({of[name][2] / of[name][0]:.1f}x)" for _, of in columns) + " |"
        for name in growth[sizes[0]]
    )
    names = " | ".join(name for name, _ in columns)
    (late, late_memory), log, size = large
    copied, first, *syncs = sync
    some = statistics.median(syncs)
    return f"""# Datasets, measured

`make bench-dataset` writes this page: one run on {datetime.date.today()}, {platform.machine()} with {os.cpu_count()} cores. Items are made up, of 2 kB.
{versions}.

## Writes

Whole processes, from NDJSON, each begun when what was written before is on disk; of upserts, each of other Items, the median of {RUNS}. {items:,} Items are loaded in {load[0]:.1f} s, with {load[1]:.0f} MB at most.

| work | stacyard | beside it | | times |
|---|---|---|---|---|
{written}

Into {items * most:,} Items, {MORE:,} more are appended in {late:.2f} s with {late_memory:.0f} MB. That dataset has {size / 1e9:.2f} GB of files and {log / 1e6:.1f} MB of log.

## Questions

A process that is open, the median of 31 answers, with how many Items each has; an Item by id is one of eight in turn, 301 times. The question is for fewer days where there are more Items in each, so that
its answer is about as large. Each load has Items of all times and places. `stacyard optimize` lays {items * most:,} Items out anew in {optimize:.0f} s, with {optimize_memory:.0f} MB at most. Growth is that from
{sizes[0]:,} Items to {sizes[-1]:,}, of many loads and after `optimize`.

| asked | {names} | growth |
|---|{"---|" * (len(columns) + 1)}
{asked}

DuckDB's `delta_scan`, asked the same of the same dataset, warm too, and how many times as long that takes:

| asked | {names} |
|---|{"---|" * len(columns)}
{theirs}

A dataset of {FILES:,} files is opened, and its Items are counted, in {opened * 1000:.0f} ms: a whole process.

## A sync from PostGIS

{items:,} Items in a table of `stacyard init`, to a dataset on disk.

| work | seconds | of the copy |
|---|---|---|
| `copy` into a new dataset | {copied:.1f} | 1 |
| the first `sync` into a new one | {first:.1f} | {first / copied:.2f} |
| `sync` of {CHANGED} Items that have changed, the median of three | {some:.1f} | {some / copied:.3f} (1/{copied / some:.1f}) |
"""


if __name__ == "__main__":
    main()
