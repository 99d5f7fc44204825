"""An object store that is not ours (moto's server), and the command with no other credentials than those for it."""

import contextlib
import os
import subprocess
import sys
import time
import urllib.request

from conftest import STACYARD
from servers import free_port

ACCESS = {"AWS_ACCESS_KEY_ID": "here", "AWS_SECRET_ACCESS_KEY": "secret-of-here", "AWS_REGION": "us-east-1"}


@contextlib.contextmanager
def moto():
    """The environment of an object store with the bucket `bucket`."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    endpoint = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(urllib.request.Request(f"{endpoint}/bucket", method="PUT")).read()
                break
            except OSError:
                time.sleep(0.1)
        yield {**ACCESS, "AWS_ENDPOINT_URL": endpoint}
    finally:
        server.terminate()
        server.wait(timeout=20)


def environment(s3):
    """This environment, with no other credentials."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {"HOME": "/nowhere", **s3}


def run(s3, *arguments, fails=False):
    """What the command says."""
    done = subprocess.run([STACYARD, *map(str, arguments)], env=environment(s3), capture_output=True, text=True,
                          timeout=300)
    assert (done.returncode != 0) == fails, done.stderr
    assert "secret-of-here" not in done.stdout + done.stderr
    return done
