#!/bin/sh
# Takes the power of the machine that a Redis primary is on, by its BMC: a fence with `what: power` (docs/redis/failover.md).
#   fence-bmc.sh fence <bmc> <user> <password file> [port] [cipher suite]     power off, at once, and waits until it is
#   fence-bmc.sh confirm <bmc> <user> <password file> [port] [cipher suite]   exits with 0 only if the BMC says twice that it is off
# IPMI 2.0 (`lanplus`), port 623 and cipher suite 17 unless given; 3 is for old BMCs. The user needs the privilege OPERATOR.
# Everything on the machine goes down with it. A BMC that has lost its own power answers nothing, and confirms nothing.
set -eu
LC_ALL=C
export LC_ALL
# Who runs this waits 15 s: no look is begun later than this. Seconds.
within=10
# Between the two looks of a proof: a machine in the middle of a power cycle is off too. Seconds.
apart=5

wrong() { echo "fence-bmc: $*" >&2; exit 2; }
[ $# -ge 4 ] && [ $# -le 6 ] || wrong 'fence or confirm; the BMC; a user; a file with the password; perhaps a port and a cipher suite'
mode=$1 bmc=$2 user=$3 secret=$4 port=${5:-623} suite=${6:-17}
case $mode in fence | confirm) ;; *) wrong "$mode is not fence or confirm" ;; esac
for number in "$port" "$suite"; do
  case $number in '' | *[!0-9]* | ??????*) wrong "$number is no number" ;; esac
done
[ -n "$bmc" ] && [ -n "$user" ] || wrong 'the BMC or its user has no name'
[ -r "$secret" ] || wrong "$secret cannot be read"
for program in ipmitool grep tail date sleep; do
  command -v $program >/dev/null || wrong "$program is missing"
done

# Few and short tries of its own: the loop below tries again.
power() {
  ipmitool -I lanplus -C "$suite" -H "$bmc" -p "$port" -U "$user" -f "$secret" -L OPERATOR -N 1 -R 1 chassis power "$1" 2>&1
}
# A line of its own: to a mere operator some BMCs refuse something else that ipmitool asks first, and it says so.
is_off() { printf '%s\n' "$1" | grep -qx 'Chassis Power is off'; }

if [ "$mode" = confirm ]; then
  for look in first second; do
    [ $look = first ] || sleep $apart
    said=$(power status) || { echo "$bmc: $said"; exit 1; }
    is_off "$said" || { echo "$bmc: $(printf '%s\n' "$said" | tail -n 1)"; exit 1; }
  done
  echo "$bmc: Chassis Power is off, and was $apart s ago"
  exit 0
fi
# Some BMCs refuse to take what they have taken, and one on a shared port falls silent just then: what the power is counts.
started=$(date +%s)
taken=no
said='no answer'
while [ $(($(date +%s) - started)) -lt $within ]; do
  if [ $taken = no ]; then
    if said=$(power off); then taken=yes; fi
  fi
  if status=$(power status); then
    is_off "$status" && exit 0
    said=$status
  fi
  sleep 1
done
echo "fence-bmc: $bmc: $(printf '%s\n' "$said" | tail -n 1)" >&2
exit 1
