#!/usr/bin/env bash
# Measures `stacyard crawl` beside pystac and rustac: a static catalog behind a server that adds 30 ms to each answer.
#   N=20000 PEER_N=1000 DELAY_MS=30 scripts/bench_crawl.sh
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh

need_venv interop/requirements.txt
cargo build --release --workspace --bins
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
"$venv/bin/python" scripts/bench_crawl.py --items "${N:-20000}" --peer-items "${PEER_N:-1000}" --delay-ms "${DELAY_MS:-30}" \
  --stacyard "$target/release/stacyard" --work "$target/bench"
