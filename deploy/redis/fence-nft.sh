#!/bin/sh
# Takes Redis off the network, on the machine that it runs on: a fence with `what: network` (docs/redis/failover.md).
#   fence-nft.sh fence <port>...             drops what comes to the ports and every answer from them, from now on
#   fence-nft.sh confirm <port>...           exits with 0 only if the kernel has exactly these rules
#   fence-nft.sh lift [--listening] <port>...   lets them be reached again; refused while something listens on one of them
# Name every port that it serves clients on: with TLS beside plain there are two. The ports are those that clients use, also where
# the machine hands them on to a container. Answers are dropped too: a primary that was frozen, and wakes, acknowledges nothing
# of what waits in its sockets. A Redis in a VM is fenced in the VM, or by its power: from outside there are ways past a filter.
#
# A drop is final, whatever other tables accept. The rules are gone after a reboot, and after a `flush ruleset`. A Unix socket is
# not the network. Whatever can't be looked at confirms nothing and lifts nothing.
set -eu
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

wrong() { echo "fence-nft: $*" >&2; exit 2; }
[ $# -ge 2 ] || wrong 'fence, confirm or lift, and every port'
mode=$1
shift
case $mode in fence | confirm | lift) ;; *) wrong "$mode is not fence, confirm or lift" ;; esac
listening=no
if [ "$mode" = lift ] && [ "$1" = --listening ]; then
  listening=yes
  shift
fi
[ $# -ge 1 ] || wrong 'which port?'
for port in "$@"; do
  case $port in '' | 0* | *[!0-9]* | ??????*) wrong "$port is no port" ;; esac
  [ "$port" -le 65535 ] || wrong "$port is no port"
done
for program in nft ss sed; do command -v $program >/dev/null || wrong "$program is missing: install nftables, iproute2, sed"; done
# One table for all of them: replaced and removed as a whole.
table=gantry_fence_$1

chain() {
  echo "chain $1 {"
  echo "type filter hook $1 priority $2; policy accept;"
}
# What is handed on to a container has the port of the clients before the kernel translates it, and after it translates it back.
rules() {
  echo "table inet $table {"
  chain prerouting -310
  for port in "$@"; do echo "fib daddr type local tcp dport $port drop"; done
  echo '}'
  chain input -310
  for port in "$@"; do echo "tcp dport $port drop"; done
  echo '}'
  chain output -310
  for port in "$@"; do
    echo "tcp sport $port drop"
    echo "fib daddr type local tcp dport $port drop"
  done
  echo '}'
  chain postrouting 310
  for port in "$@"; do echo "fib saddr type local tcp sport $port drop"; done
  echo '}'
  echo '}'
}
wanted=$(rules "$@") || wrong 'the rules cannot be written down'
case $wanted in "table inet $table {"*"}") ;; *) wrong 'the rules cannot be written down' ;; esac

# As the kernel has it, a line for each; another wording of another version is no proof, and nothing at all is none either.
in_force() {
  listed=$(nft -y list table inet "$table" 2>/dev/null) || return 1
  seen=$(printf '%s\n' "$listed" | sed 's/^[[:space:]]*//;s/[[:space:]]*$//;/^$/d') || return 1
  [ -n "$seen" ] && [ "$seen" = "$wanted" ]
}

# Whoever listens on one of the ports listens on no other one.
all_ports() {
  sockets=$(ss -Hltnp) || { echo 'it cannot be seen who listens where'; return 1; }
  for port in "$@"; do
    for pid in $(printf '%s\n' "$sockets" | sed -n "s/^[^ ]* *[^ ]* *[^ ]* *[^ ]*:$port .*pid=\([0-9]*\),.*/\1/p"); do
      for other in $(printf '%s\n' "$sockets" | sed -n "/pid=$pid,/s/^[^ ]* *[^ ]* *[^ ]* *[^ ]*:\([0-9]*\) .*/\1/p"); do
        case " $* " in *" $other "*) ;; *) echo "who listens on $port listens on $other too, which is not fenced"; return 1 ;; esac
      done
    done
  done
}

case $mode in
  fence)
    # One transaction; the first line is there so that the second one has something to delete.
    printf 'table inet %s\ndelete table inet %s\n%s\n' "$table" "$table" "$wanted" | nft -f -
    in_force && exit 0
    # They stay: what can't be confirmed may still keep somebody out.
    echo "fence-nft: the rules of $table are set, and this version of nft words them otherwise: nothing can confirm them" >&2
    exit 1
    ;;
  confirm)
    in_force || { echo "the kernel does not have the rules of $table as they must be"; exit 1; }
    all_ports "$@" || exit 1
    echo "fenced: $*"
    ;;
  lift)
    if [ $listening = no ]; then
      sockets=$(ss -Hltn) || wrong 'it cannot be seen whether something listens'
      for port in "$@"; do
        found=$(printf '%s\n' "$sockets" | sed -n "/:$port /p") || wrong 'it cannot be seen whether something listens'
        [ -z "$found" ] || wrong "something listens on port $port still: stop it, lift the fence, and start it through the boot guard"
      done
    fi
    printf 'table inet %s\ndelete table inet %s\n' "$table" "$table" | nft -f -
    ;;
esac
