#!/usr/bin/env bash
# Temporal's time-skipping test server (Java), for tests that sleep for days: jars in the project's cache by the exact
# versions of tools/time-skipping/pom.xml, and a start script beside them. Quiet when cached.
set -euo pipefail
cd "$(dirname "$0")/.."

version=1.38.0
target="${GANTRY_CACHE:-$HOME/.cache/gantry}/time-skipping-$version"
start="$target/temporal-test-server"

if ! command -v java >/dev/null; then
  echo 'setup-time-skipping: no Java here; install a JRE 17 or newer (Debian, Ubuntu: apt-get install openjdk-17-jre-headless), then: scripts/setup-time-skipping.sh' >&2
  exit 1
fi
[[ -x "$start" ]] && exit 0
if ! command -v mvn >/dev/null; then
  echo 'setup-time-skipping: no Maven here; install it (Debian, Ubuntu: apt-get install maven), then: scripts/setup-time-skipping.sh' >&2
  exit 1
fi

mkdir -p "$target"
log="$target/maven.log"
if ! mvn -q -B -f tools/time-skipping/pom.xml dependency:copy-dependencies -DincludeScope=runtime \
  -DoutputDirectory="$target/jars" >"$log" 2>&1; then
  tail -20 "$log" >&2
  echo 'setup-time-skipping: Maven could not fetch the jars; is its repository reachable?' >&2
  exit 1
fi

# `exec`: the SDK stops its direct child with SIGKILL, and a shell in between would orphan the JVM.
# Serial GC, one compiler tier: it must listen within the SDK's fixed 5 s. Written last: its presence says "complete".
cat >"$start.new" <<SCRIPT
#!/bin/sh
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx256m -cp "$target/jars/*" io.temporal.testserver.TestServer "\$@"
SCRIPT
chmod 755 "$start.new"
mv "$start.new" "$start"
