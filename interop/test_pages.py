"""The pages for people in a real Chromium, over stores of each kind: what they show is what the command line finds, and a URL is all of their state."""

import ast
import csv
import io
import json
import os
import re
import subprocess
import urllib.parse
import urllib.request

import numpy
import PIL.Image
import pytest
from playwright.sync_api import sync_playwright

from browser import AXE, CHROMIUM, DRAWS, FLAGS, served, violations, visitor
from conftest import SERVER, STACYARD, needs_server, stacyard

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium (make test installs it)"),
    pytest.mark.skipif(not AXE.exists(), reason="the map was not built (make test runs make web)"),
]

COLLECTION = "sentinel-2-l2a"


@pytest.fixture(scope="module")
def playwright():
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def browser(playwright):
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *DRAWS])
    yield chromium
    chromium.close()


@pytest.fixture(scope="module")
def stores(catalog, tmp_path_factory):
    """The same Items in a store of each kind."""
    plain = tmp_path_factory.mktemp("stores") / "plain.ndjson"
    stacyard("copy", catalog.parquet, plain)
    kinds = {"ndjson": plain, "parquet": catalog.parquet}
    if SERVER:
        kinds["postgis"] = f"{SERVER}?schema=py_pages_{os.getpid()}"
        stacyard("init", kinds["postgis"])
        stacyard("copy", catalog.parquet, kinds["postgis"])
    return kinds


@pytest.fixture(scope="module", params=["ndjson", "parquet", "postgis"])
def each(request, stores):
    """A server over a store of one kind, with the store."""
    if request.param not in stores:
        pytest.skip("no STACYARD_TEST_DATABASE (make test starts a server)")
    with served(stores[request.param]) as url:
        yield url, stores[request.param]


@pytest.fixture(scope="module")
def one(stores):
    """A server over the GeoParquet file, with the file."""
    with served(stores["parquet"]) as url:
        yield url, stores["parquet"]


def got(url, accept="application/json"):
    with urllib.request.urlopen(urllib.request.Request(url, headers={"accept": accept})) as answer:
        return answer.read().decode()


def found(store, *flags):
    """The ids that the command line finds."""
    return [json.loads(line)["id"] for line in stacyard("search", store, *flags, "-o", "-").splitlines()]


def parameters(page):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.url).query))


def an_item(url):
    return json.loads(got(f"{url}/collections/{COLLECTION}/items?limit=1"))["features"][0]


def paths(url):
    item = an_item(url)
    return ["/", "/collections", f"/collections/{COLLECTION}", "/search", f"/collections/{COLLECTION}/items",
            f"/collections/{COLLECTION}/items/{item['id']}", "/queryables", "/conformance", "/api.html",
            "/aggregate?aggregations=total_count,datetime_frequency&f=html"]


def test_each_page_over_each_store(browser, each):
    url, store = each
    with visitor(browser, url) as someone:
        for path in paths(url):
            someone.open(path)
        someone.open("/search?limit=50")
        assert someone.ids() == found(store, "--max-items", "50")
        total = stacyard("search", store, "--count").strip()
        assert f"50 of {int(total):,} Items" in someone.page.inner_text("#answer")
        someone.open(f"/collections/{COLLECTION}")
        count = int(stacyard("search", store, "--collections", COLLECTION, "--count"))
        someone.page.wait_for_function("() => !document.querySelector('.total')")
        assert f"{count:,}" in someone.page.inner_text("table")


