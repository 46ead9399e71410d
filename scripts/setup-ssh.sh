#!/usr/bin/env bash
# An sshd for the tests that run commands over SSH, from the distribution. Quiet when it is there.
set -euo pipefail
[[ -x /usr/sbin/sshd ]] && exit 0
exec "$(dirname "$0")/apt-install.sh" setup-ssh ssh openssh-server
