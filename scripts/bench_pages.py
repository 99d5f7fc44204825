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
VIEWPORT = {"width": 1280, "height": 900}
RUNS = 5


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


# What happens to the map, with the times of the page itself: Playwright sees it up to 0.3 s later, as it asks by another process that has to wait
# for its turn on a machine of two cores. The clock of a page begins with its navigation; an event has the time at which the browser got it.
WATCH = """
window.states = [];
new MutationObserver(() => {
  const state = document.querySelector("#map")?.dataset.state;
  if (state !== states.at(-1)?.state) states.push({ state, at: performance.now() });
}).observe(document, { subtree: true, childList: true, attributeFilter: ["data-state"] });
addEventListener("click", (event) => { window.clicked = event.timeStamp; window.states = []; }, true);
"""
SINCE = "() => states.findLast(({ state }) => state === 'idle').at - (window.clicked ?? 0)"


def idle(page):
    page.wait_for_selector("#map[data-state=idle]", timeout=60_000)


def told(name, took):
    """The medians by the clock of the page, in milliseconds, and by that of Playwright, in seconds."""
    inside, outside = zip(*took)
    print(f"{name}: median {statistics.median(inside):.0f} ms in the page (most {max(inside):.0f} ms), {statistics.median(outside) * 1e3:.0f} ms by Playwright")


def first_view(browser, store, path):
    """Opens a Collection in a browser that knows nothing of it, of a server that has been asked for nothing; how long the map takes."""
    with served(store) as url:
        context = browser.new_context(viewport=VIEWPORT)
        context.add_init_script(WATCH)
        page = context.new_page()
        begin = time.perf_counter()
        page.goto(url + path)
        idle(page)
        took = page.evaluate(SINCE), time.perf_counter() - begin
        context.close()
        return took


def weight(browser, url):
    """What the page of a Collection weighs without its tiles."""
    context = browser.new_context(viewport=VIEWPORT)
    page, weights = context.new_page(), {}
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    names = {}
    session.on("Network.responseReceived", lambda event: names.update({event["requestId"]: event["response"]["url"]}))
    session.on("Network.loadingFinished", lambda event: weights.update({names.get(event["requestId"], "?"): event["encodedDataLength"]}))
    page.goto(url + COLLECTION)
    idle(page)
    page.wait_for_load_state("networkidle")
    # The worker is loaded by itself, and asks for basemap and tiles, of which a page is not told.
    names = {name: page.get_attribute("#map", f"data-{name}") for name in ["worker", "basemap"]}
    others = [size for name, size in weights.items() if not name.endswith(tuple(names.values()))]
    print(f"weight without tiles: {(sum(others) + fetch(names['worker'])) / 1e3:.0f} kB, and {fetch(names['basemap']) / 1e3:.0f} kB of basemap")
    context.close()


def moves(browser, url):
    """New views of a map that is there."""
    context = browser.new_context(viewport=VIEWPORT)
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(url + COLLECTION)
    page.wait_for_load_state("networkidle")
    idle(page)
    for name, button in {"zoom in": ".maplibregl-ctrl-zoom-in", "zoom out": ".maplibregl-ctrl-zoom-out"}.items():
        took = []
        for _ in range(RUNS):
            begin = time.perf_counter()
            page.click(button)
            page.wait_for_function("() => states.at(-1)?.state === 'idle'")
            outside = time.perf_counter() - begin
            # What would still come is of this one.
            page.wait_for_timeout(500)
            took.append((page.evaluate(SINCE), outside))
        told(f"{name}, from the click to the map with its Items", took)
    context.close()


def views(playwright, store):
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *DRAWS])
    # A browser that is being started has much else to do; the one that somebody looks with is there.
    page = chromium.new_page()
    page.wait_for_timeout(3_000)
    told("first view, from the navigation to the map with its Items", [first_view(chromium, store, COLLECTION) for _ in range(RUNS)])
    with served(store) as url:
        weight(chromium, url)
        moves(chromium, url)
    chromium.close()
    started = []
    for _ in range(RUNS):
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *DRAWS])
        started.append(first_view(chromium, store, COLLECTION))
        chromium.close()
    told("the same while the browser is being started", started)


def main(store):
    print(f"{stacyard('search', store, '--count').strip()} Items; binary {os.path.getsize(STACYARD) / 1e6:.1f} MB")
    with sync_playwright() as playwright:
        views(playwright, store)
    tiles(store)


if __name__ == "__main__":
    main(*sys.argv[1:])
