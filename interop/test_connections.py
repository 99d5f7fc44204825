"""Connections: TLS, services, a replica, limits, and what is said where there is none. On servers of this file's own."""

import os
import shutil
import signal
import subprocess

import pytest
from conftest import MAKE_CATALOG, STACYARD, lines, stacyard
from servers import AS_OWNER, BIN, Authority, Cluster, wait_for

pytestmark = pytest.mark.skipif(
    not os.environ.get("STACYARD_TEST_DATABASE") or not BIN, reason="no PostgreSQL (make test installs it)"
)

ACCESS = [
    "local all all trust",
    "local replication all trust",
    "host all stacyard,reader 127.0.0.1/32 trust",
    "hostssl all encrypted 127.0.0.1/32 trust",
    "hostnossl all plain 127.0.0.1/32 trust",
    "hostssl all certified 127.0.0.1/32 cert",
    "host all locked 127.0.0.1/32 scram-sha-256",
]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"), "ours")


@pytest.fixture(scope="module")
def cluster(authority):
    """A server with TLS, whose certificate is for localhost, with 100 Items."""
    server = Cluster(access=ACCESS)
    use(server, *authority.sign("server", "subjectAltName=DNS:localhost"))
    server.configure("ssl = on", "ssl_cert_file = 'server.crt'", "ssl_key_file = 'server.key'", "ssl_ca_file = 'ca.crt'")
    shutil.copy(authority.certificate, server.data / "ca.crt")
    server.control("restart")
    for user in ("encrypted", "plain", "certified"):
        server.sql(f"CREATE ROLE {user} LOGIN IN ROLE pg_read_all_data")
    server.sql("CREATE ROLE locked LOGIN PASSWORD 'right' IN ROLE pg_read_all_data")
    server.sql("CREATE ROLE reader LOGIN")
    items = server.folder / "items.ndjson"
    subprocess.run([MAKE_CATALOG, "--items", "100", "--seed", "5", items], check=True, capture_output=True)
    stacyard("init", server.url())
    stacyard("copy", items, server.url(), "-q")
    yield server
    server.remove()


def use(server, certificate, key):
    """Gives a server a certificate."""
    for source, name in ((certificate, "server.crt"), (key, "server.key")):
        shutil.copy(source, server.data / name)
        (server.data / name).chmod(0o600)
        if AS_OWNER:
            shutil.chown(server.data / name, "postgres", "postgres")