def test_a_box_is_drawn(browser, each):
    url, store = each
    with visitor(browser, url) as someone:
        page = someone.open("/search?limit=100#map=1/20/0")
        page.click("[data-draw]")
        place = page.locator("#map").bounding_box()
        middle = [place["x"] + place["width"] / 2, place["y"] + place["height"] / 2]
        page.mouse.move(middle[0] - 90, middle[1] - 60)
        page.mouse.down()
        page.mouse.move(middle[0] + 60, middle[1] + 90, steps=5)
        page.mouse.up()
        page.wait_for_function("() => location.search.includes('bbox=')")
        someone.settle()
        bbox = parameters(page)["bbox"]
        west, south, east, north = map(float, bbox.split(","))
        assert west < 0 < east and south < 20 < north
        assert page.input_value("#bbox") == bbox
        assert someone.ids() == found(store, f"--bbox={bbox}", "--max-items", "100")
        # Another person, another browser, the same.
        with visitor(browser, url) as another:
            another.open(page.url)
            assert another.ids() == someone.ids() and another.page.input_value("#bbox") == bbox


def test_a_facet_narrows_and_the_way_back_widens(browser, each):
    url, store = each
    with visitor(browser, url) as someone:
        page = someone.open("/search?limit=100")
        before = someone.ids()
        facet = page.locator(".facet", has=page.get_by_text("constellation", exact=True))
        facet.get_by_text("landsat", exact=True).click()
        page.wait_for_function("() => location.search.includes('filter=')")
        someone.settle()
        condition = parameters(page)["filter"]
        assert condition == "\"constellation\" = 'landsat'"
        after = someone.ids()
        assert after == found(store, "--filter", condition, "--max-items", "100") and after != before
        assert page.input_value("#filter") == condition
        page.go_back()
        page.wait_for_function("() => !location.search.includes('filter=')")
        someone.settle()
        assert someone.ids() == before and page.input_value("#filter") == ""
        page.go_forward()
        page.wait_for_function("() => location.search.includes('filter=')")
        someone.settle()
        assert someone.ids() == after


def test_a_time_is_brushed(browser, each):
    url, store = each
    with visitor(browser, url) as someone:
        page = someone.open("/search?limit=100")
        bars = page.locator(".timeline .bars")
        bars.wait_for()
        place = bars.bounding_box()
        page.mouse.move(place["x"] + place["width"] * 0.3, place["y"] + 20)
        page.mouse.down()
        page.mouse.move(place["x"] + place["width"] * 0.5, place["y"] + 20, steps=4)
        page.mouse.up()
        page.wait_for_function("() => location.search.includes('datetime=')")
        someone.settle()
        interval = parameters(page)["datetime"]
        assert re.fullmatch(r"\d{4}-\d\d-01T00:00:00.000Z/\d{4}-\d\d-\d\dT23:59:59.999999999Z", interval), interval
        assert someone.ids() == found(store, "--datetime", interval, "--max-items", "100")
        # The time line is that of what is left.
        assert page.locator(".timeline .bars i").count() < 40


def test_the_form_asks_by_each_field(browser, one):
    url, store = one
    with visitor(browser, url) as someone:
        page = someone.open("/search")
        page.get_by_label("Methane plumes").check()
        page.click("#search summary")
        page.select_option("[aria-label=Property]", "mars:emission_rate")
        page.select_option("[aria-label=Operation]", ">")
        page.fill("[aria-label=Value]", "5000")
        page.click("text=Add condition")
        page.wait_for_function("() => location.search.includes('filter=')")
        someone.settle()
        wanted = ["--filter", '"mars:emission_rate" > 5000', "--collections", "methane-plumes", "--max-items", "10"]
        assert someone.ids() == found(store, *wanted)
        assert parameters(page) == {"collections": "methane-plumes", "filter": '"mars:emission_rate" > 5000'}
        page.fill("#sortby", "id")
        page.press("#sortby", "Enter")
        page.wait_for_function("() => location.search.includes('sortby=')")
        someone.settle()
        assert someone.ids() == found(store, *wanted, "--sortby", "id")
        page.click("text=Next →")
        page.wait_for_function("() => location.search.includes('token=')")
        someone.settle()
        everything = found(store, *wanted[:4], "--sortby", "id")
        assert someone.ids() == everything[10:20]


