"""STAC catalogs, validated once, kept on whichever substrate fits, and every one asked the same question with the same answer.

>>> import stacyard
>>> item = {
...     "type": "Feature", "stac_version": "1.1.0", "id": "a", "geometry": None,
...     "properties": {"datetime": "2024-06-01T00:00:00Z", "gsd": 10}, "links": [], "assets": {},
... }
>>> stacyard.validate(item).is_valid
True
>>> stacyard.copy([item], "catalog.parquet").written
1
>>> store = stacyard.open("catalog.parquet")
>>> [found["id"] for found in store.search(filter="gsd <= 10")]
['a']

`validate`, `copy`, `commit`, `crawl`, `sync`, `search_to`, `delete`, `open` and `init` are all there is; `stacyard.aio` has the same for `await`, `stacyard.errors` what they raise,
`stacyard.sqlalchemy` the tables of a database, and `stacyard.ray` a copy by many machines. The command `stacyard` comes with the package.
"""

from __future__ import annotations

import logging

from . import errors
from ._functions import commit, copy, crawl, delete, init, open, search_to, sync, validate
from ._keywords import Copying, Opening, Rules, Search
from ._profile import Field, Profile, Reference
from ._report import Finding, Note, Progress, Reject, Report, Warned
from ._stacyard import Arrow, __version__, dumps, loads
from ._store import Found, Initialised, Put, Store
from .errors import StacyardError, StacyardWarning

__all__ = [
    "Arrow", "Copying", "Field", "Finding", "Found", "Initialised", "Note", "Opening", "Profile", "Progress", "Put", "Reference", "Reject", "Report", "Rules",
    "Search", "StacyardError", "StacyardWarning", "Store", "Warned", "__version__", "commit", "copy", "crawl", "delete", "dumps", "errors", "init", "loads", "open", "search_to",
    "sync", "validate",
]

# Who wants the log says so: a library does not write where nobody asked for it.
logging.getLogger("stacyard").addHandler(logging.NullHandler())
