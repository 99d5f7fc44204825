"""The bench: runs stacyard and its peers on the same Items, in turns, and prints and writes what was asked and reached.

Needs only the standard library; the peers run in processes of their own, from the environment given by --peers.
Time and peak memory are what the kernel says of each process (wait4), so that nobody measures himself, with one
exception: where the start-up is not the work (a warm process, a Python model), the program prints the seconds of the
work alone. Programs that answer the same question must find as many Items, else there is no report.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field

SLOW = 60.0  # A program that takes longer than this is run once.
FLAT = 1.25  # How much more memory is still called flat.
REPEAT = 7  # How often a warm process answers, after an answer that warms it up.
IDS = 20  # How many Items are asked for by id, another one each time.

# The question. Those that can leave parts of an Item out give `id`, `datetime` and `assets` of what they find.
CLOUD = 20
WEST, SOUTH, EAST, NORTH = 0, 40, 10, 50
YEAR = ("2024-01-01T00:00:00Z", "2024-12-31T23:59:59Z")
# Growth asks about fewer days the more Items there are. Clouds in the catalog change with the half-year: in days
# around its turn, summer and winter are alike, and the answers about as many.
TURN = datetime.datetime(2024, 10, 1)
GROWTH = {100: 400, 10: 40, 1: 4}  # What part of the Items, how many days.

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

# The answers stay Arrow columns: to make Python objects of them would take DuckDB as long again.
DUCKDB = """
import pathlib, statistics, sys, time
import duckdb, duckdb_extension_spatial as package
repeat, *questions = sys.argv[1:]
connection = duckdb.connect()
if "ST_" in questions[0]:
    connection.execute("LOAD '%s'" % next(pathlib.Path(next(iter(package.__path__))).rglob("spatial.duckdb_extension")))
connection.execute("SET parquet_metadata_cache = true")
def ask(turn):
    begin = time.perf_counter()
    found = connection.execute(questions[turn % len(questions)]).to_arrow_table()
    taken = time.perf_counter() - begin
    # What is counted is the answer itself.
    return found["items"][0].as_py() if found.column_names == ["items"] else found.num_rows, taken
print("count", ask(0)[0])
if int(repeat):
    print("seconds", statistics.median(ask(turn)[1] for turn in range(1, int(repeat) + 1)))
"""

# orjson is the fastest way from its answer, Python objects, to text.
RUSTAC_TEXT = """
import statistics, sys, time
import orjson, rustac
client = rustac.DuckdbClient(install_extensions=False)
def ask():
    begin = time.perf_counter()
    items = client.search(sys.argv[2], limit=int(sys.argv[3]))
    orjson.dumps({"type": "FeatureCollection", "features": items})
    return len(items), time.perf_counter() - begin
print("count", ask()[0])
print("seconds", statistics.median(ask()[1] for _ in range(int(sys.argv[1]))))
"""

# rustac 0.9.17 embeds the DuckDB that is pinned beside it, without Parquet, and looks for extensions at home.
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

VERSIONS = """
import importlib.metadata as m
print(", ".join(f"{p} {m.version(p)}" for p in ("duckdb", "rustac", "stac-geoparquet", "stac-pydantic", "orjson")))
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
    slow: bool = False

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
        self.slow = elapsed > SLOW
        if self.output and self.output.suffix == ".ndjson":
            self.count = lines(self.output)
        elif "count" in said:
            self.count = int(said["count"])
        print(f"  {self.name}: {spell(self.seconds[-1])}, {self.megabytes[-1]:.0f} MB", flush=True)

    time = property(lambda self: statistics.median(self.seconds))
    memory = property(lambda self: statistics.median(self.megabytes))


