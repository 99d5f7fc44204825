#!/usr/bin/env bash
# Measures stacyard beside its peers, in one run, and writes docs/benchmarks.md and docs/benchmarks-postgis.md.
#   N=100000 SMALL=1000000 RUNS=3 scripts/bench.sh
# BIG=1 also copies 10 N Items, to see whether memory grows (11 GB of disk more).
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh
# shellcheck source=scripts/cluster.sh
source scripts/cluster.sh

command -v jq >/dev/null || need_packages jq
need_venv scripts/peers.txt "$cache/peers"
cargo build --release --workspace --bins
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
big=()
[[ ${BIG:-} != 1 ]] || big=(--big)
python3 scripts/bench.py --items "${N:-100000}" --small-items "${SMALL:-1000000}" --runs "${RUNS:-3}" "${big[@]}" \
  --binaries "$target/release" --peers "$venv" --work "$target/bench" --report docs/benchmarks.md
start_cluster
python3 scripts/bench_postgis.py --binaries "$target/release" --peers "$venv" \
  --ndjson "$target/bench/big-${N:-100000}.ndjson" --report docs/benchmarks-postgis.md
