"""A copy by many machines: each source is a part that some worker of a Ray cluster stages, and one commit makes all of them a version of a dataset.

Needs Ray (`pip install 'stacyard[ray]'`), and stacyard on each machine of the cluster.
"""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Union

from . import _functions, _stacyard
from ._keywords import Copying, Opening, Rules, Search, given
from ._progress import watched
from ._report import Note, Reject, Report, Warned
from ._warn import warn
from .errors import StacyardError, StacyardWarning, Unavailable, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Unpack

    from ._functions import CopyKeywords
    from ._keywords import Path, Watching

    Group = Union[Path, list[Path], tuple[Path, ...]]

__all__ = ["copy"]

TOLD = 100
"""How many rejects the report tells one by one."""
NAMED = 10
"""How many sources a message names."""

# Of a copy into one file or a database, or of a source that only one may read.
NOT_OF_PARTS = {"format", "resume", "update", "journal", "layout", "published", "root_url", "catalog_id", "items_parquet", "stage", "create_collections"}


def copy(
    sources: Iterable[Group],
    to: Path,
    *,
    cluster: str | None = None,
    retries: int = 3,
    threads: int = 1,
    search: Search | None = None,
    rejects: Path | None = None,
    progress: Watching = False,
    **how: Unpack[CopyKeywords],
) -> Report:
    """Copies many sources into a dataset (`data/`, `s3://bucket/data/`) on a cluster of Ray, as one version or none. The dataset is made, if it is not there.

    Each of `sources` is the name of a store, or a list of such names that one worker takes together. Workers have to see sources and dataset under these names:
    an object store, or a folder that all machines share. An Item that is in two sources, or in the dataset already, is dealt with as `mode` says: `insert`, which
    is meant where none is given, sets it aside.

    `cluster` is the address of a cluster, as `ray.init` takes it. Without one it is the cluster that this process is connected to, else the one that the
    environment names (`RAY_ADDRESS`), else one on this machine, which ends with the call. A worker that dies is replaced up to `retries` times, and its sources are
    staged again; what it has written belongs to no version, and goes with a vacuum. `threads` is how many threads work on a part, and how many CPUs Ray keeps for it.

    The other keywords are those of `stacyard.copy`. The report has the counts of all parts; Items are not counted by collection. `rejects` is a file of this
    machine. Raises what `stacyard.copy` raises, with the name of the source; nothing is committed then, and the message names the sources that had been staged.

    With sources and a dataset that all machines see:

        stacyard.ray.copy([f"s3://bucket/in/{n}.ndjson.zst" for n in range(100)], "s3://bucket/data/", cluster="ray://head:10001")
    """
    begun, ray = time.monotonic(), _imported()
    options = given("stacyard.ray.copy", how, Opening, Rules, Copying)
    for name in sorted(NOT_OF_PARTS & options.keys()):
        raise TypeError(f"stacyard.ray.copy() takes no {name}: it writes parts of a dataset")
    groups = _groups(sources)
    to = _dataset(to)
    opening: Any = {name: value for name, value in options.items() if name in Opening.__annotations__ and name != "store_kind"}
    # The dataset keeps its profile, by which all parts are checked.
    _functions.init(to, profile=options.pop("profile", None), **opening)
    collections = options.pop("collections", None)
    if "schemas" in options:
        options["schemas"] = _seen_by_all(options["schemas"])
    with tempfile.TemporaryDirectory(prefix="stacyard-") as folder:
        # A part without Items, for the Collections: what cannot be is found by it, before anybody works.
        files = [FilePath(folder, "part.json")]
        alone: Any = {**options, "allow_empty": True}
        _functions.copy([], to, stage=files[0], collections=collections, rejects=rejects, **alone)
        if search is not None:
            _stacyard.Query(given("search", search, Search))
            options["search"] = search
        options["threads"] = threads
        with watched(progress) as callback, _connected(ray, cluster, threads, retries), closing(_each(ray, groups, to, options, (retries, rejects is not None))) as each:
            done: dict[int, _Staged] = {}
            for index, staged in each:
                done[index] = staged
                if callback is not None:
                    callback(_progress(done, len(groups)))
        # In the order of the sources, whichever was done first: of Items that are there twice the first counts.
        parts = [done[index] for index in sorted(done)]
        for text in (text for part in parts for text in part.parts):
            files.append(FilePath(folder, f"part-{len(files)}.json"))
            files[-1].write_bytes(text)
        late = FilePath(folder, "late")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", StacyardWarning)
            try:
                committed = _functions.commit(to, files, rejects=late, **opening)
            except StacyardError as error:
                # What many machines have worked for can be committed yet.
                kept = tempfile.mkdtemp(prefix="stacyard-parts-")
                names = [shutil.copy(file, kept) for file in files]
                error.details = [*error.details, f"the {len(names):,} parts are kept in {kept}: stacyard.commit makes a version of them within a day"]
                raise
        if rejects is not None:
            _keep(FilePath(rejects), [*(text for part in parts for text in part.rejects), late.read_bytes()])
    report = _sum([report for part in parts for report in part.reports], committed, time.monotonic() - begun)
    warn(((note.message, note.help) for note in report.notes), depth=2)
    return report


