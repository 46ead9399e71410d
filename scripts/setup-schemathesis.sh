#!/usr/bin/env bash
# schemathesis, which makes requests out of the OpenAPI file, at the versions that tools/schemathesis/requirements.txt pins, in a
# virtual environment of the cache. 94 MB, ten seconds, once. Quiet when it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

version=4.32.5
target="${GANTRY_CACHE:-$HOME/.cache/gantry}/schemathesis-$version"
inputs="$(sha256sum tools/schemathesis/requirements.txt | cut -d' ' -f1)"
[[ "$(cat "$target/.complete" 2>/dev/null)" == "$inputs" ]] && exit 0

if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then scripts/apt-install.sh setup-schemathesis python3-venv python3-venv; fi
# A virtual environment holds its own path, so it is made at its place; unfinished, it has no mark.
exec {lock}>"${TMPDIR:-/tmp}/gantry-schemathesis-$(id -u).lock"
flock "$lock"
[[ "$(cat "$target/.complete" 2>/dev/null)" == "$inputs" ]] && exit 0
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
rm -rf "$target"
if ! { python3 -m venv "$target" && "$target/bin/pip" install --no-input --disable-pip-version-check --no-deps -r tools/schemathesis/requirements.txt; } >"$log" 2>&1; then
  tail -20 "$log" >&2
  echo 'setup-schemathesis: pip could not install schemathesis; is the package index reachable (pip config list)?' >&2
  exit 1
fi
echo "$inputs" >"$target/.complete"
