"""Items go through GeoParquet, GeoJSON and NDJSON and come back as the same JSON values, digit for digit."""

import pytest

from compare import difference, exact
from conftest import ROOT, lines, stacyard

REAL = ROOT.parent / "shared" / "data" / "items"


def texts(path):
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def check(source, tmp_path, through):
    """Copies there and back; returns how many Items went in, after comparing each of them."""
    store, back, rejects = tmp_path / f"store.{through}", tmp_path / "back.ndjson", tmp_path / "rejects.ndjson"
    stacyard("copy", source, store, "--rejects", rejects, status=(0, 1))
    stacyard("copy", store, back)
    rejected = {reject["line"] for reject in lines(rejects)} if rejects.exists() else set()
    came_in = [exact(text) for number, text in enumerate(texts(source), 1) if number not in rejected]
    came_out = {(item.get("collection"), item["id"]): item for item in map(exact, texts(back))}
    assert len(came_in) == len(came_out)
    differences = []
    for item in came_in:
        key = (item.get("collection"), item["id"])
        if found := difference(item, came_out[key]):
            differences.append(f"{key}: {found}"[:300])
    assert not differences, "\n".join(differences[:20])
    return len(came_in)


@pytest.mark.parametrize("through", ["parquet", "geojson", "ndjson.gz", "ndjson.zst"])
def test_made_up_items(catalog, tmp_path, through):
    assert check(catalog.ndjson, tmp_path, through) == len(catalog.items)


@pytest.mark.parametrize("through", ["parquet", "geojson"])
def test_all_real_items_in_one_store(tmp_path, through):
    source = tmp_path / "real.ndjson"
    source.write_text("".join(f"{text}\n" for path in real() for text in current(path)), encoding="utf-8")
    assert check(source, tmp_path, through) > 300


def test_real_items_a_collection_a_file(tmp_path):
    for path in real():
        folder = tmp_path / path.stem
        folder.mkdir()
        source = folder / "source.ndjson"
        source.write_text("".join(f"{text}\n" for text in current(path)), encoding="utf-8")
        check(source, folder, "parquet")


def real():
    if not REAL.is_dir():
        pytest.skip("skipped: no ../shared/data")
    return sorted(REAL.glob("*.ndjson"))


def current(path):
    """The Items that need no migration."""
    return [text for text in texts(path) if exact(text).get("stac_version") in ("1.0.0", "1.1.0")]
