#!/usr/bin/env bash
# Fails where a room of crates/geoparquet uses one that it should not: its rooms point one way, as its lib.rs says.
set -euo pipefail
cd "$(dirname "$0")/../crates/geoparquet/src"

# A room, and those that it may use beside itself; the files of the crate's root may use all.
while read -r room may; do
  allowed=$(echo "$room $may" | tr -s ' ' '|')
  if grep -rnE 'crate::[a-z_]+' "$room" | grep -vE "crate::(${allowed%|})::"; then
    echo "error: $room may use no other room than: ${may:-none}" >&2
    exit 1
  fi
done <<'ROOMS'
format
write format
read format
search format read
ROOMS
echo "format <- write, read <- search"