def run(*arguments, **environment):
    """What the binary writes, and its exit status; HOME is empty unless it is given."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    environment = {name: str(value) for name, value in environment.items()}
    ran = subprocess.run([STACYARD, *map(str, arguments)], capture_output=True, text=True, timeout=60,
                         env={**clean, "HOME": "/nonexistent", **environment})
    return ran.returncode, ran.stdout + ran.stderr


def counts(url, **environment):
    assert run("search", url, "--count", **environment) == (0, "100\n")


def fails(url, *parts, command=("search",), **environment):
    """Fails with two lines: what it was and what to do."""
    status, text = run(*command, url, **environment)
    assert status in (2, 3), text
    assert len(text.splitlines()) == 2 and text.startswith("error: "), text
    for part in parts:
        assert part in text, text


def test_tls_is_used_where_the_server_has_it(cluster):
    counts(cluster.url(user="encrypted"))
    counts(cluster.url("sslmode=allow", user="encrypted"))
    counts(cluster.url("sslmode=require", user="encrypted"))
    counts(cluster.url(user="encrypted"), PGSSLMODE="require")
    fails(cluster.url("sslmode=disable", user="encrypted"), "no encryption", "pg_hba.conf says who may come")
    # Only preferred: this user may come without it alone.
    counts(cluster.url(user="plain"))
    fails(cluster.url("sslmode=require", user="plain"), "SSL encryption")


def test_a_socket_of_this_machine_needs_no_tls(cluster):
    place = str(cluster.folder).replace("/", "%2F")
    counts(cluster.url("sslmode=verify-full", host=place))


def test_certificates_are_verified_as_far_as_is_asked(cluster, authority, tmp_path):
    other = Authority(tmp_path, "other").certificate
    ours = authority.certificate
    counts(cluster.url(f"sslmode=verify-full&sslrootcert={ours}", host="localhost"))
    counts(cluster.url(f"sslmode=verify-ca&sslrootcert={ours}"))
    counts(cluster.url("sslmode=verify-ca"), PGSSLROOTCERT=ours)
    fails(cluster.url(f"sslmode=verify-full&sslrootcert={ours}"), 'not valid for name "127.0.0.1"', "localhost",
          "use the name that is in the certificate")
    for mode in ("require", "verify-ca", "verify-full"):
        fails(cluster.url(f"sslmode={mode}&sslrootcert={other}", host="localhost"), "UnknownIssuer",
              "name the authority that signed its certificate: sslrootcert=FILE")
    # Who only prefers TLS trusts anyone.
    counts(cluster.url(f"sslrootcert={other}"))
    fails(cluster.url("sslmode=verify-ca"), "there is no certificate of an authority to verify", "~/.postgresql/root.crt")
    fails(cluster.url("sslrootcert=system", host="localhost"), "UnknownIssuer")


def test_certificates_are_found_at_home(cluster, authority, tmp_path):
    (tmp_path / ".postgresql").mkdir()
    root = tmp_path / ".postgresql" / "root.crt"
    shutil.copy(authority.certificate, root)
    counts(cluster.url("sslmode=verify-full", host="localhost"), HOME=tmp_path)
    counts(cluster.url("sslmode=require"), HOME=tmp_path)
    shutil.copy(Authority(tmp_path, "other").certificate, root)
    fails(cluster.url("sslmode=require"), "UnknownIssuer", HOME=tmp_path)


def test_a_client_certificate_is_shown(cluster, authority, tmp_path):
    certificate, key = authority.sign("certified", "extendedKeyUsage=clientAuth")
    counts(cluster.url(f"sslmode=require&sslcert={certificate}&sslkey={key}", user="certified"))
    counts(cluster.url("sslmode=require", user="certified"), PGSSLCERT=certificate, PGSSLKEY=key)
    fails(cluster.url("sslmode=require", user="certified"), "valid client certificate", "(sslcert, sslkey)")
    fails(cluster.url(f"sslcert={certificate}", user="certified"), "has no key", "sslkey")
    wrong, wrong_key = Authority(tmp_path, "other").sign("certified", "extendedKeyUsage=clientAuth")
    fails(cluster.url(f"sslmode=require&sslcert={wrong}&sslkey={wrong_key}", user="certified"),
          "client certificate (sslcert, sslkey)")


def test_a_certificate_that_has_signed_itself_can_be_trusted(cluster, authority, tmp_path):
    """As PostgreSQL's manual has it made."""
    make = "openssl req -new -x509 -days 2 -nodes -subj /CN=localhost -keyout self.key -out self.crt"
    names = ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*make.split(), *names], check=True, capture_output=True, cwd=tmp_path)
    use(cluster, tmp_path / "self.crt", tmp_path / "self.key")
    cluster.control("reload")
    try:
        trusted = f"sslrootcert={tmp_path / 'self.crt'}"
        counts(cluster.url(f"sslmode=verify-ca&{trusted}"))
        counts(cluster.url(f"sslmode=verify-full&{trusted}", host="localhost"))
        fails(cluster.url(f"sslmode=verify-full&{trusted}"), 'not valid for name "127.0.0.1"')
        fails(cluster.url(f"sslmode=verify-ca&sslrootcert={authority.certificate}"), "error: ", "TLS")
        counts(cluster.url("sslmode=require"))
    finally:
        use(cluster, authority.folder / "server.crt", authority.folder / "server.key")
        cluster.control("reload")


