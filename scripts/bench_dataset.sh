#!/usr/bin/env bash
# Measures datasets beside deltalake and DuckDB's delta_scan, in one run, and writes docs/benchmarks-dataset.md.
#   N=1000000 scripts/bench_dataset.sh
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh
# shellcheck source=scripts/cluster.sh
source scripts/cluster.sh
need_venv interop/requirements.txt
cargo build --release --workspace --bins
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
start_cluster
"$venv/bin/python" scripts/bench_dataset.py --items "${N:-1000000}" --binaries "$target/release" --database "$STACYARD_TEST_DATABASE" \
  --report docs/benchmarks-dataset.md
