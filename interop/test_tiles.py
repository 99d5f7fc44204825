"""Vector tiles, decoded by other software (mapbox-vector-tile): what is in them is what a search says."""

import json
import math
import os
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import mapbox_vector_tile
import pytest
from conftest import MAKE_CATALOG, SERVER, needs_server, stacyard
from test_representations import served

# So many Items at most are drawn one by one.
MOST = 2000


def get(url, path, **parameters):
    query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
    with urllib.request.urlopen(f"{url}{path}{query}") as answer:
        return answer.read()


def tile(url, z, x, y, collection=None, **parameters):
    """The layers of a tile: names, each with its features."""
    below = f"collections/{collection}/" if collection else ""
    layers = mapbox_vector_tile.decode(get(url, f"{below}tiles/{z}/{x}/{y}", **parameters))
    assert len(layers) <= 1, "one layer or the other"
    return {name: layer["features"] for name, layer in layers.items()}


def box(z, x, y):
    """The box of a tile, by the formula of Web Mercator; the first and the last row go on to the poles."""
    def latitude(row):
        return 90 if row == 0 else -90 if row == 2**z else math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / 2**z))))

    return (x / 2**z * 360 - 180, latitude(y + 1), (x + 1) / 2**z * 360 - 180, latitude(y))


def search(url, **parameters):
    """Collection and id of all Items that answer."""
    lines = get(url, "search", f="ndjson", fields="id,collection", **parameters).splitlines()
    return {(item.get("collection"), item["id"]) for item in map(json.loads, lines)}


def names(features):
    return {(feature["properties"].get("collection"), feature["properties"]["id"]) for feature in features}


def item(name, geometry, bbox):
    return {"type": "Feature", "stac_version": "1.1.0", "id": name, "collection": "odd", "geometry": geometry,
            **({"bbox": bbox} if bbox else {}), "properties": {"datetime": "2024-01-01T00:00:00Z"}, "links": [], "assets": {}}


def area(*corners):
    return {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}


def rectangle(west, south, east, north):
    return area([west, south], [east, south], [east, north], [west, north])


