#!/usr/bin/env bash
# Measures the pages over Items in one GeoParquet file, and prints the figures.
#   N=1000000 scripts/bench_pages.sh
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh

need_web
need_chromium
need_venv interop/requirements.txt
cargo build --release --workspace --bin stacyard --bin make-catalog
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)

work=$(mktemp -d "${TMPDIR:-/tmp}/stacyard-bench-pages.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$target/release/make-catalog" --items 1 --collections "$work/collections.json" "$work/one.ndjson"
"$target/release/make-catalog" --items "${N:-1000000}" --style small - |
  "$target/release/stacyard" copy - "$work/catalog.parquet" --collections-file "$work/collections.json"
STACYARD="$target/release/stacyard" PYTHONPATH=interop "$venv/bin/python" scripts/bench_pages.py "$work/catalog.parquet"
