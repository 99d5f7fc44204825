"""The tutorial: its blocks are run in order, against real parts, and print what it says."""

import contextlib
import io
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse
import uuid

import pytest

from conftest import SERVER

ROOT = pathlib.Path(__file__).parents[3]
TUTORIAL = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(?P<needs><!-- needs: database -->\n)?```python\n(?P<code>.*?)```(?:\n\n```text\n(?P<printed>.*?)```)?", re.DOTALL)
COMMAND = str(pathlib.Path(sys.executable).parent / "stacyard")


@contextlib.contextmanager
def api(store):
    """A STAC API over a store."""
    process = subprocess.Popen([COMMAND, "serve", store, "--bind", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True)
    try:
        found = None
        for line in process.stderr:
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                break
        assert found, "the server has not said where it listens"
        yield found.group()
    finally:
        process.terminate()
        process.communicate(timeout=20)


@contextlib.contextmanager
def databases():
    """The addresses of the tutorial's databases, as they are here: one of our tables, and one of pgstac."""
    if not SERVER:
        yield {}
        return
    import psycopg
    import pypgstac

    server = urllib.parse.urlsplit(SERVER)
    names = {name: f"{name}_{uuid.uuid4().hex[:12]}" for name in ("plumes", "catalog")}
    admin = psycopg.connect(SERVER.replace("postgis://", "postgresql://"), autocommit=True)
    for name in names.values():
        admin.execute(f"CREATE DATABASE {name}")
    try:
        with psycopg.connect(f"postgresql://{server.netloc}/{names['plumes']}", autocommit=True) as connection:
            connection.execute("CREATE EXTENSION postgis")
        package = os.path.dirname(pypgstac.__file__)
        subprocess.run([COMMAND, "init", f"pgstac://{server.netloc}/{names['catalog']}", "--pgstac-package", package], check=True, capture_output=True)
        yield {f"localhost/{name}": f"{server.netloc}/{here}" for name, here in names.items()}
    finally:
        for name in names.values():
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        admin.close()


def test_the_tutorial_does_what_it_says(folder):
    blocks = list(BLOCK.finditer(TUTORIAL))
    assert len(blocks) > 15
    space = {"__name__": "tutorial"}
    skipped, ran = [], 0
    with contextlib.ExitStack() as parts:
        here = parts.enter_context(databases())
        for block in blocks:
            code, line = block["code"], TUTORIAL[: block.start()].count("\n") + 1
            if block["needs"] and not here:
                skipped.append(line)
                continue
            if "https://host/stac" in code and "https://host/stac" not in here:
                here["https://host/stac"] = parts.enter_context(api("plumes.parquet"))
            for theirs, ours in here.items():
                code = code.replace(theirs, ours)
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile("\n" * line + code, "docs/python.md", "exec"), space)
            if block["printed"] is not None:
                printed = "\n".join(each.rstrip() for each in out.getvalue().strip().splitlines())
                assert printed == block["printed"].strip(), f"docs/python.md:{line}"
            ran += 1
    assert pathlib.Path("python-plumes.png").stat().st_size > 5_000
    if os.environ.get("STACYARD_KEEP_PICTURES"):
        (ROOT / "docs" / "python-plumes.png").write_bytes(pathlib.Path("python-plumes.png").read_bytes())
    if skipped:
        pytest.skip(f"{ran} blocks ran; those in lines {skipped} need STACYARD_TEST_DATABASE (make test starts a server)")
