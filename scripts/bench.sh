#!/usr/bin/env bash
# Measures stacyard beside its peers, in one run, and writes docs/benchmarks.md.
#   N=100000 RUNS=3 scripts/bench.sh
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh

need_venv scripts/peers.txt "$cache/peers"
cargo build --release --workspace --bins
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
exec python3 scripts/bench.py --items "${N:-100000}" --runs "${RUNS:-3}" \
  --binaries "$target/release" --peers "$venv" --work "$target/bench" --report docs/benchmarks.md
