#!/usr/bin/env bash
# The wheel and the sdist of the Python package: `wheel.sh` makes both for release in dist/, `wheel.sh test` builds the wheel as the tests need it and tests
# it: alone in an environment that has nothing else, then beside what it is used together with. A database is tested where STACYARD_TEST_DATABASE names one.
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

if [[ ${1:-} != test ]]; then
  build release dist
  "$venv/bin/maturin" sdist --manifest-path crates/python/Cargo.toml --out dist
  ls -l dist
  exit
fi

# maturin builds this package alone, with other features of the dependencies than the whole workspace has: they are compiled once more, once.
build dev "$target/wheels"
wheel=$(echo "$target"/wheels/stacyard-*.whl)
clean=$(mktemp -d "${TMPDIR:-/tmp}/stacyard-clean.XXXXXX")
trap 'rm -rf "$clean"' EXIT
python3 -m venv "$clean/venv"
"$clean/venv/bin/pip" --quiet --disable-pip-version-check install --no-index "$wheel"
(cd "$clean" && "$clean/venv/bin/python" "$OLDPWD/crates/python/tests/alone.py" "$clean/venv/bin/stacyard")

"$venv/bin/pip" --quiet --disable-pip-version-check install --no-index --no-deps --force-reinstall "$wheel"
"$venv/bin/python" -m pytest -q -rs -p no:cacheprovider crates/python/tests
