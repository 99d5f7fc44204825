#!/usr/bin/env bash
# Measures stacyard on pgstac beside pypgstac, pgstac.search(), stac-fastapi-pgstac, rustac and stac-geoparquet, in one run, and
# writes docs/benchmarks-pgstac.md. Needs 8 GB of disk.
#   N=100000 SECONDS_EACH=10 scripts/bench_pgstac.sh
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh
# shellcheck source=scripts/cluster.sh
source scripts/cluster.sh

command -v wrk >/dev/null || need_packages wrk
need_venv scripts/server-peers.txt "$cache/server-peers"
server_peers=$venv
need_venv scripts/peers.txt "$cache/peers"
need_pypgstac
cargo build --release --workspace --bins
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
start_cluster
python3 scripts/bench_pgstac.py --items "${N:-100000}" --seconds "${SECONDS_EACH:-10}" --binaries "$target/release" \
  --peers "$venv" --server-peers "$server_peers" --package "$STACYARD_TEST_PYPGSTAC" --work "$target/bench" \
  --report docs/benchmarks-pgstac.md
