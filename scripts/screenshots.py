"""Pictures of the pages over a store: `screenshots.py STORE FOLDER`."""

import pathlib
import sys

from playwright.sync_api import sync_playwright

from browser import CHROMIUM, DRAWS, FLAGS, served, visitor

ITEMS = "/collections/sentinel-2-l2a/items"
PICTURES = {
    "landing": ("/", {}),
    "collection": ("/collections/landsat-c2-l2#map=3.2/45/10", {}),
    "search": ("/search?collections=landsat-c2-l2&bbox=-5,40,18,52&filter=%22eo:cloud_cover%22%20%3C%2020", {}),
    "dark": ("/search?collections=sentinel-2-l2a&bbox=-10,35,25,60", {"color_scheme": "dark"}),
    "item": (ITEMS, {}),
    "phone": ("/collections/landsat-c2-l2", {"viewport": {"width": 390, "height": 844}}),
    "wrong": ("/search?filter=%22eo:cloud_cover%22%20%3C%3C%2020", {}),
}


def main(store, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, served(store) as url:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *DRAWS])
        for name, (path, look) in PICTURES.items():
            with visitor(chromium, url, **{"viewport": {"width": 1200, "height": 800}, **look}) as someone:
                page = someone.open(path, 400 if name == "wrong" else 200)
                if name == "item":
                    page.click(".items a >> nth=0")
                    someone.settle()
                # What has been focused is not what a picture is of.
                page.evaluate("() => document.activeElement?.blur()")
                page.screenshot(path=folder / f"{name}.png")
        chromium.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
