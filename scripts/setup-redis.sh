#!/usr/bin/env bash
# redis-server for the lab, from the distribution. Quiet when it is there. The distribution's own service, which would
# listen on 6379, is never left running by this script; one that ran before it is not touched.
set -euo pipefail

command -v redis-server >/dev/null && exit 0

hint='install redis-server 7.0 or newer (Debian, Ubuntu: apt-get install redis-server), then: scripts/setup-redis.sh'
if ! command -v apt-get >/dev/null; then
  echo "setup-redis: no redis-server and no apt-get here: $hint" >&2
  exit 1
fi
as_root=()
if [[ "$(id -u)" != 0 ]]; then
  if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
    echo "setup-redis: no redis-server, and installing it needs root: sudo apt-get install redis-server" >&2
    exit 1
  fi
  as_root=(sudo -n)
fi

# The packages' post-install starts services unless policy-rc.d says no (101). One that is there already stays.
policy=/usr/sbin/policy-rc.d
made_policy=no
if [[ ! -e "$policy" ]]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  made_policy=yes
fi
clean() { [[ "$made_policy" == no ]] || "${as_root[@]}" rm -f "$policy"; }
trap clean EXIT

log="$(mktemp)"
install() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends redis-server; }
if ! install >"$log" 2>&1; then
  # Package lists may be missing or old: fetch them once, try again.
  if ! { "${as_root[@]}" apt-get update && install; } >"$log" 2>&1; then
    tail -20 "$log" >&2
    echo "setup-redis: apt-get could not install it: $hint" >&2
    exit 1
  fi
fi
rm -f "$log"
# Nor may it start at the next boot: the lab runs its own.
if [[ -d /run/systemd/system ]]; then "${as_root[@]}" systemctl disable --quiet redis-server || true; fi
