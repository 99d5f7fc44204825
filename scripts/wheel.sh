#!/usr/bin/env bash
# The wheel and the sdist of the Python package: `wheel.sh` makes both for release in dist/, `wheel.sh test` builds the wheel as the tests need it and tests
# it: alone in an environment that has nothing else, then beside what it is used together with. A database is tested where STACYARD_TEST_DATABASE names one.
# `wheel.sh test-machines` tests it beside Ray, Daft and Dask, which are large: on a cluster of Ray on this machine.
# `wheel.sh test-sdist` installs the sdist as pip does where there is no wheel, which compiles everything anew.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh

need_venv crates/python/tests/requirements.txt
target=$(mkdir -p "${CARGO_TARGET_DIR:-target}" && cd "${CARGO_TARGET_DIR:-target}" && pwd)

# build PROFILE FOLDER: the wheel, alone in the folder.
build() {
  rm -rf "$2"
  "$venv/bin/maturin" build --quiet --locked --profile "$1" --manifest-path crates/python/Cargo.toml --out "$2"
}

sdist() {
  "$venv/bin/maturin" sdist --manifest-path crates/python/Cargo.toml --out "$1" 2>"$1/said" || { cat "$1/said" >&2 && return 1; }
  rm "$1/said"
}

# alone ARGUMENTS: installs with pip in an environment that has nothing else, and sees the package work.
alone() {
  python3 -m venv "$clean/venv"
  "$clean/venv/bin/pip" --quiet --disable-pip-version-check install "$@"
  (cd "$clean" && "$clean/venv/bin/python" "$OLDPWD/crates/python/tests/alone.py" "$clean/venv/bin/stacyard")
}

if [[ -z ${1:-} ]]; then
  build release dist
  sdist dist
  ls -l dist
  exit
fi

# It is built with other features of the dependencies than the whole workspace has: they are compiled once more, once.
if [[ $1 == test-machines ]]; then
  build dev "$target/wheels"
  need_venv crates/python/tests/machines-requirements.txt
  "$venv/bin/pip" --quiet --disable-pip-version-check install --no-index --no-deps --force-reinstall "$target"/wheels/stacyard-*.whl
  RAY_USAGE_STATS_ENABLED=0 "$venv/bin/python" -m pytest -q -rs -p no:cacheprovider crates/python/tests/test_ray.py crates/python/tests/test_readers.py
  exit
fi

clean=$(mktemp -d "${TMPDIR:-/tmp}/stacyard-clean.XXXXXX")
trap 'rm -rf "$clean"' EXIT

if [[ $1 == test-sdist ]]; then
  sdist "$clean"
  # Not in the folder of other builds: Cargo would take what was built from the sources here.
  CARGO_TARGET_DIR="$clean/target" MATURIN_PEP517_ARGS='--profile dev' alone "$clean"/stacyard-*.tar.gz
  exit
fi

build dev "$target/wheels"
wheel=$(echo "$target"/wheels/stacyard-*.whl)
alone --no-index "$wheel"

"$venv/bin/pip" --quiet --disable-pip-version-check install --no-index --no-deps --force-reinstall "$wheel"
"$venv/bin/python" -m pytest -q -rs -p no:cacheprovider crates/python/tests
