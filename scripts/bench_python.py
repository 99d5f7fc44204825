"""The bench of the Python package: each program in a process of its own, which prints the seconds of the work alone and how many Items it was of."""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys

# The question of the bench: clouds, the year 2024, a box.
FILTER, BBOX, DATETIME = "eo:cloud_cover < 20", [0, 40, 10, 50], "2024-01-01T00:00:00Z/2024-12-31T23:59:59Z"
FEW = 10_000

BEGIN = """
import sys, time, itertools, json, statistics
path, few = sys.argv[1], int(sys.argv[2])
FILTER, BBOX, DATETIME = {question!r}
def lines(): return open(path, "rb")
def dicts(): return [json.loads(line) for line in itertools.islice(lines(), few)]
def told(count, seconds): print(count, seconds)
def timed(work):
    begin = time.perf_counter()
    count = work()
    told(count, time.perf_counter() - begin)
def warm(work):
    work()
    took = []
    for _ in range(7):
        begin = time.perf_counter()
        count = work()
        took.append(time.perf_counter() - begin)
    told(count, statistics.median(took))
"""

VALIDATE = "import stacyard\ntimed(lambda: stacyard.validate(path).read)"
VALIDATE_PYDANTIC = """
from stac_pydantic import Item
def work():
    count = 0
    for line in lines():
        Item.model_validate_json(line)
        count += 1
    return count
timed(work)
"""
VALIDATE_DICTS = "import stacyard\nitems = dicts()\ntimed(lambda: stacyard.validate(items).read)"
VALIDATE_DICTS_PYDANTIC = "from stac_pydantic import Item\nitems = dicts()\ntimed(lambda: sum(1 for item in items if Item.model_validate(item)))"
COPY = "import stacyard\ntimed(lambda: stacyard.copy(path, sys.argv[3], overwrite=True).written)"
COPY_COMMAND = "import subprocess\ntimed(lambda: subprocess.run([sys.argv[4], 'copy', '--quiet', path, sys.argv[3], '--overwrite'], check=True).returncode)"
COPY_RUSTAC = """
import asyncio, rustac
async def main():
    await rustac.write(sys.argv[3], await rustac.read(path))
timed(lambda: asyncio.run(main()) or 0)
"""
COPY_STAC_GEOPARQUET = "from stac_geoparquet.arrow import parse_stac_ndjson_to_parquet\ntimed(lambda: parse_stac_ndjson_to_parquet(path, sys.argv[3]) or 0)"
ARROW = "import pyarrow, stacyard\nstore = stacyard.open(path)\nwarm(lambda: pyarrow.table(store.search(filter=FILTER, bbox=BBOX, datetime=DATETIME).to_arrow()).num_rows)"
ARROW_RUSTAC = """
import rustac
client = rustac.DuckdbClient(install_extensions=False)
warm(lambda: client.search_to_arrow(path, filter=FILTER, bbox=BBOX, datetime=DATETIME).num_rows)
"""
ARROW_DUCKDB = """
import duckdb, duckdb_extension_spatial as package, pathlib
connection = duckdb.connect()
connection.execute("LOAD '%s'" % next(pathlib.Path(next(iter(package.__path__))).rglob("spatial.duckdb_extension")))
connection.execute("SET TimeZone = 'UTC'")
west, south, east, north = BBOX
start, end = DATETIME.split("/")
question = f'''SELECT * FROM '{path}' WHERE "eo:cloud_cover" < 20 AND datetime BETWEEN '{start}' AND '{end}'
    AND bbox.xmin <= {east} AND bbox.xmax >= {west} AND bbox.ymin <= {north} AND bbox.ymax >= {south}
    AND ST_Intersects(geometry, ST_MakeEnvelope({west}, {south}, {east}, {north}))'''
warm(lambda: connection.execute(question).to_arrow_table().num_rows)
"""
DICTS = "import stacyard\nstore = stacyard.open(path)\nwarm(lambda: sum(1 for _ in store.search(max_items=few)))"
DICTS_RUSTAC = "import rustac\nclient = rustac.DuckdbClient(install_extensions=False)\nwarm(lambda: len(client.search(path, limit=few)))"
IMPORT = "timed(lambda: __import__('stacyard') and 1)"

