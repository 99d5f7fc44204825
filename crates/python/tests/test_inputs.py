"""Whatever people have goes in."""

import json
import pathlib

import pytest
import stacyard

from conftest import make, write

ITEMS = [make("a", 1, gsd=10), make("b", 2, gsd=30.5)]


def forms():
    yield "a path", lambda: "items.ndjson"
    yield "an object that is a path", lambda: pathlib.Path("items.ndjson")
    yield "bytes of lines", lambda: pathlib.Path("items.ndjson").read_bytes()
    yield "a bytearray", lambda: bytearray(pathlib.Path("items.ndjson").read_bytes())
    yield "a memoryview", lambda: memoryview(pathlib.Path("items.ndjson").read_bytes())
    yield "bytes of a FeatureCollection", lambda: json.dumps({"type": "FeatureCollection", "features": ITEMS}).encode()
    yield "bytes of an array", lambda: json.dumps(ITEMS, indent=1).encode()
    yield "a list of dictionaries", lambda: ITEMS
    yield "a tuple of texts", lambda: tuple(json.dumps(item) for item in ITEMS)
    yield "a list of bytes", lambda: [json.dumps(item).encode() for item in ITEMS]
    yield "a generator", lambda: (item for item in ITEMS)
    yield "a FeatureCollection", lambda: {"type": "FeatureCollection", "features": ITEMS}
    yield "a store", lambda: stacyard.open("items.ndjson")
    yield "an answer", lambda: stacyard.open("items.ndjson").search()
    yield "the Items of an answer", lambda: iter(stacyard.open("items.ndjson").search())


@pytest.mark.parametrize(("name", "form"), list(forms()), ids=[name for name, _ in forms()])
def test_every_form_is_copied_exactly(name, form):
    assert stacyard.validate(form()).objects == {"Item": 2}
    assert stacyard.copy(form(), "x.parquet").written == 2
    assert sorted(stacyard.open("x.parquet").search(), key=lambda item: item["id"]) == ITEMS


def test_bytes_of_geoparquet():
    stacyard.copy("items.ndjson", "x.parquet")
    assert stacyard.copy(pathlib.Path("x.parquet").read_bytes(), "y.ndjson").written == 2


def test_one_item_and_an_item_among_collections():
    from conftest import collection

    assert stacyard.validate(make("a")).objects == {"Item": 1}
    report = stacyard.copy([collection("c"), make("a", collection="c")], "x.parquet")
    assert report.written == 1 and report.collections["new"] == ["c"]
    assert list(stacyard.open("x.parquet").collections) == ["c"]


def test_objects_that_are_no_items_say_which_and_why():
    report = stacyard.validate([make("a"), 5, {"type": "Feature"}, object(), make("b", bad={1})])
    assert [(reject.place, reject.findings[0].rule) for reject in report.rejects] == [
        ("items: feature 1", "object"), ("items: feature 2", "stac-version"), ("items: feature 3", "json"), ("items: feature 4", "json"),
    ]
    assert "type object is no JSON value" in report.rejects[2].findings[0].message
    assert "/properties/bad: an object of type set" in report.rejects[3].findings[0].message


@pytest.mark.parametrize("what", [5, None, object(), 1.5])
def test_what_has_no_items_is_a_type_error(what):
    with pytest.raises(TypeError, match="has no Items"):
        stacyard.validate(what)


class Own(BaseException):
    """An exception that nobody else raises."""


@pytest.mark.parametrize("after", [0, 1, 10_000])
@pytest.mark.parametrize("target", ["new.parquet", "old.parquet", "old.ndjson"])
def test_an_exception_of_a_generator_is_raised_itself_and_the_target_stays(after, target):
    mine = Own("mine")
    if target.startswith("old"):
        stacyard.copy("items.ndjson", target)
    before = {path.name: path.read_bytes() for path in pathlib.Path().iterdir()}

    def items():
        for number in range(after):
            yield make(f"g{number}")
        raise mine

    with pytest.raises(Own) as raised:
        stacyard.copy(items(), target, overwrite=True, rejects="rejects.ndjson")
    assert raised.value is mine
    assert {path.name: path.read_bytes() for path in pathlib.Path().iterdir()} == before


def test_a_generator_runs_on_the_thread_that_has_called_and_only_as_far_as_it_is_read():
    import threading

    threads, given = set(), 0

    def items():
        nonlocal given
        for number in range(200_000):
            threads.add(threading.get_ident())
            given += 1
            yield 5 if number == 100 else make(f"g{number}")

    seen = []

    def stop(progress):
        seen.append(progress)
        raise Own("enough")

    with pytest.raises(Own):
        stacyard.copy(items(), "x.parquet", progress=stop)
    assert threads == {threading.get_ident()}
    assert 0 < given < 200_000 and seen
    assert not pathlib.Path("x.parquet").exists()


