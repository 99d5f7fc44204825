"""A proxy in front of a server, which does to its answers what networks and servers do."""

import contextlib
import http.client
import http.server
import threading
import time
from urllib.parse import urlsplit

# What is done to an answer.
KINDS = ["late", "cut", "429", "500", "503", "truncated", "drip", "short", "long"]


class Faults(http.server.ThreadingHTTPServer):
    """In front of `upstream`; each request whose number `every` divides gets the next of `kinds`. `touches` says which requests count."""

    daemon_threads = True

    def __init__(self, upstream, kinds, every=2, touches=lambda method, path: True, change=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream, self.kinds, self.every, self.touches = urlsplit(upstream), kinds, every, touches
        # Changes the headers of an answer, for servers that lie.
        self.change = change or (lambda number, headers: headers)
        self.lock, self.number, self.done = threading.Lock(), 0, []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def next(self, method, path):
        """The number of a request, and what is done to its answer."""
        if not self.touches(method, path):
            return 0, None
        with self.lock:
            self.number += 1
            if not self.kinds or self.number % self.every:
                return self.number, None
            kind = self.kinds[len(self.done) % len(self.kinds)]
            self.done.append(kind)
            return self.number, kind

    def handle_error(self, request, client_address):
        """Whoever asks may have gone."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Nothing is logged."""

    def answer(self):
        number, kind = self.server.next(self.command, self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if kind == "cut":
            return self.hang_up()
        if kind == "late":
            time.sleep(0.3)
        if kind in ("429", "500", "503"):
            return self.say(int(kind), [("Retry-After", "0")] if kind == "429" else [], b"not now")
        if kind == "loop":
            return self.say(302, [("Location", self.path)], b"")
        upstream = self.server.upstream
        connection = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        # Links that the server makes lead back through the proxy, since it is what was asked.
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        headers = [(name, value) for name, value in answer.getheaders()
                   if name.lower() not in ("connection", "transfer-encoding", "content-length")]
        length = answer.getheader("Content-Length") if self.command == "HEAD" else None
        connection.close()
        self.say(answer.status, self.server.change(number, headers), text, kind, length)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

    def say(self, status, headers, text, kind=None, length=None):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        said = {"short": max(len(text) - 7, 0), "long": len(text) + 7}.get(kind, len(text))
        self.send_header("Content-Length", length or str(said))
        self.end_headers()
        if self.command == "HEAD":
            return
        if kind == "truncated":
            text = text[: len(text) // 2]
        if kind == "drip":
            for start in range(0, len(text), max(len(text) // 8, 1)):
                self.wfile.write(text[start: start + max(len(text) // 8, 1)])
                self.wfile.flush()
                time.sleep(0.02)
        else:
            self.wfile.write(text)
        if kind in ("truncated", "short", "long"):
            self.hang_up()

    def hang_up(self):
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.connection.shutdown(2)
        self.close_connection = True


@contextlib.contextmanager
def faults(*arguments, **options):
    proxy = Faults(*arguments, **options)
    thread = threading.Thread(target=proxy.serve_forever)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
