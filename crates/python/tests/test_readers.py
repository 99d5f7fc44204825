"""A dataset read by programs that work on many machines: each version, with the right rows. `make test-full` runs it, in an environment that has them; the code
is that of docs/scale.md."""

import pytest
import stacyard

from conftest import make, write


@pytest.fixture
def dataset(folder):
    """The path of a dataset of several versions, and the Items of each: a column comes late, Items are replaced and go, and files are made into one."""
    there, versions = {}, []
    path = folder / "data"

    def write_version(items, mode):
        write("part.ndjson", items)
        stacyard.copy("part.ndjson", f"{path}/", mode=mode)
        there.update((item["id"], item) for item in items)
        versions.append(dict(there))

    write_version([make(f"a{n}", 1 + n, gsd=n + 0.5, geometry=(n, 50)) for n in range(20)], "insert")
    write_version([make(f"b{n}", 1 + n, gsd=n + 0.5, late={"inner": [n]}, geometry=(n, -50), collection="c") for n in range(20)], "insert")
    write_version([make("a3", 25, gsd=99.5), make("b3", 25, gsd=98.5, collection="c"), make("new", 25, gsd=97.5)], "upsert")
    stacyard.delete(f"{path}/", filter="gsd < 2")
    versions.append({id: item for id, item in there.items() if item["properties"]["gsd"] >= 2})
    return str(path), versions


def rows(items):
    return sorted((item["id"], item["properties"]["gsd"], item.get("collection")) for item in items.values())


def found(frame):
    """The rows of a frame of pandas; what no Item has had yet has no column."""
    columns = frame.reindex(columns=["id", "gsd", "collection"]).astype(object)
    return sorted(columns.where(columns.notna(), None).itertuples(index=False, name=None))


def test_ray(dataset):
    ray = pytest.importorskip("ray", reason="no Ray here (make test-full has it)")
    path, versions = dataset
    ray.init(num_cpus=2, include_dashboard=False)
    try:
        for version, items in enumerate(versions):
            frame = ray.data.read_delta(path, version=version).to_pandas()
            assert found(frame) == rows(items), version
        some = ray.data.read_delta(path, columns=["id", "gsd"]).filter(expr="gsd > 90").to_pandas()
        assert sorted(some["id"]) == ["a3", "b3", "new"]
    finally:
        ray.shutdown()


def test_daft(dataset):
    daft = pytest.importorskip("daft", reason="no Daft here (make test-full has it)")
    path, versions = dataset
    for version, items in enumerate(versions):
        frame = daft.read_deltalake(path, version=version).to_pandas()
        assert found(frame) == rows(items), version
    some = daft.read_deltalake(path).where(daft.col("gsd") > 90).select("id").to_pydict()
    assert sorted(some["id"]) == ["a3", "b3", "new"]


def test_dask(dataset):
    reader = pytest.importorskip("dask_deltatable", reason="no dask-deltatable here (make test-full has it)")
    import dask

    path, versions = dataset
    # Else Dask takes bytes, such as geometries, for text.
    with dask.config.set({"dataframe.convert-string": False}):
        for version, items in enumerate(versions):
            frame = reader.read_deltalake(path, version=version).compute()
            assert found(frame) == rows(items), version
    some = reader.read_deltalake(path, columns=["id", "gsd"])
    assert sorted(some[some["gsd"] > 90]["id"].compute()) == ["a3", "b3", "new"]


def test_geometries(dataset):
    daft = pytest.importorskip("daft", reason="no Daft here (make test-full has it)")
    shapely = pytest.importorskip("shapely", reason="no shapely here (make test-full has it)")
    path, versions = dataset
    table = daft.read_deltalake(path).select("id", "geometry").to_pydict()
    points = {id: shapely.from_wkb(wkb).coords[0] for id, wkb in zip(table["id"], table["geometry"])}
    assert points == {id: tuple(item["geometry"]["coordinates"]) for id, item in versions[-1].items()}
