"""pystac reads the static catalogs that we write, and we read those that it writes."""

import json

import pystac
import pytest

from conftest import by_id, lines, stacyard

STRUCTURAL = {"self", "root", "parent", "collection"}


def without_place(item):
    links = [link for link in item["links"] if link["rel"] not in STRUCTURAL]
    return {**item, "links": links}


@pytest.fixture(scope="module")
def folder(catalog, tmp_path_factory):
    folder = tmp_path_factory.mktemp("static") / "catalog"
    stacyard("copy", catalog.parquet, f"{folder}/", "--layout", "${collection}/${year}/${platform}", "--items-parquet")
    return folder


def test_pystac_reads_ours(catalog, folder):
    root = pystac.Catalog.from_file(str(folder / "catalog.json"))
    found = list(root.get_items(recursive=True))
    assert {(item.collection_id, item.id) for item in found} == set(catalog.by_id)
    collections = {each.id: each for each in root.get_all_collections()}
    assert set(collections) == set(catalog.collections)
    for item in found[:50]:
        assert item.get_collection().id == item.collection_id
        assert item.get_root() is root
        assert item.id in {each.id for each in item.get_parent().get_items()}
    for id, collection in collections.items():
        assert collection.title == catalog.collections[id].get("title")
        assert collection.assets["items-parquet"].roles == ["collection-mirror"]


def test_a_crawl_gives_back_what_went_in(catalog, folder, tmp_path):
    stacyard("crawl", folder / "catalog.json", tmp_path / "back.ndjson")
    back = by_id(lines(tmp_path / "back.ndjson"))
    assert set(back) == set(catalog.by_id)
    for key, item in catalog.by_id.items():
        assert json.dumps(without_place(back[key]), sort_keys=True) == json.dumps(without_place(item), sort_keys=True)


@pytest.mark.parametrize("kind", [pystac.CatalogType.SELF_CONTAINED, pystac.CatalogType.ABSOLUTE_PUBLISHED])
def test_we_read_what_pystac_writes(catalog, folder, tmp_path, kind):
    root = pystac.Catalog.from_file(str(folder / "catalog.json"))
    root.normalize_hrefs(str(tmp_path / "theirs"))
    root.save(kind)
    stacyard("crawl", tmp_path / "theirs" / "catalog.json", tmp_path / "back.ndjson")
    assert set(by_id(lines(tmp_path / "back.ndjson"))) == set(catalog.by_id)