# rustac embeds the DuckDB that is pinned beside it, without Parquet, and looks for extensions at home.
EXTENSIONS = """
import importlib, pathlib, sys
import duckdb
system = duckdb.sql("PRAGMA platform").fetchone()[0]
home = pathlib.Path(sys.argv[1], ".duckdb", "extensions", "v" + duckdb.__version__, system)
home.mkdir(parents=True, exist_ok=True)
for name in ("icu", "parquet", "spatial"):
    package = importlib.import_module("duckdb_extension_" + name)
    link = home / (name + ".duckdb_extension")
    link.unlink(missing_ok=True)
    link.symlink_to(next(pathlib.Path(next(iter(package.__path__))).rglob(link.name)))
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--wheel", type=pathlib.Path, required=True)
    parser.add_argument("--binaries", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    lines = options.work / f"python-{options.items}.ndjson"
    columns = lines.with_suffix(".parquet")
    target = options.work / "python-target.parquet"
    if not lines.exists():
        subprocess.run([options.binaries / "make-catalog", "--items", str(options.items), "--seed", "1", lines], check=True)
    if not columns.exists():
        subprocess.run([options.binaries / "stacyard", "copy", "--quiet", lines, columns], check=True)
    home = options.work / "home"
    subprocess.run([sys.executable, "-c", EXTENSIONS, home], check=True)
    environment = {**os.environ, "HOME": str(home)}

    def run(name, program, path):
        """The median, in seconds, and how many Items it was of."""
        script = BEGIN.format(question=(FILTER, BBOX, DATETIME)) + program
        took = []
        for _ in range(options.runs):
            done = subprocess.run(
                [sys.executable, "-c", script, path, str(FEW), target, options.binaries / "stacyard"], capture_output=True, text=True, env=environment
            )
            if done.returncode != 0:
                print(f"  {name}: failed: {done.stderr.strip().splitlines()[-1]}")
                return None
            count, seconds = done.stdout.split()[-2:]
            took.append(float(seconds))
            if took[-1] > 60:
                break
        median = statistics.median(took)
        print(f"  {name}: {median:.4f} s, {count}", flush=True)
        return median, int(count)

    def against(work, ours, *peers):
        """Runs ours and the peers, and says how many times faster ours is than each; `same`: all must find as many."""
        print(work, flush=True)
        mine = run("stacyard", *ours)
        for name, program, path, asked in peers:
            other = run(name, program, path)
            if mine and other:
                # What copies count differs; what answers count must not.
                same = "" if other[1] in (mine[1], 0) else f" (finds {other[1]}, not {mine[1]})"
                print(f"  -> {other[0] / mine[0]:.2f} times as fast as {name}, asked: {asked}{same}", flush=True)

    against("validate, NDJSON", (VALIDATE, lines), ("stac-pydantic", VALIDATE_PYDANTIC, lines, "10"))
    against(f"validate, {FEW:,} dictionaries", (VALIDATE_DICTS, lines), ("stac-pydantic", VALIDATE_DICTS_PYDANTIC, lines, "3"))
    against(
        "NDJSON to GeoParquet", (COPY, lines), ("the command", COPY_COMMAND, lines, "0.95"), ("rustac", COPY_RUSTAC, lines, "-"),
        ("stac-geoparquet", COPY_STAC_GEOPARQUET, lines, "-"),
    )
    against("the question, to Arrow", (ARROW, columns), ("rustac DuckdbClient", ARROW_RUSTAC, columns, "8"), ("duckdb", ARROW_DUCKDB, columns, "5"))
    against(f"{FEW:,} dictionaries", (DICTS, columns), ("rustac DuckdbClient", DICTS_RUSTAC, columns, "3"))
    print("import stacyard, asked: 60 ms")
    run("stacyard", IMPORT, lines)
    print(f"wheel: {options.wheel.stat().st_size / 2**20:.1f} MB, asked: 25 MB")


if __name__ == "__main__":
    main()
