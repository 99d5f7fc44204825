#!/usr/bin/env bash
# Every test: units, properties, end to end through the binary, documentation, and the checks against other
# software's readers and writers. Installs what is missing and says so. `test.sh full` takes its time.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh
# shellcheck source=scripts/cluster.sh
source scripts/cluster.sh

SECONDS=0
extra=()
if [[ ${1:-} == full ]]; then
  export PROPTEST_CASES=${PROPTEST_CASES:-4096} STACYARD_KILLS=${STACYARD_KILLS:-200}
  # Other random cases each time; what fails prints its seed.
  export SEED=${SEED:-$RANDOM} STACYARD_SEED=${STACYARD_SEED:-$RANDOM}
  extra=(--run-ignored all)
fi

need_nextest
# Before the build, which packs it.
need_web
need_chromium
need_venv interop/requirements.txt
command -v ogrinfo >/dev/null || need_packages gdal-bin
command -v openssl >/dev/null || need_packages openssl
command -v pgbouncer >/dev/null || [[ -x /usr/sbin/pgbouncer ]] || need_packages pgbouncer
start_cluster
need_pypgstac
# An object store for the tests in Rust.
export STACYARD_TEST_MOTO=$venv/bin/python

# One build for all: with the tests' features, so that nothing is compiled twice.
cargo build --workspace --bins --tests
cargo nextest run --workspace --no-fail-fast "${extra[@]}"
cargo test --doc --workspace

target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
STACYARD=${STACYARD:-$target/debug/stacyard} MAKE_CATALOG=${MAKE_CATALOG:-$target/debug/make-catalog} \
  "$venv/bin/python" -m pytest -q -rs -p no:cacheprovider interop

scripts/wheel.sh test
if [[ ${1:-} == full ]]; then
  scripts/wheel.sh test-machines
  scripts/wheel.sh test-sdist
fi

echo "all tests passed in ${SECONDS} s"
