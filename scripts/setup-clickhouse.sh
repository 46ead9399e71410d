#!/usr/bin/env bash
# clickhouse-server and ZooKeeper for the lab, from the distribution (Debian 12: ClickHouse 18.16.1, ZooKeeper 3.8). Quiet
# when they are there. The distribution's own service, which would listen on 8123 and 9000, is never left running by this
# script; one that ran before it is not touched.
set -euo pipefail

# The server program and the jar are what lab/programs.ts looks for.
present() { command -v clickhouse-server >/dev/null && [[ -e /usr/share/java/zookeeper.jar ]] && command -v java >/dev/null; }
present && exit 0

packages=(clickhouse-server clickhouse-client zookeeper)
hint="install ${packages[*]} (Debian 12: apt-get install ${packages[*]}), then: scripts/setup-clickhouse.sh"
if ! command -v apt-get >/dev/null; then
  echo "setup-clickhouse: no ClickHouse or no ZooKeeper, and no apt-get here: $hint" >&2
  exit 1
fi
as_root=()
if [[ "$(id -u)" != 0 ]]; then
  if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
    echo "setup-clickhouse: installing needs root: sudo apt-get install ${packages[*]}" >&2
    exit 1
  fi
  as_root=(sudo -n)
fi
had_service=no
if [[ -d /run/systemd/system ]] && systemctl is-enabled --quiet clickhouse-server 2>/dev/null; then had_service=yes; fi

# The packages' post-install starts services unless policy-rc.d says no (101). One that is there already stays.
policy=/usr/sbin/policy-rc.d
made_policy=no
if [[ ! -e "$policy" ]]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  made_policy=yes
fi
log="$(mktemp)"
clean() {
  rm -f "$log"
  [[ "$made_policy" == no ]] || "${as_root[@]}" rm -f "$policy"
}
trap clean EXIT

install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}"
}
if ! install >"$log" 2>&1; then
  # Package lists may be missing or old: fetch them once, try again.
  if ! { "${as_root[@]}" apt-get update && install; } >"$log" 2>&1; then
    tail -20 "$log" >&2
    echo "setup-clickhouse: apt-get could not install it: $hint" >&2
    exit 1
  fi
fi
# Nor may it start at the next boot: the lab runs its own.
if [[ "$had_service" == no && -d /run/systemd/system ]]; then
  "${as_root[@]}" systemctl disable --quiet clickhouse-server || true
fi
present || {
  echo "setup-clickhouse: installed, but clickhouse-server, java or /usr/share/java/zookeeper.jar is still missing: $hint" >&2
  exit 1
}
