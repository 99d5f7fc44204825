"""A soak of the API: readers, writers, clients that take a byte a second and connections that say nothing, all at once."""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

READERS = 4
WRITERS = 3
SLOW = 8
IDLE = 500
COUNTERS = 5


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binaries", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=int, required=True)
    options = parser.parse_args()
    stacyard = options.binaries / "stacyard"
    store = os.environ["STACYARD_TEST_DATABASE"] + "?schema=soak"
    with tempfile.TemporaryDirectory() as folder:
        items = pathlib.Path(folder, "items.ndjson")
        run(options.binaries / "make-catalog", "--items", 20_000, items)
        run(stacyard, "init", store)
        run(stacyard, "copy", items, store, "-q")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
    command = [stacyard, "serve", store, "--writable", "-q", "--bind", "%s:%d" % address]
    server = subprocess.Popen([str(part) for part in command])
    try:
        soak(Soak(address, server.pid, options.seconds))
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def run(*command):
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


class Soak:
    def __init__(self, address, pid, seconds):
        self.address, self.pid, self.end = address, pid, time.monotonic() + seconds
        self.seconds = seconds
        self.lock = threading.Lock()
        self.statuses = {}
        self.added = [0] * COUNTERS
        self.made = []
        self.wrong = []

    def goes_on(self):
        return time.monotonic() < self.end and len(self.wrong) < 10

    def connection(self):
        return http.client.HTTPConnection(*self.address, timeout=60)

    def ask(self, connection, method, path, body=None, headers=None):
        kind = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, path, json.dumps(body) if body is not None else None, {**kind, **(headers or {})})
        answer = connection.getresponse()
        text = answer.read()
        with self.lock:
            self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
            if answer.status >= 500:
                self.wrong.append(f"{method} {path}: {answer.status} {text[:300]}")
        return answer, text


def item(number, collection="soak"):
    return {"type": "Feature", "stac_version": "1.1.0", "id": f"n{number}", "collection": collection, "geometry": None,
            "properties": {"datetime": "2024-01-01T00:00:00Z", "n": 0}, "links": [], "assets": {}}


def soak(soak):
    for _ in range(200):
        with contextlib.suppress(ConnectionError):
            soak.ask(soak.connection(), "GET", "/readyz")
            break
        time.sleep(0.05)
    connection = soak.connection()
    collection = {"type": "Collection", "stac_version": "1.1.0", "id": "soak", "description": "d", "license": "other",
                  "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}},
                  "links": []}
    soak.ask(connection, "POST", "/collections", collection)
    for number in range(COUNTERS):
        soak.ask(connection, "POST", "/collections/soak/items", item(number))
    works = [reads] * READERS + [writes] * WRITERS + [slowly] * SLOW
    threads = [threading.Thread(target=work, args=(soak, number)) for number, work in enumerate(works)]
    idle = [socket.create_connection(soak.address) for _ in range(IDLE)]
    for thread in threads:
        thread.start()
    memory = []
    while soak.goes_on():
        time.sleep(min(10, soak.seconds / 10))
        status = pathlib.Path(f"/proc/{soak.pid}/status").read_text()
        memory.append(int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) / 1024)
        print(f"{memory[-1]:.0f} MB, {soak.statuses}", flush=True)
    for thread in threads:
        thread.join()
    for one in idle:
        one.close()
    for number, added in enumerate(soak.added):
        _, text = soak.ask(soak.connection(), "GET", f"/collections/soak/items/n{number}")
        found = json.loads(text)["properties"]["n"]
        if found != added:
            soak.wrong.append(f"n{number} was counted up {added} times, and is {found}")
    for name in soak.made:
        answer, _ = soak.ask(soak.connection(), "GET", f"/collections/soak/items/{name}")
        if answer.status != 200:
            soak.wrong.append(f"{name} was made, and is {answer.status}")
    half = len(memory) // 2
    first, second = max(memory[1:half] or memory), max(memory[half:])
    print(f"{sum(soak.statuses.values()):,} requests in {soak.seconds} s: {soak.statuses}; {sum(soak.added):,} changes and "
          f"{len(soak.made):,} new Items, none lost; memory {first:.0f} MB at most in the first half, {second:.0f} MB in the second")
    if second > first * 1.25 + 32:
        soak.wrong.append("the memory grows")
    if soak.wrong:
        sys.exit("\n".join(soak.wrong))


def reads(soak, number):
    chance, connection = random.Random(number), soak.connection()
    while soak.goes_on():
        west, south = chance.uniform(-180, 170), chance.uniform(-90, 80)
        path = chance.choice([
            "/", "/collections", "/search?limit=10", f"/search?limit=50&bbox={west},{south},{west + 10},{south + 10}",
            "/search?filter=eo:cloud_cover%3C20&limit=20", "/aggregate?aggregations=total_count,collection_frequency",
            "/search?limit=100&f=html", "/queryables", "/search?f=ndjson&limit=500", "/metrics",
        ])
        soak.ask(connection, "GET", path)


def writes(soak, number):
    chance, connection, made = random.Random(number), soak.connection(), 0
    while soak.goes_on():
        counter = chance.randrange(COUNTERS)
        path = f"/collections/soak/items/n{counter}"
        answer, text = soak.ask(connection, "GET", path)
        if answer.status != 200:
            continue
        count = json.loads(text)["properties"]["n"]
        condition = {"If-Match": answer.getheader("ETag")}
        answer, _ = soak.ask(connection, "PATCH", path, {"properties": {"n": count + 1}}, condition)
        if answer.status in (200, 204):
            with soak.lock:
                soak.added[counter] += 1
        if chance.random() < 0.2:
            made += 1
            one = item(f"{number}-{made}")
            answer, _ = soak.ask(connection, "POST", "/collections/soak/items", one)
            if answer.status == 201:
                with soak.lock:
                    soak.made.append(one["id"])


def slowly(soak, number):
    """Takes a byte a second of a long answer, or goes away in the middle."""
    while soak.goes_on():
        with socket.create_connection(soak.address) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.sendall(b"GET /search?limit=10000 HTTP/1.1\r\nHost: x\r\n\r\n")
            for _ in range(5 if number % 2 else 60):
                if not soak.goes_on() or not one.recv(1):
                    break
                time.sleep(1)


if __name__ == "__main__":
    main()
