#!/usr/bin/env bash
# setup-node.sh [major]: another Node for `make check-lts`, from npm's `node` package, in a folder of the cache. Prints the
# folder of its program. The current LTS unless given: 26, since October 2026 (github.com/nodejs/release).
set -euo pipefail

major="${1:-26}"
target="${GANTRY_CACHE:-$HOME/.cache/gantry}/node-$major"
bin="$target/node_modules/node/bin"

runs() { [[ "$("$1/node" --version 2>/dev/null)" == "v$major."* ]]; }
if ! runs "$bin"; then
  log="$(mktemp)"
  trap 'rm -f "$log"' EXIT
  mkdir -p "$target"
  if ! npm install --prefix "$target" --no-audit --no-fund --loglevel=error "node@$major" >"$log" 2>&1 || ! runs "$bin"; then
    tail -20 "$log" >&2
    echo "setup-node: npm could not install node@$major" >&2
    exit 1
  fi
fi
echo "$bin"
