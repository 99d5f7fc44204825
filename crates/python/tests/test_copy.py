"""Copies and answers that are written, with what can be said of them."""

import json
import pathlib

import pytest
import stacyard

from conftest import collection, make


def test_an_answer_goes_to_a_file():
    report = stacyard.search_to("few.ndjson", "items.ndjson", filter="gsd > 20")
    assert report.written == 1 and json.loads(pathlib.Path("few.ndjson").read_text())["id"] == "b"
    with pytest.raises(stacyard.errors.Exists) as raised:
        stacyard.search_to("few.ndjson", "items.ndjson")
    assert raised.value.remedy == "overwrite=True replaces it"
    store = stacyard.open("items.ndjson")
    assert stacyard.search_to("few.ndjson", store, overwrite=True, sortby="gsd", fields="id").written == 2
    assert [json.loads(line) for line in pathlib.Path("few.ndjson").read_text().splitlines()] == [{"id": "a"}, {"id": "b"}]
    with pytest.warns(stacyard.StacyardWarning, match="no Item that was written has nope"):
        stacyard.search_to("few.ndjson", store, overwrite=True, fields="id,nope")
    assert stacyard.search_to("out.bin", store, format="geoparquet").written == 2
    assert stacyard.open("out.bin", store_kind="geoparquet").kind == "geoparquet"
    with pytest.raises(stacyard.errors.Usage, match="would take its place"):
        stacyard.search_to("items.ndjson", store, overwrite=True)
    with pytest.raises(stacyard.errors.Usage) as raised:
        stacyard.search_to("postgis://127.0.0.1:1/x", store)
    assert raised.value.remedy.startswith("stacyard.copy(STORE, URL)")
    with pytest.raises(TypeError, match="of a store that is open"):
        stacyard.search_to("x.ndjson", store, headers={"a": "b"})
    with pytest.raises(stacyard.errors.UnknownProperty):
        stacyard.search_to("x.ndjson", store, filter="nope = 1")
    assert not pathlib.Path("x.ndjson").exists()


def test_modes():
    stacyard.copy("items.ndjson", "x.parquet")
    more = [make("b", 2, gsd=99), make("c", 3, gsd=1)]
    with pytest.raises(stacyard.errors.Exists):
        stacyard.copy(more, "x.parquet")
    report = stacyard.copy(more, "x.parquet", mode="ignore")
    assert (report.written, report.dropped) == (1, 1)
    with pytest.warns(stacyard.StacyardWarning, match='mode="upsert"'):
        assert stacyard.copy(more, "x.parquet", mode="insert").rejected == 2
    report = stacyard.copy(more, "x.parquet", mode="upsert")
    assert report.changes == {"came": 0, "replaced": 2, "stayed": 1, "went": 0}
    assert stacyard.open("x.parquet").get("b")["properties"]["gsd"] == 99
    with pytest.raises(stacyard.errors.StacyardError) as raised:
        stacyard.copy([], "x.parquet", overwrite=True)
    assert "allow_empty=True" in raised.value.remedy
    assert stacyard.copy([], "x.parquet", overwrite=True, allow_empty=True).written == 0
    for wrong in ({"mode": "merge"}, {"mode": "upsert", "overwrite": True}, {"resume": True}, {"update": True}, {"journal": "x"}, {"sort": "size"}, {"compression": "zip"}):
        with pytest.raises(stacyard.errors.Usage):
            stacyard.copy(more, "y.parquet", **wrong)
    with pytest.raises(TypeError, match="colour"):
        stacyard.copy(more, "y.parquet", colour=1)
    assert not pathlib.Path("y.parquet").exists()


def test_rejects_are_kept_with_their_text():
    report = stacyard.copy([make("a"), {"type": "Feature", "id": "bad", "n": 2**70}, {"n": float("nan")}], "x.ndjson", rejects="rejects.ndjson")
    kept = [json.loads(line) for line in pathlib.Path("rejects.ndjson").read_text().splitlines()]
    assert [reject["feature"] for reject in kept] == [1, 2] == [reject.feature for reject in report.rejects]
    assert kept[0]["item"]["n"] == 2**70 and kept[1]["errors"][0]["message"].startswith("/n: NaN")
    assert report.errors["json"] == 1
    report = stacyard.validate([{"type": "Feature"}], rejects="rejects.ndjson")
    assert len(pathlib.Path("rejects.ndjson").read_text().splitlines()) == report.rejected == 1


def test_collections_by_file_and_by_themselves():
    items = [make("a", collection="c")]
    pathlib.Path("collections.json").write_text(json.dumps({"collections": [collection("c"), collection("d")]}))
    for given in ("collections.json", [collection("c"), collection("d")], {"collections": [collection("c"), collection("d")]}):
        report = stacyard.copy(items, "x.parquet", overwrite=True, collections=given)
        assert list(stacyard.open("x.parquet").collections) == ["c", "d"]
        assert report.collections["new"] + report.collections["same"] == ["c", "d"]
    with pytest.raises(stacyard.errors.Usage, match="is there twice"):
        stacyard.copy(items, "y.parquet", collections=[collection("c")] * 2)
    with pytest.raises(stacyard.errors.Usage, match="license"):
        stacyard.copy(items, "y.parquet", collections={key: value for key, value in collection("c").items() if key != "license"})


def test_a_static_catalog_and_back():
    items = [make(f"i{number}", 1 + number, collection="c") for number in range(5)]
    stacyard.copy(items, "catalog", layout="${collection}/${year}", collections=collection("c"))
    assert pathlib.Path("catalog/catalog.json").exists()
    assert stacyard.crawl("catalog/catalog.json", "x.parquet").written == 5
    assert stacyard.open("catalog/catalog.json", store_kind="catalog").search().count() == 5


