"""Other software reads the GeoParquet that we write, with the right values."""

import json
import subprocess

import pytest
import shapely

from compare import assert_same_meaning, instant
from conftest import STACYARD, by_id, lines, stacyard


def hrefs(assets):
    """Key -> href of the assets that an Item has: a column of structs has null for the others."""
    if isinstance(assets, str):
        assets = json.loads(assets)
    return {key: asset["href"] for key, asset in assets.items() if asset}


def check_row(item, row, geometry):
    """`row` is a mapping of columns; `geometry` a shapely geometry."""
    properties = item["properties"]
    assert row["id"] == item["id"]
    assert row["collection"] == item["collection"]
    for name in ("datetime", "start_datetime", "end_datetime", "created"):
        assert instant(row[name]) == instant(properties.get(name)), name
    assert row["eo:cloud_cover"] == properties.get("eo:cloud_cover")
    assert row["mars:emission_rate"] == properties.get("mars:emission_rate")
    assert row["platform"] == properties["platform"]
    assert [row["bbox"][side] for side in ("xmin", "ymin", "xmax", "ymax")] == pytest.approx(item["bbox"], abs=1e-5)
    assert shapely.equals_exact(geometry, shapely.from_geojson(json.dumps(item["geometry"])))
    assert hrefs(row["assets"]) == hrefs(item["assets"])


def check_rows(catalog, rows):
    rows = list(rows)
    assert len(rows) == len(catalog.items)
    for row, geometry in rows:
        check_row(catalog.by_id[row["collection"], row["id"]], row, geometry)


def test_pyarrow_reads_values(catalog):
    import pyarrow.parquet as pq

    rows = pq.read_table(catalog.parquet).to_pylist()
    check_rows(catalog, ((row, shapely.from_wkb(row["geometry"])) for row in rows))


def test_columns_have_native_types(catalog):
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pq.read_schema(catalog.parquet)
    for name in ("datetime", "start_datetime", "end_datetime"):
        assert pa.types.is_timestamp(schema.field(name).type) and schema.field(name).type.tz == "UTC", name
    assert pa.types.is_floating(schema.field("eo:cloud_cover").type)
    assert pa.types.is_boolean(schema.field("mars:actionable").type)
    assert pa.types.is_struct(schema.field("bbox").type)
    assert pa.types.is_struct(schema.field("assets").type)


def test_geo_metadata_is_geoparquet_1_1(catalog):
    import pyarrow.parquet as pq

    geo = json.loads(pq.read_metadata(catalog.parquet).metadata[b"geo"])
    assert geo["version"] == "1.1.0"
    assert geo["primary_column"] == "geometry"
    column = geo["columns"]["geometry"]
    assert column["encoding"] == "WKB"
    # An empty list means unknown; otherwise it must name them all.
    assert set(column["geometry_types"]) in (set(), {"Point", "Polygon"})
    if "bbox" in column:
        boxes = [item["bbox"] for item in catalog.items]
        bounds = [*(min(b[i] for b in boxes) for i in (0, 1)), *(max(b[i] for b in boxes) for i in (2, 3))]
        assert column["bbox"] == pytest.approx(bounds)
    covering = {side: ["bbox", side] for side in ("xmin", "ymin", "xmax", "ymax")}
    assert column["covering"] == {"bbox": covering}


def test_collections_are_in_the_metadata(catalog):
    import pyarrow.parquet as pq

    metadata = json.loads(pq.read_metadata(catalog.parquet).metadata[b"stac-geoparquet"])
    assert metadata["version"].startswith("1.")
    assert metadata["collections"] == catalog.collections


def test_geopandas_reads_geometry_crs_and_values(catalog):
    import geopandas

    frame = geopandas.read_parquet(catalog.parquet)
    assert frame.crs.to_authority() in (("OGC", "CRS84"), ("EPSG", "4326"))
    # pandas has NaN and NaT where a column is null.
    rows = frame.drop(columns="geometry").astype(object).where(lambda cells: cells.notna(), None).to_dict("records")
    for row, geometry in zip(rows, frame.geometry):
        # GeoPandas keeps the covering to itself: it serves its `bbox` filter, which has a test of its own.
        row["bbox"] = dict(zip(("xmin", "ymin", "xmax", "ymax"), geometry.bounds))
    check_rows(catalog, zip(rows, frame.geometry))


def test_geopandas_filters_by_the_covering_box(catalog):
    import geopandas

    box = (-2.0, 42.0, 3.0, 46.0)
    found = set(geopandas.read_parquet(catalog.parquet, bbox=box)["id"])
    expected = {
        item["id"] for item in catalog.items
        if item["bbox"][0] <= box[2] and item["bbox"][2] >= box[0] and item["bbox"][1] <= box[3] and item["bbox"][3] >= box[1]
    }
    assert found == expected and expected


def test_polars_reads_values(catalog):
    import polars

    frame = polars.read_parquet(catalog.parquet)
    assert isinstance(frame.schema["datetime"], polars.Datetime) and frame.schema["datetime"].time_zone == "UTC"
    check_rows(catalog, ((row, shapely.from_wkb(row["geometry"])) for row in frame.to_dicts()))


def test_duckdb_reads_values(catalog, duckdb_connection):
    moments = ", ".join(f'epoch_us("{name}") AS "{name}"' for name in ("datetime", "start_datetime", "end_datetime", "created"))
    answer = duckdb_connection.execute(
        f"""SELECT id, collection, {moments}, "eo:cloud_cover", "mars:emission_rate", platform, bbox, assets,
                   ST_AsWKB(geometry) AS wkb FROM '{catalog.parquet}'"""
    )
    names = [column[0] for column in answer.description]
    count = 0
    for values in answer.fetchall():
        row = dict(zip(names, values))
        item = catalog.by_id[row["collection"], row["id"]]
        for name in ("datetime", "start_datetime", "end_datetime", "created"):
            assert row[name] == instant(item["properties"].get(name)), name
            row[name] = item["properties"].get(name)
        check_row(item, row, shapely.from_wkb(bytes(row["wkb"])))
        count += 1
    assert count == len(catalog.items)


