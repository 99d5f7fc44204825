# Sourced by other scripts: a PostgreSQL cluster of one's own, with PostGIS, for as long as the script runs.
# shellcheck shell=bash

# start_cluster: starts one in a new temporary folder, on a free port, as a user without privileges; exports
# STACYARD_TEST_DATABASE with the URL of its server. It is stopped, and its folder removed, when the script ends.
start_cluster() {
  local bin
  if [[ -z $(pg_bin) || -z $(find /usr/share/postgresql -name postgis.control 2>/dev/null) ]]; then
    need_packages postgresql postgresql-postgis
  fi
  bin=$(pg_bin)
  [[ -n $bin ]] || fail 'PostgreSQL is missing' 'install PostgreSQL and PostGIS'
  cluster=$(mktemp -d "${TMPDIR:-/tmp}/stacyard-cluster.XXXXXX")
  as_owner=()
  if [[ $(id -u) -eq 0 ]]; then
    chown postgres "$cluster"
    as_owner=(setpriv --reuid=postgres --regid=postgres --init-groups)
  fi
  local port
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  trap stop_cluster EXIT
  (cd "$cluster" && "${as_owner[@]}" "$bin/initdb" -D "$cluster/data" -U stacyard -A trust -E UTF8 --locale=C.UTF-8 >"$cluster/initdb.log") ||
    fail 'initdb failed' "$(tail -n 3 "$cluster/initdb.log")"
  (cd "$cluster" && "${as_owner[@]}" "$bin/pg_ctl" -D "$cluster/data" -l "$cluster/server.log" -w -s start \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$cluster -c fsync=off -c shared_buffers=256MB -c max_wal_size=4GB") ||
    fail 'the private PostgreSQL server does not start' "$(tail -n 3 "$cluster/server.log")"
  local psql=("$bin/psql" -q -h 127.0.0.1 -p "$port" -U stacyard)
  if ! { "${psql[@]}" -d postgres -c 'CREATE DATABASE stacyard' && "${psql[@]}" -d stacyard -c 'CREATE EXTENSION postgis'; }; then
    fail 'the private PostgreSQL server has no PostGIS' 'install the package postgresql-postgis'
  fi
  export STACYARD_TEST_DATABASE="postgis://stacyard@127.0.0.1:$port/stacyard"
  echo "a private PostgreSQL server runs on port $port"
}

stop_cluster() {
  [[ -n ${cluster:-} ]] || return 0
  (cd / && "${as_owner[@]}" "$(pg_bin)/pg_ctl" -D "$cluster/data" -m immediate -s stop) || true
  rm -rf "$cluster"
}

# The newest PostgreSQL that Debian's packages have installed.
pg_bin() {
  find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1
}

# need_pypgstac: downloads the wheel that pgstac's SQL is in, checked by its hash; exports STACYARD_TEST_PYPGSTAC with its path.
need_pypgstac() {
  export STACYARD_TEST_PYPGSTAC="$cache/pypgstac-0.10.0-py3-none-any.whl"
  [[ -e $STACYARD_TEST_PYPGSTAC ]] && return
  echo "downloading pypgstac into $cache"
  local folder
  folder=$(mktemp -d "${TMPDIR:-/tmp}/stacyard-pypgstac.XXXXXX")
  echo 'pypgstac==0.10.0 --hash=sha256:b4040194b5e181031d82a2eadba092e910f31648971dc482a9d70dbabec34966' >"$folder/list"
  "$venv/bin/pip" --quiet --disable-pip-version-check download --no-deps --require-hashes -r "$folder/list" -d "$folder" ||
    fail 'pip could not download pypgstac' 'check that PyPI can be reached, or set PIP_INDEX_URL to a mirror'
  mv "$folder"/pypgstac-*.whl "$STACYARD_TEST_PYPGSTAC"
  rm -rf "$folder"
}
