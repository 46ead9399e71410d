#!/bin/sh
# Boot guard of a Redis node: runs before redis-server (systemd ExecStartPre, Kubernetes init container) and settles its
# role before anybody can connect. It asks the discovery, or Sentinels, who is primary:
#   another node   `replicaof` is written into the configuration; a copy of the data is kept first if it was a primary
#   this node      the configuration stays as it is
#   no answer      asked again until GUARD_WAIT has passed; then a replica may start, a primary must not
# A `replicaof` is never taken out: in a handover the old primary is told to follow before the discovery is told, so that
# what the configuration says may be newer. A replica too many waits for somebody; a primary too many loses writes.
#
# Settings, from the environment:
#   GUARD_SELF         required: every address under which the discovery may name this node, separated by spaces:
#                      `sessions-1.internal:6379 10.0.0.1:6379 [fd00::1]:6379`
#   GUARD_DISCOVERY    URL that answers {"group":…,"primary":{"host":…,"port":…},"epoch":…}; or
#   GUARD_SENTINELS    addresses of all Sentinels, separated by spaces, and GUARD_MASTER, their name of the group
#   GUARD_GROUP        the group that the discovery must speak of; not compared unless given
#   GUARD_CONF         /etc/redis/redis.conf unless given; GUARD_TEMPLATE is copied there if it is missing
#   GUARD_TOKEN_FILE   file with the bearer token of the discovery
#   GUARD_SENTINEL_PASSWORD_FILE   file with the password of the Sentinels
#   GUARD_CA           file with the certificates that the discovery, or the Sentinels with TLS, are trusted by
#   GUARD_SENTINEL_TLS `yes` if the Sentinels speak TLS
#   GUARD_WAIT         seconds to wait for an answer; 60 unless given
#   GUARD_KEEP_DIR     where copies are kept; <data folder>/kept unless given
#   GUARD_KEEP         how many copies are kept at most, 3 unless given; with 0 none is ever made
#
# Exit codes: 0 start it; 1 it must not start (the line says why); 2 the settings are wrong.
# No file name is ever meant but where it says so: `[fd00::1]:6379` is an address.
set -uf
umask 077
LC_ALL=C
export LC_ALL

say() { printf 'boot-guard: %s\n' "$*" >&2; }
refuse() { say "$*"; exit 1; }
wrong() { say "$*"; exit 2; }
is_count() { case $1 in '' | *[!0-9]* | ????????*) return 1 ;; esac; }

conf=${GUARD_CONF:-/etc/redis/redis.conf}
limit=${GUARD_WAIT:-60}
copies=${GUARD_KEEP:-3}
is_count "$limit" || wrong "GUARD_WAIT must be whole seconds, not $limit"
is_count "$copies" || wrong "GUARD_KEEP must be a whole number, not $copies"
[ -n "${GUARD_SELF:-}" ] || wrong 'GUARD_SELF is missing: under which addresses does the discovery know this node?'
if [ -n "${GUARD_DISCOVERY:-}" ]; then
  command -v curl >/dev/null || wrong 'GUARD_DISCOVERY needs curl'
elif [ -n "${GUARD_SENTINELS:-}" ] && [ -n "${GUARD_MASTER:-}" ]; then
  command -v redis-cli >/dev/null || wrong 'GUARD_SENTINELS needs redis-cli'
else
  wrong 'GUARD_DISCOVERY is missing, or GUARD_SENTINELS with GUARD_MASTER'
fi
if [ ! -e "$conf" ] && [ -n "${GUARD_TEMPLATE:-}" ]; then
  cp "$GUARD_TEMPLATE" "$conf.guard.$$" && mv -f "$conf.guard.$$" "$conf" || wrong "$conf cannot be made of $GUARD_TEMPLATE"
fi
if [ -h "$conf" ]; then conf=$(readlink -f "$conf"); fi
[ -r "$conf" ] && [ -w "$conf" ] || wrong "$conf cannot be read and written"