def test_duckdb_asks_the_question_that_we_answer(catalog, duckdb_connection):
    area = "POLYGON((-3 42, 5 42, 5 47, -3 47, -3 42))"
    theirs = duckdb_connection.execute(
        f"""SELECT id FROM '{catalog.parquet}' WHERE "eo:cloud_cover" < 20
            AND datetime BETWEEN '2023-07-01T00:00:00Z' AND '2024-12-31T00:00:00Z'
            AND ST_Intersects(geometry, ST_GeomFromText('{area}')) ORDER BY datetime DESC, collection, id"""
    ).fetchall()
    ours = stacyard(
        "search", catalog.parquet, "--filter", "eo:cloud_cover < 20",
        "--datetime", "2023-07-01T00:00:00Z/2024-12-31T00:00:00Z", "--intersects",
        '{"type":"Polygon","coordinates":[[[-3,42],[5,42],[5,47],[-3,47],[-3,42]]]}', "-o", "-",
    )
    assert [json.loads(line)["id"] for line in ours.splitlines()] == [id for (id,) in theirs]
    assert theirs


def test_stac_geoparquet_reads_items(catalog):
    import pyarrow.parquet as pq
    from stac_geoparquet.arrow import stac_table_to_items

    assert_same_meaning(catalog.by_id, by_id(list(stac_table_to_items(pq.read_table(catalog.parquet)))))


def test_rustac_reads_items(catalog):
    import rustac

    assert_same_meaning(catalog.by_id, by_id(rustac.read_sync(str(catalog.parquet))["features"]))


def test_pystac_takes_what_comes_back(catalog, tmp_path):
    """Through GeoParquet and back to GeoJSON, the Items are valid to pystac's own reader."""
    import pystac

    stacyard("copy", catalog.parquet, tmp_path / "back.geojson")
    found = pystac.ItemCollection.from_file(str(tmp_path / "back.geojson"))
    assert {(item.collection_id, item.id) for item in found} == set(catalog.by_id)


@pytest.fixture(scope="session")
def mixed(tmp_path_factory):
    """Thirty collections with properties and assets of their own: many more fields than a file has columns."""
    folder = tmp_path_factory.mktemp("mixed")
    items = []
    for number in range(300):
        collection = number % 30
        asset = {f"x{collection}:{n}": n for n in range(12)}
        assets = {
            f"asset-{collection}-{n}": {"href": f"https://example.com/{number}/{n}.tif", "type": "image/tiff", "title": "t",
                                        "roles": ["data"], **asset}
            for n in range(10)
        }
        own = {f"own{collection}:{n}": n for n in range(18)}
        items.append({
            "type": "Feature", "stac_version": "1.1.0", "id": f"i{number}", "collection": f"c{collection}",
            "geometry": {"type": "Point", "coordinates": [number / 10, 1.5]}, "bbox": [number / 10, 1.5, number / 10, 1.5],
            "properties": {"datetime": "2024-06-01T00:00:00Z", **own}, "links": [], "assets": assets,
        })
    source, parquet = folder / "mixed.ndjson", folder / "mixed.parquet"
    source.write_text("".join(json.dumps(item) + "\n" for item in items))
    done = subprocess.run([STACYARD, "copy", source, parquet], capture_output=True, text=True)
    assert done.returncode == 0 and "fields have no column" in done.stderr, done.stderr
    return parquet, items


def test_duckdb_reads_all_hrefs_of_a_mixed_catalog(mixed, duckdb_connection):
    parquet, items = mixed
    rows = duckdb_connection.execute(f"SELECT id, assets FROM '{parquet}'").fetchall()
    assert {id: hrefs(assets) for id, assets in rows} == {item["id"]: hrefs(item["assets"]) for item in items}


def test_rustac_reads_all_hrefs_of_a_mixed_catalog(mixed):
    import rustac

    parquet, items = mixed
    found = rustac.read_sync(str(parquet))["features"]
    assert {item["id"]: hrefs(item["assets"]) for item in found} == {item["id"]: hrefs(item["assets"]) for item in items}
    names = {name for item in items for name in item["properties"]}
    assert names <= {name for item in found for name in item["properties"]}, "every property has a column"


def test_others_read_items_without_assets(catalog, tmp_path, duckdb_connection):
    import pyarrow.parquet as pq
    import rustac
    from stac_geoparquet.arrow import stac_table_to_items

    source, parquet = tmp_path / "bare.ndjson", tmp_path / "bare.parquet"
    source.write_text("".join(json.dumps({**item, "assets": {}}) + "\n" for item in catalog.items[:20]))
    stacyard("copy", source, parquet)
    for found in (list(stac_table_to_items(pq.read_table(parquet))), rustac.read_sync(str(parquet))["features"]):
        assert len(found) == 20
        assert all(hrefs(item["assets"]) == {} for item in found), found[0]["assets"]
    rows = duckdb_connection.execute(f"SELECT assets FROM '{parquet}'").fetchall()
    assert [hrefs(assets) for (assets,) in rows] == [{}] * 20
    back = tmp_path / "back.ndjson"
    stacyard("copy", parquet, back)
    assert by_id(lines(back)) == by_id(lines(source))
