#!/usr/bin/env bash
# The Temporal CLI (its dev server) for the lab. Prints nothing and does nothing when one is already to be had, in the
# order that lab/programs.ts looks: TEMPORAL_CLI_PATH, `temporal` on PATH, the project's cache. Else: the SDK's own
# download (fails at once without a way out), else a build from tools/temporal (go.sum pins it; 4 to 5 minutes, once).
set -euo pipefail
cd "$(dirname "$0")/.."

version=1.8.2
cache="${GANTRY_CACHE:-$HOME/.cache/gantry}"
target="$cache/temporal-$version"

if [[ -n "${TEMPORAL_CLI_PATH:-}" ]]; then
  [[ -x "$TEMPORAL_CLI_PATH" ]] && exit 0
  echo "setup-temporal: TEMPORAL_CLI_PATH names $TEMPORAL_CLI_PATH, which is not a program; unset it or correct it" >&2
  exit 1
fi
command -v temporal >/dev/null && exit 0
[[ -x "$target" ]] && exit 0
mkdir -p "$cache"

if [[ -d node_modules/@temporalio/testing ]]; then
  if timeout 120 node --import tsx lab/temporal/download.ts "$version" "$target" >"$cache/temporal-download.log" 2>&1; then
    echo "setup-temporal: downloaded by the SDK to $target"
    exit 0
  fi
fi

if ! command -v go >/dev/null; then
  echo "setup-temporal: no Temporal CLI, the SDK could not download one, and there is no Go to build it with." >&2
  echo "  Install the Temporal CLI and put it on PATH (or name it in TEMPORAL_CLI_PATH), or install Go 1.26.4 or newer, then: scripts/setup-temporal.sh" >&2
  exit 1
fi
have="$(cd / && GOTOOLCHAIN=local go env GOVERSION)"
have="${have#go}"
if [[ "$(printf '%s\n1.26.4\n' "$have" | sort -V | head -1)" != 1.26.4 ]]; then
  echo "setup-temporal: building the Temporal CLI needs Go 1.26.4 or newer, this is $have. Install a newer Go, then: scripts/setup-temporal.sh" >&2
  exit 1
fi
echo "setup-temporal: building Temporal CLI $version, once (4 to 5 minutes on 2 cores); log: $cache/temporal-build.log"
# Under another name first: a build that is cut short must not leave half a program where the cache is looked up.
if ! (cd tools/temporal && go build -ldflags "-s -w" -o "$target.new" github.com/temporalio/cli/cmd/temporal) >"$cache/temporal-build.log" 2>&1; then
  tail -20 "$cache/temporal-build.log" >&2
  echo "setup-temporal: the build failed; is the Go module proxy reachable (go env GOPROXY)?" >&2
  exit 1
fi
mv "$target.new" "$target"
