#!/bin/sh
# Takes a Redis port off the network, on the host that it is on: a fence with `what: network` (docs/redis/failover.md).
#   fence-nft.sh fence <port> [address]     drops what comes to the port and every answer from it, from now on
#   fence-nft.sh confirm <port> [address]   exits with 0 only if the kernel has exactly these rules
#   fence-nft.sh lift <port> [address]      lets it be reached again; refused while something on this host listens on it
# Without an address the port of this host is meant; with one, that of a VM or a pod whose packets this host forwards.
# Answers are dropped too: a primary that was frozen, and wakes, acknowledges nothing of what waits in its sockets.
#
# A drop is final, whatever other tables accept. The rules are gone after a reboot of the host (the boot guard is what keeps
# the primary from serving then), a Unix socket is not the network, and packets that a flowtable forwards pass these chains by.
set -eu
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

wrong() { echo "fence-nft: $*" >&2; exit 2; }
[ $# -ge 2 ] && [ $# -le 3 ] || wrong 'fence, confirm or lift; a port; perhaps an address'
mode=$1 port=$2 address=${3:-}
case $port in '' | 0* | *[!0-9]* | ??????*) wrong "$port is no port" ;; esac
[ "$port" -le 65535 ] || wrong "$port is no port"
case $address in
  *[!0-9A-Fa-f:.]*) wrong "$address is no address; a name is not looked up" ;;
  *:*) family=ip6 ;;
  *[!0-9.]*) wrong "$address is no address; a name is not looked up" ;;
  *) family=ip ;;
esac
command -v nft >/dev/null || wrong 'nft is missing: install nftables'

# One table for each: replaced and removed as a whole.
table=gantry_fence_$port
[ -z "$address" ] || table=${table}_$(printf '%s' "$address" | tr ':.' '__')

rules() {
  echo "table inet $table {"
  for hook in input forward output; do
    # Of this host's own port a forwarded packet is none.
    [ "$hook" = forward ] && [ -z "$address" ] && continue
    echo "chain $hook {"
    echo "type filter hook $hook priority -310; policy accept;"
    if [ -n "$address" ]; then
      echo "$family daddr $address tcp dport $port drop"
      echo "$family saddr $address tcp sport $port drop"
    elif [ "$hook" = input ]; then
      echo "tcp dport $port drop"
    else
      echo "tcp sport $port drop"
    fi
    echo '}'
  done
  echo '}'
}

plain() { sed 's/^[[:space:]]*//;s/[[:space:]]*$//;/^$/d'; }
# As the kernel has it. Another wording, of an address or of another version, is no proof.
in_force() { [ "$(nft -n -y list table inet "$table" 2>/dev/null | plain)" = "$(rules | plain)" ]; }
is_there() { nft list table inet "$table" >/dev/null 2>&1; }

case $mode in
  fence)
    # One transaction; the first line is there so that the second one has something to delete.
    { printf 'table inet %s\ndelete table inet %s\n' "$table" "$table"; rules; } | nft -f -
    in_force && exit 0
    # What nobody could confirm doesn't stay: it may be the rules of another address.
    nft list table inet "$table" >&2
    nft delete table inet "$table"
    wrong "the kernel words these rules otherwise than they were given, so that nothing could confirm them: an address as \`ip\` prints it?"
    ;;
  confirm)
    in_force && echo "port $port is fenced by $table" && exit 0
    if is_there; then echo "the rules of $table are not those of a fence"; else echo "port $port is not fenced"; fi
    exit 1
    ;;
  lift)
    if [ -z "$address" ]; then
      command -v ss >/dev/null || wrong 'ss is missing: install iproute2'
      if [ -n "$(ss -Hltn "sport = :$port")" ]; then
        echo "fence-nft: something listens on port $port still: stop it, lift the fence, and start it through the boot guard" >&2
        exit 1
      fi
    fi
    is_there || exit 0
    nft delete table inet "$table"
    ;;
  *) wrong "$mode is not fence, confirm or lift" ;;
esac
