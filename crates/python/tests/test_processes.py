"""Threads, forks, interrupts, warnings, logs and progress: how the package behaves in a process of Python's."""

import logging
import multiprocessing
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest
import stacyard

from conftest import make, needs_server, write


def test_threads_ask_one_store():
    stacyard.copy([make(f"i{number}", n=number) for number in range(500)], "x.parquet")
    store = stacyard.open("x.parquet")
    answers, faults = [], []

    def ask(number):
        try:
            for _ in range(5):
                found = store.search(filter=f"n < {number * 10}")
                answers.append((len(list(found)), found.count(), number * 10))
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults and len(answers) == 40 and all(a == b == c for a, b, c in answers)


def test_others_run_while_rust_works():
    write("big.ndjson", (make(f"i{number}", text="x" * 500) for number in range(60_000)))
    ticks, is_done = [], threading.Event()

    def tick():
        while not is_done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    begin = time.monotonic()
    stacyard.validate("big.ndjson")
    took = time.monotonic() - begin
    is_done.set()
    thread.join()
    during = [tick for tick in ticks if begin <= tick <= begin + took]
    # A thousand a second, if nobody else wanted the machine.
    assert len(during) > took * 20


def forked(url, queue):
    store = stacyard.open(url)
    queue.put((store.search().count(), stacyard.copy("items.ndjson", f"{os.getpid()}.parquet").written))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("has_worked", [False, True])
@pytest.mark.parametrize("kind", ["file", pytest.param("database", marks=needs_server)])
def test_a_fork_asks_a_store_of_its_parent(kind, has_worked, request):
    if kind == "file":
        url = "x.parquet"
        stacyard.copy("items.ndjson", url)
    else:
        url = request.getfixturevalue("database")
        stacyard.copy("items.ndjson", url)
    store = stacyard.open(url)
    if has_worked:
        assert store.search().count() == 2
    context = multiprocessing.get_context("fork")
    queue = context.Queue()

    def child():
        queue.put((store.search().count(), [item["id"] for item in store.search()]))

    for target, arguments, expected in ((child, (), (2, ["b", "a"])), (forked, (url, queue), (2, 2))):
        process = context.Process(target=target, args=arguments)
        process.start()
        assert queue.get(timeout=20) == expected
        process.join(20)
        assert process.exitcode == 0
    # The parent's store is as it was.
    assert store.search().count() == 2


def interrupted(script, *, after=None):
    """Runs a script, and interrupts it once it has said `ready`, so many seconds later."""
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline().strip() == "ready", process.stderr.read()
    time.sleep(after or 0)
    process.send_signal(signal.SIGINT)
    try:
        out, err = process.communicate(timeout=30)
    finally:
        # One that goes on fills the disk.
        process.kill()
    return process.returncode, out, err


ENDLESS = """
    import stacyard, sys, time, threading
    text = b'{"type":"Feature","stac_version":"1.1.0","id":"%d","geometry":null,"properties":{"datetime":"2024-06-01T00:00:00Z"},"links":[],"assets":{}}'
    def endless():
        number = 0
        print("ready", flush=True)
        while True:
            yield text % number
            number += 1
    begin = None
    try:
        stacyard.copy(endless(), "target.parquet", overwrite=True, rejects="rejects.ndjson")
    except KeyboardInterrupt:
        print("interrupted", threading.active_count(), flush=True)
"""


@pytest.mark.parametrize("is_there", [False, True])
def test_an_interrupt_ends_a_copy_and_leaves_nothing_half_written(is_there):
    if is_there:
        stacyard.copy("items.ndjson", "target.parquet")
    before = {path.name: path.read_bytes() for path in pathlib.Path().iterdir()}
    status, out, err = interrupted(ENDLESS, after=0.5)
    assert (status, out) == (0, "interrupted 1\n"), err
    assert {path.name: path.read_bytes() for path in pathlib.Path().iterdir()} == before


