"""Servers that a test starts for itself and may stop: PostgreSQL with PostGIS, and certificates for it."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


def _newest(pattern):
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob(pattern), key=lambda path: int(path.parts[4]))
    return found[-1] if found else None


BIN = _newest("*/bin")
# A server must not run as root.
AS_OWNER = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []


def as_owner(*command, **options):
    return subprocess.run([*AS_OWNER, *map(str, command)], check=True, capture_output=True, text=True, **options)


def folder():
    """A new folder that the servers' user may write to."""
    made = pathlib.Path(tempfile.mkdtemp(prefix="stacyard-server."))
    made.chmod(0o755)
    if AS_OWNER:
        shutil.chown(made, "postgres", "postgres")
    return made


class Cluster:
    """A private PostgreSQL server."""

    def __init__(self, settings=(), access=()):
        self.folder = folder()
        self.data = self.folder / "data"
        self.port = free_port()
        as_owner(BIN / "initdb", "-D", self.data, "-U", "stacyard", "-A", "trust", "-E", "UTF8",
                 "--locale=C.UTF-8", cwd=self.folder)
        self.configure("listen_addresses = '127.0.0.1'", f"port = {self.port}", "fsync = off",
                       f"unix_socket_directories = '{self.folder}'", *settings)
        if access:
            (self.data / "pg_hba.conf").write_text("\n".join(access) + "\n")
        self.control("start")
        self.sql("CREATE DATABASE stacyard", database="postgres")
        self.sql("CREATE EXTENSION postgis")

    def replica(self):
        """Another server that follows this one."""
        other = object.__new__(Cluster)
        other.folder = folder()
        other.data = other.folder / "data"
        other.port = free_port()
        as_owner(BIN / "pg_basebackup", "-D", other.data, "-h", self.folder, "-p", self.port, "-U", "stacyard",
                 "-R", "-c", "fast", cwd=other.folder)
        other.configure(f"port = {other.port}", f"unix_socket_directories = '{other.folder}'")
        other.control("start")
        return other

    def configure(self, *lines):
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def control(self, action, mode="fast"):
        as_owner(BIN / "pg_ctl", "-D", self.data, "-l", self.folder / "log", "-w", "-s", "-m", mode, action,
                 cwd=self.folder)

    def kill(self):
        """What a crash does: no session hears of it, nothing is written any more."""
        os.kill(int((self.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def start_again(self):
        """After it was killed: its last sessions may have to end first."""
        deadline = time.monotonic() + 60
        while True:
            try:
                return self.control("start")
            except subprocess.CalledProcessError:
                assert time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(0.2)

    def psql(self, database="stacyard"):
        return [str(BIN / "psql"), "-qAt", "-h", str(self.folder), "-p", str(self.port), "-U", "stacyard",
                "-v", "ON_ERROR_STOP=1", "-d", database]

    def sql(self, text, database="stacyard"):
        ran = subprocess.run([*self.psql(database), "-c", text], check=True, capture_output=True, text=True)
        return ran.stdout.split()

    def url(self, query="", user="stacyard", host="127.0.0.1", database="stacyard"):
        return f"postgis://{user}@{host}:{self.port}/{database}?{query}"

    def remove(self):
        try:
            if (self.data / "postmaster.pid").exists():
                self.control("stop", mode="immediate")
        finally:
            shutil.rmtree(self.folder)


def wait_for(what, seconds, message):
    """Waits until `what` is true."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, message
        time.sleep(0.05)


class Authority:
    """One that signs certificates."""

    def __init__(self, where, name):
        self.folder = where / name
        self.folder.mkdir()
        self.folder.chmod(0o755)
        self.certificate = self.folder / "ca.crt"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", f"/CN={name}", "-keyout", "ca.key", "-out", "ca.crt")

    def sign(self, name, extension):
        """A certificate and its key."""
        (self.folder / f"{name}.ext").write_text(extension)
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                      "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                      "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.crt")
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.folder)
