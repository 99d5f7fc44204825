#!/usr/bin/env bash
# Pictures of the pages over the catalog of the demo, in docs/images/: what README and docs/pages.md show. Needs a browser and npm, which it installs.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh

need_web
need_chromium
need_venv interop/requirements.txt
cargo build --release --workspace --bin stacyard --bin make-catalog
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)

work=$(mktemp -d "${TMPDIR:-/tmp}/stacyard-screenshots.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$target/release/make-catalog" --items 20000 --seed 7 --collections "$work/collections.json" "$work/catalog.ndjson"
"$target/release/stacyard" copy "$work/catalog.ndjson" "$work/catalog.parquet" --collections-file "$work/collections.json"
STACYARD="$target/release/stacyard" PYTHONPATH=interop "$venv/bin/python" scripts/screenshots.py "$work/catalog.parquet" docs/images
ls -l docs/images