def test_rules():
    old = make("a")
    old["stac_version"] = "1.0.0-rc.1"
    assert not stacyard.validate(old).is_valid
    assert stacyard.validate(old, migrate=True).is_valid
    loose = make("a", collection="c")
    loose["links"] = []
    assert stacyard.validate(loose).is_valid and not stacyard.validate(loose, strict=True).is_valid
    schemas = pathlib.Path("schemas")
    schemas.mkdir()
    url = "https://example.org/mine/v1.0.0/schema.json"
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "$id": url, "type": "object", "properties": {"properties": {"required": ["mine:a"]}}}
    (schemas / "mine.json").write_text(json.dumps(schema))
    (schemas / "broken.json").write_text("{")
    extended = make("a")
    extended["stac_extensions"] = [url]
    with pytest.warns(stacyard.StacyardWarning, match="broken.json"):
        report = stacyard.validate(extended, schemas="schemas")
    assert [finding.section for finding in report.findings] == [url]
    extended["properties"]["mine:a"] = 1
    with pytest.warns(stacyard.StacyardWarning):
        assert stacyard.validate(extended, schemas=schemas, require_schemas=True).is_valid


def test_warnings_of_the_specification_are_in_the_report():
    loose = [make("a"), make("b"), make("c")]
    for item in loose[1:]:
        del item["bbox"]
    report = stacyard.validate(loose)
    assert report.read == 3 and report.is_valid and repr(report).startswith("<Report read=3")
    warned = report.warnings["bbox-missing"]
    assert (warned.count, warned.first, warned.example.rule) == (2, "items: feature 1", "bbox-missing") and warned.example.message


def test_one_store_becomes_what_another_is():
    stacyard.copy([make(f"i{number}", n=number) for number in range(20)], "from.parquet")
    assert stacyard.sync("from.parquet", "to.ndjson").written == 20
    assert stacyard.delete("from.parquet", filter="n >= 15") == 5
    report = stacyard.sync(stacyard.open("from.parquet"), "to.ndjson")
    assert (report.written, report.present, report.changes["went"]) == (0, 15, 5)
    assert stacyard.open("to.ndjson").search().count() == 15
    with pytest.raises(stacyard.errors.Usage, match="nothing says which"):
        stacyard.delete("from.parquet")
    with pytest.raises(stacyard.errors.Usage, match="two stores"):
        stacyard.sync([make("a")], "to.ndjson")
    stacyard.delete("from.parquet", filter="TRUE")
    with pytest.raises(stacyard.errors.Failed) as raised:
        stacyard.sync("from.parquet", "to.ndjson")
    assert "allow_empty=True" in raised.value.remedy
    assert stacyard.sync("from.parquet", "to.ndjson", allow_empty=True).changes["went"] == 15


def test_parts_become_one_version():
    made = stacyard.init("data/", partition_by="month")
    assert (made.before, made.after, stacyard.init("data/").changes) == (0, 1, [])
    assert (stacyard.init("data/").before, stacyard.init("data/").after) == (1, 1)
    parts = [pathlib.Path(f"part-{number}.json") for number in range(2)]
    assert stacyard.copy([make("a", 1), make("b", 2)], "data/", stage=parts[0]).written == 2
    assert stacyard.copy([make("b", 3), make("c", 4), {"id": 5}], "data/", stage=parts[1], collections=collection("c")).rejected == 1
    assert stacyard.open("data/").search().count() == 0
    with pytest.warns(stacyard.StacyardWarning, match="rejected"):
        report = stacyard.commit("data/", parts, rejects="rejects.ndjson")
    assert (report.written, report.rejected, report.collections["new"]) == (3, 1, ["c"])
    assert json.loads(pathlib.Path("rejects.ndjson").read_text())["item"]["id"] == "b"
    store = stacyard.open("data/")
    assert store.get("b")["properties"]["datetime"].startswith("2024-06-02") and list(store.collections) == ["c"]
    with pytest.raises(stacyard.errors.Exists, match="part-0.json has been committed"):
        stacyard.commit("data/", parts)
    stacyard.copy([make("a", 9)], "data/", stage="upsert.json", mode="upsert")
    stacyard.copy([make("d", 9)], "data/", stage="insert.json")
    with pytest.raises(stacyard.errors.Usage, match="of different modes"):
        stacyard.commit("data/", ["upsert.json", "insert.json"])
    assert stacyard.commit("data/", ["upsert.json"]).changes["replaced"] == 1


def test_parts_that_cannot_be():
    with pytest.raises(stacyard.errors.NotFound) as failed:
        stacyard.copy([make("a")], "data/", stage="part.json")
    assert 'stacyard.init("' in failed.value.remedy
    with pytest.raises(stacyard.errors.NotFound):
        stacyard.commit("data/", ["part.json"])
    with pytest.raises(stacyard.errors.Usage, match="is no dataset") as failed:
        stacyard.copy([make("a")], "a.parquet", stage="part.json")
    assert failed.value.remedy == "leave `stage` out"
    stacyard.init("data/")
    with pytest.raises(stacyard.errors.Usage, match="is no part of a copy") as failed:
        stacyard.commit("data/", ["items.ndjson"])
    assert "stacyard.copy(" in failed.value.remedy and "stage" in failed.value.remedy
    with pytest.raises(stacyard.errors.Usage, match="no partition by"):
        stacyard.init("data/", partition_by="day")
    assert stacyard.open("data/").search().count() == 0 and not pathlib.Path("a.parquet").exists()