# --- The configuration -----------------------------------------------------------------------------------------------

# The value of a directive as it stands last in the file (CONFIG REWRITE appends), without quotes; $1 is a sed pattern.
directive() {
  sed -n "s/^[[:space:]]*$1[[:space:]][[:space:]]*\(.*[^[:space:]]\)[[:space:]]*\$/\1/p" "$conf" |
    sed -n '${s/^"\(.*\)"$/\1/;s/^'"'"'\(.*\)'"'"'$/\1/;p;}'
}
role_pattern='\([Rr][Ee][Pp][Ll][Ii][Cc][Aa][Oo][Ff]\|[Ss][Ll][Aa][Vv][Ee][Oo][Ff]\)'

# `host port` that the configuration has it follow, without quotes; nothing for a primary.
followed() {
  told=$(sed -n "s/^[[:space:]]*$role_pattern[[:space:]][[:space:]]*\(.*[^[:space:]]\)[[:space:]]*\$/\2/p" "$conf" |
    sed -n '${s/["'"'"']//g;s/[[:space:]][[:space:]]*/ /g;p;}')
  case $told in [Nn][Oo]\ [Oo][Nn][Ee]) ;; *) printf '%s' "$told" ;; esac
}

# Writes the role beside the file and puts it in its place: whoever reads it sees the old one or the new one, whole.
write_replicaof() {
  new=$conf.guard.$$
  # Copied first, for its owner and mode: it holds passwords.
  if cp -p "$conf" "$new" &&
    { sed "/^[[:space:]]*$role_pattern[[:space:]]/d" "$conf" && printf '\nreplicaof "%s" %s\n' "$1" "$2"; } >"$new" &&
    { sync "$new" 2>/dev/null || sync; } && mv -f "$new" "$conf"; then
    return 0
  fi
  rm -f "$new"
  refuse "replicaof could not be written to $conf: it must not start as it is"
}

# --- Who is primary --------------------------------------------------------------------------------------------------

# Sets `host` and `port` if they are an address, else fails.
is_address() {
  host=$1 port=$2
  case $host in '' | -* | *[!A-Za-z0-9._:%-]*) return 1 ;; esac
  case $port in '' | 0* | *[!0-9]* | ??????*) return 1 ;; esac
  [ "${#host}" -le 253 ] && [ "$port" -le 65535 ]
}

# Splits `host:port` or `[v6]:port`.
split() {
  rest=${1%:*}
  rest=${rest#\[}
  is_address "${rest%\]}" "${1##*:}"
}

# A value as a quoted word of curl's configuration, read from its standard input: no secret is in a process list.
quoted() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }

ask_discovery() {
  token=
  if [ -n "${GUARD_TOKEN_FILE:-}" ]; then
    token=$(cat "$GUARD_TOKEN_FILE" 2>/dev/null) && [ -n "$token" ] || { why="$GUARD_TOKEN_FILE cannot be read"; return 1; }
    case $token in *'
'*) why="$GUARD_TOKEN_FILE has more than one line"; return 1 ;; esac
  fi
  answer=$({
    printf 'url = "%s"\n' "$(quoted "$GUARD_DISCOVERY")"
    [ -z "$token" ] || printf 'header = "authorization: Bearer %s"\n' "$(quoted "$token")"
    [ -z "${GUARD_CA:-}" ] || printf 'cacert = "%s"\n' "$(quoted "$GUARD_CA")"
  } | curl --silent --show-error --globoff --max-time 3 --max-filesize 65536 --header 'accept: application/json' \
    --write-out '\n%{http_code}' --config - 2>&1) || { why="the discovery: $(printf '%s\n' "$answer" | sed -n 's/^curl: //p')"; return 1; }
  status=$(printf '%s' "$answer" | sed -n '$p')
  # One line of it: JSON has no line break within a word.
  body=$(printf '%s\n' "$answer" | sed '$d' | tr -d '\r' | tr '\n\t' '  ')
  if [ "$status" = 404 ]; then why='the discovery does not know this group'; return 1; fi
  if [ "$status" != 200 ]; then why="the discovery answered $status"; return 1; fi
  read_entry || { why='the discovery answered something that is not {"group","primary":{"host","port"},"epoch"}'; return 1; }
}

