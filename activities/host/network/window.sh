#!/bin/sh
# The window of one change of the network; it lies in the window's own folder on the host: sh <folder>/window <verb>.
# By hand: `status`, `commit` (keep the new network), `revert` (back to the former one now).
set -eu
umask 077
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
dir=$(cd "$(dirname "$0")" && pwd)
base=$(dirname "$dir")
id=${dir##*/}
# networks, rules, units, sys, bond, cards, names, seconds, digest, functions, gateway, payload, restores; tests set PATH in it.
. "$dir/conf"
export PATH LC_ALL
boot=gantry-net-boot-$id.service
deadman=gantry-net-revert-$id

say() { echo "gantry-net $id: $*" >&2; }
uptime_s() { cut -d. -f1 /proc/uptime; }
is_open() { [ "$(cat "$base/open" 2>/dev/null)" = "$id" ]; }

# Where a file of Gantry lies.
where() { case $1 in *.rules) echo "$rules/$1" ;; *) echo "$networks/$1" ;; esac; }

# Of every file that systemd-networkd reads here, links by what they point to.
digest() {
  (cd "$networks" && find . \( -type f -o -type l \) -print0 | sort -z | xargs -0 -r sha256sum) | sha256sum | cut -c1-64
}

# Exactly one of `committed` and `reverted` is ever decided: link(2) fails where the name exists.
decide() {
  ln "$dir/decide.$1" "$dir/decided" 2>/dev/null || :
  sync "$dir" || :
  decided=$(cat "$dir/decided" 2>/dev/null || echo "$1")
}

addresses() { # static ones of the cards, of what they were part of, and of the bond
  for link in $cards $bond $(masters); do
    ip -o addr show dev "$link" scope global 2>/dev/null | awk '!/ dynamic / { print $2, $4 }'
  done | sort -u
}
master_of() { basename "$(readlink "$sys/class/net/$1/master" 2>/dev/null)" 2>/dev/null || :; }
masters() { for card in $cards; do master_of "$card"; done | sort -u; }
links() {
  for card in $cards; do
    flags=$(cat "$sys/class/net/$card/flags")
    admin=down
    [ $((flags & 1)) = 0 ] || admin=up
    echo "$card $admin $(cat "$sys/class/net/$card/mtu") $(master_of "$card")"
  done
}
functions_now() {
  for card in $cards; do
    echo "$card $(cat "$sys/class/net/$card/device/sriov_numvfs" 2>/dev/null || echo 0)"
  done
}
remember() {
  addresses >"$dir/before.addresses"
  links >"$dir/before.links"
  functions_now >"$dir/before.functions"
  ip route show >"$dir/before.routes"
  if [ -e "$base/current" ]; then cp "$base/current" "$dir/before.current"; fi
}

# A running count cannot be changed, only taken to 0 first (EBUSY). Without a change nothing is written: it flaps the link.
set_functions() { # set_functions <file of "card count">
  while read -r card wanted; do
    file=$sys/class/net/$card/device/sriov_numvfs
    now=$(cat "$file" 2>/dev/null || echo 0)
    [ "$now" = "$wanted" ] && continue
    echo 0 >"$file" && echo "$wanted" >"$file" || { say "$card: $wanted virtual functions were refused"; return 1; }
  done <"$1"
}

# Gantry's own files as a folder has them; what it does not have is removed.
place() {
  for name in $names; do
    file=$(where "$name")
    if [ -e "$1/$name" ]; then
      cp "$1/$name" "$file.new" && chmod 644 "$file.new" && sync "$file.new" && mv "$file.new" "$file"
    else
      rm -f "$file"
    fi
  done
  sync "$networks" "$rules" || :
}

# systemd-networkd leaves a device that exists as it is (systemd#36406): the former one has to go.
drop_bond() {
  [ -e "$sys/class/net/$bond/bonding" ] || return 0
  ip link delete "$bond"
  waits 10 sh -c "! [ -e '$sys/class/net/$bond' ]" || :
}

waits() { # waits <seconds> <command…>: until it succeeds
  left=$(($1 * 2))
  shift
  until "$@"; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    sleep 0.5
  done
}

