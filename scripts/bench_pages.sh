#!/usr/bin/env bash
# Measures the pages over N Items in one GeoParquet file: `bench_pages.sh [N]`. Prints the figures; needs about 1 kB of disk for each Item.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh

items=${1:-1000000}
need_web
need_chromium
need_venv interop/requirements.txt
cargo build --release --workspace --bin stacyard --bin make-catalog
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)

work=$(mktemp -d "${TMPDIR:-/tmp}/stacyard-bench-pages.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$target/release/make-catalog" --items "$items" --seed 7 --collections "$work/collections.json" "$work/catalog.ndjson"
"$target/release/stacyard" copy "$work/catalog.ndjson" "$work/catalog.parquet" --collections-file "$work/collections.json"
STACYARD="$target/release/stacyard" PYTHONPATH=interop "$venv/bin/python" scripts/bench_pages.py "$work/catalog.parquet"