@dataclass
class Work:
    """What is done, ours first; with how many Items, where that is not the programs' to find out."""

    title: str
    programs: list
    items: int | None = None

    ours = property(lambda self: self.programs[0])

    def run(self, runs):
        print(self.title, flush=True)
        for number in range(runs):
            for program in self.programs:
                if number == 0 or not program.slow:
                    program.run()
        self.check()

    def check(self):
        """All who count must have found the same number of Items, and some."""
        counts = {program.name: program.count for program in self.programs if program.count is not None}
        wanted = {self.items} if self.items else set(counts.values())
        if set(counts.values()) - wanted or len(wanted) > 1 or 0 in wanted:
            wanted = f"{self.items} each" if self.items else "as many each, and some"
            sys.exit(f"bench: {self.title}: wrong numbers of Items: {counts}; wanted: {wanted}")
        # Where ours does not say it, another one has.
        self.items = self.items or next(iter(wanted))

    def best(self, name):
        """The fastest of the peers whose name begins so."""
        return min((program for program in self.programs[1:] if program.name.startswith(name)), key=lambda program: program.time)

    def rows(self):
        for program in self.programs:
            peer = program is not self.ours
            yield [
                "" if peer else self.title,
                program.name,
                spell(program.time),
                f"{self.items:,}",
                f"{statistics.median(program.cpu):.2f}",
                f"{program.memory:,.0f}",
                f"{program.time / self.ours.time:.1f} times" if peer else "",
                f"{program.memory / self.ours.memory:.1f} times" if peer else "",
                str(len(program.seconds)),
            ]


HEAD = ["work", "program", "time", "Items", "CPU s", "peak MB", "slower than ours", "more memory than ours", "runs"]


@dataclass
class Figure:
    """What was asked of stacyard, and what it reached."""

    what: str
    asked: str
    reached: str
    met: bool | None  # None: it was not measured.

    def __str__(self):
        return f"{self.what}: asked {self.asked} / reached {self.reached}.{' **Missed.**' if self.met is False else ''}"


def faster(work, times, name, beside=None):
    """So many times faster than the fastest peer whose name begins so."""
    peer = work.best(name)
    ratio = peer.time / work.ours.time
    reached = f"{ratio:.1f} times ({peer.name})"
    if beside:
        reached += f", {work.best(beside).time / work.ours.time:.1f} times ({beside})"
    return Figure(work.title, f"{times} times faster than {name}", reached, ratio >= times)


def leaner(work, times, name):
    """So many times less memory at the peak."""
    ratio = work.best(name).memory / work.ours.memory
    return Figure(f"{work.title}, peak memory", f"1/{times} of {name}", f"1/{ratio:.1f}", ratio >= times)


def rate(work, megabytes, source):
    """So many megabytes a second of CPU."""
    reached = source.stat().st_size / 1e6 / statistics.median(work.ours.cpu)
    peers = ", ".join(f"{peer.time / work.ours.time:.1f} times ({peer.name})" for peer in work.programs[1:])
    return Figure(work.title, f"{megabytes} MB/s for each core", f"{reached:.0f} MB/s, the gate included; {peers}", reached >= megabytes)


def within(work, seconds):
    """Less time than this, whatever the peers take."""
    peer = work.best("")
    reached = f"{spell(work.ours.time)} ({peer.name}: {spell(peer.time)})"
    return Figure(work.title, f"less than {seconds * 1e3:g} ms", reached, work.ours.time < seconds)


def flat(tenth, whole, tenfold=None):
    """No more memory for ten times the Items, where that was measured."""
    works = [work for work in (tenth, whole, tenfold) if work]
    asked = f"flat from {whole.items:,} Items to ten times as many (at most {FLAT} times)"
    reached = ", ".join(f"{work.ours.memory:.0f} MB for {work.items:,}" for work in works)
    if not tenfold:
        reached += "; more was not measured (`BIG=1` does)"
    met = tenfold.ours.memory <= FLAT * whole.ours.memory if tenfold else None
    return Figure("Peak memory of stacyard copy", asked, reached, met)


def small_file(work, times, name, beside):
    """A file not much larger than that of a peer."""
    size = {program.name: program.output.stat().st_size for program in work.programs}
    ratio = size[work.ours.name] / size[name]
    reached = f"{ratio:.2f} times ({name}), {size[work.ours.name] / size[beside]:.2f} times ({beside})"
    return Figure("File size", f"at most {times} times that of {name}", reached, ratio <= times)


def growth(works, times):
    """The same question with about as many answers, among more and more Items."""
    took = [work.ours.time for work in works]
    found = ", ".join(f"{work.items:,}" for work in works)
    reached = f"{took[-1] / took[0]:.1f} times ({', '.join(map(spell, took))}; {found} Items found)"
    return Figure("Growth of the question", f"less than {times} times over 100 times the Items", reached, took[-1] < times * took[0])


def spell(seconds):
    milliseconds = seconds * 1e3
    return f"{seconds:.2f} s" if seconds >= 1 else f"{milliseconds:.{2 if milliseconds < 10 else 1 if milliseconds < 100 else 0}f} ms"