# `body` → `host` and `port`. What is not exactly of that form is no answer, however much of it could be guessed.
read_entry() {
  case $body in *\\*) return 1 ;; *'"primary"'*'"primary"'*) return 1 ;; esac
  body=$(printf '%s\n' "$body" | sed 's/^ *//;s/ *$//')
  case $body in '{'*'}') ;; *) return 1 ;; esac
  [ -n "$(printf '%s\n' "$body" | sed -n 's/.*"epoch" *: *\([0-9][0-9]*\) *[,}].*/\1/p')" ] || return 1
  if [ -n "${GUARD_GROUP:-}" ]; then
    [ "$(printf '%s\n' "$body" | sed -n 's/.*"group" *: *"\([^"]*\)".*/\1/p')" = "$GUARD_GROUP" ] || return 1
  fi
  inner=$(printf '%s\n' "$body" | sed -n 's/.*"primary" *: *{\([^{}]*\)}.*/\1/p')
  is_address "$(printf '%s\n' "$inner" | sed -n 's/^\(.*,\)\{0,1\} *"host" *: *"\([^"]*\)" *\(,.*\)\{0,1\}$/\2/p')" \
    "$(printf '%s\n' "$inner" | sed -n 's/^\(.*,\)\{0,1\} *"port" *: *\([0-9]*\) *\(,.*\)\{0,1\}$/\2/p')"
}

# More than half of all Sentinels must name the same primary: one that is cut off may still name the former.
ask_sentinels() {
  if [ -n "${GUARD_SENTINEL_PASSWORD_FILE:-}" ]; then
    REDISCLI_AUTH=$(cat "$GUARD_SENTINEL_PASSWORD_FILE" 2>/dev/null) || { why="$GUARD_SENTINEL_PASSWORD_FILE cannot be read"; return 1; }
    export REDISCLI_AUTH
  fi
  set --
  if [ "${GUARD_SENTINEL_TLS:-no}" = yes ]; then set -- --tls; [ -z "${GUARD_CA:-}" ] || set -- "$@" --cacert "$GUARD_CA"; fi
  all=0 told=
  for sentinel in $GUARD_SENTINELS; do
    all=$((all + 1))
    split "$sentinel" || { why="GUARD_SENTINELS: $sentinel is no address"; return 1; }
    reply=$(timeout 3 redis-cli -h "$host" -p "$port" "$@" --no-auth-warning --raw \
      SENTINEL GET-MASTER-ADDR-BY-NAME "$GUARD_MASTER" 2>/dev/null) || continue
    is_address "$(printf '%s\n' "$reply" | sed -n 1p)" "$(printf '%s\n' "$reply" | sed -n 2p)" || continue
    told="$told $host|$port"
  done
  for one in $told; do
    count=0
    for other in $told; do [ "$one" != "$other" ] || count=$((count + 1)); done
    if [ $((count * 2)) -gt "$all" ]; then is_address "${one%|*}" "${one##*|}"; return; fi
  done
  why="no primary is named by more than half of $all Sentinels"
  return 1
}

ask() { if [ -n "${GUARD_DISCOVERY:-}" ]; then ask_discovery; else ask_sentinels; fi; }

# Host names know no case, and may end with a dot.
plain() { printf '%s' "${1%.}" | tr 'A-Z' 'a-z'; }

is_self() {
  wanted=$(plain "$1") at=$2
  for own in $GUARD_SELF; do
    split "$own" || wrong "GUARD_SELF: $own is no address (host:port, [v6]:port)"
    if [ "$(plain "$host")" = "$wanted" ] && [ "$port" = "$at" ]; then return 0; fi
  done
  return 1
}

# --- Keeping what a primary had --------------------------------------------------------------------------------------

# Copies the append-only files and the snapshot. Under another name first: what has its name is whole. Earlier copies stay.
keep_data() {
  set +f
  dir=$(directive '[Dd][Ii][Rr]')
  case ${dir:-.} in /*) ;; *) dir=$(pwd)/${dir:-.} ;; esac
  kept=${GUARD_KEEP_DIR:-$dir/kept}
  aof_dir=$(directive '[Aa][Pp][Pp][Ee][Nn][Dd][Dd][Ii][Rr][Nn][Aa][Mm][Ee]')
  aof=$(directive '[Aa][Pp][Pp][Ee][Nn][Dd][Ff][Ii][Ll][Ee][Nn][Aa][Mm][Ee]')
  rdb=$(directive '[Dd][Bb][Ff][Ii][Ll][Ee][Nn][Aa][Mm][Ee]')
  found=
  for name in "${aof_dir:-appendonlydir}" "${aof:-appendonly.aof}" "${rdb:-dump.rdb}"; do
    [ ! -e "$dir/$name" ] || found=yes
  done
  [ -n "$found" ] || { say "no data in $dir: nothing to keep"; return 0; }
  [ "$copies" -gt 0 ] || { say 'GUARD_KEEP is 0: the data are not kept'; return 0; }
  mkdir -p "$kept" || refuse "$kept cannot be made: its data would be lost without a copy (GUARD_KEEP=0 goes without)"
  # Left by a guard that was cut off.
  rm -rf "$kept"/.copy-*
  have=0
  for one in "$kept"/guard-*; do [ ! -d "$one" ] || have=$((have + 1)); done
  if [ "$have" -ge "$copies" ]; then
    say "$kept has $have copies already, no further one is made: move them away once they have been looked at"
    return 0
  fi
  part=$kept/.copy-$$
  name=guard-$(date -u +%Y%m%dT%H%M%SZ)
  n=1
  while [ -e "$kept/$name-$n" ]; do n=$((n + 1)); done
  mkdir "$part" || refuse "$part cannot be made"
  for file in "${aof_dir:-appendonlydir}" "${aof:-appendonly.aof}" "${rdb:-dump.rdb}"; do
    [ -e "$dir/$file" ] || continue
    cp -Rp "$dir/$file" "$part/" || { rm -rf "$part"; refuse "$dir/$file cannot be copied to $kept (GUARD_KEEP=0 goes without)"; }
  done
  sync
  mv "$part" "$kept/$name-$n" || refuse "$part cannot be given its name"
  say "the data of a former primary are kept in $kept/$name-$n"
}

# ---------------------------------------------------------------------------------------------------------------------

waited=0
until ask; do
  if [ "$waited" -ge "$limit" ]; then
    present=$(followed)
    [ -z "$present" ] || { say "$why; it starts as the replica of $present that its configuration makes it"; exit 0; }
    refuse "$why; its configuration makes it a primary, so it must not start: there may be another one"
  fi
  [ "$waited" -gt 0 ] || say "$why; asking again for up to $limit s"
  sleep 1
  waited=$((waited + 1))
done
primary_host=$host primary_port=$port

if is_self "$primary_host" "$primary_port"; then
  present=$(followed)
  if [ -n "$present" ]; then
    say "the discovery names this node, its configuration has it follow $present: it starts as a replica, whoever is right"
  else
    say "this node is the primary ($primary_host:$primary_port)"
  fi
  exit 0
fi
if [ "$(followed)" = "$primary_host $primary_port" ]; then
  say "it follows $primary_host:$primary_port already"
  exit 0
fi
[ -n "$(followed)" ] || keep_data
write_replicaof "$primary_host" "$primary_port"
say "$primary_host:$primary_port is primary: this node follows it"
