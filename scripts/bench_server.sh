#!/usr/bin/env bash
# Measures `stacyard serve` beside the servers of others, in one run, and writes docs/benchmarks-server.md.
#   N=100000 SMALL=1000000 SECONDS_EACH=10 scripts/bench_server.sh
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh
# shellcheck source=scripts/cluster.sh
source scripts/cluster.sh

command -v wrk >/dev/null || need_packages wrk
need_venv scripts/server-peers.txt "$cache/server-peers"
peers=$venv
need_venv scripts/server-peers-geoparquet.txt "$cache/server-peers-geoparquet"
cargo build --release --workspace --bins
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
start_cluster
python3 scripts/bench_server.py --items "${N:-100000}" --small-items "${SMALL:-1000000}" --seconds "${SECONDS_EACH:-10}" \
  --binaries "$target/release" --peers "$peers" --geoparquet-peers "$venv" --work "$target/bench" \
  --report docs/benchmarks-server.md