@dataclass
class _Staged:
    """What a worker has staged: of each source the text of the part, that of its rejects, and the report."""

    parts: list[bytes]
    rejects: list[bytes]
    reports: list[Report]


@dataclass
class _Failed:
    """Why a worker has not staged a source, which is so many sources after the first of its own."""

    error: StacyardError
    staged: int


def _stage(names: list[str], to: str, options: dict[str, Any], keeps: bool) -> _Staged | _Failed:
    """What a worker does: stages sources as parts, one after the other."""
    done = _Staged([], [], [])
    for name in names:
        with tempfile.TemporaryDirectory(prefix="stacyard-") as folder, warnings.catch_warnings():
            # They are in the report, too, of which the process that has called warns.
            warnings.simplefilter("ignore", StacyardWarning)
            part, rejects = FilePath(folder, "part.json"), FilePath(folder, "rejects")
            try:
                done.reports.append(_functions.copy(name, to, stage=part, rejects=rejects if keeps else None, **options))
            except StacyardError as error:
                # As a value: what Ray raises in its place hides what it is.
                return _Failed(error, len(done.parts))
            done.parts.append(part.read_bytes())
            if keeps:
                done.rejects.append(rejects.read_bytes())
    return done


def _each(ray: Any, groups: list[list[str]], to: str, options: dict[str, Any], how: tuple[int, bool]) -> Generator[tuple[int, _Staged], None, None]:
    """Stages all groups on the cluster, and gives each as it is done, with its place."""
    retries, keeps = how
    task = ray.remote(num_cpus=options["threads"], max_retries=retries)(_stage)
    shared = ray.put(options)
    tasks = {task.remote(names, to, shared, keeps): index for index, names in enumerate(groups)}
    left, staged = list(tasks), list[str]()
    try:
        while left:
            done, left = ray.wait(left)
            for one in done:
                index = tasks[one]
                try:
                    made = ray.get(one)
                except ray.exceptions.RayTaskError as cause:
                    raise _nothing_committed(_broken(groups[index], cause), staged) from cause
                except ray.exceptions.RayError as cause:
                    failed: StacyardError = Unavailable(f"{_named(groups[index])}: no worker has staged it: {_line(cause)}")
                    failed.remedy = f"see what ends the workers (memory, a lost machine); each was replaced up to {retries} times"
                    raise _nothing_committed(failed, staged) from cause
                if isinstance(made, _Failed):
                    names = groups[index]
                    raise _nothing_committed(_of_source(names[made.staged], made.error), [*staged, *names[:made.staged]])
                staged += groups[index]
                yield index, made
    finally:
        # Ray 2.60 aborts the process where a task is cancelled that has just ended: only those are that are far from it.
        for one in ray.wait(left, num_returns=len(left), timeout=0)[1] if left else []:
            ray.cancel(one)


def _groups(sources: Iterable[Group]) -> list[list[str]]:
    if isinstance(sources, (str, bytes, os.PathLike)):
        raise TypeError("stacyard.ray.copy() takes a list of sources; stacyard.copy() takes one")
    groups = [[_seen_by_all(name) for name in (group if isinstance(group, (list, tuple)) else [group])] for group in sources]
    if not any(groups):
        raise Usage("there are no sources, so that there is nothing to copy", remedy="name at least one store")
    return [group for group in groups if group]


def _seen_by_all(name: Path) -> str:
    """A path as it is everywhere: workers have folders of their own to be in."""
    text = os.fspath(name)
    if not isinstance(text, str):
        raise TypeError(f"{name!r}: sources and datasets are given by their names")
    # A dataset is one by the slash at its end.
    return text if "://" in text else os.path.join(os.getcwd(), text)


def _dataset(to: Path) -> str:
    name = _seen_by_all(to)
    if not name.split("?")[0].endswith("/") or name.startswith(("postgis:", "postgres:", "postgresql:", "pgstac:")):
        raise Usage(f"{_stacyard.shown(os.fspath(to))} is no dataset, and only one takes parts", remedy="let its name end in a slash: data/, s3://bucket/data/")
    return name


def _progress(done: dict[int, _Staged], all: int) -> dict[str, Any]:
    reports = [report for staged in done.values() for report in staged.reports]
    return {
        "source": f"{len(done)} of {all} parts", "size": None, "position": sum(report.bytes for report in reports),
        "read": sum(report.read for report in reports), "rejected": sum(report.rejected for report in reports),
    }


