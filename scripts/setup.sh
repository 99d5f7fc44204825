# Sourced by the other scripts: gets the tools they need into one cache folder, once.
# shellcheck shell=bash
cache="${XDG_CACHE_HOME:-$HOME/.cache}/stacyard"
PATH="$cache/tools/bin:$PATH"

fail() {
  echo "error: $1" >&2
  echo "  ${2:-}" >&2
  exit 1
}

# need_packages PACKAGE...: installs Debian packages.
need_packages() {
  local sudo=()
  [[ $(id -u) -eq 0 ]] || sudo=(sudo)
  command -v apt-get >/dev/null || fail "$* is missing" "install it with your system's package manager"
  echo "installing $* with apt-get"
  "${sudo[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq "$@" >/dev/null
}

# need_tool CRATE: a cargo subcommand, compiled once.
need_tool() {
  command -v "$1" >/dev/null && return
  echo "installing $1 with cargo (minutes, once)"
  env -u CARGO_TARGET_DIR cargo install --quiet --locked --root "$cache/tools" "$1" ||
    fail "cannot install $1" "check that the crates' registry can be reached"
}

need_nextest() { need_tool cargo-nextest; }

# need_venv REQUIREMENTS [FOLDER]: sets $venv to a Python environment with what the file lists. Without a FOLDER it is
# named after the file's content: a change makes a new one.
need_venv() {
  local wanted=$1 key
  python3 -c 'import ensurepip, venv' 2>/dev/null || need_packages python3 python3-venv
  key=$( (python3 --version && cat "$wanted") | sha256sum | cut -c1-12)
  venv=${2:-$cache/venv-$key}
  [[ -e $venv/ready-$key ]] && return
  echo "installing what $wanted lists into $venv"
  [[ -x $venv/bin/python ]] || python3 -m venv "$venv"
  "$venv/bin/pip" --quiet --disable-pip-version-check install -r "$wanted" ||
    fail "pip could not install what $wanted lists" "check that PyPI can be reached, or set PIP_INDEX_URL to a mirror"
  touch "$venv/ready-$key"
}

# need_web: builds the map and the scripts of the pages (`make web`), unless they are built from what is there now. Sets nothing.
need_web() {
  local web=crates/server/web key
  command -v npm >/dev/null || need_packages nodejs npm
  key=$(cat "$web"/package-lock.json "$web"/build.mjs "$web"/src/* | sha256sum | cut -c1-12)
  [[ -e $web/dist/built-$key && -d $web/node_modules ]] && return
  echo "building the map and the scripts of the pages in $web (npm ci, then esbuild)"
  npm --prefix "$web" --silent ci || fail 'npm cannot install what the pages need' 'check that the npm registry can be reached'
  (cd "$web" && node build.mjs) || fail 'the pages cannot be built' "look at $web/build.mjs"
  touch "$web/dist/built-$key"
}

# need_chromium: a browser for the tests of the pages.
need_chromium() {
  command -v chromium >/dev/null || need_packages chromium
}