ODD = [
    item("across", {"type": "MultiPolygon", "coordinates": [rectangle(170, -10, 180, 10)["coordinates"],
                                                             rectangle(-180, -10, -170, 10)["coordinates"]]},
         [170, -10, -170, 10]),
    item("nowhere", None, None),
    item("world", rectangle(-180, -90, 180, 90), [-180, -90, 180, 90]),
    item("pole", rectangle(20, 86, 60, 89), [20, 86, 60, 89]),
    item("south", {"type": "Point", "coordinates": [10, -90]}, [10, -90, 10, -90]),
    item("small", rectangle(12, 50, 12.00001, 50.00001), [12, 50, 12.00001, 50.00001]),
    item("line", {"type": "LineString", "coordinates": [[-100, 20], [100, 25]]}, [-100, 20, 100, 25]),
]


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Enough Items that large tiles have cells, and odd ones."""
    folder = tmp_path_factory.mktemp("tiles")
    file = folder / "many.ndjson"
    subprocess.run([MAKE_CATALOG, "--items", "4500", "--seed", "5", "--broken", "0", file], check=True)
    with open(file, "a", encoding="utf-8") as lines:
        lines.writelines(json.dumps(each) + "\n" for each in ODD)
    return file


@pytest.fixture(scope="module", params=["ndjson", "geoparquet", pytest.param("postgis", marks=needs_server)])
def url(request, many, tmp_path_factory):
    if request.param == "ndjson":
        store = many
    elif request.param == "geoparquet":
        store = tmp_path_factory.mktemp("tiles") / "many.parquet"
        stacyard("copy", many, store)
    else:
        store = f"{SERVER}?schema=py_{os.getpid()}_tiles"
        stacyard("init", store)
        stacyard("copy", many, store, "--mode", "insert")
    with served(store) as url:
        yield url


def test_counts_of_a_zoom_add_up(url):
    matched = json.loads(get(url, "aggregate", aggregations="total_count"))["aggregations"][0]["value"]
    placed = len(search(url, bbox="-180,-90,180,90"))
    assert matched - placed in (0, 1), "one Item is nowhere"
    for z in range(3):
        counted = drawn = 0
        for x in range(2**z):
            for y in range(2**z):
                layers = tile(url, z, x, y)
                counted += sum(cell["properties"]["items"] for cell in layers.get("cells", []))
                # Where few meet the tile, those are counted that have their middle in it.
                if "footprints" in layers:
                    west, south, east, north = box(z, x, y)
                    found = json.loads(get(url, "aggregate", aggregations="grid_geotile_frequency",
                                           grid_geotile_frequency_precision=z))["aggregations"][0]["buckets"]
                    drawn += sum(each["frequency"] for each in found if each["key"] == f"{z}/{x}/{y}")
        assert counted + drawn == placed, z


def test_cells_are_those_of_the_grid(url):
    """Each cell is a tile of six zooms below: the same grid, asked for as an aggregation."""
    buckets = json.loads(get(url, "aggregate", aggregations="grid_geotile_frequency",
                             grid_geotile_frequency_precision=6))["aggregations"][0]["buckets"]
    expected = {each["key"]: each["frequency"] for each in buckets}
    found = {}
    for cell in tile(url, 0, 0, 0)["cells"]:
        (ring,) = cell["geometry"]["coordinates"]
        # The decoder turns tiles upside down: y goes north.
        x, y = min(at[0] for at in ring) // 64, (4096 - max(at[1] for at in ring)) // 64
        assert cell["geometry"]["type"] == "Polygon" and max(at[0] for at in ring) == x * 64 + 64
        found[f"6/{x}/{y}"] = cell["properties"]["items"]
    assert found == expected


@pytest.mark.parametrize("where", [
    (0, 0, 0), (3, 0, 3), (3, 7, 3), (3, 0, 4), (4, 8, 5), (5, 17, 10), (8, 136, 86), (2, 2, 0), (4, 9, 0), (4, 8, 15),
])
@pytest.mark.parametrize("parameters", [
    {"collections": "odd"},
    {"filter": "eo:cloud_cover < 3"},
    {"datetime": "2024-06-01T00:00:00Z/2024-06-20T00:00:00Z"},
    {"bbox": "0,40,20,60", "filter": "eo:cloud_cover < 20"},
])
def test_footprints_are_the_items_of_a_search(url, where, parameters):
    layers = tile(url, *where, **parameters)
    edges = ",".join(map(repr, box(*where)))
    if "bbox" in parameters:
        # Two boxes are more than a search takes: one of them is a filter.
        meets = f"S_INTERSECTS(geometry, BBOX({parameters['bbox']})) AND {parameters['filter']}"
        expected = search(url, bbox=edges, filter=meets)
    else:
        expected = search(url, bbox=edges, **parameters)
    if len(expected) > MOST:
        assert "footprints" not in layers
    else:
        assert names(layers.get("footprints", [])) == expected


def test_properties_and_geometries_are_those_of_the_items(url):
    features = {each["properties"]["id"]: each for each in tile(url, 0, 0, 0, collection="odd")["footprints"]}
    assert set(features) == {each["id"] for each in ODD if each["geometry"]}
    assert features["small"]["geometry"]["type"] == "Point"
    assert features["world"]["properties"] == {"id": "world", "collection": "odd", "datetime": "2024-01-01T00:00:00Z"}
    assert features["across"]["geometry"]["type"] == "MultiPolygon"
    (ring,) = features["world"]["geometry"]["coordinates"]
    assert {tuple(at) for at in ring} >= {(0, 0), (0, 4096), (4096, 0), (4096, 4096)}
    # 10 degrees east, on the southern edge.
    assert features["south"]["geometry"] == {"type": "Point", "coordinates": [round((190 / 360) * 4096), 0]}


def test_what_crosses_the_antimeridian_is_on_both_sides(url):
    for x in (0, 7):
        assert ("odd", "across") in names(tile(url, 3, x, 3, collection="odd")["footprints"])
    assert ("odd", "across") not in names(tile(url, 3, 3, 3, collection="odd").get("footprints", []))
    # It is counted once, where the middle of its box is: at 180 degrees.
    cells = [tile(url, 1, x, y, ids="across") for x in (0, 1) for y in (0, 1)]
    assert sum("footprints" in each for each in cells) == 4


@pytest.mark.parametrize("path, says", [
    ("tiles/25/0/0", "from 0 to 24"), ("tiles/3/8/0", "from 0 to 7"), ("tiles/3/0/x", "from 0 to 7"),
    ("collections/nope/tiles/0/0/0", "Collection"),
])
def test_a_tile_out_of_range_says_which_there_are(url, path, says):
    with pytest.raises(urllib.error.HTTPError) as failed:
        get(url, path)
    problem = json.loads(failed.value.read())
    assert failed.value.code == 404 and says in problem["detail"] + problem["help"]


def test_a_tile_has_a_tag(url):
    with urllib.request.urlopen(f"{url}tiles/0/0/0") as answer:
        tag = answer.headers["ETag"]
        assert answer.headers["Content-Type"] == "application/vnd.mapbox-vector-tile"
    request = urllib.request.Request(f"{url}tiles/0/0/0", headers={"If-None-Match": tag})
    with pytest.raises(urllib.error.HTTPError) as unchanged:
        urllib.request.urlopen(request)
    assert unchanged.value.code == 304


def test_the_sets_of_tiles_lead_to_them(url):
    (one,) = json.loads(get(url, "tiles"))["tilesets"]
    described = json.loads(get(one["links"][0]["href"], ""))
    (template,) = [link["href"] for link in described["links"] if link["rel"] == "item"]
    address = template.replace("{tileMatrix}", "0").replace("{tileCol}", "0").replace("{tileRow}", "0")
    assert get(address, "") == get(url, "tiles/0/0/0")
