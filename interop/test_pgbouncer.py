"""Behind a pooler that gives a server's connection to another session after each transaction."""

import os
import shutil
import subprocess
import urllib.parse

import pytest
from conftest import MAKE_CATALOG, STACYARD, by_id, lines, stacyard
from servers import AS_OWNER, folder, free_port, wait_for

SERVER = os.environ.get("STACYARD_TEST_DATABASE")
PGBOUNCER = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")
pytestmark = pytest.mark.skipif(not SERVER or not PGBOUNCER, reason="no PostgreSQL or no pgbouncer (make test installs them)")


@pytest.fixture(scope="module", params=[1, 2])
def pooler(request):
    """A pooler with so many connections to the server."""
    server = urllib.parse.urlsplit(SERVER)
    where = folder()
    port = free_port()
    (where / "pgbouncer.ini").write_text(
        "[databases]\n"
        f"stacyard = host={server.hostname} port={server.port} user={server.username} dbname={server.path[1:]}\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        f"pool_mode = transaction\ndefault_pool_size = {request.param}\nlogfile = {where}/log\n"
    )
    running = subprocess.Popen([*AS_OWNER, PGBOUNCER, "-q", str(where / "pgbouncer.ini")])
    url = f"postgis://me@127.0.0.1:{port}/stacyard?schema=pooled_{os.getpid()}_{request.param}"
    answers = lambda: b"up" in (where / "log").read_bytes() if (where / "log").exists() else False
    wait_for(answers, 10, "pgbouncer does not start")
    yield url
    running.terminate()
    running.wait()
    shutil.rmtree(where)


def test_loads_of_all_modes(pooler, tmp_path):
    direct = f"{SERVER}?{pooler.split('?')[1]}_loads"
    url = f"{pooler}_loads"
    items = tmp_path / "items.ndjson"
    subprocess.run([MAKE_CATALOG, "--items", "2000", "--seed", "4", items], check=True, capture_output=True)
    stacyard("init", direct)
    for arguments in [(), ("--resume",), ("--mode", "ignore"), ("--mode", "upsert"), ("--mode", "replace")]:
        stacyard("copy", items, url, "-q", *arguments)
    loaders = [subprocess.Popen([STACYARD, "copy", items, url, "-q", "--mode", "upsert"]) for _ in range(3)]
    assert [loader.wait(timeout=120) for loader in loaders] == [0, 0, 0]
    stacyard("copy", direct, tmp_path / "back.ndjson", "-q")
    assert by_id(lines(tmp_path / "back.ndjson")) == by_id(lines(items))


def test_many_search_at_once(pooler, tmp_path):
    direct = f"{SERVER}?{pooler.split('?')[1]}"
    items = tmp_path / "items.ndjson"
    subprocess.run([MAKE_CATALOG, "--items", "3000", "--seed", "9", items], check=True, capture_output=True)
    stacyard("init", direct)
    stacyard("copy", items, direct, "-q")
    all_items = lines(items)
    ids = [item["id"] for item in all_items[:: len(all_items) // 12]]
    command = lambda *flags: subprocess.Popen([STACYARD, "search", pooler, *flags], stdout=subprocess.PIPE,
                                              stderr=subprocess.PIPE, text=True)
    # Each asks several times: of names, of pages, of all rows.
    searches = [(command("--filter", f"id = '{one}' AND datetime IS NOT NULL"), 1) for one in ids]
    searches += [(command("--max-items", "700"), 700) for _ in range(4)]
    searches += [(command("--sortby", "id"), len(all_items)) for _ in range(4)]
    for search, wanted in searches:
        out, err = search.communicate(timeout=120)
        assert (search.returncode, err) == (0, ""), err
        assert len(out.splitlines()) == wanted
