"""A program whose types are checked: what users write."""

from __future__ import annotations

import asyncio
from typing import Any

import pystac
import stacyard
from stac_pydantic import Item
from stacyard import aio


def report() -> list[str]:
    made: stacyard.Report = stacyard.validate([{"type": "Feature"}], strict=True, profile="mars.toml", progress=lambda progress: print(progress.read))
    return [f"{reject.place} {finding.pointer} {finding.rule}" for reject in made.rejects for finding in reject.findings]


def copies(items: list[Item], objects: list[pystac.Item]) -> int:
    first = stacyard.copy(items, "a.parquet", mode="upsert", collections=[{"id": "c"}], search={"bbox": [0, 0, 1, 1], "sortby": "-datetime"})
    second = stacyard.copy(objects, "b.parquet", overwrite=True, headers={"X": "y"})
    third = stacyard.search_to("c.parquet", "https://host/api", collections=["s2"], datetime="2024-06", max_items=10, page_size=100)
    return first.written + second.written + third.written


def answers(store: stacyard.Store) -> tuple[int, dict[str, Any] | None]:
    found = store.search(collections=["c"], filter={"op": "<", "args": []}, datetime=(None, "2024"), limit=100)
    ids: list[str] = [item["id"] for item in found]
    models: list[Item] = list(found.to_models(Item))
    put: stacyard.Put = store.put(models[0], etag=store.etag(ids[0], collection="c"))
    stacyard.copy(found, "d.parquet")
    return found.count() + len(put.etag), store.get("a", collection="c")


async def later() -> int:
    store = await aio.open("x.parquet", anonymous=True)
    number = 0
    async for item in store.search(ids="a"):
        number += len(item)
    report = await aio.copy(store.search(max_items=5), "y.parquet", overwrite=True)
    report = await aio.search_to("z.ndjson", store, limit=5)
    return number + report.written + await store.search().count()


def fails() -> str | None:
    try:
        return str(asyncio.run(later()))
    except stacyard.errors.UnknownProperty as error:
        return error.nearest
    except stacyard.errors.Invalid as error:
        return error.findings[0].pointer
    except stacyard.StacyardError as error:
        return error.remedy