def test_without_a_script(browser, one):
    url, store = one
    with visitor(browser, url, java_script_enabled=False) as someone:
        page = someone.open("/search?limit=5")
        assert someone.ids() == found(store, "--max-items", "5")
        assert page.locator("#map svg path.shape").count() == 5
        page.fill("#bbox", "-20,30,30,60")
        page.get_by_label("Landsat").check()
        page.get_by_label("Sentinel-2").check()
        page.click("#search button[type=submit]")
        wanted = ["--bbox=-20,30,30,60", "--collections", "landsat-c2-l2,sentinel-2-l2a", "--max-items", "5"]
        assert someone.ids() == found(store, *wanted)
        page.click(".items a >> nth=0")
        assert page.inner_text("h1") == found(store, *wanted)[0]
        page.click("text=Older Item")
        newest = found(store, "--collections", page.url.split("/")[4])
        assert page.inner_text("h1") == newest[newest.index(found(store, *wanted)[0]) + 1]
        someone.open("/")
        page.click("text=Count the Items by time")
        assert stacyard("search", store, "--count").strip() in page.inner_text("main").replace(",", "")


def test_what_is_wrong_is_marked(browser, one):
    url, _ = one
    asked = []
    with visitor(browser, url) as someone:
        someone.context.on("request", lambda request: "/tiles/" in request.url and asked.append(request.url))
        for query, field, said in [
            ("filter=%22eo:cloud_cover%22%20%3C%3C%2020", "filter", '"eo:cloud_cover" << 20\n                  ^'),
            ("filter=%22eo:clod_cover%22%20%3C%2020", "filter", "eo:cloud_cover"),
            ("bbox=1,2,3", "bbox", "bbox"),
            ("datetime=yesterday", "datetime", "yesterday"),
            ("collections=sentinel-3", "collections", "sentinel-3"),
            ("limit=0", "limit", "limit"),
            ("sortby=nothing", "sortby", "nothing"),
        ]:
            page = someone.open(f"/search?{query}", status=400)
            marked = page.locator("[aria-invalid=true]")
            assert marked.get_attribute("name") == field, query
            assert said in page.inner_text(f"#{field}-wrong"), page.inner_text(f"#{field}-wrong")
            assert marked.is_visible() and page.query_selector(f"[aria-describedby~={field}-wrong]")
        # The next question is answered in the same page: its map stays, and gets its tiles.
        page.evaluate("() => { document.querySelector('#map canvas').isKept = true; }")
        page.fill("#sortby", "")
        page.press("#sortby", "Enter")
        page.wait_for_selector("#answer .items")
        someone.settle()
        assert page.locator("[aria-invalid=true]").count() == 0
        assert page.evaluate("() => document.querySelector('#map canvas').isKept")
        assert any("sortby" not in tile for tile in asked)
        page.click("#search summary")
        page.fill("#sortby", "nothing")
        page.press("#sortby", "Enter")
        page.wait_for_selector("#sortby-wrong")
        someone.settle()
        assert page.evaluate("() => document.querySelector('#map canvas').isKept")
        page = someone.open("/collections/nothing", status=404)
        assert "there is no Collection" in page.inner_text("main") and page.locator("main a").count() >= 3
        someone.open("/nothing", status=404)


QUOTED = """"platform" <> 'it''s $(touch hacked) `id` "x" \\ * ! ü' AND "eo:cloud_cover" < 50"""