def test_services_say_where_the_database_is(cluster, tmp_path):
    file = tmp_path / ".pg_service.conf"
    file.write_text(f"[items]\nhost=127.0.0.1\nport={cluster.port}\nuser=locked\npassword=right\ndbname=stacyard\n"
                    "sslmode=require\n")
    counts("postgis:///?service=items", PGSERVICEFILE=file)
    counts("postgis://", PGSERVICE="items", HOME=tmp_path)
    counts("postgis://?service=items", HOME=tmp_path, PGPORT=1)
    fails("postgis://:1?service=items", "Connection refused", HOME=tmp_path)
    fails("postgis://?service=other", 'no service "other"', "[other]", HOME=tmp_path)


def test_who_cannot_connect_is_told_why(cluster):
    fails(cluster.url(user="locked"), "the server asks for a password: give it in PGPASSWORD")
    fails(cluster.url(user="locked"), "password authentication failed", "check user and password", PGPASSWORD="wrong")
    counts(cluster.url(user="locked"), PGPASSWORD="right")
    fails(cluster.url(database="none"), 'database "none" does not exist', "check the name of the database")
    fails(cluster.url(user="nobody"), "pg_hba.conf", "says who may come")
    fails(cluster.url(user="reader"), "permission denied", "ask the owner of the database for this right")
    fails("postgis://localhost:1/db", "Connection refused", "that the server runs")
    fails("postgis:///db", "Connection refused", "at localhost:1", PGPORT=1)
    fails("postgis://no.such.host.invalid/db", "lookup", "check host")
    without_tls = os.environ["STACYARD_TEST_DATABASE"]
    fails(f"{without_tls}?sslmode=require", "server does not support TLS", "turn TLS on at the server")


def test_a_replica_is_read_and_the_primary_written(cluster, tmp_path):
    stacyard("init", cluster.url("schema=replicated"))
    replica = cluster.replica()
    try:
        url = cluster.url(f"schema=replicated&read=127.0.0.1:{replica.port}")
        first = tmp_path / "first.ndjson"
        first.write_text("".join((cluster.folder / "items.ndjson").read_text().splitlines(True)[:10]))
        stacyard("copy", first, url, "-q")
        here = lambda: cluster.sql("SELECT pg_current_wal_lsn()") == replica.sql("SELECT pg_last_wal_replay_lsn()")
        wait_for(here, 20, "the replica does not follow")
        stacyard("copy", url, tmp_path / "back.ndjson", "-q")
        assert len(lines(tmp_path / "back.ndjson")) == 10
        fails(replica.url("schema=new"), "read-only transaction", "name the primary server in the URL",
              command=("init",))
        replica.control("stop")
        fails(url, "Connection refused", f"at 127.0.0.1:{replica.port}")
        stacyard("copy", first, url, "--mode", "upsert", "-q")
        replica.control("start")
    finally:
        replica.remove()


@pytest.fixture
def locked_table(cluster):
    """A search has to wait."""
    lock = "BEGIN; LOCK TABLE stac.items IN ACCESS EXCLUSIVE MODE; SELECT 'locked'; SELECT pg_sleep(20)"
    holder = subprocess.Popen([*cluster.psql()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    holder.stdin.write(";\n".join(lock.split(";")) + ";\n")
    holder.stdin.flush()
    assert holder.stdout.readline() == "locked\n"
    yield
    cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)%' "
                "AND pid <> pg_backend_pid()")
    holder.communicate()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("mode", ["disable", "require"])
def test_a_query_ends_with_the_program(cluster, locked_table, how, mode):
    url = cluster.url(f"sslmode={mode}&application_name=to_be_killed")
    running = lambda: cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'to_be_killed' "
                                  "AND wait_event_type = 'Lock'") == ["1"]
    search = subprocess.Popen([STACYARD, "search", url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(running, 20, "the search does not begin")
    search.send_signal(how)
    search.wait(timeout=5)
    wait_for(lambda: not running(), 3, "the query goes on")


def test_a_statement_may_have_a_limit(cluster, locked_table):
    limit = "statement_timeout"
    fails(cluster.url("options=-c%20statement_timeout%3D100ms"), "canceling statement due to statement timeout",
          f"it took longer than it may ({limit})")
    fails(cluster.url(), "statement timeout", limit, PGOPTIONS="-c statement_timeout=100ms")