@needs_server
def test_an_interrupt_of_a_load_leaves_whole_batches_and_of_a_replacement_all(database):
    text = '{"type":"Feature","stac_version":"1.1.0","id":"%d","geometry":null,"properties":{"datetime":"2024-06-01T00:00:00Z"},"links":[],"assets":{}}'
    is_on = threading.Event()

    def endless():
        number = 0
        while True:
            yield text % number
            number += 1
            if number == 20_000:
                is_on.set()

    def interrupt():
        is_on.wait()
        os.kill(os.getpid(), signal.SIGINT)

    def load(**how):
        is_on.clear()
        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            stacyard.copy(endless(), database, **how)
        return sorted(int(item["id"]) for item in stacyard.open(database).search(fields="id"))

    there = load()
    assert there == list(range(len(there)))
    assert load(overwrite=True) == there


def test_an_interrupt_ends_work_that_runs_no_code_of_the_users():
    write("big.ndjson", (make(f"i{number}", text="x" * 300) for number in range(150_000)))
    script = """
        import stacyard, time
        print("ready", flush=True)
        try:
            while True:
                stacyard.copy("big.ndjson", "target.parquet", overwrite=True, threads=1)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """
    status, out, err = interrupted(script, after=0.7)
    assert (status, out) == (0, "interrupted\n"), err
    assert not [path for path in pathlib.Path().iterdir() if path.name not in ("big.ndjson", "items.ndjson", "target.parquet")]


def test_an_interrupt_does_not_wait_for_a_server_that_does_not_answer():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        script = f"""
            import stacyard
            print("ready", flush=True)
            try:
                stacyard.open("http://127.0.0.1:{server.getsockname()[1]}/stac")
            except KeyboardInterrupt:
                print("interrupted", flush=True)
        """
        begin = time.monotonic()
        status, out, err = interrupted(script, after=0.3)
        assert (status, out) == (0, "interrupted\n"), err
        assert time.monotonic() - begin < 5


def test_a_handler_that_raises_nothing_does_not_end_the_work():
    script = """
        import signal, stacyard
        seen = []
        signal.signal(signal.SIGINT, lambda *_: seen.append(1))
        items = [b'{"type":"Feature","stac_version":"1.1.0","id":"%d","geometry":null,"properties":{"datetime":"2024-06-01T00:00:00Z"},"links":[],"assets":{}}' % number for number in range(200_000)]
        print("ready", flush=True)
        report = stacyard.copy(items, "target.ndjson")
        print(report.written, len(seen), flush=True)
    """
    status, out, err = interrupted(script, after=0.1)
    assert (status, out.split()[0]) == (0, "200000"), err


def test_rejects_are_logged_and_notes_warned_of(caplog):
    with caplog.at_level(logging.WARNING, "stacyard"):
        report = stacyard.copy([make("a"), {"type": "Feature", "id": "bad"}], "x.ndjson")
    assert report.rejected == 1
    assert [record.name for record in caplog.records] == ["stacyard"]
    assert 'items: feature 1: item "bad"' in caplog.text
    with pytest.warns(stacyard.StacyardWarning, match="another type") as warned:
        stacyard.copy([make("a", n=1), make("b", n=2), make("c", n="x")], "y.parquet")
    assert warned[0].filename == __file__


def test_progress_is_told_on_the_thread_that_has_called():
    write("big.ndjson", (make(f"i{number}") for number in range(50_000)))
    seen = []
    stacyard.copy("big.ndjson", "x.parquet", progress=lambda progress: seen.append((threading.get_ident(), progress)))
    assert {thread for thread, _ in seen} == {threading.get_ident()}
    last = seen[-1][1]
    assert last.read == 50_000 and last.source == "big.ndjson" and last.position == last.size == os.path.getsize("big.ndjson")
    assert [progress.read for _, progress in seen] == sorted(progress.read for _, progress in seen)


def test_progress_by_tqdm(capsys):
    stacyard.copy("items.ndjson", "x.parquet", progress=True)
    assert "items.ndjson" in capsys.readouterr().err


def test_an_exception_of_a_callback_ends_the_work():
    write("big.ndjson", (make(f"i{number}") for number in range(50_000)))
    mine = RuntimeError("mine")

    def fail(_):
        raise mine

    with pytest.raises(RuntimeError) as raised:
        stacyard.copy("big.ndjson", "x.parquet", progress=fail)
    assert raised.value is mine and not pathlib.Path("x.parquet").exists()
