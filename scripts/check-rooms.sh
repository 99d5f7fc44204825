#!/usr/bin/env bash
# Fails where a module of a crate uses one that it should not: they point one way, as each mod.rs says.
set -euo pipefail
cd "$(dirname "$0")/../crates"

# A module, and those that it may use beside itself; the files beside the modules may use all. In the server all rooms may use the
# options, and the state that handlers share.
while read -r room may; do
  [[ $room != server/* ]] || may="$may options state"
  allowed=$(echo "${room##*/} $may" | tr -s ' ' '|')
  code=$(grep -rnE 'crate::' "$room" | grep -vE '^[^:]+:[0-9]+: *//' || true)
  if grep -oE '^[^:]+:[0-9]+|crate::(\{|[a-z_]+)' <<<"$code" | grep 'crate::' | grep -vE "crate::(${allowed%|})\$"; then
    echo "error: $room may use no other module than: ${may:-none}; write each as crate::NAME" >&2
    exit 1
  fi
done <<'ROOMS'
catalog/src/crawl assets
catalog/src/write assets
geoparquet/src/format
geoparquet/src/write format
geoparquet/src/read format
geoparquet/src/search format read
geoparquet/src/folder format read search
geoparquet/src/dataset format read write search folder sink
postgis/src/sql
postgis/src/copy
postgis/src/connect sql
postgis/src/search sql copy connect
postgis/src/own sql copy connect search
postgis/src/pgstac sql copy connect search
server/src/problem media
server/src/work problem
server/src/operate problem work
server/src/links media problem operate
server/src/form media problem links
server/src/ask media problem links form
server/src/guard problem operate links
server/src/catalog problem work guard
server/src/represent media assets problem work links form ask catalog
server/src/tiles problem catalog
server/src/write media problem links ask guard catalog
ROOMS
echo "geoparquet: format <- write, read <- search <- folder <- dataset; postgis: sql <- connect, copy <- search <- own, pgstac
server: problem <- work <- operate <- links <- form <- ask; guard <- catalog <- represent, tiles, write <- routes"
