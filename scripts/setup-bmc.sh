#!/usr/bin/env bash
# ipmitool, and OpenIPMI's simulator of a BMC, for the tests of the power fence, from the distribution. Quiet when they are there.
set -euo pipefail
[[ -x /usr/bin/ipmitool && -x /usr/bin/ipmi_sim ]] && exit 0
exec "$(dirname "$0")/apt-install.sh" setup-bmc openipmi ipmitool openipmi
