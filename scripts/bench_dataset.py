"""Datasets beside deltalake and DuckDB's delta_scan: the table of the issue, as Markdown on standard output. Items are made up; sizes by the argument."""

import argparse
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

STACYARD, MAKE = os.environ["STACYARD"], os.environ["MAKE_CATALOG"]


def timed(*command):
    """Seconds and peak memory (MB) of a command. A process that Python starts has Python's own peak as its least, so that another one starts it."""
    with tempfile.NamedTemporaryFile("r") as peak:
        watched = ["/usr/bin/time", "-f", "%M", "-o", peak.name, *map(str, command)]
        start = time.perf_counter()
        done = subprocess.run(watched, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        seconds = time.perf_counter() - start
        if done.returncode not in (0, 1):
            sys.exit(f"{command}: {done.stderr}")
        return seconds, int(peak.read().split()[-1]) / 1024


def best(times, run):
    return min(run() for _ in range(times))


def delta_connection():
    import duckdb
    import duckdb_extension_delta

    folder = pathlib.Path(next(iter(duckdb_extension_delta.__path__)))
    connection = duckdb.connect()
    connection.execute(f"LOAD '{next(folder.rglob('delta.duckdb_extension'))}'")
    return connection


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("items", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--folder", help="where the data lies [default: a temporary folder]")
    arguments = parser.parse_args()
    root = pathlib.Path(arguments.folder or tempfile.mkdtemp(prefix="bench-dataset-"))
    root.mkdir(exist_ok=True)
    items, more = arguments.items, max(arguments.items // 100, 100)
    try:
        run(root, items, more)
    finally:
        if not arguments.folder:
            shutil.rmtree(root)


def run(root, items, more):
    import deltalake

    base, extra, scattered = root / "base.ndjson", root / "extra.ndjson", root / "scattered.ndjson"
    subprocess.run([MAKE, "--items", str(items), "--seed", "1", base], check=True)
    subprocess.run([MAKE, "--items", str(more), "--seed", "2", extra], check=True)
    with base.open() as lines, scattered.open("w") as out:
        step = max(items // 1_000, 1)
        for number, line in enumerate(lines):
            if number % step == 0:
                item = json.loads(line)
                item["properties"]["bench"] = number
                out.write(json.dumps(item) + "\n")
    with extra.open() as lines:
        renamed = [json.loads(line) | {"id": f"extra-{number}"} for number, line in enumerate(lines)]
    extra.write_text("".join(json.dumps(item) + "\n" for item in renamed))
    data, single = root / "data", root / "single.parquet"
    load, load_memory = timed(STACYARD, "copy", base, f"{data}/", "-q", "--rejects", root / "r")
    timed(STACYARD, "copy", base, single, "-q", "--rejects", root / "r")
    theirs = root / "theirs"
    for batch, mode in batches(data):
        deltalake.write_deltalake(theirs, batch, mode=mode, schema_mode="merge")

    rows = []
    append, memory = timed(STACYARD, "copy", extra, f"{data}/", "--mode", "insert", "-q", "--rejects", root / "r")
    rewrite, _ = timed(STACYARD, "copy", extra, single, "--mode", "insert", "-q", "--rejects", root / "r")
    new = deltalake.DeltaTable(data)
    added = newest(data)
    start = time.perf_counter()
    deltalake.write_deltalake(theirs, added, mode="append", schema_mode="merge")
    rows.append((f"append {more:,} Items to {items:,} (peak {memory:.0f} MB; load {load_memory:.0f} MB)", append,
                 f"deltalake append of rows that are in Arrow already: {time.perf_counter() - start:.2f} s; the file written anew: {rewrite:.2f} s"))

    upsert, memory = timed(STACYARD, "copy", scattered, f"{data}/", "--mode", "upsert", "-q", "--rejects", root / "r")
    changed = deltalake.DeltaTable(data).to_pyarrow_dataset().to_table(columns=["id", "collection", "bench"])
    changed = changed.filter(changed["bench"].is_valid())
    start = time.perf_counter()
    (deltalake.DeltaTable(theirs)
     .merge(changed.select(["id", "collection"]), "t.id = s.id AND t.collection = s.collection", source_alias="s", target_alias="t")
     .when_matched_update({"id": "s.id"}).execute())
    rows.append((f"upsert {changed.num_rows:,} scattered Items into {items:,} (peak {memory:.0f} MB)", upsert,
                 f"deltalake merge: {time.perf_counter() - start:.2f} s"))

    one = json.loads(extra.read_text().splitlines()[0])
    connection = delta_connection()
    for name, question, sql in [
        ("Item by id", ["--ids", one["id"], "--collections", one["collection"]],
         f"SELECT * FROM delta_scan('{data}') WHERE id = '{one['id']}' AND collection = '{one['collection']}'"),
        ("newest 10", ["--max-items", "10"], f"SELECT * FROM delta_scan('{data}') ORDER BY datetime DESC LIMIT 10"),
        ("a box and a year", ["--bbox", "5,45,8,48", "--datetime", "2024-01-01T00:00:00Z/2024-12-31T00:00:00Z", "--max-items", "100"],
         f"SELECT * FROM delta_scan('{data}') WHERE bbox.xmin <= 8 AND bbox.xmax >= 5 AND bbox.ymin <= 48 AND bbox.ymax >= 45 "
         "AND datetime BETWEEN '2024-01-01' AND '2024-12-31' ORDER BY datetime DESC LIMIT 100"),
    ]:
        ours = best(3, lambda: timed(STACYARD, "search", f"{data}/", "--filter-lenient", *question)[0])

        def theirs_once():
            start = time.perf_counter()
            connection.execute(sql).fetchall()
            return time.perf_counter() - start

        rows.append((f"{name} of {items:,}, a process", ours, f"DuckDB delta_scan, a session that is open: {best(3, theirs_once):.3f} s"))
    print(f"| work | Stacyard | beside it |\n|---|---|---|\n| load {items:,} Items | {load:.1f} s | |")
    for work, seconds, beside in rows:
        print(f"| {work} | {seconds:.3f} s | {beside} |")
    print(f"\nPeak of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB. Version {new.version()}.")


def batches(data):
    """The rows of a dataset as deltalake gives them, in parts."""
    import deltalake

    mode = "overwrite"
    for batch in deltalake.DeltaTable(data).to_pyarrow_dataset().to_batches(batch_size=50_000):
        if batch.num_rows:
            yield batch, mode
            mode = "append"


def newest(data):
    """The rows of the files that the last version has added."""
    import deltalake
    import pyarrow.parquet

    table = deltalake.DeltaTable(data)
    before = set(deltalake.DeltaTable(data, version=table.version() - 1).file_uris())
    files = [file for file in table.file_uris() if file not in before]
    return pyarrow.concat_tables([pyarrow.parquet.read_table(file) for file in files], promote_options="default")


if __name__ == "__main__":
    main()
