"""Two ways to compare Items: exactly, and by what a reader of columns can know."""

import datetime
import json

import shapely

# Properties whose values are instants, so that their spelling may change in a column of timestamps.
INSTANTS = ("datetime", "start_datetime", "end_datetime", "created", "updated", "expires", "published")


class Float(str):
    """A number with a fraction or an exponent, as it is written: json.loads would round it."""


def exact(text):
    """Parses JSON so that nothing is rounded and 1 differs from 1.0."""
    return json.loads(text, parse_float=Float)


def difference(a, b, pointer=""):
    """The first difference of two values of `exact`, or None. The order of keys does not count."""
    if isinstance(a, Float) and isinstance(b, Float):
        return None if _decimal(a) == _decimal(b) else f"{pointer}: {a} | {b}"
    if type(a) is not type(b):
        return f"{pointer}: {a!r} | {b!r}"
    if isinstance(a, dict):
        if a.keys() != b.keys():
            return f"{pointer}: names {sorted(a.keys() ^ b.keys())}"
        pairs = [(key, a[key], b[key]) for key in a]
    elif isinstance(a, list):
        if len(a) != len(b):
            return f"{pointer}: {len(a)} | {len(b)} elements"
        pairs = zip(range(len(a)), a, b)
    else:
        return None if a == b else f"{pointer}: {a!r} | {b!r}"
    for key, left, right in pairs:
        if found := difference(left, right, f"{pointer}/{key}"):
            return found
    return None


def _decimal(text):
    """1.50 and 15e-1 are the same value; 0.0 and -0.0 are not."""
    import decimal

    value = decimal.Decimal(text)
    return (value.is_signed(), value)


def instant(value):
    """A datetime, of whatever library, or an RFC 3339 text: as microseconds since 1970."""
    if value is None:
        return None
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime()
    if value.tzinfo is None:
        value = value.replace(tzinfo=datetime.timezone.utc)
    return round((value - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) / datetime.timedelta(microseconds=1))


def meaning(item):
    """An Item by its meaning, for comparing with readers and writers that spell values anew.

    What is evened out, and why: absent and null (a column knows only null); instants (a column of timestamps);
    1 and 1.0 (a column of floats); tuples and lists; the letter of geometries.
    """
    item = _bare(item)
    # Other readers show the residual column (docs/geoparquet-layout.md) as a property.
    item["properties"].pop("stacyard:residual", None)
    item["geometry"] = shapely.normalize(shapely.from_geojson(json.dumps(item["geometry"]))).wkt
    item["bbox"] = [float(number) for number in item["bbox"]]
    for name in INSTANTS:
        if item["properties"].get(name):
            item["properties"][name] = instant(item["properties"][name])
    # An absent list of extensions is an empty one.
    item.setdefault("stac_extensions", [])
    return item


def _bare(value):
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items() if each is not None}
    if isinstance(value, (list, tuple)):
        return [_bare(each) for each in value]
    if hasattr(value, "tolist"):
        return _bare(value.tolist())
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def assert_same_meaning(expected, found):
    """`expected` and `found` are Items by (collection, id)."""
    assert expected.keys() == found.keys()
    for key, item in expected.items():
        ours, theirs = meaning(item), meaning(found[key])
        # Member by member: what differs is named, and not buried in two whole Items.
        for name in ours.keys() | theirs.keys():
            assert theirs.get(name) == ours.get(name), (key, name)
