#!/usr/bin/env bash
# A modern ClickHouse engine for the lab: npm's chdb, at the versions that tools/chdb/package-lock.json pins, in a folder of
# the cache. 570 MB, half a minute, once. Quiet when it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

version=3.4.0
target="${GANTRY_CACHE:-$HOME/.cache/gantry}/chdb-$version"
[[ -e "$target/.complete" ]] && exit 0

if [[ "$(uname -sm)" != 'Linux x86_64' && "$(uname -sm)" != 'Linux aarch64' ]]; then
  echo "setup-clickhouse-modern: chdb has no build for $(uname -sm) that the lab uses" >&2
  exit 1
fi
# Not seen by anybody until it is complete.
building="$target.$$"
log="$(mktemp)"
clean() { rm -rf "$building" "$log"; }
trap clean EXIT
mkdir -p "$building"
cp tools/chdb/package.json tools/chdb/package-lock.json "$building/"
# `npm install`, not `npm ci`: the lock lists this platform's library alone (a registry mirror may have no other), which
# `npm ci` takes for a lock out of date. What is listed is installed as listed, its integrity checked.
if ! (cd "$building" && npm install --no-audit --no-fund --loglevel=error) >"$log" 2>&1; then
  tail -20 "$log" >&2
  echo 'setup-clickhouse-modern: npm could not install chdb; is the registry reachable (npm config get registry)?' >&2
  exit 1
fi
touch "$building/.complete"
rm -rf "$target"
mv "$building" "$target"
