"""We read the GeoParquet that others write.

What a writer loses on the way is its loss: our reading is compared with the writer's own reading of its file.
"""

import json

import pytest

from compare import assert_same_meaning
from conftest import by_id, lines, stacyard

COLLECTIONS = ("sentinel-2-l2a", "landsat-c2-l2", "methane-plumes")


def ours(parquet, folder):
    stacyard("copy", parquet, folder / "back.ndjson")
    return by_id(lines(folder / "back.ndjson"))


def ndjson(items, folder):
    path = folder / "items.ndjson"
    path.write_text("".join(json.dumps(item) + "\n" for item in items))
    return path


@pytest.mark.parametrize("version", ["1.1.0", "1.0.0"])
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_stac_geoparquet(catalog, tmp_path, collection, version):
    import pyarrow.parquet as pq
    from stac_geoparquet.arrow import parse_stac_ndjson_to_parquet, stac_table_to_items

    parquet = tmp_path / "theirs.parquet"
    parse_stac_ndjson_to_parquet(
        ndjson(catalog.only(collection), tmp_path), parquet, schema_version=version,
        collections={collection: catalog.collections[collection]},
    )
    theirs = by_id(list(stac_table_to_items(pq.read_table(parquet))))
    assert len(theirs) == len(catalog.only(collection))
    assert_same_meaning(theirs, ours(parquet, tmp_path))


def test_stac_geoparquet_of_all_collections(catalog, tmp_path):
    import pyarrow.parquet as pq
    from stac_geoparquet.arrow import parse_stac_ndjson_to_parquet, stac_table_to_items

    parquet = tmp_path / "theirs.parquet"
    parse_stac_ndjson_to_parquet(ndjson(catalog.items, tmp_path), parquet)
    assert_same_meaning(by_id(list(stac_table_to_items(pq.read_table(parquet)))), ours(parquet, tmp_path))


def test_stac_geoparquet_with_the_metadata_of_its_first_versions(catalog, tmp_path):
    """Before 1.0 the key was `stac:...` or missing, and one Collection stood where now is a map of them."""
    import pyarrow.parquet as pq
    from stac_geoparquet.arrow import parse_stac_ndjson_to_parquet, stac_table_to_items

    collection = COLLECTIONS[0]
    parquet, old = tmp_path / "new.parquet", tmp_path / "old.parquet"
    parse_stac_ndjson_to_parquet(ndjson(catalog.only(collection), tmp_path), parquet, schema_version="1.0.0")
    table = pq.read_table(parquet)
    for metadata in (
        {b"stac-geoparquet": json.dumps({"version": "1.0.0", "collection": catalog.collections[collection]}).encode()},
        {},
    ):
        kept = {b"geo": table.schema.metadata[b"geo"]}
        pq.write_table(table.replace_schema_metadata(kept | metadata), old)
        (tmp_path / "back.ndjson").unlink(missing_ok=True)
        assert_same_meaning(by_id(list(stac_table_to_items(table))), ours(old, tmp_path))


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_rustac(catalog, tmp_path, collection):
    import rustac

    parquet = tmp_path / "theirs.parquet"
    rustac.write_sync(str(parquet), catalog.only(collection))
    theirs = by_id(rustac.read_sync(str(parquet))["features"])
    assert len(theirs) == len(catalog.only(collection))
    assert_same_meaning(theirs, ours(parquet, tmp_path))


def test_rustac_of_all_collections(catalog, tmp_path):
    import rustac

    parquet = tmp_path / "theirs.parquet"
    rustac.write_sync(str(parquet), catalog.items)
    assert_same_meaning(by_id(rustac.read_sync(str(parquet))["features"]), ours(parquet, tmp_path))
