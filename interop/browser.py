"""A real browser: Debian's Chromium, driven by Playwright, and servers for it."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import urllib.parse

from conftest import ROOT, STACYARD

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
AXE = ROOT / "crates/server/web/node_modules/axe-core/axe.min.js"

# Nothing but the server under test is asked, and the map is drawn by software.
FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
DRAWS = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


@contextlib.contextmanager
def served(*stores, flags=()):
    """The address of a server over stores, without a slash at its end."""
    with tempfile.TemporaryFile("w+") as log:
        command = [STACYARD, "serve", *map(str, stores), "--bind", "127.0.0.1:0", "--quiet", "--json-log", *flags]
        server = subprocess.Popen(command, stderr=log)
        try:
            yield _address(server, log)
        finally:
            server.terminate()
            server.wait(20)


def _address(server, log):
    for _ in range(400):
        log.seek(0)
        if found := re.search(r'"url":"(http://[^"]+)/"', log.read()):
            return found[1]
        if server.poll() is not None:
            break
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.05)
    log.seek(0)
    raise AssertionError(f"the server does not start: {log.read()}")


class Visitor:
    """Somebody who looks at pages: what a browser complains of, or asks another host for, is a failure."""

    def __init__(self, browser, server, **context):
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
        self.context.set_default_timeout(20_000)
        self.page = self.context.new_page()
        self.server = server
        self.complaints = []
        self.has_script = context.get("java_script_enabled", True)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: (self.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        # Of the context, so that those of the map's worker are seen, too.
        self.context.on("request", self._asked)

    def _said(self, message):
        # A page with a status of an error is told as one by the console; its status is asserted where it is wanted.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text \
                and "GPU stall" not in message.text:
            self.complaints.append(f"{message.type}: {message.text}")

    def _asked(self, request):
        url = urllib.parse.urlsplit(request.url)
        if url.scheme not in ("data", "blob") and f"{url.scheme}://{url.netloc}" != self.server:
            self.complaints.append(f"asked another host: {request.url}")

    def open(self, path, status=200):
        """A page, with its map drawn where it has one."""
        answer = self.page.goto(path if "://" in path else self.server + path)
        assert answer.status == status, f"{path}: {answer.status}"
        self.settle()
        return self.page

    def settle(self):
        """Waits until the map is drawn and nothing is being asked for. A map that could not load its Items is a failure."""
        if not self.has_script:
            return
        if self.page.query_selector("#map[data-script]"):
            # In one look: a map that is drawn may begin to draw again.
            said = "() => { const { state } = document.querySelector('#map').dataset; return ['idle', 'wrong'].includes(state) && state; }"
            state = self.page.wait_for_function(said).json_value()
            assert state == "idle", self.page.inner_text(".map-note")
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_function("() => !document.querySelector('main[aria-busy]')")

    def ids(self):
        """The names of the Items in the list, in its order."""
        return self.page.eval_on_selector_all(".items[data-of=search] > li", "all => all.map((one) => one.dataset.id)")

    def leave(self):
        self.context.close()
        assert self.complaints == [], "\n".join(self.complaints)


@contextlib.contextmanager
def visitor(browser, server, **context):
    """A visitor, who has nothing to complain of at the end."""
    someone = Visitor(browser, server, **context)
    yield someone
    someone.leave()


def violations(page):
    """What axe finds: rules with the elements that break them."""
    page.evaluate(pathlib.Path(AXE).read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [f"{one['id']}: {node['html'][:200]} ({node.get('failureSummary', '')[:200]})"
            for one in found["violations"] for node in one["nodes"]]