def test_the_commands_ask_the_same(browser, one, tmp_path):
    url, store = one
    query = {"filter": QUOTED, "bbox": "-20,30,30,60", "sortby": "-id", "limit": "100", "q": "it's"}
    del query["q"]
    with visitor(browser, url) as someone:
        page = someone.open(f"/search?{urllib.parse.urlencode(query)}")
        page.click("#commands summary")
        ids = someone.ids()
        assert ids == found(store, "--filter", QUOTED, "--bbox=-20,30,30,60", "--sortby=-id", "--max-items", "100")
        assert 0 < len(ids) < 100
        texts = {name: page.inner_text(f"#{name}") for name in ["curl", "stacyard", "python", "cql2-text", "cql2-json"]}
    environment = {**os.environ, "PATH": f"{os.path.dirname(STACYARD)}:{os.environ['PATH']}"}

    def ran(command):
        return subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True).stdout

    assert [item["id"] for item in json.loads(ran(texts["curl"]))["features"]] == ids
    assert [json.loads(line)["id"] for line in ran(texts["stacyard"] + " -o -").splitlines()] == ids
    assert list(tmp_path.iterdir()) == []
    # What Python reads is what was asked; the package itself is tested with its wheel.
    calls = [node for node in ast.walk(ast.parse(texts["python"])) if isinstance(node, ast.Call)]
    [search] = [call for call in calls if getattr(call.func, "attr", "") == "search"]
    keywords = {keyword.arg: ast.literal_eval(keyword.value) for keyword in search.keywords}
    assert keywords == {name: value for name, value in query.items() if name != "limit"}
    assert found(store, "--filter", texts["cql2-text"], "--sortby=-id") == ids
    assert found(store, "--filter", texts["cql2-json"], "--sortby=-id") == ids


def test_the_answer_is_taken_away(browser, one):
    url, store = one
    with visitor(browser, url) as someone:
        page = someone.open("/search?collections=methane-plumes")
        page.click("#downloads summary")
        assert "about" in page.inner_text("#downloads") and "estimate" in page.inner_text("#downloads")
        links = page.eval_on_selector_all("#downloads a", "all => Object.fromEntries(all.map((a) => [a.textContent, a.href]))")
        ids = found(store, "--collections", "methane-plumes")
        whole = json.loads(got(links["GeoJSON"]))
        assert whole["type"] == "FeatureCollection" and sorted(item["id"] for item in whole["features"]) == sorted(ids)
        told = [json.loads(line)["id"] for line in got(links["NDJSON"]).splitlines()]
        assert sorted(told) == sorted(ids)
        page.fill("#csv-fields", "id,mars:emission_rate,bbox,datetime")
        with page.expect_download() as download:
            page.click("text=Download CSV")
        rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8"), newline="")))
        items = {item["id"]: item for item in whole["features"]}
        assert sorted(row["id"] for row in rows) == sorted(ids)
        assert list(rows[0]) == ["id", "mars:emission_rate", "west", "south", "east", "north", "datetime"]
        for row in rows:
            item = items[row["id"]]
            rate = item["properties"].get("mars:emission_rate")
            assert row["mars:emission_rate"] == ("" if rate is None else json.dumps(rate))
            assert float(row["west"]) == item["bbox"][0] and float(row["north"]) == item["bbox"][-1 if len(item["bbox"]) == 4 else 4]
        everything = csv.DictReader(io.StringIO(got(links["CSV"]), newline=""))
        assert {"id", "collection", "west", "mars:emission_rate"} <= set(everything.fieldnames)
        assert sum(1 for _ in everything) == len(ids)
    assert json.loads(got(f"{url}/search?f=geojson-whole&ids=nothing"))["features"] == []


@pytest.mark.parametrize("look", [{}, {"color_scheme": "dark"}, {"viewport": {"width": 360, "height": 740}}],
                         ids=["light", "dark", "phone"])
def test_axe_finds_nothing(browser, one, look):
    url, _ = one
    with visitor(browser, url, **look) as someone:
        wrong = []
        for path, status in [*((path, 200) for path in paths(url)), ("/search?filter=x%20%3C%3C%201", 400), ("/nothing", 404)]:
            page = someone.open(path, status)
            for details in page.query_selector_all("details:not([open]) > summary"):
                details.click()
            someone.settle()
            wrong += [f"{path}: {one}" for one in violations(page)]
            wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
            wrong += [f"{path}: wider than the screen by {wide}"] if wide > 0 else []
        assert wrong == []


