#!/usr/bin/env bash
# Measures vector tiles of one GeoParquet file.
#   N=1000000 scripts/bench_pages.sh
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --workspace --bins
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
python3 scripts/bench_pages.py --items "${N:-1000000}" --binaries "$target/release" --work "$target/bench"