def _keep(to: FilePath, texts: list[bytes]) -> None:
    """Writes the file of rejects, whole or not at all."""
    with tempfile.NamedTemporaryFile(dir=to.parent, prefix=f".{to.name}.", delete=False) as file:
        try:
            for text in texts:
                file.write(text)
            file.flush()
            os.replace(file.name, to)
        except BaseException:
            os.unlink(file.name)
            raise


def _imported() -> Any:
    # Nothing is told to anybody unless the user has said so.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        return importlib.import_module("ray")
    except ImportError as cause:
        raise ImportError("stacyard.ray needs Ray, which is not installed: pip install 'stacyard[ray]'") from cause


@contextmanager
def _connected(ray: Any, address: str | None, threads: int, retries: int) -> Iterator[None]:
    """Connects this process to a cluster, if it is not; what this has begun ends with it."""
    if ray.is_initialized():
        # How a client's address is that of the cluster behind it nobody tells.
        is_told = address not in (None, "auto") and not str(address).startswith("ray://")
        if is_told and address != (there := ray.get_runtime_context().gcs_address):
            raise Usage(f"this process is connected to the cluster at {there}, and cannot be to {address}", remedy="leave `cluster` out, or call ray.shutdown() first")
        _check_size(ray, threads)
        yield
        return
    is_own = address is None and not os.environ.get("RAY_ADDRESS")
    try:
        # Only a cluster of one's own can be told to have no dashboard, and that a worker without memory left is one that has died.
        own: dict[str, Any] = {"include_dashboard": False, "_system_config": {"task_oom_retries": retries}}
        ray.init(address, **(own if is_own else {}))
    except (ConnectionError, ValueError, RuntimeError) as cause:
        raise Unavailable(f"no cluster of Ray at {address or os.environ.get('RAY_ADDRESS', 'this machine')}: {_line(cause)}", remedy="`ray status` says where one is") from cause
    try:
        _check_size(ray, threads)
        yield
    finally:
        ray.shutdown()


def _check_size(ray: Any, threads: int) -> None:
    """No task would ever begin that wants more CPUs than a machine has."""
    most = max((node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]), default=0)
    if threads > most:
        raise Usage(f"no machine of the cluster has {threads} CPUs, as `threads` asks for: the largest has {most:g}", remedy="ask for fewer threads")


def _broken(names: list[str], cause: Any) -> StacyardError:
    """The error of a worker that could not even begin: what Ray raises has its Python's own within."""
    why = getattr(cause, "cause", None) or cause
    text = [line for line in str(why).splitlines() if line.strip()]
    remedy = "stacyard has to be installed, in the same version, on each machine of the cluster"
    return Unavailable(f"{_named(names)}: {_stacyard.shown(text[-1] if text else type(why).__name__)}", remedy=remedy)


def _named(names: list[str]) -> str:
    """Names of stores, without passwords."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(map(_stacyard.shown, names[:NAMED])) + more


def _of_source(name: str, error: StacyardError) -> StacyardError:
    """The error of a source, which may not say of which."""
    shown = _stacyard.shown(name)
    if shown not in error.message:
        error.message = f"{shown}: {error.message}"
    return error


def _nothing_committed(error: StacyardError, names: list[str]) -> StacyardError:
    had = f"; {_named(names)} had been staged, whose files go with a vacuum" if names else ""
    error.details = [*error.details, f"nothing was committed{had}"]
    return error


def _line(cause: BaseException) -> str:
    return next(iter(str(cause).splitlines()), type(cause).__name__)


def _sum(parts: list[Report], committed: Report, seconds: float) -> Report:
    """One report of all parts, and of what the commit has done with them."""
    both = [*parts, committed]

    def total(name: str) -> int:
        return sum(getattr(report, name) for report in both)

    def counts(name: str) -> dict[str, int]:
        counted: dict[str, int] = {}
        for report in both:
            for key, count in getattr(report, name).items():
                counted[key] = counted.get(key, 0) + count
        return counted

    warned: dict[str, Warned] = {}
    for report in parts:
        for rule, one in report.warnings.items():
            warned[rule] = replace(warned[rule], count=warned[rule].count + one.count) if rule in warned else one
    rejects: list[Reject] = [reject for report in both for reject in report.rejects][:TOLD]
    notes: dict[Note, None] = dict.fromkeys(note for report in both for note in report.notes)
    return replace(
        committed, read=total("read"), rejected=total("rejected"), dropped=total("dropped"), filtered=total("filtered"), objects=counts("objects"),
        errors=counts("errors"), warnings=warned, rejects=rejects, notes=list(notes), bytes=sum(report.bytes for report in parts), by_collection={}, seconds=seconds,
    )
