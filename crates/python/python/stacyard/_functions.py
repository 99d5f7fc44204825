"""The functions of the package: each hands what it was given to the engine, and says in Python's own way what is to be known."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from . import _stacyard
from ._keywords import Copying, Opening, Rules, Search, given
from ._progress import watched
from ._report import Report
from ._store import Found, Initialised, Store, Twin
from ._warn import warn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Literal

    from typing_extensions import Unpack

    from ._keywords import Given, Path, Watching
    from ._profile import Profile

    class Validating(Opening, Rules, total=False):
        """All that `validate` takes."""

    class CopyKeywords(Opening, Rules, Copying, total=False):
        """All that `copy` takes."""

    class SearchingTo(Opening, Search, total=False):
        """All that `search_to` takes."""


def open(store: Path, **how: Unpack[Opening]) -> Store:
    """Opens a store by its name: a file (`.ndjson`, `.geojson`, `.parquet`, each also on `s3://`, `gs://`, `az://` or `https://`), a folder of Parquet files
    (`catalog/`), a database (`postgis://host/db`, `pgstac://...`) or a STAC API (`https://host/stac`).

    The keywords are those of `stacyard.Opening`. Raises `errors.Usage` for a name that is none of a store, `errors.NotFound` for one that is not there.

    >>> import stacyard
    >>> store = stacyard.open("items.ndjson")
    >>> store.search().count()
    2
    """
    return Store(store, **how)


def validate(
    source: Given,
    *,
    rejects: Path | None = None,
    progress: Watching = False,
    threads: int | None = None,
    timeout: float | None = None,
    **how: Unpack[Validating],
) -> Report:
    """Says all that is wrong with Items, Collections and Catalogs.

    `source` is the name of a store, a Store, bytes, a dictionary, a model of pydantic or pystac, an iterable of these, or columns of Arrow. The report has all
    findings of all records: pointer, rule, message, value, section and place. `rejects` is a file for what is set aside, with its text.

    The keywords are those of `stacyard.Rules` and `stacyard.Opening`. What is not valid is no exception; a store that cannot be read is.

    >>> import stacyard
    >>> report = stacyard.validate([{"type": "Feature", "id": 5}])
    >>> report.is_valid, report.rejects[0].place
    (False, 'items: feature 0')
    >>> sorted({finding.rule for finding in report.findings})[:2]
    ['assets', 'geometry']
    """
    options = given("validate", how, Opening, Rules)
    options.update(_given(rejects=rejects, threads=threads, timeout=timeout))
    with watched(progress) as callback:
        told = _stacyard.validate(_plain(source), _options(options), callback)
    return _report(told)


def copy(
    source: Given,
    to: Path,
    *,
    search: Search | None = None,
    rejects: Path | None = None,
    progress: Watching = False,
    threads: int | None = None,
    timeout: float | None = None,
    **how: Unpack[CopyKeywords],
) -> Report:
    """Copies Items into a store, through the gate: what is not valid is set aside, and counted in the report.

    `source` is whatever `validate` takes. An iterable is read once, as the copy goes on; an exception that it raises ends the copy, leaves the target as it was,
    and is what the call raises. `search` copies what answers it alone. A file is written whole or not at all; into a database Items come batch by batch.

    The keywords are those of `stacyard.Copying`, `stacyard.Rules` and `stacyard.Opening`. Raises `errors.Exists` where the target is there and no `mode` says what
    to do with it.

    >>> import stacyard
    >>> report = stacyard.copy("items.ndjson", "copied.parquet", search={"filter": "gsd < 20"})
    >>> report.written, report.filtered
    (1, 1)
    """
    options = given("copy", how, Opening, Rules, Copying)
    options.update(_given(rejects=rejects, threads=threads, timeout=timeout))
    query: _stacyard.Query | None = None
    source = _of_either(source)
    if isinstance(source, Found):
        if search is not None:
            raise TypeError("copy() takes no search of what was searched for already")
        query = source.query
        source = source.store
    elif search is not None:
        query = _stacyard.Query(given("search", search, Search))
    with watched(progress) as callback:
        told = _stacyard.copy(_plain(source), os.fspath(to), _options(options), query, callback)
    return _report(told)


def crawl(start: Path, to: Path, **how: Any) -> Report:
    """Copies what a static catalog links to, Items and Collections; `start` is the path or the URL of its root. The keywords are those of `copy`.

    >>> import stacyard
    >>> stacyard.copy("items.ndjson", "published", layout="${year}").written
    2
    >>> stacyard.crawl("published/catalog.json", "crawled.parquet").written
    2
    """
    return copy(start, to, **{**how, "store_kind": "catalog"})


def sync(
    source: Path | Store | Twin[Store],
    to: Path,
    *,
    allow_empty: bool = False,
    rejects: Path | None = None,
    progress: Watching = False,
    threads: int | None = None,
    timeout: float | None = None,
    **how: Unpack[Validating],
) -> Report:
    """Makes a store hold what another holds: Items that differ are written, and those that the source does not have go, as do their Collections.

    An Item of the source that is not valid is set aside, and stays as it is in the target. A file is written anew where anything differs; in a database Items
    come and go in batches, so that one that was broken off goes on when it is called again. `allow_empty` lets a source without Items empty the target.

    The keywords are those of `stacyard.Rules` and `stacyard.Opening`. In the report `written` are Items that are new or differed, `present` those that were the
    same, and `changes` has those that went.

    >>> import stacyard
    >>> stacyard.sync("items.ndjson", "mirror.parquet").written
    2
    >>> report = stacyard.sync("items.ndjson", "mirror.parquet")
    >>> report.written, report.present
    (0, 2)
    """
    options = given("sync", how, Opening, Rules)
    options.update(_given(allow_empty=allow_empty, rejects=rejects, threads=threads, timeout=timeout))
    with watched(progress) as callback:
        told = _stacyard.copy(_plain(source), os.fspath(to), _options(options), None, callback, True)
    return _report(told)


def delete(store: Path | Store | Twin[Store], *, rejects: Path | None = None, **search: Unpack[SearchingTo]) -> int:
    """Deletes the Items of a store that answer a search; gives how many they were. A file is written anew without them; of a database each goes only if it
    is still as it was when it answered.

    The keywords are those of `stacyard.Search`, at least one of which says which Items are meant, and of `stacyard.Opening`. Raises `errors.Usage` where none
    does. `rejects` is a file for records of a file that are not valid, which cannot stay in one that is written anew.

    >>> import stacyard
    >>> stacyard.copy("items.ndjson", "fewer.parquet").written
    2
    >>> stacyard.delete("fewer.parquet", filter="gsd < 20")
    1
    """
    opened, query = _asked("delete", store, search)
    gone, changed = _stacyard.delete(opened.handle, _given(rejects=rejects), query)
    if changed:
        warn([(f"{changed} Items were left: others have changed them meanwhile, or they are gone", None)], depth=2)
    return gone


def search_to(
    to: Path,
    store: Path | Store | Twin[Store],
    *,
    overwrite: bool = False,
    format: str | None = None,
    rejects: Path | None = None,
    progress: Watching = False,
    threads: int | None = None,
    **search: Unpack[SearchingTo],
) -> Report:
    """Writes the Items of a store that answer to a file, in the order of the question.

    The keywords are those of `stacyard.Search` and `stacyard.Opening`. Raises `errors.Exists` where the file is there, unless `overwrite` is true.

    >>> import stacyard
    >>> stacyard.search_to("few.ndjson", "items.ndjson", filter="gsd < 20").written
    1
    """
    opened, query = _asked("search_to", store, search)
    options = _given(overwrite=overwrite, format=format, rejects=rejects, threads=threads)
    with watched(progress) as callback:
        told = _stacyard.save(opened.handle, os.fspath(to), options, query, callback)
    return _report(told)


def commit(
    dataset: Path,
    parts: Iterable[Path],
    *,
    rejects: Path | None = None,
    progress: Watching = False,
    threads: int | None = None,
    timeout: float | None = None,
    **how: Unpack[Opening],
) -> Report:
    """Makes one version of parts of a dataset that `copy(..., stage=...)` has written, on this machine or on many. An Item that is in two parts, or in the dataset
    already, is dealt with as the mode says that all parts were staged with; `rejects` is a file for those that are set aside so.

    Raises `errors.Exists` for a part that was committed before, `errors.Conflict` for one that does not go with the dataset any more. Nothing is changed then.

    >>> import stacyard
    >>> made = stacyard.init("data/")
    >>> stacyard.copy("items.ndjson", "data/", stage="part-1.json").written
    2
    >>> stacyard.open("data/").search().count()
    0
    >>> stacyard.commit("data/", ["part-1.json"]).written
    2
    """
    options = given("commit", how, Opening)
    options.update(_given(rejects=rejects, threads=threads, timeout=timeout))
    with watched(progress) as callback:
        told = _stacyard.commit(os.fspath(dataset), [os.fspath(part) for part in parts], options, callback)
    return _report(told)


def init(
    store: Path,
    *,
    profile: Path | Profile | None = None,
    partition: Sequence[str] | None = None,
    partition_by: Literal["collection", "year", "month"] | None = None,
    **how: Unpack[Opening],
) -> Initialised:
    """Makes the tables of a database (`postgis://...`), or brings those that are there up to date. The fields of a `profile` have columns; the Items of each
    collection that `partition` names have a partition of their own.

    Makes a dataset, too, where the name is that of a folder (`data/`), or gives one that is there a profile; `partition_by` says which Items stand together in its
    files. Single files need nothing to be made.

    With a `database`, such as `"postgis://localhost/plumes"`:

    >>> import stacyard
    >>> made = stacyard.init(database)
    >>> made.after >= made.before
    True
    """
    options = given("init", how, Opening)
    options.update(_given(profile=profile, partition=partition, partition_by=partition_by))
    before, after, changes = _stacyard.init(os.fspath(store), _options(options))
    return Initialised(before, after, changes)


def _asked(function: str, store: Any, search: Mapping[str, Any]) -> tuple[Store, _stacyard.Query]:
    """The store, opened as the keywords say, and the question that they ask."""
    plain = _of_either(store)
    keywords = given(function, search, Opening, Search)
    asked = {name: value for name, value in keywords.items() if name in Search.__annotations__}
    opening: Any = {name: value for name, value in keywords.items() if name in Opening.__annotations__}
    if isinstance(plain, Store) and opening:
        raise TypeError(f"{function}() takes no {', '.join(opening)} of a store that is open")
    query = _stacyard.Query(asked)
    return plain if isinstance(plain, Store) else Store(plain, **opening), query


def _given(**keywords: Any) -> dict[str, Any]:
    return {name: value for name, value in keywords.items() if value is not None}


def _options(options: Mapping[str, Any]) -> dict[str, Any]:
    """With the profile as the engine has it."""
    options = _given(**options)
    profile = options.get("profile")
    # Whoever has a Profile has loaded its module.
    handle = getattr(profile, "handle", None)
    return options if handle is None else {**options, "profile": handle}


def _of_either(source: Any) -> Any:
    """A store or an answer, of this module or of `stacyard.aio`, as one of this module; all else as it is."""
    return source.plain if isinstance(source, Twin) else source


def _plain(source: Any) -> Any:
    """A store as the engine has it; what was found one by one; a GeoDataFrame as columns of Arrow."""
    source = _of_either(source)
    if isinstance(source, Store):
        return source.handle
    if isinstance(source, Found):
        return iter(source)
    if hasattr(source, "to_arrow") and hasattr(source, "geometry") and hasattr(source, "crs"):
        return source.to_arrow(index=False, geometry_encoding="WKB")
    return source


def _report(told: dict[str, Any]) -> Report:
    report = Report.of(told)
    warn(((note.message, note.help) for note in report.notes), depth=3)
    return report