def test_by_keyboard_alone(browser, one):
    url, _ = one
    with visitor(browser, url) as someone:
        page = someone.open("/search")
        page.keyboard.press("Tab")
        assert page.evaluate("() => document.activeElement.textContent") == "Skip to the content"
        page.focus("[data-view]")
        page.keyboard.press("Enter")
        page.wait_for_function("() => location.search.includes('bbox=')")
        someone.settle()
        assert page.evaluate("() => document.activeElement.matches('[data-view]')")


EVIL = """<script>window.hacked=1</script>"'><img src=x onerror="window.hacked=1"><b>${7*7}"""


def hostile(number, **members):
    item = {
        "type": "Feature", "stac_version": "1.1.0", "id": f"{EVIL}{number}", "collection": EVIL,
        "geometry": {"type": "Point", "coordinates": [number, number]}, "bbox": [number, number, number, number],
        "properties": {"datetime": f"2024-01-0{number}T00:00:00Z", "title": EVIL, "description": EVIL, EVIL: EVIL,
                       "kind": EVIL, "big": 10 ** 30, "nested": {EVIL: [EVIL]}},
        "links": [{"rel": "about", "href": "javascript:window.hacked=1", "title": EVIL},
                  {"rel": "alternate", "type": "text/plain", "href": "javascript:window.hacked=1//f=x"},
                  {"rel": EVIL, "href": "https://elsewhere.example/" + EVIL}],
        "assets": {EVIL: {"href": "javascript:window.hacked=1", "title": EVIL, "roles": ["thumbnail"], "type": EVIL},
                   "other": {"href": "https://elsewhere.example/pixel.png", "roles": ["thumbnail"], "type": "image/png"},
                   "bucket": {"href": "s3://bucket/key"},
                   "page": {"href": "data:text/html,<script>window.hacked=1</script>", "roles": ["thumbnail"]}},
    }
    return {**item, **members}