wants_bond() { grep -lsx "Name=$bond" "$networks"/*.netdev >/dev/null; }
bond_as_wanted() { if wants_bond; then [ -e "$sys/class/net/$bond" ]; else ! [ -e "$sys/class/net/$bond/bonding" ]; fi; }

reload() {
  if ! timeout 20 networkctl reload || ! waits 15 bond_as_wanted; then
    say 'systemd-networkd did not follow its files; it is started again'
    timeout 60 systemctl restart systemd-networkd
    waits 20 bond_as_wanted || :
  fi
  for card in $cards; do
    # A member that is configured again leaves the bond for a moment.
    if wants_bond && [ "$(master_of "$card")" = "$bond" ]; then continue; fi
    timeout 20 networkctl reconfigure "$card" || :
  done
}

# systemd-networkd gives a card without a carrier no address, however often it is started again.
cable_out() { [ "$(cat "$sys/class/net/$1/carrier" 2>/dev/null)" = 0 ]; }

# Whether the former addresses are back, and the cards belong to what they belonged to. With `but-for-cables`, those of cards whose
# cable is out do not count: they come with the carrier.
as_before() {
  now=$(addresses)
  while read -r address; do
    printf '%s\n' "$now" | grep -qxF "$address" && continue
    [ "${1:-}" = but-for-cables ] && cable_out "${address%% *}" || return 1
  done <"$dir/before.addresses"
  while read -r card admin mtu master; do
    [ "$(master_of "$card")" = "$master" ] || return 1
  done <"$dir/before.links"
}

links_as_before() {
  while read -r card admin mtu master; do
    [ -z "$master" ] || continue
    ip link set dev "$card" mtu "$mtu" "$admin" || :
  done <"$dir/before.links"
}

disarm() {
  rm -f "$units/sysinit.target.wants/$boot" "$units/$boot"
  timeout 20 systemctl stop "$deadman.timer" 2>/dev/null || :
  timeout 20 systemctl daemon-reload || :
}

end() { # end <word>: the window is over
  uptime_s >"$dir/ended_at" || :
  echo "$1" >"$dir/ended" || :
  sync "$dir/ended" "$dir" || :
  if is_open; then rm -f "$base/open"; fi
  sync "$base" || :
  disarm
  say "$1"
}

finish_commit() {
  if [ -e "$dir/new.current" ]; then
    # The commit and a revert that found it may both be here.
    cp "$dir/new.current" "$base/current.$$" && sync "$base/current.$$" && mv "$base/current.$$" "$base/current"
  else
    rm -f "$base/current"
  fi
  sync "$base"
  end committed
}

stop_unit() {
  timeout 10 systemctl kill --signal=KILL "$1" 2>/dev/null || :
  timeout 10 systemctl stop "$1" 2>/dev/null || :
}

revert() { # revert <who>
  exec 8>>"$dir/reverting"
  flock 8
  [ ! -e "$dir/ended" ] || return 0
  decide reverted
  if [ "$decided" = committed ]; then finish_commit; return 0; fi
  if ! is_open; then end reverted; return 0; fi
  [ -e "$dir/by" ] || echo "$1" >"$dir/by" || :
  say "not committed: the former network is put back ($1)"
  stop_unit "gantry-net-apply-$id.service"
  for card in $cards; do stop_unit "gantry-net-drill-$id-$card.service"; done
  place "$dir/before"
  # At boot systemd-networkd has not begun yet, and finds the former files.
  if [ "$1" = boot ]; then set_functions "$dir/before.functions" || :; end reverted; return 0; fi
  if [ -e "$dir/applying" ]; then
    drop_bond || :
    set_functions "$dir/before.functions" || :
    reload || :
    # At first a card has no carrier for a moment, so that only what lasts counts.
    if ! waits 20 as_before && ! as_before but-for-cables; then
      timeout 60 systemctl restart systemd-networkd || :
      for card in $cards; do timeout 20 networkctl reconfigure "$card" || :; done
      if ! waits 30 as_before && ! as_before but-for-cables; then
        say 'the former network does not come back'
        if [ ! -e "$dir/rebooted" ]; then
          : >"$dir/rebooted" || :
          sync "$dir" || :
          systemctl reboot || systemctl reboot --force
          sleep 600
        fi
      fi
    fi
    links_as_before
  fi
  end reverted
}

case ${1:-status} in
where) where "$2" ;;
digest) digest ;;
remember) remember ;;
forget)
  # Opened and never armed: nothing happened in it. The caller holds the lock.
  decide reverted
  end reverted
  ;;
arm)
  mkdir -p "$units/sysinit.target.wants"
  cat >"$units/$boot" <<UNIT
[Unit]
Description=Puts the former network back where its change was not confirmed before the power went
DefaultDependencies=no
RequiresMountsFor=$dir
After=local-fs.target
Before=network-pre.target systemd-networkd.service
Wants=network-pre.target

[Service]
Type=oneshot
ExecStart=/bin/sh $dir/window revert boot
UNIT
  ln -sf "../$boot" "$units/sysinit.target.wants/$boot"
  sync "$units/$boot" "$units/sysinit.target.wants"
  timeout 20 systemctl daemon-reload
  if ! systemctl is-active --quiet "$deadman.timer"; then
    systemd-run --quiet --unit="$deadman" --on-active="${seconds}s" --timer-property=AccuracySec=1s \
      --property=Restart=on-failure --property=RestartSec=5 \
      /bin/sh "$dir/window" revert timer
  fi
  # Seen, not assumed.
  systemctl is-active --quiet "$deadman.timer"
  [ -e "$units/sysinit.target.wants/$boot" ]
  uptime_s >"$dir/armed.new" && sync "$dir/armed.new" && mv "$dir/armed.new" "$dir/armed"
  sync "$dir"
  ;;
start)
  # Detached: the connection that asks for it may be the first thing that goes.
  if systemctl is-active --quiet "gantry-net-$2-$id${3:+-$3}.service"; then exit 0; fi
  # How a predecessor's drill went says nothing of this one.
  if [ "$2" = drill ]; then rm -f "$dir/drill.$3"; fi
  systemd-run --quiet --no-block --collect --unit="gantry-net-$2-$id${3:+-$3}" /bin/sh "$dir/window" "$2" ${3:+"$3"}
  ;;
apply)
  is_open || { say 'the window is over'; exit 11; }
  [ ! -e "$dir/decided" ] || { say 'the window has been decided'; exit 11; }
  [ ! -e "$dir/applied" ] || exit 0
  systemctl is-active --quiet "$deadman.timer" || { say 'the dead-man is not armed'; exit 12; }
  : >"$dir/applying"
  sync "$dir"
  # Before the bond: making them can take a link down, and a card whose functions are offloaded wants them first.
  if ! set_functions "$dir/new.functions"; then echo functions >"$dir/failed"; exit 13; fi
  place "$dir/new"
  drop_bond
  reload
  if [ -n "$restores" ]; then sh "$base/$restores/window" links; fi
  : >"$dir/applied"
  ;;
drill)
  # Takes one card of the bond down, as long as it takes to look, and up again whatever happens.
  card=$2
  # Never two cards at once: a worker that takes over may begin while its predecessor's drill runs.
  exec 7>>"$dir/drilling"
  flock -w 120 7
  is_open && [ ! -e "$dir/decided" ] && [ -e "$sys/class/net/$card" ] || exit 11
  note() { echo "$1" >"$dir/drill.$card.new" && mv "$dir/drill.$card.new" "$dir/drill.$card"; }
  trap 'ip link set dev "$card" up' EXIT
  trap 'exit 1' TERM INT HUP
  rm -f "$dir/seen.$card"
  ip link set dev "$card" down
  note down
  # The worker looks over a new connection meanwhile, and says so by the file.
  reached=no outward=none
  if waits 60 test -e "$dir/seen.$card"; then reached=yes; fi
  if [ -n "$gateway" ]; then
    outward=no
    if waits 8 ping -c 1 -W 1 -I "$bond" "$gateway" >/dev/null 2>&1; then outward=yes; fi
  fi
  ip link set dev "$card" up
  back=no
  if waits 30 sh -c "awk -v card='$card' '\$1 == \"Slave\" { on = \$3 == card } on && /^MII Status: up/ { found = 1 } END { exit !found }' /proc/net/bonding/'$bond'"; then back=yes; fi
  note "over reached=$reached outward=$outward back=$back"
  ;;
seen) : >"$dir/seen.$2" ;;
outward)
  # Out of the host through the bond, a whole frame that must not be cut. A gateway with a smaller MTU may take it in and still cut its
  # answer: the kernel counts the pieces that it puts together.
  pieces() {
    awk '$1 == "Ip:" && !at { for (i = 2; i <= NF; i++) if ($i == "ReasmReqds") at = i; next } $1 == "Ip:" { sum += $at } END { print sum + 0 }' /proc/net/snmp
    awk '$1 == "Ip6ReasmReqds" { print $2 }' /proc/net/snmp6 2>/dev/null || true
  }
  before=$(pieces)
  ping -c 3 -i 0.3 -W 2 -M "do" -s "$payload" -I "$bond" "$gateway" 2>&1 | tail -3
  [ "$(pieces)" = "$before" ] || echo 'its answers come in pieces'
  ;;
commit)
  if [ ! -e "$dir/decided" ]; then
    is_open && [ -e "$dir/applied" ] || { echo 'refused not-applied'; exit 0; }
  fi
  decide committed
  if [ "$decided" = committed ]; then
    [ -e "$dir/ended" ] || finish_commit
    echo committed
  else
    echo 'refused reverted'
  fi
  ;;
revert) revert "${2:-console}" ;;
links) links_as_before ;;
asbefore) if as_before; then echo yes; else echo no; fi ;;
facts)
  echo "bond $bond"
  echo "cards $cards"
  echo "unit $(cat "$dir/unit")"
  ;;
status)
  echo "id $id"
  echo "unit $(cat "$dir/unit")"
  echo "now $(uptime_s)"
  echo "seconds $seconds"
  for mark in armed ended by decided failed; do
    [ ! -e "$dir/$mark" ] || echo "$mark $(cat "$dir/$mark")"
  done
  for mark in applying applied rebooted; do
    [ ! -e "$dir/$mark" ] || echo "$mark yes"
  done
  echo "deadman $(systemctl show --property ActiveState --value "$deadman.timer" 2>/dev/null || echo unknown)"
  echo "fires $(systemctl show --property NextElapseUSecMonotonic --value "$deadman.timer" 2>/dev/null || echo unknown)"
  for asked in "" -worker -console; do
    state=$(systemctl show --property ActiveState --value "$deadman$asked.service" 2>/dev/null || echo unknown)
    case $state in active|activating|deactivating) echo "reverting active" ;; esac
  done
  for card in $cards; do
    [ ! -e "$dir/drill.$card" ] || echo "drill $card $(cat "$dir/drill.$card")"
  done
  ;;
*) say "no verb $1"; exit 64 ;;
esac
