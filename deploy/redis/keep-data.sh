#!/bin/sh
# Keeps a copy of a Redis data folder: the `keep` hook of a group's `rejoin` (docs/redis/rejoin.md).
#   keep-data.sh run <unit> <data folder> <folder of copies>      begins to copy, and returns at once
#   keep-data.sh confirm <unit> <data folder> <folder of copies>  exits with 0 once the copy is whole
# A copy has the name of its unit. It has that name only when it is whole; asked to begin twice, it copies once: the lock
# goes with the process that holds it, so that after a crash the next call begins again.
set -eu
umask 077
mode=$1 unit=$2 data=$3 kept=$4
case $unit in '' | .* | *[!A-Za-z0-9._-]*) echo "keep-data: $unit is no name for a copy" >&2; exit 2 ;; esac
case $mode in
  run)
    [ -d "$data" ] || { echo "keep-data: there is no folder $data" >&2; exit 2; }
    mkdir -p "$kept"
    [ -d "$kept/$unit" ] || setsid sh "$0" copy "$unit" "$data" "$kept" </dev/null >>"$kept/$unit.log" 2>&1 &
    ;;
  copy)
    exec 9>"$kept/.$unit.lock"
    flock -n 9 || exit 0
    [ ! -d "$kept/$unit" ] || exit 0
    rm -rf "$kept/.$unit.part"
    mkdir "$kept/.$unit.part"
    # A folder of copies inside of the data folder is not copied into itself.
    for file in "$data"/*; do
      [ "$file" -ef "$kept" ] || cp -Rp "$file" "$kept/.$unit.part/"
    done
    sync
    mv "$kept/.$unit.part" "$kept/$unit"
    ;;
  confirm)
    [ -d "$kept/$unit" ] || { tail -n 3 "$kept/$unit.log" 2>/dev/null; echo "no copy $unit in $kept yet"; exit 1; }
    echo "kept in $kept/$unit"
    ;;
  *) echo "keep-data: run, confirm, not $mode" >&2; exit 2 ;;
esac
