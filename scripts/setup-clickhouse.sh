#!/usr/bin/env bash
# clickhouse-server and ZooKeeper for the lab, from the distribution (Debian 12: ClickHouse 18.16.1, ZooKeeper 3.8). Quiet
# when they are there.
set -euo pipefail

# The server program and the jar are what lab/programs.ts looks for.
present() { command -v clickhouse-server >/dev/null && [[ -e /usr/share/java/zookeeper.jar ]] && command -v java >/dev/null; }
present && exit 0
"$(dirname "$0")/apt-install.sh" setup-clickhouse clickhouse-server clickhouse-server clickhouse-client zookeeper
present || {
  echo "setup-clickhouse: installed, but clickhouse-server, java or /usr/share/java/zookeeper.jar is still missing" >&2
  exit 1
}
