"""Measures the pages over a store in Chromium: `bench_pages.py STORE`. Figures are of this machine, in one run; the map is drawn by software."""

import os
import statistics
import sys
import time
import urllib.request

from playwright.sync_api import sync_playwright

from browser import CHROMIUM, DRAWS, FLAGS, served
from conftest import STACYARD, stacyard

COLLECTION = "/collections/sentinel-2-l2a"
VIEWS = 5


def timed(ask):
    begin = time.perf_counter()
    ask()
    return time.perf_counter() - begin


def fetch(url):
    request = urllib.request.Request(url, headers={"accept-encoding": "gzip"})
    with urllib.request.urlopen(request) as answer:
        return len(answer.read())


def tiles(store):
    """A tile of each zoom, cold (of a server that has been asked for nothing) and warm."""
    for zoom in range(6):
        # Over the Alps, where there are many.
        x, y = int((10 + 180) / 360 * 2**zoom), int(0.36 * 2**zoom)
        cold = []
        for _ in range(3):
            with served(store) as url:
                path = f"{url}{COLLECTION}/tiles/{zoom}/{x}/{y}"
                cold.append(timed(lambda: fetch(path)))
                warm = statistics.median(timed(lambda: fetch(path)) for _ in range(9))
                size = fetch(path)
        print(f"tile at zoom {zoom}: cold {statistics.median(cold) * 1e3:.0f} ms, warm {warm * 1e3:.1f} ms, {size} bytes")


def idle(page):
    page.wait_for_selector("#map[data-state=idle]", timeout=60_000)


def views(browser, url):
    """The first view of a Collection in a new browser, of a server that has been asked for nothing, and what it weighs."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, weights = context.new_page(), {}
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    names = {}
    session.on("Network.responseReceived", lambda event: names.update({event["requestId"]: event["response"]["url"]}))
    session.on("Network.loadingFinished", lambda event: weights.update({names.get(event["requestId"], "?"): event["encodedDataLength"]}))
    begin = time.perf_counter()
    page.goto(url + COLLECTION)
    shown = time.perf_counter() - begin
    idle(page)
    print(f"first view: page {shown * 1e3:.0f} ms, map with its Items {(time.perf_counter() - begin) * 1e3:.0f} ms")
    page.wait_for_load_state("networkidle")
    # The worker is loaded by itself, and asks for basemap and tiles, of which a page is not told.
    worker, basemap = (fetch(page.get_attribute("#map", f"data-{name}")) for name in ["worker", "basemap"])
    whole = sum(weights.values()) + worker
    print(f"weight without tiles: {whole / 1e3:.0f} kB, and {basemap / 1e3:.0f} kB of basemap")
    moves = {"zoom in": ".maplibregl-ctrl-zoom-in", "zoom out": ".maplibregl-ctrl-zoom-out"}
    for name, button in moves.items():
        took = []
        for _ in range(VIEWS):
            begin = time.perf_counter()
            page.click(button)
            page.wait_for_selector("#map[data-state=busy]", timeout=5_000)
            idle(page)
            took.append(time.perf_counter() - begin)
        print(f"{name} (with its animation of 300 ms): median {statistics.median(took) * 1e3:.0f} ms, most {max(took) * 1e3:.0f} ms")
    context.close()


def main(store):
    print(f"{stacyard('search', store, '--count').strip()} Items; binary {os.path.getsize(STACYARD) / 1e6:.1f} MB")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *DRAWS])
        with served(store) as url:
            views(chromium, url)
        chromium.close()
    tiles(store)


if __name__ == "__main__":
    main(*sys.argv[1:])
