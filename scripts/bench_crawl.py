"""A crawl of a static catalog over HTTP with a delay, by stacyard, pystac and rustac. The peers ask for one document after another, so that
they are measured on fewer Items, and their time is scaled by the number of Items."""

import argparse
import asyncio
import json
import pathlib
import shutil
import subprocess
import sys
import threading
import time

PYSTAC = """
import sys, pystac
print(sum(1 for _ in pystac.Catalog.from_file(sys.argv[1]).get_items(recursive=True)))
"""

RUSTAC = """
import sys, asyncio, rustac, rustac.store
async def main():
    count = 0
    # It asks servers without TLS only where it is told to.
    store = rustac.store.HTTPStore(sys.argv[1].rsplit("/", 1)[0], client_options={"allow_http": True})
    root = await rustac.read("catalog.json", store=store)
    async for _, _, items in rustac.walk(root, store=store):
        count += len(items)
    print(count)
asyncio.run(main())
"""


def make(folder, items):
    """Items in Collections of 1,000."""
    shutil.rmtree(folder, ignore_errors=True)
    lines = folder.parent / "crawl-items.ndjson"
    with open(lines, "w", encoding="utf-8") as out:
        for number in range((items + 999) // 1000):
            out.write(json.dumps({
                "type": "Collection", "stac_version": "1.1.0", "id": f"c{number}", "description": "d", "license": "other", "links": [],
                "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}}}) + "\n")
        for number in range(items):
            out.write(json.dumps({
                "type": "Feature", "stac_version": "1.1.0", "id": f"i{number}", "collection": f"c{number // 1000}",
                "geometry": {"type": "Point", "coordinates": [number % 360 - 180, number % 180 - 90]},
                "bbox": [number % 360 - 180, number % 180 - 90] * 2, "properties": {"datetime": "2024-06-01T00:00:00Z", "text": "x" * 2000},
                "links": [], "assets": {"data": {"href": f"https://example.org/{number}.tif"}}}) + "\n")
    return lines


async def bring(reader, writer, folder, delay):
    """HTTP/1.1, as little of it as is needed: the server is not to be what is measured."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            path = head.split(b" ", 2)[1].decode().lstrip("/")
            await asyncio.sleep(delay)
            body = (folder / path).read_bytes()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def serve(folder, delay):
    """Serves a folder in a thread; gives the port."""
    loop = asyncio.new_event_loop()
    start = asyncio.start_server(lambda r, w: bring(r, w, folder, delay), "127.0.0.1", 0)
    server = loop.run_until_complete(start)
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return server.sockets[0].getsockname()[1]


def timed(command, expected):
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        return None, done.stderr.strip().splitlines()[-1]
    count = done.stdout.count("\n") if expected is None else int(done.stdout)
    return seconds, count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--peer-items", type=int, default=1_000)
    parser.add_argument("--delay-ms", type=float, default=30)
    parser.add_argument("--stacyard", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    flags = parser.parse_args()
    flags.work.mkdir(parents=True, exist_ok=True)
    rows = []
    for items, runs in [
        (flags.items, [("stacyard crawl", lambda url: ([flags.stacyard, "-q", "crawl", url, "-"], None))]),
        (flags.peer_items, [
            ("pystac get_items(recursive=True)", lambda url: ([sys.executable, "-c", PYSTAC, url], items)),
            ("rustac walk", lambda url: ([sys.executable, "-c", RUSTAC, url], items)),
        ]),
    ]:
        folder = flags.work / "crawl"
        lines = make(folder, items)
        subprocess.run([flags.stacyard, "-q", "copy", lines, f"{folder}/", "--layout", "${collection}"], check=True)
        url = f"http://127.0.0.1:{serve(folder, flags.delay_ms / 1000)}/catalog.json"
        for name, command in runs:
            seconds, count = timed(*command(url))
            if seconds is None:
                print(f"{name}: failed: {count}")
                continue
            assert count == items, (name, count)
            rows.append((name, items, seconds, seconds * flags.items / items))
        shutil.rmtree(folder)
        lines.unlink()
    print(f"| {flags.items} Items, {flags.delay_ms:g} ms added | Items measured | seconds | scaled to all | times stacyard |\n|---|---|---|---|---|")
    for name, items, seconds, scaled in rows:
        print(f"| {name} | {items} | {seconds:.1f} | {scaled:.1f} | {scaled / rows[0][3]:.1f} |")


main()
