#!/usr/bin/env bash
# redis-server for the lab, from the distribution. Quiet when it is there.
set -euo pipefail
command -v redis-server >/dev/null && exit 0
exec "$(dirname "$0")/apt-install.sh" setup-redis redis-server redis-server
