#!/bin/sh
# A process fence for the lab, as a host's own would be: `act` ends the very process of a record under <state>/run, `confirm`
# exits with 0 only when it is gone. A pid alone is not enough (it may be another's by now): its start time must match.
# The lab removes a record once it has seen the process end.
#   fence-process.sh act|confirm <record.json>
set -eu
mode=$1
record=$2
if [ ! -f "$record" ]; then
  echo "no record: the lab has seen it end"
  exit 0
fi
pid=$(sed -n 's/^ *"pid": \([0-9]*\),*$/\1/p' "$record")
ticks=$(sed -n 's/^ *"startTicks": "\([0-9]*\)",*$/\1/p' "$record")
[ -n "$pid" ] && [ -n "$ticks" ] || { echo "the record can't be read" >&2; exit 3; }

# Prints the start time of the pid, nothing if none runs. Field 22, counted from the last bracket of the name (proc(5)).
started() {
  stat=$(cat "/proc/$pid/stat" 2>/dev/null) || return 0
  set -- ${stat##*) }
  [ "$1" = Z ] || [ "$1" = X ] || { shift 19; echo "$1"; }
}

if [ "$mode" = act ]; then
  [ "$(started)" != "$ticks" ] || kill -KILL "$pid"
  exit 0
fi
for _ in 1 2 3 4 5 6 7 8 9 10; do
  [ "$(started)" = "$ticks" ] || { echo "process $pid is gone"; exit 0; }
  sleep 0.02
done
echo "process $pid still runs" >&2
exit 1
