"""Asks `stacyard serve` for vector tiles of one GeoParquet file of many Items, and prints how long each zoom takes: cold, each tile once
on a server that has just begun, and warm, each once again."""

import argparse
import pathlib
import re
import statistics
import subprocess
import sys
import time
import urllib.request

ZOOMS = range(6)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--binaries", "--work"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    parser.add_argument("--items", type=int, required=True)
    options = parser.parse_args()
    stacyard = options.binaries / "stacyard"
    options.work.mkdir(parents=True, exist_ok=True)
    store = options.work / f"pages-{options.items}.parquet"
    if not store.exists():
        made = subprocess.Popen([options.binaries / "make-catalog", "--items", str(options.items), "--style", "small", "-"],
                                stdout=subprocess.PIPE)
        if subprocess.run([stacyard, "copy", "-", store, "-q"], stdin=made.stdout).returncode or made.wait():
            sys.exit(f"{store} cannot be made")
    print(f"{options.items:,} Items in one file, milliseconds")
    print("| zoom | tiles | cold: median | slowest | warm: median | slowest |\n|---|---|---|---|---|---|")
    for zoom in ZOOMS:
        cold, warm = asked(stacyard, store, zoom)
        print(f"| {zoom} | {len(cold)} | {shown(cold)} | {shown(warm)} |", flush=True)


def asked(stacyard, store, zoom):
    """How long each tile of a zoom takes, and each once again."""
    # A port of its own for each: what a server has read stays in its memory.
    server = subprocess.Popen([stacyard, "serve", store, "--bind", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True)
    try:
        found = (re.search(r"serving at (http://\S+)", line) for line in server.stderr)
        url = next(match[1] for match in found if match)
        tiles = [f"{url}tiles/{zoom}/{x}/{y}" for x in range(2**zoom) for y in range(2**zoom)]
        return [[seconds(tile) for tile in tiles] for _ in range(2)]
    finally:
        server.terminate()
        server.wait()


def seconds(url):
    begin = time.perf_counter()
    with urllib.request.urlopen(url) as answer:
        answer.read()
    return time.perf_counter() - begin


def shown(times):
    return f"{statistics.median(times) * 1000:.1f} | {max(times) * 1000:.1f}"


main()
