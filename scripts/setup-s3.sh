#!/usr/bin/env bash
# An object store with Glacier classes for the lab: PyPI's moto, at the versions that tools/moto/requirements.txt pins, in a
# virtual environment of the cache. 140 MB, half a minute, once. Quiet when it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

version=5.2.5
target="${GANTRY_CACHE:-$HOME/.cache/gantry}/moto-$version"
inputs="$(sha256sum tools/moto/requirements.txt | cut -d' ' -f1)"
[[ "$(cat "$target/.complete" 2>/dev/null)" == "$inputs" ]] && exit 0

if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then scripts/apt-install.sh setup-s3 python3-venv python3-venv; fi
# A virtual environment holds its own path, so it is made at its place; unfinished, it has no mark.
exec {lock}>"${TMPDIR:-/tmp}/gantry-s3-$(id -u).lock"
flock "$lock"
[[ "$(cat "$target/.complete" 2>/dev/null)" == "$inputs" ]] && exit 0
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
rm -rf "$target"
if ! { python3 -m venv "$target" && "$target/bin/pip" install --no-input --disable-pip-version-check --no-deps -r tools/moto/requirements.txt; } >"$log" 2>&1; then
  tail -20 "$log" >&2
  echo 'setup-s3: pip could not install moto; is the package index reachable (pip config list)?' >&2
  exit 1
fi
echo "$inputs" >"$target/.complete"
