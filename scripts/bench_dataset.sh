#!/usr/bin/env bash
# Measures datasets beside deltalake and DuckDB's delta_scan, in one run: scripts/bench_dataset.sh [ITEMS]
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh
need_venv interop/requirements.txt
cargo build --release --workspace --bins
export STACYARD="${CARGO_TARGET_DIR:-target}/release/stacyard" MAKE_CATALOG="${CARGO_TARGET_DIR:-target}/release/make-catalog"
exec "$venv/bin/python" scripts/bench_dataset.py "$@"
