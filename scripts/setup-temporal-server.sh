#!/usr/bin/env bash
# The stock Temporal server for the tests of its token authentication, built from tools/temporal-server (go.sum pins it) into
# the cache: two minutes of CPU where Go's build cache has the Temporal CLI, once. Quiet when it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

version=1.31.2
cache="${GANTRY_CACHE:-$HOME/.cache/gantry}"
target="$cache/temporal-server-$version"
[[ -x "$target" ]] && exit 0
mkdir -p "$cache"

if ! command -v go >/dev/null; then
  echo 'setup-temporal-server: there is no Go to build the server with. Install Go 1.26.4 or newer, then: scripts/setup-temporal-server.sh' >&2
  exit 1
fi
# Under another name first: a build that is cut short must not leave half a program where the cache is looked up.
log="$cache/temporal-server-build.log"
if ! (cd tools/temporal-server && go build -ldflags "-s -w" -o "$target.new" go.temporal.io/server/cmd/server) >"$log" 2>&1; then
  tail -20 "$log" >&2
  echo 'setup-temporal-server: the build failed; is the Go module proxy reachable (go env GOPROXY)?' >&2
  exit 1
fi
mv "$target.new" "$target"
