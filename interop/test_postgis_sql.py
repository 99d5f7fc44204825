"""Rows that SQLAlchemy and GeoAlchemy2 write: right Items, found as such. The program is the one of docs/postgis.md."""

import json

from conftest import ROOT, lines, needs_server, stacyard

pytestmark = needs_server


def test_the_example_of_the_documentation(database):
    text = (ROOT / "docs" / "postgis.md").read_text()
    program = text.split("```python\n")[1].split("```")[0]
    place, schema = database.removeprefix("postgis:").split("?schema=")
    program = program.replace("//me@localhost/plumes", place).replace('"schema": "stac"', f'"schema": "{schema}"')
    # As a module: a class finds its annotations there.
    exec(compile(program, "docs/postgis.md", "exec"), {"__name__": "example"})
    expected = {
        "type": "Feature", "stac_version": "1.1.0", "id": "s1", "collection": "scenes",
        "geometry": {"type": "Point", "coordinates": [6, 53]}, "bbox": [6, 53, 6, 53],
        "properties": {"datetime": "2024-06-02T00:00:00Z", "eo:cloud_cover": 20},
        "links": [{"rel": "collection", "href": "./collection.json"}],
        "assets": {"data": {"href": "./s1.tif", "type": "image/tiff"}},
    }
    asked = ("search", database, "--datetime", "2024-06-02T00:00:00Z", "--bbox", "5.9,52.9,6.1,53.1")
    assert json.loads(stacyard(*asked)) == expected
    assert stacyard(*asked, "--count") == "1\n"
    assert stacyard("search", database, "--datetime", "2024-06-01", "--count") == "0\n"
    assert "1 valid" in stacyard("validate", database).replace("1 Item valid", "1 valid")


def test_a_table_read_from_the_database(database):
    """Core, with the columns as the database has them."""
    import geoalchemy2  # noqa: F401  registers the type of geometries
    from sqlalchemy import MetaData, Table, create_engine, insert, select, update

    place, schema = database.removeprefix("postgis:").split("?schema=")
    engine = create_engine(f"postgresql+psycopg:{place}")
    items = Table("items", MetaData(), schema=schema, autoload_with=engine)
    rows = [
        {"id": f"i{n}", "collection": "c", "geometry": f"SRID=4326;POINT({n} {n}.5)", "links": [], "assets": {},
         "properties": {"datetime": f"2024-06-{n:02}T00:00:00.5Z", "n": n}}
        for n in range(1, 21)
    ]
    with engine.begin() as connection:
        connection.execute(insert(items), rows)
        connection.execute(update(items).where(items.c.id == "i7").values(
            properties={"datetime": "2023-01-01T00:00:00Z", "n": 7.5}, geometry="SRID=4326;LINESTRING(100 10, 101 11)"))
        end = connection.execute(select(items.c.extent_end).where(items.c.id == "i7")).scalar_one()
    assert end == 1672531200
    assert stacyard("search", database, "--datetime", "../2023-12-31", "--filter", "n = 7.5", "--count") == "1\n"
    found = json.loads(stacyard("search", database, "--bbox", "99,9,102,12"))
    assert (found["id"], found["bbox"]) == ("i7", [100, 10, 101, 11])
    stacyard("validate", database)


def test_what_sql_gets_wrong_is_no_answer(database, tmp_path):
    """Each way to ask sets aside what a copy does."""
    from sqlalchemy import create_engine, text

    place, schema = database.removeprefix("postgis:").split("?schema=")
    with create_engine(f"postgresql+psycopg:{place}").begin() as connection:
        connection.execute(text(f"""
            INSERT INTO "{schema}".items (id, datetime, links, assets, stac_version) VALUES
            ('right', '2024-06-01Z', '[]', '{{"data":{{"href":"./a.tif"}}}}', '1.1.0'),
            ('no href', '2024-06-02Z', '[]', '{{"data":{{}}}}', '1.1.0'), ('', '2024-06-03Z', '[]', '{{}}', '1.1.0'),
            ('version', '2024-06-04Z', '[]', '{{}}', '7'), ('link', '2024-06-05Z', '[{{"rel":"self"}}]', '{{}}', '1.1.0')"""))
    rejects = tmp_path / "rejects.ndjson"
    flags = ("--rejects", rejects)
    for name, arguments in {
        "a.ndjson": ("search", database, "-o", tmp_path / "a.ndjson", *flags),
        "first.ndjson": ("search", database, "--max-items", 3, "-o", tmp_path / "first.ndjson", *flags),
        "b.parquet": ("search", database, "-o", tmp_path / "b.parquet", *flags),
        "c.ndjson": ("copy", database, tmp_path / "c.ndjson", *flags),
        "d.ndjson": ("copy", database, tmp_path / "d.ndjson", "--max-items", 3, *flags),
    }.items():
        stacyard(*arguments, status=(1,))
        assert {reject["item"]["id"] for reject in lines(rejects)} == {"no href", "", "version", "link"}, name
        assert json.loads(stacyard("search", tmp_path / name))["id"] == "right", name
        rejects.unlink()
    assert stacyard("search", database, "--count", status=(1,)) == "1\n"
    assert stacyard("search", database, "--count", "--ids", "right") == "1\n"
