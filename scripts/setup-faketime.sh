#!/usr/bin/env bash
# libfaketime for the tests of clocks that differ, from the distribution. Quiet when it is there.
set -euo pipefail
for lib in /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/lib/faketime/libfaketimeMT.so.1; do [[ -e "$lib" ]] && exit 0; done
exec "$(dirname "$0")/apt-install.sh" setup-faketime faketime faketime
