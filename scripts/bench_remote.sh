#!/usr/bin/env bash
# Measures what goes over HTTP beside its peers, in one run, and writes docs/benchmarks-remote.md: a harvest of a STAC API, the question on a
# Parquet file, a crawl of a static catalog.
#   N=100000 SMALL=1000000 TREE=20000 RUNS=3 DELAY_MS=30 scripts/bench_remote.sh
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh

need_venv scripts/remote-peers.txt "$cache/remote-peers"
cargo build --release --workspace --bins
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
python3 scripts/bench_remote.py --items "${N:-100000}" --small-items "${SMALL:-1000000}" --tree-items "${TREE:-20000}" \
  --runs "${RUNS:-3}" --delay-ms "${DELAY_MS:-30}" --binaries "$target/release" --peers "$venv" --work "$target/bench" \
  --report docs/benchmarks-remote.md
