#!/usr/bin/env bash
# The registry of the distribution project for the lab, from the distribution, in a folder of the cache. Quiet when it is there.
set -euo pipefail
exec "$(dirname "$0")/apt-unpack.sh" setup-registry docker-registry