def lines(path):
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip())


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    text = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    return "\n".join([text[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *text[1:]])


def said(*command):
    process = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if process.returncode != 0:
        sys.exit(f"bench: {command[0]} failed with exit status {process.returncode}: {process.stderr}")
    return process.stdout.strip()


def machine():
    info = pathlib.Path("/proc/cpuinfo")
    model = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model[0] if model else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}"


def some_ids(ndjson):
    """The ids of Items spread over the file."""
    size, ids = ndjson.stat().st_size, []
    with ndjson.open("rb") as file:
        for part in range(IDS):
            file.seek(size * part // IDS)
            file.readline()
            ids.append(json.loads(file.readline())["id"])
    return ids


def days_around_turn(days):
    half = datetime.timedelta(days=days / 2)
    begin, end = TURN - half, TURN + half - datetime.timedelta(seconds=1)
    return f"{begin:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}"


def question(span):
    """The question as a shell asks stacyard and rustac."""
    return ["--filter", f"eo:cloud_cover < {CLOUD}", "--bbox", f"{WEST},{SOUTH},{EAST},{NORTH}", "--datetime", "/".join(span)]


def sql(file, span):
    """The question as DuckDB is asked."""
    ring = f"{WEST} {SOUTH},{EAST} {SOUTH},{EAST} {NORTH},{WEST} {NORTH},{WEST} {SOUTH}"
    return f"""SELECT id, datetime, assets FROM '{file}' WHERE "eo:cloud_cover" < {CLOUD}
        AND datetime BETWEEN '{span[0]}' AND '{span[1]}' AND ST_Intersects(geometry, ST_GeomFromText('POLYGON(({ring}))'))"""


# What stands in the way of the figures that were missed, as profiled on 2026-11-22 (perf, 2 cores).
LIMITS = """## What limits the figures that were missed

- A filter over NDJSON: each record is parsed whole (half of the CPU) and passes the gate (a fifth), so that what is invalid is set
  aside and not found. DuckDB is told which members to read, and checks nothing else.
- The question, a process: 29 MB of JSON in 0.33 s, 0.26 s where they are not kept in a file; 0.50 s of CPU. Of these
  14 % unpack pages (zstd), each for the first time; 14 % are the kernel's (page faults, the file); 15 % parse the answer again on
  its way out, which could be spared; the rest makes rows of columns and JSON of rows. A warm process that is asked for three
  fields answers in a quarter.
- An Item by id, warm: another row group each time, of which nothing is known yet: its page index for 70 columns 0.5 ms, its ids
  (600 kB) 1 ms, a page each of 48 columns 1.5 ms, on two cores. In a row group that has been looked at before it takes 0.9 ms.
  To leave out pages of ids there would have to be an index of them, which other readers would see as one more column.
- Peak memory, once, `BIG=1`: 319 MB for 1,000,000 Items (10.6 GB), 1.25 times that of a tenth.
"""

# What is counted, in both languages.
COUNTED = "gsd < 15 AND eo:cloud_cover < 0.5 AND datetime >= '2024-01-01T00:00:00Z'"
COUNTED_SQL = """gsd < 15 AND "eo:cloud_cover" < 0.5 AND datetime >= '2024-01-01T00:00:00Z'"""

# With this, DuckDB may leave rows out before it looks at their geometry.
BOXES_FIRST = f" AND bbox.xmin <= {EAST} AND bbox.xmax >= {WEST} AND bbox.ymin <= {NORTH} AND bbox.ymax >= {SOUTH}"


# The same in three languages, of numbers alone, so that all find the same. DuckDB is told which members there are.
NUMBERS = f"eo:cloud_cover < {CLOUD} AND proj:centroid.lon BETWEEN {WEST} AND {EAST} AND proj:centroid.lat BETWEEN {SOUTH} AND {NORTH}"
JQ = f"""select(.properties | .["eo:cloud_cover"] < {CLOUD} and (.["proj:centroid"]
    | .lon >= {WEST} and .lon <= {EAST} and .lat >= {SOUTH} and .lat <= {NORTH}))"""
READ_JSON = f"""SELECT id FROM read_json('{{}}', format='newline_delimited', maximum_object_size=100000000,
    columns={{{{id: 'VARCHAR', properties: 'STRUCT("eo:cloud_cover" DOUBLE, "proj:centroid" STRUCT(lon DOUBLE, lat DOUBLE))'}}}})
    WHERE properties['eo:cloud_cover'] < {CLOUD} AND properties['proj:centroid'].lon BETWEEN {WEST} AND {EAST}
    AND properties['proj:centroid'].lat BETWEEN {SOUTH} AND {NORTH}"""


class Kit:
    """How each program is called."""

    def __init__(self, binaries, peers, folder):
        self.folder, self.python = folder, peers / "bin/python"
        self.stacyard, self.warm, self.make_catalog = binaries / "stacyard", binaries / "ask", binaries / "make-catalog"
        said(self.python, "-c", EXTENSIONS, folder / "home")
        self.at_home = ["env", f"HOME={folder / 'home'}"]
        self.rustac_cli = peers / "bin/rustac"

    def catalog(self, style, items):
        """A catalog, read once, so that the page cache holds it for everybody."""
        path = self.folder / f"{style}-{items}.ndjson"
        said(self.make_catalog, "--style", style, "--items", items, path)
        said("wc", "-l", path)
        return path

    def copy(self, source, target):
        return Program("stacyard copy", [self.stacyard, "copy", source, target], target)

    def search(self, file, *flags):
        answer = self.folder / "answer.ndjson"
        return Program("stacyard search", [self.stacyard, "search", file, *flags, "-o", answer], answer)

    def ask(self, file, *flags):
        return Program("stacyard", [self.warm, "--repeat", REPEAT, file, *flags])

    def jq(self, question, source):
        answer = self.folder / "jq.ndjson"
        return Program("jq", ["sh", "-c", 'jq -c "$1" "$2" > "$3"', "jq", question, source, answer], answer)

    def rustac(self, name, *arguments, output):
        return Program(f"rustac {name}", [*self.at_home, self.rustac_cli, *arguments, output], output)

    def rustac_text(self, name, file, items):
        return Program(f"rustac DuckdbClient, {name}", [*self.at_home, self.python, "-c", RUSTAC_TEXT, REPEAT, file, items])

    def duckdb(self, *questions, name="DuckDB", repeat=REPEAT):
        return Program(name, [self.python, "-c", DUCKDB, repeat, *questions])

    def script(self, name, text, *arguments, output=None):
        return Program(name, [self.python, "-c", text, *arguments], output)


@dataclass
class Files:
    """What the programs read."""

    big: pathlib.Path
    tenth: pathlib.Path
    # Of Items of the small style: the part that GROWTH has for a key.
    small: dict
    ids: list
    # What `NDJSON to GeoParquet` writes.
    ours: pathlib.Path
    rustac: pathlib.Path


def files(kit, n, small_n):
    """Makes them, as far as making them is not measured."""
    small = {}
    for part in GROWTH:
        ndjson = kit.catalog("small", small_n // part)
        small[part] = ndjson.with_suffix(".parquet")
        said(kit.stacyard, "copy", "--overwrite", ndjson, small[part])
    return Files(
        big=kit.catalog("big", n),
        tenth=kit.catalog("big", n // 10),
        small=small,
        ids=some_ids(ndjson),
        ours=kit.folder / "stacyard.parquet",
        rustac=kit.folder / "rustac.parquet",
    )


def works(kit, files, n, small_n):
    """All that is done, by name, in this order: `copy` writes what is asked about later."""
    folder, ours, rustac, newest = kit.folder, files.ours, files.rustac, files.small[1]
    answer, zstd_3, stac_geoparquet = folder / "answer.ndjson", folder / "rustac-zstd-3.parquet", folder / "stac-geoparquet.parquet"
    fields = ["--fields", "id,properties.datetime,assets"]
    by_id = [f"SELECT * FROM '{newest}' WHERE id = '{id}'" for id in files.ids]
    thousand = min(1000, n)
    return {
        "validate": Work("Validation", [
            Program("stacyard validate", [kit.stacyard, "validate", files.big]),
            kit.script("stac-pydantic", STAC_PYDANTIC, files.big),
        ], n),
        "copy": Work("NDJSON to GeoParquet", [
            kit.copy(files.big, ours),
            kit.rustac("translate", "translate", files.big, output=rustac),
            kit.rustac("at zstd(3)", "--parquet-compression", "zstd(3)", "translate", files.big, output=zstd_3),
            kit.script("stac-geoparquet", STAC_GEOPARQUET, files.big, stac_geoparquet, output=stac_geoparquet),
        ], n),
        "tenth": Work("A tenth of the Items to GeoParquet", [kit.copy(files.tenth, folder / "tenth.parquet")], n // 10),
        "back": Work("GeoParquet to NDJSON", [
            kit.copy(ours, folder / "stacyard.ndjson"),
            kit.rustac("translate", "translate", rustac, output=folder / "rustac.ndjson"),
        ], n),
        "ndjson": Work("A filter over NDJSON", [
            kit.search(files.big, "--filter", NUMBERS),
            kit.jq(JQ, files.big),
            kit.duckdb(READ_JSON.format(files.big), name="DuckDB read_json", repeat=0),
        ]),
        "question": Work("The question, warm", [
            kit.ask(ours, *question(YEAR), *fields),
            kit.duckdb(sql(ours, YEAR), name="DuckDB, our file"),
            kit.duckdb(sql(ours, YEAR) + BOXES_FIRST, name="DuckDB, our file, boxes first"),
            kit.duckdb(sql(rustac, YEAR), name="DuckDB, rustac's file"),
            kit.duckdb(sql(rustac, YEAR) + BOXES_FIRST, name="DuckDB, rustac's file, boxes first"),
        ]),
        # Whole Items for both: told which fields are wanted, rustac finds nothing.
        "question from a shell": Work("The question, a process", [
            kit.search(ours, *question(YEAR)),
            kit.rustac("search, its file", "search", rustac, *question(YEAR), output=answer),
            kit.rustac("search, our file", "search", ours, *question(YEAR), output=answer),
        ]),
        "newest": Work("The newest 10 Items, warm", [
            kit.ask(newest, "--page", 10),
            kit.duckdb(f"SELECT * FROM '{newest}' ORDER BY datetime DESC LIMIT 10"),
        ], 10),
        "pages": Work("100 pages of 10 in a row, by cursor, warm", [kit.ask(newest, "--page", 10, "--pages", 100)], 1000),
        "id": Work("An Item by id, warm", [kit.ask(newest, "--ids", ",".join(files.ids)), kit.duckdb(*by_id)], 1),
        "id from a shell": Work("An Item by id, a process", [
            kit.search(newest, "--ids", files.ids[IDS // 2]),
            kit.duckdb(by_id[IDS // 2], repeat=0),
        ], 1),
        "count": Work("A count of Items, warm", [
            kit.ask(newest, "--count", "--filter", COUNTED),
            kit.duckdb(f"SELECT count(*) AS items FROM '{newest}' WHERE {COUNTED_SQL}"),
        ]),
        "count from a shell": Work("A count of Items, a process", [
            Program("stacyard search --count", [kit.stacyard, "search", newest, "--count", "--filter", COUNTED]),
            kit.duckdb(f"SELECT count(*) AS items FROM '{newest}' WHERE {COUNTED_SQL}", repeat=0),
        ]),
        "ends": Work("The least and the greatest, warm", [
            kit.ask(newest, "--least", "eo:cloud_cover", "--greatest", "datetime"),
            kit.duckdb(f"""SELECT min("eo:cloud_cover"), max(datetime) FROM '{newest}'"""),
        ], 1),
        "frequencies": Work("How often each value occurs, warm", [
            kit.ask(newest, "--frequencies", "platform"),
            kit.duckdb(f"SELECT platform, count(*) FROM '{newest}' GROUP BY platform"),
        ], 3),
        "text": Work(f"{thousand:,} Items as text, warm", [
            kit.ask(ours, "--max-items", thousand),
            kit.rustac_text("its file", rustac, thousand),
            kit.rustac_text("our file", ours, thousand),
        ], thousand),
    } | {
        f"growth {part}": Work(f"{days} days of {small_n // part:,} Items, warm", [
            kit.ask(files.small[part], *question(days_around_turn(days)), *fields),
            kit.duckdb(sql(files.small[part], days_around_turn(days)) + BOXES_FIRST),
        ])
        for part, days in GROWTH.items()
    }


def figures(works, files):
    """What was asked for, beside what was measured."""
    return [
        faster(works["validate"], 6, "stac-pydantic"),
        faster(works["copy"], 10, "rustac translate", beside="rustac at zstd(3)"),
        leaner(works["copy"], 25, "rustac translate"),
        flat(works["tenth"], works["copy"], works.get("tenfold")),
        faster(works["back"], 5, "rustac translate"),
        rate(works["ndjson"], 400, files.big),
        faster(works["question"], 6, "DuckDB"),
        faster(works["question from a shell"], 15, "rustac search"),
        faster(works["newest"], 10, "DuckDB"),
        *(faster(works[name], 1.5, "DuckDB") for name in ("count", "count from a shell", "ends", "frequencies")),
        within(works["id"], 0.003),
        within(works["id from a shell"], 0.030),
        faster(works["text"], 8, "rustac DuckdbClient"),
        small_file(works["copy"], 1.1, "rustac translate", beside="rustac at zstd(3)"),
        growth([works[f"growth {part}"] for part in GROWTH], 3),
    ]


def sizes(work, ndjson):
    plain = ndjson.stat().st_size
    written = [(program.name, program.output.stat().st_size) for program in work.programs]
    files = "".join(f", {name} {size / 1e6:,.1f} MB (1/{plain / size:.1f})" for name, size in written)
    return f"GeoJSON, one Item a line, {plain / 1e6:,.1f} MB{files}"


def report(kit, options, files, works):
    n, small_n = options.items, options.small_items
    again = f"N={n} SMALL={small_n} RUNS={options.runs}{' BIG=1' if options.big else ''} make bench"
    kilobytes = files.big.stat().st_size / n / 1e3
    return f"""# Benchmarks

Written by `make bench` on {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}; `{again}` repeats it.

- Input: {n:,} Sentinel-2-like Items, {kilobytes:.1f} kB each, made by `make-catalog --style big`; for the newest Items, Items by id
  and growth {small_n:,} of `--style small`.
- Machine: {machine()}.
- Versions: {said(kit.stacyard, "--version")}, {said("rustc", "--version")}; {said(kit.python, "-c", VERSIONS)}; {said(kit.python, "--version")}.
- Medians; programs run in turns, input in the page cache. One that takes over {SLOW:.0f} s runs once. Programs that are asked
  the same found as many Items. Memory and CPU are those of the whole process.
- Warm: the median of {REPEAT} answers in one process, after a first. Ours are JSON text; those of DuckDB remain Arrow columns, which is
  in its favour. Of stac-pydantic only the work is timed, not its start-up.
- rustac is started as its Python package does it; it writes zstd(15) unless told, we zstd(3). `rustac search` is not asked for
  fields (it then finds nothing), so both write whole Items. Its 1,000 Items are any; ours are the newest.
- The question: `eo:cloud_cover < {CLOUD}`, the year 2024, longitude {WEST} to {EAST}, latitude {SOUTH} to {NORTH}; `id`, `datetime`
  and `assets` of what is found. DuckDB is asked in four ways, of which the best counts. An Item by id is another one at each turn.
- Growth: the question on {", ".join(f"{small_n // part:,}" for part in GROWTH)} Items, in {", ".join(str(days) for days in GROWTH.values())} days.

{table([HEAD, *(row for work in works.values() for row in work.rows())])}

""" + "".join(f"- {figure}\n" for figure in figures(works, files)) + f"""
Sizes: {sizes(works["copy"], files.big)}.

{LIMITS}"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, required=True, help="how many large Items")
    parser.add_argument("--small-items", type=int, required=True, help="how many small Items")
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--big", action="store_true", help="also copy ten times the large Items")
    for name in ("--binaries", "--peers", "--work", "--report"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    return parser.parse_args()


def main():
    options = arguments()
    options.work.mkdir(parents=True, exist_ok=True)
    kit = Kit(options.binaries, options.peers, options.work.resolve())
    read = files(kit, options.items, options.small_items)
    done = works(kit, read, options.items, options.small_items)
    for work in done.values():
        work.run(options.runs)
    if options.big:
        # Made last: it would push the others' input out of the page cache.
        ten = 10 * options.items
        done["tenfold"] = Work("Ten times the Items to GeoParquet", [kit.copy(kit.catalog("big", ten), kit.folder / "tenfold.parquet")], ten)
        done["tenfold"].run(1)
    text = report(kit, options, read, done)
    print(text)
    options.report.parent.mkdir(exist_ok=True)
    options.report.write_text(text)
    print(f"written to {options.report}")


if __name__ == "__main__":
    main()
