#!/usr/bin/env bash
# The demo: from nothing to an answer. Needs the Rust toolchain, its crates and curl; for the map on the pages npm, which it installs.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/setup.sh
source scripts/setup.sh

bold='' dim='' plain=''
if [[ -t 1 ]]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; fi

step() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# run STATUS COMMAND...: shows the command, runs it, and stops the demo if its exit status is another one.
run() {
  local expected=$1 status=0
  shift
  printf '%s$ %s%s\n' "$dim" "$(shown "$@")" "$plain"
  "$@" || status=$?
  if [[ $status -ne $expected ]]; then
    echo "demo: exit status $status where $expected is expected" >&2
    exit 1
  fi
}

# The command as one would type it: quoted only where the shell needs it.
shown() {
  local word line=''
  for word in "$@"; do
    [[ $word =~ ^[A-Za-z0-9_@%+=:,./-]+$ ]] || word="\"$word\""
    line+="$word "
  done
  printf '%s' "${line% }"
}

bytes() { wc -c <"$1"; }
megabytes() { awk -v b="$(bytes "$1")" 'BEGIN { printf "%.1f MB", b / 1e6 }'; }

step 'Building the map of the pages'
need_web

step 'Building the stacyard command (minutes the first time, seconds after that)'
run 0 cargo build --release --workspace --bin stacyard --bin make-catalog
PATH="$(cd "${CARGO_TARGET_DIR:-target}/release" && pwd):$PATH"

rm -rf demo
mkdir demo
step 'Making a catalog of 20,000 Items in three collections, one of them broken'
run 0 make-catalog --items 20000 --seed 7 --broken 1 --collections demo/collections.json demo/catalog.ndjson
echo "demo/catalog.ndjson: $(megabytes demo/catalog.ndjson)"

step 'Validating it: exit status 1, for one Item is wrong in three places'
run 1 stacyard validate demo/catalog.ndjson

step 'Copying it to GeoParquet through the same gate: the broken Item is set aside, the rest goes on'
run 1 stacyard copy demo/catalog.ndjson demo/catalog.parquet \
  --collections-file demo/collections.json --rejects demo/rejects.ndjson

step 'Copying that back to GeoJSON, to compare the sizes'
run 0 stacyard copy demo/catalog.parquet demo/catalog.geojson
awk -v g="$(bytes demo/catalog.geojson)" -v p="$(bytes demo/catalog.parquet)" \
  'BEGIN { printf "GeoJSON %.1f MB, GeoParquet %.1f MB: %.0f times smaller\n", g / 1e6, p / 1e6, g / p }'

step 'What the file holds'
run 0 stacyard info demo/catalog.parquet

step 'The question: cloud cover below 20 %, June 2024, inside this polygon, newest first'
echo '{"type":"Polygon","coordinates":[[[-1.2,43.0],[1.9,42.7],[3.1,44.2],[0.9,45.4],[-1.0,44.9],[-1.2,43.0]]]}' |
  tee demo/area.geojson
question=(demo/catalog.parquet --filter 'eo:cloud_cover < 20' --datetime 2024-06-01T00:00:00Z/2024-06-30T23:59:59Z
  --intersects @demo/area.geojson)
run 0 stacyard search "${question[@]}" --sortby=-properties.datetime -o demo/answer.geojson
run 0 stacyard search "${question[@]}" --count | tee demo/count.txt
if ! tail -n 1 demo/count.txt | grep -qx '[1-9][0-9]*'; then
  echo 'demo: the question should find some Items' >&2
  exit 1
fi

step 'The same file as a STAC API on a free port, asked with curl'
stacyard serve demo/catalog.parquet --bind 127.0.0.1:0 2>demo/serve.log &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
for _ in $(seq 100); do
  url=$(sed -n 's/^serving at \(http[^ ]*\) .*/\1/p' demo/serve.log)
  [[ -n $url ]] && break
  sleep 0.1
done
[[ -n $url ]] || { cat demo/serve.log >&2; exit 1; }
# ask FILE PATH: keeps the answer, and shows how it begins.
ask() {
  echo "\$ curl '$url$2'"
  curl --fail --silent --show-error "$url$2" -o "demo/$1"
  head -c 600 "demo/$1" | fold -w 120
  printf '\n%s bytes in demo/%s\n' "$(bytes "demo/$1")" "$1"
}
ask landing.json ''
ask page.json 'search?limit=2&filter=eo:cloud_cover%3C20&fields=id,collection,properties.eo:cloud_cover'
id=$(sed -n 's/.*"features":\[{"id":"\([^"]*\)","collection":"\([^"]*\)".*/\2\/items\/\1/p' demo/page.json)
ask item.json "collections/$id"
kill -INT "$server"
wait "$server"
tail -n 1 demo/serve.log

step 'Try next'
cat <<'NEXT'
  stacyard serve demo/catalog.parquet
  stacyard search demo/catalog.parquet --filter "\"mars:emission_rate\" > 10000" --fields id,properties.mars:emission_rate --max-items 5 -o -
  stacyard search demo/catalog.parquet --collections landsat-c2-l2 --bbox 10,44,12,46 --count
  stacyard copy demo/catalog.parquet demo/small.ndjson.zst --collections methane-plumes
  stacyard validate demo/catalog.parquet --strict
  open demo/answer.geojson in QGIS, or demo/catalog.parquet in GeoPandas or DuckDB
NEXT
echo "(the command is $(command -v stacyard))"

if [[ -t 1 && -z ${CI:-} ]]; then
  step 'Look at it: open this address in a browser'
  exec stacyard serve demo/catalog.parquet --bind 127.0.0.1:0
fi
step 'Look at it'
echo '  open http://127.0.0.1:8080/ in a browser, after: stacyard serve demo/catalog.parquet'
