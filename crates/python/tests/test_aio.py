"""The twins for `await`."""

import asyncio
import inspect
import pathlib
import threading
import time

import pytest
import stacyard
from stacyard import aio

from conftest import make, write


def test_every_function_and_method_has_a_twin():
    for name in ("validate", "copy", "crawl", "sync", "search_to", "delete", "open", "init"):
        assert inspect.iscoroutinefunction(getattr(aio, name)), name
    for ours, theirs in ((stacyard.Store, aio.Store), (stacyard.Found, aio.Found)):
        public = {name for name in vars(ours) if not name.startswith("_")}
        assert public - {"handle", "store", "query"} <= set(vars(theirs)), ours


def test_answers():
    async def main():
        report = await aio.copy([make(f"i{number}", n=number) for number in range(250)], "x.parquet")
        assert report.written == 250
        assert (await aio.validate("x.parquet")).is_valid
        store = await aio.open("x.parquet")
        found = store.search(sortby="n")
        assert [item["properties"]["n"] async for item in found] == list(range(250))
        assert [len(page["features"]) async for page in found.pages(100)] == [100, 100, 50]
        assert await found.count() == 250 and (await found.first())["id"] == "i0"
        assert len(await found.to_arrow()) == 250 and len((await found.item_collection())["features"]) == 250
        assert (await store.get("i7"))["properties"]["n"] == 7
        assert await store.collections() == {}
        assert (await aio.search_to("y.ndjson", "x.parquet", filter="n < 5")).written == 5
        assert (await aio.copy(found, "z.ndjson")).written == 250
        with pytest.raises(stacyard.errors.UnknownProperty):
            await store.search(filter="nope = 1").count()

    asyncio.run(main())


def test_the_loop_goes_on_while_work_is_done():
    async def main():
        write("big.ndjson", (make(f"i{number}", text="x" * 500) for number in range(30_000)))
        working = asyncio.create_task(aio.validate("big.ndjson"))
        ticks = 0
        while not working.done():
            ticks += 1
            await asyncio.sleep(0.002)
        assert (await working).is_valid
        # Of a loop that stands still there would be one.
        assert ticks > 5

    asyncio.run(main())


def test_many_calls_at_once():
    async def main():
        await aio.copy([make(f"i{number}", n=number) for number in range(300)], "x.parquet")
        store = await aio.open("x.parquet")
        counts = await asyncio.gather(*(store.search(filter=f"n < {number}").count() for number in range(1, 30)))
        assert counts == list(range(1, 30))

    asyncio.run(main())


def test_a_task_that_is_cancelled_ends_its_work():
    given = 0

    def endless():
        nonlocal given
        while True:
            given += 1
            yield make(f"i{given}")

    async def main():
        task = asyncio.create_task(aio.copy(endless(), "x.parquet"))
        await asyncio.sleep(0.3)
        begin = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - begin

    assert asyncio.run(main()) < 3
    so_far = given
    time.sleep(0.2)
    assert given == so_far > 0 and not pathlib.Path("x.parquet").exists()
    assert [path.name for path in pathlib.Path().iterdir()] == ["items.ndjson"]
    assert threading.active_count() < 10


def test_an_exception_of_a_generator_is_raised_itself():
    mine = KeyError("mine")

    def items():
        yield make("a")
        raise mine

    with pytest.raises(KeyError) as raised:
        asyncio.run(aio.copy(items(), "x.parquet"))
    assert raised.value is mine


def slow():
    number = 0
    while True:
        time.sleep(0.005)
        yield make(f"i{number}")
        number += 1


def test_items_that_are_slow_to_come_hold_nothing_up():
    async def main():
        task = asyncio.create_task(aio.copy(slow(), "x.parquet"))
        await asyncio.sleep(0.3)
        begin = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - begin

    assert asyncio.run(main()) < 2
    begin = time.monotonic()
    with pytest.raises(stacyard.errors.LimitExceeded):
        stacyard.copy(slow(), "x.parquet", timeout=0.3)
    assert time.monotonic() - begin < 3 and not pathlib.Path("x.parquet").exists()


def test_a_task_that_is_cancelled_before_it_begins_does_nothing():
    import concurrent.futures

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(1))
        busy = loop.run_in_executor(None, time.sleep, 0.5)
        task = asyncio.create_task(aio.copy("items.ndjson", "x.ndjson"))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await busy

    asyncio.run(main())
    assert not pathlib.Path("x.ndjson").exists()
