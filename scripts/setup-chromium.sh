#!/usr/bin/env bash
# Chromium from the distribution, for the test that uses the Temporal UI. Quiet when it is there.
set -euo pipefail
[[ -x /usr/bin/chromium ]] && exit 0
exec "$(dirname "$0")/apt-install.sh" setup-chromium chromium chromium
