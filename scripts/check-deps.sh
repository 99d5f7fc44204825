#!/usr/bin/env bash
# Fails where a crate depends on one that stands below it in the workspace's list of members: dependencies point one way.
set -euo pipefail
cd "$(dirname "$0")/.."

allowed=' '
members=$(sed -n '/^members = \[/,/^\]/s/^ *"\(.*\)",*/\1/p' Cargo.toml)
for folder in $members; do
  name=$(sed -n '/^\[package\]/,/^\[/s/^name = "\(.*\)"/\1/p' "$folder/Cargo.toml")
  # Development dependencies may point anywhere: they are in nobody's build but the tests'.
  uses=$(cargo tree --package "$name" --edges normal,build --depth 1 --prefix none --format '{p}' |
    awk -v self="$name" '/^stacyard/ && $1 != self { print $1 }' | sort -u)
  for used in $uses; do
    if [[ $allowed != *" $used "* ]]; then
      echo "error: $name depends on $used, which does not stand above it in Cargo.toml" >&2
      exit 1
    fi
  done
  echo "$name -> ${uses:-(no other)}" | tr '\n' ' ' && echo
  allowed+="$name "
done
