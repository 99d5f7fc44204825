"""Numbers, texts and the like: what comes in as JSON is what `json` makes of it, and what goes out is what it was."""

import json
import math
import warnings

import pytest
import stacyard

from conftest import make

NUMBERS = [
    "0", "-0", "1", "-1", "1.0", "-0.0", "0.0", "1e2", "1E+2", "1e-7", "9007199254740993", "-9223372036854775808", "9223372036854775807", "9223372036854775808",
    "123456789012345678901234567890", "0.1", "0.30000000000000004", "3.141592653589793238462643383279", "1e308", "1e-320", "5e-324", "1e400", "-1e400", "2.5e-8",
    "100000000000000000000.5",
]


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_is_read_as_json_reads_it(text):
    ours, theirs = stacyard.loads(text), json.loads(text)
    assert type(ours) is type(theirs)
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("text", ['""', '"a\\u0000b"', '"\\ud83d\\ude00"', '"é\\n\\t\\\\/\\""', "[]", "{}", "null", "true", '[[1, {"a": [null]}], "x"]', '{"a\\u0041": 1, "": 2}'])
def test_a_text_is_read_as_json_reads_it(text):
    assert stacyard.loads(text) == json.loads(text)
    assert stacyard.loads(text.encode()) == json.loads(text)


VALUES = [
    0, -1, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**400, 1.0, -0.0, 0.1, 1e16, 1e-7, 1e22, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, True, False, None, "",
    "é\x00\x1f\x7f\u2028😀\"\\", [], {}, [1, [2.0, {"a": None}]], {"b": 1, "a": {"": []}}, (1, 2),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_is_written_is_read_again_as_it_was(value):
    again = json.loads(stacyard.dumps(value))
    expected = list(value) if isinstance(value, tuple) else value
    assert repr(again) == repr(expected)
    assert repr(stacyard.loads(stacyard.dumps(value))) == repr(expected)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (math.nan, "NaN is no JSON number"),
        ({"a": [1, {"b/c": math.inf}]}, "/a/1/b~1c: inf is no JSON number"),
        ({"a": {1, 2}}, "/a: an object of type set is no JSON value"),
        ({"a": {3: 1}}, "/a: the name 3 is no text"),
        (["\ud800"], "/0: a text with half of a surrogate pair"),
        ([b"x"], "/0: an object of type bytes is no JSON value"),
    ],
    ids=str,
)
def test_what_is_no_json_is_refused_with_its_place(value, place):
    with pytest.raises(stacyard.errors.Usage) as raised:
        stacyard.dumps(value)
    assert place in raised.value.message


def test_what_holds_itself_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(stacyard.errors.Usage, match="128"):
        stacyard.dumps(loop)


def test_subclasses_are_what_they_stand_for():
    import enum

    class Level(enum.IntEnum):
        HIGH = 3

    class Name(str, enum.Enum):
        A = "a"

    class Big(int):
        def __str__(self):
            return "no number"

    assert stacyard.dumps([Level.HIGH, Name.A, Big(2**70)]) == f'[3,"a",{2**70}]'


@pytest.mark.parametrize("store", ["x.ndjson", "x.geojson", "x.parquet"])
def test_numbers_come_through_every_store_as_they_were(store):
    odd = {"whole": 1, "float": 1.0, "big": 2**53 + 1, "bigger": 2**70, "negative_zero": -0.0, "long": 0.30000000000000004, "tiny": 5e-324, "none": None, "mixed": [1, 1.0, "1"]}
    items = [make("a", 1, **odd), make("b", 2, **{name: None for name in odd}), make("c", 3, whole=1.0, float=1)]
    items[0]["geometry"]["coordinates"] = [5, 52.0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stacyard.StacyardWarning)
        assert stacyard.copy(items, store).written == 3
    found = {item["id"]: item for item in stacyard.open(store).search()}
    for item in items:
        # Columns have an order of their own.
        assert repr(sorted(found[item["id"]]["properties"].items())) == repr(sorted(item["properties"].items()))
        assert repr(found[item["id"]]["geometry"]) == repr(item["geometry"])


def test_digits_that_no_float_has_stay_in_the_store():
    text = json.dumps(make("a", long=1)).replace('"long": 1', '"long": 3.141592653589793238462643383279')
    assert stacyard.copy(text.encode(), "x.parquet").written == 1
    assert stacyard.open("x.parquet").get("a")["properties"]["long"] == math.pi
    stacyard.copy("x.parquet", "y.ndjson")
    with open("y.ndjson", encoding="utf-8") as file:
        assert '"long":3.141592653589793238462643383279' in file.read()
