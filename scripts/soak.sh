#!/usr/bin/env bash
# Reads from and writes to `stacyard serve` over PostGIS for a while, with clients that are slow, silent or gone, and looks whether its memory
# grows, whether it fails, and whether a write is lost.
#   SECONDS_ALL=300 scripts/soak.sh
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh
# shellcheck source=scripts/cluster.sh
source scripts/cluster.sh

cargo build --release --workspace --bins
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
start_cluster
python3 scripts/soak.py --binaries "$target/release" --seconds "${SECONDS_ALL:-300}"
