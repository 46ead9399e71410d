#!/usr/bin/env bash
# Docker Compose, for the test that has it read docker-compose.temporal.yml: that needs no Docker. Built from tools/compose (go.sum
# pins it) into the cache: three minutes of CPU, once. Quiet when it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

version=2.40.3
cache="${GANTRY_CACHE:-$HOME/.cache/gantry}"
target="$cache/compose-$version"
[[ -x "$target" ]] && exit 0
mkdir -p "$cache"

if ! command -v go >/dev/null; then
  echo 'setup-compose: there is no Go to build Docker Compose with. Install Go 1.26 or newer, then: scripts/setup-compose.sh' >&2
  exit 1
fi
log="$cache/compose-build.log"
if ! (cd tools/compose && go build -ldflags "-s -w" -o "$target.new" github.com/docker/compose/v2/cmd) >"$log" 2>&1; then
  tail -20 "$log" >&2
  echo 'setup-compose: the build failed; is the Go module proxy reachable (go env GOPROXY)?' >&2
  exit 1
fi
mv "$target.new" "$target"
