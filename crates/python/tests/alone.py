"""What works where nothing is installed but the wheel: `alone.py COMMAND`."""

import pathlib
import subprocess
import sys

import stacyard

item = {
    "type": "Feature", "stac_version": "1.1.0", "id": "a", "geometry": {"type": "Point", "coordinates": [1, 2]}, "bbox": [1, 2, 1, 2],
    "properties": {"datetime": "2024-06-01T00:00:00Z", "gsd": 10}, "links": [], "assets": {},
}
assert stacyard.validate(item).is_valid
assert stacyard.copy([item], "x.parquet", progress=True).written == 1
found = stacyard.open("x.parquet").search(filter="gsd = 10")
assert list(found) == [item] and found.count() == 1 and len(found.to_arrow()) == 1
assert stacyard.copy(found, "y.ndjson").written == 1
assert stacyard.copy(found.to_arrow(), "z.ndjson").written == 1
try:
    found.to_geopandas()
except ImportError as error:
    assert error.name == "geopandas", error
else:
    raise AssertionError("this environment is not clean")
said = subprocess.run([sys.argv[1], "search", "x.parquet", "--count"], capture_output=True, text=True, check=True)
assert said.stdout == "1\n", said
print(f"alone: {pathlib.Path(stacyard.__file__).parent} works")
