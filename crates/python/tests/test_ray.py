"""A copy by many machines: a cluster of Ray on this one, with workers that die. `make test-full` runs it, in an environment that has Ray."""

import contextlib
import http.server
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import pytest

pytest.importorskip("ray", reason="no Ray here (make test-full has it)")

import ray
import stacyard
import stacyard.ray

from conftest import collection, make, write

COMMAND = pathlib.Path(sys.executable).parent / "stacyard"


@pytest.fixture(scope="module", autouse=True)
def cluster():
    ray.init(num_cpus=4, include_dashboard=False)
    yield ray.get_runtime_context().gcs_address
    ray.shutdown()


def run(*arguments):
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=True).stdout


def ids(store):
    return sorted(item["id"] for item in stacyard.open(store).search())


def history(dataset):
    return json.loads(run("history", dataset, "--format", "json"))


def sources(*of):
    for number, names in enumerate(of):
        write(f"{number}.ndjson", [make(name, number + 1, part=number) for name in names])
    return [f"{number}.ndjson" for number in range(len(of))]


@contextlib.contextmanager
def halting(text):
    """The address of a file, of which whoever asks first gets the half; and when that has happened."""
    asked, halted = [], threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            is_first = len(asked) == 1
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if not is_first:
                self.wfile.write(text)
                return
            self.wfile.write(text[:len(text) // 2])
            halted.set()
            # Until the worker is gone.
            with contextlib.suppress(OSError):
                self.connection.recv(1)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/items.ndjson", halted, asked
    finally:
        server.shutdown()


def workers():
    """The processes that stage a part just now."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cmdline").read_bytes().startswith(b"ray::_stage"):
                found.append(int(process.name))
    return found


def test_all_sources_become_one_version():
    told = []
    names = sources(*([f"{part}-{n}" for n in range(50)] for part in range(6)))
    report = stacyard.ray.copy(names, "data/", progress=told.append, collections=collection("c"))
    assert (report.read, report.written, report.rejected, report.changes["came"]) == (300, 300, 0, 300)
    assert report.objects == {"Item": 300} and report.bytes > 0
    assert ids("data/") == sorted(f"{part}-{n}" for part in range(6) for n in range(50))
    assert [(entry["version"], entry["items"]["came"]) for entry in history("data/")] == [(1, 300), (0, 0)]
    assert (told[-1].source, told[-1].read) == ("6 of 6 parts", 300) and len(told) == 6
    assert list(stacyard.open("data/").collections) == ["c"]
    assert ray.is_initialized(), "the cluster is not its own"


def test_a_worker_that_is_killed():
    names = sources(*([f"{part}-{n}" for n in range(20)] for part in range(3)))
    text = "".join(json.dumps(make(f"far-{n}", 5)) + "\n" for n in range(2000)).encode()
    with halting(text) as (url, halted, asked):

        def kill():
            assert halted.wait(60)
            # The others are done, and of this one the first source is staged.
            while len(workers()) != 1:
                time.sleep(0.05)
            os.kill(workers()[0], signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        report = stacyard.ray.copy([*names[:2], [names[2], url]], "data/")
        killer.join()
    assert len(asked) > 1, "somebody has been killed in the middle"
    assert (report.written, report.rejected) == (2060, 0)
    assert ids("data/") == sorted([f"{part}-{n}" for part in range(3) for n in range(20)] + [f"far-{n}" for n in range(2000)])
    assert len(history("data/")) == 2
    # What the dead one had written is seen by nobody, and goes.
    files = {path.resolve() for path in pathlib.Path("data").rglob("part-*.parquet")}
    assert len(files) == 5
    for path in files:
        os.utime(path, (0, 0))
    run("vacuum", "data/", "--older-than", "0")
    assert len(list(pathlib.Path("data").rglob("part-*.parquet"))) == 4 and len(ids("data/")) == 2060


def test_workers_that_always_die():
    stop = threading.Event()

    def kill():
        while not stop.wait(0.01):
            for worker in workers():
                with contextlib.suppress(OSError):
                    os.kill(worker, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with halting(b"") as (url, *_), pytest.raises(stacyard.errors.Unavailable) as failed:
            stacyard.ray.copy([url], "data/", retries=0)
    finally:
        stop.set()
        killer.join()
    assert url in failed.value.message and "replaced up to 0 times" in failed.value.remedy
    assert failed.value.details == ["nothing was committed"]
    assert ids("data/") == []


def test_an_item_in_two_parts():
    names = sources(["a", "b"], ["b", "c"], ["c", "d"])
    report = stacyard.ray.copy(names, "data/", rejects="rejects.ndjson")
    assert (report.read, report.written, report.rejected) == (6, 4, 2)
    assert [json.loads(line)["item"]["id"] for line in open("rejects.ndjson")] == ["b", "c"]
    assert [stacyard.open("data/").get(id)["properties"]["part"] for id in "abcd"] == [0, 0, 1, 2]
    report = stacyard.ray.copy(names, "data/", mode="ignore")
    assert (report.written, report.dropped, report.rejected) == (0, 6, 0)
    write("0.ndjson", [make("a", 9, part=9), make("e", 9, part=9)])
    report = stacyard.ray.copy(["0.ndjson"], "data/", mode="upsert")
    assert (report.written, report.changes["came"], report.changes["replaced"]) == (2, 1, 1)
    assert [stacyard.open("data/").get(id)["properties"]["part"] for id in "abcde"] == [9, 0, 1, 2, 9]
    report = stacyard.ray.copy(["1.ndjson"], "data/", overwrite=True)
    assert ids("data/") == ["b", "c"]


def test_what_is_not_valid_is_set_aside():
    names = sources(["a"], ["b"])
    write("0.ndjson", [make("a"), {**make("x"), "stac_version": "0.1"}])
    report = stacyard.ray.copy(names, "data/", rejects="rejects.ndjson")
    assert (report.written, report.rejected, [reject.id for reject in report.rejects]) == (2, 1, ["x"])
    assert report.rejects[0].line == 2 and report.errors
    assert [json.loads(line)["item"]["id"] for line in open("rejects.ndjson")] == ["x"]
    pathlib.Path("mine.txt").write_text("mine\n")
    with pytest.raises(stacyard.errors.Usage, match="holds something else"):
        stacyard.ray.copy(names, "data/", rejects="mine.txt")
    assert pathlib.Path("mine.txt").read_text() == "mine\n"


def test_a_source_that_is_bad():
    names = sources(["a"], ["b"])
    with pytest.raises(stacyard.errors.NotFound) as failed:
        stacyard.ray.copy([[*names, "gone.ndjson"]], "data/")
    here = os.getcwd()
    assert "gone.ndjson" in failed.value.message
    assert failed.value.details[-1] == f"nothing was committed; {here}/0.ndjson, {here}/1.ndjson had been staged, whose files go with a vacuum"
    pathlib.Path("broken.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(stacyard.StacyardError, match="broken.parquet"):
        stacyard.ray.copy([*names, "broken.parquet"], "data/")
    assert ids("data/") == [] and len(history("data/")) == 1
    assert stacyard.ray.copy(names, "data/").written == 2


def test_an_object_store(bucket):
    names = []
    for number, name in enumerate(sources(["a", "b"], ["c"], ["d"])):
        names.append(f"s3://bucket/in/{number}.ndjson")
        stacyard.copy(name, names[-1], object_options=bucket)
    report = stacyard.ray.copy(names, "s3://bucket/data/", object_options=bucket)
    assert report.written == 4
    assert sorted(item["id"] for item in stacyard.open("s3://bucket/data/", object_options=bucket).search()) == ["a", "b", "c", "d"]


def test_a_search_is_of_each_source():
    names = sources(["a", "b"], ["c"])
    report = stacyard.ray.copy(names, "data/", search={"filter": "part = 0"})
    assert (report.read, report.written, report.filtered) == (3, 2, 1)
    with pytest.raises(stacyard.errors.Usage, match="filter"):
        stacyard.ray.copy(names, "data/", search={"filter": "part ="})
    with pytest.raises(stacyard.errors.UnknownProperty, match=r"[01]\.ndjson"):
        stacyard.ray.copy(names, "data/", search={"filter": "prat = 0"})
    assert ids("data/") == ["a", "b"]


def test_a_profile_is_of_all_parts():
    profile = stacyard.Profile('[fields.part]\ntype = "integer"\nmaximum = 0')
    report = stacyard.ray.copy(sources(["a"], ["b"]), "data/", profile=profile)
    assert (report.written, report.rejected, report.rejects[0].id) == (1, 1, "b")
    assert stacyard.open("data/").profile.text == profile.text


def test_what_cannot_be(cluster):
    names = sources(["a"])
    for wrong, to in [(stacyard.errors.Usage, "data.parquet"), (stacyard.errors.Usage, "postgis://localhost/x/")]:
        with pytest.raises(wrong, match="is no dataset"):
            stacyard.ray.copy(names, to)
    with pytest.raises(TypeError, match="takes a list of sources"):
        stacyard.ray.copy("0.ndjson", "data/")
    with pytest.raises(stacyard.errors.Usage, match="there are no sources"):
        stacyard.ray.copy([], "data/")
    with pytest.raises(TypeError, match="takes no resume"):
        stacyard.ray.copy(names, "data/", resume=True)
    with pytest.raises(stacyard.errors.Usage, match="is no mode"):
        stacyard.ray.copy(names, "data/", mode="merge")
    with pytest.raises(stacyard.errors.Usage, match="is connected to the cluster"):
        stacyard.ray.copy(names, "data/", cluster="127.0.0.1:1")
    assert stacyard.ray.copy(names, "data/", cluster=cluster).written == 1


def test_a_cluster_of_its_own():
    sources(["a"])
    script = """
import sys, stacyard.ray
print("ray" in sys.modules)
written = stacyard.ray.copy(["0.ndjson"], "data/").written
import ray
print(written, ray.is_initialized())
"""
    clean = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, env=clean)
    assert done.stdout.splitlines()[-2:] == ["False", "1 False"], done.stdout + done.stderr