def test_a_copy_onto_what_is_read_is_refused_or_whole():
    stacyard.copy("items.ndjson", "x.parquet")
    store = stacyard.open("x.parquet")
    with pytest.raises(stacyard.errors.Exists):
        stacyard.copy(store, "x.parquet")
    assert stacyard.copy(store, "x.parquet", overwrite=True, search={"filter": "gsd = 10"}).written == 1


def test_pydantic_and_pystac_objects():
    import pystac
    import stac_pydantic

    item = make("a", collection="c", gsd=10)
    item["assets"] = {"data": {"href": "./a.tif", "roles": ["data"]}}
    for thing in (stac_pydantic.Item.model_validate(item), pystac.Item.from_dict(item)):
        assert stacyard.validate(thing).is_valid
        stacyard.copy([thing], "x.ndjson", overwrite=True)
        [again] = stacyard.open("x.ndjson").search()
        assert again["properties"]["gsd"] == 10
        assert again["assets"]["data"]["href"] == "./a.tif"
        assert again["links"][0]["rel"] == "collection"
    collection = pystac.ItemCollection([pystac.Item.from_dict(item)])
    assert stacyard.validate(collection).objects == {"Item": 1}


def test_a_search_that_is_copied_twice_is_asked_twice():
    found = stacyard.open("items.ndjson").search(filter="gsd > 20")
    for target in ("x.ndjson", "y.ndjson"):
        assert stacyard.copy(found, target).written == 1


def test_files_beside_the_store_are_not_written_over():
    from conftest import collection

    pathlib.Path("collections.json").write_text(json.dumps([collection("c")]))
    with pytest.raises(stacyard.errors.Usage, match="is read for this copy"):
        stacyard.copy("items.ndjson", "collections.json", collections="collections.json", overwrite=True)
    with pytest.raises(stacyard.errors.Usage, match="overwrite a store") as raised:
        stacyard.copy("items.ndjson", "x.ndjson", rejects="items.ndjson")
    assert raised.value.remedy == "give `rejects` a file of its own"
    write("mine.txt", [{"a": 1}])
    with pytest.raises(stacyard.errors.Usage, match="something else than rejects"):
        stacyard.validate("items.ndjson", rejects="mine.txt")


def test_integers_are_written_by_their_digits_whatever_their_class_says():
    import enum

    class Big(enum.IntEnum):
        A = 2**70

    class Sly(int):
        def __repr__(self):
            return '5,"injected":true'

        __str__ = __repr__

    assert stacyard.dumps(Big.A) == str(2**70)
    assert stacyard.loads(stacyard.dumps({"a": Sly(10**30)})) == {"a": 10**30}
    report = stacyard.validate([make("a"), make("b", n=10**5000)])
    assert report.rejected == 1 and "/properties/n: an integer" in report.findings[0].message


def test_texts_that_are_no_utf_8_are_set_aside():
    report = stacyard.validate([make("a"), '{"id": "\ud800"}'])
    assert (report.read, report.rejected) == (2, 1) and report.rejects[0].feature == 1


def test_mappings_are_dictionaries():
    import collections
    import types

    item = make("a")
    assert stacyard.validate(types.MappingProxyType(item)).is_valid
    assert stacyard.validate([collections.UserDict(item)]).read == 1


def test_what_an_iterable_raises_is_what_the_call_raises():
    class Mine(Exception):
        pass

    class Iterable:
        def __iter__(self):
            raise Mine

    with pytest.raises(Mine):
        stacyard.validate(Iterable())
    with pytest.raises(TypeError, match="has no Items"):
        stacyard.validate(object())


def test_long_records_are_set_aside_as_those_of_files_are():
    report = stacyard.validate([make("a"), make("b", text="x" * 5000)], max_record_size=2000)
    assert report.rejected == 1 and report.findings[0].rule == "too-long"


def test_links_of_pystac_objects_come_along():
    import pystac

    links = [{"rel": rel, "href": f"https://host/{rel}.json"} for rel in ("self", "root", "parent", "derived_from")]
    item = make("a")
    item["links"] = links
    stacyard.copy([pystac.Item.from_dict(item)], "x.ndjson")
    kept = stacyard.open("x.ndjson").get("a")["links"]
    assert sorted(link["rel"] for link in kept) == sorted(link["rel"] for link in links)
