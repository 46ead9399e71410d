#!/usr/bin/env bash
# Prometheus for the lab, from the distribution, in a folder of the cache. Quiet when it is there.
set -euo pipefail
exec "$(dirname "$0")/apt-unpack.sh" setup-prometheus prometheus
