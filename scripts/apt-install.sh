#!/usr/bin/env bash
# apt-install.sh <script> <service> <package>...: installs packages of the distribution for a part of the lab. Their service,
# which would listen on its usual port, is never left running by this; one that ran before is not touched. Quiet unless it
# fails; <script> is named in what it says then.
set -euo pipefail

script=$1 service=$2
shift 2
hint="install $* (Debian, Ubuntu: apt-get install $*), then: scripts/$script.sh"
if ! command -v apt-get >/dev/null; then
  echo "$script: no apt-get here: $hint" >&2
  exit 1
fi
as_root=()
if [[ "$(id -u)" != 0 ]]; then
  if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
    echo "$script: installing needs root: sudo apt-get install $*" >&2
    exit 1
  fi
  as_root=(sudo -n)
fi
# One at a time: parts are set up beside each other, apt-get gives up at once where another one holds its lock, and the policy
# below is taken away at the end. An apt-get that is not ours (unattended upgrades) is waited for.
exec {lock}>"${TMPDIR:-/tmp}/gantry-apt-$(id -u).lock"
flock "$lock"
had_service=no
if [[ -d /run/systemd/system ]] && systemctl is-enabled --quiet "$service" 2>/dev/null; then had_service=yes; fi

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

apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 "$@"; }
install() { apt install -y --no-install-recommends "$@"; }
if ! install "$@" >"$log" 2>&1; then
  # Package lists may be missing or old: fetch them once, try again.
  if ! { apt update && install "$@"; } >"$log" 2>&1; then
    tail -20 "$log" >&2
    echo "$script: apt-get could not install it: $hint" >&2
    exit 1
  fi
fi
# Nor may it start at the next boot: the lab runs its own.
if [[ "$had_service" == no && -d /run/systemd/system ]]; then
  "${as_root[@]}" systemctl disable --quiet "$service" || true
fi