def test_hostile_items_stay_texts(browser, tmp_path):
    huge = hostile(5)
    huge["properties"]["title"] = "W" * 200_000
    globe = hostile(3, geometry={"type": "Polygon", "coordinates": [[[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]]},
                    bbox=[-180, -90, 180, 90])
    shown = hostile(4)
    shown["assets"]["own"] = {"href": "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'%3E%3Cscript%3Ewindow.hacked=1%3C/script%3E%3Crect width='9' height='9'/%3E%3C/svg%3E", "roles": ["thumbnail"]}
    nowhere = hostile(2, geometry=None)
    del nowhere["bbox"]
    path = tmp_path / "hostile.ndjson"
    path.write_text("\n".join(map(json.dumps, [hostile(1), nowhere, globe, shown, huge])), encoding="utf-8")
    with served(path) as url, visitor(browser, url) as someone:
        evil = urllib.parse.quote(EVIL, safe="")
        for path in ["/", "/collections", "/search", f"/collections/{evil}", f"/collections/{evil}/items", "/queryables",
                     *(f"/collections/{evil}/items/{evil}{number}" for number in range(1, 6))]:
            page = someone.open(path)
            assert page.evaluate("() => window.hacked") is None, path
            assert page.locator("main script:not([src*='/assets/map-']), main b, main img[src=x]").count() == 0, path
            hrefs = page.eval_on_selector_all("a[href]", "all => all.map((a) => a.protocol)")
            assert set(hrefs) <= {"http:", "https:", "mailto:"}, f"{path}: {set(hrefs)}"
            if "/items/" not in path and path != "/search":
                assert violations(page) == [], path
        page = someone.open(f"/collections/{evil}/items/{evil}1")
        assert page.locator("img").count() == 0 and "Pictures of other servers are not shown" in page.inner_text("main")
        assert page.inner_text("h1") == EVIL
        page = someone.open(f"/collections/{evil}/items/{evil}2")
        assert "no geometry" in page.inner_text("main") and page.locator("#map").count() == 0
        page = someone.open(f"/collections/{evil}/items/{evil}3")
        assert "spans the globe" in page.inner_text("main")
        page = someone.open(f"/collections/{evil}/items/{evil}4")
        assert page.locator("img.thumb").evaluate("(img) => img.naturalWidth") == 9
        page = someone.open("/search")
        facet = page.locator(".facet", has=page.locator("summary", has_text=re.compile("^kind$")))
        facet.evaluate("(details) => { details.open = true; }")
        facet.locator("li a").first.click()
        page.wait_for_function("() => location.search.includes('filter=')")
        someone.settle()
        assert len(someone.ids()) == 5 and page.evaluate("() => window.hacked") is None


def test_a_store_that_is_gone(browser, catalog, tmp_path):
    path = tmp_path / "here.ndjson"
    stacyard("copy", catalog.parquet, path)
    with served(path) as url, visitor(browser, url) as someone:
        someone.open("/search")
        path.unlink()
        page = someone.open("/search?limit=1", status=500)
        text = page.inner_text("main")
        assert "the store could not answer" in text and "Search" in text and str(tmp_path) not in page.content()


def test_without_webgl(playwright, one):
    url, _ = one
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-3d-apis"])
    page = chromium.new_page()
    page.goto(f"{url}/search")
    page.wait_for_selector(".map-note")
    assert "no WebGL" in page.inner_text(".map-note") and page.locator("#map svg path.shape").count() == 10
    chromium.close()


def look(page):
    """What a page looks like, as an array of pixels."""
    page.evaluate("() => document.activeElement?.blur()")
    with PIL.Image.open(io.BytesIO(page.screenshot())) as picture:
        return numpy.asarray(picture.convert("RGB")).astype(int)


def differing(one, other):
    """Which part of the pixels differs by more than a shade."""
    assert one.shape == other.shape
    return float((numpy.abs(one - other).max(axis=2) > 8).mean())


# Letters and lines that are drawn again lie a little elsewhere; a card, a bar or a footprint that is missing is more.
SAME = 0.002


def test_the_same_items_look_the_same(browser, stores, tmp_path):
    # A file of NDJSON tells of no Collections: one of columns without them is the same.
    alone = tmp_path / "alone.parquet"
    stacyard("copy", stores["ndjson"], alone)
    views = {"landing": "/", "collection": f"/collections/{COLLECTION}#map=2/30/10", "search": "/search?bbox=-10,35,25,60#map=3/48/8"}
    with served(stores["ndjson"]) as plain, served(alone) as packed:
        looks = {}
        for scheme in ["light", "dark"]:
            for url in [plain, packed]:
                with visitor(browser, url, color_scheme=scheme) as someone:
                    for name, path in views.items():
                        page = someone.open(path)
                        page.wait_for_selector(".timeline .bars")
                        page.wait_for_function("() => !document.querySelector('.total, .chart .dim')")
                        someone.settle()
                        looks[name, scheme, url] = look(page)
                        if name != "landing":
                            page.evaluate("() => { document.querySelector('#map canvas').style.visibility = 'hidden'; }")
                            looks[name, scheme, url, "without a map"] = look(page)
        for name in views:
            for scheme in ["light", "dark"]:
                one, other = looks[name, scheme, plain], looks[name, scheme, packed]
                assert differing(one, other) <= SAME, f"{name}, {scheme}: {differing(one, other):.4f}"
                if name != "landing":
                    assert differing(one, looks[name, scheme, packed, "without a map"]) > 5 * SAME, f"{name}, {scheme}"
            assert differing(looks[name, "light", plain], looks[name, "dark", plain]) > 0.5, name


def test_what_crosses_the_antimeridian(browser, tmp_path):
    ring = [[179, -10], [-179, -10], [-179, 10], [179, 10], [179, -10]]
    across = scene(1, id="across", geometry={"type": "Polygon", "coordinates": [ring]}, bbox=[179, -10, -179, 10])
    path = tmp_path / "across.ndjson"
    path.write_text(json.dumps(across), encoding="utf-8")
    with served(path) as url, visitor(browser, url) as someone:
        # What is looked at lies far from the Item on the other side of the Earth: drawn as it is written it would cross all of it.
        for page in ["/collections/scenes/items/across", "/search#map=3/0/0"]:
            page = someone.open(page)
            place = page.locator("#map").bounding_box()
            if "/search" in page.url:
                shot = page.screenshot(clip={"x": place["x"] + 100, "y": place["y"] + place["height"] / 2 - 20, "width": 300, "height": 40})
                with PIL.Image.open(io.BytesIO(shot)) as picture:
                    red, green, blue = numpy.asarray(picture.convert("RGB")).astype(int).transpose(2, 0, 1)
                assert not ((red > 200) & (green < 120) & (blue < 80)).any(), "the Item is drawn around the world"
            geometry = json.loads(page.locator("[data-geometry]").first.get_attribute("data-geometry"))
            assert sorted({x for x, _ in geometry["coordinates"][0]}) == [179, 181]
        drawn = stacyard("map", path, "-o", tmp_path / "across.svg")
        svg = (tmp_path / "across.svg").read_text()
        [outline] = re.findall(r'<path class="footprint"[^>]* d="([^"]*)"', svg)
        steps = [float(x) for x in re.findall(r"[ML](-?[\d.]+) ", outline)]
        assert drawn == "" and max(steps) - min(steps) < 3, outline


def scene(number, **members):
    item = {
        "type": "Feature", "stac_version": "1.1.0", "id": f"scene-{number}", "collection": "scenes", "links": [], "assets": {},
        "geometry": {"type": "Point", "coordinates": [number % 180, 0]}, "bbox": [number % 180, 0, number % 180, 0],
        "properties": {"datetime": "2024-01-01T00:00:00Z"},
    }
    return {**item, **members}


SCENES = {"type": "Collection", "stac_version": "1.1.0", "id": "scenes", "description": "d", "license": "other", "links": [],
          "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}}}


@needs_server
def test_a_file_is_uploaded(browser, database, tmp_path):
    (tmp_path / "scenes.json").write_text(json.dumps(SCENES), encoding="utf-8")
    stacyard("collections", database, "put", tmp_path / "scenes.json")
    good, bad = scene(1), scene(2)
    bad["properties"]["datetime"] = "yesterday"
    path = tmp_path / "some.ndjson"
    path.write_text("\n".join(map(json.dumps, [good, bad])), encoding="utf-8")
    token = stacyard("token", tmp_path / "tokens", "tests", "write").split()[-1]
    with served(database, flags=["--writable", "--tokens", tmp_path / "tokens"]) as url, visitor(browser, url) as someone:
        page = someone.open("/collections/scenes")
        page.click("#upload summary")

        def send(file):
            page.set_input_files("#upload-file", file)
            page.click("#upload button")
            page.wait_for_function("() => !document.querySelector('#upload button').disabled")
            return page.inner_text("#upload .report")

        assert "this needs a token" in send(path)
        page.fill("#upload-token", token)
        report = send(path)
        assert "1 added, 0 replaced, 1 refused" in report
        assert "line 2" in report and "scene-2" in report and "/properties/datetime" in report and "RFC 3339" in report
        assert found(database) == ["scene-1"]
        assert token not in page.url and page.evaluate("() => localStorage.length + sessionStorage.length") == 0
        # More than one request takes.
        many = tmp_path / "many.geojson"
        features = [scene(number, description="x" * 3_000) for number in range(10, 1_010)]
        many.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
        assert many.stat().st_size > 3_000_000
        assert "1,000 added" in send(many) and len(found(database)) == 1_001
        path.write_text('{"type": "Feature"}\n{broken', encoding="utf-8")
        assert "Line 2 is not JSON" in send(path)
        assert violations(page) == []
    with served(database) as url, visitor(browser, url) as someone:
        assert someone.open("/collections/scenes").locator("#upload").count() == 0
