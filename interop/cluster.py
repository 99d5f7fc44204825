"""A PostgreSQL server of a test's own, which may be killed and started again."""

import glob
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

BIN = pathlib.Path(max(glob.glob("/usr/lib/postgresql/*/bin"), default=""))


def sql(url, text):
    """Runs SQL with the schema of a `postgis:` URL in front; the lines of its answer."""
    place, _, schema = url.replace("postgis:", "postgresql:").partition("?schema=")
    environment = os.environ | {"PGOPTIONS": f"-c search_path={schema or 'stac'},public"}
    command = [BIN / "psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", place, "-c", text]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.splitlines()


class Cluster:
    """Runs as a user without privileges, on a free port, in a temporary folder."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stacyard-cluster."))
        self.as_owner = []
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
            self.as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.run("initdb", "-U", "stacyard", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        self.start()
        self.url = f"postgis://stacyard@127.0.0.1:{self.port}/postgres"
        sql(self.url, "CREATE EXTENSION postgis")

    def run(self, program, *arguments, check=True):
        command = [*self.as_owner, BIN / program, "-D", self.folder / "data", *arguments]
        with open(self.folder / "log", "a", encoding="utf-8") as log:
            return subprocess.run(command, cwd=self.folder, check=check, stdout=log, stderr=log).returncode

    def start(self):
        """Starts it; of one that was killed the last sessions may have to end first."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        deadline = time.monotonic() + 60
        while self.run("pg_ctl", "-w", "start", "-l", self.folder / "server.log", "-o", options, check=False):
            assert time.monotonic() < deadline, (self.folder / "server.log").read_text()
            time.sleep(0.2)

    def kill(self):
        """What a crash does: no session hears of it, nothing is written any more."""
        os.kill(int((self.folder / "data/postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def remove(self):
        self.run("pg_ctl", "-m", "immediate", "stop", check=False)
        shutil.rmtree(self.folder)
