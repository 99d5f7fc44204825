#!/usr/bin/env bash
# Measures the Python package beside rustac, stac-geoparquet, stac-pydantic and DuckDB, and prints what was asked and reached.
#   N=100000 RUNS=3 scripts/bench_python.sh
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh

scripts/wheel.sh
wheel=$(echo "$PWD"/dist/stacyard-*.whl)
need_venv scripts/python-peers.txt "$cache/python-peers"
"$venv/bin/pip" --quiet --disable-pip-version-check install --no-index --no-deps --force-reinstall "$wheel"
cargo build --release --workspace --bin make-catalog --bin stacyard
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
"$venv/bin/python" scripts/bench_python.py --items "${N:-100000}" --runs "${RUNS:-3}" --wheel "$wheel" \
  --binaries "$target/release" --work "$target/bench"
