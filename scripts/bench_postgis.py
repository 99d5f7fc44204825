"""Loads Items into PostGIS beside pypgstac and beside what guides show (stac-pydantic, SQLAlchemy Core, GeoAlchemy2), asks
both databases the same, and writes the table. The server is one and the same for all (scripts/cluster.sh)."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

BY_HAND = r'''
import json, sys
from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, Column, DateTime, MetaData, String, Table, create_engine, func, insert
from sqlalchemy.dialects.postgresql import JSONB
from stac_pydantic import Item

engine = create_engine(sys.argv[1])
table = Table("items_by_hand", MetaData(),
    Column("collection", String, primary_key=True), Column("id", String, primary_key=True), Column("datetime", DateTime(timezone=True)),
    Column("geometry", Geometry(srid=4326)), Column("properties", JSONB), Column("assets", JSONB), Column("links", JSONB))
table.metadata.drop_all(engine)
table.metadata.create_all(engine)

def row(line):
    item = Item.model_validate_json(line)
    whole = json.loads(line)
    return {"collection": item.collection, "id": item.id, "datetime": item.properties.datetime,
        "geometry": func.ST_GeomFromGeoJSON(json.dumps(whole["geometry"])), "properties": whole["properties"],
        "assets": whole["assets"], "links": whole["links"]}

with engine.begin() as connection, open(sys.argv[2]) as lines:
    batch = []
    for line in lines:
        batch.append(row(line))
        if len(batch) == 500:
            connection.execute(insert(table).values(batch))
            batch = []
    if batch:
        connection.execute(insert(table).values(batch))
'''

# What stands in the way of less time and less disk, as profiled on 2026-11-22.
LIMITS = """What limits it. Loading: the machine's two cores are busy all the time, three quarters of it the server's (reading JSON, compressing, five
indexes). Disk: of 4.3 kB an Item, assets take 1.4 (8.4 as text), properties 1.2, links 0.2, the indexes 0.4, and geometry, times and
what PostgreSQL keeps of each row and page the rest. With pglz in place of lz4 it would be 0.39 of the JSON, and the load would take
1.4 times as long.
"""

BOX = (0, 40, 10, 50)
CLOUD = 20


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--binaries", "--peers", "--ndjson", "--report"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    options = parser.parse_args()
    stacyard, ask = options.binaries / "stacyard", options.binaries / "ask"
    server = os.environ["STACYARD_TEST_DATABASE"]
    place = server.removeprefix("postgis://")
    dsn = f"postgresql://{place}"
    python, pypgstac = options.peers / "bin/python", options.peers / "bin/pypgstac"
    store = f"{server}?schema=bench"

    def run(*command, **more):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **more)
        if done.returncode != 0:
            sys.exit(f"{command}: {done.stderr}")
        return done.stdout

    def timed(*command):
        begin = time.monotonic()
        run(*command)
        return time.monotonic() - begin

    def sql(text):
        return run("psql", dsn, "-qAt", "-c", text).strip()

    collections = options.ndjson.with_suffix(".collections.ndjson")
    names, count = set(), 0
    with open(options.ndjson) as lines:
        for line in lines:
            names.add(json.loads(line)["collection"])
            count += 1
    with open(collections, "w") as out:
        for name in sorted(names):
            extent = {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}}
            out.write(json.dumps({"type": "Collection", "stac_version": "1.1.0", "id": name, "description": name,
                                  "license": "other", "extent": extent, "links": []}) + "\n")

    sql("DROP SCHEMA IF EXISTS bench CASCADE; DROP SCHEMA IF EXISTS pgstac CASCADE")
    run(stacyard, "init", store)
    times = {"stacyard copy": timed(stacyard, "copy", options.ndjson, store, "-q")}
    print(times)
    run(pypgstac, "migrate", "--dsn", dsn)
    run(pypgstac, "load", "collections", collections, "--dsn", dsn, "--method", "insert")
    times["pypgstac load"] = timed(pypgstac, "load", "items", options.ndjson, "--dsn", dsn, "--method", "insert")
    print(times)
    script = options.ndjson.with_suffix(".by-hand.py")
    script.write_text(BY_HAND)
    times["stac-pydantic, SQLAlchemy, GeoAlchemy2"] = timed(
        python, script, f"postgresql+psycopg://{place}", options.ndjson)
    print(times)
    loaded = int(sql("SELECT count(*) FROM bench.items"))
    if not loaded == int(sql("SELECT count(*) FROM pgstac.items")) == count:
        sys.exit("not all have loaded the same")
    sql("ANALYZE")

    flags = ["--bbox", ",".join(map(str, BOX)), "--filter", f"eo:cloud_cover < {CLOUD}", "--max-items", "100"]
    question = json.dumps({"bbox": BOX, "limit": 100, "filter-lang": "cql2-json", "sortby": [{"field": "datetime", "direction": "desc"}],
                           "filter": {"op": "<", "args": [{"property": "eo:cloud_cover"}, CLOUD]}})
    # In one session, so that plans and pages are warm; the first call is left out.
    calls = "\\timing on\nSET search_path = pgstac, public;\n" + f"SELECT jsonb_array_length(s->'features') FROM pgstac.search('{question}') AS s;\n" * 8
    said = run("psql", dsn, "-qAt", input=calls)
    pgstac = [float(line.split()[1]) / 1000 for line in said.splitlines() if line.startswith("Time:")][1:]
    ours = [timed(stacyard, "search", store, *flags, "-o", "/dev/null", "--format", "ndjson") for _ in range(8)][1:]
    warm = dict(line.split() for line in run(ask, store, *flags).splitlines())
    found = len(run(stacyard, "search", store, *flags).splitlines())
    page = dict(line.split() for line in run(ask, store, "--page", "10").splitlines())
    pages = dict(line.split() for line in run(ask, store, "--page", "10", "--pages", "100").splitlines())
    newest = json.dumps({"limit": 10, "sortby": [{"field": "datetime", "direction": "desc"}]})
    said_newest = run("psql", dsn, "-qAt", input=calls.replace(question, newest))
    their_page = [float(line.split()[1]) / 1000 for line in said_newest.splitlines() if line.startswith("Time:")][1:]
    answers = [line for line in said.splitlines() if line.isdigit()]
    size = int(sql("SELECT pg_total_relation_size('bench.items')"))
    theirs = int(sql("SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits JOIN pg_class ON oid = inhrelid "
                     "WHERE relkind = 'r' AND relname LIKE '\\_items%'") or 0)
    json_size = options.ndjson.stat().st_size
    best = times["stacyard copy"]
    rows = [f"| {name} | {seconds:.1f} s | {count / seconds:,.0f} | {seconds / best:.1f}x |" for name, seconds in times.items()]
    text = "\n".join([
        "# In PostGIS, beside others", "",
        f"Written by `make bench`. {count:,} Items of {json_size / count / 1000:.1f} kB, one server (PostgreSQL {sql('SHOW server_version')}, "
        f"PostGIS {sql('SELECT postgis_lib_version()')}, fsync off) for all, one run.", "",
        "| load | time | Items/s | time of ours |", "|---|---|---|---|", *rows, "",
        f"| the newest 100 Items of a box with less than {CLOUD} % clouds | median |", "|---|---|",
        f"| `PostGis::find` in a warm process, {warm['count']} found | {float(warm['seconds']) * 1000:.1f} ms |",
        f"| `stacyard search`, the whole process, {found} found | {statistics.median(ours) * 1000:.1f} ms |",
        f"| `pgstac.search()` in a warm session of psql, {answers[-1] if answers else '?'} found | {statistics.median(pgstac) * 1000:.1f} ms |", "",
        "| the newest 10 Items, as a page | median |", "|---|---|",
        f"| `Store::page` in a warm process | {float(page['seconds']) * 1000:.2f} ms |",
        f"| each of 100 such pages in a row, by cursor | {float(pages['seconds']) * 10:.2f} ms |",
        f"| `pgstac.search()` in a warm session of psql | {statistics.median(their_page) * 1000:.1f} ms |", "",
        "| on disk | | of the JSON |", "|---|---|---|",
        f"| `items` of stacyard, indexes included | {size / 1e6:,.0f} MB | {size / json_size:.2f} |",
        f"| partitions of pgstac's items | {theirs / 1e6:,.0f} MB | {theirs / json_size:.2f} |", "",
        LIMITS,
    ])
    print(text)
    options.report.write_text(text)


main()
